package pmt

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"dtks/pkg/regsosek"
	"dtks/services/eligibility/fact"
)

// randomFamily answers everything at random, now and then nothing.
func randomFamily(r *rand.Rand) *fact.Family {
	f := fact.New()
	for i, name := range fact.Names() {
		if item, _ := regsosek.Lookup(name); r.IntN(8) > 0 {
			f.Answers[i] = int16(item.Min + r.IntN(item.Max-item.Min+1))
		}
	}
	for range r.IntN(9) {
		m := fact.Member{Relation: uint8(r.IntN(4)), School: uint8(r.IntN(4)), Level: uint8(r.IntN(23)), Work: uint8(r.IntN(9)),
			Presence: uint8(r.IntN(7)), Sex: "LP\x00"[r.IntN(3)]}
		if r.IntN(8) == 0 {
			m.Work = fact.NoWork
		}
		if r.IntN(8) > 0 {
			m.Born = int32((1930+r.IntN(98))*10000 + (1+r.IntN(12))*100 + 1 + r.IntN(28))
		}
		f.Members = append(f.Members, m)
	}
	return &f
}

// regional has every kind of variable, in two regions and a main part, within one province and a half.
const regional = `{"id":"uji-1","illustrative":true,"title":{"id":"Uji","en":"Test"},"source":"made up","instrument":"REGSOSEK2022.K",
"valid_from":"2026-01-01","valid_to":"2026-12-31","areas":["32","33.74"],"unit":"points","scale":1,"missing_rule":{"id":"x","en":"x"},
"base":1000,"min_answered":3,"variables":[
 {"name":"lantai","codes":{"1":70,"2":-30},"missing":-5},
 {"name":"umur_kepala","linear":{"coefficient":-7,"per":3,"min":20,"max":80},"missing":-100},
 {"name":"luas_lantai_per_anggota","points":[{"at":10,"value":-50},{"at":80,"value":3},{"at":1000,"value":90}],"missing":-9},
 {"name":"tanggungan_persen","bands":[{"up_to":0,"value":20},{"up_to":50,"value":0},{"value":-20}],"missing":-3},
 {"name":"anak_0_6","linear":{"coefficient":-11,"per":1,"max":4},"missing":-11},
 {"name":"anak_sekolah","linear":{"coefficient":-1,"per":2},"missing":-1},
 {"name":"lansia_60","linear":{"coefficient":-13,"per":1},"missing":-13},
 {"name":"jenis_kelamin_kepala","codes":{"1":0,"2":-17},"missing":-8}],
"regions":[
 {"area":"32.04","base":-5,"min_answered":1,"variables":[{"name":"pendapatan_per_anggota","linear":{"coefficient":1,"per":1},"required":true}]},
 {"area":"32","base":7,"min_answered":1,"variables":[{"name":"jumlah_anggota","linear":{"coefficient":-1,"per":1},"missing":-9},{"name":"sapi","points":[{"at":0,"value":0},{"at":3,"value":9}],"missing":1}]}],
"initial_cutoffs":[1,2,3,4,5,6,7,8,9]}`

func mustLoad(t testing.TB, file string) *Model {
	t.Helper()
	m, err := Load([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestColumns_EqualScore scores 5,000 families both ways, in areas that make blocks of one part and mixed ones.
func TestColumns_EqualScore(t *testing.T) {
	t.Parallel()
	models, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	models["uji-1"] = mustLoad(t, regional)
	areas := []string{"32.04.05.2001", "32.05.01.2001", "33.74.01.1001", "33.75.01.1001", "91.03.01.2001"}
	for id, m := range models {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(1, 2))
			const n = 5000
			c := m.NewColumns(n)
			want, scored := make([]int32, n), 0
			for i := range n {
				f, area := randomFamily(r), areas[min(i/1100, 3)]
				if i > 3000 {
					area = areas[r.IntN(len(areas))]
				}
				c.Set(i, f, area, day)
				score, ok := m.Score(f, area, day)
				want[i] = int32(score)
				if !ok {
					want[i] = NoScore
				} else {
					scored++
				}
				sum := m.BaseIn(area)
				for _, part := range m.Explain(f, area, day) {
					sum += part.Value
				}
				if lo, hi := m.Range(); ok && (sum != score || score < lo || score > hi) {
					t.Fatalf("score %d, parts sum to %d, range %d to %d", score, sum, lo, hi)
				}
			}
			got := make([]int32, n)
			c.Score(got)
			for i := range got {
				if got[i] != want[i] {
					t.Fatalf("family %d: column %d, alone %d", i, got[i], want[i])
				}
			}
			if scored < n/10 || scored == n && id == "uji-1" {
				t.Errorf("%d of %d have a score: the test tries too little", scored, n)
			}
		})
	}
}

