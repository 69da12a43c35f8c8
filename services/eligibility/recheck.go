package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"dtks/pkg/app"
	"dtks/pkg/failpoint"
	"dtks/pkg/pg"
	"dtks/services/eligibility/decision"
)

const recheckIdle = time.Minute // between looks for families whose day has come

// recheck decides families anew on the day on which an answer of theirs may change: somebody comes of age, a rule set
// begins or ends. The day begins at midnight of the family's own time zone. Each step is one transaction after which its
// families wait for a later day, so that it can be killed at any time; one process does it at a time.
type recheck struct{ *decider }

// part runs the recheck as long as the service.
func (r *recheck) part() app.Part {
	return app.Part{Name: "recheck", Run: func(ctx context.Context) error {
		for ctx.Err() == nil {
			n, err := r.step(ctx)
			if err != nil && ctx.Err() == nil {
				slog.Warn("deciding what is due", "error", pg.Safe(err))
			}
			if err == nil && n > 0 {
				r.outbox.Wake()
				continue
			}
			select {
			case <-ctx.Done():
			case <-time.After(recheckIdle):
			}
		}
		return nil
	}}
}

// step decides some of the families that are due; 0 when there are none, or another process is at it.
func (r *recheck) step(ctx context.Context) (int, error) {
	n := 0
	err := pg.InTx(ctx, r.store.db, func(tx pgx.Tx) error {
		n = 0
		var mine bool
		if err := tx.QueryRow(ctx, `SELECT pg_try_advisory_xact_lock($1)`, lockRecheck).Scan(&mine); err != nil || !mine {
			return err
		}
		due, err := r.store.due(ctx, tx, r.now(), partSize)
		if err != nil || len(due) == 0 {
			return err
		}
		n = len(due)
		sit, err := r.store.forStored(ctx, tx, due)
		if err != nil {
			return err
		}
		b := &pgx.Batch{}
		families := sit.inOrder()
		if err := r.rescore(b, sit.release, families); err != nil {
			return err
		}
		if _, err := r.decide(ctx, tx, b, sit, families, reason{batch: true, redate: true}); err != nil {
			return err
		}
		failpoint.Hit("recheck.before_commit")
		return nil
	})
	return n, err
}

// due finds families whose day has come in their time zone, the longest overdue first. The zones' dates differ by one day
// at most: most of them are found by the index on the earliest.
func (s *store) due(ctx context.Context, tx pgx.Tx, now time.Time, limit int) ([]uuid.UUID, error) {
	today := func(area string) time.Time { return decision.Date(decision.DayIn(area, now)) }
	rows, err := tx.Query(ctx, `
		SELECT d.family_id
		FROM decision d
		JOIN family f USING (family_id)
		WHERE d.recheck_on <= $3 AND d.recheck_on <= CASE
			WHEN left(f.area, 2) = ANY ($4) THEN $3::date
			WHEN left(f.area, 2) = ANY ($5) THEN $2::date
			ELSE $1::date END
		ORDER BY d.recheck_on
		LIMIT $6`, today("32.04"), today("51.71"), today("91.71"), decision.ProvincesWIT, decision.ProvincesWITA, limit)
	if err != nil {
		return nil, fmt.Errorf("looking for families that are due: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
}
