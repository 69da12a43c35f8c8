package matching_test

import (
	"fmt"
	"os"
	"testing"

	"dtks/cmd/dtks/population"
	"dtks/services/nik-match/match"
	"dtks/services/nik-match/match/link"
)

// BenchmarkIndexAdd measures what one more record costs where so many are there already. MATCH_MILLION=1 in the
// environment adds the size of a million, for which reading alone takes some minutes.
func BenchmarkIndexAdd(b *testing.B) {
	sizes := []int{10_000, 200_000}
	if os.Getenv("MATCH_MILLION") != "" {
		sizes = append(sizes, 1_000_000)
	}
	m := match.Standard()
	const more = 1_000 // records that come and, in turn, go
	for _, size := range sizes {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			records := registrants(population.File(population.TrainSeed, size*4/5+more)[:size+more], m)
			x := link.NewIndex(m, likely)
			shared := map[uint64]int{}
			before := heap()
			for i := range records[:size] {
				if _, err := x.Add(records[i]); err != nil {
					b.Fatal(err)
				}
			}
			held := heap() - before // besides the records' values, which were read before
			for i := range records[:size] {
				for _, key := range m.Keys(&records[i]) {
					shared[key]++
				}
			}
			come := records[size:]
			candidates := 0
			for i := range come {
				for _, key := range m.Keys(&come[i]) {
					candidates += shared[key]
				}
			}
			n := 0
			for b.Loop() {
				if n == more {
					b.StopTimer()
					for i := range come {
						if _, err := x.Remove(come[i].ID); err != nil {
							b.Fatal(err)
						}
					}
					n = 0
					b.StartTimer()
				}
				if _, err := x.Add(come[n]); err != nil {
					b.Fatal(err)
				}
				n++
			}
			b.ReportMetric(float64(candidates)/more, "postings/op")
			b.ReportMetric(float64(held)/float64(size), "B/record")
		})
	}
}
