// Package rules decides whether a family is entitled to a programme, and says why.
//
// A rule set is a versioned file: clauses in CEL over a documented, typed set of facts (facts.go), components with
// amounts, and its own test cases. It is compiled once, and does not load when an expression has a wrong type, may cost
// too much, or when one of its cases comes out differently.
//
// A clause holds, fails, or cannot be answered because a fact is missing; the third is never taken for the second, and
// neither it nor an error ever lets anybody in. Evaluation is a pure function of the facts and the date given.
package rules

import (
	"dtks/pkg/event"
	"dtks/pkg/fault"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
)

// Set is a loaded rule set. It is immutable and may be used by several goroutines.
type Set struct {
	ID            string      `json:"id"` // with its version, as decisions name it
	Programme     string      `json:"programme"`
	Illustrative  bool        `json:"illustrative"` // an amount or a clause is not from a published source
	Title         fault.Text  `json:"title"`
	Source        string      `json:"source"`
	ValidFrom     string      `json:"valid_from"`         // 2006-01-02
	ValidTo       string      `json:"valid_to,omitempty"` // last day, "" = open
	Clauses       []Clause    `json:"clauses"`
	Amount        int64       `json:"amount,omitempty"` // rupiah a year for every family entitled
	Components    []Component `json:"components,omitempty"`
	MaxComponents int         `json:"max_components,omitempty"` // paid at most, the highest amounts first
	Cases         []Case      `json:"cases"`

	from, to int32
}

// Clause is one condition of entitlement.
type Clause struct {
	Expr    string  `json:"expr"`  // CEL over the facts of the family, giving true or false
	Holds   Reason  `json:"holds"` // what is said when it is true
	Fails   Failure `json:"fails"` // when it is false
	Missing Reason  `json:"missing"`
	Gate    bool    `json:"gate,omitempty"` // when it does not hold, the later clauses are not asked
	Source  string  `json:"source"`

	program cel.Program
}

// Reason is a code and what it means to a citizen.
type Reason struct {
	Code string     `json:"code"`
	Text fault.Text `json:"text"`
}

// Failure says what follows from a clause that is false.
type Failure struct {
	Reason
	Outcome event.Outcome `json:"outcome"` // not_entitled or undetermined
}

// Component is something a member may have that the programme pays for. Each member counts for one at most.
type Component struct {
	Code   string     `json:"code"`
	Text   fault.Text `json:"text"`
	Expr   string     `json:"expr"`   // CEL over the facts of one member
	Amount int64      `json:"amount"` // rupiah a year
	Limit  int        `json:"limit"`  // members paid at most
	Source string     `json:"source"`

	program cel.Program
}

// Answer is what became of one clause.
type Answer byte

// Answers. Once a clause has settled the matter the later ones are not asked.
const (
	Holds    Answer = 't'
	Fails    Answer = 'f'
	Unknown  Answer = 'u'
	Errs     Answer = 'e'
	NotAsked Answer = '-'
)

// Result is a decision with its reasons.
type Result struct {
	Outcome    event.Outcome
	Amount     int64    // rupiah a year; 0 unless entitled
	Components []string // paid, in the order of the file, one entry a member; none unless entitled
	Reasons    []string // codes: of the clauses that decided it, in their order
	Clauses    string   // one Answer a clause
}

// ReasonError is the reason of a family whose rules could not be evaluated.
const ReasonError = "rule_error"

// Evaluate decides. The clauses are asked in order. A gate that does not hold settles the matter: the later ones are
// not asked. Of the others, one that fails with not_entitled outweighs any that is open.
func (s *Set) Evaluate(f *Facts) Result {
	act := familyFacts{Facts: f, set: s, count: notCounted}
	answers := make([]byte, len(s.Clauses))
	for i := range answers {
		answers[i] = byte(NotAsked)
	}
	r := Result{Outcome: event.Entitled, Reasons: make([]string, 0, len(s.Clauses))}
	for i := range s.Clauses {
		c := &s.Clauses[i]
		a := ask(c.program, &act)
		answers[i] = byte(a)
		outcome, code := c.means(a)
		if weight(outcome) > weight(r.Outcome) {
			r.Outcome, r.Reasons = outcome, r.Reasons[:0]
		}
		if outcome == r.Outcome {
			r.Reasons = append(r.Reasons, code)
		}
		if c.Gate && a != Holds {
			break
		}
	}
	r.Clauses = string(answers)
	if r.Outcome == event.Entitled {
		r.Components, r.Amount = act.pay()
		r.Amount += s.Amount
	}
	return r
}

// weight orders outcomes: the heavier one prevails.
func weight(o event.Outcome) int {
	switch o {
	case event.Entitled:
		return 0
	case event.Undetermined:
		return 1
	}
	return 2
}

// means gives what an answer to the clause says about the entitlement.
func (c *Clause) means(a Answer) (event.Outcome, string) {
	switch a {
	case Holds:
		return event.Entitled, c.Holds.Code
	case Fails:
		return c.Fails.Outcome, c.Fails.Code
	case Unknown:
		return event.Undetermined, c.Missing.Code
	}
	return event.Undetermined, ReasonError
}

// ask evaluates one expression. Anything but true and false is no answer.
func ask(p cel.Program, facts cel.Activation) Answer {
	v, _, err := p.Eval(facts)
	switch {
	case types.IsUnknown(v):
		return Unknown
	case err != nil:
		return Errs
	case v == types.True:
		return Holds
	case v == types.False:
		return Fails
	}
	return Errs
}

// Text finds what a reason code of this set means.
func (s *Set) Text(code string) (fault.Text, bool) {
	for i := range s.Clauses {
		c := &s.Clauses[i]
		for _, r := range []Reason{c.Holds, c.Fails.Reason, c.Missing} {
			if r.Code == code {
				return r.Text, true
			}
		}
	}
	if code == ReasonError {
		return fault.Text{ID: "Aturan tidak dapat dihitung; petugas akan memeriksa.", EN: "The rules could not be worked out; an officer will look."}, true
	}
	return fault.Text{}, false
}
