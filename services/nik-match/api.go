package main

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"dtks/pkg/auth"
	"dtks/pkg/event"
	"dtks/pkg/fault"
	"dtks/pkg/web"
	"dtks/services/nik-match/judge"
)

// api answers over HTTP.
type api struct {
	store *store
	gate  *gate
}

func (a *api) routes(s *web.Server) {
	web.Register(s, huma.Operation{OperationID: "get-verdict", Method: http.MethodGet, Path: "/v1/persons/{id}/verdict",
		Summary: "The newest verdict on a person's identity, with its evidence for those who may see identities, and what is still being asked"}, a.verdict)
	a.duplicateRoutes(s)
	web.Register(s, huma.Operation{OperationID: "get-status", Method: http.MethodGet, Path: "/v1/status",
		Summary: "Queue, quota and what holds up the calls to Dukcapil"}, a.status)
}

// personVerdict is what is known about a person's identity.
type personVerdict struct {
	PersonID        string               `json:"person_id"`
	FamilyID        string               `json:"family_id"`
	Area            string               `json:"area"`
	IdentityVersion int64                `json:"identity_version,omitempty" doc:"The version the verdict is about"`
	Verdict         event.Verdict        `json:"verdict,omitempty"`
	DecidedAt       *time.Time           `json:"decided_at,omitempty"`
	Evidence        *event.MatchEvidence `json:"evidence,omitempty" doc:"Only for roles that may see identities"`
	Reasons         []reason             `json:"reasons,omitempty" doc:"The evidence in words, for those who see it"`
	Asking          []openQuestion       `json:"asking,omitempty" doc:"Identity versions without a verdict yet"`
}

// reason is a line of evidence in words.
type reason struct {
	Field   string  `json:"field" doc:"nik_area, nik_shared and earlier_version are of our own records, the others of Dukcapil's answer"`
	Finding string  `json:"finding"`
	Bits    float64 `json:"bits" doc:"Weight; above 0 speaks for the person, below 0 against"`
	ID      string  `json:"id"`
	EN      string  `json:"en"`
}

// reasons puts evidence into words. Findings of older weights that are no longer known are left out.
func reasons(e *event.MatchEvidence) []reason {
	weights := judge.StandardWeights()
	var out []reason
	for _, line := range e.Lines {
		if f, ok := weights.Of(line.Field, line.Finding); ok {
			out = append(out, reason{line.Field, line.Finding, line.Bits, f.ID, f.EN})
		}
	}
	return out
}

// openQuestion is an identity version that waits for its verdict.
type openQuestion struct {
	IdentityVersion int64      `json:"identity_version"`
	State           string     `json:"state" doc:"waiting, calling or parked"`
	Reason          string     `json:"reason,omitempty" doc:"Outcome of the last call"`
	Calls           int        `json:"calls"`
	NextTry         *time.Time `json:"next_try,omitempty"`
}

var errNoPerson = fault.New(fault.NotFound, "person_not_found", "Orang ini tidak dikenal di sini.", "This person is not known here.")

type personInput struct {
	ID string `path:"id" format:"uuid"`
}

type personOutput struct{ Body personVerdict }

func (a *api) verdict(ctx context.Context, in *personInput) (*personOutput, error) {
	id, err := uuid.Parse(in.ID)
	if err != nil {
		return nil, errNoPerson
	}
	found, err := a.store.personVerdict(ctx, id)
	if err != nil {
		return nil, err
	}
	rights := auth.Rights(ctx)
	if err := rights.Require(auth.Read, rights.Area()); err != nil {
		return nil, err
	}
	if found == nil || rights.Require(auth.Read, found.Area) != nil {
		return nil, errNoPerson // that there is such a person elsewhere is not told either
	}
	if !rights.Allows(auth.ReadIdentity, found.Area) {
		found.Evidence = nil
	} else if found.Evidence != nil {
		found.Reasons = reasons(found.Evidence)
	}
	return &personOutput{*found}, nil
}

// status is the state of the work.
type status struct {
	Gate     gateState  `json:"gate"`
	Waiting  int64      `json:"waiting"`
	Calling  int64      `json:"calling"`
	Parked   int64      `json:"parked"`
	Compare  int64      `json:"to_compare" doc:"Registrants still to be compared with others"`
	Oldest   *time.Time `json:"oldest,omitempty" doc:"When the longest-waiting job came in"`
	LastCall *lastCall  `json:"last_call,omitempty"`
	Quota    *quotaDay  `json:"quota,omitempty" doc:"Of today, Western Indonesian Time"`
}

type lastCall struct {
	At      time.Time `json:"at"`
	Outcome string    `json:"outcome"`
	Code    string    `json:"code,omitempty" doc:"RESPONSE_CODE of Dukcapil"`
}

type quotaDay struct {
	Day      string    `json:"day"`
	Calls    int64     `json:"calls"`
	Verdicts int64     `json:"verdicts"`
	Remain   *int64    `json:"remain,omitempty" doc:"As Dukcapil said last"`
	SeenAt   time.Time `json:"seen_at"`
}

type statusOutput struct{ Body status }

// status holds nothing about anybody: every signed-in user may see it.
func (a *api) status(ctx context.Context, _ *struct{}) (*statusOutput, error) {
	rights := auth.Rights(ctx)
	if err := rights.Require(auth.Read, rights.Area()); err != nil {
		return nil, err
	}
	found, err := a.store.status(ctx)
	if err != nil {
		return nil, err
	}
	found.Gate = a.gate.state()
	return &statusOutput{found}, nil
}
