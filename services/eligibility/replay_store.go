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
		CREATE UNLOGGED TABLE replay.verdict_event (LIKE verdict);
		CREATE UNLOGGED TABLE replay.decision (LIKE decision);
		ALTER TABLE replay.decision DROP COLUMN decided_at`)
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
		CREATE UNLOGGED TABLE replay.verdict AS
			SELECT DISTINCT ON (person_id, identity_version) *
			FROM replay.verdict_event
			ORDER BY person_id, identity_version, version DESC;
		DROP TABLE replay.family_event, replay.verdict_event;
		ANALYSE replay.family, replay.verdict`)
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
		return []any{f.ID, f.Version, f.RecordedAt, f.Active, f.Area, f.Head, f.HeadIdentity, f.Facts.Encode(), f.Model, f.Score}, true
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

// copyDecisions writes decisions as they come until the channel is closed.
func (s *store) copyDecisions(ctx context.Context, decisions <-chan decision) error {
	columns := strings.Fields(strings.ReplaceAll(decisionColumns, ",", " "))
	return s.copyTo(ctx, "decision", columns, func() ([]any, bool) {
		d, ok := <-decisions
		if !ok {
			return nil, false
		}
		return []any{d.FamilyID, d.Programme, string(d.Outcome), strings.Join(d.Reasons, " "), d.Clauses,
			strings.Join(d.Components, " "), d.Amount, int16(d.Decile), d.Score, d.Cutoff, d.Release, d.Model, d.RuleSet,
			d.FamilyVersion, d.Verdict.Person, d.Verdict.Version, d.VerdictVersion, d.DecidedOn, d.digest()}, true
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

// rebuilt hands out every rebuilt family with the verdict on its head as in force, nil where there is none.
func (s *store) rebuilt(ctx context.Context, each func(f *family, v *verdict) error) error {
	rows, err := s.db.Query(ctx, `
		SELECT `+prefixed("f", familyColumns)+`, v.version, v.recorded_at, v.verdict
		FROM replay.family f
		LEFT JOIN replay.verdict v ON v.person_id = f.head AND v.identity_version = f.head_identity`)
	if err != nil {
		return fmt.Errorf("reading rebuilt families: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var version *int64
		var at *time.Time
		var text *string
		f, err := scanFamily(rows, &version, &at, &text)
		if err != nil {
			return err
		}
		var v *verdict
		if version != nil {
			v = &verdict{f.Head, f.HeadIdentity, *version, *at, *text}
		}
		if err := each(f, v); err != nil {
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
	Decisions       int64  `json:"decisions"` // compared
	DecisionsDiffer int64  `json:"decisions_differ"`
	FamiliesDiffer  int64  `json:"families_differ"`
	VerdictsDiffer  int64  `json:"verdicts_differ"` // on heads' identities in force
	Ahead           int64  `json:"ahead"`
}

// decisionPairs puts live and rebuilt decisions side by side. $1 = programmes, $2 = events stored before this were read.
const decisionPairs = `
	SELECT family_id, programme, l.digest AS live, r.digest AS rebuilt,
		coalesce(l.family_version > r.family_version
			OR l.family_version = r.family_version AND l.verdict_version > r.verdict_version
			OR r.family_id IS NULL AND f.recorded_at > $2, false) AS ahead
	FROM (SELECT * FROM decision WHERE programme = ANY ($1)) l
	FULL JOIN replay.decision r USING (family_id, programme)
	LEFT JOIN family f USING (family_id)`

// differingFamilies are those whose stored inputs are not what the stream says. $1 as $2 above.
const differingFamilies = `
	SELECT family_id
	FROM family l
	FULL JOIN replay.family r USING (family_id)
	WHERE (l.version, l.recorded_at, l.active, l.area, l.head, l.head_identity, l.facts, l.model, l.score)
		IS DISTINCT FROM (r.version, r.recorded_at, r.active, r.area, r.head, r.head_identity, r.facts, r.model, r.score)
		AND NOT coalesce(l.version > r.version OR r.family_id IS NULL AND l.recorded_at > $1, false)`

// differingVerdicts are the families on whose head, as in force, live and stream have different verdicts. $1 as above.
const differingVerdicts = `
	SELECT f.family_id
	FROM replay.family f
	LEFT JOIN verdict l ON l.person_id = f.head AND l.identity_version = f.head_identity AND l.version > 0
	LEFT JOIN replay.verdict r ON r.person_id = f.head AND r.identity_version = f.head_identity
	WHERE (l.version, l.recorded_at, l.verdict) IS DISTINCT FROM (r.version, r.recorded_at, r.verdict)
		AND NOT coalesce(l.version > r.version OR r.person_id IS NULL AND l.recorded_at > $1, false)`

// compareReplay compares the two states. cut tells a live row that is too young to have been replayed.
func (s *store) compareReplay(ctx context.Context, programmes []string, cut time.Time) (*comparison, error) {
	c := new(comparison)
	err := s.db.QueryRow(ctx, `
		WITH pair AS (`+decisionPairs+`),
		part AS ( -- digests of digests, so that no aggregate grows with the population
			SELECT substr(uuid_send(family_id), 1, 1) AS shard, count(*) FILTER (WHERE NOT ahead) AS compared,
				count(*) FILTER (WHERE NOT ahead AND live IS DISTINCT FROM rebuilt) AS differ,
				count(*) FILTER (WHERE ahead) AS ahead,
				sha256(coalesce(string_agg(live, '' ORDER BY family_id, programme) FILTER (WHERE NOT ahead), '')) AS live,
				sha256(coalesce(string_agg(rebuilt, '' ORDER BY family_id, programme) FILTER (WHERE NOT ahead), '')) AS rebuilt
			FROM pair
			GROUP BY 1
		)
		SELECT coalesce(sum(compared), 0)::bigint, coalesce(sum(differ), 0)::bigint, coalesce(sum(ahead), 0)::bigint,
			encode(sha256(coalesce(string_agg(live, '' ORDER BY shard), '')), 'hex'),
			encode(sha256(coalesce(string_agg(rebuilt, '' ORDER BY shard), '')), 'hex')
		FROM part`, programmes, cut).Scan(&c.Decisions, &c.DecisionsDiffer, &c.Ahead, &c.LiveDigest, &c.RebuiltDigest)
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
func (s *store) differing(ctx context.Context, programmes []string, cut time.Time) ([]uuid.UUID, error) {
	rows, err := s.db.Query(ctx, `
		SELECT family_id
		FROM replay.family
		WHERE family_id IN (SELECT family_id FROM (`+decisionPairs+`) AS p WHERE NOT ahead AND live IS DISTINCT FROM rebuilt)
			OR family_id IN (`+strings.ReplaceAll(differingFamilies, "$1", "$2")+`)
			OR family_id IN (`+strings.ReplaceAll(differingVerdicts, "$1", "$2")+`)
		ORDER BY family_id`, programmes, cut)
	if err != nil {
		return nil, fmt.Errorf("listing what differs: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
}

// fanoutPending reports whether a release is still being passed on.
func (s *store) fanoutPending(ctx context.Context) (bool, error) {
	var pending bool
	err := s.db.QueryRow(ctx, `SELECT EXISTS (`+fanoutOpen+`)`).Scan(&pending)
	return pending, err
}

// adoptVerdicts replaces live verdicts on the families' heads by the rebuilt ones, empties those that the stream does not
// know though they are older than cut, and returns the rebuilt families.
func (s *store) adoptVerdicts(ctx context.Context, tx pgx.Tx, ids []uuid.UUID, cut time.Time) ([]*family, error) {
	b := &pgx.Batch{}
	b.Queue(`SELECT pg_advisory_xact_lock_shared($1)`, lockRelease)
	b.Queue(`
		INSERT INTO verdict AS v (person_id, identity_version, version, recorded_at, verdict)
		SELECT DISTINCT r.person_id, r.identity_version, r.version, r.recorded_at, r.verdict
		FROM replay.verdict r
		JOIN replay.family f ON r.person_id = f.head AND r.identity_version = f.head_identity
		WHERE f.family_id = ANY ($1)
		ORDER BY 1, 2
		ON CONFLICT (person_id, identity_version) DO UPDATE
		SET version = EXCLUDED.version, recorded_at = EXCLUDED.recorded_at, verdict = EXCLUDED.verdict
		WHERE v.version <= EXCLUDED.version`, ids)
	b.Queue(`
		UPDATE verdict v
		SET version = 0, verdict = ''
		FROM replay.family f
		WHERE f.family_id = ANY ($1) AND v.person_id = f.head AND v.identity_version = f.head_identity AND v.recorded_at <= $2
			AND NOT EXISTS (SELECT FROM replay.verdict r WHERE r.person_id = f.head AND r.identity_version = f.head_identity)`, ids, cut)
	var out []*family
	b.Queue(`
		SELECT `+familyColumns+`
		FROM replay.family
		WHERE family_id = ANY ($1)
		ORDER BY family_id`, ids).Query(func(rows pgx.Rows) error {
		sit := newSituation()
		if err := sit.readFamilies(rows); err != nil {
			return err
		}
		for _, id := range sit.ids() {
			out = append(out, sit.families[id])
		}
		return nil
	})
	return out, tx.SendBatch(ctx, b).Close()
}
