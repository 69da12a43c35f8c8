package fit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dtks/pkg/fault"
	"dtks/services/eligibility/pmt"
)

// newSurvey has a stated equation: 13 + 0.4 where there is a television − 0.5 ln size + noise; in the second province
// televisions tell nothing.
func newSurvey(t *testing.T, n int) *Survey {
	t.Helper()
	r := rand.New(rand.NewPCG(9, 9))
	header := []string{"consumption", "weight", "area", "jumlah_anggota", "tv", "pendapatan", "lansia_60", "kulkas", "catatan"}
	var rows [][]string
	var lines []int
	for i := range n {
		size, tv, area := 1+r.IntN(8), 1+r.IntN(2), []string{"32.04", "91.03"}[i%2]
		ln := 13 - 0.5*math.Log(float64(size)) + 0.3*r.NormFloat64()
		if tv == 1 && i%2 == 0 {
			ln += 0.4
		}
		answer := strconv.Itoa(tv)
		if r.IntN(20) == 0 {
			answer = ""
		}
		rows = append(rows, []string{fmt.Sprintf("%.0f", math.Exp(ln)), strconv.Itoa(1 + r.IntN(3)), area, strconv.Itoa(size), answer,
			strconv.Itoa(min(30_000, int(math.Exp(ln)*float64(size)/1000))), strconv.Itoa(r.IntN(3)), "2", "x"})
		lines = append(lines, i+2)
	}
	s, err := Read(header, rows, lines)
	if err != nil {
		t.Fatal(err)
	}
	s.File, s.SHA256 = "uji.csv", "00"
	return s
}

var options = Options{ID: "uji-1", Date: "2026-01-01", Folds: 4, Draws: 100, Seed: 1}

// TestFit_FindsTheEquation estimates a survey whose equation is known, and looks into the model file.
func TestFit_FindsTheEquation(t *testing.T) {
	t.Parallel()
	o := options
	o.ByProvince = true
	r, err := Fit(t.Context(), newSurvey(t, 4000), o)
	if err != nil {
		t.Fatal(err)
	}
	truth := []map[string]float64{
		{"intercept": 13, "ln jumlah_anggota": -0.5, "tv=2 tidak": -0.2, "lansia_60": 0}, // both provinces: half the effect
		{"intercept": 13.4, "ln jumlah_anggota": -0.5, "tv=2 tidak": -0.4, "lansia_60": 0},
		{"intercept": 13, "ln jumlah_anggota": -0.5, "tv=2 tidak": 0, "lansia_60": 0},
	}
	for at, part := range r.Parts {
		found := 0
		for j, name := range part.Names {
			want, known := truth[at][name]
			if name == "tv=1 ya" { // the other answer was more frequent
				want, known = -truth[at]["tv=2 tidak"], true
			}
			if !known {
				t.Errorf("part %q has %s", part.Area, name)
				continue
			}
			if name == "intercept" {
				continue // depends on which answer is left out
			}
			found++
			if math.Abs(part.Coefficient[j]-want) > 4.5*part.Error[j] || part.Error[j] > 0.05 {
				t.Errorf("part %q, %s: got %.4f ± %.4f, want %.1f", part.Area, name, part.Coefficient[j], part.Error[j], want)
			}
		}
		if found != 3 {
			t.Errorf("part %q has %d of three variables", part.Area, found)
		}
	}
	if len(r.Model.Regions) != 2 || r.Rounding > 0.0005 || r.R2OutOf < 0.4 || r.R2OutOf > r.Parts[0].R2+0.1 {
		t.Errorf("%d regions, rounding %.5f, R² out of fold %.3f", len(r.Model.Regions), r.Rounding, r.R2OutOf)
	}
	want := []string{"column catatan is no variable of a model: not used", "kulkas is the same nearly everywhere: left out",
		"province 32: kulkas is the same nearly everywhere: left out", "province 91: kulkas is the same nearly everywhere: left out"}
	if diff := cmp.Diff(want, r.Notes); diff != "" {
		t.Error(diff)
	}
	// Income is consumption to the thousand here: its order errs only by rounding.
	if got := r.Accuracy[1]; got.Order != "income" || got.Spearman < 0.999 || got.Groups[0].Rates[3].Exclusion.Value > 0.01 {
		t.Errorf("income: %s, Spearman %.4f, %v", got.Order, got.Spearman, got.Groups[0].Rates[3].Exclusion)
	}
	for _, g := range r.Accuracy[0].Groups {
		for k, rate := range g.Rates {
			if e := rate.Exclusion; !(e.Low <= e.Value && e.Value <= e.High) && k > 0 {
				t.Errorf("%s at %v: %v is not within its interval", g.Group.EN, Shares[k], e)
			}
		}
	}
}

