package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"dtks/services/eligibility/pmt"
	"dtks/services/eligibility/rank"
)

// scores hands out the score by model of each active family that has one, as of one moment and in no order.
func (s *store) scores(ctx context.Context, model *pmt.Model, each func(id uuid.UUID, score int64) error) error {
	rows, err := s.db.Query(ctx, `
		SELECT family_id, score, CASE WHEN model <> $1 THEN facts END, area, recorded_at
		FROM family
		WHERE active`, model.ID)
	if err != nil {
		return fmt.Errorf("reading scores: %w", err)
	}
	var id uuid.UUID
	var stored *int64
	var facts []byte
	var area string
	var recorded time.Time
	_, err = pgx.ForEachRow(rows, []any{&id, &stored, &facts, &area, &recorded}, func() error {
		score, ok, err := scoreOf(model, stored, facts, area, recorded)
		if err != nil || !ok {
			return err
		}
		return each(id, score)
	})
	if err != nil {
		return fmt.Errorf("reading scores: %w", err)
	}
	return nil
}

// lockRelease waits for the decisions under way and holds back others until tx ends.
func (s *store) lockRelease(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, lockRelease)
	return err
}

const fanoutOpen = `
	SELECT release_id
	FROM release_in_force
	JOIN release USING (release_id)
	WHERE event_id <> '' AND NOT EXISTS (SELECT FROM release_complete c WHERE c.release_id = release_in_force.release_id)`

// fanoutRunning reports whether the changes of the release in force are still being published.
func (s *store) fanoutRunning(ctx context.Context, tx pgx.Tx) (bool, error) {
	var running bool
	err := tx.QueryRow(ctx, `SELECT EXISTS (`+fanoutOpen+`)`).Scan(&running)
	return running, err
}

// stillInForce reports whether no other release took the place of this one.
func (s *store) stillInForce(ctx context.Context, tx pgx.Tx, id string) (bool, error) {
	var still bool
	err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM release_in_force WHERE release_id = $1)`, id).Scan(&still)
	return still, err
}

// putInForce stores a release, points to it and lists the regencies its fan-out has to visit.
func (s *store) putInForce(ctx context.Context, tx pgx.Tx, rel *release, r *ranking, by string) error {
	if err := insertRelease(ctx, tx, rel, r, by); err != nil {
		return fmt.Errorf("storing the release: %w", err)
	}
	b := &pgx.Batch{}
	b.Queue(`UPDATE release_in_force SET release_id = $1`, rel.ID)
	b.Queue(`
		INSERT INTO fanout (release_id, regency)
		SELECT DISTINCT $1, regency
		FROM family`, rel.ID)
	return tx.SendBatch(ctx, b).Close()
}

// ensureInForce makes rel the release in force unless there is one.
func (s *store) ensureInForce(ctx context.Context, tx pgx.Tx, rel *release) error {
	if err := s.lockRelease(ctx, tx); err != nil {
		return err
	}
	var there bool
	if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM release_in_force)`).Scan(&there); err != nil || there {
		return err
	}
	if err := insertRelease(ctx, tx, rel, &ranking{}, ""); err != nil {
		return fmt.Errorf("storing the first cut-offs: %w", err)
	}
	_, err := tx.Exec(ctx, `INSERT INTO release_in_force (release_id) VALUES ($1)`, rel.ID)
	return err
}

func insertRelease(ctx context.Context, tx pgx.Tx, rel *release, r *ranking, by string) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO release (release_id, model, cutoffs, input_digest, families, released_at, released_by, event_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		rel.ID, rel.Model, rel.Cutoffs[:], r.Digest.String(), r.Families, rel.ReleasedAt, by, rel.EventID)
	return err
}

// inForce reads the release in force.
func (s *store) inForce(ctx context.Context) (*release, error) {
	return scanRelease(s.db.QueryRow(ctx, selectRelease+` JOIN release_in_force USING (release_id)`))
}

// shard is how far the fan-out of a release has come in one regency.
type shard struct {
	release, regency string
	position         uuid.UUID
}

