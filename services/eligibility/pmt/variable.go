package pmt

import (
	"errors"
	"fmt"
	"strconv"

	"dtks/pkg/regsosek"
	"dtks/services/eligibility/fact"
)

// members are the variables that follow from the members, with the codes they can take.
var members = map[string]struct{ item, low, high int }{
	VarSize:      {itemSize, 0, 500},
	VarHeadLevel: {itemHeadLevel, regsosek.SchoolLevel.Min, regsosek.SchoolLevel.Max},
	VarHeadWork:  {itemHeadWork, regsosek.Work.Min, regsosek.Work.Max},
}

func (v *Variable) ready(at int) (step, error) {
	s := step{variable: at, missing: v.Missing, bands: v.Bands}
	var low, high int
	if m, ok := members[v.Name]; ok {
		s.item, low, high = m.item, m.low, m.high
	} else {
		i, kept := fact.Index(v.Name)
		item, known := regsosek.Lookup(v.Name)
		if !kept || !known {
			return s, errors.New("no such item is kept")
		}
		s.item, low, high = i, item.Min, item.Max
	}
	if !within(v.Missing) {
		return s, errors.New("coefficient of a missing answer is out of bounds")
	}
	switch {
	case len(v.Codes) > 0 && len(v.Bands) == 0:
		return s, s.readCodes(v.Codes, low, high)
	case len(v.Bands) > 0 && len(v.Codes) == 0:
		return s, checkBands(v.Bands)
	}
	return s, errors.New("needs either codes or bands")
}

func (s *step) readCodes(codes map[string]int64, low, high int) error {
	s.table, s.known = make([]int64, high+1), make([]bool, high+1)
	for text, value := range codes {
		code, err := strconv.Atoi(text)
		if err != nil || code < low || code > high || strconv.Itoa(code) != text {
			return fmt.Errorf("code %q is not one of %d to %d", text, low, high)
		}
		if !within(value) {
			return fmt.Errorf("coefficient of code %d is out of bounds", code)
		}
		s.table[code], s.known[code] = value, true
	}
	return nil
}

func checkBands(bands []Band) error {
	for i, b := range bands {
		last := i == len(bands)-1
		if (b.UpTo == nil) != last {
			return errors.New("every band but the last has a bound")
		}
		if i > 0 && !last && *b.UpTo <= *bands[i-1].UpTo {
			return errors.New("bounds of bands do not rise")
		}
		if !within(b.Value) {
			return errors.New("coefficient of a band is out of bounds")
		}
	}
	return nil
}

func within(c int64) bool { return c >= -maxCoefficient && c <= maxCoefficient }

// bounds gives the smallest and largest value that the variable can add.
func (s *step) bounds() (lo, hi int64) {
	lo, hi = s.missing, s.missing
	for code, ok := range s.known {
		if ok {
			lo, hi = min(lo, s.table[code]), max(hi, s.table[code])
		}
	}
	for _, b := range s.bands {
		lo, hi = min(lo, b.Value), max(hi, b.Value)
	}
	return lo, hi
}

// value looks up the family's coefficient; false when the answer is missing or the file has none for it.
func (s *step) value(f *fact.Family, head *fact.Member) (int64, bool) {
	var code int
	switch {
	case s.item >= 0:
		code = int(f.Answers[s.item])
		if code == int(fact.Absent) {
			return 0, false
		}
	case s.item == itemSize:
		if code = len(f.Members); code == 0 {
			return 0, false
		}
	case head == nil:
		return 0, false
	case s.item == itemHeadLevel:
		code = int(head.Level)
	default:
		code = int(head.Work)
	}
	if s.table != nil {
		if code >= len(s.table) || !s.known[code] {
			return 0, false
		}
		return s.table[code], true
	}
	for i := range s.bands {
		if b := &s.bands[i]; b.UpTo == nil || int64(code) <= *b.UpTo {
			return b.Value, true
		}
	}
	return 0, false
}
