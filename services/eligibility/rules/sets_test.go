package rules

import (
	"os"
	"slices"
	"strings"
	"testing"

	"dtks/pkg/event"
	"dtks/services/eligibility/fact"
	"dtks/services/eligibility/rank"

	"github.com/google/go-cmp/cmp"
)

func TestSets_Ready(t *testing.T) {
	t.Parallel()
	found := setFile("found-1", "found", criteria, `"met": {"at_least": 1, "source": "a"}`, clauses(clause("big", "size > 4")),
		`"cases": [{"name": "a", "day": "2026-06-01", "outcome": "not_entitled", "reasons": ["not_big"]}]`)
	tests := []struct {
		name  string
		files []string
		want  string // of the error, "" = none
		order []string
	}{
		{"Order", []string{programme("b", clause("x", "entitled.c_d")), programme("a", clause("x", "entitled.b && met.found")), programme("c-d"), found}, "",
			[]string{"c-d", "b", "found", "a"}},
		{"Circle", []string{programme("a", clause("x", "entitled.b")), programme("b", clause("x", "entitled.c")), programme("c", clause("x", "!entitled.a"))},
			"circle: a -> b -> c -> a", nil},
		{"Itself", []string{programme("a", clause("x", "entitled.a"))}, "circle: a -> a", nil},
		{"Unknown", []string{programme("a", clause("x", "entitled.b"))}, "entitled.b names no programme", nil},
		{"WrongKind", []string{programme("a", clause("x", "met.b")), programme("b")}, "met.b names no criteria", nil},
		{"EntitledToCriteria", []string{programme("a", clause("x", "entitled.found")), found}, "entitled.found names no programme", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			sets := NewSets()
			for _, f := range tt.files {
				if err := sets.Add([]byte(f)); err != nil {
					t.Fatal(err)
				}
			}
			err := sets.Ready()
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Fatalf("got %v, want %q", err, tt.want)
			}
			if diff := cmp.Diff(tt.order, sets.Programmes()); diff != "" {
				t.Error(diff)
			}
		})
	}
	if _, err := NewSets().Evaluator(nil); err == nil {
		t.Error("sets that are not ready evaluate")
	}
	if _, err := load(t, programme("a")).Evaluator([]string{"b"}); err == nil {
		t.Error("a programme without rules is evaluated")
	}
}

func TestSets_For(t *testing.T) {
	t.Parallel()
	at := func(id, from string, lines ...string) string {
		file := setFile(id, "a", append([]string{byFamily, clauses(clause("active", "active")), idle}, lines...)...)
		return strings.NewReplacer("2021-01-01", from, "2026-06-01", from).Replace(file)
	}
	sets := load(t, at("old", "2021-01-01"), at("new", "2025-01-01", `"valid_to": "2026-06-30"`), at("regency", "2024-01-01", `"areas": ["32.04", "33"]`),
		at("village", "2023-01-01", `"areas": ["32.04.05.2001"]`, `"valid_to": "2023-12-31"`))
	tests := []struct {
		area string
		day  int32
		want string
		next int32
	}{
		{"31.71.01.1001", 20201231, "", 20210101}, {"31.71.01.1001", 20210101, "old", 20250101}, {"31.71.01.1001", 20260630, "new", 20260701},
		{"31.71.01.1001", 20260701, "old", never}, {"32.04.01.2001", 20240101, "regency", 20250101}, {"32.04.01.2001", 20231231, "old", 20240101},
		{"32.04.05.2001", 20230601, "village", 20240101}, {"32.04.05.2001", 20240101, "regency", 20250101}, {"32.41.01.2001", 20240601, "old", 20250101},
		{"33", 20240101, "regency", 20250101}, {"", 20240101, "old", 20250101},
	}
	for _, tt := range tests {
		got, next := inForce(sets.byProgramme["a"], tt.area, tt.day)
		id := ""
		if got != nil {
			id = got.ID
		}
		if id != tt.want || next != tt.next || sets.For("a", tt.area, tt.day) != got {
			t.Errorf("%q on %d: got %q until %d, want %q until %d", tt.area, tt.day, id, next, tt.want, tt.next)
		}
	}
	if sets.For("b", "", 20260101) != nil || sets.ByID("regency") == nil || sets.ByID("b") != nil {
		t.Error("a programme without rules has some, or an id is not found")
	}
	for _, clash := range []string{at("old", "2022-01-01"), at("other", "2021-01-01"), at("other", "2024-01-01", `"areas": ["33"]`),
		strings.Replace(at("other", "2022-01-01"), `"unit": "family"`, `"unit": "person"`, 1)} {
		if sets.Add([]byte(clash)) == nil {
			t.Error("a set that clashes was taken")
		}
	}
}

