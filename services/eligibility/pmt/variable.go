package pmt

import (
	"errors"
	"fmt"
	"math"
	"strconv"
)

// Variable is one term of the sum: where its number comes from (Name, see Domain), how it is turned into a value (one of
// Codes, Bands, Linear, Points), and what counts where it is missing (one of Missing, Required).
type Variable struct {
	Name     string           `json:"name"`
	Codes    map[string]int64 `json:"codes,omitempty"`  // a value for each code; a code without one counts as missing
	Bands    []Band           `json:"bands,omitempty"`  // by rising bound; the last has none
	Linear   *Linear          `json:"linear,omitempty"` // Coefficient times the number, divided by Per
	Points   []Point          `json:"points,omitempty"` // a curve, such as a logarithm, through these points
	Missing  *int64           `json:"missing,omitempty"`
	Required bool             `json:"required,omitempty"` // a family that lacks it has no score
}

// Band gives numbers up to and including UpTo one value. Nil = all that are larger.
type Band struct {
	UpTo  *int64 `json:"up_to,omitempty"`
	Value int64  `json:"value"`
}

// Linear is Coefficient × number ÷ Per, rounded down. A number below Min or above Max counts as that bound.
type Linear struct {
	Coefficient int64  `json:"coefficient"`
	Per         int64  `json:"per"`
	Min         *int64 `json:"min,omitempty"`
	Max         *int64 `json:"max,omitempty"`
}

// Point is a number and its value. Between two points values follow the straight line, rounded down; before the first and
// after the last they stay.
type Point struct {
	At    int64 `json:"at"`
	Value int64 `json:"value"`
}

// step is a variable made ready.
type step struct {
	from source
	// table holds, for number x, at x+1 the value and the mark answered: one addition sums both. At 0 is what a missing
	// number counts. Numbers beyond the table have its last value, or where they are too many, that of curve.
	table  []int64
	curve  func(x int64) (int64, bool)
	lo, hi int64 // bounds of the value
}

// answered is added to a value that was answered. Values and their sums stay within 2^39 on either side of zero: 200 of at
// most 2^31, and a base; so the number of answers can be kept above them.
const answered = int64(1) << 40

// lacking takes away more answers than there can be.
const lacking = -1000 * answered

// unpack parts a sum into the number of answers and the sum of values.
func unpack(sum int64) (answers, value int64) {
	answers = (sum + answered/2) >> 40
	return answers, sum - answers*answered
}

// at is the packed value of a number.
func (s *step) at(x int32) int64 {
	if i := int(x) + 1; uint(i) < uint(len(s.table)) {
		return s.table[i]
	}
	switch {
	case x < 0 || x > s.from.high:
		return s.table[0]
	case s.curve == nil:
		return s.table[len(s.table)-1]
	}
	value, _ := s.curve(int64(x))
	return answered + value
}

// tabled is how many numbers a table may hold: all codes, ages, percentages and square metres. Amounts go the long way.
const tabled = 1024

// ready checks the variable and makes it fast.
func (v *Variable) ready() (step, error) {
	from, err := sourceOf(v.Name)
	if err != nil {
		return step{}, err
	}
	s := step{from: from, lo: math.MaxInt64, hi: math.MinInt64, table: []int64{lacking}}
	switch {
	case v.Required == (v.Missing != nil):
		return s, errors.New("states either what counts when it is missing, or that it is required")
	case v.Missing != nil:
		s.table[0] = *v.Missing
		s.reach(*v.Missing)
	}
	curve, knots, err := v.curve(from)
	if err != nil {
		return s, err
	}
	last := int64(from.low) // number from which on the value stays
	for _, x := range append(knots, int64(from.low)) {
		x = min(max(x, int64(from.low)), int64(from.high))
		last = max(last, x)
		if value, ok := curve(x); ok {
			s.reach(value)
		}
	}
	if last < tabled {
		s.fill(curve, last)
	} else {
		s.curve = curve
	}
	if s.lo < -maxValue || s.hi > maxValue {
		return s, errors.New("a value is out of bounds")
	}
	return s, nil
}

// fill works out the value of every number up to last beforehand.
func (s *step) fill(curve func(x int64) (int64, bool), last int64) {
	for x := int64(0); x <= last; x++ {
		value, ok := curve(x)
		if !ok || x < int64(s.from.low) {
			s.table = append(s.table, s.table[0])
			continue
		}
		s.table = append(s.table, value+answered)
	}
}

