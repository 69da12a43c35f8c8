package rank

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// newRows draws a population of the given regencies, scores 0 to span-1 and one to eight members.
func newRows(r *rand.Rand, n, span int, regencies ...uint16) []Row {
	rows := make([]Row, n)
	for i := range rows {
		rows[i] = Row{Score: int32(r.IntN(span)), Before: NoScore, Weight: uint16(1 + r.IntN(8)), Regency: regencies[r.IntN(len(regencies))]}
		for j := range rows[i].ID {
			rows[i].ID[j] = byte(r.IntN(256))
		}
		copy(rows[i].ID[:], "\x01\xa2\x00\x0e") // ids begin with the time
	}
	return rows
}

// trial says how a population is ranked.
type trial struct {
	byPerson bool
	shards   int
	maxCells int   // 0 = as shipped
	maxHits  int64 // 0 = as shipped
}

// mustBuild splits rows at random among shards.
func mustBuild(t *testing.T, r *rand.Rand, rows []Row, hi int64, how trial) (*Table, Digest) {
	t.Helper()
	shards := make([]*Shard, how.shards)
	for i := range shards {
		var err error
		if shards[i], err = NewShard(0, hi, how.byPerson, t.TempDir()); err != nil {
			t.Fatal(err)
		}
		defer shards[i].Close()
		if how.maxCells > 0 {
			shards[i].maxCells = how.maxCells
		}
	}
	for _, at := range r.Perm(len(rows)) {
		if err := shards[r.IntN(len(shards))].Add(rows[at]); err != nil {
			t.Fatal(err)
		}
	}
	var digest Digest
	for _, s := range shards {
		digest.Merge(s.Digest())
	}
	hits := int64(maxHits)
	if how.maxHits > 0 {
		hits = how.maxHits
	}
	table, err := build(t.Context(), hits, shards)
	if err != nil {
		t.Fatal(err)
	}
	return table, digest
}

// sorted is the reference: every area's rows in order.
func sorted(rows []Row) map[string][]Row {
	out := map[string][]Row{}
	for _, r := range rows {
		for l := range Levels {
			code := l.Code(RegencyCode(r.Regency))
			out[code] = append(out[code], r)
		}
	}
	for _, some := range out {
		slices.SortFunc(some, func(a, b Row) int { return pointOf(a).Compare(pointOf(b)) })
	}
	return out
}

func pointOf(r Row) Point { return Point{int64(r.Score), r.ID} }

// groups are those of rows in order, written down from the definitions: SQL's ntile by family, the formula of the
// package comment by person.
func groups(rows []Row, n int64, byPerson bool) []int64 {
	var out []int64
	if !byPerson {
		for group := int64(1); group <= n; group++ {
			size := int64(len(rows)) / n
			if group <= int64(len(rows))%n {
				size++
			}
			for range size {
				out = append(out, group)
			}
		}
		return out
	}
	total, cumulated := int64(0), int64(0)
	for _, r := range rows {
		total += int64(r.Weight)
	}
	for _, r := range rows {
		out = append(out, 1+n*cumulated/total)
		cumulated += int64(r.Weight)
	}
	return out
}

func checkTable(t *testing.T, table *Table, rows []Row, byPerson bool) {
	t.Helper()
	areas := sorted(rows)
	if len(table.Areas()) != len(areas) {
		t.Fatalf("%d areas, want %d", len(table.Areas()), len(areas))
	}
	for l := range Levels {
		for code, rows := range areas {
			if l.Code(RegencyCode(rows[0].Regency)) != code {
				continue
			}
			deciles, percentiles := groups(rows, Deciles, byPerson), groups(rows, Percentiles, byPerson)
			for i, r := range rows {
				got := table.Place(pointOf(r), RegencyCode(r.Regency))
				if int64(got.Decile[l]) != deciles[i] || int64(got.Percentile[l]) != percentiles[i] {
					t.Fatalf("area %s, row %d of %d: got decile %d, percentile %d, want %d, %d", code, i, len(rows),
						got.Decile[l], got.Percentile[l], deciles[i], percentiles[i])
				}
				if placer := table.Placer(RegencyCode(r.Regency)); placer.Deciles(int64(r.Score), &r.ID) != got.Decile {
					t.Fatalf("placer says %v, table %v", placer.Deciles(int64(r.Score), &r.ID), got.Decile)
				}
			}
			checkBoundaries(t, table.Area(code), rows)
		}
	}
}

