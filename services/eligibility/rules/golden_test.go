package rules_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"dtks/services/eligibility/rules"

	"github.com/google/go-cmp/cmp"
)

// golden is a file of cases of one programme. They were written from published descriptions of it before its rules were,
// and are run on all shipped sets together: what another programme says is worked out, never stated.
type golden struct {
	Programme string       `json:"programme"`
	Note      string       `json:"note"`
	Cases     []goldenCase `json:"cases"`
}

type goldenCase struct {
	rules.Case
	Set           string     `json:"set"`            // id of the set in force, none when there is none; else not compared
	PersonReasons [][]string `json:"person_reasons"` // one a member, none for those who do not live here; with persons
	PersonAmounts []int64    `json:"person_amounts"` // not compared when left out
}

// none is the set of a case for which no rules are in force.
const none = "none"

func TestGolden(t *testing.T) {
	t.Parallel()
	sets, err := rules.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("golden/*.json")
	if err != nil {
		t.Fatal(err)
	}
	var covered []string
	for _, file := range files {
		g := readGolden(t, file)
		covered = append(covered, g.Programme)
		evaluator, err := sets.Evaluator([]string{g.Programme})
		if err != nil {
			t.Fatal(err)
		}
		t.Run(g.Programme, func(t *testing.T) {
			if len(g.Cases) < 12 {
				t.Errorf("only %d cases", len(g.Cases))
			}
			for i := range g.Cases {
				c := &g.Cases[i]
				t.Run(c.Name, func(t *testing.T) { c.try(t, evaluator, g.Programme) })
			}
		})
	}
	if diff := cmp.Diff(slices.Sorted(slices.Values(sets.Programmes())), slices.Sorted(slices.Values(covered))); diff != "" {
		t.Errorf("programmes without golden cases, or cases without a programme:\n%s", diff)
	}
}

// neverOpen are clauses, by what they say when they hold, that are never without an answer: the state of the record and
// who lives there are always known, a verdict is once the gate before has let it pass, and a report of another register
// counts as no when nobody gave it.
var neverOpen = []string{"family_active", "somebody_lives_here", "verdict_padan", "person_verdict_padan", "certified_teacher", "company_officer",
	"high_wage", "village_official", "unsubsidised_power", "not_receiving_pkh", "not_receiving_sembako"}

// TestGolden_EveryAnswerIsSeen finds clauses that no golden case holds, fails or leaves open.
func TestGolden_EveryAnswerIsSeen(t *testing.T) {
	t.Parallel()
	sets, err := rules.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("golden/*.json")
	if err != nil {
		t.Fatal(err)
	}
	evaluator, err := sets.Evaluator(sets.Programmes())
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]map[rules.Answer]bool{} // by expression: sets share clauses
	for _, file := range files {
		for _, c := range readGolden(t, file).Cases {
			facts, err := c.Facts()
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range evaluator.Evaluate(facts) {
				note(seen, &r)
			}
		}
	}
	for expr, answers := range seen {
		if answers[rules.Errs] {
			t.Errorf("%s could not be worked out", expr)
		}
	}
	for _, programme := range sets.Programmes() {
		for _, s := range sets.All(programme) {
			for i := range s.Clauses {
				c := &s.Clauses[i]
				for _, a := range []rules.Answer{rules.Holds, rules.Fails, rules.Unknown} {
					if want := a != rules.Unknown || !slices.Contains(neverOpen, c.Holds.Code); seen[c.Expr][a] != want {
						t.Errorf("%s %s: answer %q seen: %t, want %t", s.ID, c.Expr, a, !want, want)
					}
				}
			}
		}
	}
}

// note adds the answers of a result.
func note(seen map[string]map[rules.Answer]bool, r *rules.Result) {
	if r.Set == nil {
		return
	}
	perPerson := 0
	for i := range r.Set.Clauses {
		c := &r.Set.Clauses[i]
		if seen[c.Expr] == nil {
			seen[c.Expr] = map[rules.Answer]bool{}
		}
		seen[c.Expr][r.Answers[i]] = true
		if !c.PerPerson {
			continue
		}
		for _, p := range r.Persons {
			if p.Counted {
				seen[c.Expr][p.Answers[perPerson]] = true
			}
		}
		perPerson++
	}
}

func readGolden(t *testing.T, file string) golden {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	var g golden
	if err := dec.Decode(&g); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return g
}

func (c *goldenCase) try(t *testing.T, evaluator *rules.Evaluator, programme string) {
	if c.Source == "" || c.Results != nil {
		t.Fatal("a golden case names its source and states no outcome of another programme")
	}
	facts, err := c.Facts()
	if err != nil {
		t.Fatal(err)
	}
	results := evaluator.Evaluate(facts)
	got := &results[slices.IndexFunc(results, func(r rules.Result) bool { return r.Programme == programme })]
	id := none
	if got.Set != nil {
		id = got.Set.ID
	}
	if c.Set != "" && id != c.Set || c.Set == "" && id == none {
		t.Fatalf("%s: rule set in force is %s, want %q", c.Source, id, c.Set)
	}
	if id == none {
		return
	}
	if err := c.Compare(got); err != nil {
		t.Errorf("%s: %v", c.Source, err)
	}
	c.tryPersons(t, got)
}

// tryPersons compares what is told of each member, which a case of a rule set does not say.
func (c *goldenCase) tryPersons(t *testing.T, got *rules.Result) {
	if got.Set.Unit != rules.Person {
		return
	}
	var reasons [][]string
	var amounts []int64
	for i := range got.Persons {
		p := &got.Persons[i]
		amounts = append(amounts, p.Amount)
		if !p.Counted {
			reasons = append(reasons, []string{})
			continue
		}
		outcome, codes := got.Set.PersonReasons(got.Answers, p.Answers)
		if outcome != p.Outcome {
			t.Errorf("member %d is %s, by its reasons %s", i+1, p.Outcome, outcome)
		}
		reasons = append(reasons, codes)
	}
	if diff := cmp.Diff(c.PersonReasons, reasons); diff != "" {
		t.Errorf("%s: reasons of the members\n%s", c.Source, diff)
	}
	if diff := cmp.Diff(c.PersonAmounts, amounts); c.PersonAmounts != nil && diff != "" {
		t.Errorf("%s: amounts of the members\n%s", c.Source, diff)
	}
}
