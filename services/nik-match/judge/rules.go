// Package judge decides what Dukcapil's answer says about one person: padan, tidak padan, or for a person to look at.
//
// It is pure: no clock, no network, no database. Thresholds and the meaning of each RESPONSE_CODE are data with their
// reasons (rules.json), and so is what each finding weighs (weights.json), so that an auditor reads them without reading
// Go. A verdict is padan only where it is likely enough that the record is about the person its NIK belongs to, and no
// field that decisions rest on differs. It never says "not eligible": tidak padan opens repair.
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

// Effect is what a field that does not agree leads to, beside its weight.
type Effect string

// Effects.
const (
	Note Effect = "note" // its weight alone
	Look Effect = "look" // never padan without somebody looking, however likely it is the same person
)

// Field is the rule of one compared field.
type Field struct {
	Field   string `json:"field"`           // as in event.FieldEvidence
	Agree   int    `json:"agree,omitempty"` // least similarity that agrees, 0..100; 0 = no similarity, Sesuai decides
	Effect  Effect `json:"effect"`
	Finding string `json:"finding"` // reason code when it does not agree
	Why     string `json:"why"`
}

// Rules are one version of thresholds and code meanings, with the weights of what is found.
type Rules struct {
	Version   string          `json:"version"`
	Threshold int             `json:"threshold"` // sent as TRESHOLD; the bands use the similarity itself
	Codes     map[string]Code `json:"codes"`
	Fields    []Field         `json:"fields"` // the first that differs gives the finding reported

	Weights Weights `json:"-"` // weights.json
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
	r.Weights = StandardWeights()
	if r.Version == "" || r.Threshold < 1 || r.Threshold > 100 {
		return r, fmt.Errorf("match rules: version is empty, or threshold out of range")
	}
	for code, c := range r.Codes {
		final := c.Verdict == event.Padan || c.Verdict == event.TidakPadan || c.Verdict == event.PerluTinjau
		known := slices.Contains([]Class{Compare, Verdict, Quota, Hours, Setup, Incomplete}, c.Class)
		if !known || final != (c.Class == Verdict) || c.Class == Verdict && c.Finding == "" {
			return r, fmt.Errorf("match rules: code %s: class, verdict and finding do not fit", code)
		}
	}
	for i, f := range r.Fields {
		if !slices.Contains(Names(), f.Field) || !slices.Contains([]Effect{Note, Look}, f.Effect) || f.Finding == "" ||
			f.Agree < 0 || f.Agree > 100 || r.Weights.banded(f.Field) != (f.Agree > 0) {
			return r, fmt.Errorf("match rules: field %d (%s) does not hold", i, f.Field)
		}
	}
	if !slices.ContainsFunc(r.Fields, func(f Field) bool { return f.Field == Name && f.Effect == Look }) {
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
