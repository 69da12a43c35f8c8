package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"dtks/pkg/pg"
)

// A pass compares everybody anew: once under each model, and whenever somebody asks for it. It only puts persons on the
// list, in order of id and a few at a time; comparing them is the same as for an event, so the result is the same too.

// markPass puts up to most persons on the list for the pass under model; 0 when it is complete.
func (s *store) markPass(ctx context.Context, model string, most int) (n int, err error) {
	err = pg.InTx(ctx, s.db, func(tx pgx.Tx) error {
		n = 0
		upto, complete, err := s.passAt(ctx, tx, model)
		if err != nil || complete {
			return err
		}
		rows, err := tx.Query(ctx, `
			SELECT person_id FROM registrant WHERE person_id > $1 ORDER BY person_id LIMIT $2 FOR UPDATE`, upto, most)
		if err != nil {
			return fmt.Errorf("reading persons: %w", err)
		}
		next, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
		if err != nil {
			return fmt.Errorf("reading persons: %w", err)
		}
		if n = len(next); n > 0 {
			upto = next[n-1]
		}
		if _, err := tx.Exec(ctx, `
			UPDATE registrant SET due = nextval('registrant_ticket') WHERE person_id = ANY ($1) AND due IS NULL`, next); err != nil {
			return fmt.Errorf("putting persons on the list: %w", err)
		}
		_, err = tx.Exec(ctx, `UPDATE duplicate_pass SET upto = $2, complete = $3 WHERE model = $1`, model, upto, n < most)
		return err
	})
	return n, err
}

// passAt reads and locks how far the pass has come. Where nobody is on record yet there is nothing to go through.
func (s *store) passAt(ctx context.Context, tx pgx.Tx, model string) (upto uuid.UUID, complete bool, err error) {
	err = tx.QueryRow(ctx, `SELECT upto, complete FROM duplicate_pass WHERE model = $1`, model).Scan(&upto, &complete)
	if err == nil && complete {
		return upto, true, nil
	}
	if errors.Is(err, pgx.ErrNoRows) {
		_, err = tx.Exec(ctx, `
			INSERT INTO duplicate_pass (model, upto, complete)
			SELECT $1, $2::uuid, NOT EXISTS (SELECT FROM registrant)
			ON CONFLICT DO NOTHING`, model, uuid.Nil)
	}
	if err == nil {
		err = tx.QueryRow(ctx, `SELECT upto, complete FROM duplicate_pass WHERE model = $1 FOR UPDATE`, model).Scan(&upto, &complete)
	}
	if err != nil {
		return upto, false, fmt.Errorf("reading the pass: %w", err)
	}
	return upto, complete, nil
}

// startPass has everybody compared anew under model, from the beginning.
func (s *store) startPass(ctx context.Context, model string) error {
	_, err := s.db.Exec(ctx, `
		INSERT INTO duplicate_pass (model, upto) VALUES ($1, $2)
		ON CONFLICT (model) DO UPDATE SET upto = EXCLUDED.upto, complete = false`, model, uuid.Nil)
	if err != nil {
		return fmt.Errorf("starting the pass: %w", err)
	}
	return nil
}

// passLeft tells how many persons wait to be compared and whether a pass is still to go on.
func (s *store) passLeft(ctx context.Context, model string) (due int64, unfinished bool, err error) {
	err = s.db.QueryRow(ctx, `
		SELECT (SELECT count(*) FROM registrant WHERE due IS NOT NULL),
			EXISTS (SELECT FROM duplicate_pass WHERE model = $1 AND NOT complete)`, model).Scan(&due, &unfinished)
	if err != nil {
		return 0, false, fmt.Errorf("reading what is left to compare: %w", err)
	}
	return due, unfinished, nil
}
