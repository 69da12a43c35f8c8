package baseline_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"dtks/cmd/dtks/baseline"
	"dtks/cmd/dtks/quality"
	"dtks/services/nik-match/match"
)

// TestRatcliffObershelp_Known holds the figures of the field's rule; MARTHA and DIXON are the textbook's.
func TestRatcliffObershelp_Known(t *testing.T) {
	t.Parallel()
	tests := []struct {
		a, b string
		want float64
	}{
		{"SITI AMINAH", "SITI AISYAH", 0.82},
		{"SUPARMAN", "SUPARMIN", 0.875},
		{"MUHAMMAD ALI", "MUHAMMAD ADI", 0.92},
		{"MUHAMMAD RIZKI", "MOH RIZKY", 0.61},
		{"HERMAWAN", "WAWAN", 0.62},
		{"", "", 1}, {"A", "", 0}, {"ABC", "ABC", 1},
	}
	for _, tt := range tests {
		if got := baseline.RatcliffObershelp(tt.a, tt.b); math.Abs(got-tt.want) >= 0.005 {
			t.Errorf("%s ~ %s: got %.4f, want %.3f", tt.a, tt.b, got, tt.want)
		}
	}
}

// TestJaroWinkler_Known holds Winkler's own examples (U.S. Census Bureau).
func TestJaroWinkler_Known(t *testing.T) {
	t.Parallel()
	tests := []struct {
		a, b string
		want float64
	}{
		{"SHACKLEFORD", "SHACKELFORD", 0.982}, {"DUNNINGHAM", "CUNNIGHAM", 0.896}, {"NICHLESON", "NICHULSON", 0.956},
		{"MARHTA", "MARTHA", 0.961}, {"DWAYNE", "DUANE", 0.840}, {"DIXON", "DICKSONX", 0.813}, {"ABROMS", "ABRAMS", 0.922},
		{"", "", 1}, {"", "A", 0}, {"A", "B", 0},
	}
	for _, tt := range tests {
		if got := baseline.JaroWinkler(tt.a, tt.b); math.Abs(got-tt.want) > 0.0006 {
			t.Errorf("%s ~ %s: got %.4f, want %.3f", tt.a, tt.b, got, tt.want)
		}
	}
}

var fields = []match.Field{{Name: "name", Kind: match.KindName}, {Name: "birth_date", Kind: match.KindDate}, {Name: "place", Kind: match.KindPlace}}

// people makes records of n invented people, the first half of them twice, the second time with one field
// changed; the entity of each comes along.
func people(n int, seed uint64) (rows [][]string, entity []string) {
	rng := rand.New(rand.NewPCG(seed, 7))
	word := func() string {
		var b strings.Builder
		for range 2 + rng.IntN(3) {
			b.WriteByte("BDGKLMNPRST"[rng.IntN(11)])
			b.WriteByte("AEIOU"[rng.IntN(5)])
		}
		return b.String()
	}
	for i := range n {
		row := []string{word() + " " + word(), fmt.Sprintf("19%02d-%02d-%02d", rng.IntN(90)+10, rng.IntN(12)+1, rng.IntN(28)+1), word()}
		rows, entity = append(rows, row), append(entity, fmt.Sprint(i))
		if i < n/2 {
			again := append([]string(nil), row...)
			switch i % 4 {
			case 0:
				again[0] = again[0][:3] + "X" + again[0][4:]
			case 1:
				again[2] = word()
			case 2:
				again[1] = ""
			}
			rows, entity = append(rows, again), append(entity, fmt.Sprint(i))
		}
	}
	return rows, entity
}

func run(t *testing.T, d baseline.Data) map[string]baseline.Result {
	t.Helper()
	var begun []string
	all, err := baseline.All(context.Background(), d, func(name string) { begun = append(begun, name) })
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]baseline.Result{}
	for _, r := range all {
		out[r.Name] = r
	}
	if len(out) != 6 || len(begun) != 6 {
		t.Fatalf("got %d matchers, %d begun", len(out), len(begun))
	}
	return out
}

// TestAll_AgainstEveryPair compares what the bounds and groups give with scoring every pair as a claim.
func TestAll_AgainstEveryPair(t *testing.T) {
	t.Parallel()
	rows, _ := people(80, 1)
	rows = append(rows, []string{"ALIAS CONTOH / " + rows[0][0], "1970-01-01", "X"}, []string{"'" + strings.ToLower(rows[3][0]) + "'", rows[3][1], rows[3][2]}, []string{"", "", ""})
	for name, d := range map[string]baseline.Data{
		"one file":  {Fields: fields, A: rows},
		"two files": {Fields: fields, A: rows[:50], B: rows[30:]},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			results := run(t, d)
			model, err := baseline.Learn(context.Background(), d)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range baseline.Claims(d.Fields, model) {
				checkPairs(t, d, c, results[c.Name])
			}
		})
	}
}

