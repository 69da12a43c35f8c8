// Package pmt scores a family's welfare from what can be seen and asked: a proxy means test.
//
// A model is a versioned file of whole numbers: the score is a constant plus one coefficient per variable, in fixed
// point (Scale parts of one unit of the logarithm of monthly spending per person). Only additions of int64 take place,
// so a score has the same bits on every machine, and the order of the variables does not matter.
//
// An answer that is missing is never zero: each variable states what counts in its place, and a family that has
// answered fewer than MinAnswered variables has no score at all.
package pmt

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"

	"dtks/pkg/fault"
	"dtks/pkg/regsosek"
	"dtks/services/eligibility/fact"
	"dtks/services/eligibility/rank"
)

// Variables that are not survey items but follow from the members.
const (
	VarSize      = "jumlah_anggota"    // number of members
	VarHeadLevel = "pendidikan_kepala" // school level code of the head; missing when there is no head
	VarHeadWork  = "pekerjaan_kepala"  // work status code of the head, 0 = does not work; missing when there is no head
)

// maxCoefficient keeps sums far from the limits of int64 and the range of scores small enough to count in memory.
const maxCoefficient = 1 << 20

// Model is a model file. It is immutable once loaded.
type Model struct {
	ID           string     `json:"id"`           // with its version, as decisions and releases name it
	Illustrative bool       `json:"illustrative"` // coefficients are not from a survey: not for real decisions
	Title        fault.Text `json:"title"`
	Source       string     `json:"source"`
	Instrument   string     `json:"instrument"`
	ValidFrom    string     `json:"valid_from"` // 2006-01-02
	Unit         string     `json:"unit"`
	Scale        int64      `json:"scale"` // parts of one unit in a coefficient of 1
	Base         int64      `json:"base"`
	MinAnswered  int        `json:"min_answered"`
	MissingRule  fault.Text `json:"missing_rule"`
	Variables    []Variable `json:"variables"`
	// Cutoffs are used until the first release: illustrative, so that a decile can be given at all.
	Cutoffs []int64 `json:"initial_cutoffs"`

	lo, hi int64
	steps  []step
}

// Variable is one term of the sum. Either Codes (a coefficient for each code) or Bands is given.
type Variable struct {
	Name    string           `json:"name"`
	Codes   map[string]int64 `json:"codes,omitempty"`
	Bands   []Band           `json:"bands,omitempty"` // by rising bound; the last has none
	Missing int64            `json:"missing"`         // in place of an answer that is missing or has no coefficient
}

// Band gives values up to and including UpTo one coefficient. Nil = all that are larger.
type Band struct {
	UpTo  *int64 `json:"up_to,omitempty"`
	Value int64  `json:"value"`
}

// step is a variable made ready: a table by code, or bands.
type step struct {
	variable int
	item     int     // index in fact, or one of the negative constants
	table    []int64 // by code; nil for bands
	known    []bool
	bands    []Band
	missing  int64
}

const (
	itemSize = -1 - iota
	itemHeadLevel
	itemHeadWork
)

var idForm = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

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
	for i := range m.Variables {
		s, err := m.Variables[i].ready(i)
		if err != nil {
			return nil, fmt.Errorf("variable %q: %w", m.Variables[i].Name, err)
		}
		lo, hi := s.bounds()
		m.lo, m.hi = m.lo+lo, m.hi+hi
		m.steps = append(m.steps, s)
	}
	if _, err := rank.NewCounter(m.lo, m.hi); err != nil {
		return nil, fmt.Errorf("model is too fine to be counted: %w", err)
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
	case m.Base < -maxCoefficient || m.Base > maxCoefficient:
		return errors.New("base is out of bounds")
	case len(m.Variables) == 0 || len(m.Variables) > 200:
		return errors.New("model has no variables, or more than 200")
	case m.MinAnswered < 1 || m.MinAnswered > len(m.Variables):
		return errors.New("min_answered is not between 1 and the number of variables")
	}
	seen := map[string]bool{}
	for _, v := range m.Variables {
		if seen[v.Name] {
			return fmt.Errorf("variable %q occurs twice", v.Name)
		}
		seen[v.Name] = true
	}
	if _, err := rank.ParseCutoffs(m.Cutoffs); err != nil {
		return fmt.Errorf("initial cut-offs: %w", err)
	}
	m.lo, m.hi = m.Base, m.Base
	return nil
}

// Range gives the smallest and the largest score that the model can give.
func (m *Model) Range() (lo, hi int64) { return m.lo, m.hi }

// InitialCutoffs are the cut-offs used until the first release.
func (m *Model) InitialCutoffs() rank.Cutoffs {
	c, _ := rank.ParseCutoffs(m.Cutoffs) // checked by Load
	return c
}

// Score is the family's score: lower is poorer. It is false when too few variables are answered.
func (m *Model) Score(f *fact.Family) (int64, bool) {
	score, answered := m.Base, 0
	head := f.Head()
	for i := range m.steps {
		s := &m.steps[i]
		if value, ok := s.value(f, head); ok {
			score += value
			answered++
		} else {
			score += s.missing
		}
	}
	return score, answered >= m.MinAnswered
}

// Contribution is what one variable adds to a score.
type Contribution struct {
	Variable string
	Value    int64
	Missing  bool // the answer is missing: Value is what the model states for that
}

// Explain lists what each variable adds, in the order of the file; together with Base they sum to the score.
func (m *Model) Explain(f *fact.Family) []Contribution {
	out := make([]Contribution, 0, len(m.steps))
	head := f.Head()
	for i := range m.steps {
		s := &m.steps[i]
		value, ok := s.value(f, head)
		if !ok {
			value = s.missing
		}
		out = append(out, Contribution{m.Variables[s.variable].Name, value, !ok})
	}
	return out
}
