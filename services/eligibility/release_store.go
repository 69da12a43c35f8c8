package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"dtks/pkg/fault"
	"dtks/pkg/pg"
	"dtks/services/eligibility/decision"
	"dtks/services/eligibility/rank"
	"dtks/services/eligibility/ranking"
)

// inForce is what decides: read under the shared lock on releases.
type inForce struct {
	no      int32
	eventID string
	ranking bool
	files   []string
}

const selectInForce = `
	SELECT r.no, p.event_id, EXISTS (SELECT FROM release_job WHERE phase = 'ranking'), e.files
	FROM release_in_force p
	JOIN release r USING (release_id)
	CROSS JOIN engine_in_force e`

// queueState takes the shared lock and reads what decides.
func queueState(b *pgx.Batch) *inForce {
	state := new(inForce)
	b.Queue(`SELECT pg_advisory_xact_lock_shared($1)`, lockRelease)
	b.Queue(selectInForce).QueryRow(func(row pgx.Row) error {
		if err := row.Scan(&state.no, &state.eventID, &state.ranking, &state.files); err != nil {
			return fmt.Errorf("reading what decides: %w", err)
		}
		return nil
	})
	return state
}

var errReplaced = fault.New(fault.Unavailable, "engine_replaced",
	"Program lain dengan aturan lain sedang berlaku.", "Another process with other rules decides now.")

// settle completes the situation with the release in force.
func (s *store) settle(ctx context.Context, tx pgx.Tx, sit *situation, state *inForce) error {
	if s.files != nil && !slices.Equal(s.files, state.files) {
		return errReplaced
	}
	var err error
	sit.eventID, sit.ranking = state.eventID, state.ranking
	sit.release, err = s.release(ctx, tx, state.no)
	return err
}

// querier is a pool or a transaction.
type querier interface {
	ranking.Querier
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// release finds a release by its number; it is read once.
func (s *store) release(ctx context.Context, q querier, no int32) (*decision.Release, error) {
	if r := s.releases.get(no); r != nil {
		return r, nil
	}
	r := &decision.Release{No: no}
	var bounds []int64
	err := q.QueryRow(ctx, `SELECT release_id, model, cutoffs FROM release WHERE no = $1`, no).Scan(&r.ID, &r.Model, &bounds)
	if err != nil {
		return nil, fmt.Errorf("reading release %d: %w", no, err)
	}
	if strings.HasPrefix(r.ID, startPrefix) {
		r.Table = startingTable(bounds)
	} else if r.Table, err = ranking.Load(ctx, q, r.ID); err != nil {
		return nil, fmt.Errorf("reading release %d: %w", no, err)
	}
	s.releases.put(r)
	return r, nil
}

// inForce reads the release in force.
func (s *store) inForce(ctx context.Context) (*decision.Release, error) {
	var no int32
	err := s.db.QueryRow(ctx, `SELECT no FROM release_in_force JOIN release USING (release_id)`).Scan(&no)
	if err != nil {
		return nil, fmt.Errorf("reading the release in force: %w", err)
	}
	return s.release(ctx, s.db, no)
}

// releaseOn finds the release that was in force at a moment, or else the first there was.
func (s *store) releaseOn(ctx context.Context, at time.Time) (*decision.Release, error) {
	var no int32
	err := s.db.QueryRow(ctx, `
		SELECT no
		FROM release r
		WHERE starts_with(release_id, 'awal-') OR EXISTS (SELECT FROM release_job j WHERE j.release_id = r.release_id AND phase = 'in_force')
		ORDER BY released_at <= $1 DESC, CASE WHEN released_at <= $1 THEN released_at END DESC, released_at
		LIMIT 1`, at).Scan(&no)
	if err != nil {
		return nil, fmt.Errorf("finding the release of a day: %w", err)
	}
	return s.release(ctx, s.db, no)
}

// lockRelease waits for the decisions under way and holds back others until tx ends.
func (s *store) lockRelease(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, lockRelease)
	return err
}

