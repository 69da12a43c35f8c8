// Package rules decides whether a family, or each of its members, is entitled to a programme, and says why.
//
// A rule set is a versioned file: clauses in CEL over a documented, typed set of facts (Model), components with
// amounts, and its own test cases. It is compiled once, and does not load when an expression has a wrong type, names a
// fact or a code that is not there, may cost too much, or when one of its cases comes out differently.
//
// A clause holds, fails, or cannot be answered because a fact is missing; the third is never taken for the second, and
// neither it nor an error ever lets anybody in. Evaluation is a pure function of the facts and the day given.
//
// docs/rules.md says how a rule set is written.
package rules

import (
	"dtks/pkg/event"
	"dtks/pkg/fault"
)

// Set is a loaded rule set. It is immutable and may be used by several goroutines.
type Set struct {
	ID           string     `json:"id"` // with its version, as decisions name it
	Programme    string     `json:"programme"`
	Kind         Kind       `json:"kind"`
	Unit         Unit       `json:"unit"`
	Illustrative bool       `json:"illustrative,omitempty"` // the set as a whole does not follow a published source
	Title        fault.Text `json:"title"`
	Source       string     `json:"source"`
	ValidFrom    string     `json:"valid_from"`         // 2006-01-02
	ValidTo      string     `json:"valid_to,omitempty"` // last day, "" = open
	Areas        []string   `json:"areas,omitempty"`    // codes of provinces down to villages; none = everywhere
	Clauses      []Clause   `json:"clauses"`
	// Amount is rupiah a year for every family entitled, or for every person in a set by person.
	Amount        int64       `json:"amount,omitempty"`
	Payments      int         `json:"payments,omitempty"` // a year, in equal parts; 0 = not known, or nothing is paid out
	Components    []Component `json:"components,omitempty"`
	MaxComponents int         `json:"max_components,omitempty"` // paid at most, chosen for the highest sum; by family only
	Met           *Met        `json:"met,omitempty"`            // of criteria: when they are met
	Cases         []Case      `json:"cases"`

	from, to   int32
	perPerson  int      // clauses about a person
	references []string // met.x and entitled.x that its expressions read
}

// Kind says what an outcome means.
type Kind string

// Kinds.
const (
	Programme Kind = "programme" // an entitlement, published
	Criteria  Kind = "criteria"  // a finding that other sets refer to: decided and explained, never published
)

// Unit says what is decided.
type Unit string

// Units.
const (
	Family Unit = "family"
	Person Unit = "person" // each member that lives with the family
)

// Clause is one condition of entitlement, or one criterion.
type Clause struct {
	Expr         string  `json:"expr"`  // CEL over the facts, giving true or false
	Holds        Reason  `json:"holds"` // what is said when it is true
	Fails        Failure `json:"fails"` // when it is false
	Missing      Reason  `json:"missing"`
	Gate         bool    `json:"gate,omitempty"` // when it does not hold, the later clauses are not asked
	Source       string  `json:"source"`
	Illustrative bool    `json:"illustrative,omitempty"`

	// PerPerson tells that the clause is about one member: in a set by person, its answers are with the persons.
	PerPerson bool `json:"-"`

	expr *expression
}

// Reason is a code and what it means to a citizen.
type Reason struct {
	Code string     `json:"code"`
	Text fault.Text `json:"text"`
}

// Failure says what follows from a clause that is false.
type Failure struct {
	Reason
	Outcome event.Outcome `json:"outcome,omitempty"` // not_entitled or undetermined; without meaning in criteria
}

// Component is something a member may have that the programme pays for. Each member counts for one at most.
type Component struct {
	Code         string     `json:"code"`
	Text         fault.Text `json:"text"`
	Expr         string     `json:"expr"`            // CEL over the facts, of one member among them
	Amount       int64      `json:"amount"`          // rupiah a year
	Limit        int        `json:"limit,omitempty"` // members paid at most; by family only
	Source       string     `json:"source"`
	Illustrative bool       `json:"illustrative,omitempty"`

	expr *expression
}

// Met says when criteria are met: when any clause of AnyOf holds, or at least AtLeast clauses do.
type Met struct {
	AnyOf        []string `json:"any_of,omitempty"`   // codes of Clause.Holds
	AtLeast      int      `json:"at_least,omitempty"` // 0 = only AnyOf counts
	Source       string   `json:"source"`
	Illustrative bool     `json:"illustrative,omitempty"`
}

// Answer is what became of one clause.
type Answer byte

// Answers. Once a gate has settled the matter the later clauses are not asked.
const (
	Holds    Answer = 't'
	Fails    Answer = 'f'
	Unknown  Answer = 'u' // a fact that it needs was not recorded
	Errs     Answer = 'e' // it could not be worked out: never an entitlement
	NotAsked Answer = '-'
)

// Result is what was decided of one programme. It is valid until the next evaluation.
type Result struct {
	Programme string
	Set       *Set // nil: none is in force that day in that area; a programme then entitles nobody
	Outcome   event.Outcome
	Answers   []Answer       // one a clause; NotAsked for those about a person in a set by person
	Persons   []PersonResult // set by person: one a member of the family, by index
	Paid      []Paid         // components paid, in the order of the file, then of the members; none unless entitled
	Amount    int64          // rupiah a year; 0 unless entitled
	RecheckOn int32          // first day, yyyymmdd, on which an answer may change by itself; 0 = none
}

// PersonResult is what was decided of one member.
type PersonResult struct {
	Counted   bool // lives with the family; nothing is decided of others
	Outcome   event.Outcome
	Answers   []Answer // to the clauses about a person, in their order
	Component int      // that adds to the amount, -1 = none
	Amount    int64    // rupiah a year
}

// Paid is a component that is paid for a member.
type Paid struct{ Component, Member int }

// Needs lists the names of the facts that the set's expressions read, in order: see Model.
func (s *Set) Needs() []string {
	var out []string
	for e := range s.expressions() {
		out = append(out, e.reads...)
	}
	return sorted(out)
}
