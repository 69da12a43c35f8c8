package rules

import "slices"

// payments finds the members that have a component of a set by family, and chooses which are paid.
type payments struct {
	e       *Evaluator
	set     *Set
	recheck int32 // first day on which a component may change, as far as components were asked
	found   bool
	least   int // members that have a component for sure
	most    int // and those that may
	have    []Paid
	taken   []bool // by member
	paid    []int  // by component
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

// choose gives what is paid: the highest amounts first (then in the order of the file and of the members), each member
// once, within the limits of each component and of the programme. What is not known is not paid.
func (p *payments) choose(out []Paid) (paid []Paid, amount int64) {
	if len(p.set.Components) == 0 {
		return out, 0
	}
	p.find()
	slices.SortStableFunc(p.have, func(a, b Paid) int {
		if d := p.set.Components[b.Component].Amount - p.set.Components[a.Component].Amount; d != 0 {
			return int(min(max(d, -1), 1))
		}
		if a.Component != b.Component {
			return a.Component - b.Component
		}
		return a.Member - b.Member
	})
	p.taken = cleared(p.taken, len(p.e.act.facts.Family.Members))
	p.paid = cleared(p.paid, len(p.set.Components))
	for _, c := range p.have {
		component := &p.set.Components[c.Component]
		if p.taken[c.Member] || p.paid[c.Component] >= component.Limit || len(out) >= p.set.MaxComponents {
			continue
		}
		p.taken[c.Member] = true
		p.paid[c.Component]++
		out = append(out, c)
		amount += component.Amount
	}
	slices.SortFunc(out, func(a, b Paid) int {
		if a.Component != b.Component {
			return a.Component - b.Component
		}
		return a.Member - b.Member
	})
	return out, amount
}

// cleared gives n zero values, of memory used before where it suffices.
func cleared[T any](s []T, n int) []T {
	s = slices.Grow(s[:0], n)[:n]
	clear(s)
	return s
}
