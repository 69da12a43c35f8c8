package match_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"dtks/services/nik-match/match"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// forModels checks a property for every model, side by side.
func forModels(t *testing.T, property func(t *rapid.T, m *match.Model, fields []match.Field)) {
	t.Helper()
	for name, m := range models() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) { property(t, m, m.Schema()) })
		})
	}
}

func TestCompareIsSymmetric(t *testing.T) {
	t.Parallel()
	forModels(t, func(t *rapid.T, m *match.Model, fields []match.Field) {
		x, y := pair(t, fields)
		r := m.Reader()
		a, b := r.Read("A", x), r.Read("B", y)
		if diff := cmp.Diff(m.Compare(&a, &b), m.Compare(&b, &a)); diff != "" {
			t.Fatalf("%q\n%q\n%s\n%s\n%s", x, y, diff, m.Explain(&a, &b).Waterfall("en"), m.Explain(&b, &a).Waterfall("en"))
		}
	})
}

func TestAgreementNeverLowersBits(t *testing.T) {
	t.Parallel()
	forModels(t, func(t *rapid.T, m *match.Model, fields []match.Field) {
		x, y := pair(t, fields)
		i := rapid.IntRange(0, len(fields)-1).Draw(t, "field")
		z := slices.Clone(y)
		z[i] = x[i]
		r := m.Reader()
		a, b, c := r.Read("A", x), r.Read("B", y), r.Read("C", z)
		if a.Missing(i) {
			return // A says nothing there: there is nothing to agree with
		}
		if before, after := m.Compare(&a, &b).Bits, m.Compare(&a, &c).Bits; after < before {
			t.Fatalf("%s: %d, then %d\n%q\n%q\n%s\n%s", fields[i].Name, before, after, x, y, m.Explain(&a, &b).Waterfall("en"), m.Explain(&a, &c).Waterfall("en"))
		}
	})
}

func only(fields []match.Field, i int, value string) []string {
	out := make([]string, len(fields))
	out[i] = value
	return out
}

func TestMissingWeighsNothing(t *testing.T) {
	t.Parallel()
	forModels(t, func(t *rapid.T, m *match.Model, fields []match.Field) {
		x, y := pair(t, fields)
		i := rapid.IntRange(0, len(fields)-1).Draw(t, "field")
		y[i] = ""
		r := m.Reader()
		a, b := r.Read("A", x), r.Read("B", y)
		line := m.Explain(&a, &b).Lines[i]
		if line.Bits != 0 || line.Finding != "missing" {
			t.Fatalf("%+v", line)
		}
		x[i] = "" // missing on both sides is the same as on one
		both := r.Read("A", x)
		if diff := cmp.Diff(m.Compare(&a, &b), m.Compare(&both, &b)); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestExplanationAddsUp(t *testing.T) {
	t.Parallel()
	forModels(t, func(t *rapid.T, m *match.Model, fields []match.Field) {
		x, y := pair(t, fields)
		r := m.Reader()
		a, b := r.Read("A", x), r.Read("B", y)
		e := m.Explain(&a, &b)
		sum := e.Prior
		for _, l := range e.Lines {
			sum += l.Bits
		}
		if sum != e.Bits || e.Bits != m.Total(&a, &b) {
			t.Fatalf("lines add up to %d, bits are %d, total %d", sum, e.Bits, m.Total(&a, &b))
		}
		if diff := cmp.Diff(m.Compare(&a, &b), e.Score); diff != "" {
			t.Fatal(diff)
		}
		again, other := r.Read("A", x), r.Read("B", y)
		if diff := cmp.Diff(e, m.Explain(&again, &other)); diff != "" {
			t.Fatal(diff)
		}
		if e.Likelihood < 0 || e.Likelihood > 1 || e.Outcome != match.Padan && e.Outcome != match.Tinjau && e.Outcome != match.TidakPadan {
			t.Fatalf("%+v", e.Score)
		}
	})
}

// TestEvidenceHoldsNoValue gives every value a mark that no wording has.
func TestEvidenceHoldsNoValue(t *testing.T) {
	t.Parallel()
	forModels(t, func(t *rapid.T, m *match.Model, fields []match.Field) {
		x, y := pair(t, fields)
		for i, f := range fields {
			if f.Kind == match.KindName || f.Kind == match.KindText || f.Kind == match.KindAddress || f.Kind == match.KindPlace {
				x[i], y[i] = "ZXQWV "+x[i], y[i]+" ZXQWV"
			}
		}
		r := m.Reader()
		a, b := r.Read("ZXQWV-1", x), r.Read("ZXQWV-2", y)
		e := m.Explain(&a, &b)
		text, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		said := strings.ToUpper(string(text) + e.Waterfall("id") + e.Waterfall("en"))
		for _, v := range append(append([]string{"ZXQWV"}, x...), y...) {
			if v = strings.ToUpper(v); telling(v) && strings.Contains(said, v) {
				t.Fatalf("the explanation holds %q:\n%s", v, said)
			}
		}
	})
}

// telling reports whether a value could not stand in an explanation by chance: four digits, or the mark.
func telling(v string) bool {
	digits := strings.Count(v, "") - strings.Count(strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, v), "")
	return digits >= 6 || strings.Contains(v, "ZXQ")
}

func TestReadingCanonicalTextChangesNothing(t *testing.T) {
	t.Parallel()
	forModels(t, func(t *rapid.T, m *match.Model, fields []match.Field) {
		x := row(t, fields, "a")
		for i, f := range fields {
			if f.Kind == match.KindAddress { // of addresses only as they are written: RT 05A is kept as it stands
				x[i] = plausible(f.Kind).Draw(t, "address")
			}
		}
		r := m.Reader()
		a := r.Read("A", x)
		b := r.Read("A", a.Texts())
		if diff := cmp.Diff(a.Texts(), b.Texts()); diff != "" {
			t.Fatalf("%q\n%s", x, diff)
		}
	})
}

func TestKeysAreAFunctionOfTheRecord(t *testing.T) {
	t.Parallel()
	forModels(t, func(t *rapid.T, m *match.Model, fields []match.Field) {
		x := row(t, fields, "a")
		a, b := m.Reader().Read("A", x), m.Reader().Read("B", x)
		keys := m.Keys(&a)
		if diff := cmp.Diff(keys, m.Keys(&b)); diff != "" {
			t.Fatal(diff)
		}
		if !slices.IsSorted(keys) || len(slices.Compact(slices.Clone(keys))) != len(keys) {
			t.Fatalf("not sorted or not unique: %v", keys)
		}
	})
}
