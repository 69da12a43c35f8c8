package sample

import (
	"slices"

	"dtks/pkg/regsosek"
)

// school draws participation and level: by age for the young, by welfare for who has left.
func (h *household) school(p *Member) {
	e := 0.6*h.f.Welfare + 0.8*h.r.NormFloat64()
	if p.age < 50 {
		e += 0.4
	}
	switch {
	case p.age < 6:
		p.School = regsosek.NeverSchool
	case p.age < 13:
		h.pupil(p, e > -2.4, 0, 3, 4)
	case p.age < 16:
		h.pupil(p, e > -1.4, 3, 8, 9)
	case p.age < 19:
		h.pupil(p, e > -0.7, 8, 13, 15)
	case p.age < 23 && e > 1.0:
		h.pupil(p, true, 0, 19, 18)
	default:
		p.School = regsosek.LeftSchool
		p.SchoolLevel = below(e, []rung{{-1.3, 0}, {-0.2, 3}, {0.4, 8}, {1.2, 13}, {1.5, 15}, {1.7, 18}, {2.6, 19}, {9, 21}})
		if p.SchoolLevel == 0 {
			p.School = regsosek.NeverSchool
		}
	}
}

// pupil attends one of two kinds of school, or has left with the level before.
func (h *household) pupil(p *Member, attends bool, before, usual, other int) {
	if !attends {
		p.School, p.SchoolLevel = regsosek.LeftSchool, before
		if before == 0 {
			p.School = regsosek.NeverSchool
		}
		return
	}
	p.School, p.SchoolLevel = regsosek.AtSchool, usual
	if h.r.IntN(4) == 0 {
		p.SchoolLevel = other
	}
}

// work draws the work status, 0 for none.
func (h *household) work(p *Member) {
	busy := 0
	switch {
	case p.age < 15 || p.School == regsosek.AtSchool:
	case p.age > 70:
		busy = 25
	case p.Relation == regsosek.Head:
		busy = 93
	case p.Civil.Sex == "P":
		busy = 45
	default:
		busy = 70
	}
	if h.r.IntN(100) >= busy {
		return
	}
	if p.SchoolLevel >= 18 && h.r.IntN(3) == 0 {
		p.Work = 5
		return
	}
	p.Work = below(h.f.Welfare+0.7*h.r.NormFloat64(), []rung{{-1.0, 6}, {-0.4, 7}, {-0.2, 8}, {0.2, 1}, {0.5, 2}, {1.5, 4}, {2.0, 3}, {9, 5}})
	if p.Work == 8 && p.Relation == regsosek.Head {
		p.Work = 1
	}
}

// health draws pregnancy, difficulties and chronic illness.
func (h *household) health(p *Member) {
	if p.Civil.Sex == "P" && p.Marital == married && p.age >= 17 && p.age <= 43 {
		p.Pregnant = h.r.IntN(100) < 6
	}
	chance := 18 // per mille
	if p.age >= 60 {
		chance = 110
	}
	if p.age >= 5 && h.r.IntN(1000) < chance {
		for i := range p.Disability {
			p.Disability[i] = 4
		}
		for range 1 + h.r.IntN(2) {
			p.Disability[h.r.IntN(len(p.Disability))] = 1 + h.r.IntN(3)
		}
	}
	if p.age >= 45 && h.r.IntN(100) < 22 {
		p.Chronic = append(p.Chronic, []int{2, 2, 2, 3, 3, 4, 5, 6, 6, 7, 8, 9, 10, 13, 13, 18}[h.r.IntN(16)])
	}
}

// needs draws the PPKS types that follow from what is known of the person, and now and then one that does not.
func (h *household) needs(p *Member) {
	poor := h.f.Welfare < -0.9
	severe := p.severe()
	add := func(when bool, percent, kind int) {
		if when && h.r.IntN(100) < percent {
			p.PPKS = append(p.PPKS, kind)
		}
	}
	add(severe && p.age < 18, 90, 5)
	add(severe && p.age >= 18, 90, 9)
	add(poor && p.age < 6, 3, 1)
	add(poor && p.age >= 6 && p.age < 18, 3, 2)
	add(poor && p.age >= 60, 25, 8)
	add(poor && p.Relation == regsosek.Head && p.Civil.Sex == "P", 40, 23)
	add(poor && p.Relation == regsosek.Head, 55, 24)
	add(h.f.Area[0] == '9' && p.Relation == regsosek.Head, 4, 26)
	rare := []int{3, 4, 6, 10, 11, 12, 13, 15, 16, 17, 18, 19, 20, 21, 22, 25}[h.r.IntN(16)]
	grown := p.age >= 18
	add(h.r.IntN(4) == 0 && (grown && !slices.Contains([]int{3, 4, 6}, rare) || !grown && p.age >= 6 && rare <= 6), 3, rare)
	slices.Sort(p.PPKS)
}
