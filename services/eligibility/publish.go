package main

import (
	"slices"

	"dtks/pkg/event"
	"dtks/pkg/outbox"
	"dtks/services/eligibility/decision"
)

// item is one decision that a programme must be told.
type item struct {
	*decision.Programme
	left string // regency in which it was told before and is no longer; "" = none
}

// news compares a sheet with what programmes have been told of the family: that is always what the sheet before said. A
// first decision is news only when it entitles: a programme that has never heard of a family owes it nothing. One that
// is switched off is told that nobody is entitled any more. It returns the news, and the numbers of the programmes that have then been told.
func (d *decider) news(sheet *decision.Sheet, in *decision.Input, old kept, sit *situation) (news []item, told []uint64) {
	var before *decision.Sheet
	var beforeIn *decision.Input
	if len(old.Told) > 0 {
		// A sheet that cannot be read, or was written by a rule set that nobody has any more: everything is told again.
		before, _ = d.engine.Decode(old.Sheet)
		beforeIn = in
		if f := sit.families[in.ID]; f != nil {
			beforeIn = f.input(nil)
		}
	}
	told = decision.DecodeNumbers(old.Told)
	told = slices.DeleteFunc(told, func(number uint64) bool { // a programme that is not decided any more hears so once
		code := d.engine.Name(number)
		gone := sheet.By(code) == nil
		if gone {
			news = append(news, item{Programme: &decision.Programme{Code: code, Outcome: event.NotEntitled}})
		}
		return gone
	})
	for i := range sheet.Programmes {
		p := &sheet.Programmes[i]
		if !p.IsEntitlement() {
			continue
		}
		number := d.engine.Number(p.Code)
		if !slices.Contains(told, number) {
			if p.Outcome == event.Entitled {
				news, told = append(news, item{Programme: p}), append(told, number)
			}
			continue
		}
		next := item{Programme: p}
		if event.AreaOf(beforeIn.Area) != event.AreaOf(in.Area) {
			next.left = beforeIn.Area
		} else if q := before.By(p.Code); q != nil && before.Basis(q, beforeIn) == sheet.Basis(p, in) {
			continue
		}
		news = append(news, next)
	}
	return news, told
}

// drafts writes the events that tell a decision: one, or two when the family has left the regency it was told in.
func (d *decider) drafts(n *item, sheet *decision.Sheet, in *decision.Input, rel *decision.Release, cause event.Cause, batch bool) []outbox.Draft {
	basis := event.EntitlementBasis{Decile: int(sheet.Places.Decile[0]), Amount: n.Amount, Components: n.Components(), Reasons: n.Reasons()}
	for i := range n.Persons {
		if !n.Persons[i].Counted {
			continue
		}
		basis.Persons = append(basis.Persons, event.EntitlementPerson{PersonID: in.Facts.Members[i].Person.String(),
			Outcome: n.Persons[i].Outcome, Amount: n.Persons[i].Amount, Reasons: n.PersonReasons(i)})
	}
	next := outbox.Draft{
		Type: event.TypeEntitlementChanged, Filter: n.Code, Area: event.AreaOf(in.Area), ID: in.ID.String(),
		Cause: cause, Release: batch,
		Data: event.EntitlementChanged{
			Programme: n.Code, Outcome: n.Outcome, Area: in.Area, Release: rel.ID, RuleSet: n.SetID(), Model: sheet.Model,
			DecidedOn: dateText(sheet.Day),
		},
		Seal: map[event.Class]any{event.Survey: basis},
	}
	if n.left == "" {
		return []outbox.Draft{next}
	}
	left := next
	left.Area, left.Seal = event.AreaOf(n.left), nil
	left.Data = event.EntitlementChanged{State: event.Moved}
	return []outbox.Draft{left, next}
}

// dateText writes yyyymmdd as 2006-01-02; "" for none.
func dateText(day int32) string {
	if day == 0 {
		return ""
	}
	return decision.Date(day).Format("2006-01-02")
}
