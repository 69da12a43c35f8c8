package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"dtks/pkg/fault"
)

// keep is how long rates and latencies stay; older events change counts only.
const keep = time.Hour

// store holds all SQL of the read models.
type store struct{ db *pgxpool.Pool }

// recordSQL takes a batch of marks in one statement: states, counts, rates and durations of the three levels of area.
// Every part reads the state before the batch, as parts of one statement do. Versions count events, so a batch that
// skipped superseded ones still counts them.
const recordSQL = `
WITH input AS MATERIALIZED (
	SELECT *
	FROM unnest(@nouns::text[], @filters::text[], @ids::uuid[], @areas::text[], @states::text[], @versions::bigint[],
	            @ats::timestamptz[], @stages::text[], @causes::timestamptz[], @origins::timestamptz[])
	     AS i (noun, filter, id, area, state, version, at, stage, cause, origin)
), pair AS MATERIALIZED (
	SELECT i.*, p.area AS old_area, p.state AS old_state, p.version AS old_version, p.since AS old_since,
	       f.origin AS family_origin
	FROM input i
	LEFT JOIN item p ON p.id = i.id AND p.noun = i.noun AND p.filter = i.filter
	LEFT JOIN item f ON f.id = i.id AND f.noun = 'family' AND f.filter = '' AND i.noun = 'entitlement'
	WHERE p.version IS NULL OR p.version < i.version
), saved AS (
	INSERT INTO item (id, noun, filter, area, state, version, since, origin)
	SELECT id, noun, filter, area, state, version, at, origin
	FROM pair
	ON CONFLICT (id, noun, filter) DO UPDATE
	SET area = excluded.area, state = excluded.state, version = excluded.version, origin = excluded.origin,
	    since = CASE WHEN item.state = excluded.state THEN item.since ELSE excluded.since END
), moved AS (
	SELECT area, noun, filter, state, sum(n) AS n
	FROM (
		SELECT area, noun, filter, state, 1 AS n FROM pair
		UNION ALL
		SELECT old_area, noun, filter, old_state, -1 FROM pair WHERE old_version IS NOT NULL
	) c
	GROUP BY area, noun, filter, state
	HAVING sum(n) <> 0
), tallied AS (
	INSERT INTO tally (area, noun, filter, state, n)
	SELECT w.area, noun, filter, state, sum(n)
	FROM moved m CROSS JOIN LATERAL (SELECT '00' UNION SELECT left(m.area, 2) UNION SELECT m.area) AS w (area)
	GROUP BY w.area, noun, filter, state
	HAVING sum(n) <> 0
	ORDER BY w.area, noun, filter, state
	ON CONFLICT (area, noun, filter, state) DO UPDATE SET n = tally.n + excluded.n
), came AS (
	SELECT area, noun, date_bin('10 seconds', at, 'epoch') AS slot, sum(version - COALESCE(old_version, 0)) AS n
	FROM pair
	WHERE at > @oldest
	GROUP BY area, noun, slot
), counted AS (
	INSERT INTO volume (area, noun, at, n)
	SELECT w.area, noun, slot, sum(n)
	FROM came c CROSS JOIN LATERAL (SELECT '00' UNION SELECT left(c.area, 2) UNION SELECT c.area) AS w (area)
	GROUP BY w.area, noun, slot
	ORDER BY w.area, slot, noun
	ON CONFLICT (area, at, noun) DO UPDATE SET n = volume.n + excluded.n
), took AS (
	SELECT area, stage, date_trunc('minute', at) AS minute,
	       floor(8 * ln(GREATEST(EXTRACT(EPOCH FROM at - began)::float8 * 1000, 0) + 1) / ln(2.0::float8))::smallint AS slot,
	       count(*) AS n
	FROM (
		SELECT area, stage, at, COALESCE(cause, old_since) AS began
		FROM pair
		WHERE stage <> '' AND (cause IS NOT NULL OR old_state <> state)
		UNION ALL
		SELECT area, 'whole', at, family_origin
		FROM pair
		WHERE noun = 'entitlement' AND stage <> '' AND family_origin < at
	) t
	WHERE at > @oldest AND began IS NOT NULL
	GROUP BY area, stage, minute, slot
)
INSERT INTO lapse (area, stage, at, slot, n)
SELECT w.area, stage, minute, slot, sum(n)
FROM took k CROSS JOIN LATERAL (SELECT '00' UNION SELECT left(k.area, 2) UNION SELECT k.area) AS w (area)
GROUP BY w.area, stage, minute, slot
ORDER BY w.area, minute, stage, slot
ON CONFLICT (area, at, stage, slot) DO UPDATE SET n = lapse.n + excluded.n`