// alone takes a lock that one process holds at a time; false when another does. The returned function gives it back.
func (s *store) alone(ctx context.Context, lock int) (release func(), mine bool, err error) {
	conn, err := s.db.Acquire(ctx)
	if err != nil {
		return nil, false, err
	}
	if err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1)`, lock).Scan(&mine); err != nil || !mine {
		conn.Release()
		return nil, false, err
	}
	return func() {
		_, _ = conn.Exec(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, lock) // ends with the session at the latest
		conn.Release()
	}, true, nil
}

const (
	// jobOpen holds while a ranking is asked for or being made.
	jobOpen = `EXISTS (SELECT FROM release_job WHERE phase IN ('waiting', 'ranking'))`
	// workOpen holds while families wait to be decided anew, or a release is not complete.
	workOpen = `EXISTS (
		SELECT
		FROM release_in_force p
		WHERE EXISTS (SELECT FROM release_part w WHERE w.release_id = p.release_id AND NOT w.done)
			OR p.event_id <> '' AND NOT EXISTS (SELECT FROM release_complete c WHERE c.release_id = p.release_id))`
)

// releaseBusy reports whether a release is being made or passed on.
func (s *store) releaseBusy(ctx context.Context, tx pgx.Tx) (busy bool, err error) {
	err = tx.QueryRow(ctx, `SELECT `+jobOpen+` OR `+workOpen).Scan(&busy)
	return busy, err
}

// workPending reports whether families wait to be decided anew.
func (s *store) workPending(ctx context.Context) (pending bool, err error) {
	err = s.db.QueryRow(ctx, `SELECT `+workOpen).Scan(&pending)
	return pending, err
}

func (s *store) addJob(ctx context.Context, tx pgx.Tx, j job) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO release_job (release_id, model, weights, requested_by, requested_at, phase)
		VALUES ($1, $2, $3, $4, $5, 'waiting')`, j.ID, j.Model, string(j.Weights), j.RequestedBy, j.RequestedAt)
	return err
}

// nextJob finds the job to do, one that was interrupted included; nil when there is none.
func (s *store) nextJob(ctx context.Context) (*job, error) {
	var j job
	err := s.db.QueryRow(ctx, `
		SELECT release_id, model, weights, requested_by, requested_at
		FROM release_job
		WHERE phase IN ('waiting', 'ranking')`).Scan(&j.ID, &j.Model, &j.Weights, &j.RequestedBy, &j.RequestedAt)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	return &j, err
}

// startRanking makes every decision from here on note its families. When it has returned, all others are committed.
func (s *store) startRanking(ctx context.Context, id string) error {
	return pgx.BeginFunc(ctx, s.db, func(tx pgx.Tx) error {
		if err := s.lockRelease(ctx, tx); err != nil {
			return err
		}
		b := &pgx.Batch{}
		b.Queue(`TRUNCATE release_touched`)
		b.Queue(`UPDATE release_job SET phase = 'ranking', families = 0 WHERE release_id = $1`, id)
		return tx.SendBatch(ctx, b).Close()
	})
}

// progress stores how many families have been read.
func (s *store) progress(ctx context.Context, id string, rows int64) {
	if _, err := s.db.Exec(ctx, `UPDATE release_job SET families = $2 WHERE release_id = $1`, id, rows); err != nil && ctx.Err() == nil {
		slog.Debug("storing progress", "error", pg.Safe(err))
	}
}

// maxAttempts is how often a ranking is tried that fails for a reason of its own.
const maxAttempts = 5

// failed counts an attempt; after the last the job is refused, so that others can be asked for.
func (s *store) failed(ctx context.Context, id string) error {
	_, err := s.db.Exec(ctx, `
		UPDATE release_job
		SET attempts = attempts + 1, phase = CASE WHEN attempts + 1 >= $2 THEN 'refused' ELSE phase END,
			refused = CASE WHEN attempts + 1 >= $2 THEN 'ranking_failed' ELSE '' END
		WHERE release_id = $1`, id, maxAttempts)
	return err
}

