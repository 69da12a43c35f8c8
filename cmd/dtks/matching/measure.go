package matching

import (
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strings"

	"dtks/cmd/dtks/quality"
	"dtks/services/nik-match/match"
)

// Measured is how right a run is, where the truth is known.
type Measured struct {
	Set     string // name in the lines: of the file
	Rows    []Row
	Curve   []quality.Point
	Truth   *quality.Truth
	Listed  *quality.Curve // over the listed pairs alone; nil where the truth is no list
	Against float64        // threshold of the default, in 1/256 bit as those of the curve
	Model   *match.Model   // turns thresholds into likelihoods
}

// Row is one measurement, and one line of the output.
type Row struct {
	Set      string
	System   string
	Measure  string // pairs or clusters
	At       string // default or best
	Point    quality.Point
	F1       quality.Interval
	N        int64        // records
	Note     string       // what a reader must know; "" = nothing
	Interval bool         // whether F1 is known
	Scale    *match.Model // turns Point.Threshold, in bits, into a likelihood; nil = it is none that needs to be turned
}

// threshold is the threshold in the system's own unit, a likelihood for those that give one.
func (r Row) threshold() string {
	switch {
	case math.IsNaN(r.Point.Threshold):
		return "-"
	case r.Scale != nil:
		return fmt.Sprintf("%.4f bits=%.2f", r.Scale.Likelihood(match.Bits(r.Point.Threshold)), match.Bits(r.Point.Threshold).Float())
	}
	return fmt.Sprintf("%.4f", r.Point.Threshold)
}

// Line is the row in the form that machines collect.
func (r Row) Line() string {
	s := fmt.Sprintf("bench match.%s system=%s measure=%s at=%s f1=%.4f precision=%.4f recall=%.4f threshold=%s n=%d true=%d fp=%d fn=%d",
		r.Set, r.System, r.Measure, r.At, r.Point.F1(), r.Point.Precision(), r.Point.Recall(), r.threshold(), r.N, r.Point.TP+r.Point.FN, r.Point.FP, r.Point.FN)
	if r.Interval {
		s += fmt.Sprintf(" f1_low=%.4f f1_high=%.4f", r.F1.Low, r.F1.High)
	}
	if r.Note != "" {
		s += " note=" + strings.ReplaceAll(r.Note, " ", "_")
	}
	return s
}

// Measure judges a run by its input's truth.
func Measure(r *Run) *Measured {
	set := strings.TrimSuffix(r.Input.A.Name, filepath.Ext(r.Input.A.Name))
	return MeasureAs(r, strings.ReplaceAll(strings.ToLower(set), " ", "_"), "dtks", r.Input.Truth)
}

// MeasureAs judges a run under a name, by any truth about its records. Pairs are ordered by their weight in bits, for
// likelihoods of very sure pairs are all alike.
func MeasureAs(r *Run, set, system string, t *quality.Truth) *Measured {
	pairs := make([]quality.Pair, len(r.Pairs))
	for i, p := range r.Pairs {
		pairs[i] = quality.Pair{A: p.A, B: p.B, Score: float64(p.Bits)}
	}
	one := float64(r.Model.Odds(r.Limits.One))
	m := &Measured{Set: set, Truth: t, Model: r.Model, Against: one}
	var curve *quality.Curve
	m.Rows, curve = Judge(t, pairs, one)
	clusters := t.Clusters(r.Clusters)
	clusters.Threshold = one
	m.Rows = append(m.Rows, Row{Measure: "clusters", At: "default", Point: clusters})
	for i := range m.Rows {
		row := &m.Rows[i]
		row.Set, row.System, row.N, row.Scale = set, system, int64(len(r.A)+len(r.B)), r.Model
	}
	m.Curve = curve.Points(12)
	m.Listed, _ = t.ListedCurve(pairs)
	return m
}

// Judge measures scored pairs at a threshold and at the best one.
func Judge(t *quality.Truth, pairs []quality.Pair, threshold float64) ([]Row, *quality.Curve) {
	curve := t.Curve(pairs)
	at, best := curve.At(threshold), curve.Best()
	at.Threshold = threshold
	return []Row{
		{Measure: "pairs", At: "default", Point: at, F1: t.F1Interval(pairs, threshold), Interval: true},
		{Measure: "pairs", At: "best", Point: best, F1: t.F1Interval(pairs, best.Threshold), Interval: true},
	}, curve
}

// Print writes the curve, thinned, and the lines.
func (m *Measured) Print(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "\ntruth            %s: %s pairs of one person, %s persons\n", m.Truth.Source, grouped(m.Truth.Pairs()), grouped(int64(m.Truth.Persons())))
	if m.Truth.Unknown > 0 {
		fmt.Fprintf(&b, "  - %d rows of the truth name records that are not there\n", m.Truth.Unknown)
	}
	fmt.Fprintf(&b, "%12s %9s %10s %10s %8s %22s %22s\n", "likelihood", "bits", "precision", "recall", "f1", "precision 95 %", "recall 95 %")
	for _, p := range m.Curve {
		pi, ri := p.PrecisionInterval(), p.RecallInterval()
		fmt.Fprintf(&b, "%12.6f %9.2f %10.4f %10.4f %8.4f %11.4f - %8.4f %11.4f - %8.4f\n", m.likelihood(p), match.Bits(p.Threshold).Float(), p.Precision(), p.Recall(), p.F1(), pi.Low, pi.High, ri.Low, ri.High)
	}
	if m.Listed != nil {
		at, best := m.Listed.At(m.Against), m.Listed.Best()
		fmt.Fprintf(&b, "over the listed pairs alone: f1 %.4f at %s, best %.4f at %.4f\n", at.F1(), short(m.Model.Likelihood(match.Bits(m.Against))), best.F1(), m.likelihood(best))
	}
	for _, r := range m.Rows {
		fmt.Fprintln(&b, r.Line())
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// likelihood is that of a point's threshold.
func (m *Measured) likelihood(p quality.Point) float64 {
	return m.Model.Likelihood(match.Bits(p.Threshold))
}
