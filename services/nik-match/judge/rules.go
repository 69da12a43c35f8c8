// Package judge decides what Dukcapil's answer says about one person: padan, tidak padan, or for a person to look at.
//
// It is pure: no clock, no network, no database. Thresholds and the meaning of each RESPONSE_CODE are data with their
// reasons (rules.json), so that an auditor reads them without reading Go. A verdict never says "not eligible": tidak
// padan opens repair.
package judge

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"

	"dtks/pkg/event"
)

// Class says what must happen with an answer.
type Class string

// Classes of RESPONSE_CODE. Only Verdict and Compare ever lead to a verdict.
const (
	Compare    Class = "compare"    // found: the fields decide
	Verdict    Class = "verdict"    // final as it is
	Quota      Class = "quota"      // nothing left today: wait, the attempt does not count
	Hours      Class = "hours"      // outside the access window: wait, the attempt does not count
	Setup      Class = "setup"      // credentials, address or instance: stop, somebody must act
	Incomplete Class = "incomplete" // our own fault: the job is set aside
	Unknown    Class = "unknown"    // never seen: ask again later, never a verdict
)

// Code is the meaning of one RESPONSE_CODE.
type Code struct {
	Class   Class         `json:"class"`
	Verdict event.Verdict `json:"verdict,omitempty"` // of class Verdict
	Finding string        `json:"finding"`           // reason code
	Why     string        `json:"why"`
}

// Effect is what a field that does not agree leads to.
type Effect string

// Effects, weakest first.
const (
	Note   Effect = "note"   // kept as evidence only
	Doubt  Effect = "doubt"  // somebody must look
	Differ Effect = "differ" // not the same person
)

// Field is the rule of one compared field.
type Field struct {
	Field  string `json:"field"`            // as in event.FieldEvidence
	Agree  int    `json:"agree,omitempty"`  // least similarity that agrees, 0..100; 0 = no similarity, Sesuai decides
	Review int    `json:"review,omitempty"` // from here up to Agree it is a doubt; below it Effect holds
	Effect Effect `json:"effect"`
	// Unless names fields: where all of them were compared and agree, Differ is only a doubt.
	Unless  []string `json:"unless,omitempty"`
	Finding string   `json:"finding"` // reason code when it does not agree
	Why     string   `json:"why"`
}

// Rules are one version of thresholds and code meanings.
type Rules struct {
	Version    string          `json:"version"`
	Threshold  int             `json:"threshold"`   // sent as TRESHOLD; the bands below use the similarity itself
	MostDoubts int             `json:"most_doubts"` // more doubtful fields than this is tidak padan
	WhyDoubts  string          `json:"why_doubts"`
	Codes      map[string]Code `json:"codes"`
	Fields     []Field         `json:"fields"` // in order of weight: the first finding is the one reported
}

//go:embed rules.json
var standard []byte

// Standard returns the rules that come with the program.
func Standard() Rules {
	rules, err := Parse(standard)
	if err != nil {
		panic(err) // embedded, and covered by a test
	}
	return rules
}

// Parse reads rules and refuses any that contradict themselves.
func Parse(text []byte) (Rules, error) {
	var r Rules
	if err := json.Unmarshal(text, &r); err != nil {
		return r, fmt.Errorf("match rules: %w", err)
	}
	if r.Version == "" || r.Threshold < 1 || r.Threshold > 100 || r.MostDoubts < 0 {
		return r, fmt.Errorf("match rules: version is empty, or threshold or most_doubts out of range")
	}
	for code, c := range r.Codes {
		final := c.Verdict == event.Padan || c.Verdict == event.TidakPadan || c.Verdict == event.PerluTinjau
		known := slices.Contains([]Class{Compare, Verdict, Quota, Hours, Setup, Incomplete}, c.Class)
		if !known || final != (c.Class == Verdict) || c.Class == Verdict && c.Finding == "" {
			return r, fmt.Errorf("match rules: code %s: class, verdict and finding do not fit", code)
		}
	}
	for i, f := range r.Fields {
		if !slices.Contains(Names(), f.Field) || !slices.Contains([]Effect{Note, Doubt, Differ}, f.Effect) || f.Finding == "" ||
			f.Agree < 0 || f.Agree > 100 || f.Review < 0 || f.Review > f.Agree {
			return r, fmt.Errorf("match rules: field %d (%s) does not hold", i, f.Field)
		}
		for _, other := range f.Unless {
			if !slices.ContainsFunc(r.Fields, func(o Field) bool { return o.Field == other && other != f.Field }) {
				return r, fmt.Errorf("match rules: field %d (%s): unless names %q, which is not compared", i, f.Field, other)
			}
		}
	}
	if !slices.ContainsFunc(r.Fields, func(f Field) bool { return f.Field == Name && f.Effect != Note }) {
		return r, fmt.Errorf("match rules: the name must count, or anybody's NIK would do")
	}
	return r, nil
}

// Of gives the meaning of a code; one that the rules do not know is Unknown.
func (r Rules) Of(code string) Code {
	if c, ok := r.Codes[code]; ok {
		return c
	}
	return Code{Class: Unknown}
}