func TestModel_Region(t *testing.T) {
	t.Parallel()
	m := mustLoad(t, regional)
	f := newFamily(map[string]int16{"pendapatan": 10, "sapi": 2, "lantai": 1})
	tests := []struct {
		area string
		want int64
		ok   bool
	}{
		{"32.04.05.2001", -5 + 2500, true}, // 10,000 rupiah for four
		{"32.05.05.2001", 7 - 4 + 6, true},
		{"33.74.01.1001", 0, false}, // too few answers for the main part
		{"33.75.01.1001", 0, false}, // outside
		{"33.7", 0, false},
		{"", 0, false},
	}
	for _, tt := range tests {
		if got, ok := m.Score(f, tt.area, day); ok != tt.ok || ok && got != tt.want {
			t.Errorf("in %q: got %d %v, want %d %v", tt.area, got, ok, tt.want, tt.ok)
		}
	}
	if m.Explain(f, "91.03.01.2001", day) != nil || m.BaseIn("91.03.01.2001") != 0 || m.BaseIn("32.99.01.1001") != 7 {
		t.Error("explains where it may not be used, or by the wrong part")
	}
	for day, want := range map[int32]bool{20251231: false, 20260101: true, 20261231: true, 20270101: false} {
		if m.InForce(day) != want {
			t.Errorf("in force on %d: %v", day, !want)
		}
	}
}

// TestRead_Derived works the numbers of one family out by hand.
func TestRead_Derived(t *testing.T) {
	t.Parallel()
	f := fact.New()
	for name, code := range map[string]int16{"luas_lantai": 50, "pendapatan": 2000} {
		i, _ := fact.Index(name)
		f.Answers[i] = code
	}
	f.Members = []fact.Member{
		{Relation: 1, Sex: 'L', Born: 19500101, Presence: 2, School: 3, Level: 3, Work: 1}, // has died: another is head
		{Relation: 1, Sex: 'P', Born: 19660602, Level: 8, Work: 6, School: 3, Presence: 1}, // 59, tomorrow 60
		{Relation: 6, Sex: 'P', Born: 19460601, School: 1},                                 // 80 today
		{Relation: 3, Sex: 'L', Born: 20190602, School: 2, Presence: 5},                    // 6, tomorrow 7
		{Relation: 3, Sex: 'L', Born: 20110601, School: 2},                                 // 15 today
		{Relation: 5, Sex: 'P', Born: 20240101},                                            // 2: schooling is not asked
		{Relation: 3, Sex: 'P', Born: 20000101, Presence: 3},                               // has moved away
	}
	names := []string{VarSize, VarHeadLevel, VarHeadWork, VarHeadSex, VarHeadAge, VarChildren, VarPupils, VarElderly, VarDependants,
		"luas_lantai" + PerMember, "pendapatan" + PerMember}
	r, err := NewReader(names)
	if err != nil {
		t.Fatal(err)
	}
	check := func(what string, want ...int32) {
		t.Helper()
		got := make([]int32, len(names))
		r.Read(&f, day, got)
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: got %v, want %v", what, got, want)
		}
	}
	check("all known", 5, 8, 6, 2, 59, 2, 2, 1, 60, 100, 400_000)
	f.Members[1].Level = 0
	check("left school at a level not recorded", 5, -1, 6, 2, 59, 2, 2, 1, 60, 100, 400_000)
	f.Members[1].School = 1
	check("never at school", 5, 0, 6, 2, 59, 2, 2, 1, 60, 100, 400_000)
	f.Members[1].School = 0
	check("schooling of the head not recorded", 5, -1, 6, 2, 59, 2, -1, 1, 60, 100, 400_000)
	f.Members[1].School, f.Members[1].Level, f.Members[1].Work = 3, 8, 0
	check("does not work", 5, 8, 0, 2, 59, 2, 2, 1, 60, 100, 400_000)
	f.Members[1].Work = fact.NoWork
	check("work not recorded", 5, 8, -1, 2, 59, 2, 2, 1, 60, 100, 400_000)
	f.Members[1].Work = 6
	f.Members[4].Born = 0
	check("an age not recorded", 5, 8, 6, 2, 59, -1, 2, -1, -1, 100, 400_000)
	f.Members[4].School = 0
	check("schooling not recorded", 5, 8, 6, 2, 59, -1, -1, -1, -1, 100, 400_000)
	f.Members[1].Relation, f.Members[1].Sex = 2, 0
	check("no head", 5, -1, -1, -1, -1, -1, -1, -1, -1, 100, 400_000)
	f.Members = nil
	check("nobody", -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1)
}

