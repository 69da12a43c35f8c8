package quality_test

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"dtks/cmd/dtks/quality"
)

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-4 {
		t.Errorf("%s: got %.5f, want %.5f", what, got, want)
	}
}

// six holds people x = {0,1,2}, y = {3,4}, and record 5 alone: 3+1 = 4 true pairs of 15.
func six() *quality.Truth {
	return quality.FromColumn([]string{"x", "x", "x", "y", "y", ""}, nil)
}

var sixPairs = []quality.Pair{
	{A: 0, B: 1, Score: 0.9}, // right
	{A: 4, B: 3, Score: 0.8}, // right, in the other order
	{A: 2, B: 3, Score: 0.7}, // wrong
	{A: 1, B: 2, Score: 0.6}, // right
}

func TestTruth_Column(t *testing.T) {
	t.Parallel()
	truth := quality.FromColumn([]string{"x", "x", "", ""}, nil)
	if got := truth.Pairs(); got != 1 {
		t.Errorf("empty values are people of their own: got %d pairs, want 1", got)
	}
	if truth.Same(2, 3) || !truth.Same(1, 0) {
		t.Error("Same mistakes empty values or order")
	}
	two := quality.FromColumn([]string{"x", "y", ""}, []string{"y", "y", "x", ""})
	if two.Pairs() != 3 || two.AllPairs() != 12 || !two.Same(1, 0) || two.Same(0, 0) || two.Same(2, 3) {
		t.Errorf("two files: got %d of %d pairs, want 3 of 12", two.Pairs(), two.AllPairs())
	}
}

func TestCurve_ByHand(t *testing.T) {
	t.Parallel()
	c := six().Curve(sixPairs)
	want := []quality.Point{
		{Threshold: 0.9, TP: 1, FP: 0, FN: 3},
		{Threshold: 0.8, TP: 2, FP: 0, FN: 2},
		{Threshold: 0.7, TP: 2, FP: 1, FN: 2},
		{Threshold: 0.6, TP: 3, FP: 1, FN: 1},
	}
	if diff := cmp.Diff(want, c.Points(100)); diff != "" {
		t.Errorf("points (-want +got):\n%s", diff)
	}
	if got := c.Best(); got != want[3] {
		t.Errorf("best: got %+v, want %+v", got, want[3])
	}
	near(t, "best F1", c.Best().F1(), 0.75)
	for at, i := range map[float64]int{0.9: 0, 0.85: 0, 0.65: 2, 0.1: 3} {
		p := want[i]
		p.Threshold = at
		if got := c.At(at); got != p {
			t.Errorf("at %.2f: got %+v, want %+v", at, got, p)
		}
	}
	none := c.At(0.95)
	if none.TP != 0 || none.FP != 0 || none.FN != 4 || none.F1() != 0 || none.Precision() != 1 {
		t.Errorf("above every score: got %+v", none)
	}
}

func TestClosureCurve_ByHand(t *testing.T) {
	t.Parallel()
	// At 0.7 the wrong pair joins {2} and {3,4}: pairs 2-3 and 2-4 are wrong. At 0.6 all five are one cluster:
	// 10 pairs, of which the 4 true ones are right, though only 4 pairs were given.
	want := []quality.Point{
		{Threshold: 0.9, TP: 1, FP: 0, FN: 3},
		{Threshold: 0.8, TP: 2, FP: 0, FN: 2},
		{Threshold: 0.7, TP: 2, FP: 2, FN: 2},
		{Threshold: 0.6, TP: 4, FP: 6, FN: 0},
	}
	if diff := cmp.Diff(want, six().ClosureCurve(sixPairs).Points(100)); diff != "" {
		t.Errorf("points (-want +got):\n%s", diff)
	}
	got := six().Clusters([][]int32{{0, 1}, {2, 3, 4}, {5}, {}})
	if got.TP != 2 || got.FP != 2 || got.FN != 2 {
		t.Errorf("clusters: got %+v, want TP 2 FP 2 FN 2", got)
	}
}

