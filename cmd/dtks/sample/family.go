package sample

import (
	"math/rand/v2"
	"strings"
	"time"

	"dtks/pkg/regsosek"
)

// Marital status codes.
const (
	unmarried = 1
	married   = 2
	divorced  = 3
	widowed   = 4
)

// household is a family being put together.
type household struct {
	m       *maker
	f       *Family
	r       *rand.Rand
	culture *culture
	shared  []string // second name handed down by the head
	father  string
	mother  string
	order   int // of the next child
}

// compose draws who lives in the family.
func (m *maker) compose(f *Family, r *rand.Rand) {
	h := &household{m: m, f: f, r: r, culture: cultureOf(r, f.Area[:2])}
	h.shared = h.culture.sharedName(r)
	if m.Single {
		h.alone(20 + r.IntN(60))
		return
	}
	switch at := r.IntN(100); {
	case at < 7: // an old person alone
		h.alone(60 + r.IntN(28))
	case at < 10:
		h.alone(21 + r.IntN(35))
	case at < 22: // a couple without children at home
		h.couple(24 + r.IntN(50))
	case at < 74:
		h.couple(25 + r.IntN(35))
		h.children()
	case at < 85: // one parent
		h.parent()
		h.children()
	default: // three generations
		h.couple(28 + r.IntN(22))
		h.children()
		h.elder()
	}
}

func (h *household) alone(age int) {
	status := widowed
	if age < 40 {
		status = unmarried
	} else if h.r.IntN(5) == 0 {
		status = divorced
	}
	h.add(regsosek.Head, status, h.r.IntN(100) < 58, age)
}

func (h *household) couple(age int) {
	head := h.add(regsosek.Head, married, false, age)
	h.father = head.Civil.Name
	wife := h.add(regsosek.Spouse, married, true, max(18, age-h.r.IntN(7)))
	h.mother = wife.Civil.Name
}

func (h *household) parent() {
	female := h.r.IntN(100) < 80
	head := h.add(regsosek.Head, divorced+h.r.IntN(2), female, 28+h.r.IntN(30))
	if female {
		h.mother = head.Civil.Name
	} else {
		h.father = head.Civil.Name
		h.mother = h.stranger(true, head.born.Year())
	}
}

// children fills in 1 to 5, more in poorer families; no two are of one age.
func (h *household) children() {
	count := 1 + h.r.IntN(3)
	if h.f.Welfare < -0.5 && h.r.IntN(2) == 0 {
		count += 1 + h.r.IntN(2)
	}
	oldest := h.f.Members[0].age - 20 - h.r.IntN(6)
	if n := len(h.f.Members); n > 1 {
		oldest = min(oldest, h.f.Members[n-1].age-18)
	}
	age := min(oldest, h.r.IntN(24))
	for ; count > 0 && age >= 0; count-- {
		h.add(regsosek.Child, unmarried, h.r.IntN(2) == 0, age)
		age -= 1 + h.r.IntN(4)
	}
}

// elder is a parent of the head or the spouse.
func (h *household) elder() {
	h.father, h.mother = "", ""
	h.add(6, widowed, h.r.IntN(100) < 68, h.f.Members[0].age+19+h.r.IntN(14))
}

func (h *household) stranger(female bool, born int) string {
	name, _ := h.culture.legal(h.r, bearer{female: female, born: born, order: h.r.IntN(4)})
	return strings.ToUpper(name)
}

// add puts a person into the family.
func (h *household) add(relation, marital int, female bool, age int) *Member {
	year := reference.Year() - 1 - age
	born := time.Date(year, 1, 1+h.m.day(h.f.Index, h.r.IntN(365)), 0, 0, 0, 0, time.UTC)
	b := bearer{female: female, born: year, order: h.r.IntN(4), father: h.father, family: h.shared}
	if relation == regsosek.Spouse || relation == 6 {
		b.family = h.culture.sharedName(h.r) // has the name of a father of their own
	}
	if relation == regsosek.Child {
		b.order, h.order = h.order, h.order+1
	}
	name, given := h.culture.legal(h.r, b)
	mother := h.mother
	if relation != regsosek.Child || mother == "" {
		mother = h.stranger(true, year-25)
	}
	p := Member{
		Relation: relation, Marital: marital, age: age, born: born, given: given,
		Civil: Identity{Name: strings.ToUpper(name), BirthPlace: strings.ToUpper(pick(h.r, h.culture.places)),
			Sex: map[bool]string{false: "L", true: "P"}[female], Mother: mother},
	}
	h.school(&p)
	h.work(&p)
	h.health(&p)
	h.needs(&p)
	h.f.Members = append(h.f.Members, p)
	return &h.f.Members[len(h.f.Members)-1]
}
