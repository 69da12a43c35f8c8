// Package fit estimates proxy-means-test models from a survey of households whose consumption is known, and says how
// wrong they are.
//
// The equation is weighted least squares on the natural logarithm of consumption per person. A list of codes enters as
// one regressor for each code but the most frequent, sizes and floor area as logarithms, other numbers up to their 99th
// percentile. An answer that is missing, and a code that fewer than 30 households gave, takes the weighted mean of the
// variable's regressors, in the estimate as later in the score: it counts as the average household of the survey.
//
// Every figure about errors is out of fold: each household is predicted by equations that were estimated, with codes,
// caps and means, on the other folds only. Intervals are percentiles of bootstrap draws of households; they hold what
// drawing another sample changes in the judgement, not what it would change in the equation.
//
// Floating point ends here. Coefficients are multiplied by Scale and rounded to the nearest whole number, halves away
// from zero; logarithms become points between which package pmt goes straight.
package fit

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"dtks/pkg/fault"
	"dtks/services/eligibility/pmt"
)

// Options of an estimate.
type Options struct {
	ID         string // of the model
	Date       string // of the estimate, 2006-01-02; also the model's valid_from
	ByProvince bool   // a part for each province with at least leastOfRegion households
	Folds      int    // at least 2
	Draws      int    // bootstrap draws
	Seed       uint64 // of folds and draws
	Progress   func(done, total int)
}

// Result is an estimate and what it is worth.
type Result struct {
	Survey   *Survey
	Options  Options
	Model    *pmt.Model
	File     []byte // the model file
	Parts    []PartFit
	Log      []float64 // ln consumption
	OutOf    []float64 // its prediction out of fold
	R2OutOf  float64
	Accuracy []Accuracy
	Rounding float64 // largest difference of a score from the unrounded prediction, in ln
	Notes    []string
}

// PartFit is the equation of one part of the model.
type PartFit struct {
	Area       string // "" = the main part
	Households int
	*Regression
}

// leastOfRegion is how many households a province needs for an equation of its own.
const leastOfRegion = 400

// leastOfFold is how many households a fold needs.
const leastOfFold = 20

// leastSpread is the variance of ln consumption below which there is nothing to explain: a millionth of consumption.
const leastSpread = 1e-12

var errFolds = fault.New(fault.Invalid, "folds_out_of_range", "Jumlah lipatan paling sedikit 2, dengan paling sedikit 20 rumah tangga masing-masing.",
	"Folds: at least 2, with at least 20 households in each.")

// checkSpread refuses a survey where consumption is the same everywhere, or throughout a province that gets an equation.
func checkSpread(s *Survey, provinces []string) error {
	var found []fault.Detail
	for _, p := range append([]string{""}, provinces...) {
		if s.spread(p) >= leastSpread {
			continue
		}
		field := "column " + ColConsumption
		if p != "" {
			field += ", province " + p
		}
		found = append(found, fault.Detail{Field: field, Code: "consumption_constant", Text: texts["consumption_constant"]})
	}
	if found == nil {
		return nil
	}
	return fault.New(fault.Invalid, "consumption_constant", "Pengeluaran sama di semua rumah tangga: tidak ada yang dapat ditaksir.",
		"Consumption is the same in all households: there is nothing to estimate.").With(found...)
}

// spread is the weighted variance of ln consumption within a province, "" = everywhere.
func (s *Survey) spread(within string) float64 {
	var logs, weights []float64
	for i, c := range s.Consumption {
		if within == "" || province(s.Area[i]) == within {
			logs, weights = append(logs, math.Log(c)), append(weights, s.Weight[i])
		}
	}
	return stat.PopVariance(logs, weights)
}

// equation predicts ln consumption from answers.
type equation struct {
	terms []*term
	*Regression
}

// estimate makes the equation of some households.
func estimate(s *Survey, rows []int) (*equation, error) {
	e := &equation{}
	names, width := []string{"intercept"}, 1
	for _, name := range s.Names {
		if unused(name) {
			continue
		}
		if t := newTerm(s, name, rows); t.width() > 0 {
			e.terms = append(e.terms, t)
			names = append(names, t.labels()...)
			width += t.width()
		}
	}
	x := mat.NewDense(len(rows), width, nil)
	y, w := make([]float64, len(rows)), make([]float64, len(rows))
	for at, i := range rows {
		e.regressors(s, i, x.RawRowView(at))
		y[at], w[at] = math.Log(s.Consumption[i]), s.Weight[i]
	}
	var err error
	if e.Regression, err = OLS(x, y, w); err != nil {
		return nil, err
	}
	e.Names = names
	return e, nil
}

func (e *equation) regressors(s *Survey, household int, out []float64) {
	out[0] = 1
	at := 1
	for _, t := range e.terms {
		t.put(s.numbers(t.name)[household], out[at:at+t.width()])
		at += t.width()
	}
}

func (e *equation) predict(s *Survey, household int) float64 {
	row := make([]float64, len(e.Coefficient))
	e.regressors(s, household, row)
	sum := 0.0
	for j, c := range e.Coefficient {
		sum += c * row[j]
	}
	return sum
}

// system is the equations of a whole model.
type system struct {
	main    *equation
	regions map[string]*equation
}

