package rules

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"dtks/pkg/event"
	"dtks/pkg/fault"
)

var (
	idForm   = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	codeForm = regexp.MustCompile(`^[a-z0-9]+(_[a-z0-9]+)*$`)
	areaForm = regexp.MustCompile(`^[1-9][0-9](\.[0-9]{2}(\.[0-9]{2}(\.[0-9]{4})?)?)?$`)
)

// Load reads a rule set, compiles it and runs its cases. What it refers to need not be there: its cases state the
// outcomes of other sets.
func Load(file []byte) (*Set, error) {
	dec := json.NewDecoder(bytes.NewReader(file))
	dec.DisallowUnknownFields()
	s := new(Set)
	if err := dec.Decode(s); err != nil {
		return nil, fmt.Errorf("decoding rule set: %w", err)
	}
	if dec.More() {
		return nil, errors.New("rule set goes on after its end")
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	if err := s.compile(); err != nil {
		return nil, err
	}
	alone := NewSets()
	alone.put(s)
	for i := range s.Cases {
		if err := s.runCase(&s.Cases[i], len(alone.expressions)); err != nil {
			return nil, fmt.Errorf("case %q: %w", s.Cases[i].Name, err)
		}
	}
	return s, nil
}

func (s *Set) check() error {
	var err error
	if s.from, err = parseDay(s.ValidFrom); err != nil {
		return fmt.Errorf("valid_from: %w", err)
	}
	s.to = never
	if s.ValidTo != "" {
		if s.to, err = parseDay(s.ValidTo); err != nil {
			return fmt.Errorf("valid_to: %w", err)
		}
	}
	switch {
	case !idForm.MatchString(s.ID) || len(s.ID) > 64:
		return errors.New("id is not lower-case words joined by hyphens")
	case !idForm.MatchString(s.Programme) || len(s.Programme) > 32:
		return errors.New("programme is not lower-case words joined by hyphens")
	case s.Kind != Programme && s.Kind != Criteria:
		return errors.New("kind is neither programme nor criteria")
	case s.Unit != Family && s.Unit != Person:
		return errors.New("unit is neither family nor person")
	case s.Title.ID == "" || s.Title.EN == "" || s.Source == "":
		return errors.New("title or source is missing")
	case s.to < s.from:
		return errors.New("valid_to is before valid_from")
	case len(s.Clauses) == 0 || len(s.Clauses) > 64 || len(s.Components) > 32:
		return errors.New("a rule set has 1 to 64 clauses and at most 32 components")
	case len(s.Cases) == 0:
		return errors.New("a rule set without test cases is not loaded")
	}
	if err := s.checkAreas(); err != nil {
		return err
	}
	for i := range s.Clauses {
		if err := s.checkClause(i); err != nil {
			return fmt.Errorf("clause %d %w", i+1, err)
		}
	}
	if err := s.checkTexts(); err != nil {
		return err
	}
	for i := range s.Cases {
		if s.Unit == Family && s.Cases[i].Reasons == nil {
			return fmt.Errorf("case %q does not say the reasons", s.Cases[i].Name)
		}
	}
	if s.Kind == Criteria {
		return s.checkCriteria()
	}
	return s.checkAmounts()
}

func (s *Set) checkClause(i int) error {
	c := &s.Clauses[i]
	for _, r := range []Reason{c.Holds, c.Fails.Reason, c.Missing} {
		if !codeForm.MatchString(r.Code) || len(r.Code) > 64 || r.Text.ID == "" || r.Text.EN == "" {
			return errors.New("has a reason without code or text")
		}
	}
	for j := range i {
		if s.Clauses[j].Holds.Code == c.Holds.Code {
			return fmt.Errorf("says %s when it holds, as clause %d does", c.Holds.Code, j+1)
		}
	}
	switch {
	case c.Source == "":
		return errors.New("has no source")
	case s.Kind == Criteria && c.Gate:
		return errors.New("is a gate, and criteria have none")
	case s.Kind == Programme && c.Fails.Outcome != event.NotEntitled && c.Fails.Outcome != event.Undetermined:
		return errors.New("has no outcome for when it fails")
	}
	return nil
}

func (s *Set) checkAreas() error {
	for i, a := range s.Areas {
		switch {
		case !areaForm.MatchString(a):
			return fmt.Errorf("area %q is no code of a province, regency, district or village", a)
		case slices.Contains(s.Areas[:i], a):
			return fmt.Errorf("area %s is there twice", a)
		}
	}
	for i := range s.Cases {
		if a := s.Cases[i].Area; a != "" && !areaForm.MatchString(a) {
			return fmt.Errorf("case %q: area %q is no code of a province, regency, district or village", s.Cases[i].Name, a)
		}
	}
	return nil
}

// checkTexts: a citizen is told the text that Text finds for a code, so that a code has one.
func (s *Set) checkTexts() error {
	said := map[string]fault.Text{}
	reasons := slices.Clone(ownReasons)
	for i := range s.Clauses {
		c := &s.Clauses[i]
		reasons = append(reasons, c.Holds, c.Fails.Reason, c.Missing)
	}
	for i := range s.Components {
		reasons = append(reasons, Reason{s.Components[i].Code, s.Components[i].Text})
	}
	for _, r := range reasons {
		if text, ok := said[r.Code]; ok && text != r.Text {
			return fmt.Errorf("code %s has two texts: %q and %q", r.Code, text.ID, r.Text.ID)
		}
		said[r.Code] = r.Text
	}
	return nil
}

func (s *Set) checkCriteria() error {
	switch {
	case s.Met == nil || s.Met.AtLeast < 0 || s.Met.AtLeast == 0 && len(s.Met.AnyOf) == 0:
		return errors.New("criteria do not say when they are met")
	case s.Met.AtLeast > len(s.Clauses):
		return errors.New("criteria are met with more clauses than there are")
	case s.Met.Source == "":
		return errors.New("met has no source")
	case s.Amount != 0 || s.Payments != 0 || len(s.Components) > 0 || s.MaxComponents != 0:
		return errors.New("criteria pay nothing")
	}
	for _, code := range s.Met.AnyOf {
		if !slices.ContainsFunc(s.Clauses, func(c Clause) bool { return c.Holds.Code == code }) {
			return fmt.Errorf("met names %s, which no clause says when it holds", code)
		}
	}
	return nil
}

// maxAmount bounds what one line can pay: a trillion rupiah a year, far below where sums of them would overflow.
const maxAmount = 1_000_000_000_000

func (s *Set) checkAmounts() error {
	switch {
	case s.Met != nil:
		return errors.New("only criteria have met")
	case s.Payments < 0 || s.Payments > 366:
		return errors.New("payments is not a number of times a year")
	case s.Amount < 0 || s.Amount > maxAmount:
		return errors.New("amount makes no sense")
	case s.Unit == Family && (s.MaxComponents < 0 || (len(s.Components) > 0) != (s.MaxComponents > 0)):
		return errors.New("max_components makes no sense")
	case s.Unit == Person && s.MaxComponents != 0:
		return errors.New("max_components is for sets by family")
	}
	for i := range s.Components {
		c := &s.Components[i]
		if !codeForm.MatchString(c.Code) || c.Text.ID == "" || c.Text.EN == "" || c.Source == "" || c.Amount <= 0 || c.Amount > maxAmount {
			return fmt.Errorf("component %d lacks code, text, source or amount", i+1)
		}
		if (s.Unit == Family) != (c.Limit > 0) {
			return fmt.Errorf("component %q: a limit is for sets by family, and they need one", c.Code)
		}
		if slices.ContainsFunc(s.Components[:i], func(o Component) bool { return o.Code == c.Code }) {
			return fmt.Errorf("component %q is there twice", c.Code)
		}
	}
	return nil
}

// covers gives how closely the set is made for an area: the length of the longest of its codes that the area lies in,
// 0 when it is for everywhere, -1 when it is not for that area.
func (s *Set) covers(area string) int {
	if len(s.Areas) == 0 {
		return 0
	}
	longest := -1
	for _, a := range s.Areas {
		if len(a) > longest && (a == area || strings.HasPrefix(area, a) && area[len(a)] == '.') {
			longest = len(a)
		}
	}
	return longest
}

func parseDay(s string) (int32, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || t.Year() < 1000 {
		return 0, errors.New("not a date like 2006-01-02")
	}
	return Day(t), nil
}

// Day writes the date of t, in its own zone, as yyyymmdd.
func Day(t time.Time) int32 {
	y, m, d := t.Date()
	return int32(y*10000 + int(m)*100 + d)
}
