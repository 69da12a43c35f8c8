package rules

import (
	"slices"

	"dtks/pkg/event"
	"dtks/pkg/fault"
)

// Reasons that no clause has.
const (
	ReasonError     = "rule_error" // an expression could not be worked out
	ReasonNoMembers = "no_members" // a set by person, and nobody lives with the family
)

var ownReasons = []Reason{
	{ReasonError, fault.Text{ID: "Aturan tidak dapat dihitung; petugas akan memeriksa.",
		EN: "The rules could not be worked out; an officer will look."}},
	{ReasonNoMembers, fault.Text{ID: "Tidak ada anggota yang tinggal bersama keluarga ini.",
		EN: "Nobody is recorded as living with this family."}},
}

// Text finds what a reason code or the code of a component of this set means.
func (s *Set) Text(code string) (fault.Text, bool) {
	for i := range s.Clauses {
		c := &s.Clauses[i]
		for _, r := range []*Reason{&c.Holds, &c.Fails.Reason, &c.Missing} {
			if r.Code == code {
				return r.Text, true
			}
		}
	}
	for i := range s.Components {
		if s.Components[i].Code == code {
			return s.Components[i].Text, true
		}
	}
	for _, r := range ownReasons {
		if r.Code == code {
			return r.Text, true
		}
	}
	return fault.Text{}, false
}

// Reasons derives from the answers to the clauses what Evaluate says: the outcome, and the codes of the clauses that
// decided it, in their order. Of a set by person it says what the clauses about the family say alone.
func (s *Set) Reasons(answers []Answer) (event.Outcome, []string) {
	codes := make([]string, 0, len(s.Clauses))
	outcome := s.settle(answers, nil, &codes)
	return outcome, codes
}

// PersonReasons does so for one member of a set by person: family are the answers of the result, person those of the
// member.
func (s *Set) PersonReasons(family, person []Answer) (event.Outcome, []string) {
	codes := make([]string, 0, len(s.Clauses))
	outcome := s.settle(family, person, &codes)
	return outcome, codes
}

// Reasons are the codes of the clauses that decided the result. Of a set by person they are those of the first member
// whose outcome is the family's.
func (r *Result) Reasons() []string {
	if r.Set == nil {
		return nil
	}
	if r.Set.Unit == Family {
		_, codes := r.Set.Reasons(r.Answers)
		return codes
	}
	for i := range r.Persons {
		if p := &r.Persons[i]; p.Counted && p.Outcome == r.Outcome {
			_, codes := r.Set.PersonReasons(r.Answers, p.Answers)
			return codes
		}
	}
	return []string{ReasonNoMembers}
}

// settle joins answers to an outcome. Codes are collected when codes is not nil.
func (s *Set) settle(family, person []Answer, codes *[]string) event.Outcome {
	if s.Kind == Criteria {
		return s.settleCriteria(family, person, codes)
	}
	// A gate that does not hold settles the matter: the later clauses are not asked. Of the others, one that fails with
	// not_entitled outweighs any that is open.
	outcome := event.Entitled
	at := 0
	for i := range s.Clauses {
		c := &s.Clauses[i]
		a := c.pick(family[i], person, &at)
		if a == NotAsked {
			continue
		}
		means, code := c.means(a)
		if weight(means) > weight(outcome) {
			outcome = means
			if codes != nil {
				*codes = (*codes)[:0]
			}
		}
		if codes != nil && means == outcome {
			*codes = append(*codes, code)
		}
		if c.Gate && a != Holds {
			break
		}
	}
	return outcome
}

// pick takes the answer of a clause from the family's, or from the next of the person's.
func (c *Clause) pick(family Answer, person []Answer, at *int) Answer {
	if !c.PerPerson || person == nil {
		return family
	}
	*at++
	return person[*at-1]
}

// settleCriteria: met as soon as enough clauses hold, not met once that can no longer happen.
func (s *Set) settleCriteria(family, person []Answer, codes *[]string) event.Outcome {
	var holds, open int
	var anyHolds, anyOpen bool
	at := 0
	for i := range s.Clauses {
		c := &s.Clauses[i]
		listed := slices.Contains(s.Met.AnyOf, c.Holds.Code)
		switch c.pick(family[i], person, &at) {
		case Holds:
			holds++
			anyHolds = anyHolds || listed
		case Fails:
		default:
			open++
			anyOpen = anyOpen || listed
		}
	}
	outcome := event.Undetermined
	switch enough := s.Met.AtLeast; {
	case anyHolds || enough > 0 && holds >= enough:
		outcome = event.Entitled
	case !anyOpen && (enough == 0 || holds+open < enough):
		outcome = event.NotEntitled
	}
	if codes != nil {
		s.criteriaReasons(outcome, anyHolds, holds+open >= s.Met.AtLeast, family, person, codes)
	}
	return outcome
}

// criteriaReasons: of criteria that are met the clauses that hold, or only those that suffice alone; of criteria that
// are not met those that fail; of open ones those that may still decide.
func (s *Set) criteriaReasons(outcome event.Outcome, alone, reachable bool, family, person []Answer, codes *[]string) {
	at := 0
	for i := range s.Clauses {
		c := &s.Clauses[i]
		listed := slices.Contains(s.Met.AnyOf, c.Holds.Code)
		a := c.pick(family[i], person, &at)
		switch {
		case outcome == event.Entitled && a == Holds && (listed || !alone):
			*codes = append(*codes, c.Holds.Code)
		case outcome == event.NotEntitled && a == Fails:
			*codes = append(*codes, c.Fails.Code)
		case outcome == event.Undetermined && a != Holds && a != Fails && (listed || s.Met.AtLeast > 0 && reachable):
			_, code := c.means(a)
			*codes = append(*codes, code)
		}
	}
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
