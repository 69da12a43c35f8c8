package baseline

import (
	"context"
	"strings"

	"dtks/cmd/dtks/quality"
	"dtks/services/nik-match/match"
)

// measure is a similarity of names with a bound that is cheap to compute.
type measure struct {
	exact func(a, b *value) float64
	bound func(a, b *value) float64 // never below exact
}

var ratcliff = measure{
	exact: func(a, b *value) float64 {
		var m blocks
		return 2 * float64(m.common(a.runes, b.runes)) / float64(len(a.runes)+len(b.runes))
	},
	bound: func(a, b *value) float64 {
		return 2 * float64(shared(a, b)) / float64(len(a.runes)+len(b.runes))
	},
}

var winkler = measure{
	exact: func(a, b *value) float64 { return jaroWinkler(a.runes, b.runes) },
	bound: winklerBound,
}

// winklerBound takes all characters that may be in common as being so and in order.
func winklerBound(a, b *value) float64 {
	if max(len(a.runes), len(b.runes)) > 64 {
		return 1
	}
	c := float64(shared(a, b))
	j := (c/float64(len(a.runes)) + c/float64(len(b.runes)) + 1) / 3
	if j <= 0.7 {
		return j
	}
	return j + 0.1*float64(prefix(a.runes, b.runes))*(1-j)
}

// of is the similarity of two names. Of names with "/" the best parts are taken, as the field's rule does.
// A result below floor may be given as 0.
func (m measure) of(a, b *value, floor float64) float64 {
	if a.parts == nil && b.parts == nil {
		if m.bound(a, b) < floor {
			return 0
		}
		return m.exact(a, b)
	}
	best := 0.0
	for _, x := range alternatives(a) {
		for _, y := range alternatives(b) {
			best = max(best, m.exact(&x, &y))
		}
	}
	return best
}

func alternatives(v *value) []value {
	if v.parts == nil {
		return []value{*v}
	}
	out := make([]value, len(v.parts))
	for i, p := range v.parts {
		out[i] = newValue(p)
	}
	return out
}

// names interns the first field of kind name, the person's own.
func names(d Data) *interned {
	f := field(d.Fields, match.KindName)
	if f < 0 {
		return nil
	}
	in := intern(d, f)
	for i := range in.values {
		v := &in.values[i]
		if !strings.Contains(v.text, "/") {
			continue
		}
		for part := range strings.SplitSeq(v.text, "/") {
			if part = strings.TrimSpace(part); part != "" {
				v.parts = append(v.parts, part)
			}
		}
	}
	return in
}

// Ratcliff is the field's rule of today: names alike by Ratcliff/Obershelp to 0.60, upper-cased and without
// quotes, and nothing else looked at.
func Ratcliff(ctx context.Context, d Data) (Result, error) {
	return alike(ctx, d, "ratcliff_obershelp", ratcliff, RatcliffLimit, RatcliffLimit)
}

// Winkler calls names alike to 0.9 by Jaro-Winkler one person.
func Winkler(ctx context.Context, d Data) (Result, error) {
	return alike(ctx, d, "jaro_winkler", winkler, JaroWinklerLimit, 0.85)
}

// RatcliffDate is Ratcliff among records of the same birth date.
func RatcliffDate(ctx context.Context, d Data) (Result, error) {
	return alikeOnDate(ctx, d, "ratcliff_obershelp_birth_date", ratcliff, RatcliffLimit)
}

// WinklerDate is Winkler among records of the same birth date.
func WinklerDate(ctx context.Context, d Data) (Result, error) {
	return alikeOnDate(ctx, d, "jaro_winkler_birth_date", winkler, JaroWinklerLimit)
}

// allNames is how many records have their names compared all with all; beyond that only names that begin
// with the same letter are.
const allNames = 20_000

// alike compares every distinct name with every other.
func alike(ctx context.Context, d Data, name string, m measure, limit, floor float64) (Result, error) {
	r := Result{Name: name, Threshold: limit, Compared: d.pairs()}
	in := names(d)
	if in == nil {
		r.Note = "no field of kind name"
		return r, nil
	}
	sameLetter := len(d.A)+len(d.B) > allNames
	if sameLetter {
		r.Note = "names with the same first letter only"
	}
	inA := records(in.a, len(in.values))
	inB := inA
	if in.b != nil {
		inB = records(in.b, len(in.values))
	}
	r.Pairs = parallel(ctx, len(in.values), func(x int, out []quality.Pair) []quality.Pair {
		a := &in.values[x]
		for y := x; y < len(in.values); y++ {
			b := &in.values[y]
			if sameLetter && a.runes[0] != b.runes[0] && a.parts == nil && b.parts == nil {
				continue
			}
			score := 1.0
			if x != y {
				score = m.of(a, b, floor)
			}
			if score < floor {
				continue
			}
			out = cross(out, inA[x], inB[y], score, in.b == nil && x == y)
			if x != y && in.b != nil {
				out = cross(out, inA[y], inB[x], score, false)
			}
		}
		return out
	})
	return r, ctx.Err()
}

// alikeOnDate compares the names of records whose birth date is equal; all scores are kept.
func alikeOnDate(ctx context.Context, d Data, name string, m measure, limit float64) (Result, error) {
	r := Result{Name: name, Threshold: limit, Compared: d.pairs()}
	date := field(d.Fields, match.KindDate)
	in := names(d)
	if in == nil || date < 0 {
		r.Note = "no fields of kind name and date"
		return r, nil
	}
	dates := intern(d, date)
	onA := records(dates.a, len(dates.values))
	onB := onA
	if dates.b != nil {
		onB = records(dates.b, len(dates.values))
	}
	numberB := in.a
	if in.b != nil {
		numberB = in.b
	}
	const floor = 0.3
	r.Pairs = parallel(ctx, len(dates.values), func(day int, out []quality.Pair) []quality.Pair {
		for x, i := range onA[day] {
			others := onB[day]
			if dates.b == nil {
				others = others[x+1:]
			}
			for _, j := range others {
				if in.a[i] < 0 || numberB[j] < 0 {
					continue
				}
				if score := m.of(&in.values[in.a[i]], &in.values[numberB[j]], floor); score >= floor {
					out = append(out, quality.Pair{A: i, B: j, Score: score})
				}
			}
		}
		return out
	})
	return r, ctx.Err()
}

// cross adds every record of one list with every one of the other; within one list each pair once.
func cross(out []quality.Pair, a, b []int32, score float64, same bool) []quality.Pair {
	for x, i := range a {
		if same {
			b = a[x+1:]
		}
		for _, j := range b {
			out = append(out, quality.Pair{A: i, B: j, Score: score})
		}
	}
	return out
}