func TestLinearAndPoints_RoundDown(t *testing.T) {
	t.Parallel()
	low, high := int64(2), int64(5)
	linear, _, err := (&Linear{Coefficient: -7, Per: 2, Min: &low, Max: &high}).curve()
	if err != nil {
		t.Fatal(err)
	}
	for x, want := range map[int64]int64{0: -7, 2: -7, 3: -11, 4: -14, 5: -18, 9: -18} {
		if got, _ := linear(x); got != want {
			t.Errorf("linear(%d) = %d, want %d", x, got, want)
		}
	}
	points, _, err := curveOfPoints([]Point{{1, 0}, {4, -10}, {6, -9}})
	if err != nil {
		t.Fatal(err)
	}
	for x, want := range map[int64]int64{0: 0, 1: 0, 2: -4, 3: -7, 4: -10, 5: -10, 6: -9, 100: -9} {
		if got, _ := points(x); got != want {
			t.Errorf("points(%d) = %d, want %d", x, got, want)
		}
	}
}

func BenchmarkColumns_Score(b *testing.B) {
	m, r := shipped(b), rand.New(rand.NewPCG(1, 2))
	const n = 1 << 16
	c := m.NewColumns(n)
	for i := range n {
		c.Set(i, randomFamily(r), village, day)
	}
	scores := make([]int32, n)
	for b.Loop() {
		c.Score(scores)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/family")
}

// byHand reads codes and bands of the model file as a person would, for a family all of whose members live there.
func byHand(m *Model, f *fact.Family) (score int64, answers int) {
	score = m.Base
	for _, v := range m.Variables {
		number, head := -1, f.Head()
		if i, ok := fact.Index(v.Name); ok {
			number = int(f.Answers[i])
		} else if v.Name == VarSize && len(f.Members) > 0 {
			number = len(f.Members)
		} else if v.Name == VarHeadLevel && head != nil && (head.Level > 0 || head.School == regsosek.NeverSchool) {
			number = int(head.Level)
		} else if v.Name == VarHeadWork && head != nil && head.Work != fact.NoWork {
			number = int(head.Work)
		}
		value, known := v.Codes[fmt.Sprint(number)]
		for _, b := range v.Bands {
			if number >= 0 && !known && (b.UpTo == nil || int64(number) <= *b.UpTo) {
				value, known = b.Value, true
			}
		}
		if known {
			score += value
			answers++
		} else {
			score += *v.Missing
		}
	}
	return score, answers
}

func TestModel_ScoreAsTheFileReads(t *testing.T) {
	t.Parallel()
	m, r, without := shipped(t), rand.New(rand.NewPCG(7, 8)), 0
	for range 3000 {
		f := randomFamily(r)
		for i := range f.Members {
			f.Members[i].Presence = 1
		}
		for i := range f.Answers {
			if without%7 == 0 && r.IntN(6) > 0 {
				f.Answers[i] = fact.Absent
			}
		}
		want, answers := byHand(m, f)
		got, ok := m.Score(f, village, day)
		if got != want || ok != (answers >= m.MinAnswered) {
			t.Fatalf("got %d %v, want %d with %d answers", got, ok, want, answers)
		}
		without++
	}
}
