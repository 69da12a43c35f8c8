package pmt

import (
	"dtks/services/eligibility/fact"
)

// outside is the place of the part for a family that lives where the model may not be used.
const outside = -1

// partOf finds the part for an area: that of the longest code, else the main one.
func (m *Model) partOf(area string) int {
	if !m.covers(area) {
		return outside
	}
	for _, n := range [...]int{5, 2} { // 32.04, 32
		if len(area) >= n && len(m.region) > 0 {
			if at, ok := m.region[area[:n]]; ok {
				return at
			}
		}
	}
	return 0
}

func (m *Model) covers(area string) bool {
	for _, a := range m.Areas {
		if len(area) >= len(a) && area[:len(a)] == a && (len(area) == len(a) || area[len(a)] == '.') {
			return true
		}
	}
	return len(m.Areas) == 0
}

// Score is the family's score: lower is poorer. area is the village it lives in, day the day of its event as yyyymmdd,
// on which ages are taken. It is false when too few variables are answered, one that is required is missing, or the
// model may not be used in the area.
func (m *Model) Score(f *fact.Family, area string, day int32) (int64, bool) {
	at := m.partOf(area)
	if at == outside {
		return 0, false
	}
	p := &m.parts[at]
	d := derive(f, day)
	sum := p.base
	for i := range p.steps {
		s := &p.steps[i]
		sum += s.at(s.from.value(f, &d))
	}
	answered, score := unpack(sum)
	return score, answered >= p.least
}

// Contribution is what one variable adds to a score.
type Contribution struct {
	Variable string
	Value    int64
	Missing  bool // the answer is missing: Value is what the model states for that
}

// Explain lists what each variable adds, in the order of the file; together with Base they sum to the score. Nil where
// the model may not be used.
func (m *Model) Explain(f *fact.Family, area string, day int32) []Contribution {
	at := m.partOf(area)
	if at == outside {
		return nil
	}
	p := &m.parts[at]
	d := derive(f, day)
	out := make([]Contribution, len(p.steps))
	for i := range p.steps {
		s := &p.steps[i]
		answered, value := unpack(s.at(s.from.value(f, &d)))
		out[i] = Contribution{s.from.name, value, answered <= 0}
	}
	return out
}

// BaseIn is the base of the sum in an area; 0 where the model may not be used.
func (m *Model) BaseIn(area string) int64 {
	if at := m.partOf(area); at != outside {
		return m.parts[at].base
	}
	return 0
}
