package rules

import (
	"strings"
	"testing"

	"dtks/pkg/event"
	"dtks/services/eligibility/fact"
	"dtks/services/eligibility/rank"

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

// newFacts is a family that most programmes accept.
func newFacts(change ...func(*Facts)) *Facts {
	family := fact.New()
	family.Members = []fact.Member{
		{Relation: 1, Sex: 'L', Born: 19850505, Marital: 2, School: 3, Level: 3, Work: 7, Orphan: 1, Cover: 0},
		{Relation: 2, Sex: 'P', Born: 19900505, Marital: 2, School: 3, Level: 8, Orphan: 1, Cover: 0, Pregnant: true},
		{Relation: 3, Sex: 'L', Born: 20170101, Marital: 1, School: 2, Level: 3, Orphan: 1, Cover: 0},
		{Relation: 3, Sex: 'P', Born: 20240101, Marital: 1, School: 1, Orphan: 1, Cover: 0},
	}
	f := &Facts{Active: true, Day: 20260601, Area: "32.04.05.2001", Family: &family, Verdicts: []string{"padan", "padan", "padan", "padan"},
		Places: rank.Places{Decile: [3]uint8{2, 2, 2}, Percentile: [3]uint8{15, 15, 15}}}
	for _, c := range change {
		c(f)
	}
	return f
}

// setFile writes a rule set with what a test is about.
func setFile(id, programme string, lines ...string) string {
	return `{"id": "` + id + `", "programme": "` + programme + `", "title": {"id": "a", "en": "a"}, "source": "a", "valid_from": "2021-01-01", ` +
		strings.Join(lines, ", ") + `}`
}

// clause writes a clause with codes made from a name.
func clause(name, expr string, lines ...string) string {
	expr = strings.ReplaceAll(expr, `"`, `\"`)
	text := `"text": {"id": "a", "en": "a"}`
	return `{"expr": "` + expr + `", "source": "a", "holds": {"code": "` + name + `", ` + text + `}, "fails": {"code": "not_` + name + `", ` + text +
		`, "outcome": "not_entitled"}, "missing": {"code": "` + name + `_missing", ` + text + `}` + strings.Join(append([]string{""}, lines...), ", ") + `}`
}

const (
	byFamily = `"kind": "programme", "unit": "family"`
	byPerson = `"kind": "programme", "unit": "person"`
	criteria = `"kind": "criteria", "unit": "family"`
	// idle is a case of a family of which nothing is known but that its record sleeps.
	idle = `"cases": [{"name": "a", "day": "2026-06-01", "active": false, "outcome": "not_entitled", "reasons": ["not_active"]}]`
)

func clauses(c ...string) string { return `"clauses": [` + strings.Join(c, ", ") + `]` }

// programme writes a set by family of clauses behind a gate.
func programme(code string, c ...string) string {
	return setFile(code+"-1", code, byFamily, clauses(append([]string{clause("active", "active", `"gate": true`)}, c...)...), idle)
}

func load(t testing.TB, files ...string) *Sets {
	t.Helper()
	sets := NewSets()
	for _, f := range files {
		if err := sets.Add([]byte(f)); err != nil {
			t.Fatal(err)
		}
	}
	if err := sets.Ready(); err != nil {
		t.Fatal(err)
	}
	return sets
}

// evaluate decides one programme.
func evaluate(t testing.TB, sets *Sets, programme string, f *Facts) *Result {
	t.Helper()
	e, err := sets.Evaluator([]string{programme})
	if err != nil {
		t.Fatal(err)
	}
	results := e.Evaluate(f)
	return &results[len(results)-1]
}

func answers(a []Answer) string {
	out := make([]byte, len(a))
	for i := range a {
		out[i] = byte(a[i])
	}
	return string(out)
}

func TestLoad_Refuses(t *testing.T) {
	t.Parallel()
	file := setFile("food-1", "food", byFamily, clauses(clause("active", "active", `"gate": true`), clause("low", "decile <= 4")), `"amount": 2400000`,
		`"cases": [{"name": "asleep", "day": "2026-06-01", "active": false, "outcome": "not_entitled", "reasons": ["not_active"]},
			{"name": "decile 4", "day": "2026-06-01", "decile": 4, "outcome": "entitled", "amount": 2400000, "reasons": ["active", "low"]},
			{"name": "decile 5", "day": "2026-06-01", "decile": 5, "outcome": "not_entitled", "reasons": ["not_low"]}]`)
	if _, err := Load([]byte(file)); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, old, new, want string }{
		{"CaseFails", `"decile <= 4"`, `"decile <= 5"`, `case "decile 5"`},
		{"AmountChanged", `"amount": 2400000, "cases"`, `"amount": 2400001, "cases"`, "case"},
		{"Typo", `"decile <= 4"`, `"desile <= 4"`, "undeclared"},
		{"Percentile", `"decile <= 4"`, `"percentile <= 40"`, "undeclared"},
		{"FieldTypo", `"decile <= 4"`, `"members.all(m, m.aeg > 1)"`, "undefined field"},
		{"WrongType", `"decile <= 4"`, `"decile <= 'empat'"`, "no matching overload"},
		{"NotBool", `"decile <= 4"`, `"decile + 4"`, "want bool"},
		{"Dynamic", `"decile <= 4"`, `"dyn(decile) <= 4"`, "dyn is not part of rules"},
		{"Regular", `"decile <= 4"`, `"area.matches('a+')"`, "matches is not part of rules"},
		{"PersonInFamily", `"decile <= 4"`, `"person.age <= 4"`, "undeclared"},
		{"UnknownCode", `"decile <= 4"`, `"lantai == 'tannah'"`, `lantai is never "tannah"`},
		{"UnknownCodeMirrored", `"decile <= 4"`, `"'tannah' != lantai"`, `lantai is never "tannah"`},
		{"UnknownCodeIn", `"decile <= 4"`, `"lantai in ['tanah', 'tannah']"`, `lantai is never "tannah"`},
		{"UnknownCodeOfPerson", `"decile <= 4"`, `"members.exists(m, m.work == 'pns')"`, `work is never "pns"`},
		{"UnknownStage", `"decile <= 4"`, `"members.exists(m, m.pupil('tk'))"`, `stage is never "tk"`},
		{"CodeAsText", `"decile <= 4"`, `"lantai + 'x' == 'tanahx'"`, "can only be compared with its codes"},
		{"CodeChosen", `"decile <= 4"`, `"(active ? lantai : dinding) == 'x'"`, "can only be compared with its codes"},
		{"OtherList", `"decile <= 4"`, `"[1, 2].all(i, i < decile)"`, "through members only"},
		{"Index", `"decile <= 4"`, `"members[0].age > 3"`, "is not part of rules"},
		{"HidesFact", `"decile <= 4"`, `"members.all(decile, true)"`, "must not be called"},
		{"Cost", `"decile <= 4"`, `"members.all(a, members.all(b, members.all(c, a == b)))"`, "may cost"},
		{"NoComponents", `"decile <= 4"`, `"components > 0"`, "has no components"},
		{"Failure", `"outcome": "not_entitled"`, `"outcome": "entitled"`, "no outcome"},
		{"Dates", `"2021-01-01"`, `"2021-13-01"`, "valid_from"},
		{"UnknownField", `"gate"`, `"gatte"`, "unknown field"},
		{"Kind", `"kind": "programme"`, `"kind": "program"`, "kind"},
		{"Area", `"valid_from"`, `"areas": ["32.4"], "valid_from"`, "area"},
		{"AreaOfTheNation", `"valid_from"`, `"areas": ["00"], "valid_from"`, `area "00" is no code`},
		{"AreaOfNothing", `"valid_from"`, `"areas": ["32.04", ""], "valid_from"`, `area "" is no code`},
		{"AreaTwice", `"valid_from"`, `"areas": ["32.04", "33", "32.04"], "valid_from"`, "area 32.04 is there twice"},
		{"AreaOfCase", `"decile": 4, "outcome"`, `"decile": 4, "area": "3204", "outcome"`, `case "decile 4": area "3204" is no code`},
		{"OtherTextOfFailure", `"not_low", "text": {"id": "a", "en": "a"}`, `"not_active", "text": {"id": "b", "en": "a"}`, "code not_active has two texts"},
		{"OtherTextInOneLanguage", `"low_missing", "text": {"id": "a", "en": "a"}`, `"active", "text": {"id": "a", "en": "b"}`, "code active has two texts"},
		{"OtherTextOfComponent", `"amount": 2400000`, `"max_components": 1, "components": [{"code": "low", "text": {"id": "b", "en": "b"},
			"expr": "person.pregnant", "amount": 5, "limit": 1, "source": "a"}]`, "code low has two texts"},
		{"OtherTextOfTheEngine", `"low_missing"`, `"rule_error"`, "code rule_error has two texts"},
		{"Stated", `"decile": 4, "outcome"`, `"decile": 4, "results": {"met.x": "entitled"}, "outcome"`, "no expression reads it"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			changed := strings.Replace(file, tt.old, tt.new, 1)
			if changed == file {
				t.Fatal("the file does not hold what the case replaces")
			}
			if _, err := Load([]byte(changed)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
		})
	}
}

// TestEvaluate_ErrorNeverEntitles divides by zero.
func TestEvaluate_ErrorNeverEntitles(t *testing.T) {
	t.Parallel()
	for _, expr := range []string{"10 / (size - 4) < 100", "members.all(m, 10 % (m.age - 9) < 100)", "components > 0"} {
		file := programme("a", clause("odd", expr))
		if expr == "components > 0" {
			file = strings.Replace(file, `"cases"`, `"components": [{"code": "x", "text": {"id": "a", "en": "a"}, "expr": "10 / (size - 4) == 1",
				"amount": 5, "limit": 1, "source": "a"}], "max_components": 1, "cases"`, 1)
		}
		got := evaluate(t, load(t, file), "a", newFacts())
		if got.Outcome != event.Undetermined || got.Amount != 0 || len(got.Paid) != 0 {
			t.Errorf("%s: got %s, amount %d, want undetermined", expr, got.Outcome, got.Amount)
		}
		want := []string{ReasonError}
		if expr == "components > 0" {
			want = []string{"odd_missing"}
		}
		if diff := cmp.Diff(want, got.Reasons()); diff != "" {
			t.Errorf("%s: %s", expr, diff)
		}
	}
}
