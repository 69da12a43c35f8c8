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
	fanoutStep  = 500             // families decided in one transaction
	fanoutIdle  = time.Second     // between looks for a release to pass on
	fanoutRetry = 2 * time.Second // after an error
)

// fanout decides the whole population by a new release, regency by regency, and publishes what changes in the second
// lane. Each step is one transaction that also stores the position, so that it goes on where it was killed; one process
// does it at a time.
type fanout struct {
	*decider
	wake chan struct{}
	now  func() time.Time
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
				slog.Warn("passing on a release", "error", pg.Safe(err))
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

// step does the next piece of work in one transaction; false when there is none, or another process is at it.
func (f *fanout) step(ctx context.Context) (bool, error) {
	more := false
	err := pg.InTx(ctx, f.store.db, func(tx pgx.Tx) error {
		more = false
		var mine bool
		if err := tx.QueryRow(ctx, `SELECT pg_try_advisory_xact_lock($1)`, lockFanout).Scan(&mine); err != nil || !mine {
			return err
		}
		sh, err := f.store.nextShard(ctx, tx)
		if err != nil || sh.release == "" {
			return err
		}
		more = true
		if sh.regency == "" {
			return f.complete(ctx, tx, sh.release)
		}
		if err := f.decideShard(ctx, tx, sh); err != nil {
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

func (f *fanout) decideShard(ctx context.Context, tx pgx.Tx, sh shard) error {
	sit, err := f.store.forShard(ctx, tx, sh.regency, sh.position, fanoutStep)
	if err != nil {
		return err
	}
	ids := sit.ids()
	families := make([]*family, len(ids))
	for i, id := range ids {
		families[i] = sit.families[id]
		sh.position = id
	}
	changed := 0
	if len(families) > 0 {
		b := &pgx.Batch{}
		if err := f.rescore(b, sit.release, families); err != nil {
			return err
		}
		if changed, err = f.decide(ctx, tx, b, sit, families, nil); err != nil {
			return err
		}
	}
	return f.store.advance(ctx, tx, sh, len(families), changed, len(families) < fanoutStep)
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
			Changed: r.Changed, Complete: true, ReleasedAt: r.ReleasedAt},
	})
	return err
}