// checkBoundaries compares boundary reports with the rows in order.
func checkBoundaries(t *testing.T, a *Area, rows []Row) {
	t.Helper()
	if a.Families != int64(len(rows)) {
		t.Fatalf("%d families, want %d", a.Families, len(rows))
	}
	for k, bound := range a.Boundaries {
		at, found := slices.BinarySearchFunc(rows, a.Deciles[k], func(r Row, p Point) int { return pointOf(r).Compare(p) })
		if !found {
			t.Fatalf("decile bound %d is no family", k+1)
		}
		var want Boundary
		for _, r := range rows[max(0, at+1-Margin) : at+1] {
			want.Below = append(want.Below, pointOf(r))
		}
		for _, r := range rows[at+1 : min(at+1+Margin, len(rows))] {
			want.Above = append(want.Above, pointOf(r))
		}
		if !slices.Equal(want.Below, bound.Below) || !slices.Equal(want.Above, bound.Above) {
			t.Fatalf("bound %d (-want +got):\n%s", k+1, cmp.Diff(want, bound))
		}
	}
}

func TestBuild_EqualsSorting(t *testing.T) {
	t.Parallel()
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 11))
		n := []int{1, 2, 9, 10, 11, 99, 101, 700, 3000}[seed%9]
		span := []int{1, 2, 30, 5000, 1 << 17}[r.IntN(5)]
		how := trial{
			byPerson: seed%2 == 0, shards: 1 + r.IntN(5),
			maxCells: []int{0, 64, 1000}[r.IntN(3)], maxHits: []int64{0, 10, 400}[r.IntN(3)],
		}
		rows := newRows(r, n, span, 1101, 1102, 3204, 3273, 9409)
		t.Run(fmt.Sprintf("n=%d,span=%d,%+v", n, span, how), func(t *testing.T) {
			table, _ := mustBuild(t, r, rows, int64(span), how)
			checkTable(t, table, rows, how.byPerson)
		})
	}
}

// TestBuild_ShardsAndOrder: neither splits nor order nor the size of the counts change anything that is stored.
func TestBuild_ShardsAndOrder(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	rows := newRows(r, 5000, 300, 1101, 1205, 3204, 3273)
	want, digest := mustBuild(t, r, rows, 1<<22, trial{shards: 1})
	for _, how := range []trial{{shards: 2}, {shards: 7, maxCells: 512}, {shards: 38, maxCells: 64, maxHits: 500}, {shards: 3, maxHits: 1}} {
		got, gotDigest := mustBuild(t, r, rows, 1<<22, how)
		if gotDigest != digest {
			t.Errorf("%+v: another digest", how)
		}
		for code, a := range want.Areas() {
			if other := got.Area(code); other == nil || !bytes.Equal(a.Encode(), other.Encode()) {
				t.Errorf("%+v: area %s differs", how, code)
			}
		}
	}
	for name, change := range map[string]func(*Row){
		"id": func(r *Row) { r.ID[9]++ }, "score": func(r *Row) { r.Score++ }, "regency": func(r *Row) { r.Regency++ },
	} {
		changed := slices.Clone(rows)
		change(&changed[4711])
		if _, got := mustBuild(t, r, changed, 1<<22, trial{shards: 3}); got == digest {
			t.Errorf("another %s gives the same digest", name)
		}
	}
}

func TestBuild_Nobody(t *testing.T) {
	t.Parallel()
	rows := []Row{{Score: NoScore, Before: 5, Regency: 3204, Weight: 1}}
	table, digest := mustBuild(t, rand.New(rand.NewPCG(1, 1)), rows, 10, trial{shards: 2})
	if len(table.Areas()) != 0 || digest != (Digest{}) {
		t.Error("somebody without a score was ranked")
	}
	if got := table.Place(Point{Score: 3}, "32.04"); got != (Places{}) {
		t.Errorf("got %+v, want no place", got)
	}
}

