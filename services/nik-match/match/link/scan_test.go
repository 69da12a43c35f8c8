package link_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"dtks/services/nik-match/match"
	"dtks/services/nik-match/match/link"
)

// bruteDedupe compares every pair of a file.
func bruteDedupe(m *match.Model, records []match.Record, floor float64) []link.Pair {
	var out []link.Pair
	for a := range records {
		for b := a + 1; b < len(records); b++ {
			if s := m.Compare(&records[a], &records[b]); s.Bits >= m.Odds(floor) {
				out = append(out, link.Pair{A: int32(a), B: int32(b), Bits: s.Bits, Likelihood: s.Likelihood})
			}
		}
	}
	return out
}

func bruteLink(m *match.Model, a, b []match.Record, floor float64) []link.Pair {
	var out []link.Pair
	for x := range a {
		for y := range b {
			if s := m.Compare(&a[x], &b[y]); s.Bits >= m.Odds(floor) {
				out = append(out, link.Pair{A: int32(x), B: int32(y), Bits: s.Bits, Likelihood: s.Likelihood})
			}
		}
	}
	return out
}

// Comparing all pairs by tables of values must find what comparing them one by one finds, at every floor.
func TestDedupe_AllPairsEqualComparingOneByOne(t *testing.T) {
	t.Parallel()
	each(t, 90, func(t *testing.T, m *match.Model, file func(uint64, int) []match.Record) {
		for seed := range uint64(3) {
			records := file(seed, 90)
			for _, learn := range []bool{false, true} {
				for _, floor := range []float64{1e-6, 0.01, 0.9} {
					r, err := link.Dedupe(t.Context(), records, m, link.Options{Learn: learn, Floor: floor, Workers: 1 + int(seed)})
					if err != nil {
						t.Fatal(err)
					}
					want := bruteDedupe(r.Model, records, floor)
					if len(want) == 0 {
						t.Fatal("the file has no pairs; it shows nothing")
					}
					if diff := cmp.Diff(want, r.Pairs); diff != "" {
						t.Fatalf("seed %d, learned %v, floor %g: pairs (-one by one +all pairs):\n%s", seed, learn, floor, diff)
					}
					if n := int64(len(records)); r.Compared != n*(n-1)/2 || r.Lost != nil {
						t.Errorf("got %d compared and lost %v, want all pairs and nothing lost", r.Compared, r.Lost)
					}
				}
			}
		}
	})
}

func TestLink_AllPairsEqualComparingOneByOne(t *testing.T) {
	t.Parallel()
	each(t, 90, func(t *testing.T, m *match.Model, file func(uint64, int) []match.Record) {
		for seed := range uint64(3) {
			records := file(100+seed, 110)
			for _, at := range []int{len(records) / 3, 1} {
				a, b := records[:at], records[at:]
				for _, learn := range []bool{false, true} {
					for _, floor := range []float64{1e-6, 0.01} {
						r, err := link.Link(t.Context(), a, b, m, link.Options{Learn: learn, Floor: floor})
						if err != nil {
							t.Fatal(err)
						}
						if diff := cmp.Diff(bruteLink(r.Model, a, b, floor), r.Pairs); diff != "" {
							t.Fatalf("seed %d, learned %v, floor %g: pairs (-one by one +all pairs):\n%s", seed, learn, floor, diff)
						}
					}
				}
			}
		}
	})
}

// Files without pairs, or without records, are files too.
func TestDedupe_SmallestFiles(t *testing.T) {
	t.Parallel()
	each(t, 10, func(t *testing.T, m *match.Model, file func(uint64, int) []match.Record) {
		for n := range 3 {
			records := file(1, 3)[:n]
			for _, o := range []link.Options{{}, {Learn: true}} {
				r, err := link.Dedupe(t.Context(), records, m, o)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(bruteDedupe(r.Model, records, 0.01), r.Pairs); diff != "" {
					t.Errorf("%d records, learned %v: %s", n, o.Learn, diff)
				}
				if _, err := link.Link(t.Context(), records, nil, m, o); err != nil {
					t.Error(err)
				}
				if _, err := link.Link(t.Context(), nil, records, m, o); err != nil {
					t.Error(err)
				}
			}
		}
	})
}
