package sample

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Numbers are unique by construction, so that families can be made in any order and in parallel. Families that share a
// district and a serial are one round apart, and the day of the year of every date in a family is its round modulo
// rounds. One district holds 500 × 32 families before two persons may meet by chance.
const (
	serials = 500
	rounds  = 32
)

// round counts how often the serials of the family's district were used up before it.
func (m *maker) round(i int) int { return i / (len(m.districts) * serials) }

func (m *maker) serial(i int) int { return 9000 + i/len(m.districts)%serials }

// day moves a day of the year, 0..364, to one that belongs to the family's round.
func (m *maker) day(i, day int) int {
	day += m.round(i)%rounds - day%rounds
	if day > 364 {
		day -= rounds
	}
	return day
}

// number gives the family its KK and everybody a NIK.
func (m *maker) number(f *Family, r *rand.Rand) {
	d := &m.districts[f.Index%len(m.districts)]
	recorded := time.Date(2008+r.IntN(17), 1, 1+m.day(f.Index, r.IntN(365)), 0, 0, 0, 0, time.UTC)
	f.CivilKK = fmt.Sprintf("%s%s%04d", d.prefix(), recorded.Format("020106"), m.serial(f.Index))
	f.KK = f.CivilKK
	for k := range f.Members {
		p := &f.Members[k]
		p.ID = fmt.Sprint(k + 1)
		from, serial := d.prefix(), m.serial(f.Index)
		switch moved := r.IntN(100); {
		case moved < 7 && len(m.districts) > 1: // first registered elsewhere
			from, serial = m.districts[(f.Index+1)%len(m.districts)].prefix(), serial+serials
		case moved == 99 && from[:2] == "91" && p.born.Year() < 2000: // under a code that went with the split of 2022
			from, serial = "9101"+from[4:], serial+serials
		}
		day := p.born.Day()
		if p.Civil.Sex == "P" {
			day += 40
		}
		p.Civil.NIK = fmt.Sprintf("%s%02d%s%04d", from, day, p.born.Format("0106"), serial)
		p.Civil.BirthDate = p.born.Format(time.DateOnly)
		p.Status = Alive
		p.Entered = p.Civil
	}
}
