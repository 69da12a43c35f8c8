package main

import (
	"context"
	"encoding/json"
	"time"

	"dtks/pkg/bus"
	"dtks/pkg/event"
	"dtks/pkg/fault"
	"dtks/pkg/outbox"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// service is what handlers and endpoints share.
type service struct {
	store  *store
	outbox *outbox.Outbox
	now    func() time.Time
}

// routes lists what this service consumes.
func (s *service) routes() []bus.Route {
	return []bus.Route{
		bus.On(event.TypeProposalUpdated, s.onProposalUpdated),
		bus.On(event.TypeRegistrantUpdated, s.onRegistrantUpdated),
		bus.On(event.TypeMatchDecided, s.onMatchDecided),
	}
}

func wellFormed(ids ...string) error {
	for _, id := range ids {
		if !idPattern.MatchString(id) {
			return fault.New(fault.Invalid, "id_malformed", "pengenal tidak berbentuk UUID", "an id is not a UUID")
		}
	}
	return nil
}

// onProposalUpdated opens a case for each open proposal version, and closes the case of an older version that nobody
// can finish any more.
func (s *service) onProposalUpdated(ctx context.Context, tx pgx.Tx, msgs []bus.Msg[event.ProposalUpdated]) error {
	at := s.now().UTC().Truncate(time.Microsecond) // PostgreSQL's precision: row and event must agree
	var newer []string
	versions := make(map[string]int, len(msgs)) // proposal -> its message
	for i, m := range msgs {
		if err := wellFormed(append([]string{m.Subject, m.Data.FamilyID, m.Data.Proposer}, personIDs(m.Data)...)...); err != nil {
			return err
		}
		if m.Version > 1 { // a first version cannot have an older case: most proposals spare the query
			newer = append(newer, m.Subject)
			versions[m.Subject] = i
		}
	}
	var drafts []outbox.Draft
	if len(newer) > 0 {
		if err := s.store.byKey(ctx, tx); err != nil {
			return err
		}
		stale, err := s.store.lockWaiting(ctx, tx, newer)
		if err != nil {
			return err
		}
		for i, c := range stale {
			stale[i] = outdate(c)
			drafts = append(drafts, draft(stale[i], msgs[versions[c.ProposalID]].Cause()))
		}
		if len(stale) > 0 {
			if err := s.store.save(ctx, tx, stale); err != nil {
				return err
			}
		}
	}
	var cases []caseFile
	var about []proposed
	for _, m := range msgs {
		if m.Data.Status != event.ProposalOpen {
			continue
		}
		a, err := s.proposed(ctx, m)
		if err != nil {
			return err
		}
		c := newCase(m, at)
		cases, about = append(cases, c), append(about, a)
		drafts = append(drafts, draft(c, m.Cause()))
	}
	if len(cases) > 0 {
		if err := s.store.open(ctx, tx, cases, about); err != nil {
			return err
		}
	}
	return s.publish(ctx, tx, drafts)
}

func newCase(m bus.Msg[event.ProposalUpdated], at time.Time) caseFile {
	return caseFile{
		ID: uuid.Must(uuid.NewV7()).String(), Version: 1, ProposalID: m.Subject, ProposalVersion: m.Version,
		FamilyID: m.Data.FamilyID, Kind: m.Data.Kind, Status: event.CaseOpened, Area: m.Data.Area,
		Proposer: m.Data.Proposer, OpenedAt: at,
	}
}

func (s *service) proposed(ctx context.Context, m bus.Msg[event.ProposalUpdated]) (proposed, error) {
	a := proposed{BaseVersion: m.Data.BaseVersion, ToArea: m.Data.ToArea, Reason: m.Data.ReasonCode,
		Warnings: m.Data.Warnings, Persons: m.Data.Persons}
	var err error
	if a.Identity, err = unseal(ctx, m, event.Identity); err != nil {
		return a, err
	}
	a.Survey, err = unseal(ctx, m, event.Survey)
	return a, err
}

func personIDs(p event.ProposalUpdated) []string {
	ids := make([]string, len(p.Persons))
	for i, person := range p.Persons {
		ids[i] = person.PersonID
	}
	return ids
}

// unseal gives the JSON text of one class as it was sealed, nil where the event has none. It is stored as text: nothing
// on this path needs the fields.
func unseal[T any](ctx context.Context, m bus.Msg[T], class event.Class) (*string, error) {
	if !m.Has(class) {
		return nil, nil
	}
	var raw json.RawMessage
	if err := m.Open(ctx, class, &raw); err != nil {
		return nil, err
	}
	text := string(raw)
	return &text, nil
}

// onRegistrantUpdated keeps the values in force. The version that closes an old area is skipped: the one with the new
// area follows.
func (s *service) onRegistrantUpdated(ctx context.Context, tx pgx.Tx, msgs []bus.Msg[event.RegistrantUpdated]) error {
	rows := make([]recordRow, 0, len(msgs))
	for _, m := range msgs {
		if m.Data.State == event.Moved {
			continue
		}
		if err := wellFormed(m.Subject, m.Data.FamilyID); err != nil {
			return err
		}
		r := recordRow{ID: m.Subject, Unit: m.At.Filter, FamilyID: m.Data.FamilyID, Version: m.Version,
			State: string(m.Data.State), Area: m.Data.Area}
		var err error
		if r.Identity, err = unseal(ctx, m, event.Identity); err != nil {
			return err
		}
		if r.Survey, err = unseal(ctx, m, event.Survey); err != nil {
			return err
		}
		rows = append(rows, r)
	}
	if len(rows) == 0 {
		return nil
	}
	return s.store.saveRecords(ctx, tx, rows)
}

// onMatchDecided keeps verdicts for the officers to see. A verdict never decides a case.
func (s *service) onMatchDecided(ctx context.Context, tx pgx.Tx, msgs []bus.Msg[event.MatchDecided]) error {
	rows := make([]verdictRow, 0, len(msgs))
	for _, m := range msgs {
		if m.Data.State == event.Moved {
			continue
		}
		if err := wellFormed(m.Subject); err != nil {
			return err
		}
		evidence, err := unseal(ctx, m, event.Identity)
		if err != nil {
			return err
		}
		rows = append(rows, verdictRow{PersonID: m.Subject, IdentityVersion: m.Data.IdentityVersion,
			Verdict: string(m.Data.Verdict), MatchVersion: m.Version, Evidence: evidence, DecidedAt: m.Data.DecidedAt})
	}
	if len(rows) == 0 {
		return nil
	}
	return s.store.saveVerdicts(ctx, tx, rows)
}

func draft(c caseFile, cause event.Cause) outbox.Draft {
	return outbox.Draft{Type: event.TypeCaseUpdated, Area: event.AreaOf(c.Area), ID: c.ID, Data: c.event(), Cause: cause}
}

// publish records the drafts in the caller's transaction.
func (s *service) publish(ctx context.Context, tx pgx.Tx, drafts []outbox.Draft) error {
	if len(drafts) == 0 {
		return nil
	}
	_, err := s.outbox.Add(ctx, tx, drafts...)
	return err
}
