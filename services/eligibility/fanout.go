package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"dtks/pkg/app"
	"dtks/pkg/event"
	"dtks/pkg/failpoint"
	"dtks/pkg/outbox"
	"dtks/pkg/pg"
)

const (
	fanoutIdle  = time.Second     // between looks for work
	fanoutRetry = 2 * time.Second // after an error
)

// fanout decides the families on the work list anew: those whose place a release has changed, or all of them when rules
// or models have. What changes is published in the second lane. Each part of the list is one transaction that also
// marks it as done, so that it goes on where it was killed; one process does it at a time.
type fanout struct {
	*decider
	wake chan struct{}
}

// Wake makes it look at once. Never blocks.
func (f *fanout) Wake() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// part runs the fan-out as long as the service.
func (f *fanout) part() app.Part {
	return app.Part{Name: "fan-out", Run: func(ctx context.Context) error {
		for ctx.Err() == nil {
			pause := fanoutIdle
			more, err := f.step(ctx)
			switch {
			case err != nil && ctx.Err() == nil:
				slog.Warn("deciding anew", "error", pg.Safe(err))
				pause = fanoutRetry
			case more:
				continue
			}
			select {
			case <-ctx.Done():
			case <-f.wake:
			case <-time.After(pause):
			}
		}
		return nil
	}}
}

// step does the next part in one transaction; false when there is none, or another process is at it.
func (f *fanout) step(ctx context.Context) (bool, error) {
	more := false
	err := pg.InTx(ctx, f.store.db, func(tx pgx.Tx) error {
		more = false
		var mine bool
		if err := tx.QueryRow(ctx, `SELECT pg_try_advisory_xact_lock($1)`, lockFanout).Scan(&mine); err != nil || !mine {
			return err
		}
		p, done, err := f.store.nextPart(ctx, tx)
		if err != nil || p == nil && done == "" {
			return err
		}
		more = true
		if p == nil {
			return f.complete(ctx, tx, done)
		}
		if err := f.decidePart(ctx, tx, p); err != nil {
			return err
		}
		failpoint.Hit("fanout.before_commit")
		return nil
	})
	if err == nil && more {
		f.outbox.Wake()
		failpoint.Hit("fanout.after_commit")
	}
	return more, err
}

func (f *fanout) decidePart(ctx context.Context, tx pgx.Tx, p *part) error {
	sit, err := f.store.forStored(ctx, tx, p.families)
	if err != nil {
		return err
	}
	b := &pgx.Batch{}
	families := sit.inOrder()
	if err := f.rescore(b, sit.release, families); err != nil {
		return err
	}
	changed, err := f.decide(ctx, tx, b, sit, families, reason{batch: true})
	if err != nil {
		return err
	}
	return f.store.partDone(ctx, tx, p, changed)
}

// complete closes the fan-out with the release's next version, behind all that it has published.
func (f *fanout) complete(ctx context.Context, tx pgx.Tx, id string) error {
	r, err := f.store.complete(ctx, tx, id, f.now().UTC())
	if err != nil {
		return err
	}
	_, err = f.outbox.Add(ctx, tx, outbox.Draft{
		Type: event.TypeRankReleased, Area: event.National, ID: r.ID, Release: true,
		Data: event.RankReleased{Model: r.Model, Cutoffs: r.Cutoffs, InputDigest: r.InputDigest, Families: r.Families,
			Changed: r.Changed, Complete: true, ReleasedAt: *r.ReleasedAt},
	})
	return err
}
