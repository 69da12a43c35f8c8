package main

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"dtks/pkg/bus"
	"dtks/pkg/event"
	"dtks/pkg/outbox"
)

// decider turns inputs into decisions, and tells subscribers what has changed for them.
type decider struct {
	engine *engine
	store  *store
	outbox *outbox.Outbox
}

// onRegistrant takes in families and decides them. Persons are passed over: a family's event carries its members, and a
// verdict comes with match.decided.
func (d *decider) onRegistrant(ctx context.Context, tx pgx.Tx, msgs []bus.Msg[event.RegistrantUpdated]) error {
	families := make([]*family, 0, len(msgs))
	causes := make(map[uuid.UUID]event.Cause, len(msgs))
	for i := range msgs {
		m := &msgs[i]
		if m.At.Filter != event.Family || m.Data.State == event.Moved {
			continue // the version after a move carries the state in force
		}
		f, err := readFamily(ctx, m)
		if err != nil {
			return err
		}
		families = append(families, f)
		causes[f.ID] = m.Cause()
	}
	if len(families) == 0 {
		return nil
	}
	ids, heads := make([]uuid.UUID, len(families)), make([]identity, 0, len(families))
	for i, f := range families {
		ids[i] = f.ID
		if f.Head != uuid.Nil {
			heads = append(heads, identity{f.Head, f.HeadIdentity})
		}
	}
	sit, err := d.store.forFamilies(ctx, tx, ids, heads)
	if err != nil {
		return err
	}
	for _, f := range families {
		if err := d.engine.score(sit.release, f); err != nil {
			return err
		}
	}
	b := &pgx.Batch{}
	queueFamilies(b, families)
	_, err = d.decide(ctx, tx, b, sit, families, causes)
	return err
}

// readFamily opens what the family's event carries for this service.
func readFamily(ctx context.Context, m *bus.Msg[event.RegistrantUpdated]) (*family, error) {
	var survey event.FamilySurvey
	var sensitive event.FamilySensitive
	if m.Has(event.Survey) {
		if err := m.Open(ctx, event.Survey, &survey); err != nil {
			return nil, err
		}
	}
	if m.Has(event.Sensitive) {
		if err := m.Open(ctx, event.Sensitive, &sensitive); err != nil {
			return nil, err
		}
	}
	return newFamily(&m.Envelope, &m.Data, &survey, &sensitive)
}

// onMatch takes in verdicts and decides the families whose head they concern.
func (d *decider) onMatch(ctx context.Context, tx pgx.Tx, msgs []bus.Msg[event.MatchDecided]) error {
	verdicts := make([]verdict, 0, len(msgs))
	byPerson := make(map[uuid.UUID]event.Cause, len(msgs))
	for i := range msgs {
		if msgs[i].Data.State == event.Moved {
			continue // the version after a move carries the verdict
		}
		v, err := newVerdict(&msgs[i].Envelope, &msgs[i].Data)
		if err != nil {
			return err
		}
		verdicts = append(verdicts, v)
		byPerson[v.Person] = msgs[i].Cause()
	}
	if len(verdicts) == 0 {
		return nil
	}
	sit, err := d.store.putVerdicts(ctx, tx, verdicts)
	if err != nil || len(sit.families) == 0 {
		return err
	}
	families, causes := make([]*family, 0, len(sit.families)), make(map[uuid.UUID]event.Cause, len(sit.families))
	b := &pgx.Batch{}
	for _, id := range sit.ids() {
		f := sit.families[id]
		families = append(families, f)
		causes[id] = byPerson[f.Head]
	}
	if err := d.rescore(b, sit.release, families); err != nil {
		return err
	}
	_, err = d.decide(ctx, tx, b, sit, families, causes)
	return err
}

// rescore scores families that were scored by another model than the release's.
func (d *decider) rescore(b *pgx.Batch, rel *release, families []*family) error {
	var stale []*family
	for _, f := range families {
		if f.Model == rel.Model {
			continue
		}
		if err := d.engine.score(rel, f); err != nil {
			return err
		}
		stale = append(stale, f)
	}
	if len(stale) > 0 {
		queueScores(b, stale)
	}
	return nil
}

// decide decides scored families, stores what differs and publishes what subscribers do not know yet; it returns how
// many decisions were published. causes is nil in a release's fan-out, which goes out in its own lane.
func (d *decider) decide(
	ctx context.Context, tx pgx.Tx, b *pgx.Batch, sit *situation, families []*family, causes map[uuid.UUID]event.Cause,
) (int, error) {
	var drafts []outbox.Draft
	var store []written
	published := 0
	for _, f := range families {
		cause, live := causes[f.ID]
		if !live {
			cause = event.Cause{ID: sit.release.EventID}
		}
		for _, dec := range d.engine.decide(sit.release, f, sit.verdict(f)) {
			old := sit.kept[decisionKey{f.ID, dec.Programme}]
			w := written{dec, kept{dec.digest(), old.Published, old.PublishedArea}}
			if what := dec.publication(old, f.Area); what != silent {
				drafts = append(drafts, draftsOf(&w, what, f.Area, cause, !live)...)
				w.Published, w.PublishedArea = dec.basis(f.Area), f.Area
				published++
			} else if string(old.Digest) == string(w.Digest) {
				continue
			}
			store = append(store, w)
		}
	}
	if len(store) > 0 {
		queueDecisions(b, store)
	}
	if err := d.store.save(ctx, tx, b); err != nil {
		return 0, err
	}
	_, err := d.outbox.Add(ctx, tx, drafts...)
	return published, err
}

// draftsOf writes the events that tell a decision: one, or two when the family has left the regency it was published in.
func draftsOf(w *written, what publication, area string, cause event.Cause, fanout bool) []outbox.Draft {
	next := outbox.Draft{
		Type: event.TypeEntitlementChanged, Filter: w.Programme, Area: event.AreaOf(area), ID: w.FamilyID.String(),
		Cause: cause, Release: fanout,
		Data: event.EntitlementChanged{
			Programme: w.Programme, Outcome: w.Outcome, Area: area, Release: w.Release, RuleSet: w.RuleSet, Model: w.Model,
			DecidedOn: w.DecidedOn.Format("2006-01-02"),
		},
		Seal: map[event.Class]any{event.Survey: event.EntitlementBasis{
			Decile: w.Decile, Amount: w.Amount, Components: w.Components, Reasons: w.Reasons,
		}},
	}
	if what != moved {
		return []outbox.Draft{next}
	}
	left := next
	left.Area, left.Seal = event.AreaOf(w.PublishedArea), nil
	left.Data = event.EntitlementChanged{State: event.Moved}
	return []outbox.Draft{left, next}
}

// routes are the handlers of the events that eligibility subscribes to.
func (d *decider) routes() []bus.Route {
	return []bus.Route{bus.On(event.TypeRegistrantUpdated, d.onRegistrant), bus.On(event.TypeMatchDecided, d.onMatch)}
}
