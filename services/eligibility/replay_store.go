package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// lockReplay is held by the one replay that may run.
const lockReplay = 47103

// makeReplaySchema makes an empty schema for the rebuilt state. It is not logged: after a crash one starts again.
func (s *store) makeReplaySchema(ctx context.Context) error {
	_, err := s.db.Exec(ctx, `
		DROP SCHEMA IF EXISTS replay CASCADE;
		CREATE SCHEMA replay;
		CREATE UNLOGGED TABLE replay.family_event (LIKE family);
		ALTER TABLE replay.family_event DROP COLUMN regency;
		CREATE UNLOGGED TABLE replay.verdict_event (person_id uuid, identity_version bigint, version bigint, recorded_at timestamptz, verdict text);
		CREATE UNLOGGED TABLE replay.seat_event (family_id uuid, version bigint, person_id uuid, identity_version bigint);
		CREATE UNLOGGED TABLE replay.decision (family_id uuid, sheet bytea, content bytea)`)
	if err != nil {
		return fmt.Errorf("making the schema replay: %w", err)
	}
	return nil
}

func (s *store) dropReplaySchema(ctx context.Context) error {
	_, err := s.db.Exec(ctx, `DROP SCHEMA IF EXISTS replay CASCADE`)
	return err
}

// newestInputs keeps of each family and identity the newest event.
func (s *store) newestInputs(ctx context.Context) error {
	_, err := s.db.Exec(ctx, `
		CREATE UNLOGGED TABLE replay.family AS
			SELECT DISTINCT ON (family_id) *
			FROM replay.family_event
			ORDER BY family_id, version DESC;
		CREATE UNLOGGED TABLE replay.seat AS
			SELECT DISTINCT e.family_id, e.person_id, e.identity_version
			FROM replay.seat_event e
			JOIN replay.family USING (family_id, version);
		CREATE UNLOGGED TABLE replay.verdict AS
			SELECT DISTINCT ON (person_id, identity_version) v.*, s.family_id
			FROM replay.verdict_event v
			LEFT JOIN replay.seat s USING (person_id, identity_version)
			ORDER BY person_id, identity_version, v.version DESC;
		DROP TABLE replay.family_event, replay.verdict_event, replay.seat_event;
		CREATE INDEX ON replay.verdict (family_id);
		ANALYSE replay.family, replay.verdict, replay.seat`)
	if err != nil {
		return fmt.Errorf("folding inputs: %w", err)
	}
	return nil
}

var familyColumnList = strings.Split(familyColumns, ", ")

// copyFamilies writes families as they come until the channel is closed.
func (s *store) copyFamilies(ctx context.Context, families <-chan *family) error {
	return s.copyTo(ctx, "family_event", familyColumnList, func() ([]any, bool) {
		f, ok := <-families
		if !ok {
			return nil, false
		}
		return []any{f.ID, f.Version, f.RecordedAt, f.Active, f.Area, f.Facts.Encode(), f.Model, f.Score, int16(f.Facts.Living())}, true
	})
}

// copyVerdicts writes verdicts as they come until the channel is closed.
func (s *store) copyVerdicts(ctx context.Context, verdicts <-chan verdict) error {
	columns := []string{"person_id", "identity_version", "version", "recorded_at", "verdict"}
	return s.copyTo(ctx, "verdict_event", columns, func() ([]any, bool) {
		v, ok := <-verdicts
		return []any{v.Person, v.Identity, v.Version, v.RecordedAt, v.Verdict}, ok
	})
}

// seat is a member's place in a version of a family.
type seat struct {
	family  uuid.UUID
	version int64
	identity
}

// copySeats writes seats as they come until the channel is closed.
func (s *store) copySeats(ctx context.Context, seats <-chan seat) error {
	return s.copyTo(ctx, "seat_event", []string{"family_id", "version", "person_id", "identity_version"}, func() ([]any, bool) {
		m, ok := <-seats
		return []any{m.family, m.version, m.Person, m.Version}, ok
	})
}

// rebuiltSheet is a family's decisions as the replay has worked them out.
type rebuiltSheet struct {
	family  uuid.UUID
	sheet   []byte
	content [16]byte
}

// copyDecisions writes decisions as they come until the channel is closed.
func (s *store) copyDecisions(ctx context.Context, decisions <-chan rebuiltSheet) error {
	return s.copyTo(ctx, "decision", []string{"family_id", "sheet", "content"}, func() ([]any, bool) {
		d, ok := <-decisions
		return []any{d.family, d.sheet, d.content[:]}, ok
	})
}

func (s *store) copyTo(ctx context.Context, table string, columns []string, next func() ([]any, bool)) error {
	_, err := s.db.CopyFrom(ctx, pgx.Identifier{"replay", table}, columns, pgx.CopyFromFunc(func() ([]any, error) {
		row, ok := next()
		if !ok {
			return nil, nil
		}
		return row, nil
	}))
	if err != nil {
		return fmt.Errorf("writing %s: %w", table, err)
	}
	return nil
}

