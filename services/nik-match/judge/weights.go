package judge

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"dtks/pkg/event"
	"dtks/services/nik-match/match"
)

// Weights are one version of what each finding says, with the costs that the limits of the outcomes follow from.
type Weights struct {
	Version  string      `json:"version"`
	Note     string      `json:"note"`  // what m and u are and where they come from
	Prior    float64     `json:"prior"` // share of records that bear their own person's NIK, before any evidence
	WhyPrior string      `json:"why_prior"`
	Costs    match.Costs `json:"costs"`
	WhyCosts string      `json:"why_costs"`
	Evidence []Evidence  `json:"evidence"`
}

// Evidence is what can be found about one field, or in the service's own records.
type Evidence struct {
	Field    string    `json:"field"`
	Findings []Finding `json:"findings"`
}

// Finding is one thing that can be found, most agreement first where there is a similarity.
type Finding struct {
	Finding string  `json:"finding"`        // reason code
	From    *int    `json:"from,omitempty"` // least similarity, 0..100; none = no similarity
	M       float64 `json:"m"`              // share among records of the person, above 0
	U       float64 `json:"u"`              // share among records of somebody else, above 0
	ID      string  `json:"id"`             // one sentence, Indonesian
	EN      string  `json:"en"`
	Why     string  `json:"why"`
}

// Bits is the weight of the finding.
func (f Finding) Bits() float64 { return bits(f.M / f.U) }

// bits rounds to 1/256, so that sums are exact whatever their order.
func bits(odds float64) float64 { return math.Round(256*math.Log2(odds)) / 256 }

//go:embed weights.json
var standardWeights []byte

// StandardWeights returns those that come with the program.
func StandardWeights() Weights {
	w, err := ParseWeights(standardWeights)
	if err != nil {
		panic(err) // embedded, and covered by a test
	}
	return w
}

// ParseWeights reads weights and refuses any that contradict themselves.
func ParseWeights(text []byte) (Weights, error) {
	var w Weights
	if err := json.Unmarshal(text, &w); err != nil {
		return w, fmt.Errorf("match weights: %w", err)
	}
	c := w.Costs
	if w.Version == "" || !(w.Prior > 0 && w.Prior < 1) || c.Review <= 0 || c.FalseMatch <= c.Review || c.FalseRefusal <= c.Review {
		return w, fmt.Errorf("match weights: version is empty, prior is no share, or a review does not cost less than an error")
	}
	for _, e := range w.Evidence {
		if err := e.check(); err != nil {
			return w, err
		}
	}
	for _, field := range Names() {
		if !slices.ContainsFunc(w.Evidence, func(e Evidence) bool { return e.Field == field }) {
			return w, fmt.Errorf("match weights: nothing is said of %s", field)
		}
	}
	return w, nil
}

// check refuses shares that are none, bands out of order, and a band of more similarity that weighs less.
func (e Evidence) check() error {
	for i, f := range e.Findings {
		if f.Finding == "" || f.ID == "" || f.EN == "" || !(f.M > 0 && f.M <= 1) || !(f.U > 0 && f.U <= 1) {
			return fmt.Errorf("match weights: %s: finding %d does not hold", e.Field, i)
		}
		if (f.From == nil) != (e.Findings[0].From == nil) {
			return fmt.Errorf("match weights: %s: bands and words are mixed", e.Field)
		}
		if i > 0 && f.From != nil && (*f.From >= *e.Findings[i-1].From || f.Bits() > e.Findings[i-1].Bits()) {
			return fmt.Errorf("match weights: %s: bands must fall, in similarity and in weight", e.Field)
		}
	}
	if last := len(e.Findings) - 1; last < 0 || e.Findings[last].From != nil && *e.Findings[last].From != 0 {
		return fmt.Errorf("match weights: %s: the last band must begin at 0", e.Field)
	}
	return nil
}

// Of gives a finding of a field; ok is false where the weights do not know it.
func (w Weights) Of(field, finding string) (f Finding, ok bool) {
	for _, e := range w.Evidence {
		if e.Field != field {
			continue
		}
		for _, f := range e.Findings {
			if f.Finding == finding {
				return f, true
			}
		}
	}
	return Finding{}, false
}

// banded reports whether a field's findings are bands of similarity.
func (w Weights) banded(field string) bool {
	for _, e := range w.Evidence {
		if e.Field == field {
			return e.Findings[0].From != nil
		}
	}
	return false
}

// band is the finding of a similarity. Where Dukcapil gives none, the word stands for the least similarity that fits it:
// agree where it says Sesuai, 0 where it does not.
func (w Weights) band(field string, similarity *int, said bool, agree int) string {
	least := 0
	switch {
	case similarity != nil:
		least = *similarity
	case said:
		least = agree
	}
	for _, e := range w.Evidence {
		if e.Field != field {
			continue
		}
		for _, f := range e.Findings {
			if least >= *f.From {
				return f.Finding
			}
		}
	}
	return ""
}

// weigh adds lines of evidence up. The lines are those of findings that the weights know, in their order.
func (w Weights) weigh(found map[string]string) (lines []event.WeighedFinding, prior, likelihood float64) {
	prior = bits(w.Prior / (1 - w.Prior))
	sum := prior
	for _, e := range w.Evidence {
		if f, ok := w.Of(e.Field, found[e.Field]); ok {
			lines = append(lines, event.WeighedFinding{Field: e.Field, Finding: f.Finding, Bits: f.Bits()})
			sum += f.Bits()
		}
	}
	return lines, prior, 1 / (1 + math.Exp2(-sum))
}

// outcome is what a likelihood leads to.
func (w Weights) outcome(likelihood float64) event.Verdict {
	padan, tidak := w.Costs.Limits()
	switch {
	case likelihood >= padan:
		return event.Padan
	case likelihood < tidak:
		return event.TidakPadan
	}
	return event.PerluTinjau
}