func checkPairs(t *testing.T, d baseline.Data, c baseline.Claim, r baseline.Result) {
	t.Helper()
	given := map[[2]int32]float64{}
	for _, p := range r.Pairs {
		if d.B == nil && p.A > p.B {
			p.A, p.B = p.B, p.A
		}
		if _, twice := given[[2]int32{p.A, p.B}]; twice || (d.B == nil && p.A == p.B) {
			t.Fatalf("%s: pair %d %d twice or of one record", c.Name, p.A, p.B)
		}
		given[[2]int32{p.A, p.B}] = p.Score
	}
	matched := 0
	for i := range d.A {
		other, from := d.B, 0
		if other == nil {
			other, from = d.A, i+1
		}
		for j := from; j < len(other); j++ {
			want, limit := c.Score(d.A[i], other[j]), c.Threshold
			got, ok := given[[2]int32{int32(i), int32(j)}]
			if want < limit {
				if ok && math.Abs(got-want) > 1e-9 {
					t.Errorf("%s: pair %d %d scored %.4f, want %.4f", c.Name, i, j, got, want)
				}
				continue
			}
			matched++
			// Of alternatives the score may depend on the order in which two names are compared.
			if !ok || math.Abs(got-want) > 1e-9 && c.Name != "ratcliff_obershelp" {
				t.Errorf("%s: pair %d %d got %.4f %v, want %.4f", c.Name, i, j, got, ok, want)
			}
		}
	}
	if matched == 0 {
		t.Errorf("%s: no pair was a match, nothing was checked", c.Name)
	}
}

func TestFellegiSunter_Learns(t *testing.T) {
	t.Parallel()
	rows, entity := people(600, 2)
	d := baseline.Data{Fields: fields, A: rows}
	truth := quality.FromColumn(entity, nil)
	r := run(t, d)
	if f1 := truth.Curve(r["fellegi_sunter"].Pairs).At(0).F1(); f1 < 0.97 {
		t.Errorf("got F1 %.4f on easy data", f1)
	}
	if exact := truth.Curve(r["exact"].Pairs).At(1); exact.FP > 0 || exact.TP != 75 {
		t.Errorf("exact: got %+v, want the 75 pairs without a change", exact)
	}
	m, err := baseline.Learn(context.Background(), d)
	if err != nil {
		t.Fatal(err)
	}
	// 300 true pairs of 900·899/2. Of each four one differs in name, date or place and one in nothing: among
	// those that agree in name, and among those that agree in date, two in three agree in place.
	if want := 300.0 / (900 * 899 / 2); math.Abs(m.Prior/want-1) > 0.1 {
		t.Errorf("prior: got %.6f, want %.6f", m.Prior, want)
	}
	if got := m.M[2][0]; math.Abs(got-2.0/3) > 0.06 {
		t.Errorf("agreement in place among matches: got %.3f, want 0.667", got)
	}
}

// TestFellegiSunter_Blocked runs on more records than are compared all with all.
func TestFellegiSunter_Blocked(t *testing.T) {
	t.Parallel()
	rows, entity := people(8000, 3)
	r, err := baseline.FellegiSunter(context.Background(), baseline.Data{Fields: fields, A: rows})
	if err != nil {
		t.Fatal(err)
	}
	if r.Note == "" || r.Compared >= int64(len(rows))*int64(len(rows)-1)/2 {
		t.Errorf("12,000 records: blocking is not told: %q, %d pairs", r.Note, r.Compared)
	}
	if p := quality.FromColumn(entity, nil).Curve(r.Pairs).At(0); p.F1() < 0.9 {
		t.Errorf("got F1 %.4f on easy data (%+v)", p.F1(), p)
	}
}

func TestAll_Cancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	rows, _ := people(50, 4)
	if _, err := baseline.All(ctx, baseline.Data{Fields: fields, A: rows}, nil); err == nil {
		t.Error("a cancelled run gave results")
	}
}

func BenchmarkAll(b *testing.B) {
	rows, _ := people(3300, 5)
	d := baseline.Data{Fields: fields, A: rows}
	for name, run := range map[string]func(context.Context, baseline.Data) (baseline.Result, error){
		"ratcliff": baseline.Ratcliff, "winkler": baseline.Winkler, "fellegi_sunter": baseline.FellegiSunter,
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := run(context.Background(), d); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