// TestEvaluate_NotInForce: nobody is entitled to a programme that has ended, so that others may rest on that.
func TestEvaluate_NotInForce(t *testing.T) {
	t.Parallel()
	sets := load(t, setFile("old-1", "old", byFamily, `"valid_to": "2022-12-31"`, clauses(clause("active", "active")), strings.Replace(idle, "2026", "2022", 1)),
		programme("new", clause("unpaid", "!entitled.old")))
	e := evaluator(t, sets)
	r := e.Evaluate(newFacts())
	if r[0].Programme != "new" {
		slices.Reverse(r)
	}
	if r[0].Outcome != event.Entitled || r[1].Set != nil || r[1].Outcome != event.NotEntitled {
		t.Errorf("got new %s, old %s by %v", r[0].Outcome, r[1].Outcome, r[1].Set)
	}
	r = e.Evaluate(newFacts(func(f *Facts) { f.Day = 20220601 }))
	for i := range r {
		if r[i].RecheckOn != 20230101 {
			t.Errorf("%s: to be looked at on %d, want the day after the old rules end", r[i].Programme, r[i].RecheckOn)
		}
	}
}

func TestSet_Limit(t *testing.T) {
	t.Parallel()
	tests := []struct {
		exprs []string
		level rank.Level
		want  int
		ok    bool
	}{
		{[]string{"decile <= 4"}, rank.National, 4, true}, {[]string{"decile_regency < 6"}, rank.Regency, 5, true},
		{[]string{"3 >= decile_province"}, rank.Province, 3, true}, {[]string{"decile <= 5", "decile_regency <= 2"}, rank.Regency, 2, true},
		{[]string{"decile <= 4 || size > 9"}, 0, 0, false}, {[]string{"decile >= 4"}, 0, 0, false}, {[]string{"size <= 4"}, 0, 0, false},
		{[]string{"decile <= 10"}, 0, 0, false},
	}
	for _, tt := range tests {
		var c []string
		for i, expr := range tt.exprs {
			c = append(c, clause("c"+string(rune('a'+i)), expr))
		}
		s := load(t, programme("a", c...)).ByID("a-1")
		if level, got, ok := s.Limit(); level != tt.level || got != tt.want || ok != tt.ok {
			t.Errorf("%v: got %v %d %v, want %v %d %v", tt.exprs, level, got, ok, tt.level, tt.want, tt.ok)
		}
	}
}