// TestFit_MissingIsAverage: what a missing answer counts in the file is the weighted mean of the answers' values.
func TestFit_MissingIsAverage(t *testing.T) {
	t.Parallel()
	s := newSurvey(t, 1000)
	r, err := Fit(t.Context(), s, options)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range r.Model.Variables {
		if v.Name != "tv" {
			continue
		}
		sum, total := 0.0, 0.0
		for i, x := range s.numbers("tv") {
			if x >= 0 {
				sum += s.Weight[i] * float64(v.Codes[strconv.Itoa(int(x))])
				total += s.Weight[i]
			}
		}
		if math.Abs(sum/total-float64(*v.Missing)) > 1 || *v.Missing == 0 {
			t.Errorf("missing counts %d, the average is %.1f", *v.Missing, sum/total)
		}
		return
	}
	t.Error("the model has no tv")
}

func TestFit_SameAgain(t *testing.T) {
	t.Parallel()
	page := func() string {
		r, err := Fit(t.Context(), newSurvey(t, 600), options)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := errors.Join(r.Summary(&b), r.Report(&b)); err != nil {
			t.Fatal(err)
		}
		if _, err := pmt.Load(r.File); err != nil {
			t.Error(err)
		}
		return b.String() + string(r.File)
	}
	first := page()
	if diff := cmp.Diff(first, page()); diff != "" {
		t.Error(diff)
	}
	if strings.Contains(first, "NaN") || strings.Contains(first, "%!") {
		t.Error("the report holds something that is no figure")
	}
}

// TestFit_Constant: where consumption is the same everywhere, or in a province that gets an equation, nothing is estimated.
func TestFit_Constant(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		within     string
		byProvince bool
		factor     float64 // between one household and the next
		want       []string
	}{
		{"Everywhere", "", false, 1, []string{"column consumption"}},
		{"NearlyTheSame", "", false, 1 + 1e-9, []string{"column consumption"}},
		{"Varies", "", false, 1.01, nil},
		{"Province", "91", true, 1, []string{"column consumption, province 91"}},
		{"ProvinceWithoutEquation", "91", false, 1, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newSurvey(t, 1000)
			for i := range s.Consumption {
				if tt.within == "" || province(s.Area[i]) == tt.within {
					s.Consumption[i] = 800_000 * math.Pow(tt.factor, float64(i%2))
				}
			}
			o := options
			o.ByProvince = tt.byProvince
			_, err := Fit(t.Context(), s, o)
			var refused *fault.Error
			var got []string
			if errors.As(err, &refused) {
				for _, d := range refused.Details {
					got = append(got, d.Field)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" || tt.want != nil && refused.Code != "consumption_constant" || tt.want == nil && err != nil {
				t.Errorf("%v\n%s", err, diff)
			}
		})
	}
}

// TestFit_SmallProvince: a province that just has enough households for an equation is judged by that equation, though each
// fold leaves it fewer; one that has a household too few is judged by the main equation.
func TestFit_SmallProvince(t *testing.T) {
	t.Parallel()
	s := newSurvey(t, 4000)
	kept := 0
	for i := range s.Area {
		if s.Area[i] == "91.03" {
			if kept++; kept > 2*leastOfRegion-1 {
				s.Area[i] = "" // no province
			} else if kept > leastOfRegion {
				s.Area[i] = "94.01" // one household too few
			}
		}
	}
	if diff := cmp.Diff([]string{"32", "91"}, provincesOf(s)); diff != "" {
		t.Fatal(diff)
	}
	o := options
	o.ByProvince = true
	fold := foldsOf(s, o)
	var train []int
	share := map[string][]int{"32": make([]int, o.Folds), "91": make([]int, o.Folds)}
	for i, k := range fold {
		if k != 0 {
			train = append(train, i)
		}
		if n := share[province(s.Area[i])]; n != nil {
			n[k]++
		}
	}
	if diff := cmp.Diff(map[string][]int{"32": {500, 500, 500, 500}, "91": {100, 100, 100, 100}}, share); diff != "" {
		t.Errorf("provinces are not spread evenly over the folds: %s", diff)
	}
	r, err := Fit(t.Context(), s, o)
	if err != nil {
		t.Fatal(err)
	}
	own, err := estimateAll(s, train, []string{"32", "91"})
	if err != nil {
		t.Fatal(err)
	}
	for i, k := range fold {
		p := province(s.Area[i])
		e := own.main
		if p == "32" || p == "91" {
			e = own.regions[p]
		}
		if k == 0 && r.OutOf[i] != e.predict(s, i) {
			t.Fatalf("household %d in province %q is not predicted by the equation of its place", i, p)
		}
	}
	if len(r.Model.Regions) != 2 {
		t.Errorf("the model has %d regions, want 2", len(r.Model.Regions))
	}
}