// record takes marks of different aggregates into the read models.
func record(ctx context.Context, tx pgx.Tx, marks []mark, now time.Time) error {
	if len(marks) == 0 {
		return nil
	}
	sortMarks(marks)
	if err := untimeReleased(ctx, tx, marks); err != nil {
		return err
	}
	n := len(marks)
	nouns, filters, ids := make([]string, n), make([]string, n), make([]string, n)
	areas, states, stages := make([]string, n), make([]string, n), make([]string, n)
	versions, ats := make([]int64, n), make([]time.Time, n)
	causes, origins := make([]*time.Time, n), make([]*time.Time, n)
	for i, m := range marks {
		nouns[i], filters[i], ids[i], areas[i], states[i], stages[i] = m.Noun, m.Filter, m.ID, m.Area, m.State, m.Stage
		versions[i], ats[i], causes[i], origins[i] = m.Version, m.At, m.Cause, m.Origin
	}
	_, err := tx.Exec(ctx, recordSQL, pgx.StrictNamedArgs{
		"nouns": nouns, "filters": filters, "ids": ids, "areas": areas, "states": states, "stages": stages,
		"versions": versions, "ats": ats, "causes": causes, "origins": origins, "oldest": now.Add(-keep),
	})
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) && pgErr.Code == "22P02" { // an id that is no UUID will never be one
		return fault.New(fault.Invalid, "id_malformed", "Pengenal peristiwa bukan UUID.", "The event's id is not a UUID.").Because(err)
	}
	if err != nil {
		return fmt.Errorf("recording %d marks: %w", n, err)
	}
	return nil
}

// recordRelease keeps the newest state of a release and the ids of its events.
func recordRelease(ctx context.Context, tx pgx.Tx, r release, eventID string) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO release (id, event_ids, version, model, cutoffs, families, changed, complete, released_at)
		VALUES (@id, ARRAY[@event_id::uuid], @version, @model, @cutoffs, @families, @changed, @complete, @released_at)
		ON CONFLICT (id) DO UPDATE
		SET event_ids = release.event_ids || excluded.event_ids, version = excluded.version, model = excluded.model,
		    cutoffs = excluded.cutoffs, families = excluded.families, changed = excluded.changed,
		    complete = excluded.complete, released_at = excluded.released_at`,
		pgx.StrictNamedArgs{
			"id": r.ID, "event_id": eventID, "version": r.Version, "model": r.Model, "cutoffs": r.Cutoffs,
			"families": r.Families, "changed": r.Changed, "complete": r.Complete, "released_at": r.ReleasedAt,
		})
	if err != nil {
		return fmt.Errorf("recording a release: %w", err)
	}
	return nil
}

// untimeReleased takes the duration off decisions that a release brought about: its fan-out waits in a lane of its own
// by design, and would drown what a family's own change takes.
func untimeReleased(ctx context.Context, tx pgx.Tx, marks []mark) error {
	var causes []string
	for _, m := range marks {
		if m.Noun == nounEntitlement && m.CauseID != "" {
			causes = append(causes, m.CauseID)
		}
	}
	if causes == nil {
		return nil
	}
	rows, err := tx.Query(ctx, `
		SELECT e::text
		FROM release, unnest(event_ids) AS e
		WHERE e::text = ANY (@causes)`, pgx.StrictNamedArgs{"causes": causes})
	if err != nil {
		return fmt.Errorf("looking for releases: %w", err)
	}
	released, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("looking for releases: %w", err)
	}
	for i := range marks {
		if slices.Contains(released, marks[i].CauseID) {
			marks[i].Stage = ""
		}
	}
	return nil
}

// prune drops rates and latencies past their hour, and sessions past their end.
func (s *store) prune(ctx context.Context, now time.Time) error {
	for _, sql := range []string{
		`DELETE FROM volume WHERE at < $1::timestamptz - interval '1 hour'`,
		`DELETE FROM lapse WHERE at < $1::timestamptz - interval '1 hour'`,
		`DELETE FROM session WHERE expires_at < $1`,
	} {
		if _, err := s.db.Exec(ctx, sql, now); err != nil {
			return fmt.Errorf("pruning: %w", err)
		}
	}
	return nil
}
