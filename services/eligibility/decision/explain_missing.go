package decision

import (
	"fmt"
	"slices"
	"strings"

	"dtks/pkg/event"
	"dtks/pkg/fault"
	"dtks/pkg/regsosek"
	"dtks/services/eligibility/rank"
	"dtks/services/eligibility/rules"
)

// MissingSaid is a fact that was not recorded, named as by rules.MissingText, or head: who of the living is the head.
type MissingSaid struct {
	Fact string     `json:"fact"`
	Text fault.Text `json:"text"`
}

// addMissing lists for each programme that is open what was not recorded and keeps it so: facts of which some value, given
// alone, answers an open clause; a place, birth date, sex or stage of school that the rules read; and the same of open
// programmes and findings on which it rests. Sets.Missing looks further, and takes longer than an explanation may.
func (e *Engine) addMissing(x *Explanation, rel *Release, in *Input, s *Sheet) {
	var f *search
	var changes []candidate
	for i := range x.Programmes {
		p := s.By(x.Programmes[i].Code)
		if p.Outcome != event.Undetermined || p.Set == nil {
			continue
		}
		if f == nil {
			f = newSearch(e, rel, in, s)
			changes = slices.DeleteFunc(f.changes(), func(c candidate) bool { return !f.given(&c) })
		}
		for _, name := range f.missing(p, changes) {
			x.Programmes[i].Missing = append(x.Programmes[i].Missing, MissingSaid{name, missingText(name, in, s.Day)})
		}
	}
}

// given reports whether the change gives what was not recorded.
func (f *search) given(c *candidate) bool {
	return c.kind == Given || c.kind == Identity && f.trial.facts.Verdicts[c.member] == ""
}

// missing names facts that keep a programme open, in the order of the survey, those of programmes that it rests on last.
func (f *search) missing(p *Programme, changes []candidate) []string {
	w := wanted{p, reads(f.sheet, p)}
	out := f.unrecorded(&w)
	f.open = []wanted{w}
	for i := range changes {
		c := &changes[i]
		name := c.name(f.trial.in.Facts.HeadIndex())
		if slices.Contains(out, name) || !slices.ContainsFunc(c.facts, func(name string) bool { return w.reads[name] }) {
			continue
		}
		c.places = f.trial.places
		ev := f.evaluator(c)
		if ev == nil {
			continue
		}
		undo := f.trial.apply(c)
		results := ev.Evaluate(&f.trial.facts)
		undo()
		if answered(p, &results[len(results)-1]) {
			out = append(out, name)
		}
	}
	for i := range f.sheet.Programmes {
		q := &f.sheet.Programmes[i]
		code := reference(q.Code)
		if q.Set == nil || q.Outcome != event.Undetermined || !w.reads[metPrefix+code] && !w.reads[entitledPrefix+code] {
			continue
		}
		for _, name := range f.missing(q, changes) {
			if !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	}
	return out
}

// whoIsHead is the name of what a family lacks none of whose living members is recorded as its head.
const whoIsHead = "head"

// unrecorded are facts that are never tried, and that the programme reads.
func (f *search) unrecorded(w *wanted) []string {
	var out []string
	if w.reads["decile"] && f.trial.places.Decile[rank.National] == 0 && f.trial.in.Active {
		out = append(out, "decile")
	}
	if f.trial.in.Facts.HeadIndex() < 0 && (w.reads["verdict"] || w.reads["has_head"] || w.reads["person.head"]) {
		out = append(out, whoIsHead)
	}
	for i := range f.trial.in.Facts.Members {
		m := &f.trial.in.Facts.Members[i]
		lacks := func(name string, missing bool) {
			if missing && w.reads["person."+name] && m.Lives() {
				out = append(out, fmt.Sprintf("members[%d].%s", i, name))
			}
		}
		lacks("age", m.Born == 0)
		lacks("sex", m.Sex == 0)
		lacks("stage", m.School == regsosek.AtSchool && pupilAt(m) == regsosek.NoStage)
	}
	return out
}

// name of what the change gives.
func (c *candidate) name(head int) string {
	if c.item >= 0 || c.confirm && c.member == head && c.facts[0] == "verdict" {
		return c.facts[0]
	}
	field := strings.TrimPrefix(c.facts[0], "person.")
	if field == "health_cover" {
		field = "cover"
	}
	return fmt.Sprintf("members[%d].%s", c.member, field)
}

// answered reports whether a clause that was open on the sheet has an answer in the result.
func answered(p *Programme, r *rules.Result) bool {
	closes := func(was, now []rules.Answer) bool {
		for i := range was {
			if was[i] == rules.Unknown && i < len(now) && now[i] != rules.Unknown {
				return true
			}
		}
		return false
	}
	if closes(p.Answers, r.Answers) {
		return true
	}
	for i := range p.Persons {
		if i < len(r.Persons) && closes(p.Persons[i].Answers, r.Persons[i].Answers) {
			return true
		}
	}
	return false
}