// verdictsOf gathers the verdicts of one family in one row, as scanVerdicts reads them.
const verdictsOf = `coalesce(array_agg(v.person_id), '{}'), coalesce(array_agg(v.identity_version), '{}'),
	coalesce(array_agg(v.version), '{}'), coalesce(array_agg(v.verdict), '{}')`

// verdictColumns takes what verdictsOf gathered.
type verdictColumns struct {
	persons    []uuid.UUID
	identities []int64
	versions   []int64
	verdicts   []string
}

func (c *verdictColumns) into() []any {
	return []any{&c.persons, &c.identities, &c.versions, &c.verdicts}
}

func (c *verdictColumns) byIdentity() map[identity]verdict {
	out := make(map[identity]verdict, len(c.persons))
	for i, person := range c.persons {
		key := identity{person, c.identities[i]}
		out[key] = verdict{Person: person, Identity: key.Version, Version: c.versions[i], Verdict: c.verdicts[i]}
	}
	return out
}

// rebuilt hands out every rebuilt family with the verdicts on its members.
func (s *store) rebuilt(ctx context.Context, each func(f *family, v map[identity]verdict) error) error {
	rows, err := s.db.Query(ctx, `
		SELECT `+prefixed("f", familyColumns)+`, v.*
		FROM replay.family f
		CROSS JOIN LATERAL (SELECT `+verdictsOf+` FROM replay.verdict v WHERE v.family_id = f.family_id) v`)
	if err != nil {
		return fmt.Errorf("reading rebuilt families: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var c verdictColumns
		f, err := scanFamily(rows, c.into()...)
		if err != nil {
			return err
		}
		if err := each(f, c.byIdentity()); err != nil {
			return err
		}
	}
	return rows.Err()
}

// comparison of the live state with the rebuilt one. Rows that have changed since the marks are ahead: they are counted
// and left out. With nothing ahead it is the whole of both states.
type comparison struct {
	Equal           bool   `json:"equal"`
	LiveDigest      string `json:"live_digest"`
	RebuiltDigest   string `json:"rebuilt_digest"`
	Decisions       int64  `json:"decisions"` // families whose decisions were compared
	DecisionsDiffer int64  `json:"decisions_differ"`
	FamiliesDiffer  int64  `json:"families_differ"`
	VerdictsDiffer  int64  `json:"verdicts_differ"` // families with a verdict on a member's identity in force that differs
	Ahead           int64  `json:"ahead"`
}

// ahead are the families on which something newer than the marks has been applied. $1 = events stored before this were
// read.
const ahead = `
	SELECT f.family_id
	FROM family f
	LEFT JOIN replay.family r USING (family_id)
	WHERE f.version > r.version OR r.family_id IS NULL AND f.recorded_at > $1
	UNION
	SELECT l.family_id
	FROM verdict l
	LEFT JOIN replay.verdict r USING (person_id, identity_version)
	WHERE l.family_id IS NOT NULL AND (l.version > r.version OR r.person_id IS NULL AND l.version > 0 AND l.recorded_at > $1)`

// decisionPairs puts live and rebuilt decisions side by side. $1 as above.
const decisionPairs = `
	SELECT family_id, l.content AS live, r.content AS rebuilt, a.family_id IS NOT NULL AS ahead
	FROM decision l
	FULL JOIN replay.decision r USING (family_id)
	LEFT JOIN (` + ahead + `) a USING (family_id)`

// differingFamilies are those whose stored inputs are not what the stream says. $1 as above.
const differingFamilies = `
	SELECT family_id
	FROM family l
	FULL JOIN replay.family r USING (family_id)
	WHERE (l.version, l.recorded_at, l.active, l.area, l.facts, l.model, l.score, l.size)
		IS DISTINCT FROM (r.version, r.recorded_at, r.active, r.area, r.facts, r.model, r.score, r.size)
		AND NOT coalesce(l.version > r.version OR r.family_id IS NULL AND l.recorded_at > $1, false)`

// differingVerdicts are the families of which live and stream have different verdicts on a member's identity in force. $1
// as above.
const differingVerdicts = `
	SELECT DISTINCT s.family_id
	FROM replay.seat s
	LEFT JOIN verdict l ON l.person_id = s.person_id AND l.identity_version = s.identity_version AND l.version > 0
	LEFT JOIN replay.verdict r ON r.person_id = s.person_id AND r.identity_version = s.identity_version
	WHERE (l.version, l.recorded_at, l.verdict) IS DISTINCT FROM (r.version, r.recorded_at, r.verdict)
		AND NOT coalesce(l.version > r.version OR r.person_id IS NULL AND l.recorded_at > $1, false)`

// compareReplay compares the two states. cut tells a live row that is too young to have been replayed.
func (s *store) compareReplay(ctx context.Context, cut time.Time) (*comparison, error) {
	c := new(comparison)
	err := s.db.QueryRow(ctx, `
		WITH pair AS (`+decisionPairs+`),
		part AS ( -- digests of digests, so that no aggregate grows with the population
			SELECT substr(uuid_send(family_id), 1, 1) AS shard, count(*) FILTER (WHERE NOT ahead) AS compared,
				count(*) FILTER (WHERE NOT ahead AND live IS DISTINCT FROM rebuilt) AS differ,
				count(*) FILTER (WHERE ahead) AS ahead,
				sha256(coalesce(string_agg(live, '' ORDER BY family_id) FILTER (WHERE NOT ahead), '')) AS live,
				sha256(coalesce(string_agg(rebuilt, '' ORDER BY family_id) FILTER (WHERE NOT ahead), '')) AS rebuilt
			FROM pair
			GROUP BY 1
		)
		SELECT coalesce(sum(compared), 0)::bigint, coalesce(sum(differ), 0)::bigint, coalesce(sum(ahead), 0)::bigint,
			encode(sha256(coalesce(string_agg(live, '' ORDER BY shard), '')), 'hex'),
			encode(sha256(coalesce(string_agg(rebuilt, '' ORDER BY shard), '')), 'hex')
		FROM part`, cut).Scan(&c.Decisions, &c.DecisionsDiffer, &c.Ahead, &c.LiveDigest, &c.RebuiltDigest)
	if err != nil {
		return nil, fmt.Errorf("comparing decisions: %w", err)
	}
	if err := s.db.QueryRow(ctx, `SELECT count(*) FROM (`+differingFamilies+`) AS d`, cut).Scan(&c.FamiliesDiffer); err != nil {
		return nil, fmt.Errorf("comparing families: %w", err)
	}
	if err := s.db.QueryRow(ctx, `SELECT count(*) FROM (`+differingVerdicts+`) AS d`, cut).Scan(&c.VerdictsDiffer); err != nil {
		return nil, fmt.Errorf("comparing verdicts: %w", err)
	}
	c.Equal = c.DecisionsDiffer == 0 && c.VerdictsDiffer == 0 && c.FamiliesDiffer == 0 && c.LiveDigest == c.RebuiltDigest
	return c, nil
}

// differing lists the families to bring in line: those the stream knows and whose inputs or decisions differ.
func (s *store) differing(ctx context.Context, cut time.Time) ([]uuid.UUID, error) {
	rows, err := s.db.Query(ctx, `
		SELECT family_id
		FROM replay.family
		WHERE family_id IN (SELECT family_id FROM (`+decisionPairs+`) AS p WHERE NOT ahead AND live IS DISTINCT FROM rebuilt)
			OR family_id IN (`+differingFamilies+`)
			OR family_id IN (`+differingVerdicts+`)
		ORDER BY family_id`, cut)
	if err != nil {
		return nil, fmt.Errorf("listing what differs: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
}

// overdue reports whether the day has come for families that are not decided yet.
func (s *store) overdue(ctx context.Context, now time.Time) (bool, error) {
	var due []uuid.UUID
	err := pgx.BeginFunc(ctx, s.db, func(tx pgx.Tx) (err error) {
		due, err = s.due(ctx, tx, now, 1)
		return err
	})
	return len(due) > 0, err
}

// adoptVerdicts replaces live verdicts on the families' members by the rebuilt ones, empties those that the stream does not
// know though they are older than cut, and returns the rebuilt families.
func (s *store) adoptVerdicts(ctx context.Context, tx pgx.Tx, ids []uuid.UUID, cut time.Time) ([]*family, error) {
	b := &pgx.Batch{}
	b.Queue(`SELECT pg_advisory_xact_lock_shared($1)`, lockRelease)
	b.Queue(`
		INSERT INTO verdict AS v (person_id, identity_version, version, recorded_at, verdict, family_id)
		SELECT person_id, identity_version, version, recorded_at, verdict, family_id
		FROM replay.verdict
		WHERE family_id = ANY ($1)
		ORDER BY 1, 2
		ON CONFLICT (person_id, identity_version) DO UPDATE
		SET version = EXCLUDED.version, recorded_at = EXCLUDED.recorded_at, verdict = EXCLUDED.verdict
		WHERE v.version <= EXCLUDED.version`, ids)
	b.Queue(`
		UPDATE verdict v
		SET version = 0, verdict = ''
		FROM replay.seat s
		WHERE s.family_id = ANY ($1) AND v.person_id = s.person_id AND v.identity_version = s.identity_version AND v.recorded_at <= $2
			AND NOT EXISTS (SELECT FROM replay.verdict r WHERE r.person_id = s.person_id AND r.identity_version = s.identity_version)`, ids, cut)
	var out []*family
	b.Queue(`
		SELECT `+familyColumns+`
		FROM replay.family
		WHERE family_id = ANY ($1)
		ORDER BY family_id`, ids).Query(func(rows pgx.Rows) error {
		sit := newSituation()
		err := sit.readFamilies(rows)
		out = sit.inOrder()
		return err
	})
	return out, tx.SendBatch(ctx, b).Close()
}
