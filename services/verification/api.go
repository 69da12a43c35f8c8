package main

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"time"

	"dtks/pkg/auth"
	"dtks/pkg/event"
	"dtks/pkg/fault"
	"dtks/pkg/web"

	"github.com/danielgtaylor/huma/v2"
)

// register adds the endpoints of this service.
func (s *service) register(w *web.Server) {
	web.Register(w, huma.Operation{
		OperationID: "list-cases", Method: http.MethodGet, Path: "/v1/cases",
		Summary:     "Cases that wait for a decision, by village and age; or all cases of one proposal",
		Description: "Without proposal_id this is the queue. It holds no personal values.",
	}, s.listCases)
	web.Register(w, huma.Operation{
		OperationID: "get-case", Method: http.MethodGet, Path: "/v1/cases/{id}",
		Summary: "A case with proposed values, what they would change, and the verdict for each person",
	}, s.getCase)
	s.registerDecisions(w)
}

type listInput struct {
	Status     string `query:"status" enum:"opened,verified" default:"opened"`
	Area       string `query:"area" maxLength:"13" doc:"Kemendagri code of any level; your own area when left out"`
	ProposalID string `query:"proposal_id" format:"uuid" doc:"all cases of this proposal, newest first"`
	Verdicts   string `query:"verdicts" enum:"any,complete" default:"any" doc:"complete: no verdict is pending"`
	After      string `query:"after" maxLength:"64" doc:"next of the page before"`
	Limit      int    `query:"limit" minimum:"1" maximum:"500" default:"100"`
}

// caseSummary is a case without personal values.
type caseSummary struct {
	CaseID          string             `json:"case_id"`
	Version         int64              `json:"version"`
	ProposalID      string             `json:"proposal_id"`
	ProposalVersion int64              `json:"proposal_version"`
	FamilyID        string             `json:"family_id"`
	Kind            event.ProposalKind `json:"kind"`
	Status          event.CaseStatus   `json:"status"`
	Area            string             `json:"area"`
	Proposer        string             `json:"proposer"`
	Verifier        string             `json:"verifier,omitempty"`
	Approver        string             `json:"approver,omitempty"`
	ReasonCode      string             `json:"reason_code,omitempty"`
	Warnings        []string           `json:"warnings"`
	Persons         int                `json:"persons"`
	VerdictsPending int                `json:"verdicts_pending" doc:"persons whose verdict is due and not there yet"`
	OpenedAt        time.Time          `json:"opened_at"`
	DecidedAt       *time.Time         `json:"decided_at,omitempty"`
}

type listOutput struct {
	Body struct {
		Items []caseSummary `json:"items"`
		Next  string        `json:"next,omitempty" doc:"pass as after to get the next page; absent on the last"`
	}
}

func summaryOf(w waiting) caseSummary {
	return caseSummary{
		CaseID: w.ID, Version: w.Version, ProposalID: w.ProposalID, ProposalVersion: w.ProposalVersion,
		FamilyID: w.FamilyID, Kind: w.Kind, Status: w.Status, Area: w.Area, Proposer: w.Proposer, Verifier: w.Verifier,
		Approver: w.Approver, ReasonCode: w.ReasonCode, Warnings: w.Warnings, Persons: w.Persons,
		VerdictsPending: w.Pending, OpenedAt: w.OpenedAt, DecidedAt: w.DecidedAt,
	}
}

// cursor is the last row of a page: village and case.
var cursor = regexp.MustCompile(`^([0-9.]{2,13})_([0-9a-f-]{36})$`)

func (s *service) listCases(ctx context.Context, in *listInput) (*listOutput, error) {
	rights := auth.Rights(ctx)
	if in.ProposalID != "" {
		return s.listOfProposal(ctx, rights, strings.ToLower(in.ProposalID))
	}
	if in.Area == "" {
		in.Area = rights.Area()
	}
	if err := rights.Require(auth.Read, in.Area); err != nil {
		return nil, err
	}
	p := page{Status: in.Status, Area: in.Area, Complete: in.Verdicts == "complete", Limit: in.Limit + 1}
	if in.After != "" {
		m := cursor.FindStringSubmatch(in.After)
		if m == nil || !idPattern.MatchString(m[2]) {
			return nil, fault.New(fault.Invalid, "cursor_invalid", "penanda halaman tidak dikenal", "the page mark is not one of ours")
		}
		p.AfterArea, p.AfterID = m[1], m[2]
	}
	rows, err := s.store.queue(ctx, p)
	if err != nil {
		return nil, err
	}
	out := &listOutput{}
	if len(rows) > in.Limit {
		rows = rows[:in.Limit]
		last := rows[len(rows)-1]
		out.Body.Next = last.Area + "_" + last.ID
	}
	out.Body.Items = make([]caseSummary, len(rows))
	for i, w := range rows {
		out.Body.Items[i] = summaryOf(w)
	}
	return out, nil
}

