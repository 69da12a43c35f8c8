package match_test

import (
	"testing"

	"dtks/services/nik-match/match"
)

// told's pairs are compared in turn: the mean over easy and hard ones.
func readTold() (a, b []match.Record) {
	r := match.Standard().Reader()
	for _, c := range told {
		a, b = append(a, r.Read("A", c.a)), append(b, r.Read("B", c.b))
	}
	return a, b
}

func BenchmarkCompare(b *testing.B) {
	m := match.Standard()
	x, y := readTold()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		m.Compare(&x[i%len(x)], &y[i%len(y)])
	}
}

func BenchmarkExplain(b *testing.B) {
	m := match.Standard()
	x, y := readTold()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		m.Explain(&x[i%len(x)], &y[i%len(y)])
	}
}

func BenchmarkRead(b *testing.B) {
	r := match.Standard().Reader()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		r.Read("A", told[i%len(told)].a)
	}
}