func TestDiff(t *testing.T) {
	t.Parallel()
	a := setFile("a-1", "a", byFamily, `"amount": 100`, clauses(clause("active", "active", `"gate": true`), clause("low", "decile <= 4"), clause("gone", "size > 0")),
		`"components": [{"code": "x", "text": {"id": "a", "en": "a"}, "expr": "person.age < 7", "amount": 5, "limit": 1, "source": "a"}], "max_components": 2`, idle)
	b := strings.NewReplacer(`"decile <= 4"`, `"decile <= 5"`, `"amount": 100`, `"amount": 200`, clause("gone", "size > 0"), clause("come", "size < 9"),
		`"limit": 1`, `"limit": 2`, `"a-1"`, `"a-2"`).Replace(a)
	one, two := load(t, a).ByID("a-1"), load(t, b).ByID("a-2")
	var got []string
	for _, c := range Diff(one, two) {
		got = append(got, c.String())
	}
	want := []string{"~ amount: 100 -> 200", "~ clause low: expression: decile <= 4 -> decile <= 5", "- clause gone: size > 0", "+ clause come: size < 9",
		"~ component x: limit: 1 -> 2"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := Diff(one, one); got != nil {
		t.Errorf("a set differs from itself: %v", got)
	}
}

func TestSets_Missing(t *testing.T) {
	t.Parallel()
	sets := rich(t)
	known := func(f *Facts) {
		for name, code := range map[string]int16{"mobil": 2, "tempat_tinggal": 1, "khawatir_makan": 2, "lantai": 2, "luas_lantai": 60, "penerangan": 1, "daya": 3} {
			i, _ := fact.Index(name)
			f.Family.Answers[i] = code
		}
	}
	forget := func(names ...string) func(*Facts) {
		return func(f *Facts) {
			for _, name := range names {
				i, _ := fact.Index(name)
				f.Family.Answers[i] = fact.Absent
			}
		}
	}
	tests := []struct {
		name      string
		programme string
		change    []func(*Facts)
		want      []string
	}{
		{"NothingIsMissing", "cash", nil, nil},
		{"Score", "orphan", []func(*Facts){func(f *Facts) { f.Places.Decile[0] = 0; f.Area = "" }}, nil},
		{"CarMatters", "cash", []func(*Facts){forget("mobil"), func(f *Facts) { f.Area = "" }}, []string{"mobil"}},
		{"TwoMatterTogether", "cash", []func(*Facts){forget("mobil"), func(f *Facts) { f.Area = ""; f.Places.Decile[0] = 0 }}, []string{"decile", "mobil"}},
		{"RefusedAnyway", "cash", []func(*Facts){forget("mobil"), func(f *Facts) { f.Area = ""; f.Places.Decile[0] = 9 }}, nil},
		{"VerdictAndCar", "cash", []func(*Facts){forget("mobil"), func(f *Facts) { f.Area, f.Verdicts = "", nil }}, []string{"verdict", "mobil"}},
		{"AtLeastThree", "nine-signs", []func(*Facts){forget("lantai", "penerangan", "khawatir_makan")}, []string{"khawatir_makan", "lantai", "penerangan"}},
		{"TwoOfThreeCannotSuffice", "nine-signs", []func(*Facts){forget("lantai", "penerangan")}, nil},
		{"PowerNeedsLight", "nine-signs", []func(*Facts){forget("daya", "khawatir_makan", "lantai")}, []string{"khawatir_makan", "lantai", "daya"}},
		{"BirthDate", "school", []func(*Facts){func(f *Facts) { f.Family.Members[2].Born = 0 }}, []string{"members[2].age"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := sets.Missing(tt.programme, newFacts(append([]func(*Facts){known}, tt.change...)...))
			if err != nil {
				t.Fatal(err)
			}
			slices.Sort(got)
			slices.Sort(tt.want)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			for _, name := range got {
				if f, _, ok := MissingText(name); !ok || f.Text.ID == "" {
					t.Errorf("%s has no text", name)
				}
			}
		})
	}
}

// TestModel has room for every fact and a text for each.
func TestModel(t *testing.T) {
	t.Parallel()
	if len(personFacts) > len(person{}.values) || familyFacts[membersAt].Name != "members" || familyFacts[componentsAt].Name != "components" ||
		personFacts[ageAt].Name != "age" {
		t.Fatal("facts are not where the engine looks for them")
	}
	seen := map[string]bool{}
	for _, f := range Model() {
		if seen[f.Name] || f.Text.ID == "" || f.Text.EN == "" || celTypes[f.Type] == nil || (f.Codes != nil) && f.Type != stringType {
			t.Errorf("fact %+v is there twice or incomplete", f)
		}
		seen[f.Name] = true
	}
}

func FuzzLoad(f *testing.F) {
	for _, file := range []string{programme("a", clause("x", "members.exists(m, m.aged(1, 2) && m.work in ['tidak_bekerja']) || entitled.b")),
		setFile("a-1", "a", byFamily, clauses(clause("active", "active", `"gate": true`), clause("it", "components >= 1")), `"max_components": 1`,
			`"components": [{"code": "x", "text": {"id": "a", "en": "a"}, "expr": "person.age < 7", "amount": 5, "limit": 1, "source": "a"}]`, idle),
		setFile("a-1", "a", byPerson, `"amount": 5`, clauses(clause("active", "active"), clause("it", "person.pupil('sd') && person.age % 5 == 10 / person.age")),
			`"cases": [{"name": "a", "day": "2026-06-01", "outcome": "not_entitled"}]`),
		setFile("a-1", "a", criteria, `"met": {"any_of": ["x"], "at_least": 1, "source": "a"}`, clauses(clause("x", "luas_lantai / size < 8")),
			`"cases": [{"name": "a", "day": "2026-06-01", "outcome": "undetermined", "reasons": ["x_missing"]}]`)} {
		f.Add([]byte(file))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		sets := NewSets()
		if sets.Add(file) != nil || sets.Ready() != nil {
			return
		}
		for _, family := range []*Facts{newFacts(), newFacts(func(f *Facts) { f.Family.Members[2].Born, f.Verdicts = 0, nil }), {Day: 20260601, Family: new(fact.Family)}} {
			for i, r := range evaluator(t, sets).Evaluate(family) {
				if r.Outcome != event.Entitled && (r.Amount != 0 || len(r.Paid) > 0) {
					t.Errorf("%d: %s with an amount", i, r.Outcome)
				}
				if r.Outcome == event.Entitled && r.Set.Kind == Programme && r.Set.Unit == Family && slices.Contains(r.Answers, Errs) {
					t.Errorf("%d: entitled by %s", i, answers(r.Answers))
				}
			}
		}
	})
}

func BenchmarkEvaluate(b *testing.B) {
	sets, f := shipped(b), newFacts()
	e := evaluator(b, sets)
	b.ReportAllocs()
	for b.Loop() {
		e.Evaluate(f)
	}
}

// TestModel_Documented finds every fact in the page for those who write rules.
func TestModel_Documented(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../../docs/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range Model() {
		if !strings.Contains(string(page), "`"+f.Name+"`") {
			t.Errorf("docs/rules.md does not list %s", f.Name)
		}
	}
}