// TestClosureCurve_AgainstCounting compares the one-pass curve with joining from scratch and counting pairs.
func TestClosureCurve_AgainstCounting(t *testing.T) {
	t.Parallel()
	for seed := range uint64(40) {
		rng := rand.New(rand.NewPCG(seed, 0))
		truth, pairs, n, shift := randomCase(rng)
		for _, p := range truth.ClosureCurve(pairs).Points(1000) {
			joined := make([]int, n)
			for i := range joined {
				joined[i] = i
			}
			for range n {
				for _, q := range pairs {
					a, b := int(q.A), int(q.B)+shift
					if q.Score >= p.Threshold {
						joined[a] = min(joined[a], joined[b])
						joined[b] = joined[a]
					}
				}
			}
			var tp, fp int64
			for a := range n {
				for b := a + 1; b < n; b++ {
					if joined[a] != joined[b] || (shift > 0 && (a < shift) == (b < shift)) {
						continue
					}
					if truth.Same(int32(a), int32(b-shift)) {
						tp++
					} else {
						fp++
					}
				}
			}
			if p.TP != tp || p.FP != fp || p.FN != truth.Pairs()-tp {
				t.Fatalf("seed %d at %.2f: got %+v, want TP %d FP %d", seed, p.Threshold, p, tp, fp)
			}
		}
	}
}

// randomCase makes a small truth of one file or two, from a column or a list, and scored pairs.
func randomCase(rng *rand.Rand) (truth *quality.Truth, pairs []quality.Pair, n, shift int) {
	na, nb := 12, 0
	if rng.IntN(2) == 0 {
		nb, shift = 9, na
	}
	values := func(n int) []string {
		out := make([]string, n)
		for i := range out {
			out[i] = string(rune('a' + rng.IntN(5)))
		}
		return out
	}
	ids := func(n, from int) []string {
		out := make([]string, n)
		for i := range out {
			out[i] = string(rune('A' + from + i))
		}
		return out
	}
	idsA, idsB := ids(na, 0), ids(nb, na)
	other := idsB
	if nb == 0 {
		idsB, other = nil, idsA
		truth = quality.FromColumn(values(na), nil)
	} else {
		truth = quality.FromColumn(values(na), values(nb))
	}
	if rng.IntN(2) == 0 {
		var list []quality.Listed
		for range 15 {
			list = append(list, quality.Listed{A: idsA[rng.IntN(na)], B: other[rng.IntN(len(other))], Match: rng.IntN(3) > 0})
		}
		truth, _ = quality.FromPairs(list, idsA, idsB)
	}
	seen := map[[2]int]bool{}
	for range 20 {
		a, b := rng.IntN(na), rng.IntN(len(other))
		if nb == 0 && (a == b || seen[[2]int{b, a}]) || seen[[2]int{a, b}] {
			continue
		}
		seen[[2]int{a, b}] = true
		pairs = append(pairs, quality.Pair{A: int32(a), B: int32(b), Score: float64(rng.IntN(8)) / 8})
	}
	return truth, pairs, na + nb, shift
}

func TestFromPairs(t *testing.T) {
	t.Parallel()
	ids := []string{"a", "b", "c", "d", "e"}
	truth, err := quality.FromPairs([]quality.Listed{
		{"a", "b", true}, {"c", "b", true}, {"d", "e", true}, {"a", "d", false}, {"x", "a", true},
	}, ids, nil)
	if err != nil {
		t.Fatal(err)
	}
	if truth.Pairs() != 4 || truth.Closed != 1 || truth.Unknown != 1 || !truth.Listed() || !truth.Same(2, 0) {
		t.Errorf("got %d pairs, %d closed, %d unknown", truth.Pairs(), truth.Closed, truth.Unknown)
	}
	denied, err := quality.FromPairs([]quality.Listed{{"a", "b", true}, {"b", "c", true}, {"a", "c", false}}, ids, nil)
	if err != nil {
		t.Fatal(err)
	}
	if denied.Pairs() != 2 || denied.Same(0, 2) {
		t.Errorf("a listed non-match holds against what follows: got %d pairs", denied.Pairs())
	}
	pairs := []quality.Pair{{A: 0, B: 1, Score: 0.9}, {A: 0, B: 2, Score: 0.8}, {A: 3, B: 4, Score: 0.99}}
	c, ok := denied.ListedCurve(pairs)
	if !ok || c.Scored != 2 {
		t.Fatalf("a pair that is not listed counted: %+v", c)
	}
	if p := c.At(0.5); p.TP != 1 || p.FP != 1 || p.FN != 1 {
		t.Errorf("over listed pairs: got %+v, want 1 1 1", p)
	}
	swapped, err := quality.FromPairs([]quality.Listed{{"q", "a", true}}, []string{"a"}, []string{"q"})
	if err != nil || !swapped.Same(0, 0) {
		t.Errorf("a list that names the second file first: %v", err)
	}
	if _, err := quality.FromPairs([]quality.Listed{{"x", "y", true}}, ids, nil); err == nil {
		t.Error("a list of unknown records was accepted")
	}
}

