package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"dtks/services/eligibility/fact"
	"dtks/services/eligibility/rank"
)

// Locks that are taken on the whole service. Deciding shares lockRelease; putting a release into force takes it alone,
// so that no decision by the old release commits after the fan-out has passed its family.
const (
	lockRelease = 47101
	lockFanout  = 47102 // held by the one process that publishes a release's changes
)

// store is all SQL on the service's own tables. Methods that write take the caller's transaction.
type store struct{ db *pgxpool.Pool }

const familyColumns = `family_id, version, recorded_at, active, area, head, head_identity, facts, model, score`

// situation is what a batch is decided against.
type situation struct {
	release  *release
	verdicts map[identity]verdict
	families map[uuid.UUID]*family // known before
	kept     map[decisionKey]kept
}

type decisionKey struct {
	family    uuid.UUID
	programme string
}

// forFamilies reads, in one round trip, what is needed to decide families whose new facts have arrived. Locks are taken
// in the order release, verdicts, families, each by key: every other transaction here does the same. Missing verdicts
// get a place of their own, so that a verdict arriving at the same time waits for this transaction and then sees it.
func (s *store) forFamilies(ctx context.Context, tx pgx.Tx, ids []uuid.UUID, heads []identity) (*situation, error) {
	persons, versions := identityColumns(heads)
	sit := newSituation()
	b := &pgx.Batch{}
	queueRelease(b, sit)
	b.Queue(`
		INSERT INTO verdict (person_id, identity_version, version, recorded_at, verdict)
		SELECT p, v, 0, 'epoch', ''
		FROM unnest($1::uuid[], $2::bigint[]) AS t (p, v)
		ORDER BY p, v
		ON CONFLICT DO NOTHING`, persons, versions)
	b.Queue(`
		SELECT v.person_id, v.identity_version, v.version, v.recorded_at, v.verdict
		FROM verdict v
		JOIN unnest($1::uuid[], $2::bigint[]) AS t (p, n) ON v.person_id = t.p AND v.identity_version = t.n
		ORDER BY v.person_id, v.identity_version
		FOR SHARE OF v`, persons, versions).Query(sit.readVerdicts)
	b.Queue(`
		SELECT `+familyColumns+`
		FROM family
		WHERE family_id = ANY ($1)
		ORDER BY family_id
		FOR UPDATE`, ids).Query(sit.readFamilies)
	queueKept(b, sit, ids)
	return sit, tx.SendBatch(ctx, b).Close()
}

// putVerdicts stores verdicts and returns what is needed to decide the families they concern: those whose head has
// that identity version in force.
func (s *store) putVerdicts(ctx context.Context, tx pgx.Tx, verdicts []verdict) (*situation, error) {
	slices.SortFunc(verdicts, func(a, b verdict) int { return compareIdentity(a.key(), b.key()) })
	keys := make([]identity, len(verdicts))
	events, at, text := make([]int64, len(verdicts)), make([]time.Time, len(verdicts)), make([]string, len(verdicts))
	sit := newSituation()
	for i, v := range verdicts {
		keys[i], events[i], at[i], text[i] = v.key(), v.Version, v.RecordedAt, v.Verdict
		sit.verdicts[v.key()] = v
	}
	persons, versions := identityColumns(keys)
	b := &pgx.Batch{}
	queueRelease(b, sit)
	b.Queue(`
		INSERT INTO verdict AS v (person_id, identity_version, version, recorded_at, verdict)
		SELECT p, n, e, r, t
		FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::timestamptz[], $5::text[]) AS t (p, n, e, r, t)
		ORDER BY p, n
		ON CONFLICT (person_id, identity_version) DO UPDATE
		SET version = EXCLUDED.version, recorded_at = EXCLUDED.recorded_at, verdict = EXCLUDED.verdict
		WHERE v.version < EXCLUDED.version`, persons, versions, events, at, text)
	b.Queue(`
		SELECT `+prefixed("f", familyColumns)+`
		FROM family f
		JOIN unnest($1::uuid[], $2::bigint[]) AS t (p, n) ON f.head = t.p AND f.head_identity = t.n
		ORDER BY f.family_id
		FOR UPDATE OF f`, persons, versions).Query(sit.readFamilies)
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return nil, fmt.Errorf("storing verdicts: %w", err)
	}
	if len(sit.families) == 0 {
		return sit, nil
	}
	b = &pgx.Batch{}
	queueKept(b, sit, sit.ids())
	return sit, tx.SendBatch(ctx, b).Close()
}

