package quality

import (
	"math"
	"slices"
)

// Point is the quality of taking every pair with a score of at least Threshold for a match.
type Point struct {
	Threshold  float64
	TP, FP, FN int64 // pairs rightly matched, wrongly matched, missed
}

// Precision is the share of matched pairs that are right; 1 where nothing was matched.
func (p Point) Precision() float64 { return share(p.TP, p.TP+p.FP, 1) }

// Recall is the share of true pairs that were found; 1 where there are none.
func (p Point) Recall() float64 { return share(p.TP, p.TP+p.FN, 1) }

// F1 is the harmonic mean of precision and recall; 0 where there are true pairs and none was found.
func (p Point) F1() float64 { return share(2*p.TP, 2*p.TP+p.FP+p.FN, 1) }

// PrecisionInterval is the 95 % Wilson interval. It takes pairs as independent, which pairs of one large
// cluster are not: F1Interval resamples people instead.
func (p Point) PrecisionInterval() Interval { return Wilson(p.TP, p.TP+p.FP) }

// RecallInterval is the 95 % Wilson interval, with the same reservation as PrecisionInterval.
func (p Point) RecallInterval() Interval { return Wilson(p.TP, p.TP+p.FN) }

func share(n, of int64, none float64) float64 {
	if of == 0 {
		return none
	}
	return float64(n) / float64(of)
}

// Curve is the quality at every threshold.
type Curve struct {
	True   int64 // true pairs
	Scored int64 // pairs that were given a score
	points []Point
}

// Curve judges scored pairs. A pair not given counts as refused at every threshold.
func (t *Truth) Curve(pairs []Pair) *Curve {
	var right, wrong []float64
	for _, p := range pairs {
		if t.Same(p.A, p.B) {
			right = append(right, p.Score)
		} else {
			wrong = append(wrong, p.Score)
		}
	}
	return curveOf(right, wrong, t.Pairs())
}

// ListedCurve judges over the pairs of the list alone, matches and non-matches, as a clerical sample asks for.
// A listed pair that was not scored counts as refused. ok is false where the list names no non-matches.
func (t *Truth) ListedCurve(pairs []Pair) (c *Curve, ok bool) {
	if !t.Listed() {
		return nil, false
	}
	var right, wrong []float64
	for _, p := range pairs {
		match, in := t.listed[t.key(p.A, p.B)]
		switch {
		case in && match:
			right = append(right, p.Score)
		case in:
			wrong = append(wrong, p.Score)
		}
	}
	return curveOf(right, wrong, int64(len(t.listed))-t.denied), true
}

// curveOf merges the scores of right and wrong pairs, best first.
func curveOf(right, wrong []float64, matches int64) *Curve {
	slices.Sort(right)
	slices.Sort(wrong)
	c := &Curve{True: matches, Scored: int64(len(right) + len(wrong))}
	i, j := len(right), len(wrong)
	for i > 0 || j > 0 {
		score := math.Inf(-1)
		if i > 0 {
			score = right[i-1]
		}
		if j > 0 {
			score = max(score, wrong[j-1])
		}
		for i > 0 && right[i-1] == score {
			i--
		}
		for j > 0 && wrong[j-1] == score {
			j--
		}
		tp := int64(len(right) - i)
		c.points = append(c.points, Point{Threshold: score, TP: tp, FP: int64(len(wrong) - j), FN: matches - tp})
	}
	return c
}

// At is the quality when every pair scored threshold or more is matched.
func (c *Curve) At(threshold float64) Point {
	// Points run from the highest threshold down: take the last that still reaches it.
	n, _ := slices.BinarySearchFunc(c.points, threshold, func(p Point, at float64) int {
		if p.Threshold >= at {
			return -1
		}
		return 1
	})
	if n == 0 {
		return Point{Threshold: threshold, FN: c.True}
	}
	p := c.points[n-1]
	p.Threshold = threshold
	return p
}

// Best is the point with the highest F1, the higher threshold where two are equal. It picks the threshold on
// the truth itself, so it is an upper bound and not a promise.
func (c *Curve) Best() Point {
	best := Point{Threshold: math.Inf(1), FN: c.True}
	for _, p := range c.points {
		if p.F1() > best.F1() {
			best = p
		}
	}
	return best
}

// Points is the curve, from the highest threshold down, thinned to at most n points that are spread over
// recall; the first, the best and the last are always among them.
func (c *Curve) Points(n int) []Point {
	if len(c.points) <= n || n < 3 {
		return slices.Clone(c.points)
	}
	best := c.Best()
	var out []Point
	last := len(c.points) - 1
	next, step := 0.0, float64(max(c.points[last].TP, 1))/float64(n-2)
	for i, p := range c.points {
		if i == 0 || i == last || p == best || (float64(p.TP) >= next && len(out) < n-2) {
			out = append(out, p)
			next = float64(p.TP) + step
		}
	}
	return out
}
