package rules

import (
	"bytes"
	"cmp"
	"slices"
)

// payments finds the members that have a component of a set by family, and chooses which are paid.
type payments struct {
	e       *Evaluator
	set     *Set
	recheck int32 // first day on which a component may change, as far as components were asked
	found   bool
	least   int // members that have a component for sure
	most    int // and those that may
	have    []Paid
	fills   []int  // by member: the component paid for it + 1, 0 = none
	tried   []bool // by component, in one search for a member
}

func (p *payments) start(e *Evaluator, s *Set) {
	p.e, p.set, p.recheck, p.found, p.least, p.most = e, s, never, false, 0, 0
	p.have = p.have[:0]
	if e.act.counted == nil {
		e.act.counted = p.count
	}
}

// count is asked for by expressions that name components.
func (p *payments) count() (least, most int) {
	p.find()
	return p.least, p.most
}

// find asks every component about every member that lives with the family.
func (p *payments) find() {
	if p.found {
		return
	}
	p.found = true
	about := p.e.act.current
	for _, who := range p.e.act.living.persons {
		has, open := false, false
		for i := range p.set.Components {
			a := p.e.ask(p.set.Components[i].expr, who)
			p.recheck = min(p.recheck, a.recheck)
			switch a.answer {
			case Holds:
				p.have = append(p.have, Paid{i, who.index})
				has = true
			case Fails:
			default:
				open = true
			}
		}
		if has {
			p.least++
		}
		if has || open {
			p.most++
		}
	}
	p.e.act.current = about
}

// choose gives what is paid: the highest amount that the limits of each component and of the programme allow, each
// member once. What is not known is not paid.
//
// Components take their places in falling order of amount (then of the file). One that finds its members taken lets
// those move to another component that they have. What is so filled always is a part of a best choice, as in every
// transversal matroid: neither the amount nor how often each component is paid depends on the order of the members.
// Members are looked at by their id, so that who is paid does not depend on it either.
func (p *payments) choose(out []Paid) (paid []Paid, amount int64) {
	if len(p.set.Components) == 0 {
		return out, 0
	}
	p.find()
	slices.SortFunc(p.have, p.compare)
	p.fills = cleared(p.fills, len(p.e.act.facts.Family.Members))
	filled := 0
	for i, c := range p.have {
		if i > 0 && p.have[i-1].Component == c.Component {
			continue
		}
		component := &p.set.Components[c.Component]
		for n := 0; n < component.Limit && filled < p.set.MaxComponents; n++ {
			p.tried = cleared(p.tried, len(p.set.Components))
			if !p.fill(c.Component) {
				break
			}
			filled++
			amount += component.Amount
		}
	}
	for member, c := range p.fills {
		if c > 0 {
			out = append(out, Paid{c - 1, member})
		}
	}
	slices.SortFunc(out, func(a, b Paid) int {
		return cmp.Or(a.Component-b.Component, a.Member-b.Member)
	})
	return out, amount
}

// compare orders by falling amount, then by the file, then by the member's id.
func (p *payments) compare(a, b Paid) int {
	if a.Component != b.Component {
		return cmp.Or(cmp.Compare(p.set.Components[b.Component].Amount, p.set.Components[a.Component].Amount), a.Component-b.Component)
	}
	members := p.e.act.facts.Family.Members
	return cmp.Or(bytes.Compare(members[a.Member].Person[:], members[b.Member].Person[:]), a.Member-b.Member)
}

// fill finds one more member for a component, moving others where that helps; false when there is none.
func (p *payments) fill(component int) bool {
	p.tried[component] = true
	for _, c := range p.have {
		if c.Component != component {
			continue
		}
		other := p.fills[c.Member] - 1
		if other < 0 || !p.tried[other] && p.fill(other) {
			p.fills[c.Member] = component + 1
			return true
		}
	}
	return false
}

// cleared gives n zero values, of memory used before where it suffices.
func cleared[T any](s []T, n int) []T {
	s = slices.Grow(s[:0], n)[:n]
	clear(s)
	return s
}
