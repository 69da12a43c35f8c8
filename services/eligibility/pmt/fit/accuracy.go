package fit

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat"

	"dtks/pkg/wilayah"
	"dtks/services/eligibility/pmt"
)

// Shares are the cut-offs at which errors are told: so much of the population, weighted, is poor, and so much selected.
var Shares = [...]float64{0.10, 0.20, 0.30, 0.40}

// Figure is an estimate with its 95 % interval.
type Figure struct{ Value, Low, High float64 }

// Rate is the errors among a group at one cut-off. NaN where nobody of the group is poor, or selected.
type Rate struct {
	Exclusion Figure // poor who are not selected, of the poor
	Inclusion Figure // selected who are not poor, of the selected
}

// GroupRates are the errors among one group.
type GroupRates struct {
	Group      Group
	Households int
	Rates      [len(Shares)]Rate
}

// Accuracy is how well one order of households finds the poor.
type Accuracy struct {
	Order    string // pmt or income
	Spearman float64
	Groups   []GroupRates // the first is everybody
}

// Group names households by what they have in common.
type Group struct{ ID, EN string }

// members of a group, by household.
type group struct {
	Group
	rows []int
}

// judge measures the model's order, and that of income where the survey has it.
func judge(ctx context.Context, r *Result) ([]Accuracy, error) {
	actual := order(r.Log)
	orders := []string{"pmt"}
	ranked := [][]int{order(r.OutOf)}
	predicted := [][]float64{r.OutOf}
	if income := incomeOrder(r.Survey); income != nil {
		orders, ranked, predicted = append(orders, "income"), append(ranked, order(income)), append(predicted, income)
	}
	groups := groupsOf(r.Survey)
	draws, err := drawRates(ctx, r, actual, ranked, groups)
	if err != nil {
		return nil, err
	}
	out := make([]Accuracy, len(orders))
	for at := range orders {
		out[at] = Accuracy{Order: orders[at], Spearman: spearman(r.Log, predicted[at], r.Survey.Weight)}
		once := rates(actual, ranked[at], r.Survey.Weight, groups)
		for g := range groups {
			found := GroupRates{Group: groups[g].Group, Households: len(groups[g].rows)}
			for k := range Shares {
				found.Rates[k] = Rate{interval(once[g][k][0], draws[at], g, k, 0), interval(once[g][k][1], draws[at], g, k, 1)}
			}
			out[at].Groups = append(out[at].Groups, found)
		}
	}
	return out, nil
}

// order lists households from the poorest; who has no number comes last, ties in order of the survey.
func order(value []float64) []int {
	out := make([]int, len(value))
	for i := range out {
		out[i] = i
	}
	slices.SortFunc(out, func(a, b int) int {
		x, y := value[a], value[b]
		if math.IsNaN(x) || math.IsNaN(y) {
			return cmp.Or(boolean(math.IsNaN(x))-boolean(math.IsNaN(y)), cmp.Compare(a, b))
		}
		return cmp.Or(cmp.Compare(x, y), cmp.Compare(a, b))
	})
	return out
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}

// levels gives each household the first of Shares that reaches it, len(Shares) when none does. A share ends with the
// first household at which the weight of those before and itself reaches it.
func levels(ranked []int, weight []float64, out []uint8) {
	total := 0.0
	for _, i := range ranked {
		total += weight[i]
	}
	before, k := 0.0, 0
	for _, i := range ranked {
		for k < len(Shares) && before >= Shares[k]*total*(1-1e-12) {
			k++
		}
		out[i] = uint8(k)
		before += weight[i]
	}
}

// pair holds exclusion and inclusion error.
type pair [2]float64

// rates are the errors of each group at each cut-off.
func rates(actual, ranked []int, weight []float64, groups []group) [][len(Shares)]pair {
	poor, selected := make([]uint8, len(weight)), make([]uint8, len(weight))
	levels(actual, weight, poor)
	levels(ranked, weight, selected)
	out := make([][len(Shares)]pair, len(groups))
	for g := range groups {
		for k := range Shares {
			var all, chosen, missed, wrong float64
			for _, i := range groups[g].rows {
				isPoor, isChosen := int(poor[i]) <= k, int(selected[i]) <= k
				if isPoor {
					all += weight[i]
					if !isChosen {
						missed += weight[i]
					}
				}
				if isChosen {
					chosen += weight[i]
					if !isPoor {
						wrong += weight[i]
					}
				}
			}
			out[g][k] = pair{missed / all, wrong / chosen} // 0/0 = NaN
		}
	}
	return out
}

// drawn is the rates of every bootstrap draw.
type drawn [][][len(Shares)]pair

