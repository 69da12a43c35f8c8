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
		bus.On(event.TypeProposalUpdated, recording(c, proposalMark)),
		bus.On(event.TypeCaseUpdated, recording(c, caseMark)),
		bus.On(event.TypeMatchDecided, recording(c, matchMark)),
		bus.On(event.TypeRegistrantUpdated, recording(c, registrantMark)),
		bus.On(event.TypeEntitlementChanged, recording(c, entitlementMark)),
		bus.On(event.TypeRankReleased, c.onRankReleased),
		bus.On(event.TypeDeliveryUpdated, recording(c, deliveryMark)),
	}
}

// marker says what one event means for the read models; false where it means nothing.
type marker[T any] func(e event.Envelope, at event.Subject, d T) (mark, bool)

// recording makes a handler that takes a batch of marks into the read models in one statement.
func recording[T any](c *consumer, of marker[T]) func(ctx context.Context, tx pgx.Tx, msgs []bus.Msg[T]) error {
	return func(ctx context.Context, tx pgx.Tx, msgs []bus.Msg[T]) error {
		marks := make([]mark, 0, len(msgs))
		for _, m := range msgs {
			if mark, ok := of(m.Envelope, m.At, m.Data); ok {
				marks = append(marks, mark)
			}
		}
		return record(ctx, tx, marks, c.now())
	}
}

func (c *consumer) onRankReleased(ctx context.Context, tx pgx.Tx, msgs []bus.Msg[event.RankReleased]) error {
	for _, m := range msgs { // a release is rare: one batch never holds many
		if err := recordRelease(ctx, tx, newRelease(m.Envelope, m.Data), m.ID); err != nil {
			return err
		}
	}
	return nil
}
