package trial

import (
	"cmp"
	"slices"
	"strings"

	"dtks/cmd/dtks/matching"
	"dtks/services/nik-match/match"
)

// mistake is a pair that was judged wrongly.
type mistake struct {
	a, b int32
	e    match.Explanation
	same bool
}

// wrong prints the worst mistakes of a run: pairs of two people that look most alike, pairs of one person that look least.
func (t *Trial) wrong(s one, r *matching.Run) error {
	missed, false_ := mistakes(s.in, r)
	n := t.o.Wrong
	list := append(slices.Clone(false_[:min(len(false_), (n+1)/2)]), missed[:min(len(missed), n/2)]...)
	if err := t.line("\n%s: %d of one person missed, %d of two people matched; the worst of them", s.name, len(missed), len(false_)); err != nil {
		return err
	}
	for _, m := range list {
		truth := "two people"
		if m.same {
			truth = "one person"
		}
		if err := t.line("\n%s  ~  %s   in truth %s\n%s%s\n%s", t.who(s, m.a, false), t.who(s, m.b, s.in.Two()), truth, m.e.Waterfall("en"), m.e.EN, m.e.ID); err != nil {
			return err
		}
	}
	return nil
}

// who names a record: a synthetic one by its values, any other by its id alone.
func (t *Trial) who(s one, row int32, second bool) string {
	id := s.in.ID(row, second)
	if !s.made {
		return id
	}
	rows, m := s.in.A.Rows, s.in.MapA
	if second {
		rows, m = s.in.B.Rows, s.in.MapB
	}
	return id + " [" + strings.Join(m.Values(rows[row]), " | ") + "]"
}

// mistakes lists the pairs of one person below the limit, least alike first, and those of two people above it, most alike
// first.
func mistakes(in *matching.Input, r *matching.Run) (missed, matched []mistake) {
	limit := r.Model.Odds(r.Limits.One)
	second := r.A
	if in.Two() {
		second = r.B
	}
	explain := func(a, b int32, same bool) mistake { return mistake{a, b, r.Model.Explain(&r.A[a], &second[b]), same} }
	for _, p := range r.Pairs {
		if p.Bits >= limit && !in.Truth.Same(p.A, p.B) {
			matched = append(matched, explain(p.A, p.B, false))
		}
	}
	pa, pb := in.Truth.People()
	if !in.Two() {
		pb = pa
	}
	by := map[int32][]int32{}
	for i, p := range pb {
		by[p] = append(by[p], int32(i))
	}
	for i, p := range pa {
		for _, k := range by[p] {
			if !in.Two() && k <= int32(i) || !in.Truth.Same(int32(i), k) {
				continue
			}
			if r.Model.Total(&r.A[i], &second[k]) < limit {
				missed = append(missed, explain(int32(i), k, true))
			}
		}
	}
	slices.SortFunc(missed, func(x, y mistake) int { return cmp.Or(cmp.Compare(x.e.Bits, y.e.Bits), cmp.Compare(x.a, y.a)) })
	slices.SortFunc(matched, func(x, y mistake) int { return cmp.Or(cmp.Compare(y.e.Bits, x.e.Bits), cmp.Compare(x.a, y.a)) })
	return missed, matched
}