func (s *step) reach(value int64) { s.lo, s.hi = min(s.lo, value), max(s.hi, value) }

// curve is the variable as a function, with the numbers between which it only rises or only falls; after the largest of
// them it stays.
func (v *Variable) curve(from source) (f func(x int64) (int64, bool), knots []int64, err error) {
	given := 0
	for _, has := range []bool{len(v.Codes) > 0, len(v.Bands) > 0, v.Linear != nil, len(v.Points) > 0} {
		if has {
			given++
		}
	}
	switch {
	case given != 1:
		return nil, nil, errors.New("needs one of codes, bands, linear, points")
	case v.Linear != nil:
		f, knots, err = v.Linear.curve()
	case len(v.Bands) > 0:
		f, knots, err = curveOfBands(v.Bands)
	case len(v.Points) > 0:
		f, knots, err = curveOfPoints(v.Points)
	default:
		f, knots, err = curveOfCodes(v.Codes, from)
	}
	return f, knots, err
}

func curveOfCodes(codes map[string]int64, from source) (func(int64) (int64, bool), []int64, error) {
	if from.high >= tabled {
		return nil, nil, errors.New("is an amount: it has no codes")
	}
	table, knots := map[int64]int64{}, []int64{int64(from.high)}
	for text, value := range codes {
		code, err := strconv.Atoi(text)
		if err != nil || code < int(from.low) || code > int(from.high) || strconv.Itoa(code) != text {
			return nil, nil, fmt.Errorf("code %q is not one of %d to %d", text, from.low, from.high)
		}
		table[int64(code)] = value
		knots = append(knots, int64(code))
	}
	return func(x int64) (int64, bool) { value, ok := table[x]; return value, ok }, knots, nil
}

func curveOfBands(bands []Band) (func(int64) (int64, bool), []int64, error) {
	var knots []int64
	for i, b := range bands {
		last := i == len(bands)-1
		if (b.UpTo == nil) != last {
			return nil, nil, errors.New("every band but the last has a bound")
		}
		if i > 0 && !last && *b.UpTo <= *bands[i-1].UpTo {
			return nil, nil, errors.New("bounds of bands do not rise")
		}
		if !last {
			if *b.UpTo < 0 || *b.UpTo > maxValue {
				return nil, nil, errors.New("bound of a band is out of bounds")
			}
			knots = append(knots, *b.UpTo, *b.UpTo+1)
		}
	}
	return func(x int64) (int64, bool) {
		for i := range bands {
			if b := &bands[i]; b.UpTo == nil || x <= *b.UpTo {
				return b.Value, true
			}
		}
		return 0, false
	}, knots, nil
}

func (l *Linear) curve() (func(int64) (int64, bool), []int64, error) {
	low, high := int64(0), int64(maxValue)
	if l.Min != nil {
		low = *l.Min
	}
	if l.Max != nil {
		high = *l.Max
	}
	if l.Per < 1 || low < 0 || high > maxValue || low > high || l.Coefficient < -maxValue || l.Coefficient > maxValue {
		return nil, nil, errors.New("linear: coefficient, per, min or max is out of bounds")
	}
	coefficient, per := l.Coefficient, l.Per
	return func(x int64) (int64, bool) { return floor(coefficient*min(max(x, low), high), per), true }, []int64{low, high}, nil
}

func curveOfPoints(points []Point) (func(int64) (int64, bool), []int64, error) {
	knots := make([]int64, len(points))
	for i, p := range points {
		knots[i] = p.At
		if p.At < 0 || p.At > maxValue || p.Value < -maxValue || p.Value > maxValue {
			return nil, nil, errors.New("a point is out of bounds")
		}
		if i > 0 && p.At <= points[i-1].At {
			return nil, nil, errors.New("points do not rise")
		}
	}
	return func(x int64) (int64, bool) {
		i, last := 0, len(points) // the first point after x
		for i < last {
			if middle := int(uint(i+last) / 2); points[middle].At <= x {
				i = middle + 1
			} else {
				last = middle
			}
		}
		if i == 0 || i == len(points) {
			return points[max(i-1, 0)].Value, true
		}
		a, b := points[i-1], points[i]
		return a.Value + floor((b.Value-a.Value)*(x-a.At), b.At-a.At), true
	}, knots, nil
}

// floor divides by b > 0 and rounds down, also below zero.
func floor(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
