// Package baseline holds the simple matchers that the real one is measured against: exact equality, the
// field's rule of today (Ratcliff/Obershelp >= 0.60 on names), Jaro-Winkler >= 0.9 on names, and a plain
// Fellegi-Sunter model that knows nothing of Indonesia. They are written for comparison alone and serve
// nothing else; each is given every advantage that does not change what it is, so that beating it means
// something.
package baseline

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"dtks/cmd/dtks/quality"
	"dtks/services/nik-match/match"
)

// Data is one file, or two whose rows are to be linked. A row has one value per field, "" where missing.
type Data struct {
	Fields []match.Field
	A, B   [][]string // B is nil for one file
}

// Result is what a matcher makes of Data.
type Result struct {
	Name      string         // of the matcher, fit for a report line: exact, ratcliff_obershelp, …
	Threshold float64        // the matcher's own limit for calling a pair a match
	Pairs     []quality.Pair // pairs above a floor at or below the limit, scored in the matcher's own unit (see Claim)
	Compared  int64          // pairs judged, those ruled out by a bound among them
	Note      string         // what a reader must know of this run, such as blocking; "" = all pairs
}

// Claim judges one claim "a is the record b". Score is in the matcher's own unit, the higher the more alike:
// 0 or 1 for exact equality, a similarity for the name rules, bits of evidence for Fellegi-Sunter.
type Claim struct {
	Name      string
	Threshold float64
	Score     func(a, b []string) float64
}

// Limits of the rules, as they are used in the field.
const (
	RatcliffLimit    = 0.60 // on names, of the matching batch described for Dukcapil's data
	JaroWinklerLimit = 0.90
)

// All runs every matcher, telling progress which one begins; progress may be nil.
func All(ctx context.Context, d Data, progress func(name string)) ([]Result, error) {
	var out []Result
	for _, m := range []struct {
		name string
		run  func(context.Context, Data) (Result, error)
	}{
		{"exact", Exact}, {"ratcliff_obershelp", Ratcliff}, {"ratcliff_obershelp_birth_date", RatcliffDate},
		{"jaro_winkler", Winkler}, {"jaro_winkler_birth_date", WinklerDate}, {"fellegi_sunter", FellegiSunter},
	} {
		if progress != nil {
			progress(m.name)
		}
		r, err := m.run(ctx, d)
		if err != nil {
			return nil, fmt.Errorf("running %s: %w", m.name, err)
		}
		r.Name = m.name
		out = append(out, r)
	}
	return out, nil
}

// Exact calls two records one person when all fields are equal but for case, quotes and spaces; a field
// missing on both sides is equal, on one side it is not.
func Exact(_ context.Context, d Data) (Result, error) {
	r := Result{Name: "exact", Threshold: 1, Compared: d.pairs()}
	groups := map[string][]int32{}
	for i, row := range d.A {
		if k, ok := whole(row); ok {
			groups[k] = append(groups[k], int32(i))
		}
	}
	if d.B != nil {
		for j, row := range d.B {
			k, _ := whole(row)
			for _, i := range groups[k] {
				r.Pairs = append(r.Pairs, quality.Pair{A: i, B: int32(j), Score: 1})
			}
		}
		return r, nil
	}
	for _, g := range groups {
		for x, i := range g {
			for _, j := range g[x+1:] {
				r.Pairs = append(r.Pairs, quality.Pair{A: i, B: j, Score: 1})
			}
		}
	}
	return r, nil
}

// whole writes a row as one key; ok is false for a row without any value.
func whole(row []string) (key string, ok bool) {
	parts := make([]string, len(row))
	for i, v := range row {
		parts[i] = plain(v)
		ok = ok || parts[i] != ""
	}
	return strings.Join(parts, "\x00"), ok
}

func (d Data) pairs() int64 {
	n := int64(len(d.A))
	if d.B != nil {
		return n * int64(len(d.B))
	}
	return n * (n - 1) / 2
}

// field is the first field of a kind, -1 where there is none.
func field(fields []match.Field, kind match.Kind) int {
	return slices.IndexFunc(fields, func(f match.Field) bool { return f.Kind == kind })
}
