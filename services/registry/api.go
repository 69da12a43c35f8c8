package main

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"dtks/pkg/auth"
	"dtks/pkg/event"
	"dtks/pkg/fault"
	"dtks/pkg/web"
	"dtks/pkg/wilayah"
)

// register adds the endpoints of this service.
func (s *service) register(w *web.Server) {
	s.registerProposals(w)
	s.registerHistory(w)
	web.Register(w, huma.Operation{
		OperationID: "get-family", Method: http.MethodGet, Path: "/v1/families/{id}",
		Summary: "A family in force with its members", Description: "Its ETag is the version that base_version takes.",
	}, s.getFamily)
	web.Register(w, huma.Operation{
		OperationID: "list-families", Method: http.MethodGet, Path: "/v1/families",
		Summary: "Families in force of an area, by village", Description: "Without personal values. Follow next until it is empty.",
	}, s.listFamilies)
	web.Register(w, huma.Operation{
		OperationID: "get-person", Method: http.MethodGet, Path: "/v1/persons/{id}", Summary: "A person in force",
	}, s.getPerson)
	web.Register(w, huma.Operation{
		OperationID: "list-repairs", Method: http.MethodGet, Path: "/v1/repairs",
		Summary: "Findings about identities that somebody must mend, by village",
	}, s.listRepairs)
	web.Register(w, huma.Operation{
		OperationID: "get-area", Method: http.MethodGet, Path: "/v1/areas/{code}",
		Summary: "An administrative area and those one level below it",
	}, s.getArea)
}

// shownTo tells what of a record in the area the caller sees: whoever only reads is shown nobody's identity, and only who
// works on cases of the area is shown health, pregnancy or PPKS types.
func shownTo(ctx context.Context, area string) shown {
	r := auth.Rights(ctx)
	identity := r.Allows(auth.ReadIdentity, area)
	works := r.Allows(auth.Propose, area) || r.Allows(auth.Verify, area) || r.Allows(auth.Approve, area)
	return shown{identity: identity, sensitive: identity && works}
}

type familyOutput struct {
	ETag string `header:"ETag"`
	Body FamilyView
}

// readable fetches a family that the caller may read; whoever may not is told that it is not there.
func (s *service) readable(ctx context.Context, id string) (*family, error) {
	found, err := s.store.families(ctx, s.store.db, []string{id}, false)
	if err != nil {
		return nil, err
	}
	f := found[id]
	if f == nil || !auth.Rights(ctx).Allows(auth.Read, f.Area) {
		return nil, errFamilyAbsent
	}
	return f, nil
}

