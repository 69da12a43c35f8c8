package rules

import (
	"os"
	"strings"
	"testing"

	"dtks/pkg/event"
	"dtks/services/eligibility/fact"

	"github.com/google/go-cmp/cmp"
)

func shipped(t testing.TB) *Sets {
	t.Helper()
	sets, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	return sets
}

// newFacts is a family that PKH and Sembako both accept.
func newFacts(change ...func(*Facts)) *Facts {
	family := fact.New()
	family.Members = []fact.Member{
		{Relation: 1, Sex: 'L', Born: 19850505, School: 3, Level: 3, Work: 7},
		{Relation: 2, Sex: 'P', Born: 19900505, School: 3, Level: 8, Pregnant: true},
		{Relation: 3, Sex: 'L', Born: 20170101, School: 2, Level: 3},
		{Relation: 3, Sex: 'P', Born: 20240101},
	}
	f := &Facts{Active: true, Verdict: "padan", Decile: 2, Day: 20260601, Family: &family}
	for _, c := range change {
		c(f)
	}
	return f
}

func TestSets_Golden(t *testing.T) {
	t.Parallel()
	ok := []string{"family_active", "verdict_known", "verdict_padan", "decile_within_4", "no_civil_servant"}
	tests := []struct {
		name      string
		programme string
		facts     *Facts
		want      Result
	}{
		{"SembakoEntitled", "sembako", newFacts(),
			Result{Outcome: event.Entitled, Amount: 2400000, Reasons: ok, Clauses: "ttttt"}},
		{"PKHEntitled", "pkh", newFacts(),
			Result{Outcome: event.Entitled, Amount: 6900000, Components: []string{"hamil", "usia_dini", "sd"},
				Reasons: append(append([]string(nil), ok...), "has_component"), Clauses: "tttttt"}},
		{"NoVerdict", "pkh", newFacts(func(f *Facts) { f.Verdict = "" }),
			Result{Outcome: event.Undetermined, Reasons: []string{"verdict_missing"}, Clauses: "tu----"}},
		{"UnknownVerdictWord", "sembako", newFacts(func(f *Facts) { f.Verdict = "baru" }),
			Result{Outcome: event.Undetermined, Reasons: []string{"verdict_perlu_ditinjau"}, Clauses: "ttf--"}},
		{"NoScore", "sembako", newFacts(func(f *Facts) { f.Decile = 0 }),
			Result{Outcome: event.Undetermined, Reasons: []string{"decile_missing"}, Clauses: "tttut"}},
		{"NoMembers", "pkh", newFacts(func(f *Facts) { f.Family.Members = nil }),
			Result{Outcome: event.NotEntitled, Reasons: []string{"no_component"}, Clauses: "tttttf"}},
		{"Tenth", "pkh", newFacts(func(f *Facts) { f.Decile = 10 }),
			Result{Outcome: event.NotEntitled, Reasons: []string{"decile_above_4"}, Clauses: "tttftt"}},
	}
	sets := shipped(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := sets.For(tt.programme, tt.facts.Day).Evaluate(tt.facts)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSets_For(t *testing.T) {
	t.Parallel()
	sets := shipped(t)
	if s := sets.For("pkh", 20201231); s != nil {
		t.Errorf("got %s before its first day, want none", s.ID)
	}
	if s := sets.For("pkh", 20210101); s == nil || s.ID != "pkh-2021-1" {
		t.Errorf("got %v on its first day", s)
	}
	if sets.For("bst", 20260101) != nil || sets.ByID("pkh-2021-1") == nil || sets.ByID("pkh-9") != nil {
		t.Error("a programme without rules has some, or an id is not found")
	}
	for _, s := range sets.byProgramme["pkh"] {
		for i := range s.Clauses {
			for _, code := range []string{s.Clauses[i].Holds.Code, s.Clauses[i].Fails.Code, s.Clauses[i].Missing.Code} {
				if text, ok := s.Text(code); !ok || text.ID == "" {
					t.Errorf("code %s has no text", code)
				}
			}
		}
	}
}

func TestLoad_Refuses(t *testing.T) {
	t.Parallel()
	file, err := os.ReadFile("sets/pkh-2021-1.json")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, old, new, want string }{
		{"CaseFails", `"decile <= 4"`, `"decile <= 5"`, `case "decile 5 and no component"`},
		{"AmountChanged", `"amount": 900000`, `"amount": 900001`, "case"},
		{"Typo", `"decile <= 4"`, `"desile <= 4"`, "undeclared"},
		{"WrongType", `"decile <= 4"`, `"decile <= 'empat'"`, "no matching overload"},
		{"NotBool", `"decile <= 4"`, `"decile + 4"`, "want bool"},
		{"MemberFactInClause", `"decile <= 4"`, `"age <= 4"`, "undeclared"},
		{"Macro", `"decile <= 4"`, `"[1, 2].all(i, i < decile)"`, "clause 4"},
		{"Cost", `"decile <= 4"`, `"verdict.matches('(a+)+') && ` + strings.Repeat("verdict.matches('(a|b)+c*d') && ", 40) + `decile <= 4"`, "cost"},
		{"Failure", `"outcome": "not_entitled"`, `"outcome": "entitled"`, "no outcome"},
		{"Dates", `"2021-01-01"`, `"2021-13-01"`, "valid_from"},
		{"UnknownField", `"gate"`, `"gatte"`, "unknown field"},
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

// TestSet_ErrorNeverEntitles divides by zero in a clause.
func TestSet_ErrorNeverEntitles(t *testing.T) {
	t.Parallel()
	file, err := os.ReadFile("sets/sembako-2021-1.json")
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(file), `"!civil_servant"`, `"!civil_servant && 10 / (size - 9) < 100"`, 1)
	s, err := Load([]byte(changed))
	if err != nil {
		t.Fatal(err)
	}
	got := s.Evaluate(newFacts(func(f *Facts) { f.Family.Members = make([]fact.Member, 9) }))
	want := Result{Outcome: event.Undetermined, Reasons: []string{ReasonError}, Clauses: "tttte"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func FuzzLoad(f *testing.F) {
	for _, name := range []string{"sets/pkh-2021-1.json", "sets/sembako-2021-1.json"} {
		file, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(file)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		s, err := Load(file)
		if err != nil {
			return
		}
		r := s.Evaluate(newFacts())
		if r.Outcome != event.Entitled && r.Amount != 0 {
			t.Errorf("%s with an amount", r.Outcome)
		}
	})
}

func BenchmarkSet_Evaluate(b *testing.B) {
	sets, f := shipped(b), newFacts()
	for _, programme := range sets.Programmes() {
		s := sets.For(programme, f.Day)
		b.Run(programme, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s.Evaluate(f)
			}
		})
	}
}
