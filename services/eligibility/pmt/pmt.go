// Package pmt scores a family's welfare from what can be seen and asked: a proxy means test.
//
// A model is a versioned file of whole numbers. The score is a base plus one value per variable, in fixed point: Scale
// parts of the model's unit, mostly of the natural logarithm of monthly spending per person. Lower is poorer.
//
// # The same bits on every machine
//
// Scoring knows no floating point. A variable's value is looked up (codes, bands) or follows from whole numbers by
// multiplication and one division that rounds down, also below zero (linear, points, per member). Values are added as
// int64; bounds that Load checks keep every product and sum in range, so that the order of adding does not matter.
// Logarithms are tables of whole numbers: they were taken, and coefficients rounded to the nearest whole number, halves
// away from zero, when the model was fitted (package fit), never since.
//
// # What is missing
//
// An answer that is missing is never zero by silence: each variable states what counts in its place, or that there is
// no score without it, and a family that has answered fewer than MinAnswered variables has no score at all.
//
// # Regional models
//
// One file holds all parts of one version: the main part, and parts for provinces or regencies. The longest area code
// that a family lives in wins.
package pmt

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"regexp"
	"time"

	"dtks/pkg/fault"
	"dtks/pkg/regsosek"
)

// Model is a model file. It is immutable once loaded.
type Model struct {
	ID           string     `json:"id"`           // with its version, as decisions and releases name it
	Illustrative bool       `json:"illustrative"` // not from a survey of real families: not for real decisions
	Title        fault.Text `json:"title"`
	Source       string     `json:"source"`
	Instrument   string     `json:"instrument"`
	ValidFrom    string     `json:"valid_from"`         // first day, 2006-01-02
	ValidTo      string     `json:"valid_to,omitempty"` // last day; empty = until it is replaced
	Areas        []string   `json:"areas,omitempty"`    // where it may be used: any area codes; empty = everywhere
	Unit         string     `json:"unit"`
	Scale        int64      `json:"scale"` // parts of one unit in a value of 1
	MissingRule  fault.Text `json:"missing_rule"`
	Part                    // where no region fits
	Regions      []Region   `json:"regions,omitempty"`
	// Cutoffs are used until the first release: illustrative, so that a decile can be given at all.
	Cutoffs []int64 `json:"initial_cutoffs"`

	lo, hi int64
	parts  []part         // the main part, then Regions in their order
	region map[string]int // place in parts by area code
}

// Part is one sum: of a whole model, or of a region.
type Part struct {
	Base        int64      `json:"base"`
	MinAnswered int        `json:"min_answered"`
	Variables   []Variable `json:"variables"`
}

// Region is the part for one province or regency.
type Region struct {
	Area string `json:"area"`
	Part
}

// part is a Part made ready.
type part struct {
	base  int64
	least int64 // MinAnswered
	steps []step
}

// Bounds of what a file may hold. Sums of maxVariables values stay far within int64 (see step.table).
const (
	maxValue     = math.MaxInt32
	maxVariables = 200
	maxRegions   = 600
)

var (
	idForm     = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	areaForm   = regexp.MustCompile(`^\d\d(\.\d\d(\.\d\d(\.\d{4})?)?)?$`)
	regionForm = regexp.MustCompile(`^\d\d(\.\d\d)?$`)
)

// ValidID reports whether a model may have the id: words of small letters and digits, joined by hyphens.
func ValidID(id string) bool { return idForm.MatchString(id) }

// Load reads a model file and refuses one that is incomplete, unknown to the instrument or out of bounds.
func Load(file []byte) (*Model, error) {
	dec := json.NewDecoder(bytes.NewReader(file))
	dec.DisallowUnknownFields()
	m := new(Model)
	if err := dec.Decode(m); err != nil {
		return nil, fmt.Errorf("decoding model: %w", err)
	}
	if dec.More() {
		return nil, errors.New("model file goes on after its end")
	}
	if err := m.check(); err != nil {
		return nil, err
	}
	m.lo, m.hi, m.region = math.MaxInt64, math.MinInt64, map[string]int{}
	if err := m.add(&m.Part); err != nil {
		return nil, err
	}
	for i := range m.Regions {
		r := &m.Regions[i]
		if _, taken := m.region[r.Area]; taken || !regionForm.MatchString(r.Area) {
			return nil, fmt.Errorf("region %q is no province or regency, or occurs twice", r.Area)
		}
		m.region[r.Area] = len(m.parts)
		if err := m.add(&r.Part); err != nil {
			return nil, fmt.Errorf("region %s: %w", r.Area, err)
		}
	}
	// The smallest int32 is left free: it is NoScore.
	if m.lo <= math.MinInt32 || m.hi > math.MaxInt32 {
		return nil, errors.New("scores do not fit 32 bits")
	}
	return m, nil
}