// nextShard finds work of the release in force and locks it: "" as release when there is no release to pass on, ""
// as regency when all its regencies are done.
func (s *store) nextShard(ctx context.Context, tx pgx.Tx) (shard, error) {
	var sh shard
	err := tx.QueryRow(ctx, fanoutOpen).Scan(&sh.release)
	if errors.Is(err, pgx.ErrNoRows) {
		return sh, nil
	}
	if err != nil {
		return sh, err
	}
	err = tx.QueryRow(ctx, `
		SELECT regency, position
		FROM fanout
		WHERE release_id = $1 AND NOT done
		ORDER BY regency
		LIMIT 1
		FOR UPDATE`, sh.release).Scan(&sh.regency, &sh.position)
	if errors.Is(err, pgx.ErrNoRows) {
		return sh, nil
	}
	return sh, err
}

// advance stores how far a shard has come.
func (s *store) advance(ctx context.Context, tx pgx.Tx, sh shard, families, changed int, done bool) error {
	_, err := tx.Exec(ctx, `
		UPDATE fanout
		SET position = $3, families = families + $4, changed = changed + $5, done = $6
		WHERE release_id = $1 AND regency = $2`, sh.release, sh.regency, sh.position, families, changed, done)
	return err
}

// complete marks a release as passed on and returns its row.
func (s *store) complete(ctx context.Context, tx pgx.Tx, id string, now time.Time) (releaseRow, error) {
	if _, err := tx.Exec(ctx, `
		INSERT INTO release_complete (release_id, changed, completed_at)
		SELECT $1, coalesce(sum(changed), 0), $2
		FROM fanout
		WHERE release_id = $1`, id, now); err != nil {
		return releaseRow{}, fmt.Errorf("completing the release: %w", err)
	}
	rows, err := tx.Query(ctx, selectReleases+` WHERE release_id = $1`, id)
	if err != nil {
		return releaseRow{}, err
	}
	return pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[releaseRow])
}

// releaseRow is a release as people see it.
type releaseRow struct {
	ID          string
	Model       string
	Cutoffs     []int64
	InputDigest string
	Families    int64
	ReleasedAt  time.Time
	ReleasedBy  string
	InForce     bool
	Decided     int64 // families that the fan-out has visited
	Changed     int64 // decisions published by it
	CompletedAt *time.Time
}

const selectReleases = `
	SELECT r.release_id, r.model, r.cutoffs, r.input_digest, r.families, r.released_at, r.released_by,
		EXISTS (SELECT FROM release_in_force p WHERE p.release_id = r.release_id),
		coalesce((SELECT sum(families) FROM fanout f WHERE f.release_id = r.release_id), 0)::bigint,
		coalesce((SELECT sum(changed) FROM fanout f WHERE f.release_id = r.release_id), 0)::bigint,
		c.completed_at
	FROM release r
	LEFT JOIN release_complete c USING (release_id)`

// releases lists releases, the newest first; one alone when id is given.
func (s *store) releases(ctx context.Context, id string) ([]releaseRow, error) {
	rows, err := s.db.Query(ctx, selectReleases+`
		WHERE $1 = '' OR release_id = $1
		ORDER BY r.released_at DESC, release_id DESC
		LIMIT 100`, id)
	if err != nil {
		return nil, fmt.Errorf("reading releases: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[releaseRow])
}

// countDeciles counts the active families of an area by decile of the release in force, and those without a score.
func (s *store) countDeciles(ctx context.Context, area string) (release string, families []int64, unscored int64, err error) {
	prefix := area
	if area == "00" || area == "00.00" {
		prefix = ""
	}
	prefix = strings.TrimSuffix(prefix, ".00")
	families = make([]int64, rank.Deciles)
	rows, err := s.db.Query(ctx, `
		SELECT release_id, coalesce(width_bucket(score - 1, cutoffs) + 1, 0)::int AS decile, count(family_id)
		FROM release_in_force
		JOIN release USING (release_id)
		LEFT JOIN family ON active AND starts_with(area, $1)
		GROUP BY 1, 2`, prefix)
	if err != nil {
		return "", nil, 0, fmt.Errorf("counting deciles: %w", err)
	}
	var decile int
	var n int64
	_, err = pgx.ForEachRow(rows, []any{&release, &decile, &n}, func() error {
		if decile == 0 {
			unscored = n
		} else {
			families[decile-1] = n
		}
		return nil
	})
	return release, families, unscored, err
}
