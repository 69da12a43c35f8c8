package rank

import (
	"cmp"
	"slices"
)

// window is an interval of the order in which bounds of an area lie, with the rows that a boundary report names.
type window struct {
	number   int32 // in census.windows
	from, to Point // from is in it, to is not
	below    int64 // weight of the area's rows before it
	families int64 // rows in it
	targets  []target
}

// target is a bound that is sought: the first row at which the cumulated weight reaches rank.
type target struct {
	rank     int64
	cut      *Point
	boundary *Boundary // nil for percentiles
}

// window is the one that p lies in, or nil.
func (a *population) window(p *Point) *window {
	i, end := 0, len(a.windows)
	for i < end {
		if middle := (i + end) / 2; p.less(&a.windows[middle].to) {
			end = middle
		} else {
			i = middle + 1
		}
	}
	if i == len(a.windows) || p.less(&a.windows[i].from) {
		return nil
	}
	return a.windows[i]
}

// plan finds the buckets in which each area's bounds lie, and tells the regencies which these are. The counts have then
// served.
func (c *census) plan() {
	start := func(bucket int) Point { return Point{Score: c.lo + int64(bucket)<<c.shift} }
	for _, a := range c.areas {
		for i := range a.counts.families {
			a.result.Families += int64(a.counts.families[i])
			a.result.Weight += int64(a.counts.weights[i])
		}
		a.wanted = make([]uint64, (len(a.counts.families)+63)/64)
		for _, s := range spans(a.counts, a.result.Families, 0, a.result.targets(c.byPerson)) {
			a.windows = append(a.windows, &window{0, start(s.from), start(s.to), s.below, s.families, s.targets})
			for bucket := s.from; bucket < s.to; bucket++ {
				a.wanted[bucket>>6] |= 1 << (bucket & 63)
			}
		}
		a.counts = counts{}
	}
	for _, r := range c.regions {
		if r == nil {
			continue
		}
		r.wanted = slices.Clone(r.areas[National].wanted)
		for _, a := range r.areas[Province:] {
			for i, bits := range a.wanted {
				r.wanted[i] |= bits
			}
		}
	}
}

// targets makes room for the area's cuts and lists them in rising order of rank.
func (a *Area) targets(byPerson bool) []target {
	rank := func(k, n int64) int64 {
		if byPerson {
			return (k*a.Weight + n - 1) / n
		}
		return ntile(k, n, a.Families)
	}
	a.Deciles, a.Percentiles = make(Cuts, Deciles-1), make(Cuts, Percentiles-1)
	var out []target
	for k := range a.Deciles {
		out = append(out, target{rank(int64(k+1), Deciles), &a.Deciles[k], &a.Boundaries[k]})
	}
	for k := range a.Percentiles {
		out = append(out, target{rank(int64(k+1), Percentiles), &a.Percentiles[k], nil})
	}
	slices.SortStableFunc(out, func(a, b target) int { return cmp.Compare(a.rank, b.rank) })
	return out
}

// ntile is the rank of the last family in group k of n: the first groups have one more where families do not divide.
func ntile(k, n, families int64) int64 { return k*(families/n) + min(k, families%n) }

// span is a run of counted cells, to not included, that will become a window.
type span struct {
	from, to int
	below    int64 // weight of all before
	families int64
	targets  []target
}

// spans finds the cells of the targets, with as many cells on either side as the boundary reports need. total is the
// number of families in all cells, below the weight of the area's rows before the first; targets rise.
func spans(c counts, total, below int64, targets []target) []span {
	var out []span
	families := int64(0) // in cells before at
	at := 0
	for _, t := range targets {
		for below+int64(c.weights[at]) < t.rank {
			below += int64(c.weights[at])
			families += int64(c.families[at])
			at++
		}
		s := span{from: at, to: at + 1, below: below, targets: []target{t}}
		if t.boundary != nil {
			for before := int64(0); before < min(Margin-1, families); {
				s.from--
				before += int64(c.families[s.from])
				s.below -= int64(c.weights[s.from])
			}
			for after := int64(0); after < min(Margin, total-families-int64(c.families[at])); s.to++ {
				after += int64(c.families[s.to])
			}
		}
		out = append(out, s)
	}
	return joined(c, out)
}

// joined makes one of spans that overlap or touch, and counts the families in each.
func joined(c counts, spans []span) []span {
	slices.SortStableFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	out := spans[:0]
	for _, s := range spans {
		if last := len(out) - 1; last >= 0 && s.from <= out[last].to {
			out[last].to = max(out[last].to, s.to)
			out[last].targets = append(out[last].targets, s.targets...)
		} else {
			out = append(out, s)
		}
	}
	for i := range out {
		s := &out[i]
		for _, n := range c.families[s.from:s.to] {
			s.families += int64(n)
		}
		slices.SortStableFunc(s.targets, func(a, b target) int { return cmp.Compare(a.rank, b.rank) })
	}
	return out
}

// cut finds the window's bounds among its rows, which are in order.
func (w *window) cut(rows []hit) {
	cumulated, at := w.below, 0
	for _, t := range w.targets {
		for cumulated+int64(rows[at].weight) < t.rank {
			cumulated += int64(rows[at].weight)
			at++
		}
		*t.cut = rows[at].Point
		if t.boundary != nil {
			t.boundary.Below = points(rows[max(0, at+1-Margin) : at+1])
			t.boundary.Above = points(rows[at+1 : min(at+1+Margin, len(rows))])
		}
	}
}

func points(rows []hit) []Point {
	if len(rows) == 0 {
		return nil
	}
	out := make([]Point, len(rows))
	for i := range rows {
		out[i] = rows[i].Point
	}
	return out
}
