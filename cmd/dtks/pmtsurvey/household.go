package pmtsurvey

import (
	"dtks/pkg/regsosek"
	"dtks/services/eligibility/fact"
)

// compose draws who lives in the household.
func (h *household) compose() {
	switch at := h.r.IntN(100); {
	case at < 8: // an old person alone
		h.add(regsosek.Head, h.sex(60), 60+h.r.IntN(28))
	case at < 11:
		h.add(regsosek.Head, h.sex(40), 21+h.r.IntN(38))
	case at < 24:
		h.couple(24 + h.r.IntN(54))
	case at < 74:
		h.couple(25 + h.r.IntN(35))
		h.children()
	case at < 85:
		h.add(regsosek.Head, h.sex(80), 28+h.r.IntN(30))
		h.children()
	default:
		h.couple(28 + h.r.IntN(22))
		h.children()
		h.add(6, h.sex(68), 60+h.r.IntN(25))
	}
}

func (h *household) sex(women int) byte {
	if h.r.IntN(100) < women {
		return 'P'
	}
	return 'L'
}

func (h *household) couple(age int) {
	h.add(regsosek.Head, 'L', age)
	h.add(regsosek.Spouse, 'P', max(18, age-h.r.IntN(7)))
}

// children are more where welfare is low.
func (h *household) children() {
	count := 1 + h.r.IntN(3)
	if h.welfare < -0.4 && h.r.IntN(2) == 0 {
		count += 1 + h.r.IntN(2)
	}
	for age := h.r.IntN(22); count > 0 && age >= 0; count-- {
		h.add(regsosek.Child, h.sex(50), age)
		age -= 1 + h.r.IntN(4)
	}
}

func (h *household) add(relation uint8, sex byte, age int) {
	m := fact.Member{Relation: relation, Sex: sex, Presence: 1, Cover: fact.NoCover,
		Born: int32((2025-age)*10000 + (1+h.r.IntN(12))*100 + 1 + h.r.IntN(28))}
	h.school(&m, age)
	h.work(&m, age)
	chance := 14 // per mille
	if age >= 60 {
		chance = 70
	}
	if h.r.IntN(1000) < chance {
		m.Disabled, h.disabled = true, true
	}
	h.facts.Members = append(h.facts.Members, m)
}

func (h *household) school(m *fact.Member, age int) {
	e := 0.6*h.welfare + 0.8*h.r.NormFloat64()
	if age < 50 {
		e += 0.4
	}
	for _, s := range []struct {
		under int
		least float64 // of e, to attend
		level uint8
	}{{6, 99, 0}, {13, -2.4, 3}, {16, -1.4, 8}, {19, -0.7, 13}, {23, 1.0, 19}} {
		if age < s.under {
			if m.School = regsosek.NeverSchool; e > s.least {
				m.School, m.Level = regsosek.AtSchool, s.level
			}
			return
		}
	}
	m.School = regsosek.LeftSchool
	if m.Level = uint8(climb(e, []rung{{-1.3, 0}, {-0.2, 3}, {0.4, 8}, {1.2, 13}, {1.5, 15}, {1.7, 18}, {2.6, 19}, {9, 21}})); m.Level == 0 {
		m.School = regsosek.NeverSchool
	}
}

func (h *household) work(m *fact.Member, age int) {
	busy := 70
	switch {
	case age < 15 || m.School == regsosek.AtSchool:
		busy = 0
	case age > 70:
		busy = 25
	case m.Relation == regsosek.Head:
		busy = 93
	case m.Sex == 'P':
		busy = 45
	}
	if h.r.IntN(100) < busy {
		m.Work = uint8(climb(h.welfare+0.7*h.r.NormFloat64(), []rung{{-1.0, 6}, {-0.3, 7}, {0.2, 1}, {0.5, 2}, {1.5, 4}, {2.0, 3}, {9, 5}}))
	}
}

// rung is a code that holds up to a welfare.
type rung struct {
	upTo float64
	code int
}

func climb(x float64, ladder []rung) int {
	for _, r := range ladder {
		if x <= r.upTo {
			return r.code
		}
	}
	return ladder[len(ladder)-1].code
}

