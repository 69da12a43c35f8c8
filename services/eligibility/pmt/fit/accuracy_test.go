package fit

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRates_ByHand: ten households of weight 1, the order of consumption is their number.
func TestRates_ByHand(t *testing.T) {
	t.Parallel()
	actual := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}
	ranked := []int{3, 0, 1, 9, 2, 4, 5, 6, 7, 8}
	weight := []float64{1, 1, 1, 1, 1, 1, 1, 1, 1, 1}
	groups := []group{{rows: actual}, {rows: []int{2, 3}}, {rows: []int{8}}}
	nan := math.NaN()
	want := [][len(Shares)]pair{
		// selected {3}, {3 0}, {3 0 1}, {3 0 1 9}; poor {0}, {0 1}, {0 1 2}, {0 1 2 3}
		{{1, 1}, {0.5, 0.5}, {1.0 / 3, 1.0 / 3}, {0.25, 0.25}},
		{{nan, 1}, {nan, 1}, {1, 1}, {0.5, 0}},
		{{nan, nan}, {nan, nan}, {nan, nan}, {nan, nan}},
	}
	if diff := cmp.Diff(want, rates(actual, ranked, weight, groups), cmp.Comparer(equalOrNaN)); diff != "" {
		t.Error(diff)
	}
	// The first household stands for eleven, more than half: it alone is poor at every cut-off, and ranked second it is
	// selected at every cut-off where household 3, a twentieth, has not used up the share.
	weight[0] = 11
	want = [][len(Shares)]pair{{{0, 1.0 / 12}, {0, 1.0 / 12}, {0, 1.0 / 12}, {0, 1.0 / 12}}}
	if diff := cmp.Diff(want, rates(actual, ranked, weight, groups[:1]), cmp.Comparer(equalOrNaN)); diff != "" {
		t.Error(diff)
	}
}

func equalOrNaN(a, b float64) bool {
	return a == b || math.IsNaN(a) && math.IsNaN(b) || math.Abs(a-b) < 1e-12
}

func TestOrder_NoNumberLast(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff([]int{3, 1, 4, 0, 2}, order([]float64{math.NaN(), 2, math.NaN(), 1, 2})); diff != "" {
		t.Error(diff)
	}
}

func TestSpearman(t *testing.T) {
	t.Parallel()
	w := []float64{1, 1, 1, 1}
	near(t, "the same order", spearman([]float64{1, 2, 3, 9}, []float64{10, 11, 12, 13}, w), 1)
	near(t, "the opposite", spearman([]float64{1, 2, 3, 9}, []float64{4, 3, 2, -7}, w), -1)
	// Ranks 0 1 2 3 against 0 1.5 1.5 3: covariance 4.5, variances 5 and 4.5.
	near(t, "a tie", spearman([]float64{1, 2, 3, 4}, []float64{1, 2, 2, 3}, w), 4.5/math.Sqrt(5*4.5))
	near(t, "one without", spearman([]float64{1, 2, 3, 4}, []float64{1, math.NaN(), 2, 3}, w), 1)
}

func TestDeciles(t *testing.T) {
	t.Parallel()
	scores := []int32{50, 10, 20, 30, 40, math.MinInt32, 60, 70, 80, 90, 100}
	weight := []float64{1, 1, 1, 1, 1, 99, 1, 1, 1, 1, 1}
	if diff := cmp.Diff([]int64{10, 20, 30, 40, 50, 60, 70, 80, 90}, deciles(scores, weight)); diff != "" {
		t.Error(diff)
	}
	weight[3] = 10 // score 30 stands for ten of nineteen: it ends groups 2 to 6
	if diff := cmp.Diff([]int64{20, 30, 30, 30, 30, 30, 50, 70, 90}, deciles(scores, weight)); diff != "" {
		t.Error(diff)
	}
}
