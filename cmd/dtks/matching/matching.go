// Package matching works lists of people through the matcher for people to read: it loads one list or two, says which
// columns it compares, chooses the model, looks for records of one person, writes pairs and clusters with their evidence,
// explains a pair, and measures the result where the truth is known. Nothing it writes holds a personal value: records go
// by their ids, evidence by its reason codes and weights.
package matching

import (
	"context"
	"slices"
	"time"

	"dtks/services/nik-match/match"
	"dtks/services/nik-match/match/link"
)

// Options say how lists are matched.
type Options struct {
	Threshold    float64 // likelihood from which two records are one person; 0 = by the model's costs
	Review       float64 // likelihood from which somebody should look; 0 = by the model's costs
	AllPairsUpTo int     // records up to which every pair is compared; 0 = the matcher's own bound
	Floor        float64 // likelihood below which pairs are not kept; 0 = the matcher's own
	Progress     func(done, total int64)
}

// Run is what matching gave.
type Run struct {
	Input  *Input
	Choice Choice
	Limits Limits
	*link.Result
	A, B     []match.Record // B is nil for one list
	Clusters [][]int32      // at Limits.One; of two lists, the second's records are numbered after the first's
	Wall     time.Duration
	CPU      time.Duration // of the whole process meanwhile, on all cores
}

// Limits are the likelihoods that decide.
type Limits struct {
	Padan  float64 // from here on padan
	Tinjau float64 // from here on perlu ditinjau
	One    float64 // from here on two records go into one cluster and count as matched when measured
}

// even is the likelihood from which "one person" is the likelier answer.
const even = 0.5

// limitsOf takes the limits from the model's costs where the user states none.
func limitsOf(m *match.Model, o Options) Limits {
	l := Limits{One: even}
	l.Padan, l.Tinjau = m.Costs.Limits()
	if o.Threshold > 0 {
		l.Padan, l.One = o.Threshold, o.Threshold
		l.Tinjau = min(l.Tinjau, l.Padan)
	}
	if o.Review > 0 {
		l.Tinjau = min(o.Review, l.Padan)
	}
	return l
}

// Outcome is what a likelihood leads to under these limits.
func (l Limits) Outcome(likelihood float64) match.Outcome {
	switch {
	case likelihood >= l.Padan:
		return match.Padan
	case likelihood >= l.Tinjau:
		return match.Tinjau
	}
	return match.TidakPadan
}

// Match compares the records of the input with the chosen model.
func Match(ctx context.Context, in *Input, choice Choice, o Options) (*Run, error) {
	began, cpu := time.Now(), CPU()
	r := &Run{Input: in, Choice: choice}
	r.A, r.B = in.Records(choice.Model)
	lo := link.Options{AllPairsUpTo: o.AllPairsUpTo, Learn: choice.Learn, Floor: o.Floor, Progress: o.Progress}
	var err error
	if in.Two() {
		r.Result, err = link.Link(ctx, r.A, r.B, choice.Model, lo)
	} else {
		r.Result, err = link.Dedupe(ctx, r.A, choice.Model, lo)
	}
	if err != nil {
		return nil, err
	}
	r.Limits = limitsOf(r.Model, o)
	r.Clusters = r.ClustersAt(r.Limits.One)
	r.Wall, r.CPU = time.Since(began), CPU()-cpu
	return r, nil
}

// second is the record of a pair's second side.
func (r *Run) second(i int32) *match.Record {
	if r.Input.Two() {
		return &r.B[i]
	}
	return &r.A[i]
}

// Listed gives the pairs to be written, those that somebody should look at and the likelier ones, likeliest first.
func (r *Run) Listed() []link.Pair {
	var out []link.Pair
	for _, p := range r.Pairs {
		if p.Likelihood >= r.Limits.Tinjau {
			out = append(out, p)
		}
	}
	slices.SortStableFunc(out, func(x, y link.Pair) int { return int(y.Bits) - int(x.Bits) })
	return out
}
