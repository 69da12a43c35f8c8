package pmtsurvey

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"

	"dtks/services/eligibility/pmt"
	"dtks/services/eligibility/pmt/fit"
)

func mustSurvey(t *testing.T, households int, seed uint64) (string, *fit.Survey) {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, households, seed); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(b.Bytes())).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	s, err := fit.Read(rows[0], rows[1:], make([]int, len(rows)))
	if err != nil {
		t.Fatal(err)
	}
	return b.String(), s
}

// TestWrite_HalfExplained: a model explains about half of the variance out of fold, as published for Indonesia, and no
// column is lost on the way.
func TestWrite_HalfExplained(t *testing.T) {
	t.Parallel()
	for _, seed := range []uint64{1, 2} {
		_, s := mustSurvey(t, 4000, seed)
		r, err := fit.Fit(t.Context(), s, fit.Options{ID: "uji-1", Date: "2026-01-01", Folds: 5, Draws: 100, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		if r.R2OutOf < 0.45 || r.R2OutOf > 0.55 || len(s.Ignored) > 0 || s.Synthetic == "" || !r.Model.Illustrative {
			t.Errorf("seed %d: R² %.3f, ignored %v, synthetic %q, illustrative %v", seed, r.R2OutOf, s.Ignored, s.Synthetic, r.Model.Illustrative)
		}
	}
}

func TestWrite_SameAgain(t *testing.T) {
	t.Parallel()
	first, _ := mustSurvey(t, 300, 5)
	if again, _ := mustSurvey(t, 300, 5); again != first {
		t.Error("the same seed gave another survey")
	}
	if other, _ := mustSurvey(t, 300, 6); other[strings.Index(other, "\n"):] == first[strings.Index(first, "\n"):] {
		t.Error("another seed gave the same survey")
	}
}

// TestFamily_IsTheRow: a family scored by the shipped model has the answers of its row in the survey.
func TestFamily_IsTheRow(t *testing.T) {
	t.Parallel()
	_, s := mustSurvey(t, 300, 5)
	reader, err := pmt.NewReader(variables)
	if err != nil {
		t.Fatal(err)
	}
	numbers := make([]int32, len(variables))
	for i := range 300 {
		f, area := Family(5, i)
		reader.Read(f, day, numbers)
		for j, name := range variables {
			if s.Names[j] != name || s.Numbers[j][i] != numbers[j] || s.Area[i] != area {
				t.Fatalf("household %d in %s: %s is %d in the survey, %d of the family", i+1, area, name, s.Numbers[j][i], numbers[j])
			}
		}
	}
}
