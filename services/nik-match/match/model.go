package match

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"

	"dtks/services/nik-match/match/canon"
)

// Model is everything that turns findings into a likelihood: one version, in one file, with where it came from.
type Model struct {
	Version     string       `json:"version"`
	Source      Source       `json:"source"`
	Lists       string       `json:"lists"` // "indonesia" or "none": what the records were read with
	Fields      []FieldModel `json:"fields"`
	Prior       Prior        `json:"prior"`
	Calibration Calibration  `json:"calibration"`
	Costs       Costs        `json:"costs"`

	lists   canon.Lists
	weights []weights // of Fields
	prior   Bits      // log2 of the prior odds of one person against strangers
	kin     Bits      // log2 of the prior odds of relatives against strangers
}

// Source says what a model was estimated from.
type Source struct {
	Data    string `json:"data"`    // which records
	Records int    `json:"records"` // how many
	Method  string `json:"method"`
	Note    string `json:"note,omitempty"`
}

// FieldModel holds the probabilities of every finding of one field.
type FieldModel struct {
	Field
	M        map[string]float64 `json:"m"`                  // between two records of one person
	U        map[string]float64 `json:"u"`                  // between records of strangers
	Relative map[string]float64 `json:"relative,omitempty"` // between relatives of one household; none = as strangers
	Namesake float64            `json:"namesake,omitempty"` // how often relatives agree on the whole, given that they agree on its parts; 0 = as often
	// Floor is how often the strangers in question agree on the whole field at the least, whatever its value: full
	// agreement then counts for no more than that. 0 = no floor.
	Floor float64 `json:"floor,omitempty"`
	// Other is how often one person's two records have wholly different values here, by one event: moved, married,
	// entered by another name. However much disagrees, that is the least it may weigh. 0 = no bound.
	Other float64 `json:"other,omitempty"`
	Frequencies
}

// Frequencies are the shares of records that carry a value, or a token of a name.
type Frequencies struct {
	Share  map[string]float64 `json:"share,omitempty"` // by canonical value or token, the frequent ones
	Unseen float64            `json:"unseen"`          // of every other
}

// Of gives the share of one value.
func (f *Frequencies) Of(value string) float64 {
	if s, ok := f.Share[value]; ok {
		return s
	}
	return f.Unseen
}

// Prior is how often two records that are compared are of one person or of one household, before anything is compared.
type Prior struct {
	Match    float64 `json:"match"`
	Relative float64 `json:"relative"`
}

// Calibration turns the log odds of the model into those that were observed on labelled pairs: the fields are not
// independent, so that uncalibrated odds are too sure of themselves.
type Calibration struct {
	Slope     float64 `json:"slope"`     // 1 = as computed
	Intercept float64 `json:"intercept"` // natural log odds
}

// Costs are stated, not estimated; the limits of the outcomes follow from them. Their unit cancels out.
type Costs struct {
	FalseMatch   float64 `json:"false_match"`   // two people taken for one
	FalseRefusal float64 `json:"false_refusal"` // one person taken for two
	Review       float64 `json:"review"`        // a person looks
}

// Limits gives the likelihood from which a pair is padan and the one below which it is tidak padan. In between, looking
// costs less than what is to be expected from either error. Where looking never pays the two are equal.
func (c Costs) Limits() (padan, tidak float64) {
	padan, tidak = 1-c.Review/c.FalseMatch, c.Review/c.FalseRefusal
	if tidak >= padan {
		even := c.FalseMatch / (c.FalseMatch + c.FalseRefusal)
		return even, even
	}
	return padan, tidak
}

// weights are the probabilities of one field as bits.
type weights struct {
	kind     Kind
	m        []Bits    // log2 m
	u        []Bits    // -log2 u of the finding in general
	kin      []Bits    // log2 of the probability between relatives
	uShare   []float64 // u as a share
	any      bool      // whether relatives differ from strangers
	namesake Bits      // log2 of Namesake
	most     Bits      // the most that the field may weigh
	least    Bits      // and the least
}

// log2 gives a probability in bits; what was never seen counts as one in a thousand million.
func log2(p float64) Bits { return Bits(math.Round(math.Log2(max(p, 1e-9)) * float64(Bit))) }

// prepare computes what comparing needs. It must be called after every change of the model.
func (m *Model) prepare() error {
	if m.Lists == "indonesia" {
		m.lists = canon.Indonesia()
	}
	m.weights = make([]weights, len(m.Fields))
	for i := range m.Fields {
		w, err := m.Fields[i].prepare()
		if err != nil {
			return err
		}
		m.weights[i] = w
	}
	c := m.Costs
	switch {
	case m.Prior.Match <= 0 || m.Prior.Relative < 0 || m.Prior.Match+m.Prior.Relative >= 1:
		return fmt.Errorf("match model: prior out of range")
	case m.Calibration.Slope <= 0:
		return fmt.Errorf("match model: calibration slope must be above 0, or more agreement would count less")
	case c.Review <= 0 || c.FalseMatch <= c.Review || c.FalseRefusal <= c.Review:
		return fmt.Errorf("match model: a review must cost more than nothing and less than an error")
	}
	strangers := 1 - m.Prior.Match - m.Prior.Relative
	m.prior = log2odds(m.Prior.Match, strangers)
	m.kin = log2odds(max(m.Prior.Relative, 1e-12), strangers)
	return nil
}

