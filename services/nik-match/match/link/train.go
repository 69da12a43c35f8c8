package link

import (
	"context"
	"math"

	"dtks/services/nik-match/match"
)

// Train learns the standard model from records whose truth is known: weights without looking at the truth, as on any
// file, and only the calibration with it. same says whether two records are of one person.
func Train(ctx context.Context, records []match.Record, start *match.Model, same func(a, b int32) bool) (*match.Model, error) {
	r, err := Dedupe(ctx, records, start, Options{Learn: true, Floor: 1e-4})
	if err != nil {
		return nil, err
	}
	bits := make([]match.Bits, len(r.Pairs))
	labels := make([]bool, len(r.Pairs))
	for i, p := range r.Pairs {
		bits[i], labels[i] = p.Bits, same(p.A, p.B)
	}
	return r.Model.Frozen(Calibrate(bits, labels)), nil
}

// Calibrate fits likelihoods to what was true by logistic regression on the log odds (Platt), by Newton's method.
func Calibrate(bits []match.Bits, same []bool) match.Calibration {
	slope, intercept := 1.0, 0.0
	for range 50 {
		var g0, g1, h00, h01, h11 float64
		for i, b := range bits {
			x := b.Float() * math.Ln2
			p := 1 / (1 + math.Exp(-(slope*x + intercept)))
			y := 0.0
			if same[i] {
				y = 1
			}
			w := max(p*(1-p), 1e-9)
			g0, g1 = g0+y-p, g1+(y-p)*x
			h00, h01, h11 = h00+w, h01+w*x, h11+w*x*x
		}
		det := h00*h11 - h01*h01
		if det <= 0 {
			break
		}
		d0, d1 := (h11*g0-h01*g1)/det, (h00*g1-h01*g0)/det
		scale := min(1, 0.5/max(math.Abs(d1), 1e-12)) // a step too long would throw the curve off all points
		intercept, slope = intercept+scale*d0, max(0.05, slope+scale*d1)
		if math.Abs(d0)+math.Abs(d1) < 1e-9 {
			break
		}
	}
	return match.Calibration{Slope: slope, Intercept: intercept}
}
