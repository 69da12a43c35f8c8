package ranking

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"dtks/pkg/testkit"
	"dtks/services/eligibility/rank"
)

var service = os.DirFS("..") // its folder migrations

// population says which families a test has.
type population struct {
	n       int
	span    int64 // scores 0 to span-1
	areas   []string
	other   float64 // share whose score is another model's, see rescore
	without float64 // share without a score
}

var wide = []string{"11.01.01.2001", "11.02.03.2004", "32.04.05.2001", "32.04.06.1001", "32.73.01.1002", "94.09.02.2001"}

var recorded = time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)

// mustFill writes families; one in twenty is not active.
func mustFill(t *testing.T, db *pgxpool.Pool, p population) {
	t.Helper()
	r := rand.New(rand.NewPCG(uint64(p.n), 17))
	if _, err := db.CopyFrom(t.Context(), pgx.Identifier{"family"},
		[]string{"family_id", "version", "recorded_at", "active", "area", "facts", "model", "score", "size"},
		pgx.CopyFromSlice(p.n, func(int) ([]any, error) {
			id, err := uuid.NewV7()
			facts := binary.BigEndian.AppendUint64(nil, uint64(r.Int64N(p.span)))
			var score any = r.Int64N(p.span)
			model := "kini"
			if r.Float64() < p.other {
				model = "lama"
			}
			if r.Float64() < p.without {
				score, facts = nil, nil
			}
			return []any{
				id, 1, recorded, r.IntN(20) > 0 || p.n < 20, p.areas[r.IntN(len(p.areas))], append([]byte{1}, facts...), model,
				score, r.IntN(7),
			}, err
		})); err != nil {
		t.Fatal(err)
	}
}

// rescore takes the score from a test's facts: a byte and then the score, if there is one.
func rescore(facts []byte, area string, at time.Time) (int64, bool, error) {
	if area[2] != '.' || !at.Equal(recorded) {
		return 0, false, fmt.Errorf("area %q, recorded at %v", area, at)
	}
	if len(facts) == 1 {
		return 0, false, nil
	}
	return int64(binary.BigEndian.Uint64(facts[1:])), true, nil
}

// scoreSQL is what rescore and the stored scores give.
const scoreSQL = `(CASE WHEN model = 'kini' THEN score WHEN length(facts) = 9 THEN ('x' || encode(substr(facts, 2), 'hex'))::bit(64)::bigint END)`

