package pmt

import (
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"dtks/services/eligibility/fact"
)

// Where and when families of these tests live.
const (
	village = "32.04.05.2001"
	day     = int32(20260601)
)

func shipped(t testing.TB) *Model {
	t.Helper()
	models, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	m := models["ilustrasi-nasional-1"]
	if m == nil {
		t.Fatal("the illustrative model is not shipped")
	}
	return m
}

func newFamily(answers map[string]int16) *fact.Family {
	f := fact.New()
	for name, code := range answers {
		i, ok := fact.Index(name)
		if !ok {
			panic("no item " + name)
		}
		f.Answers[i] = code
	}
	f.Members = []fact.Member{{Relation: 1, Level: 3, Work: 6}, {Relation: 2}, {Relation: 3}, {Relation: 3}}
	return &f
}

var poor = map[string]int16{"lantai": 8, "dinding": 4, "atap": 7, "penerangan": 4, "jamban": 6, "bahan_bakar": 10}

func TestModel_Score(t *testing.T) {
	t.Parallel()
	m := shipped(t)
	f := newFamily(poor)
	got, ok := m.Score(f, village, day)
	// Base 133000; four members +500; head SD -500; farm labourer -900; soil floor -1200; bamboo wall -800; thatch -900;
	// no electricity -1200; no toilet -1000; firewood -900; then what stands for the missing: status_bangunan -200,
	// luas_lantai -400, air_minum -100, daya -500, kloset -200, limbah -300, kulkas 200, tv 100, motor 300, others 0.
	const want = 133000 + 500 - 500 - 900 - 1200 - 800 - 900 - 1200 - 1000 - 900 - 200 - 400 - 100 - 500 - 200 - 300 + 200 + 100 + 300
	if !ok || got != want {
		t.Errorf("got %d %v, want %d", got, ok, want)
	}
	sum := m.Base
	for _, c := range m.Explain(f, village, day) {
		sum += c.Value
	}
	if sum != got {
		t.Errorf("contributions sum to %d, want %d", sum, got)
	}
}

func TestModel_ScoreWorseOff(t *testing.T) {
	t.Parallel()
	m := shipped(t)
	lo, hi := m.Range()
	better := newFamily(map[string]int16{"lantai": 1, "mobil": 1, "daya": 5, "ac": 1, "jamban": 1, "dinding": 1})
	worse := newFamily(poor)
	b, _ := m.Score(better, village, day)
	w, _ := m.Score(worse, village, day)
	if w >= b || w < lo || b > hi {
		t.Errorf("worse off %d, better off %d, range %d to %d", w, b, lo, hi)
	}
}

func TestModel_ScoreTooFewAnswers(t *testing.T) {
	t.Parallel()
	m := shipped(t)
	f := newFamily(map[string]int16{"lantai": 8}) // with size, level and work of the head: four of at least five
	if _, ok := m.Score(f, village, day); ok {
		t.Error("four answers gave a score")
	}
	i, _ := fact.Index("dinding")
	f.Answers[i] = 1
	if _, ok := m.Score(f, village, day); !ok {
		t.Error("five answers gave no score")
	}
}

