package match_test

import (
	"bytes"
	"encoding/json"
	"math"
	"testing"

	"dtks/services/nik-match/match"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestModelFileComesBackAsItWas(t *testing.T) {
	t.Parallel()
	for name, m := range models() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := m.JSON()
			back, err := match.Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(text, back.JSON()) {
				t.Error("the file differs when written again")
			}
			rapid.Check(t, func(t *rapid.T) {
				x, y := pair(t, m.Schema())
				a, b := m.Reader().Read("A", x), m.Reader().Read("B", y)
				c, d := back.Reader().Read("A", x), back.Reader().Read("B", y)
				if diff := cmp.Diff(m.Explain(&a, &b), back.Explain(&c, &d)); diff != "" {
					t.Fatal(diff)
				}
			})
		})
	}
}

func TestParseRefusesContradictions(t *testing.T) {
	t.Parallel()
	type object = map[string]any
	field := func(m object, i int) object { return m["fields"].([]any)[i].(object) }
	for name, spoil := range map[string]func(m object){
		"no fields":                     func(m object) { m["fields"] = []any{} },
		"unknown lists":                 func(m object) { m["lists"] = "elsewhere" },
		"unknown kind":                  func(m object) { field(m, 0)["kind"] = "colour" },
		"two fields of one name":        func(m object) { field(m, 1)["name"] = field(m, 0)["name"] },
		"field without a name":          func(m object) { field(m, 1)["name"] = "" },
		"m of 0":                        func(m object) { field(m, 2)["m"].(object)["exact"] = 0 },
		"m above 1":                     func(m object) { field(m, 2)["m"].(object)["exact"] = 1.5 },
		"m missing":                     func(m object) { delete(field(m, 2)["m"].(object), "exact") },
		"u missing":                     func(m object) { delete(field(m, 2)["u"].(object), "exact") },
		"u below 0":                     func(m object) { field(m, 2)["u"].(object)["near"] = -0.1 },
		"m of an unknown finding":       func(m object) { field(m, 2)["m"].(object)["purple"] = 0.1 },
		"u of an unknown finding":       func(m object) { field(m, 2)["u"].(object)["purple"] = 0.1 },
		"relatives below 0":             func(m object) { field(m, 2)["relative"].(object)["exact"] = -0.1 },
		"relatives above 1":             func(m object) { field(m, 2)["relative"].(object)["exact"] = 2 },
		"relatives of an unknown":       func(m object) { field(m, 2)["relative"].(object)["purple"] = 0.1 },
		"unseen of 0":                   func(m object) { field(m, 2)["unseen"] = 0 },
		"unseen above 1":                func(m object) { field(m, 2)["unseen"] = 1.1 },
		"a share above 1":               func(m object) { field(m, 2)["share"].(object)["SITI"] = 1.1 },
		"a share of 0":                  func(m object) { field(m, 2)["share"].(object)["SITI"] = 0 },
		"namesake above 1":              func(m object) { field(m, 2)["namesake"] = 1.5 },
		"floor above 1":                 func(m object) { field(m, 2)["floor"] = 1.5 },
		"other below 0":                 func(m object) { field(m, 2)["other"] = -0.5 },
		"prior of 0":                    func(m object) { m["prior"].(object)["match"] = 0 },
		"priors above 1":                func(m object) { m["prior"] = object{"match": 0.6, "relative": 0.6} },
		"relatives' prior below 0":      func(m object) { m["prior"].(object)["relative"] = -0.1 },
		"calibration upside down":       func(m object) { m["calibration"].(object)["slope"] = -1 },
		"a review that costs naught":    func(m object) { m["costs"].(object)["review"] = 0 },
		"a review dearer than an error": func(m object) { m["costs"].(object)["review"] = 1000 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var m object
			if err := json.Unmarshal(match.Standard().JSON(), &m); err != nil {
				t.Fatal(err)
			}
			spoil(m)
			text, err := json.Marshal(m)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := match.Parse(text); err == nil {
				t.Error("was accepted")
			}
		})
	}
}

// TestLimitsFollowFromCosts: at a limit either decision is expected to cost the same, and between the limits looking
// costs least.
func TestLimitsFollowFromCosts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		review := rapid.Float64Range(0.01, 10).Draw(t, "review")
		c := match.Costs{FalseMatch: review * rapid.Float64Range(1.01, 1000).Draw(t, "match"), FalseRefusal: review * rapid.Float64Range(1.01, 1000).Draw(t, "refusal"), Review: review}
		accept := func(p float64) float64 { return (1 - p) * c.FalseMatch }
		refuse := func(p float64) float64 { return p * c.FalseRefusal }
		padan, tidak := c.Limits()
		if !(tidak > 0 && tidak <= padan && padan < 1) {
			t.Fatalf("limits %v and %v", padan, tidak)
		}
		alike := func(x, y float64) bool { return math.Abs(x-y) <= 1e-9*(x+y) }
		if padan == tidak {
			if !alike(accept(padan), refuse(padan)) || review < accept(padan)*(1-1e-9) {
				t.Fatalf("at %v: %v, %v, review %v", padan, accept(padan), refuse(padan), review)
			}
		} else if !alike(accept(padan), review) || !alike(refuse(tidak), review) {
			t.Fatalf("at %v: %v; at %v: %v; review %v", padan, accept(padan), tidak, refuse(tidak), review)
		}
		p := rapid.Float64Range(0, 1).Draw(t, "likelihood")
		chosen, least := review, min(accept(p), refuse(p), review)
		switch {
		case p >= padan:
			chosen = accept(p)
		case p < tidak:
			chosen = refuse(p)
		}
		if chosen > least*(1+1e-9)+1e-9 {
			t.Fatalf("at %v the outcome is expected to cost %v, the cheapest %v", p, chosen, least)
		}
	})
}

func TestOddsIsTheInverseOfLikelihood(t *testing.T) {
	t.Parallel()
	m := match.Standard()
	for _, p := range []float64{0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.9999} {
		b := m.Odds(p)
		if m.Likelihood(b) < p-1e-12 || m.Likelihood(b-1) >= p {
			t.Errorf("%v needs %d: %v, one less %v", p, b, m.Likelihood(b), m.Likelihood(b-1))
		}
	}
}
