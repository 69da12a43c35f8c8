package link

import (
	"cmp"
	"slices"

	"dtks/services/nik-match/match"
)

// ClustersAt puts records into clusters, one for each person: the connected groups of pairs at least that likely, each
// then divided where its records speak against each other (divide). Every cluster lists indices by record id, so that
// the first one names it; clusters stand in the order of those names, and records of their own are left out. The result
// depends on nothing but the set of records.
func (r *Result) ClustersAt(likelihood float64) [][]int32 {
	least := r.Model.Odds(likelihood)
	f := forest(len(r.a) + len(r.b))
	edges := map[int32][]edge{}
	for _, p := range r.Pairs {
		if p.Bits >= least {
			a, b := p.A, r.second(p.B)
			f.join(a, b)
			edges[a] = append(edges[a], edge{b, p.Bits})
			edges[b] = append(edges[b], edge{a, p.Bits})
		}
	}
	d := divider{model: r.Model, record: r.record, edges: func(i int32) []edge { return edges[i] }}
	var out [][]int32
	for _, group := range f.groups() {
		for _, part := range d.divide(group, least) {
			if len(part) > 1 {
				out = append(out, part)
			}
		}
	}
	slices.SortFunc(out, func(x, y []int32) int { return cmp.Compare(r.record(x[0]).ID, r.record(y[0]).ID) })
	return out
}

// second is the index of a pair's second record among all records, the second file's after the first one's.
func (r *Result) second(b int32) int32 {
	if r.b != nil {
		return int32(len(r.a)) + b
	}
	return b
}

func (r *Result) record(i int32) *match.Record {
	if int(i) < len(r.a) {
		return &r.a[i]
	}
	return &r.b[int(i)-len(r.a)]
}

// sets are disjoint sets of record indices.
type sets []int32

func forest(n int) sets {
	f := make(sets, n)
	for i := range f {
		f[i] = int32(i)
	}
	return f
}

func (f sets) root(i int32) int32 {
	for f[i] != i {
		f[i] = f[f[i]]
		i = f[i]
	}
	return i
}

func (f sets) join(a, b int32) {
	if a, b = f.root(a), f.root(b); a != b {
		f[max(a, b)] = min(a, b)
	}
}

// groups lists the sets of more than one.
func (f sets) groups() [][]int32 {
	by := map[int32][]int32{}
	for i := range f {
		if r := f.root(int32(i)); r != int32(i) {
			by[r] = append(by[r], int32(i))
		}
	}
	out := make([][]int32, 0, len(by))
	for r, g := range by {
		out = append(out, append(g, r))
	}
	return out
}
