package quality

import (
	"math"
	"slices"
)

// ClosureCurve judges the clusters that form when all pairs scored threshold or more are joined: every pair
// inside a cluster counts as matched, given or not, against all true pairs. One pass gives every threshold,
// best first, by joining and counting what each join adds.
func (t *Truth) ClosureCurve(pairs []Pair) *Curve {
	sorted := slices.Clone(pairs)
	slices.SortFunc(sorted, func(a, b Pair) int {
		switch {
		case a.Score > b.Score:
			return -1
		case a.Score < b.Score:
			return 1
		}
		return 0
	})
	g := newGrowth(t)
	c := &Curve{True: t.Pairs(), Scored: int64(len(pairs))}
	for i := 0; i < len(sorted); {
		score := sorted[i].Score
		for ; i < len(sorted) && sorted[i].Score == score; i++ {
			g.join(sorted[i].A, sorted[i].B+g.shift)
		}
		tp := g.right
		if len(t.refuted) > 0 {
			tp -= g.refuted()
		}
		c.points = append(c.points, Point{Threshold: score, TP: tp, FP: g.inside - tp, FN: c.True - tp})
	}
	return c
}

// Clusters judges given clusters of record numbers; records in none stand alone. For two files a record of
// the second is numbered after all of the first, and only pairs across the files count. Threshold is NaN.
func (t *Truth) Clusters(clusters [][]int32) Point {
	g := newGrowth(t)
	for _, c := range clusters {
		for _, r := range c[min(1, len(c)):] {
			g.join(c[0], r)
		}
	}
	tp := g.right - g.refuted()
	return Point{Threshold: math.NaN(), TP: tp, FP: g.inside - tp, FN: t.Pairs() - tp}
}

// growth keeps, while clusters grow, how many pairs lie inside them and how many of these are of one person.
// For two files only pairs across the files are counted, so each cluster has a count for either side.
type growth struct {
	truth  *Truth
	forest *forest
	shift  int32 // added to a row of the second file
	sides  [][2]int64
	people []map[int32][2]int64 // by root: records of each person and side; nil = the record itself
	inside int64
	right  int64
}

func newGrowth(t *Truth) *growth {
	n := len(t.a) + len(t.b)
	g := &growth{truth: t, forest: newForest(n), sides: make([][2]int64, n), people: make([]map[int32][2]int64, n)}
	if t.two {
		g.shift = int32(len(t.a))
	}
	for i := range g.sides {
		g.sides[i] = g.own(int32(i))
	}
	return g
}

func (g *growth) own(i int32) [2]int64 {
	if g.truth.two && i >= g.shift {
		return [2]int64{0, 1}
	}
	return [2]int64{1, 0}
}

func (g *growth) person(i int32) int32 {
	if g.truth.two && i >= g.shift {
		return g.truth.b[i-g.shift]
	}
	return g.truth.a[i]
}

func (g *growth) counts(root int32) map[int32][2]int64 {
	if g.people[root] == nil {
		g.people[root] = map[int32][2]int64{g.person(root): g.own(root)}
	}
	return g.people[root]
}

// across is the number of pairs that two groups give when they are joined.
func (g *growth) across(a, b [2]int64) int64 {
	if g.truth.two {
		return a[0]*b[1] + a[1]*b[0]
	}
	return a[0] * b[0]
}

func (g *growth) join(a, b int32) {
	kept, gone := g.forest.union(a, b)
	if kept == gone {
		return
	}
	g.inside += g.across(g.sides[kept], g.sides[gone])
	g.sides[kept] = [2]int64{g.sides[kept][0] + g.sides[gone][0], g.sides[kept][1] + g.sides[gone][1]}
	into, from := g.counts(kept), g.counts(gone)
	for person, n := range from {
		have := into[person]
		g.right += g.across(have, n)
		into[person] = [2]int64{have[0] + n[0], have[1] + n[1]}
	}
	g.people[gone] = nil
}

// refuted is the number of pairs inside clusters that look like one person but are listed as two.
func (g *growth) refuted() int64 {
	var n int64
	for p := range g.truth.refuted {
		if g.forest.find(p[0]) == g.forest.find(p[1]+g.shift) {
			n++
		}
	}
	return n
}