func (s *service) getFamily(ctx context.Context, in *idInput) (*familyOutput, error) {
	f, err := s.readable(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out := &familyOutput{ETag: web.ETag(f.Version), Body: f.view(shownTo(ctx, f.Area))}
	out.Body.AreaName = wilayah.Name(f.Area)
	refs, err := s.store.proposalsOf(ctx, f)
	if err != nil {
		return nil, err
	}
	for _, p := range refs {
		if p.ID == f.ProposalID {
			out.Body.Proposal = p.ref()
		}
		if p.waiting() {
			out.Body.Waiting = p.ref()
		}
	}
	return out, nil
}

type personOutput struct {
	ETag string `header:"ETag"`
	Body PersonView
}

var errPersonAbsent = fault.New(fault.NotFound, "person_not_found",
	"Orang ini tidak ada dalam data atau di luar wilayah Anda.", "There is no such person, or they live outside your area.")

func (s *service) getPerson(ctx context.Context, in *idInput) (*personOutput, error) {
	p, area, err := s.store.person(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if p == nil || !auth.Rights(ctx).Allows(auth.Read, area) {
		return nil, errPersonAbsent
	}
	return &personOutput{ETag: web.ETag(p.Version), Body: p.view(shownTo(ctx, area))}, nil
}

type pageInput struct {
	Area  string `query:"area" maxLength:"13" doc:"Kemendagri code of any level; your own area when left out"`
	After string `query:"after" maxLength:"160" doc:"next of the page before"`
	Limit int    `query:"limit" minimum:"1" maximum:"500" default:"100"`
}

var errAfter = fault.New(fault.Invalid, "page_unreadable", "Penanda halaman tidak dikenal.", "This is not the mark of a page.")

// page checks the right to read the area and takes the mark of the page apart into n parts.
func (in *pageInput) page(ctx context.Context, n int) (area string, after []string, err error) {
	rights := auth.Rights(ctx)
	area = in.Area
	if area == "" {
		area = rights.Area()
	}
	if err := rights.Require(auth.Read, area); err != nil {
		return "", nil, err
	}
	if in.After == "" {
		return area, make([]string, n), nil
	}
	after = strings.Split(in.After, "~")
	if len(after) != n || !validID(after[1]) {
		return "", nil, errAfter
	}
	return area, after, nil
}

// FamilyLine is a family in a list.
type FamilyLine struct {
	FamilyID  string                `json:"family_id"`
	Area      string                `json:"area"`
	State     event.RegistrantState `json:"state"`
	Version   int64                 `json:"version"`
	UpdatedAt time.Time             `json:"updated_at"`
}

type familiesOutput struct {
	Body struct {
		Items []FamilyLine `json:"items"`
		Next  string       `json:"next,omitempty" doc:"mark of the next page; left out on the last"`
	}
}

func (s *service) listFamilies(ctx context.Context, in *pageInput) (*familiesOutput, error) {
	area, after, err := in.page(ctx, 2)
	if err != nil {
		return nil, err
	}
	out := &familiesOutput{}
	out.Body.Items, err = s.store.familyLines(ctx, area, after[0], after[1], in.Limit)
	if n := len(out.Body.Items); err == nil && n == in.Limit {
		last := out.Body.Items[n-1]
		out.Body.Next = last.Area + "~" + last.FamilyID
	}
	return out, err
}

type repairsOutput struct {
	Body struct {
		Items []repair `json:"items"`
		Next  string   `json:"next,omitempty" doc:"mark of the next page; left out on the last"`
	}
}

func (s *service) listRepairs(ctx context.Context, in *pageInput) (*repairsOutput, error) {
	area, mark, err := in.page(ctx, 4)
	if err != nil {
		return nil, err
	}
	after := repair{Area: mark[0], PersonID: mark[1], Code: mark[3]}
	if mark[2] != "" {
		if after.IdentityVersion, err = strconv.ParseInt(mark[2], 10, 64); err != nil {
			return nil, errAfter
		}
	}
	out := &repairsOutput{}
	out.Body.Items, err = s.store.repairs(ctx, area, after, in.Limit)
	if n := len(out.Body.Items); err == nil && n == in.Limit {
		last := out.Body.Items[n-1]
		out.Body.Next = strings.Join([]string{last.Area, last.PersonID, strconv.FormatInt(last.IdentityVersion, 10), last.Code}, "~")
	}
	return out, err
}

type areaInput struct {
	Code string `path:"code" maxLength:"13"`
}

// AreaView is an administrative area.
type AreaView struct {
	Code   string     `json:"code"`
	Name   string     `json:"name"`
	Level  int        `json:"level" doc:"1 province, 2 regency, 3 district, 4 village"`
	Parent string     `json:"parent,omitempty"`
	Areas  []AreaView `json:"areas,omitempty" doc:"one level below"`
}

type areaOutput struct {
	CacheControl string `header:"Cache-Control"`
	Body         AreaView
}

func (s *service) getArea(ctx context.Context, in *areaInput) (*areaOutput, error) {
	a, below, err := s.store.area(ctx, in.Code)
	if err != nil {
		return nil, err
	}
	out := &areaOutput{CacheControl: "max-age=3600", Body: AreaView{Code: a.Code, Name: a.Name, Level: a.Level, Parent: wilayah.Parent(a.Code)}}
	for _, b := range below {
		out.Body.Areas = append(out.Body.Areas, AreaView{Code: b.Code, Name: b.Name, Level: b.Level, Parent: a.Code})
	}
	return out, nil
}
