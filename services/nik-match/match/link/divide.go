package link

import (
	"cmp"
	"slices"

	"dtks/services/nik-match/match"
)

// edge is a pair that is likely enough, seen from one of its records.
type edge struct {
	to   int32
	bits match.Bits
}

// Bounds of divide.
const (
	against = -8 * match.Bit // one pair speaks against a cluster with no more than this
	support = 12 * match.Bit // and for it with no more than this
	whole   = 150            // records up to which every pair of a group is weighed
)

// divider cuts connected groups into clusters. It depends on the records and the likely pairs of a group alone, never on
// other records or on what came first.
type divider struct {
	model  *match.Model
	record func(i int32) *match.Record
	edges  func(i int32) []edge
}

// divide cuts a connected group into clusters whose records, on average, speak for each other. It starts with single
// records and joins the two clusters with the highest average weight over least, as long as that is not below 0. A group
// too large for that is first cut at its weakest pairs. Every part is in the order of record ids, which breaks ties.
func (d *divider) divide(group []int32, least match.Bits) [][]int32 {
	slices.SortFunc(group, func(x, y int32) int { return cmp.Compare(d.record(x).ID, d.record(y).ID) })
	if len(group) > whole {
		parts := d.cut(group, least+match.Bit)
		if len(parts) == len(group) && d.alike(group, least) {
			return [][]int32{group} // one record, very often
		}
		var out [][]int32
		for _, part := range parts {
			out = append(out, d.divide(part, least+match.Bit)...)
		}
		return out
	}
	if len(group) <= 2 {
		return [][]int32{group}
	}
	var out [][]int32
	for _, part := range merge(d.weights(group, least)) {
		members := make([]int32, len(part))
		for i, p := range part {
			members[i] = group[p]
		}
		out = append(out, members)
	}
	return out
}

// alike reports whether the first record of a group and each of the others reach least.
func (d *divider) alike(group []int32, least match.Bits) bool {
	return !slices.ContainsFunc(group[1:], func(i int32) bool { return d.model.Total(d.record(group[0]), d.record(i)) < least })
}

// cut is the connected parts of a group by the pairs that reach least.
func (d *divider) cut(group []int32, least match.Bits) [][]int32 {
	at := make(map[int32]int32, len(group))
	for i, g := range group {
		at[g] = int32(i)
	}
	f := forest(len(group))
	for i, g := range group {
		for _, e := range d.edges(g) {
			if k, ok := at[e.to]; ok && e.bits >= least {
				f.join(int32(i), k)
			}
		}
	}
	parts := map[int32][]int32{}
	var order []int32
	for i, g := range group {
		r := f.root(int32(i))
		if parts[r] == nil {
			order = append(order, r)
		}
		parts[r] = append(parts[r], g)
	}
	out := make([][]int32, len(order))
	for i, r := range order {
		out[i] = parts[r]
	}
	return out
}

// weights is the bounded weight of every pair of a group.
func (d *divider) weights(group []int32, least match.Bits) [][]match.Bits {
	sum := make([][]match.Bits, len(group))
	for i := range sum {
		sum[i] = make([]match.Bits, len(group))
		for k := range i {
			w := min(max(d.model.Total(d.record(group[i]), d.record(group[k]))-least, against), support)
			sum[i][k], sum[k][i] = w, w
		}
	}
	return sum
}

// merge joins, again and again, the two parts with the highest average weight between them. sum is used up.
func merge(sum [][]match.Bits) [][]int32 {
	parts := make([][]int32, len(sum))
	for i := range parts {
		parts[i] = []int32{int32(i)}
	}
	for len(parts) > 1 {
		x, y, best := -1, -1, 0.0
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
		parts, sum = slices.Delete(parts, y, y+1), slices.Delete(sum, y, y+1)
		for k := range sum {
			sum[k] = slices.Delete(sum[k], y, y+1)
		}
	}
	for _, p := range parts {
		slices.Sort(p)
	}
	return parts
}