func log2odds(p, q float64) Bits { return Bits(math.Round(math.Log2(p/q) * float64(Bit))) }

func (f *FieldModel) prepare() (weights, error) {
	names, ok := findings[f.Kind]
	if !ok {
		return weights{}, fmt.Errorf("match model: field %q has the unknown kind %q", f.Name, f.Kind)
	}
	if f.Unseen <= 0 || f.Unseen > 1 {
		return weights{}, fmt.Errorf("match model: field %q: unseen must be a share above 0", f.Name)
	}
	w := weights{kind: f.Kind, m: make([]Bits, len(names)), u: make([]Bits, len(names)), kin: make([]Bits, len(names)), uShare: make([]float64, len(names)), any: len(f.Relative) > 0}
	w.most = 1000 * Bit // no bound
	w.least = -1000 * Bit
	if f.Other > 0 {
		w.least = min(0, log2(f.Other))
	}
	if f.Floor > 0 {
		w.most = -log2(f.Floor)
	}
	if f.Namesake > 0 {
		w.namesake = min(0, log2(f.Namesake))
	}
	for i, name := range names {
		m, okM := f.M[name]
		u, okU := f.U[name]
		if !okM || !okU || !(m > 0 && m <= 1) || !(u > 0 && u <= 1) {
			return weights{}, fmt.Errorf("match model: field %q: m and u of %q must be above 0 and at most 1", f.Name, name)
		}
		kin, ok := f.Relative[name]
		if !ok {
			kin = u
		}
		w.m[i], w.u[i], w.uShare[i] = log2(m), -log2(u), u
		// Agreement must never say "relatives" more than "one person", or agreeing more would lower the likelihood.
		if w.kin[i] = log2(kin); i < len(names)-1 && !w.against(finding(i)) {
			w.kin[i] = min(w.kin[i], w.m[i])
		} else {
			w.kin[i] = max(w.kin[i], w.m[i])
		}
	}
	return w, f.check(names)
}

// check refuses what contradicts itself, apart from M and U of the findings.
func (f *FieldModel) check(names []string) error {
	for _, p := range []map[string]float64{f.M, f.U, f.Relative} {
		for name := range p {
			if !slices.Contains(names, name) {
				return fmt.Errorf("match model: field %q: %q is no finding of kind %q", f.Name, name, f.Kind)
			}
		}
	}
	for _, p := range []map[string]float64{f.Relative, f.Share} {
		for _, share := range p {
			if !(share > 0 && share <= 1) {
				return fmt.Errorf("match model: field %q: shares must be above 0 and at most 1", f.Name)
			}
		}
	}
	for _, share := range []float64{f.Namesake, f.Floor, f.Other} {
		if !(share >= 0 && share <= 1) {
			return fmt.Errorf("match model: field %q: namesake, floor and other must lie between 0 and 1", f.Name)
		}
	}
	return nil
}

// Parse reads a model file and refuses one that contradicts itself.
func Parse(text []byte) (*Model, error) {
	var m Model
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, fmt.Errorf("match model: %w", err)
	}
	if len(m.Fields) == 0 {
		return nil, fmt.Errorf("match model: no fields")
	}
	if m.Lists != "indonesia" && m.Lists != "none" && m.Lists != "" {
		return nil, fmt.Errorf("match model: unknown lists %q", m.Lists)
	}
	seen := map[string]bool{}
	for _, f := range m.Fields {
		if f.Name == "" || seen[f.Name] {
			return nil, fmt.Errorf("match model: every field must have a name of its own")
		}
		seen[f.Name] = true
	}
	return &m, m.prepare()
}

// Reader returns the reader that the model's records must be read with.
func (m *Model) Reader() *Reader { return NewReader(m.Schema(), m.lists) }

// Schema lists the fields.
func (m *Model) Schema() []Field {
	out := make([]Field, len(m.Fields))
	for i, f := range m.Fields {
		out[i] = f.Field
	}
	return out
}

// clone copies a model so that learning leaves the original alone.
func (m *Model) clone() *Model {
	c := *m
	c.Fields = slices.Clone(m.Fields)
	for i, f := range c.Fields {
		c.Fields[i].M, c.Fields[i].U, c.Fields[i].Relative = maps.Clone(f.M), maps.Clone(f.U), maps.Clone(f.Relative)
		c.Fields[i].Share = maps.Clone(f.Share)
	}
	return &c
}