func TestLoad_Refuses(t *testing.T) {
	t.Parallel()
	file, err := os.ReadFile("models/ilustrasi-nasional-1.json")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, old, new, want string }{
		{"UnknownField", `"scale"`, `"skale"`, "unknown field"},
		{"UnknownItem", `"name": "lantai"`, `"name": "kolam_renang"`, "no such item"},
		{"CodeOutsideInstrument", `"9": -700}, "missing": -400}`, `"10": -700}, "missing": -400}`, "not one of"},
		{"Twice", `"name": "atap"`, `"name": "lantai"`, "twice"},
		{"OtherInstrument", `REGSOSEK2022.K`, `BDT2015`, "another instrument"},
		{"NoMissingRule", `"missing_rule": {`, `"missing_rule": {}, "x": {`, "unknown field"},
		{"FallingCutoffs", `128400`, `228400`, "below"},
		{"HugeCoefficient", `-1200`, `-9999999999`, "out of bounds"},
		{"TooWide", `"base": 133000`, `"base": 2147483000`, "32 bits"},
		{"NothingForMissing", `"9": -700}, "missing": -400}`, `"9": -700}}`, "what counts when it is missing"},
		{"BothForMissing", `"9": -700}, "missing": -400}`, `"9": -700}, "missing": -400, "required": true}`, "what counts when it is missing"},
		{"TwoForms", `"name": "lantai", "codes"`, `"name": "lantai", "linear": {"coefficient": 1, "per": 1}, "codes"`, "one of codes"},
		{"DividedCode", `"name": "lantai", "codes"`, `"name": "lantai_per_anggota", "codes"`, "cannot be divided"},
		{"PerZero", `"name": "rekening", "codes": {"1": 500, "2": 0}`, `"name": "rekening", "linear": {"coefficient": 1, "per": 0}`, "out of bounds"},
		{"PointsFall", `"name": "rekening", "codes": {"1": 500, "2": 0}`, `"name": "rekening", "points": [{"at": 2, "value": 0}, {"at": 1, "value": 1}]`, "do not rise"},
		{"AreaForm", `"unit":`, `"areas": ["3204"], "unit":`, "no area code"},
		{"RegionForm", `"initial_cutoffs":`, `"regions": [{"area": "32.04.05", "base": 1, "min_answered": 1, "variables": [{"name": "tv", "codes": {"1": 1}, "missing": 0}]}], "initial_cutoffs":`, "no province or regency"},
		{"ValidTo", `"unit":`, `"valid_to": "2025-12-31", "unit":`, "valid_to"},
		{"ValidFrom", `2026-01-01`, `2026-13-01`, "valid_from"},
		{"EightCutoffs", `128400, `, ``, "8 bounds"},
		{"Fraction", `-1200`, `-1200.5`, "decoding"},
		{"ID", `"ilustrasi-nasional-1"`, `"a.b"`, "id"},
		{"Rest", "148800]\n}", "148800]\n}{}", "after its end"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			changed := strings.Replace(string(file), tt.old, tt.new, 1)
			if changed == string(file) {
				t.Fatal("the file does not hold what the case replaces")
			}
			if _, err := Load([]byte(changed)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
		})
	}
}

func FuzzLoad(f *testing.F) {
	file, err := os.ReadFile("models/ilustrasi-nasional-1.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(file)
	f.Add([]byte(regional))
	f.Add([]byte(`{"id":"x","variables":[{"name":"lantai","bands":[{"value":1}]}]}`))
	r := rand.New(rand.NewPCG(5, 6))
	families := []*fact.Family{newFamily(poor), randomFamily(r), randomFamily(r), randomFamily(r)}
	f.Fuzz(func(t *testing.T, file []byte) {
		m, err := Load(file)
		if err != nil {
			return
		}
		lo, hi := m.Range()
		c, scores := m.NewColumns(len(families)), make([]int32, len(families))
		for i, family := range families {
			c.Set(i, family, village, day)
		}
		c.Score(scores)
		for i, family := range families {
			s, ok := m.Score(family, village, day)
			if ok && (s < lo || s > hi) {
				t.Errorf("score %d outside %d to %d", s, lo, hi)
			}
			if ok != (scores[i] != NoScore) || ok && int64(scores[i]) != s {
				t.Errorf("column %d, alone %d %v", scores[i], s, ok)
			}
		}
	})
}

func BenchmarkModel_Score(b *testing.B) {
	m, f := shipped(b), newFamily(poor)
	b.ReportAllocs()
	for b.Loop() {
		m.Score(f, village, day)
	}
}

// TestShipped_IncomeOrder: income divided by members, rounded down; none without income.
func TestShipped_IncomeOrder(t *testing.T) {
	t.Parallel()
	models, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	m := models["pendapatan-per-kapita-2020-1"]
	f := newFamily(map[string]int16{"pendapatan": 1001})
	f.Members = f.Members[:3]
	if got, ok := m.Score(f, village, day); !ok || got != 333_666 {
		t.Errorf("got %d %v, want 333666 rupiah", got, ok)
	}
	without := newFamily(poor)
	if got, ok := m.Score(without, village, day); ok {
		t.Errorf("a family without an income has score %d", got)
	}
	zero := newFamily(map[string]int16{"pendapatan": 0})
	if got, ok := m.Score(zero, village, day); !ok || got != 0 {
		t.Errorf("an income of nothing: got %d %v, want 0", got, ok)
	}
}