func (s *service) listOfProposal(ctx context.Context, rights auth.RightsSet, proposalID string) (*listOutput, error) {
	rows, err := s.store.ofProposal(ctx, proposalID)
	if err != nil {
		return nil, err
	}
	out := &listOutput{}
	out.Body.Items = []caseSummary{}
	for _, w := range rows {
		if rights.Allows(auth.Read, w.Area) {
			out.Body.Items = append(out.Body.Items, summaryOf(w))
		}
	}
	return out, nil
}

type getInput struct {
	ID string `path:"id" format:"uuid"`
}

// personView is a person of a case and the verdict for the identity the case would bring.
type personView struct {
	PersonID        string                `json:"person_id"`
	IdentityVersion int64                 `json:"identity_version"`
	VerdictDue      bool                  `json:"verdict_due" doc:"false: no matched field changes"`
	Verdict         event.Verdict         `json:"verdict,omitempty" doc:"absent until the civil registry has answered"`
	DecidedAt       *time.Time            `json:"decided_at,omitempty"`
	Finding         string                `json:"finding,omitempty"`
	Fields          []event.FieldEvidence `json:"fields,omitempty"`
}

type getOutput struct {
	ETag string `header:"ETag"`
	Body struct {
		caseSummary
		BaseVersion int64                   `json:"base_version" doc:"family version it was made against; 0 = new"`
		ToArea      string                  `json:"to_area,omitempty"`
		Reason      string                  `json:"proposal_reason,omitempty"`
		Identity    *event.ProposalIdentity `json:"identity,omitempty" doc:"proposed"`
		Survey      *event.FamilySurvey     `json:"survey,omitempty" doc:"proposed"`
		InForce     inForce                 `json:"in_force" doc:"empty where the family has moved out of your area"`
		Changes     []change                `json:"changes" doc:"in force against proposed; empty where nothing is in force"`
		People      []personView            `json:"people"`
	}
}

// getCase shows personal values, so reading alone is not enough: the caller must be one of those who handle cases here.
// Outside of that area a case does not exist.
func (s *service) getCase(ctx context.Context, in *getInput) (*getOutput, error) {
	rights := auth.Rights(ctx)
	w, err := s.store.find(ctx, strings.ToLower(in.ID))
	if err != nil {
		return nil, err
	}
	if !rights.Allows(auth.Read, w.Area) {
		return nil, errNoCase
	}
	if !rights.Allows(auth.Verify, w.Area) && !rights.Allows(auth.Approve, w.Area) && !rights.Allows(auth.Propose, w.Area) {
		return nil, errNoRight
	}
	d, err := s.store.detail(ctx, w)
	if err != nil {
		return nil, err
	}
	if !d.InForce.readable(rights) {
		d.InForce = inForce{} // nothing to compare with
	}
	out := &getOutput{ETag: web.ETag(w.Version)}
	out.Body.caseSummary = summaryOf(w)
	out.Body.BaseVersion, out.Body.ToArea, out.Body.Reason = d.BaseVersion, d.ToArea, d.Reason
	out.Body.Identity, out.Body.Survey, out.Body.InForce = d.Identity, d.Survey, d.InForce
	out.Body.Changes = compare(d.InForce, d.ToArea, d.Identity, d.Survey)
	out.Body.People = make([]personView, len(d.Verdicts))
	for i, v := range d.Verdicts {
		out.Body.People[i] = personView{PersonID: v.PersonID, IdentityVersion: v.IdentityVersion, VerdictDue: v.Due,
			Verdict: event.Verdict(v.Verdict), DecidedAt: v.DecidedAt}
		if v.Evidence != nil {
			out.Body.People[i].Finding, out.Body.People[i].Fields = v.Evidence.Finding, v.Evidence.Fields
		}
	}
	return out, nil
}
