package main

import "dtks/pkg/event"

// judge applies verdicts to the persons of a family in force whose identity they are about. Only a verdict that differs
// from the one in force changes anything.
func (f *family) judge(verdicts map[string]event.VerdictState) change {
	c := change{family: f, persons: map[*person]fields{}, fields: []string{"verdict"}}
	for _, p := range f.Persons {
		v, ok := verdicts[p.ID]
		if !ok || v.IdentityVersion != p.Identity || p.Verdict != nil && p.Verdict.Verdict == v.Verdict {
			continue
		}
		p.Verdict = &v
		p.Version++
		c.persons[p] = fields{"verdict"}
	}
	if len(c.persons) > 0 {
		f.Version++
	}
	return c
}

// cause is that of the first person the change is about.
func (c *change) cause(of map[string]event.Cause) event.Cause {
	for _, p := range c.family.Persons {
		if _, ok := c.persons[p]; ok {
			return of[p.ID]
		}
	}
	return event.Cause{}
}

// raise gathers new versions and verdicts of rows that change in nothing else.
type raise struct {
	families       []string
	familyVersions []int64
	persons        []string
	personVersions []int64
	verdicts       []string
	matchVersions  []int64
}

func (r *raise) add(c *change) {
	r.families, r.familyVersions = append(r.families, c.family.ID), append(r.familyVersions, c.family.Version)
	for _, p := range c.family.Persons {
		if _, ok := c.persons[p]; ok {
			r.persons, r.personVersions = append(r.persons, p.ID), append(r.personVersions, p.Version)
			r.verdicts, r.matchVersions = append(r.verdicts, string(p.Verdict.Verdict)), append(r.matchVersions, p.Verdict.MatchVersion)
		}
	}
}