func TestWilson(t *testing.T) {
	t.Parallel()
	// Newcombe (1998), table I: 81/263 and 15/148, score method without correction.
	i := quality.Wilson(81, 263)
	near(t, "81/263 low", i.Low, 0.2553)
	near(t, "81/263 high", i.High, 0.3662)
	i = quality.Wilson(15, 148)
	near(t, "15/148 low", i.Low, 0.0624)
	near(t, "15/148 high", i.High, 0.1605)
	if got := quality.Wilson(0, 3000); got != (quality.Interval{Low: 0, High: 0.001}) {
		t.Errorf("none among 3000: got %+v", got)
	}
	if got := quality.Wilson(3000, 3000); got.Low != 0.999 || got.High != 1 {
		t.Errorf("all of 3000: got %+v", got)
	}
	if got := quality.Wilson(0, 0); got != (quality.Interval{Low: 0, High: 1}) {
		t.Errorf("nothing seen: got %+v", got)
	}
}

func TestCalibrate_ByHand(t *testing.T) {
	t.Parallel()
	c := six().Calibrate(sixPairs)
	// Scored: (0.1² + 0.2² + 0.7² + 0.4²)/4 = 0.7/4. The fourth true pair was not scored: 1 more over all 15.
	near(t, "Brier of scored", c.BrierScored, 0.175)
	near(t, "Brier", c.Brier, 1.7/15)
	near(t, "error", c.Error, (0.1+0.2+0.7+0.4)/4)
	if c.N != 15 || c.Scored != 4 || c.Unscored.N != 11 || c.Unscored.Matches != 1 {
		t.Errorf("counts: got %+v", c)
	}
	if b := c.Bins[8]; b.N != 1 || b.Matches != 1 || b.Mean != 0.8 {
		t.Errorf("bin 0.8: got %+v", b)
	}
	var at quality.Calibrator
	at.Add(1, true)
	if r := at.Result(0, 0); r.Bins[9].N != 1 || r.Brier != 0 || math.IsNaN(r.Error) {
		t.Errorf("likelihood 1 belongs to the last bin: %+v", r)
	}
}

func TestClaims_FalseRefusalAt(t *testing.T) {
	t.Parallel()
	var c quality.Claims
	for i := range 100 {
		c.Add("stranger", false, float64(i)) // impostors 0..99
	}
	for _, s := range []float64{98, 99, 99.5, 120} {
		c.Add("same", true, s)
	}
	c.Add("typo", true, 50)
	tests := []struct {
		name              string
		far               float64
		accepted, refused int64
	}{
		{"none may get in", 1e-5, 0, 3}, // 99 ties with the best impostor
		{"one in a hundred", 0.01, 1, 2},
		{"half", 0.5, 50, 0},
		{"all", 1, 100, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := c.FalseRefusalAt(tt.far)
			if v.Accepted.Hits != tt.accepted || v.Refused.Hits != tt.refused || v.Refused.N != 5 || v.Accepted.N != 100 {
				t.Errorf("got %d accepted and %d refused, want %d and %d", v.Accepted.Hits, v.Refused.Hits, tt.accepted, tt.refused)
			}
		})
	}
	v := c.FalseRefusalAt(1e-5)
	if v.Accepted.Interval.High != 0.03 {
		t.Errorf("none among 100: got %.3f at most, want 0.03", v.Accepted.Interval.High)
	}
	want := []quality.ClassRate{{Class: "same", Rate: quality.Rate{Hits: 2, N: 4}}, {Class: "typo", Rate: quality.Rate{Hits: 1, N: 1}}}
	if diff := cmp.Diff(want, v.Genuine, cmpopts.IgnoreTypes(quality.Interval{})); diff != "" {
		t.Errorf("classes (-want +got):\n%s", diff)
	}
}

