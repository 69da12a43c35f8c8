package bench

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// householdTable is the row of the ceilings: 23 columns, about 200 bytes, nothing but a primary key.
const householdTable = `
	CREATE TABLE IF NOT EXISTS bench_household (
		id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
		kk text, address text, village text, c1 int, c2 int, c3 int, c4 int, c5 int, c6 int, c7 int, c8 int,
		c9 int, c10 int, c11 int, c12 int, c13 int, c14 int, c15 int, c16 int, c17 int, c18 int, entered_at timestamptz
	)`

const householdInsert = `
	INSERT INTO bench_household (kk, address, village, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, c16, c17, c18, entered_at)
	VALUES ($1, $2, $3, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, now())`

// RawCommits is the first ceiling: single-row transactions a second with 32 clients, each commit on disk.
func RawCommits(ctx context.Context, url string, span time.Duration) (float64, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return 0, err
	}
	cfg.MaxConns = 32
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return 0, err
	}
	defer pool.Close()
	if _, err := pool.Exec(ctx, householdTable); err != nil {
		return 0, fmt.Errorf("ceiling: %w", err)
	}
	defer func() { _, _ = pool.Exec(context.WithoutCancel(ctx), `DROP TABLE bench_household`) }()
	conns := make([]*pgxpool.Conn, 32)
	for i := range conns {
		if conns[i], err = pool.Acquire(ctx); err != nil {
			return 0, err
		}
		defer conns[i].Release()
		if _, err := conns[i].Exec(ctx, householdInsert, "3204000000000000", "JL. CONTOH 1 RT 001 RW 002", "32.04.10.2001"); err != nil {
			return 0, err // prepares the statement, outside the measurement
		}
	}
	var done atomic.Int64
	var failed atomic.Pointer[error]
	var wg sync.WaitGroup
	start := time.Now()
	for _, c := range conns {
		wg.Go(func() {
			for time.Since(start) < span {
				if _, err := c.Exec(ctx, householdInsert, "3204000000000000", "JL. CONTOH 1 RT 001 RW 002", "32.04.10.2001"); err != nil {
					failed.Store(&err)
					return
				}
				done.Add(1)
			}
		})
	}
	wg.Wait()
	if err := failed.Load(); err != nil {
		return 0, *err
	}
	return float64(done.Load()) / time.Since(start).Seconds(), nil
}

// copyInto is the second ceiling: rows into a table without any index, by COPY, one transaction; rows a second.
func copyInto(ctx context.Context, url string, rows [][]byte, events [][]byte) (float64, error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return 0, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, `DROP TABLE IF EXISTS bench_row, bench_event; CREATE TABLE bench_row (body bytea); CREATE TABLE bench_event (body bytea);
		ALTER TABLE bench_row ALTER body SET STORAGE EXTERNAL; ALTER TABLE bench_event ALTER body SET STORAGE EXTERNAL`); err != nil {
		return 0, err
	}
	defer func() { _, _ = conn.Exec(context.WithoutCancel(ctx), `DROP TABLE bench_row, bench_event`) }()
	start := time.Now()
	tx, err := conn.Begin(ctx)
	if err != nil {
		return 0, err
	}
	for table, bodies := range map[string][][]byte{"bench_row": rows, "bench_event": events} {
		if _, err := tx.CopyFrom(ctx, pgx.Identifier{table}, []string{"body"}, pgx.CopyFromSlice(len(bodies), func(i int) ([]any, error) {
			return []any{bodies[i]}, nil
		})); err != nil {
			return 0, err
		}
	}
	if err := tx.Commit(ctx); err != nil {
		return 0, err
	}
	return float64(len(rows)) / time.Since(start).Seconds(), nil
}
