package rules

import (
	"fmt"
	"slices"

	"dtks/pkg/event"
	"dtks/services/eligibility/fact"
)

// Case is a test case that a rule set carries: facts, and what must come out.
type Case struct {
	Name       string         `json:"name"`
	Day        string         `json:"day"`
	Active     *bool          `json:"active,omitempty"` // nil = true
	Verdict    string         `json:"verdict,omitempty"`
	Decile     int            `json:"decile,omitempty"`
	Answers    map[string]int `json:"answers,omitempty"`
	Members    []CaseMember   `json:"members,omitempty"`
	Outcome    event.Outcome  `json:"outcome"`
	Amount     int64          `json:"amount,omitempty"`
	Components []string       `json:"components,omitempty"`
	Reasons    []string       `json:"reasons"`
}

// CaseMember is a member in a test case, with the instrument's codes.
type CaseMember struct {
	Relation int    `json:"relation,omitempty"`
	Sex      string `json:"sex,omitempty"`
	Born     string `json:"born,omitempty"`
	School   int    `json:"school,omitempty"`
	Level    int    `json:"school_level,omitempty"`
	Work     int    `json:"work,omitempty"`
	Pregnant bool   `json:"pregnant,omitempty"`
	Disabled bool   `json:"disabled,omitempty"`
}

func (c *Case) run(s *Set) error {
	day, err := parseDay(c.Day)
	if err != nil {
		return err
	}
	family := fact.New()
	for name, code := range c.Answers {
		i, ok := fact.Index(name)
		if !ok {
			return fmt.Errorf("item %q is not kept", name)
		}
		family.Answers[i] = int16(code)
	}
	for _, m := range c.Members {
		member := fact.Member{Relation: uint8(m.Relation), School: uint8(m.School), Level: uint8(m.Level),
			Work: uint8(m.Work), Pregnant: m.Pregnant, Disabled: m.Disabled}
		if m.Sex != "" {
			member.Sex = m.Sex[0]
		}
		if m.Born != "" {
			if member.Born, err = parseDay(m.Born); err != nil {
				return err
			}
		}
		family.Members = append(family.Members, member)
	}
	got := s.Evaluate(&Facts{Active: c.Active == nil || *c.Active, Verdict: c.Verdict, Decile: c.Decile, Day: day, Family: &family})
	switch {
	case got.Outcome != c.Outcome || !slices.Equal(got.Reasons, c.Reasons):
		return fmt.Errorf("got %s %v, want %s %v", got.Outcome, got.Reasons, c.Outcome, c.Reasons)
	case got.Amount != c.Amount || !slices.Equal(got.Components, c.Components):
		return fmt.Errorf("got amount %d %v, want %d %v", got.Amount, got.Components, c.Amount, c.Components)
	}
	return nil
}