func (s *store) refuse(ctx context.Context, id, code string) error {
	_, err := s.db.Exec(ctx, `UPDATE release_job SET phase = 'refused', refused = $2 WHERE release_id = $1`, id, code)
	return err
}

// keepRanking stores a ranking that is not in force yet, in place of what an interrupted attempt left.
func (s *store) keepRanking(ctx context.Context, j *job, res *ranking.Result, now time.Time) error {
	return pgx.BeginFunc(ctx, s.db, func(tx pgx.Tx) error {
		b := &pgx.Batch{}
		b.Queue(`DELETE FROM release_part WHERE release_id = $1`, j.ID)
		b.Queue(`DELETE FROM release_area WHERE release_id = $1`, j.ID)
		b.Queue(`DELETE FROM release WHERE release_id = $1`, j.ID)
		b.Queue(`
			INSERT INTO release (release_id, model, weights, cutoffs, input_digest, families, released_at, released_by)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			j.ID, j.Model, string(j.Weights), cutoffs(res.Table), res.Digest.String(), res.Families, now, j.RequestedBy)
		if err := tx.SendBatch(ctx, b).Close(); err != nil {
			return fmt.Errorf("storing the release: %w", err)
		}
		return ranking.Store(ctx, tx, j.ID, res)
	})
}

// putInForce points to a stored release and adds to its work list the families that were decided while it was made. With
// everyone, and where new rules have listed families that are not decided yet, all families are listed.
func (s *store) putInForce(ctx context.Context, tx pgx.Tx, id, eventID string, everyone bool) error {
	var left bool
	if err := tx.QueryRow(ctx, `
		SELECT EXISTS (SELECT FROM release_part JOIN release_in_force USING (release_id) WHERE NOT done)`).Scan(&left); err != nil {
		return fmt.Errorf("looking for work that is left: %w", err)
	}
	b := &pgx.Batch{}
	if everyone || left {
		b.Queue(`DELETE FROM release_part WHERE release_id = $1`, id)
		queueList(b, id, `SELECT family_id FROM family`)
	} else {
		queueList(b, id, `SELECT family_id FROM release_touched`)
	}
	b.Queue(`TRUNCATE release_touched`)
	b.Queue(`UPDATE release_in_force SET release_id = $1, event_id = $2`, id, eventID)
	b.Queue(`UPDATE release_job SET phase = 'in_force' WHERE release_id = $1`, id)
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return fmt.Errorf("putting the release in force: %w", err)
	}
	return nil
}

// ensureInForce makes the cut-offs a model starts with the release in force unless there is one.
func (s *store) ensureInForce(ctx context.Context, tx pgx.Tx, id, model string, bounds []int64, from time.Time) error {
	if err := s.lockRelease(ctx, tx); err != nil {
		return err
	}
	var there bool
	if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM release_in_force)`).Scan(&there); err != nil || there {
		return err
	}
	b := &pgx.Batch{}
	b.Queue(`
		INSERT INTO release (release_id, model, weights, cutoffs, input_digest, families, released_at, released_by)
		VALUES ($1, $2, 'family', $3, '', 0, $4, '')
		ON CONFLICT DO NOTHING`, id, model, bounds, from)
	b.Queue(`INSERT INTO release_in_force (release_id, event_id) VALUES ($1, '')`, id)
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return fmt.Errorf("storing the first cut-offs: %w", err)
	}
	return nil
}

// part is families to be decided by the release in force.
type part struct {
	release  string
	no       int
	families []uuid.UUID
}

// complete marks a release as passed on and returns its row.
func (s *store) complete(ctx context.Context, tx pgx.Tx, id string, now time.Time) (releaseRow, error) {
	if _, err := tx.Exec(ctx, `
		INSERT INTO release_complete (release_id, changed, completed_at)
		SELECT $1, coalesce(sum(changed), 0), $2
		FROM release_part
		WHERE release_id = $1`, id, now); err != nil {
		return releaseRow{}, fmt.Errorf("completing the release: %w", err)
	}
	rows, err := tx.Query(ctx, selectReleases+` WHERE release_id = $1`, id)
	if err != nil {
		return releaseRow{}, err
	}
	return pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[releaseRow])
}