// drawRates judges samples of the households, drawn with putting back, as the survey itself is judged.
func drawRates(ctx context.Context, r *Result, actual []int, ranked [][]int, groups []group) ([]drawn, error) {
	n := r.Survey.Households()
	random := rand.New(rand.NewPCG(r.Options.Seed, 2))
	out := make([]drawn, len(ranked))
	weight := make([]float64, n)
	for b := range r.Options.Draws {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if r.Options.Progress != nil {
			r.Options.Progress(b, r.Options.Draws)
		}
		clear(weight)
		for range n {
			i := random.IntN(n)
			weight[i] += r.Survey.Weight[i]
		}
		for at := range ranked {
			out[at] = append(out[at], rates(actual, ranked[at], weight, groups))
		}
	}
	return out, nil
}

// interval adds the 2.5th and 97.5th percentile of the draws.
func interval(value float64, draws drawn, g, k, kind int) Figure {
	var all []float64
	for _, d := range draws {
		if x := d[g][k][kind]; !math.IsNaN(x) {
			all = append(all, x)
		}
	}
	if len(all) == 0 || math.IsNaN(value) {
		return Figure{value, math.NaN(), math.NaN()}
	}
	slices.Sort(all)
	return Figure{value, stat.Quantile(0.025, stat.Empirical, all, nil), stat.Quantile(0.975, stat.Empirical, all, nil)}
}

// groupsOf lists the groups that errors are told for, those with at least one household.
func groupsOf(s *Survey) []group {
	elderly, sex := s.numbers(pmt.VarElderly), s.numbers(pmt.VarHeadSex)
	all := []group{
		{Group: Group{"Semua", "Everybody"}}, {Group: Group{"Ada lansia (60+)", "With elderly (60+)"}},
		{Group: Group{"Ada penyandang disabilitas berat", "With a severely disabled member"}},
		{Group: Group{"Kepala keluarga perempuan", "Headed by a woman"}}, {Group: Group{"Perkotaan", "Town"}},
		{Group: Group{"Perdesaan", "Village"}},
	}
	provinces := map[string]int{}
	for i := range s.Households() {
		for g, in := range []bool{true, elderly != nil && elderly[i] > 0, s.Disabled[i] == 1, sex != nil && sex[i] == 2, s.Urban[i] == 1, s.Urban[i] == 2} {
			if in {
				all[g].rows = append(all[g].rows, i)
			}
		}
		if p := province(s.Area[i]); p != "" {
			at, ok := provinces[p]
			if !ok {
				at = len(all)
				provinces[p] = at
				name := p + " " + wilayah.Name(p)
				all = append(all, group{Group: Group{name, name}})
			}
			all[at].rows = append(all[at].rows, i)
		}
	}
	slices.SortStableFunc(all[6:], func(a, b group) int { return cmp.Compare(a.ID, b.ID) })
	return slices.DeleteFunc(all, func(g group) bool { return len(g.rows) == 0 })
}

// incomeModel orders families by income per person. It ships with package pmt.
const incomeModel = "pendapatan-per-kapita-2020-1"

// incomeOrder scores the survey by incomeModel; NaN where there is no score, nil when the survey has no income.
func incomeOrder(s *Survey) []float64 {
	models, err := pmt.Shipped()
	if err != nil || models[incomeModel] == nil {
		return nil
	}
	scores := scoresBy(models[incomeModel], s)
	out, some := make([]float64, len(scores)), false
	for i, score := range scores {
		out[i] = float64(score)
		if score == pmt.NoScore {
			out[i] = math.NaN()
		} else {
			some = true
		}
	}
	if !some {
		return nil
	}
	return out
}

// scoresBy scores the survey's households by a model.
func scoresBy(m *pmt.Model, s *Survey) []int32 {
	c := m.NewColumns(s.Households())
	names := c.Names()
	row := make([]int32, len(names))
	for i := range s.Households() {
		for j, name := range names {
			row[j] = pmt.Missing
			if numbers := s.numbers(name); numbers != nil {
				row[j] = numbers[i]
			}
		}
		c.SetNumbers(i, s.Area[i], row)
	}
	scores := make([]int32, s.Households())
	c.Score(scores)
	return scores
}

// spearman is the weighted correlation of ranks; who has no prediction is left out. Equal values share their mean rank.
func spearman(x, y, w []float64) float64 {
	var a, b, c []float64
	for i := range x {
		if !math.IsNaN(y[i]) {
			a, b, c = append(a, x[i]), append(b, y[i]), append(c, w[i])
		}
	}
	return stat.Correlation(ranks(a), ranks(b), c)
}

func ranks(x []float64) []float64 {
	at := order(x)
	out := make([]float64, len(x))
	for from := 0; from < len(at); {
		to := from
		for to < len(at) && x[at[to]] == x[at[from]] {
			to++
		}
		for _, i := range at[from:to] {
			out[i] = float64(from+to-1) / 2
		}
		from = to
	}
	return out
}
