package main

import (
	"bytes"
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"dtks/pkg/bus"
	"dtks/pkg/event"
	"dtks/pkg/outbox"
	"dtks/services/eligibility/decision"
)

// decider turns inputs into decisions, and tells subscribers what has changed for them.
type decider struct {
	engine *decision.Engine
	store  *store
	outbox *outbox.Outbox
	now    func() time.Time
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
	sit, err := d.store.forFamilies(ctx, tx, families)
	if err != nil {
		return err
	}
	if err := d.score(sit.release, families); err != nil {
		return err
	}
	b := &pgx.Batch{}
	queueFamilies(b, families)
	_, err = d.decide(ctx, tx, b, sit, families, reason{causes: causes})
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

// onMatch takes in verdicts and decides the families of the members that they concern.
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
	causes := make(map[uuid.UUID]event.Cause, len(sit.families))
	b := &pgx.Batch{}
	families := sit.inOrder()
	for _, f := range families {
		for _, key := range f.identities() {
			if cause, ok := byPerson[key.Person]; ok {
				causes[f.ID] = cause
			}
		}
	}
	if err := d.rescore(b, sit.release, families); err != nil {
		return err
	}
	_, err = d.decide(ctx, tx, b, sit, families, reason{causes: causes})
	return err
}

// inOrder lists the families known before by id.
func (sit *situation) inOrder() []*family {
	ids := sit.ids()
	out := make([]*family, len(ids))
	for i, id := range ids {
		out[i] = sit.families[id]
	}
	return out
}

// score sets the families' scores by the release's model.
func (d *decider) score(rel *decision.Release, families []*family) error {
	for _, f := range families {
		score, ok, err := d.engine.Score(rel.Model, f.input(nil))
		if err != nil {
			return err
		}
		f.Model, f.Score = rel.Model, nil
		if ok {
			f.Score = &score
		}
	}
	return nil
}

// rescore scores families that were scored by another model than the release's.
func (d *decider) rescore(b *pgx.Batch, rel *decision.Release, families []*family) error {
	var stale []*family
	for _, f := range families {
		if f.Model != rel.Model {
			stale = append(stale, f)
		}
	}
	if len(stale) == 0 {
		return nil
	}
	if err := d.score(rel, stale); err != nil {
		return err
	}
	queueScores(b, stale)
	return nil
}

// reason says why families are decided now.
type reason struct {
	causes map[uuid.UUID]event.Cause // of each family, where an event led to it
	batch  bool                      // many at once: published in the second lane
	redate bool                      // the day has come on which answers may change: the sheet is written anew in any case
}

// decide decides scored families, stores what differs and publishes what subscribers do not know yet; it returns how
// many decisions were published.
func (d *decider) decide(ctx context.Context, tx pgx.Tx, b *pgx.Batch, sit *situation, families []*family, why reason) (int, error) {
	var drafts []outbox.Draft
	var rows []written
	published := 0
	for _, f := range families {
		cause, ok := why.causes[f.ID]
		if !ok {
			cause = event.Cause{ID: sit.eventID}
		}
		in := f.input(sit.verdicts)
		sheet, err := d.engine.Decide(sit.release, in, decision.DayIn(f.Area, d.now()))
		if err != nil {
			return 0, err
		}
		old, content := sit.kept[f.ID], sheet.Content()
		if bytes.Equal(old.Content, content[:]) && !why.redate {
			continue
		}
		news, told := d.news(sheet, in, old, sit)
		for i := range news {
			drafts = append(drafts, d.drafts(&news[i], sheet, in, sit.release, cause, why.batch)...)
		}
		published += len(news)
		rows = append(rows, written{f.ID, d.engine.Encode(sheet), kept{Content: content[:], Told: decision.EncodeNumbers(told)}, sheet.RecheckOn})
	}
	if len(rows) > 0 {
		queueDecisions(b, rows)
	}
	if sit.ranking && len(families) > 0 {
		ids := make([]uuid.UUID, len(families))
		for i, f := range families {
			ids[i] = f.ID
		}
		queueTouched(b, ids)
	}
	if err := d.store.save(ctx, tx, b); err != nil {
		return 0, err
	}
	_, err := d.outbox.Add(ctx, tx, drafts...)
	return published, err
}

// routes are the handlers of the events that eligibility subscribes to.
func (d *decider) routes() []bus.Route {
	return []bus.Route{bus.On(event.TypeRegistrantUpdated, d.onRegistrant), bus.On(event.TypeMatchDecided, d.onMatch)}
}