func TestF1Interval(t *testing.T) {
	t.Parallel()
	var people []string
	var pairs []quality.Pair
	for i := range 400 { // 400 people of two records; three in four found, one wrong pair per ten people
		people = append(people, string(rune(1000+i)), string(rune(1000+i)))
		if i%4 > 0 {
			pairs = append(pairs, quality.Pair{A: int32(2 * i), B: int32(2*i + 1), Score: 1})
		}
		if i%10 == 0 && i > 0 {
			pairs = append(pairs, quality.Pair{A: int32(2 * i), B: int32(2*i - 1), Score: 1})
		}
	}
	truth := quality.FromColumn(people, nil)
	f1 := truth.Curve(pairs).At(1).F1()
	got := truth.F1Interval(pairs, 1)
	// 400 draws of a share near 0.8: about 0.02 either way for one standard error.
	if !(got.Low < f1 && f1 < got.High) || got.High-got.Low < 0.03 || got.High-got.Low > 0.12 {
		t.Errorf("got %+v around %.3f", got, f1)
	}
	if sure := quality.FromColumn([]string{"x", "x"}, nil).F1Interval([]quality.Pair{{A: 0, B: 1, Score: 1}}, 1); sure.Low != 0 || sure.High != 1 {
		t.Errorf("one person without fault proves nothing: got %+v", sure)
	}
	if again := truth.F1Interval(pairs, 1); again != got {
		t.Errorf("again: got %+v, want %+v", again, got)
	}
}

func TestCurve_Points_Thinned(t *testing.T) {
	t.Parallel()
	var people []string
	var pairs []quality.Pair
	for i := range 3000 {
		people = append(people, string(rune(1000+i/2)))
		if i > 0 {
			pairs = append(pairs, quality.Pair{A: int32(i - 1), B: int32(i), Score: float64((i * 7919) % 3001)})
		}
	}
	c := quality.FromColumn(people, nil).Curve(pairs)
	points := c.Points(20)
	if len(points) > 21 || len(points) < 15 {
		t.Fatalf("got %d points, want about 20", len(points))
	}
	best := false
	for i, p := range points {
		best = best || p == c.Best()
		if i > 0 && p.Threshold >= points[i-1].Threshold {
			t.Errorf("point %d is not below the one before", i)
		}
	}
	if !best {
		t.Error("the best point was thinned away")
	}
}

// BenchmarkCurve scores three million pairs.
func BenchmarkCurve(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	people := make([]string, 200_000)
	for i := range people {
		people[i] = strconv.Itoa(i / 3)
	}
	truth := quality.FromColumn(people, nil)
	pairs := make([]quality.Pair, 3_000_000)
	for i := range pairs {
		a := int32(rng.IntN(len(people) - 3))
		pairs[i] = quality.Pair{A: a, B: a + 1 + int32(rng.IntN(3)), Score: rng.Float64()}
	}
	b.Run("pairs", func(b *testing.B) {
		for b.Loop() {
			truth.Curve(pairs)
		}
	})
	b.Run("closure", func(b *testing.B) {
		for b.Loop() {
			truth.ClosureCurve(pairs)
		}
	})
	b.Run("interval", func(b *testing.B) {
		for b.Loop() {
			truth.F1Interval(pairs, 0.5)
		}
	})
}
