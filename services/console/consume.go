package main

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"dtks/pkg/bus"
	"dtks/pkg/event"
)

// consumer turns events into read models. It has no notifier, no HTTP client and publishes nothing.
type consumer struct {
	now func() time.Time
}

// routes are all events that the console follows; a rebuild folds the same ones.
func (c *consumer) routes() []bus.Route {
	return []bus.Route{
		bus.On(event.TypeProposalUpdated, c.onProposalUpdated),
		bus.On(event.TypeCaseUpdated, c.onCaseUpdated),
		bus.On(event.TypeMatchDecided, c.onMatchDecided),
		bus.On(event.TypeRegistrantUpdated, c.onRegistrantUpdated),
		bus.On(event.TypeEntitlementChanged, c.onEntitlementChanged),
		bus.On(event.TypeRankReleased, c.onRankReleased),
		bus.On(event.TypeDeliveryUpdated, c.onDeliveryUpdated),
	}
}

func (c *consumer) onProposalUpdated(ctx context.Context, tx pgx.Tx, msgs []bus.Msg[event.ProposalUpdated]) error {
	marks := make([]mark, len(msgs))
	for i, m := range msgs {
		marks[i] = newMark(nounProposal, string(m.Data.Kind), string(m.Data.Status), m.Envelope, m.At)
	}
	return record(ctx, tx, marks, c.now())
}

func (c *consumer) onCaseUpdated(ctx context.Context, tx pgx.Tx, msgs []bus.Msg[event.CaseUpdated]) error {
	marks := make([]mark, len(msgs))
	for i, m := range msgs {
		mark := newMark(nounCase, string(m.Data.Kind), string(m.Data.Status), m.Envelope, m.At)
		switch m.Data.Status {
		case event.CaseOpened:
			mark = mark.timed(stageOpened, m.Envelope)
		case event.CaseVerified:
			mark = mark.waited(stageVerified)
		case event.CaseApproved:
			mark = mark.waited(stageApproved)
		}
		marks[i] = mark
	}
	return record(ctx, tx, marks, c.now())
}

func (c *consumer) onMatchDecided(ctx context.Context, tx pgx.Tx, msgs []bus.Msg[event.MatchDecided]) error {
	marks := make([]mark, 0, len(msgs))
	for _, m := range msgs {
		if m.Data.State == event.Moved { // closes an old area's subject: the verdict follows on the new one
			continue
		}
		marks = append(marks, newMark(nounMatch, "", string(m.Data.Verdict), m.Envelope, m.At).timed(stageMatch, m.Envelope))
	}
	return record(ctx, tx, marks, c.now())
}

// onRegistrantUpdated leaves out the closing version of a move: the one that follows takes the count along.
func (c *consumer) onRegistrantUpdated(ctx context.Context, tx pgx.Tx, msgs []bus.Msg[event.RegistrantUpdated]) error {
	marks := make([]mark, 0, len(msgs))
	for _, m := range msgs {
		if m.Data.State == event.Moved {
			continue
		}
		mark := newMark(nounPerson, "", string(m.Data.State), m.Envelope, m.At)
		if m.At.Filter == event.Family {
			mark.Noun = nounFamily
			mark = mark.timed(stageFamily, m.Envelope)
			if at, ok := timeOf(m.Data.ProposalID); ok {
				mark.Origin = &at
			}
		}
		marks = append(marks, mark)
	}
	return record(ctx, tx, marks, c.now())
}

// onEntitlementChanged times only decisions that a registrant's change brought about: those of a release's fan-out
// wait in their own lane by design.
func (c *consumer) onEntitlementChanged(ctx context.Context, tx pgx.Tx, msgs []bus.Msg[event.EntitlementChanged]) error {
	causes := make([]string, 0, len(msgs))
	for _, m := range msgs {
		if m.Envelope.Cause != "" {
			causes = append(causes, m.Envelope.Cause)
		}
	}
	released, err := releaseEvents(ctx, tx, causes)
	if err != nil {
		return err
	}
	marks := make([]mark, 0, len(msgs))
	for _, m := range msgs {
		if m.Data.State == event.Moved {
			continue
		}
		mark := newMark(nounEntitlement, m.Data.Programme, string(m.Data.Outcome), m.Envelope, m.At)
		if !released[m.Envelope.Cause] {
			mark = mark.timed(stageDecision, m.Envelope)
		}
		marks = append(marks, mark)
	}
	return record(ctx, tx, marks, c.now())
}

func (c *consumer) onRankReleased(ctx context.Context, tx pgx.Tx, msgs []bus.Msg[event.RankReleased]) error {
	for _, m := range msgs { // a release is rare: one batch never holds many
		r := release{
			ID: m.Subject, Version: m.Version, Model: m.Data.Model, Cutoffs: m.Data.Cutoffs, Families: m.Data.Families,
			Changed: m.Data.Changed, Complete: m.Data.Complete, ReleasedAt: m.Data.ReleasedAt,
		}
		if err := recordRelease(ctx, tx, r, m.ID); err != nil {
			return err
		}
	}
	return nil
}

func (c *consumer) onDeliveryUpdated(ctx context.Context, tx pgx.Tx, msgs []bus.Msg[event.DeliveryUpdated]) error {
	marks := make([]mark, len(msgs))
	for i, m := range msgs {
		marks[i] = newMark(nounDelivery, m.Data.Channel, m.Data.State, m.Envelope, m.At)
		if at, ok := timeOf(m.Data.EventID); ok {
			marks[i].Stage, marks[i].Cause = stageDelivery, &at
		}
	}
	return record(ctx, tx, marks, c.now())
}
