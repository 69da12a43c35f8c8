package sample

import (
	"math"
	"math/rand/v2"
	"slices"

	"dtks/pkg/regsosek"
)

// beside answers what is asked beside the form, and of each member presence, orphan status and health cover. Its random
// source is its own: all that was drawn before these questions were asked stays as it was.
type beside struct {
	f      *Family
	r      *rand.Rand
	before float64 // how the family fared when the lists of receivers were made
	income int     // thousand rupiah a month
}

func (m *maker) beside(f *Family) {
	b := &beside{f: f, r: rand.New(rand.NewPCG(^m.Seed, uint64(f.Index)))}
	b.before = b.fares(0.7)
	b.income = b.earned()
	b.living()
	b.receipts()
	b.reported()
	cover := b.cover()
	for i := range f.Members {
		b.member(&f.Members[i], cover)
	}
}

// fares is the latent welfare with noise of a deviation.
func (b *beside) fares(noise float64) float64 { return b.f.Welfare + noise*b.r.NormFloat64() }

// in reports true n times of so many.
func (b *beside) in(n, of int) bool { return b.r.IntN(of) < n }

// answer is left out once in a hundred.
func (b *beside) answer(item string, code int) {
	if !b.in(1, 100) {
		b.f.Answers = append(b.f.Answers, Answer{item, code})
	}
}

func (b *beside) say(item string, yes bool) {
	if yes {
		b.answer(item, regsosek.Yes)
	} else {
		b.answer(item, regsosek.No)
	}
}

// living answers what decree 262/HUK/2022 asks and the form does not, and the income.
func (b *beside) living() {
	b.say(regsosek.TempatTinggal, b.f.Welfare > -1.2 || !b.in(8, 1000))
	b.say(regsosek.KhawatirMakan, b.fares(0.8) < -1.2)
	b.say(regsosek.PanganSeparuh, b.fares(0.7) < 0.1)
	b.say(regsosek.BeliPakaian, b.fares(0.8) > -1.0)
	b.answer(regsosek.Pendapatan, b.income)
}

var incomeItem, _ = regsosek.Lookup(regsosek.Pendapatan)

// earned is log-normal around 2.4 million rupiah at a welfare of zero and two earners, told in steps of 50,000.
func (b *beside) earned() int {
	earners := 0
	for i := range b.f.Members {
		if b.f.Members[i].Work > 0 {
			earners++
		}
	}
	thousands := 2400 * math.Exp(0.55*b.f.Welfare+0.4*b.r.NormFloat64()) * (0.6 + 0.2*float64(earners))
	return min(50*int(math.Round(thousands/50)), incomeItem.Max)
}

// receipts are as the lists have them, which are some years old: who was poor then and had a child at school or an elder
// receives still. BLT is paid from village funds to who has nothing else; BST has ended.
func (b *beside) receipts() {
	pkh := b.before < -0.8 && (b.component() && b.in(3, 5) || b.in(1, 10))
	sembako := b.before < -0.5 && b.in(7, 10)
	b.say(regsosek.TerimaPKH, pkh)
	b.say(regsosek.TerimaSembako, sembako)
	b.say(regsosek.TerimaBLTDesa, b.rural() && !pkh && !sembako && b.before < 0.1 && b.in(1, 4))
	b.say(regsosek.TerimaBST, !pkh && !sembako && b.before < 0.1 && b.in(1, 6))
}

// component reports whether anybody is what PKH pays for.
func (b *beside) component() bool {
	return slices.ContainsFunc(b.f.Members, func(p Member) bool {
		pupil := p.School == regsosek.AtSchool && p.SchoolLevel < 18
		return p.Pregnant || p.age <= 6 || p.age >= 60 || pupil || p.severe()
	})
}

// rural: a desa and not a kelurahan.
func (b *beside) rural() bool { return b.f.Area[9] == '2' }

// reported answers what cross-matching with other registers has found; where it found nothing there is no answer.
func (b *beside) reported() {
	head := &b.f.Members[0]
	teacher, employee := false, false
	for i := range b.f.Members {
		p := &b.f.Members[i]
		employee = employee || p.Work == 4 || p.Work == 5
		teacher = teacher || p.Work == 4 && p.SchoolLevel >= 19 && p.age >= 25 && p.age < 60
	}
	manager := 1
	if b.f.Welfare > 1 {
		manager = 20
	}
	power := 0
	for _, a := range b.f.Answers {
		if a.Item == regsosek.Daya {
			power = a.Code
		}
	}
	for _, found := range [...]struct {
		item string
		yes  bool
	}{
		{regsosek.GuruSertifikat, b.in(1, 10) && teacher},
		{regsosek.PengurusPerusahaan, b.in(manager, 1000) && head.Work > 0},
		{regsosek.UpahDiAtasUMK, b.in(2, 5) && employee && b.income >= 5000},
		{regsosek.PerangkatDesa, b.in(15, 1000) && b.rural() && head.age < 60},
		{regsosek.ListrikNonsubsidi, b.in(3, 10) && power >= 3},
	} {
		if found.yes {
			b.f.Answers = append(b.f.Answers, Answer{found.item, regsosek.Yes})
		}
	}
}

// cover draws what the family has. Who has an employer's cover seldom has PBI too.
func (b *beside) cover() int {
	employed := slices.ContainsFunc(b.f.Members, func(p Member) bool { return p.Work == 5 || p.Work == 4 && b.in(2, 3) })
	pbi := b.before < -0.1
	switch {
	case employed && pbi && b.in(1, 8):
		return regsosek.CoverPBI + regsosek.CoverEmployer
	case employed:
		return regsosek.CoverEmployer
	case pbi:
		return regsosek.CoverPBI
	case b.in(1, 2):
		return regsosek.CoverMandiri
	case b.in(1, 12):
		return regsosek.CoverOther
	}
	return 0
}

// member answers for one person. The form names another head when one has died or moved.
func (b *beside) member(p *Member, cover int) {
	presence := 1
	switch at := b.r.IntN(1000); {
	case p.Relation == regsosek.Head:
	case p.Status == Deceased && at < 400:
		presence = 2
	case p.age == 0 && at < 800:
		presence = 5
	case at < 6:
		presence = 3
	case at < 7:
		presence = 4
	case at < 8:
		presence = 6
	}
	orphan := b.orphan(p)
	if b.in(1, 20) {
		cover = 0 // not registered with the others
	}
	if !b.in(1, 100) {
		p.Presence = presence
	}
	if !b.in(1, 100) {
		p.Orphan = orphan
	}
	if !b.in(1, 100) {
		p.Cover = &cover
	}
}

// orphan is asked of children: who lives with a widow has lost the father. 0 = not asked.
func (b *beside) orphan(p *Member) int {
	head, at := &b.f.Members[0], b.r.IntN(1000)
	switch {
	case p.age >= 18:
		return 0
	case head.Marital == widowed && head.Civil.Sex == "P":
		return 2
	case head.Marital == widowed:
		return 3
	case at < 12: // a step-parent has come
		return 2
	case at < 18:
		return 3
	case at < 21: // taken in
		return 4
	}
	return 1
}