// TestTable_NewFamily: a family that comes between two releases is placed in the group of the next ranked one.
func TestTable_NewFamily(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	rows := newRows(r, 2000, 400, 3204, 3273)
	table, _ := mustBuild(t, r, rows, 400, trial{shards: 2})
	for code, ranked := range sorted(rows) {
		for range 300 {
			p := pointOf(newRows(r, 1, 400, 3204)[0])
			at, _ := slices.BinarySearchFunc(ranked, p, func(r Row, p Point) int { return pointOf(r).Compare(p) })
			want := Deciles
			if at < len(ranked) {
				want = table.Area(code).Deciles.Group(pointOf(ranked[at]))
			}
			if got := table.Area(code).Deciles.Group(p); got != want {
				t.Fatalf("area %s: got decile %d, want %d", code, got, want)
			}
		}
	}
}

// TestTable_WorseOffNeverRanksBetter: a lower score never gives a higher group, at any level, for ranked and new families.
func TestTable_WorseOffNeverRanksBetter(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 8))
	table, _ := mustBuild(t, r, newRows(r, 3000, 500, 3204, 1101), 500, trial{shards: 2, byPerson: true})
	for range 20000 {
		f := newRows(r, 1, 500, 3204)[0]
		worse := pointOf(f)
		worse.Score -= int64(r.IntN(40))
		before, after := table.Place(pointOf(f), "32.04"), table.Place(worse, "32.04")
		for l := range Levels {
			if after.Decile[l] > before.Decile[l] || after.Percentile[l] > before.Percentile[l] {
				t.Fatalf("score %d is at %v, score %d at %v", f.Score, before, worse.Score, after)
			}
		}
	}
}

func TestShard_Refuses(t *testing.T) {
	t.Parallel()
	if _, err := NewShard(5, 4, false, t.TempDir()); err == nil {
		t.Error("a falling range was accepted")
	}
	if _, err := NewShard(0, 1<<31, false, t.TempDir()); err == nil {
		t.Error("a range beyond 32 bits was accepted")
	}
	if _, err := NewShard(0, 1, false, "/nowhere/at/all"); err == nil {
		t.Error("a folder that is not there was accepted")
	}
	s, err := NewShard(0, 10, true, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for name, row := range map[string]Row{
		"below": {Score: -1, Weight: 1}, "above": {Score: 11, Weight: 1}, "weightless": {}, "regency": {Weight: 1, Regency: regencies},
	} {
		if s.Add(row) == nil || s.Families() != 0 {
			t.Errorf("%s was counted", name)
		}
	}
	other, err := NewShard(0, 11, true, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if _, err := Build(t.Context(), s, other); err == nil {
		t.Error("shards of different ranges were merged")
	}
}

// TestColumns_EqualSorting: families in memory get the deciles that sorting gives; equal scores go by position.
func TestColumns_EqualSorting(t *testing.T) {
	t.Parallel()
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 13))
		n, span := []int{0, 1, 9, 10, 101, 4000}[seed%6], []int{1, 3, 70, 1 << 24}[r.IntN(4)]
		rows := newRows(r, n, span, 1101, 1102, 3204, 3273, 9409)
		scores, numbers, got := make([]int32, n), make([]uint16, n), make([]Packed, n)
		for i := range rows {
			rows[i].ID = [16]byte{14: byte(i >> 8), 15: byte(i)}
			scores[i], numbers[i] = rows[i].Score-7, rows[i].Regency
		}
		if err := Columns(scores, numbers, got); err != nil {
			t.Fatal(err)
		}
		for code, ranked := range sorted(rows) {
			want := groups(ranked, Deciles, false)
			for i, row := range ranked {
				at := int(row.ID[14])<<8 | int(row.ID[15])
				for l := range Levels {
					if l.Code(RegencyCode(row.Regency)) == code && int64(got[at].Decile(l)) != want[i] {
						t.Fatalf("seed %d, area %s, row %d of %d: got decile %d, want %d", seed, code, i, len(ranked), got[at].Decile(l), want[i])
					}
				}
			}
		}
	}
	if Columns(make([]int32, 2), make([]uint16, 2), make([]Packed, 1)) == nil {
		t.Error("columns of different lengths were accepted")
	}
}