// forShard reads the next families of a regency after position, with what is needed to decide them.
func (s *store) forShard(ctx context.Context, tx pgx.Tx, regency string, position uuid.UUID, limit int) (*situation, error) {
	sit := newSituation()
	b := &pgx.Batch{}
	queueRelease(b, sit)
	b.Queue(`
		SELECT `+familyColumns+`
		FROM family
		WHERE regency = $1 AND family_id > $2
		ORDER BY family_id
		LIMIT $3
		FOR UPDATE`, regency, position, limit).Query(sit.readFamilies)
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return nil, fmt.Errorf("reading a shard: %w", err)
	}
	if len(sit.families) == 0 {
		return sit, nil
	}
	// The families are locked: a verdict that is being stored now decides them again once this commits.
	b = &pgx.Batch{}
	ids := sit.ids()
	b.Queue(`
		SELECT v.person_id, v.identity_version, v.version, v.recorded_at, v.verdict
		FROM family f
		JOIN verdict v ON v.person_id = f.head AND v.identity_version = f.head_identity
		WHERE f.family_id = ANY ($1)`, ids).Query(sit.readVerdicts)
	queueKept(b, sit, ids)
	return sit, tx.SendBatch(ctx, b).Close()
}

func newSituation() *situation {
	return &situation{verdicts: map[identity]verdict{}, families: map[uuid.UUID]*family{}, kept: map[decisionKey]kept{}}
}

// ids lists the families in order.
func (sit *situation) ids() []uuid.UUID {
	ids := make([]uuid.UUID, 0, len(sit.families))
	for id := range sit.families {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, compareUUID)
	return ids
}

// verdict is that on the family's head as in force; nil when there is none.
func (sit *situation) verdict(f *family) *verdict {
	if v, ok := sit.verdicts[identity{f.Head, f.HeadIdentity}]; ok {
		return &v
	}
	return nil
}

func queueRelease(b *pgx.Batch, sit *situation) {
	b.Queue(`SELECT pg_advisory_xact_lock_shared($1)`, lockRelease)
	b.Queue(selectRelease + ` JOIN release_in_force USING (release_id)`).QueryRow(func(row pgx.Row) error {
		var err error
		sit.release, err = scanRelease(row)
		return err
	})
}

const selectRelease = `SELECT release_id, model, cutoffs, released_at, event_id FROM release`

func scanRelease(row pgx.Row) (*release, error) {
	var r release
	var cutoffs []int64
	if err := row.Scan(&r.ID, &r.Model, &cutoffs, &r.ReleasedAt, &r.EventID); err != nil {
		return nil, fmt.Errorf("reading the release in force: %w", err)
	}
	var err error
	r.Cutoffs, err = rank.ParseCutoffs(cutoffs)
	return &r, err
}

func queueKept(b *pgx.Batch, sit *situation, ids []uuid.UUID) {
	b.Queue(`
		SELECT family_id, programme, digest, published, published_area
		FROM decision
		WHERE family_id = ANY ($1)`, ids).Query(func(rows pgx.Rows) error {
		var key decisionKey
		var k kept
		var area pgtype.Text
		_, err := pgx.ForEachRow(rows, []any{&key.family, &key.programme, &k.Digest, &k.Published, &area}, func() error {
			k.PublishedArea = area.String
			sit.kept[key] = k
			k.Digest, k.Published = nil, nil // the next row must not write into these
			return nil
		})
		return err
	})
}

func (sit *situation) readVerdicts(rows pgx.Rows) error {
	var v verdict
	_, err := pgx.ForEachRow(rows, []any{&v.Person, &v.Identity, &v.Version, &v.RecordedAt, &v.Verdict}, func() error {
		sit.verdicts[v.key()] = v
		return nil
	})
	return err
}

func (sit *situation) readFamilies(rows pgx.Rows) error {
	defer rows.Close()
	for rows.Next() {
		f, err := scanFamily(rows)
		if err != nil {
			return err
		}
		sit.families[f.ID] = f
	}
	return rows.Err()
}

// scanFamily reads familyColumns and then more.
func scanFamily(row pgx.Row, more ...any) (*family, error) {
	f := new(family)
	var facts []byte
	into := []any{&f.ID, &f.Version, &f.RecordedAt, &f.Active, &f.Area, &f.Head, &f.HeadIdentity, &facts, &f.Model, &f.Score}
	if err := row.Scan(append(into, more...)...); err != nil {
		return nil, fmt.Errorf("reading a family: %w", err)
	}
	var err error
	f.Facts, err = fact.Decode(facts)
	return f, err
}

func (v *verdict) key() identity { return identity{v.Person, v.Identity} }

func compareUUID(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) }

func compareIdentity(a, b identity) int {
	if c := compareUUID(a.Person, b.Person); c != 0 {
		return c
	}
	return int(a.Version - b.Version)
}

func identityColumns(keys []identity) (persons []uuid.UUID, versions []int64) {
	persons, versions = make([]uuid.UUID, len(keys)), make([]int64, len(keys))
	for i, k := range keys {
		persons[i], versions[i] = k.Person, k.Version
	}
	return persons, versions
}

func prefixed(table, columns string) string {
	return table + "." + strings.ReplaceAll(columns, ", ", ", "+table+".")
}

// family reads one family; fault NotFound when there is none.
func (s *store) family(ctx context.Context, id uuid.UUID) (*family, error) {
	f, err := scanFamily(s.db.QueryRow(ctx, `SELECT `+familyColumns+` FROM family WHERE family_id = $1`, id))
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, errNoFamily
	}
	return f, err
}