// estimateAll makes the main equation of some households, and one for each of the provinces.
func estimateAll(s *Survey, rows []int, provinces []string) (*system, error) {
	main, err := estimate(s, rows)
	if err != nil {
		return nil, err
	}
	all := &system{main, map[string]*equation{}}
	for _, p := range provinces {
		within := slices.DeleteFunc(slices.Clone(rows), func(i int) bool { return province(s.Area[i]) != p })
		if all.regions[p], err = estimate(s, within); err != nil {
			return nil, fmt.Errorf("province %s: %w", p, err)
		}
	}
	return all, nil
}

// provincesOf lists, in order, the provinces that get an equation. They are chosen once, from all households: the folds
// then judge the same equations as the model has, each estimated on fewer households.
func provincesOf(s *Survey) []string {
	count := map[string]int{}
	for _, area := range s.Area {
		if p := province(area); p != "" {
			count[p]++
		}
	}
	maps.DeleteFunc(count, func(_ string, n int) bool { return n < leastOfRegion })
	return slices.Sorted(maps.Keys(count))
}

func province(area string) string {
	if len(area) < 2 {
		return ""
	}
	return area[:2]
}

func (a *system) predict(s *Survey, household int) float64 {
	if e := a.regions[province(s.Area[household])]; e != nil {
		return e.predict(s, household)
	}
	return a.main.predict(s, household)
}

// foldsOf deals households out at random. With equations by province, each province is spread evenly.
func foldsOf(s *Survey, o Options) []int {
	order := rand.New(rand.NewPCG(o.Seed, 1)).Perm(s.Households())
	if o.ByProvince {
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(province(s.Area[a]), province(s.Area[b])) })
	}
	fold := make([]int, len(order))
	for at, i := range order {
		fold[i] = at % o.Folds
	}
	return fold
}

// crossValidate predicts every household from the folds it is not in.
func crossValidate(ctx context.Context, s *Survey, o Options, provinces []string) ([]float64, error) {
	n, fold := s.Households(), foldsOf(s, o)
	out := make([]float64, n)
	for k := range o.Folds {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		var train []int
		for i := range n {
			if fold[i] != k {
				train = append(train, i)
			}
		}
		all, err := estimateAll(s, train, provinces)
		if err != nil {
			return nil, fmt.Errorf("fold %d: %w", k+1, err)
		}
		for i := range n {
			if fold[i] == k {
				out[i] = all.predict(s, i)
			}
		}
	}
	return out, nil
}

// Fit estimates a model and judges it. It is a pure function of survey and options.
func Fit(ctx context.Context, s *Survey, o Options) (*Result, error) {
	if o.Folds < 2 || o.Folds > s.Households()/leastOfFold {
		return nil, errFolds
	}
	r := &Result{Survey: s, Options: o, Log: make([]float64, s.Households())}
	rows := make([]int, s.Households())
	for i := range rows {
		rows[i], r.Log[i] = i, math.Log(s.Consumption[i])
	}
	var provinces []string
	if o.ByProvince {
		provinces = provincesOf(s)
	}
	if err := checkSpread(s, provinces); err != nil {
		return nil, err
	}
	all, err := estimateAll(s, rows, provinces)
	if err != nil {
		return nil, err
	}
	r.Parts = []PartFit{{"", len(rows), all.main.Regression}}
	for _, area := range sorted(all.regions) {
		r.Parts = append(r.Parts, PartFit{area, all.regions[area].N, all.regions[area].Regression})
	}
	r.note(all)
	if err := r.write(all); err != nil {
		return nil, err
	}
	if r.OutOf, err = crossValidate(ctx, s, o, provinces); err != nil {
		return nil, err
	}
	r.R2OutOf = explained(r.Log, r.OutOf, s.Weight)
	r.Accuracy, err = judge(ctx, r)
	return r, err
}

// note tells what was left out and why.
func (r *Result) note(all *system) {
	for _, name := range r.Survey.Ignored {
		r.Notes = append(r.Notes, fmt.Sprintf("column %s is no variable of a model: not used", name))
	}
	part := func(where string, e *equation) {
		for _, name := range r.Survey.Names {
			if !unused(name) && !slices.ContainsFunc(e.terms, func(t *term) bool { return t.name == name }) {
				r.Notes = append(r.Notes, fmt.Sprintf("%s%s is the same nearly everywhere: left out", where, name))
			}
		}
		for j, dropped := range e.Dropped {
			if dropped {
				r.Notes = append(r.Notes, fmt.Sprintf("%s%s follows from regressors before it: left out", where, e.Names[j]))
			}
		}
	}
	part("", all.main)
	for _, area := range sorted(all.regions) {
		part("province "+area+": ", all.regions[area])
	}
}

// explained is the weighted share of variance that a prediction explains.
func explained(y, predicted, w []float64) float64 {
	total, mean := 0.0, 0.0
	for i := range y {
		total += w[i]
		mean += w[i] * y[i]
	}
	mean /= total
	rest, all := 0.0, 0.0
	for i := range y {
		rest += w[i] * (y[i] - predicted[i]) * (y[i] - predicted[i])
		all += w[i] * (y[i] - mean) * (y[i] - mean)
	}
	return 1 - rest/all
}

func sorted(m map[string]*equation) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
