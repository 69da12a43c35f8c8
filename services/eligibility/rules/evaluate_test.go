package rules

import (
	"testing"

	"dtks/pkg/event"

	"github.com/google/go-cmp/cmp"
)

func TestEvaluate_Gates(t *testing.T) {
	t.Parallel()
	sets := load(t, programme("a", clause("verdict", "verdict == 'padan'", `"gate": true`), clause("low", "decile <= 4"), clause("small", "size < 9")))
	tests := []struct {
		name    string
		change  func(*Facts)
		outcome event.Outcome
		answers string
		reasons []string
	}{
		{"Entitled", func(*Facts) {}, event.Entitled, "tttt", []string{"active", "verdict", "low", "small"}},
		{"NoVerdict", func(f *Facts) { f.Verdicts = nil }, event.Undetermined, "tu--", []string{"verdict_missing"}},
		{"Asleep", func(f *Facts) { f.Active = false }, event.NotEntitled, "f---", []string{"not_active"}},
		{"NoScore", func(f *Facts) { f.Places.Decile[0] = 0 }, event.Undetermined, "ttut", []string{"low_missing"}},
		{"RefusalOutweighsOpen", func(f *Facts) {
			f.Places.Decile[0] = 0
			for len(f.Family.Members) < 9 {
				f.Family.Members = append(f.Family.Members, f.Family.Members[3])
			}
		}, event.NotEntitled, "ttuf", []string{"not_small"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := evaluate(t, sets, "a", newFacts(tt.change))
			if got.Outcome != tt.outcome || answers(got.Answers) != tt.answers {
				t.Errorf("got %s %s, want %s %s", got.Outcome, answers(got.Answers), tt.outcome, tt.answers)
			}
			if diff := cmp.Diff(tt.reasons, got.Reasons()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestShipped_Texts looks up every code that a shipped set can say.
func TestShipped_Texts(t *testing.T) {
	t.Parallel()
	sets := shipped(t)
	for _, p := range sets.Programmes() {
		for _, s := range sets.All(p) {
			for i := range s.Clauses {
				c := &s.Clauses[i]
				for _, code := range []string{c.Holds.Code, c.Fails.Code, c.Missing.Code, ReasonError, ReasonNoMembers} {
					if text, ok := s.Text(code); !ok || text.ID == "" || text.EN == "" {
						t.Errorf("%s: code %s has no text", s.ID, code)
					}
				}
			}
		}
	}
}