func TestFit_Stops(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	o := options
	o.Progress = func(done, _ int) {
		if done == 3 {
			cancel()
		}
		if done > 3 {
			t.Error("goes on after it was stopped")
		}
	}
	if _, err := Fit(ctx, newSurvey(t, 600), o); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

func TestRead_Refuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, header string
		row          string // the third, on line 4
		want         []string
	}{
		{"Good", "consumption,area,tv", "100.5,32,1", nil},
		{"Missing", "consumption,area,tv", "100,32.04.05.2001,", nil},
		{"NoConsumption", "area,tv", "32,1", []string{"column consumption: column_required"}},
		{"NoVariable", "consumption,pendapatan", "1,2", []string{"column *: no_variables"}},
		{"Twice", "consumption,tv,tv", "1,1,1", []string{"column tv: column_twice"}},
		{"Zero", "consumption,tv", "0,1", []string{"line 4, column consumption: not_above_zero"}},
		{"Empty", "consumption,tv", ",1", []string{"line 4, column consumption: required"}},
		{"Text", "consumption,weight,tv", "1,NaN,ya", []string{"line 4, column weight: number_unreadable", "line 4, column tv: number_unreadable"}},
		{"WeightLarge", "consumption,weight,tv", "1,1000001,1", []string{"line 4, column weight: weight_out_of_range"}},
		{"WeightSmall", "consumption,weight,tv", "1,0.0009,1", []string{"line 4, column weight: weight_out_of_range"}},
		{"WeightZero", "consumption,weight,tv", "1,0,1", []string{"line 4, column weight: not_above_zero"}},
		{"WeightBounds", "consumption,weight,tv", "1,0.001,1", nil},
		{"Code", "consumption,urban,tv", "1,3,9", []string{"line 4, column urban: code_out_of_range", "line 4, column tv: code_out_of_range"}},
		{"Area", "consumption,area,tv", "1,3204,1", []string{"line 4, column area: area_unreadable"}},
		{"Household", "consumption,household,tv", "1,h,1", []string{"line 4, column household: household_twice"}},
		{"Synthetic", "consumption,synthetic,tv", "1,seed 2,1", []string{"line 4, column synthetic: synthetic_differs"}},
	}
	usual := map[string]string{"consumption": "5", "area": "32", "tv": "1", "weight": "1", "urban": "1", "pendapatan": "1", "synthetic": "seed 1"}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			header := strings.Split(tt.header, ",")
			rows, lines := make([][]string, 200), make([]int, 200)
			for i := range rows {
				lines[i] = i + 2
				for _, name := range header {
					cell := usual[name]
					if name == "household" {
						cell = map[bool]string{true: "h", false: strconv.Itoa(i)}[i == 0]
					}
					rows[i] = append(rows[i], cell)
				}
			}
			rows[2] = strings.Split(tt.row, ",")
			_, err := Read(header, rows, lines)
			var got []string
			var refused *fault.Error
			if errors.As(err, &refused) {
				for _, d := range refused.Details {
					got = append(got, d.Field+": "+d.Code)
					if d.Text.ID == "" || d.Text.EN == "" {
						t.Errorf("%s has no text", d.Code)
					}
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	if _, err := Read([]string{"consumption", "tv"}, make([][]string, 199), make([]int, 199)); err == nil {
		t.Error("199 households were enough")
	}
}

// FuzzRead: a table is refused with reasons, or every household has every number within its bounds.
func FuzzRead(f *testing.F) {
	f.Add("consumption,tv,area", "100,1,32")
	f.Add("consumption,weight,pendapatan,jumlah_anggota,luas_lantai", "1e300,0.1,30000,1,999")
	f.Add("consumption,consumption,synthetic,household", "Inf,-1,,")
	f.Fuzz(func(t *testing.T, titles, cells string) {
		header := strings.Split(titles, ",")
		row := append(strings.Split(cells, ","), make([]string, len(header))...)[:len(header)]
		rows, lines := make([][]string, 200), make([]int, 200)
		for i := range rows {
			rows[i], lines[i] = row, i+2
		}
		s, err := Read(header, rows, lines)
		var refused *fault.Error
		if err != nil {
			if !errors.As(err, &refused) || len(refused.Details) == 0 {
				t.Errorf("refused without a reason: %v", err)
			}
			return
		}
		for at, name := range s.Names {
			low, high, ok := pmt.Domain(name)
			for _, x := range s.Numbers[at] {
				if !ok || x != pmt.Missing && (x < low || x > high) {
					t.Fatalf("%s is %d", name, x)
				}
			}
		}
		if len(s.Weight) != 200 || len(s.Area) != 200 || len(s.Urban) != 200 || !(s.Consumption[0] > 0) {
			t.Error("a column is not whole")
		}
	})
}
