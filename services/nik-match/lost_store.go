package main

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"dtks/pkg/pg"
)

// session is a database session that holds the lock on a worker's number for as long as the worker lives.
type session struct {
	db   *pgxpool.Pool
	id   int32
	conn *pgxpool.Conn // nil while there is none
}

func (s *store) session(worker int32) *session { return &session{db: s.db, id: worker} }

// hold takes the lock, or makes sure that the session which has it still lives.
func (s *session) hold(ctx context.Context) error {
	if s.conn != nil {
		if _, err := s.conn.Exec(ctx, `SELECT 1`); err == nil {
			return nil
		}
		s.conn.Release() // the pool drops broken connections
		s.conn = nil
	}
	conn, err := s.db.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("locking the worker's number: %w", err)
	}
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock($1, $2)`, workerClass, s.id); err != nil {
		conn.Release()
		return fmt.Errorf("locking the worker's number: %w", err)
	}
	s.conn = conn
	return nil
}

// close ends the session, which frees the lock.
func (s *session) close(ctx context.Context) {
	if s.conn != nil {
		_ = s.conn.Hijack().Close(ctx)
		s.conn = nil
	}
}

// workerClass is the first half of the advisory locks that workers hold on their numbers.
const workerClass = 0x4e494b // "NIK"

// recover gives back the calls of workers that no longer live: whether Dukcapil answered them is not known, so they are
// asked again, and the ledger says that they were lost.
func (s *store) recover(ctx context.Context, worker int32) (int64, error) {
	rows, err := s.db.Query(ctx, `SELECT DISTINCT worker FROM match WHERE state = 'calling' AND worker <> $1`, worker)
	if err != nil {
		return 0, fmt.Errorf("looking for lost calls: %w", err)
	}
	others, err := pgx.CollectRows(rows, pgx.RowTo[int32])
	if err != nil {
		return 0, fmt.Errorf("looking for lost calls: %w", err)
	}
	var lost int64
	for _, other := range others {
		err := pg.InTx(ctx, s.db, func(tx pgx.Tx) error {
			var dead bool
			if err := tx.QueryRow(ctx, `SELECT pg_try_advisory_xact_lock($1, $2)`, workerClass, other).Scan(&dead); err != nil || !dead {
				return err
			}
			tag, err := tx.Exec(ctx, `
				WITH lost AS (
					UPDATE match
					SET state = 'waiting', worker = NULL, reason = 'lost', due_at = $2
					WHERE state = 'calling' AND worker = $1
					RETURNING person_id, identity_version, calls)
				INSERT INTO call (person_id, identity_version, call, started_at, ended_at, outcome, code)
				SELECT person_id, identity_version, calls, $2, $2, 'lost', ''
				FROM lost
				ON CONFLICT DO NOTHING`, other, s.now().UTC())
			lost += tag.RowsAffected()
			return err
		})
		if err != nil {
			return lost, fmt.Errorf("giving back lost calls: %w", err)
		}
	}
	return lost, nil
}
