package matching_test

import (
	"testing"
	"time"

	"dtks/cmd/dtks/population"
	"dtks/services/nik-match/match"
	"dtks/services/nik-match/match/link"
)

func TestZZ(t *testing.T) {
	const size = 30000
	m := match.Standard().Sized(size)
	records := registrants(population.File(population.TrainSeed, size*4/5), m)
	began := time.Now()
	r, err := link.Dedupe(t.Context(), records, m, link.Options{AllPairsUpTo: 1})
	if err != nil {
		t.Fatal(err)
	}
	s, lo, hi := r.Lost.Share()
	t.Logf("n=%d %.1fs compared %d lost %+v share %.4f %.4f %.4f", len(records), time.Since(began).Seconds(), r.Compared, *r.Lost, s, lo, hi)
}
