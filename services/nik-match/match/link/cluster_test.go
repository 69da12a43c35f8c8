package link_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dtks/services/nik-match/match"
	"dtks/services/nik-match/match/link"
)

// clusters of all pairs of a file, by ids.
func clusters(t *testing.T, m *match.Model, records []match.Record) [][]string {
	t.Helper()
	r, err := link.Dedupe(t.Context(), records, m, link.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return ids(records, r.ClustersAt(likely))
}

func shuffled(records []match.Record, seed uint64) []match.Record {
	out := slices.Clone(records)
	rand.New(rand.NewPCG(seed, 7)).Shuffle(len(out), func(i, k int) { out[i], out[k] = out[k], out[i] })
	return out
}

func TestClusters_SameInAnyOrderAndNamedBySmallestID(t *testing.T) {
	t.Parallel()
	each(t, 120, func(t *testing.T, m *match.Model, file func(uint64, int) []match.Record) {
		records := file(11, 120)
		want := clusters(t, m, records)
		if len(want) < 20 {
			t.Fatalf("got %d clusters, want those of a file with a third of duplicates", len(want))
		}
		seen := map[string]bool{}
		for i, c := range want {
			if len(c) < 2 || !slices.IsSorted(c) || i > 0 && want[i-1][0] >= c[0] {
				t.Errorf("got cluster %v, want several records in order of their ids, and clusters in order of the first", c)
			}
			for _, id := range c {
				if seen[id] {
					t.Errorf("%s is in more than one cluster", id)
				}
				seen[id] = true
			}
		}
		for seed := range uint64(3) {
			if diff := cmp.Diff(want, clusters(t, m, shuffled(records, seed))); diff != "" {
				t.Errorf("order %d: clusters (-first order +this one):\n%s", seed, diff)
			}
		}
	})
}

// weakly is two people of three records each.
func weakly(m *match.Model) []match.Record {
	first := []string{"3204102508809001", "3204100101209001", "YULIANA PURNOMO", "1980-08-25", "P", "BANDUNG", "RATNA KARTIKA", "JL MELATI NO 4 RT 1 RW 2", "3204102001"}
	second := []string{"3578051103969002", "3578050101209002", "YULIANA PURNOMO", "1996-03-11", "P", "SURABAYA", "RATNA KARTIKA", "KP CIBODAS NO 71 RT 8 RW 9", "3578052001"}
	a, b := slices.Clone(first), slices.Clone(second)
	a[0], a[1], a[5], a[7], a[8] = "", "", "", "", ""
	b[0], b[3] = "", ""
	return read(m, [][]string{first, first, a, second, second, b})
}

// Two people of one name, of each of whom one record says too little, are linked by these two records. The others keep
// them apart.
func TestClusters_WeakPairsHoldNoTwoPeopleTogether(t *testing.T) {
	t.Parallel()
	m := match.Standard()
	records := weakly(m)
	weak := 0
	for i := range 3 {
		for k := 3; k < 6; k++ {
			if m.Compare(&records[i], &records[k]).Likelihood >= likely {
				weak++
			}
		}
	}
	if weak == 0 || weak > 4 {
		t.Fatalf("got %d likely pairs between the two people, want some that hold them together, and most against", weak)
	}
	want := [][]string{{"R00000", "R00001", "R00002"}, {"R00003", "R00004", "R00005"}}
	if diff := cmp.Diff(want, clusters(t, m, records)); diff != "" {
		t.Errorf("clusters (-want +got):\n%s", diff)
	}
}

// A group too large to weigh every pair of is cut at its weakest pairs, the same way in any order and one by one.
func TestClusters_LargeGroups(t *testing.T) {
	t.Parallel()
	m := match.Standard().Sized(400)
	g := newGenerator(13)
	var rows [][]string
	for range 2 {
		p := g.registrant()
		for range 170 {
			rows = append(rows, slices.Clone(p))
		}
		for range 10 {
			rows = append(rows, g.spoiled(p))
		}
	}
	records := read(m, rows)
	want := clusters(t, m, records)
	if len(want) == 0 || len(want[0]) < 170 {
		t.Fatalf("got %d clusters, want one of all 170 records that are alike first", len(want))
	}
	for seed := range uint64(2) {
		order := shuffled(records, seed)
		if diff := cmp.Diff(want, clusters(t, m, order)); diff != "" {
			t.Errorf("order %d: clusters (-first order +this one):\n%s", seed, diff)
		}
	}
	// Chains have no pair that is stronger than the others at which they hold together.
	rows = nil
	for i := range 200 {
		p := []string{"", "", "YULIANA PURNOMO", "", "", "", "", "", ""}
		p[0] = fmt.Sprintf("32041025088090%02d", i/2%100)
		rows = append(rows, p)
	}
	records = read(m, rows)
	chain := clusters(t, m, records)
	if diff := cmp.Diff(chain, clusters(t, m, shuffled(records, 5))); diff != "" {
		t.Errorf("chain: clusters (-first order +another):\n%s", diff)
	}
}
