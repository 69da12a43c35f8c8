package main

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"dtks/pkg/auth"
	"dtks/pkg/event"
	"dtks/pkg/fault"
	"dtks/pkg/web"
)

func (a *api) duplicateRoutes(s *web.Server) {
	web.Register(s, huma.Operation{OperationID: "list-duplicates", Method: http.MethodGet, Path: "/v1/duplicates",
		Summary: "Pairs of registrants who look like one person, of whom at least one lives in the area"}, a.duplicates)
}

type duplicatesInput struct {
	Area  string `query:"area" maxLength:"13" doc:"Kemendagri code of any level; your own area when left out"`
	After string `query:"after" maxLength:"80" doc:"next of the page before"`
	Limit int    `query:"limit" minimum:"1" maximum:"500" default:"100"`
}

// duplicateLine is a pair in a list. Of a person outside the caller's area only the regency is shown, so that the two
// offices can find each other: who it is, and what the two have in common, is for those who may see both places.
type duplicateLine struct {
	PairID   string                   `json:"pair_id"`
	Outcome  event.Verdict            `json:"outcome" doc:"padan: surely one person; perlu_ditinjau: somebody must look"`
	Persons  []duplicatePerson        `json:"persons"`
	Model    string                   `json:"model"`
	FoundAt  time.Time                `json:"found_at"`
	Evidence *event.DuplicateEvidence `json:"evidence,omitempty" doc:"Only for roles that may see identities, in both areas"`
}

type duplicatePerson struct {
	PersonID        string `json:"person_id,omitempty"`
	FamilyID        string `json:"family_id,omitempty"`
	Area            string `json:"area" doc:"Village; only the regency where it lies outside your area"`
	IdentityVersion int64  `json:"identity_version,omitempty"`
}

type duplicatesOutput struct {
	Body struct {
		Items []duplicateLine `json:"items"`
		Next  string          `json:"next,omitempty" doc:"mark of the next page; left out on the last"`
	}
}

var errAfter = fault.New(fault.Invalid, "page_unreadable", "Penanda halaman tidak dikenal.", "This is not the mark of a page.")

func (a *api) duplicates(ctx context.Context, in *duplicatesInput) (*duplicatesOutput, error) {
	rights := auth.Rights(ctx)
	area := in.Area
	if area == "" {
		area = rights.Area()
	}
	if err := rights.Require(auth.Read, area); err != nil {
		return nil, err
	}
	mark := listed{}
	if in.After != "" {
		village, id, ok := strings.Cut(in.After, "~")
		pair, err := uuid.Parse(id)
		if !ok || err != nil {
			return nil, errAfter
		}
		mark = listed{village, pair}
	}
	found, err := a.store.pairsIn(ctx, area, mark, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &duplicatesOutput{}
	out.Body.Items = make([]duplicateLine, len(found))
	for i, p := range found {
		out.Body.Items[i] = p.pair.shown(rights)
	}
	if n := len(found); n == in.Limit {
		out.Body.Next = found[n-1].at.Area + "~" + found[n-1].at.Pair.String()
	}
	return out, nil
}

// shown is what a caller may see of a pair.
func (p *pair) shown(rights auth.RightsSet) duplicateLine {
	line := duplicateLine{PairID: p.id().String(), Outcome: p.Outcome, Model: p.Model, FoundAt: p.FoundAt}
	open := true
	for _, r := range []residence{p.First, p.Second} {
		one := duplicatePerson{r.Person.String(), r.Family.String(), r.Area, r.Identity}
		if !rights.Allows(auth.Read, r.Area) {
			one = duplicatePerson{Area: r.Area[:min(len(r.Area), len("32.04"))]}
		}
		open = open && rights.Allows(auth.ReadIdentity, r.Area)
		line.Persons = append(line.Persons, one)
	}
	if open {
		line.Evidence = &p.Evidence
	}
	return line
}