// ladders go from what the poorest have to what the richest have.
var ladders = []struct {
	item  string
	rungs []rung
}{
	{regsosek.StatusBangunan, []rung{{-1.6, 3}, {-1.2, 5}, {-0.9, 2}, {9, 1}}},
	{regsosek.Lantai, []rung{{-1.7, 8}, {-1.5, 7}, {-1.1, 5}, {-0.1, 6}, {0.4, 4}, {1.8, 2}, {2.1, 3}, {9, 1}}},
	{regsosek.Dinding, []rung{{-2.0, 6}, {-1.5, 4}, {-0.8, 3}, {-0.4, 2}, {9, 1}}},
	{regsosek.Atap, []rung{{-1.9, 7}, {-0.3, 3}, {0.2, 4}, {1.9, 2}, {9, 1}}},
	{regsosek.AirMinum, []rung{{-1.8, 9}, {-1.5, 8}, {-1.2, 6}, {-0.9, 7}, {-0.3, 5}, {0.5, 4}, {0.8, 3}, {1.8, 2}, {9, 1}}},
	{regsosek.Penerangan, []rung{{-2.0, 4}, {-1.8, 3}, {-1.1, 2}, {9, 1}}},
	{regsosek.Daya, []rung{{-0.3, 1}, {0.9, 2}, {1.6, 3}, {2.2, 4}, {9, 5}}},
	{regsosek.BahanBakar, []rung{{-1.3, 10}, {-1.2, 7}, {1.6, 4}, {1.9, 2}, {9, 1}}},
	{regsosek.Jamban, []rung{{-1.9, 6}, {-1.5, 4}, {-1.3, 3}, {-0.6, 2}, {9, 1}}},
	{regsosek.Kloset, []rung{{-1.6, 4}, {-1.2, 3}, {-0.9, 2}, {9, 1}}},
	{regsosek.Limbah, []rung{{-1.7, 5}, {-1.3, 3}, {-0.8, 4}, {2.3, 1}, {9, 2}}},
}

// assets gives the welfare at which half of the households have the thing.
var assets = []struct {
	item string
	half float64
}{
	{regsosek.TabungGas, 1.2}, {regsosek.Kulkas, -0.1}, {regsosek.AC, 1.5}, {regsosek.TV, -0.4}, {regsosek.Emas, 0.9},
	{regsosek.Laptop, 1.0}, {regsosek.Motor, -0.8}, {regsosek.Mobil, 1.6}, {regsosek.Smartphone, -1.2}, {regsosek.Lahan, 0.9},
	{regsosek.RumahLain, 1.8}, {regsosek.Internet, -0.3}, {regsosek.Rekening, 0.1}, {regsosek.Usaha, 0.8},
}

// answer fills the form. What depends on another answer is asked where the form asks it; one answer in a hundred was left
// out.
func (h *household) answer() {
	for _, l := range ladders {
		code := climb(h.noisy(), l.rungs)
		asked := (l.item != regsosek.Daya || h.has(regsosek.Penerangan, 1)) && (l.item != regsosek.Kloset || !h.has(regsosek.Jamban, 6))
		if asked && h.r.IntN(100) > 0 {
			h.set(l.item, code)
		}
	}
	for _, a := range assets {
		code := regsosek.No
		if h.noisy() > a.half {
			code = regsosek.Yes
		}
		if h.r.IntN(100) > 0 {
			h.set(a.item, code)
		}
	}
	h.set(regsosek.LuasLantai, min(max(6, int(52+24*h.noisy()+8*h.r.NormFloat64())), 400))
	cattle := 0
	if h.noisy() > 0.9 && h.r.IntN(4) == 0 {
		cattle = 1 + h.r.IntN(4)
	}
	h.set(regsosek.Sapi, cattle)
}

func (h *household) noisy() float64 { return h.welfare + 0.75*h.r.NormFloat64() }

func (h *household) has(name string, code int16) bool {
	i, ok := fact.Index(name)
	return ok && h.facts.Answers[i] == code
}
