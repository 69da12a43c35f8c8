package matching_test

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dtks/cmd/dtks/population"
	"dtks/services/nik-match/match"
	"dtks/services/nik-match/match/link"
)

// registrants reads records of a generated file.
func registrants(people []population.Person, m *match.Model) []match.Record {
	reader := m.Reader()
	out := make([]match.Record, len(people))
	for i, p := range people {
		out[i] = reader.Read(p.ID, []string{p.NIK, p.KK, p.Name, p.BirthDate, p.Sex, p.BirthPlace, p.Mother, p.Address, p.Area})
	}
	return out
}

// likely is the likelihood from which these tests put pairs into clusters.
const likely = 0.5

// scratch clusters records in one run, comparing the pairs that share a key as an Index does.
func scratch(t *testing.T, records []match.Record, m *match.Model) [][]string {
	t.Helper()
	r, err := link.Dedupe(t.Context(), records, m, link.Options{AllPairsUpTo: 1})
	if err != nil {
		t.Fatal(err)
	}
	clusters := r.ClustersAt(likely)
	out := make([][]string, len(clusters))
	for i, c := range clusters {
		for _, at := range c {
			out[i] = append(out[i], records[at].ID)
		}
	}
	return out
}

// added enters records one by one.
func added(t *testing.T, x *link.Index, records []match.Record) {
	t.Helper()
	for _, r := range records {
		if _, err := x.Add(r); err != nil {
			t.Fatal(err)
		}
	}
}

// A hundred thousand records that come one by one, in whatever order, and with some taken out and brought back, end in
// the clusters of a run from scratch.
func TestIndex_HundredThousandInAnyOrderAsFromScratch(t *testing.T) {
	t.Parallel()
	const size = many
	m := match.Standard().Sized(size)
	began := time.Now()
	records := registrants(population.File(population.TrainSeed, size*4/5)[:size], m)
	t.Logf("reading: %.1f s", time.Since(began).Seconds())
	began = time.Now()
	want := scratch(t, records, m)
	t.Logf("from scratch: %.1f s, %d clusters", time.Since(began).Seconds(), len(want))
	if len(want) < size/10 {
		t.Fatalf("got %d clusters from scratch, want those of a file with a fifth of duplicates", len(want))
	}
	for seed := range uint64(3) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, 0))
			order := slices.Clone(records)
			random.Shuffle(len(order), func(i, k int) { order[i], order[k] = order[k], order[i] })
			began := time.Now()
			x := link.NewIndex(m, likely)
			added(t, x, order)
			t.Logf("one by one: %.1f s", time.Since(began).Seconds())
			if diff := cmp.Diff(want, x.Clusters()); diff != "" {
				t.Fatalf("clusters (-from scratch +one by one):\n%s", diff)
			}
			random.Shuffle(len(order), func(i, k int) { order[i], order[k] = order[k], order[i] })
			for _, r := range order[:2000] {
				if _, err := x.Remove(r.ID); err != nil {
					t.Fatal(err)
				}
			}
			if slices.EqualFunc(want, x.Clusters(), slices.Equal) {
				t.Fatal("got the same clusters without 2,000 of the records")
			}
			added(t, x, order[:2000])
			if diff := cmp.Diff(want, x.Clusters()); diff != "" {
				t.Fatalf("after taking out and bringing back (-from scratch +one by one):\n%s", diff)
			}
		})
	}
}

// heap is how much memory is held, in bytes.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
