package quality

import "math"

// Calibration tells whether likelihoods mean what they say: of all pairs given 0.8, four in five should be
// matches.
type Calibration struct {
	N      int64   // pairs judged, those never scored among them
	Scored int64   // pairs that came with a likelihood
	Brier  float64 // mean squared error over all N, 0 the best; tiny where nearly all pairs are plain non-matches
	// BrierScored is the same over the scored pairs alone, the hard ones.
	BrierScored float64
	// Error is the expected calibration error over the scored pairs: |mean likelihood - observed share|,
	// averaged over the bins by their counts. From 0 to 1.
	Error float64
	Bins  [10]Bin // over the scored pairs; the last bin includes likelihood 1
	// Unscored is the bin of the pairs never scored, which count as likelihood 0.
	Unscored Bin
}

// Bin is one row of a reliability table.
type Bin struct {
	Low, High float64  // likelihoods from Low up to below High
	N         int64    // pairs in the bin
	Matches   int64    // of these, true matches
	Mean      float64  // their mean likelihood; NaN in an empty bin
	Interval  Interval // 95 % Wilson, of Matches/N
}

// Observed is the share of matches in the bin, NaN in an empty bin.
func (b Bin) Observed() float64 { return float64(b.Matches) / float64(b.N) }

// Calibrator gathers likelihoods and what was true. The zero value is ready.
type Calibrator struct {
	n, matches [10]int64
	sum        [10]float64
	squares    float64
}

// Add takes one pair's likelihood, from 0 to 1, and whether it is a match.
func (c *Calibrator) Add(likelihood float64, match bool) {
	likelihood = math.Min(1, math.Max(0, likelihood))
	i := min(9, int(likelihood*10))
	c.n[i]++
	c.sum[i] += likelihood
	wanted := 0.0
	if match {
		c.matches[i]++
		wanted = 1
	}
	c.squares += (likelihood - wanted) * (likelihood - wanted)
}

// Result closes the table. unscored pairs that never got a likelihood, of which missed are matches, count as
// likelihood 0.
func (c *Calibrator) Result(unscored, missed int64) Calibration {
	var r Calibration
	for i := range r.Bins {
		r.Bins[i] = bin(float64(i)/10, float64(i+1)/10, c.n[i], c.matches[i], c.sum[i])
		r.Scored += c.n[i]
	}
	for _, b := range r.Bins {
		if b.N > 0 {
			r.Error += math.Abs(b.Mean-b.Observed()) * float64(b.N) / float64(r.Scored)
		}
	}
	r.Unscored = bin(0, 0, unscored, missed, 0)
	r.N = r.Scored + unscored
	r.BrierScored = c.squares / float64(max(1, r.Scored))
	r.Brier = (c.squares + float64(missed)) / float64(max(1, r.N))
	return r
}

func bin(low, high float64, n, matches int64, sum float64) Bin {
	return Bin{Low: low, High: high, N: n, Matches: matches, Mean: sum / float64(n), Interval: Wilson(matches, n)}
}

// Calibrate judges likelihoods given as the scores of pairs; all other pairs of the files count as
// likelihood 0.
func (t *Truth) Calibrate(pairs []Pair) Calibration {
	var c Calibrator
	var found int64
	for _, p := range pairs {
		same := t.Same(p.A, p.B)
		if same {
			found++
		}
		c.Add(p.Score, same)
	}
	return c.Result(t.AllPairs()-int64(len(pairs)), t.Pairs()-found)
}