func mustRun(t *testing.T, db *pgxpool.Pool, p population, o Options) *Result {
	t.Helper()
	o.Model, o.High, o.Rescore, o.Dir = "kini", p.span, rescore, t.TempDir()
	res, err := Run(t.Context(), db, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(res.Close)
	return res
}

// byFamily and byPerson are the group of n in SQL, at one level.
func byFamily(n int, partition string) string {
	return fmt.Sprintf("ntile(%d) OVER (PARTITION BY %s ORDER BY s, family_id)::int", n, partition)
}

func byPerson(n int, partition string) string {
	return fmt.Sprintf("(1 + %d * (sum(w) OVER (PARTITION BY %s ORDER BY s, family_id) - w) / sum(w) OVER (PARTITION BY %s))::int", n, partition, partition)
}

func checkSQL(t *testing.T, db *pgxpool.Pool, table *rank.Table, group func(n int, partition string) string) {
	t.Helper()
	columns := ""
	for _, n := range []int{rank.Deciles, rank.Percentiles} {
		for _, partition := range []string{"true", "left(regency, 2)", "regency"} {
			columns += ", " + group(n, partition)
		}
	}
	rows, err := db.Query(t.Context(), `
		WITH ranked AS (SELECT family_id, `+scoreSQL+` AS s, greatest(size, 1)::int AS w, regency FROM family WHERE active)
		SELECT family_id, s, regency`+columns+` FROM ranked WHERE s IS NOT NULL`)
	if err != nil {
		t.Fatal(err)
	}
	var point rank.Point
	var regency string
	var want rank.Places
	scan := []any{&point.ID, &point.Score, &regency}
	for l := range want.Decile {
		scan = append(scan, &want.Decile[l])
	}
	for l := range want.Percentile {
		scan = append(scan, &want.Percentile[l])
	}
	if _, err := pgx.ForEachRow(rows, scan, func() error {
		if got := table.Place(point, regency); got != want {
			return fmt.Errorf("score %d in %s: got %+v, want %+v", point.Score, regency, got, want)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

func TestRun_EqualsSQL(t *testing.T) {
	t.Parallel()
	for _, p := range []population{
		{n: 20000, span: 400, areas: wide, other: 0.2, without: 0.05},
		{n: 20000, span: 1 << 20, areas: wide, without: 0.5},
		{n: 3000, span: 1, areas: wide},
		{n: 999, span: 50, areas: wide[:1], other: 1},
		{n: 19, span: 5, areas: wide},
		{n: 9, span: 5, areas: wide[2:3]},
		{n: 1, span: 5, areas: wide},
		{n: 0, span: 5},
	} {
		t.Run(fmt.Sprintf("%+v", p), func(t *testing.T) {
			t.Parallel()
			db := testkit.DB(t, service)
			mustFill(t, db, p)
			for name, group := range map[string]func(int, string) string{"family": byFamily, "person": byPerson} {
				res := mustRun(t, db, p, Options{ByPerson: name == "person", Readers: 3})
				var families, weight int64
				if err := db.QueryRow(t.Context(), `
					SELECT count(*), coalesce(sum(greatest(size, 1)), 0) FROM family WHERE active AND `+scoreSQL+` IS NOT NULL`).
					Scan(&families, &weight); err != nil {
					t.Fatal(err)
				}
				if res.Families != families {
					t.Errorf("%d families were ranked, want %d", res.Families, families)
				}
				if a := res.Table.Area(rank.Nation); a != nil && name == "person" && a.Weight != weight {
					t.Errorf("they weigh %d, want %d", a.Weight, weight)
				}
				checkSQL(t, db, res.Table, group)
			}
		})
	}
}

// mustStore puts a ranking into the tables as a release.
func mustStore(t *testing.T, db *pgxpool.Pool, id string, res *Result) {
	t.Helper()
	err := pgx.BeginFunc(t.Context(), db, func(tx pgx.Tx) error {
		if _, err := tx.Exec(t.Context(), `
			INSERT INTO release (release_id, model, cutoffs, input_digest, families, released_at, released_by, weights)
			VALUES ($1, 'kini', '{1,2,3,4,5,6,7,8,9}', $2, $3, now(), '', 'family')`, id, res.Digest.String(), res.Families); err != nil {
			return err
		}
		return Store(t.Context(), tx, id, res)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// changedIn reads the families of a release's parts with their regencies, and checks the parts.
func changedIn(t *testing.T, db *pgxpool.Pool, id string) map[uuid.UUID]string {
	t.Helper()
	rows, err := db.Query(t.Context(), `
		SELECT regency, families, count, part - row_number() OVER (ORDER BY part) FROM release_part WHERE release_id = $1`, id)
	if err != nil {
		t.Fatal(err)
	}
	out := map[uuid.UUID]string{}
	var regency string
	var ids []byte
	var count, number int
	if _, err := pgx.ForEachRow(rows, []any{&regency, &ids, &count, &number}, func() error {
		if count > partSize || number != -1 {
			return fmt.Errorf("part of %d families, number off by %d", count, number+1)
		}
		for ; len(ids) > 0; ids = ids[16:] {
			if _, twice := out[uuid.UUID(ids[:16])]; twice {
				return errors.New("a family is in two parts")
			}
			out[uuid.UUID(ids[:16])] = regency
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestRun_Changed: exactly the families whose deciles differ are passed on; before the first release, all that are ranked.
func TestRun_Changed(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t, service)
	p := population{n: 12000, span: 700, areas: wide, other: 0.1, without: 0.02}
	mustFill(t, db, p)
	first := mustRun(t, db, p, Options{})
	mustStore(t, db, "1", first)
	ranked := 0
	if err := db.QueryRow(t.Context(), `SELECT count(*) FROM family WHERE active AND (score IS NOT NULL OR `+scoreSQL+` IS NOT NULL)`).
		Scan(&ranked); err != nil {
		t.Fatal(err)
	}
	if got := changedIn(t, db, "1"); len(got) != int(first.Families) || len(got) > ranked {
		t.Errorf("%d families changed at first, want all %d", len(got), first.Families)
	}
	before, err := Load(t.Context(), db, "1")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(len(first.Table.Areas()), len(before.Areas())); diff != "" {
		t.Fatal(diff)
	}
	for code, a := range first.Table.Areas() {
		if diff := cmp.Diff(a.Deciles, before.Area(code).Deciles, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("area %s (-want +got):\n%s", code, diff)
		}
	}
	if _, err := db.Exec(t.Context(), `UPDATE family SET score = (score * 7919 + 13) % 700 WHERE get_byte(uuid_send(family_id), 15) < 13`); err != nil {
		t.Fatal(err)
	}
	second := mustRun(t, db, p, Options{Before: before})
	mustStore(t, db, "2", second)
	want := map[uuid.UUID]string{}
	rows, err := db.Query(t.Context(), `SELECT family_id, score, `+scoreSQL+`, regency FROM family WHERE active`)
	if err != nil {
		t.Fatal(err)
	}
	var id uuid.UUID
	var stored, score *int64
	var regency string
	if _, err := pgx.ForEachRow(rows, []any{&id, &stored, &score, &regency}, func() error {
		var then, now rank.Places
		if stored != nil {
			then = before.Place(rank.Point{Score: *stored, ID: id}, regency)
		}
		if score != nil {
			now = second.Table.Place(rank.Point{Score: *score, ID: id}, regency)
		}
		if then.Decile != now.Decile {
			want[id] = regency
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	got := changedIn(t, db, "2")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("changed families (-want +got):\n%s", diff)
	}
	if len(got) == 0 || len(got) == int(second.Families) || second.Changed != int64(len(got)) {
		t.Errorf("%d of %d families changed, the result says %d", len(got), second.Families, second.Changed)
	}
}

// TestRun_Cancelled ends soon, with the context's error, and leaves the pool usable.
func TestRun_Cancelled(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t, service)
	p := population{n: 5000, span: 50, areas: wide}
	mustFill(t, db, p)
	for _, phase := range []string{PhaseRead, PhaseBounds, PhaseCompare} {
		ctx, cancel := context.WithCancel(t.Context())
		var last int64
		_, err := Run(ctx, db, Options{Model: "kini", High: p.span, Rescore: rescore, Dir: t.TempDir(), Progress: func(now string, rows int64) {
			if last = rows; now == phase {
				cancel()
			}
		}})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled in phase %s after %d rows: got %v", phase, last, err)
		}
		cancel()
	}
	mustRun(t, db, p, Options{})
}

func TestRun_Refuses(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t, service)
	mustFill(t, db, population{n: 50, span: 50, areas: wide, other: 0.5})
	failing := errors.New("no score today")
	for name, o := range map[string]Options{
		"range":  {High: 10, Rescore: rescore},
		"scorer": {High: 50, Rescore: func([]byte, string, time.Time) (int64, bool, error) { return 0, false, failing }},
		"folder": {High: 50, Rescore: rescore, Dir: "/nowhere/at/all"},
	} {
		o.Model = "kini"
		if o.Dir == "" {
			o.Dir = t.TempDir()
		}
		_, err := Run(t.Context(), db, o)
		if err == nil || name == "scorer" && !errors.Is(err, failing) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
