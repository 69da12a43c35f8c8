package main

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// snapshot reads everything that the first page shows of an area, in one round trip and one moment.
func (s *store) snapshot(ctx context.Context, area string, now time.Time) (*snapshot, error) {
	snap := &snapshot{At: now, Area: area, Counts: counts{}, Volume: newVolume(now), Lapses: map[string]lapse{}}
	batch := &pgx.Batch{}
	queueCounts(batch, snap)
	queueVolume(batch, snap)
	queueLapses(batch, snap, now)
	queueRegencies(batch, snap)
	queueRelease(batch, snap)
	tx, err := s.db.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return nil, fmt.Errorf("reading a snapshot: %w", err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx)) //nolint:errcheck // read only: nothing to lose
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return nil, fmt.Errorf("reading a snapshot: %w", err)
	}
	return snap, nil
}

func queueCounts(batch *pgx.Batch, snap *snapshot) {
	batch.Queue(`
		SELECT noun, filter, state, n
		FROM tally
		WHERE area = $1 AND n <> 0`, snap.Area).Query(func(rows pgx.Rows) error {
		var k countKey
		var n int64
		_, err := pgx.ForEachRow(rows, []any{&k.Noun, &k.Filter, &k.State, &n}, func() error {
			snap.Counts[k] = n
			return nil
		})
		return err
	})
}

func queueVolume(batch *pgx.Batch, snap *snapshot) {
	batch.Queue(`
		SELECT noun, at, n
		FROM volume
		WHERE area = $1 AND at >= $2`, snap.Area, snap.Volume.From).Query(func(rows pgx.Rows) error {
		var noun string
		var at time.Time
		var n int64
		_, err := pgx.ForEachRow(rows, []any{&noun, &at, &n}, func() error {
			snap.Volume.add(noun, at, n)
			return nil
		})
		return err
	})
}

func queueLapses(batch *pgx.Batch, snap *snapshot, now time.Time) {
	batch.Queue(`
		SELECT stage, slot, sum(n)::bigint
		FROM lapse
		WHERE area = $1 AND at > $2
		GROUP BY stage, slot
		ORDER BY stage, slot`, snap.Area, now.Add(-keep)).Query(func(rows pgx.Rows) error {
		bars := map[string][]slotCount{}
		var stage string
		var b slotCount
		_, err := pgx.ForEachRow(rows, []any{&stage, &b.Slot, &b.N}, func() error {
			bars[stage] = append(bars[stage], b)
			return nil
		})
		for stage, b := range bars {
			snap.Lapses[stage] = newLapse(b)
		}
		return err
	})
}

// regenciesShown bounds the list by regency: the ones with most families.
const regenciesShown = 12

func queueRegencies(batch *pgx.Batch, snap *snapshot) {
	batch.Queue(`
		WITH shown AS (
			SELECT area, sum(n) AS families
			FROM tally
			WHERE noun = 'family' AND state = 'active' AND length(area) = 5 AND n > 0
			  AND ($1 = '00' OR left(area, length($1)) = $1)
			GROUP BY area
			ORDER BY families DESC, area
			LIMIT $2
		)
		SELECT s.area, s.families::bigint, COALESCE(t.filter, ''),
		       COALESCE(sum(t.n) FILTER (WHERE t.state = 'entitled'), 0)::bigint, COALESCE(sum(t.n), 0)::bigint
		FROM shown s
		LEFT JOIN tally t ON t.area = s.area AND t.noun = 'entitlement'
		GROUP BY s.area, s.families, t.filter
		ORDER BY s.families DESC, s.area`, snap.Area, regenciesShown).Query(func(rows pgx.Rows) error {
		var r regency
		var programme string
		var entitled, decisions int64
		_, err := pgx.ForEachRow(rows, []any{&r.Area, &r.Families, &programme, &entitled, &decisions}, func() error {
			if n := len(snap.Regencies); n == 0 || snap.Regencies[n-1].Area != r.Area {
				r.Entitled = map[string]int64{}
				r.Decisions = 0
				snap.Regencies = append(snap.Regencies, r)
			}
			last := &snap.Regencies[len(snap.Regencies)-1]
			last.Decisions += decisions
			if programme != "" {
				last.Entitled[programme] = entitled
			}
			return nil
		})
		return err
	})
}

func queueRelease(batch *pgx.Batch, snap *snapshot) {
	batch.Queue(`
		SELECT id, version, model, cutoffs, families, changed, complete, released_at
		FROM release
		ORDER BY released_at DESC, id DESC
		LIMIT 1`).Query(func(rows pgx.Rows) error {
		found, err := pgx.CollectRows(rows, pgx.RowToAddrOfStructByName[release])
		if len(found) > 0 {
			snap.Release = found[0]
		}
		return err
	})
}
