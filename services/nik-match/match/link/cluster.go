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
	for _, p := range r.Pairs {
		if p.Bits >= least {
			f.join(p.A, r.second(p.B))
		}
	}
	var out [][]int32
	for _, group := range f.groups() {
		slices.SortFunc(group, func(x, y int32) int { return cmp.Compare(r.record(x).ID, r.record(y).ID) })
		records := make([]*match.Record, len(group))
		for i, g := range group {
			records[i] = r.record(g)
		}
		for _, part := range divide(r.Model, records, least) {
			if len(part) > 1 {
				c := make([]int32, len(part))
				for i, p := range part {
					c[i] = group[p]
				}
				out = append(out, c)
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

// forest is a disjoint set of record indices.
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

// Bounds of divide.
const (
	against = -8 * match.Bit // one pair speaks against a cluster with no more than this
	support = 12 * match.Bit // and for it with no more than this
	whole   = 150            // records up to which every pair of a group is weighed
)

// divide cuts a connected group into clusters whose records, on average, speak for each other: it starts with single
// records and joins the two clusters with the highest average weight as long as that reaches least. records must be in
// the order of their ids, which breaks ties, so that the parts depend on the records alone.
func divide(m *match.Model, records []*match.Record, least match.Bits) [][]int32 {
	n := len(records)
	parts := make([][]int32, n)
	for i := range parts {
		parts[i] = []int32{int32(i)}
	}
	if n == 2 {
		return [][]int32{{0, 1}}
	}
	sum := make([][]match.Bits, n) // of the weights between two parts
	for i := range sum {
		sum[i] = make([]match.Bits, n)
		for k := range i {
			w := min(max(m.Total(records[i], records[k])-least, against), support)
			sum[i][k], sum[k][i] = w, w
		}
	}
	for len(parts) > 1 {
		x, y, best := -1, -1, float64(0)
		for i := range parts {
			for k := range i {
				if avg := float64(sum[i][k]) / float64(len(parts[i])*len(parts[k])); avg > best || x < 0 && avg >= 0 {
					x, y, best = k, i, avg
				}
			}
		}
		if x < 0 {
			break
		}
		for k := range parts {
			sum[x][k] += sum[y][k]
			sum[k][x] = sum[x][k]
		}
		parts[x] = append(parts[x], parts[y]...)
		parts = slices.Delete(parts, y, y+1)
		sum = slices.Delete(sum, y, y+1)
		for k := range sum {
			sum[k] = slices.Delete(sum[k], y, y+1)
		}
	}
	for _, p := range parts {
		slices.Sort(p)
	}
	return parts
}
