package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"dtks/services/eligibility/decision"
	"dtks/services/eligibility/fact"
)

// Locks that are taken on the whole service. Deciding shares lockRelease; putting a release into force takes it alone,
// so that no decision by the old release commits after the fan-out has passed its family.
const (
	lockRelease = 47101
	lockFanout  = 47102 // held by the one process that publishes a release's changes
	lockRanking = 47104 // held by the one process that ranks
	lockRecheck = 47105 // held by the one process that decides what is due
)

// store is all SQL on the service's own tables. Methods that write take the caller's transaction.
type store struct {
	db       *pgxpool.Pool
	releases *releaseCache
	files    []string // what decides here; nil: this process does not decide
}

func newStore(db *pgxpool.Pool) *store {
	return &store{db: db, releases: &releaseCache{byNo: map[int32]*decision.Release{}}}
}

const familyColumns = `family_id, version, recorded_at, active, area, facts, model, score, size`

// situation is what a batch is decided against.
type situation struct {
	release  *decision.Release
	eventID  string // of the release; "" for the cut-offs a model starts with
	ranking  bool   // families are being read for another release
	verdicts map[identity]verdict
	families map[uuid.UUID]*family // known before
	kept     map[uuid.UUID]kept
}

// kept is what the store holds of a family's decisions made before.
type kept struct {
	Sheet   []byte
	Content []byte
	Told    []byte
}

func newSituation() *situation {
	return &situation{verdicts: map[identity]verdict{}, families: map[uuid.UUID]*family{}, kept: map[uuid.UUID]kept{}}
}

// forFamilies reads, in one round trip, what is needed to decide families whose new facts have arrived. Locks are taken
// in the order release, verdicts, families, each by key: every other transaction here does the same. Missing verdicts
// get a place of their own, so that a verdict arriving at the same time waits for this transaction and then sees it.
func (s *store) forFamilies(ctx context.Context, tx pgx.Tx, families []*family) (*situation, error) {
	var owners []uuid.UUID
	var keys []identity
	ids := make([]uuid.UUID, len(families))
	for i, f := range families {
		ids[i] = f.ID
		for _, key := range f.identities() {
			owners, keys = append(owners, f.ID), append(keys, key)
		}
	}
	persons, versions := identityColumns(keys)
	sit := newSituation()
	b := &pgx.Batch{}
	state := queueState(b)
	b.Queue(`
		INSERT INTO verdict AS v (person_id, identity_version, version, recorded_at, verdict, family_id)
		SELECT DISTINCT ON (p, n) p, n, 0, 'epoch'::timestamptz, '', f
		FROM unnest($1::uuid[], $2::bigint[], $3::uuid[]) AS t (p, n, f)
		ORDER BY p, n
		ON CONFLICT (person_id, identity_version) DO UPDATE
		SET family_id = EXCLUDED.family_id
		WHERE v.family_id IS DISTINCT FROM EXCLUDED.family_id`, persons, versions, owners)
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
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return nil, err
	}
	return sit, s.settle(ctx, tx, sit, state)
}

// putVerdicts stores verdicts and returns what is needed to decide the families they concern: those of which a member
// has that identity version in force.
func (s *store) putVerdicts(ctx context.Context, tx pgx.Tx, verdicts []verdict) (*situation, error) {
	slices.SortFunc(verdicts, func(a, b verdict) int { return compareIdentity(a.key(), b.key()) })
	keys := make([]identity, len(verdicts))
	events, at, text := make([]int64, len(verdicts)), make([]time.Time, len(verdicts)), make([]string, len(verdicts))
	for i, v := range verdicts {
		keys[i], events[i], at[i], text[i] = v.key(), v.Version, v.RecordedAt, v.Verdict
	}
	persons, versions := identityColumns(keys)
	sit := newSituation()
	b := &pgx.Batch{}
	state := queueState(b)
	b.Queue(`
		INSERT INTO verdict AS v (person_id, identity_version, version, recorded_at, verdict)
		SELECT p, n, e, r, t
		FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::timestamptz[], $5::text[]) AS t (p, n, e, r, t)
		ORDER BY p, n
		ON CONFLICT (person_id, identity_version) DO UPDATE
		SET version = EXCLUDED.version, recorded_at = EXCLUDED.recorded_at, verdict = EXCLUDED.verdict
		WHERE v.version < EXCLUDED.version`, persons, versions, events, at, text)
	b.Queue(`
		SELECT `+familyColumns+`
		FROM family
		WHERE family_id = ANY (ARRAY(
			SELECT v.family_id
			FROM verdict v
			JOIN unnest($1::uuid[], $2::bigint[]) AS t (p, n) ON v.person_id = t.p AND v.identity_version = t.n))
		ORDER BY family_id
		FOR UPDATE`, persons, versions).Query(sit.readFamilies)
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return nil, fmt.Errorf("storing verdicts: %w", err)
	}
	if len(sit.families) == 0 {
		return sit, nil
	}
	return sit, s.fill(ctx, tx, sit, state)
}

// forStored reads families, locked, with what is needed to decide them again. Those that are not there are left out.
func (s *store) forStored(ctx context.Context, tx pgx.Tx, ids []uuid.UUID) (*situation, error) {
	sit := newSituation()
	b := &pgx.Batch{}
	state := queueState(b)
	b.Queue(`
		SELECT `+familyColumns+`
		FROM family
		WHERE family_id = ANY ($1)
		ORDER BY family_id
		FOR UPDATE`, ids).Query(sit.readFamilies)
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return nil, fmt.Errorf("reading families: %w", err)
	}
	return sit, s.fill(ctx, tx, sit, state)
}

// fill reads verdicts and decisions of the families, which are locked: a verdict that is being stored now decides them
// again once this commits.
func (s *store) fill(ctx context.Context, tx pgx.Tx, sit *situation, state *inForce) error {
	ids := sit.ids()
	b := &pgx.Batch{}
	b.Queue(`
		SELECT person_id, identity_version, version, recorded_at, verdict
		FROM verdict
		WHERE family_id = ANY ($1)`, ids).Query(sit.readVerdicts)
	queueKept(b, sit, ids)
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return fmt.Errorf("reading verdicts and decisions: %w", err)
	}
	return s.settle(ctx, tx, sit, state)
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

func queueKept(b *pgx.Batch, sit *situation, ids []uuid.UUID) {
	b.Queue(`
		SELECT family_id, sheet, content, told
		FROM decision
		WHERE family_id = ANY ($1)`, ids).Query(func(rows pgx.Rows) error {
		var id uuid.UUID
		var k kept
		_, err := pgx.ForEachRow(rows, []any{&id, &k.Sheet, &k.Content, &k.Told}, func() error {
			sit.kept[id] = k
			k = kept{} // the next row must not write into these
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
	var size int16 // follows from the facts
	into := []any{&f.ID, &f.Version, &f.RecordedAt, &f.Active, &f.Area, &facts, &f.Model, &f.Score, &size}
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
