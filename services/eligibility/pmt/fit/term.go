package fit

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"

	"dtks/pkg/regsosek"
	"dtks/services/eligibility/pmt"
)

// form is how a variable enters the equation.
type form int

const (
	byCode form = iota // one regressor for each code but the most frequent
	byBand             // the same for bands
	linear             // the number itself, up to a cap
	logged             // its natural logarithm, between two bounds
)

// shape is the form of a variable with its bounds.
type shape struct {
	form      form
	upTo      []int64 // bands
	low, high int64   // bounds of linear and logged; high 0 = the survey's 99th percentile
}

// shapes of what is no list of codes. School levels are banded by stage, ages by decade; floor area counts from 3 to 100 m²
// a person.
var shapes = map[string]shape{
	pmt.VarSize:                         {form: logged, low: 1, high: 12},
	pmt.VarHeadLevel:                    {form: byBand, upTo: []int64{0, 5, 10, 17, 18}},
	pmt.VarHeadWork:                     {form: byCode},
	pmt.VarHeadSex:                      {form: byCode},
	pmt.VarHeadAge:                      {form: byBand, upTo: []int64{29, 39, 49, 59, 69}},
	regsosek.LuasLantai + pmt.PerMember: {form: logged, low: 30, high: 1000},
}

// unused tells the variables that are never regressors: income and receipts are not asked to judge by, they are compared
// with, and flags come from other registers, not from the survey. Floor area enters per member.
func unused(name string) bool {
	switch name {
	case regsosek.Pendapatan, regsosek.Pendapatan + pmt.PerMember, regsosek.TerimaPKH, regsosek.TerimaSembako, regsosek.TerimaBLTDesa,
		regsosek.TerimaBST, regsosek.GuruSertifikat, regsosek.PengurusPerusahaan, regsosek.UpahDiAtasUMK, regsosek.PerangkatDesa,
		regsosek.ListrikNonsubsidi, regsosek.LuasLantai:
		return true
	}
	return false
}

func shapeOf(name string) shape {
	if s, ok := shapes[name]; ok {
		return s
	}
	if item, ok := regsosek.Lookup(name); ok && item.Codes != nil {
		return shape{form: byCode}
	}
	return shape{form: linear}
}

// leastOfCode is how many households a code needs to get a coefficient; rarer ones count as missing.
const leastOfCode = 30

// term is one variable made ready from the households it is estimated on.
type term struct {
	name string
	shape
	codes     []int64   // codes, or places of bands, that have a coefficient
	reference int64     // the most frequent one: zero
	means     []float64 // weighted means of its regressors: what a missing number counts
}

// newTerm learns codes, caps and means from some households. It has no regressors where the variable never changes.
func newTerm(s *Survey, name string, rows []int) *term {
	t := &term{name: name, shape: shapeOf(name)}
	numbers := s.numbers(name)
	switch {
	case t.form == byCode || t.form == byBand:
		t.learnCodes(s, numbers, rows)
	case t.high == 0:
		t.learnCap(s, numbers, rows)
	}
	t.means = make([]float64, t.width())
	out, total := make([]float64, t.width()), 0.0
	for _, i := range rows {
		if !t.known(numbers[i]) {
			continue
		}
		t.put(numbers[i], out)
		total += s.Weight[i]
		for j, x := range out {
			t.means[j] += s.Weight[i] * x
		}
	}
	for j := range t.means {
		t.means[j] /= max(total, math.SmallestNonzeroFloat64)
	}
	return t
}

func (t *term) learnCodes(s *Survey, numbers []int32, rows []int) {
	count, weight := map[int64]int{}, map[int64]float64{}
	for _, i := range rows {
		if numbers[i] >= 0 {
			count[t.code(numbers[i])]++
			weight[t.code(numbers[i])] += s.Weight[i]
		}
	}
	t.reference = -1
	for code, n := range count {
		if n < leastOfCode {
			continue
		}
		t.codes = append(t.codes, code)
		if t.reference < 0 || weight[code] > weight[t.reference] || weight[code] == weight[t.reference] && code < t.reference {
			t.reference = code
		}
	}
	slices.Sort(t.codes)
	t.codes = slices.DeleteFunc(t.codes, func(c int64) bool { return c == t.reference })
}

// learnCap sets the cap of a number: the weighted 99th percentile, at least 1.
func (t *term) learnCap(s *Survey, numbers []int32, rows []int) {
	order := slices.DeleteFunc(slices.Clone(rows), func(i int) bool { return numbers[i] < 0 })
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(numbers[a], numbers[b]), cmp.Compare(a, b)) })
	total, sum := 0.0, 0.0
	for _, i := range order {
		total += s.Weight[i]
	}
	t.high = 1
	for _, i := range order {
		if sum += s.Weight[i]; sum >= 0.99*total {
			t.high = max(1, int64(numbers[i]))
			return
		}
	}
}

// code is the number itself, or the place of its band.
func (t *term) code(x int32) int64 {
	if t.form == byCode {
		return int64(x)
	}
	for at, bound := range t.upTo {
		if int64(x) <= bound {
			return int64(at)
		}
	}
	return int64(len(t.upTo))
}

func (t *term) width() int {
	if t.form == byCode || t.form == byBand {
		return len(t.codes)
	}
	return 1
}

// known reports whether a number has regressors of its own; any other counts as missing.
func (t *term) known(x int32) bool {
	if x < 0 {
		return false
	}
	if t.form != byCode && t.form != byBand {
		return true
	}
	code := t.code(x)
	return code == t.reference || slices.Contains(t.codes, code)
}

// put writes the regressors of a number.
func (t *term) put(x int32, out []float64) {
	switch {
	case !t.known(x):
		copy(out, t.means)
	case t.form == linear:
		out[0] = float64(min(max(int64(x), t.low), t.high))
	case t.form == logged:
		out[0] = math.Log(float64(min(max(int64(x), t.low), t.high)))
	default:
		code := t.code(x)
		for j, c := range t.codes {
			out[j] = 0
			if c == code {
				out[j] = 1
			}
		}
	}
}

// labels name the regressors.
func (t *term) labels() []string {
	switch t.form {
	case linear:
		return []string{t.name}
	case logged:
		return []string{"ln " + t.name}
	}
	out := make([]string, len(t.codes))
	for j, c := range t.codes {
		out[j] = t.name + "=" + t.codeText(c)
	}
	return out
}

func (t *term) codeText(c int64) string {
	if t.form == byCode {
		if item, ok := regsosek.Lookup(t.name); ok {
			return strconv.FormatInt(c, 10) + " " + item.Label(int(c))
		}
		return strconv.FormatInt(c, 10)
	}
	switch {
	case c == 0:
		return fmt.Sprintf("≤%d", t.upTo[0])
	case int(c) == len(t.upTo):
		return fmt.Sprintf(">%d", t.upTo[c-1])
	}
	return fmt.Sprintf("%d–%d", t.upTo[c-1]+1, t.upTo[c])
}