// releaseRow is a release as people see it, from the moment that it was asked for.
type releaseRow struct {
	ID          string
	Model       string
	Weights     string
	Phase       string
	Refused     string
	Cutoffs     []int64
	InputDigest string
	Read        int64 // families that the ranking has read
	Families    int64 // ranked
	ReleasedAt  *time.Time
	ReleasedBy  string
	InForce     bool
	Listed      int64 // families to be decided anew
	Decided     int64 // of these, done
	Changed     int64 // decisions published by it
	CompletedAt *time.Time
}

const selectReleases = `
	SELECT release_id, coalesce(r.model, j.model), coalesce(r.weights, j.weights), coalesce(j.phase, 'in_force'), coalesce(j.refused, ''),
		coalesce(r.cutoffs, '{}'), coalesce(r.input_digest, ''), coalesce(j.families, 0), coalesce(r.families, 0), r.released_at,
		coalesce(r.released_by, j.requested_by), EXISTS (SELECT FROM release_in_force p WHERE p.release_id = r.release_id),
		coalesce(w.listed, 0)::bigint, coalesce(w.decided, 0)::bigint, coalesce(w.changed, 0)::bigint, c.completed_at
	FROM release r
	FULL JOIN release_job j USING (release_id)
	LEFT JOIN release_complete c USING (release_id)
	LEFT JOIN LATERAL (
		SELECT sum(count) AS listed, sum(count) FILTER (WHERE done) AS decided, sum(changed) AS changed
		FROM release_part w
		WHERE w.release_id = r.release_id
	) w ON true`

// releaseRows lists releases, the newest first; one alone when id is given.
func (s *store) releaseRows(ctx context.Context, id string) ([]releaseRow, error) {
	rows, err := s.db.Query(ctx, selectReleases+`
		WHERE $1 = '' OR release_id = $1
		ORDER BY coalesce(r.released_at, j.requested_at) DESC, release_id DESC
		LIMIT 100`, id)
	if err != nil {
		return nil, fmt.Errorf("reading releases: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[releaseRow])
}

// countDeciles counts the active families of an area by national decile of the release in force, and those without a
// score.
func (s *store) countDeciles(ctx context.Context, area string) (release string, families []int64, unscored int64, err error) {
	prefix := area
	if area == "00" || area == "00.00" {
		prefix = ""
	}
	prefix = strings.TrimSuffix(prefix, ".00")
	rel, err := s.inForce(ctx)
	if err != nil {
		return "", nil, 0, err
	}
	families = make([]int64, rank.Deciles)
	var scores []int64
	var ids [][]byte
	for _, p := range rel.Table.Area(rank.Nation).Deciles {
		scores, ids = append(scores, p.Score), append(ids, p.ID[:])
	}
	// How many bounds lie before (score, id): a family on a bound belongs to the group below it.
	rows, err := s.db.Query(ctx, `
		SELECT CASE WHEN score IS NULL OR model <> $4 THEN 0
				ELSE 1 + (SELECT count(*) FROM unnest($2::bigint[], $3::bytea[]) AS b (s, i) WHERE (b.s, b.i) < (score, uuid_send(family_id))) END,
			count(*)
		FROM family
		WHERE active AND starts_with(area, $1)
		GROUP BY 1`, prefix, scores, ids, rel.Model)
	if err != nil {
		return "", nil, 0, fmt.Errorf("counting deciles: %w", err)
	}
	var decile int
	var n int64
	_, err = pgx.ForEachRow(rows, []any{&decile, &n}, func() error {
		if decile == 0 {
			unscored = n
		} else {
			families[decile-1] = n
		}
		return nil
	})
	return rel.ID, families, unscored, err
}