func (m *Model) check() error {
	switch {
	case !idForm.MatchString(m.ID) || len(m.ID) > 64:
		return errors.New("model id is not lower-case words joined by hyphens")
	case m.Instrument != regsosek.Instrument:
		return fmt.Errorf("model is for another instrument than %s", regsosek.Instrument)
	case m.Title.ID == "" || m.Title.EN == "" || m.Source == "" || m.Unit == "":
		return errors.New("model lacks title, source or unit")
	case m.MissingRule.ID == "" || m.MissingRule.EN == "":
		return errors.New("model does not state what a missing answer counts")
	case m.Scale <= 0:
		return errors.New("model has no scale")
	case len(m.Regions) > maxRegions:
		return fmt.Errorf("model has more than %d regions", maxRegions)
	case len(m.Cutoffs) != len(m.InitialCutoffs()):
		return fmt.Errorf("initial cut-offs: %d bounds, want %d", len(m.Cutoffs), len(m.InitialCutoffs()))
	}
	for i := 1; i < len(m.Cutoffs); i++ {
		if m.Cutoffs[i] < m.Cutoffs[i-1] {
			return fmt.Errorf("initial cut-offs: bound %d is below bound %d", i+1, i)
		}
	}
	for _, area := range m.Areas {
		if !areaForm.MatchString(area) {
			return fmt.Errorf("area %q is no area code", area)
		}
	}
	return m.checkDays()
}

func (m *Model) checkDays() error {
	from, err := time.Parse(time.DateOnly, m.ValidFrom)
	if err != nil {
		return errors.New("valid_from is no date")
	}
	if m.ValidTo == "" {
		return nil
	}
	if to, err := time.Parse(time.DateOnly, m.ValidTo); err != nil || to.Before(from) {
		return errors.New("valid_to is no date from valid_from on")
	}
	return nil
}

// add makes a part ready and widens the range by it.
func (m *Model) add(p *Part) error {
	switch {
	case p.Base < -maxValue || p.Base > maxValue:
		return errors.New("base is out of bounds")
	case len(p.Variables) == 0 || len(p.Variables) > maxVariables:
		return fmt.Errorf("model has no variables, or more than %d", maxVariables)
	case p.MinAnswered < 1 || p.MinAnswered > len(p.Variables):
		return errors.New("min_answered is not between 1 and the number of variables")
	}
	ready := part{base: p.Base, least: int64(p.MinAnswered)}
	lo, hi := p.Base, p.Base
	seen := map[string]bool{}
	for i := range p.Variables {
		v := &p.Variables[i]
		if seen[v.Name] {
			return fmt.Errorf("variable %q occurs twice", v.Name)
		}
		seen[v.Name] = true
		s, err := v.ready()
		if err != nil {
			return fmt.Errorf("variable %q: %w", v.Name, err)
		}
		lo, hi = lo+s.lo, hi+s.hi
		ready.steps = append(ready.steps, s)
	}
	m.parts = append(m.parts, ready)
	m.lo, m.hi = min(m.lo, lo), max(m.hi, hi)
	return nil
}

// Range gives the smallest and the largest score that the model can give, in any area.
func (m *Model) Range() (lo, hi int64) { return m.lo, m.hi }

// InitialCutoffs are the upper bounds, inclusive, of deciles 1 to 9 that are used until the first release.
func (m *Model) InitialCutoffs() (c [9]int64) {
	copy(c[:], m.Cutoffs)
	return c
}

// InForce reports whether the model may be used on a day given as yyyymmdd.
func (m *Model) InForce(day int32) bool {
	return dayOf(m.ValidFrom) <= day && (m.ValidTo == "" || day <= dayOf(m.ValidTo))
}

// dayOf reads a date that Load has checked.
func dayOf(date string) int32 {
	t, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return 0
	}
	return int32(t.Year()*10000 + int(t.Month())*100 + t.Day())
}
