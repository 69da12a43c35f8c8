package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"dtks/pkg/auth"
	"dtks/pkg/event"
	"dtks/pkg/fault"
	"dtks/pkg/outbox"
	"dtks/pkg/web"
)

func (s *service) registerHistory(w *web.Server) {
	web.Register(w, huma.Operation{
		OperationID: "family-history", Method: http.MethodGet, Path: "/v1/families/{id}/history",
		Summary: "Every version of a family: what was in force, since when, who brought it about and why",
	}, s.familyHistory)
	web.Register(w, huma.Operation{
		OperationID: "person-history", Method: http.MethodGet, Path: "/v1/persons/{id}/history",
		Summary: "Every version of a person: what was in force, since when, who brought it about and why",
	}, s.personHistory)
}

// VersionView is one version of a family or person, as its event announced it.
type VersionView struct {
	Version         int64                 `json:"version"`
	At              time.Time             `json:"at"`
	EventID         string                `json:"event_id"`
	Cause           string                `json:"cause,omitempty" doc:"event that led to this one"`
	State           event.RegistrantState `json:"state"`
	Area            string                `json:"area,omitempty"`
	Changed         []string              `json:"changed,omitempty"`
	ReasonCode      string                `json:"reason_code,omitempty"`
	Why             string                `json:"why" enum:"proposal,verdict,moved"`
	Proposal        *ProposalRef          `json:"proposal,omitempty" doc:"who proposed and who decided; left out for a verdict"`
	Members         []event.FamilyMember  `json:"members,omitempty"`
	IdentityVersion int64                 `json:"identity_version,omitempty"`
	Verdict         *event.VerdictState   `json:"verdict,omitempty"`
	Family          *FamilyOnRecord       `json:"family,omitempty"`
	Person          *event.PersonIdentity `json:"person,omitempty"`
}

// FamilyOnRecord is what a version said of a family.
type FamilyOnRecord struct {
	event.FamilyIdentity
	Survey    event.FamilySurvey     `json:"survey"`
	Sensitive *event.FamilySensitive `json:"sensitive,omitempty" doc:"only for those who work on cases of the area"`
}

type historyOutput struct {
	Body struct {
		Items []VersionView `json:"items"`
	}
}

func (s *service) familyHistory(ctx context.Context, in *idInput) (*historyOutput, error) {
	f, err := s.readable(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return s.history(ctx, event.Family, in.ID, shownTo(ctx, f.Area))
}

func (s *service) personHistory(ctx context.Context, in *idInput) (*historyOutput, error) {
	p, area, err := s.store.person(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if p == nil || !auth.Rights(ctx).Allows(auth.Read, area) {
		return nil, errPersonAbsent
	}
	return s.history(ctx, event.Person, in.ID, shownTo(ctx, area))
}

// history opens the archive of one registrant, as far as the caller sees it.
func (s *service) history(ctx context.Context, filter, id string, see shown) (*historyOutput, error) {
	archived, err := s.outbox.History(ctx, event.Subject{Type: event.TypeRegistrantUpdated, Filter: filter, ID: id})
	if err != nil {
		return nil, err
	}
	out := &historyOutput{}
	out.Body.Items = make([]VersionView, len(archived))
	byProposal := map[string][]*VersionView{}
	for i, a := range archived {
		var data event.RegistrantUpdated
		if err := event.Unmarshal(a.Data, &data); err != nil {
			return nil, fmt.Errorf("decoding version %d: %w", a.Version, err)
		}
		v := &out.Body.Items[i]
		*v = VersionView{Version: a.Version, At: a.Time, EventID: a.ID, Cause: a.Cause, State: data.State, Area: data.Area,
			Changed: data.Changed, ReasonCode: data.ReasonCode, Members: data.Members, IdentityVersion: data.IdentityVersion,
			Verdict: data.Verdict, Why: "proposal"}
		switch {
		case data.State == event.Moved:
			v.Why = "moved"
		case slices.Equal(data.Changed, []string{"verdict"}):
			v.Why = "verdict"
		default:
			byProposal[data.ProposalID] = append(byProposal[data.ProposalID], v)
		}
		if err := s.open(ctx, v, a, &data, filter, see); err != nil {
			return nil, err
		}
	}
	return out, s.tellWho(ctx, byProposal)
}

// open adds the personal parts of one version; a class that the version does not carry stays empty.
func (s *service) open(ctx context.Context, v *VersionView, a outbox.Archived, data *event.RegistrantUpdated, filter string, see shown) error {
	if len(data.Sealed) == 0 || !see.identity {
		return nil
	}
	parts := map[event.Class]any{}
	if filter == event.Person {
		v.Person = &event.PersonIdentity{}
		parts[event.Identity] = v.Person
	} else {
		v.Family = &FamilyOnRecord{}
		parts[event.Identity], parts[event.Survey] = &v.Family.FamilyIdentity, &v.Family.Survey
		if see.sensitive {
			v.Family.Sensitive = &event.FamilySensitive{}
			parts[event.Sensitive] = v.Family.Sensitive
		}
	}
	for class, into := range parts {
		if err := s.outbox.Open(ctx, a, data.Sealed, class, into); err != nil && fault.KindOf(err) != fault.NotFound {
			return fmt.Errorf("opening version %d: %w", a.Version, err)
		}
	}
	return nil
}

func (s *service) tellWho(ctx context.Context, byProposal map[string][]*VersionView) error {
	ids := make([]string, 0, len(byProposal))
	for id := range byProposal {
		if id != "" {
			ids = append(ids, id)
		}
	}
	found, err := s.store.proposals(ctx, ids)
	if err != nil {
		return err
	}
	for id, versions := range byProposal {
		if p := found[id]; p != nil {
			for _, v := range versions {
				v.Proposal = p.ref()
			}
		}
	}
	return nil
}
