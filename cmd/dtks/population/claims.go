package population

import "iter"

// Claim is somebody's statement to be the person whom a registered record describes. The claimed NIK is the registered
// one, which is how the record was found; only the class nik_typo differs.
type Claim struct {
	Claimed, Registered Person
	Genuine             bool
	Class               string // a Name of Classes
}

// Class is a kind of claim.
type Class struct {
	Name    string
	Genuine bool
	Share   float64 // of the genuine claims, or of the impostors', as generated
	Natural float64 // the share to be expected where nobody seeks out hard cases [own]; weigh by Natural/Share for that
	What    string
	from    func(b *block) (Claim, bool)
}

// NIKTypo is the class of the claims of NIKTypos.
const NIKTypo = "nik_typo"

// classes is the one table of shares. Clean claims are 40 % because exact equality of number, birth date and name held
// for 39.7 % of a public set's true pairs (performance.md 3c). The hard classes of impostors are far more frequent than in
// reality, where twins or namesakes hardly ever present each other's number: what is never met cannot be measured.
var classes = []Class{
	{"clean", true, .40, .40, "all fields as registered", genuine((*writer).nothing, nil)},
	{"spelling", true, .22, .22, "the name is written another way", genuine((*writer).claimSpelling, otherName)},
	{"nickname", true, .06, .06, "the call name in place of the legal name", genuine((*writer).claimNickname, otherName)},
	{"date", true, .10, .10, "the birth date is wrong, in part or in form", genuine((*writer).claimDate, otherDate)},
	{"moved", true, .08, .08, "moved or married: other card, address or area", genuine((*writer).claimMoved, otherHome)},
	{"several", true, .14, .14, "name, and whatever else a hurried operator does", genuine((*writer).claimSeveral, otherName)},

	{"random", false, .24, .870, "anyone", impostor((*block).anyone)},
	{"same_name", false, .14, .050, "shares a word of the name", impostor((*block).sameName)},
	{"same_birth", false, .10, .020, "same year of birth and sex", impostor((*block).sameBirth)},
	{"same_village", false, .12, .020, "same village", impostor((*block).sameVillage)},
	{"same_day", false, .04, .030, "neighbour of the same sex born on the same day, whose NIK differs in the serial alone", impostor((*block).sameDay)},
	{"sibling", false, .12, .004, "brother or sister: same mother, card, address", impostor((*block).sibling)},
	{"twin", false, .04, .0005, "twin: also the same birth date", impostor((*block).twin)},
	{"parent_child", false, .08, .003, "parent or child of the same sex with a word of the name in common", impostor((*block).parentChild)},
	{"namesake", false, .12, .0025, "same full name and sex, other birth date", impostor((*block).namesake)},
}

// Classes is the table of shares, for reports.
func Classes() []Class { return append([]Class(nil), classes...) }

// perBlock is how many people live at a time while claims are drawn: memory does not grow with their number. Within a
// block numbers are unique.
const perBlock = 6000

// twinsInClaims is above twinBirths, so that a block has enough twins to draw impostors from.
const twinsInClaims = .05

// Claims yields exactly so many genuine claims and impostors' claims in random order, the same for the same arguments.
func Claims(seed uint64, genuine, impostors int) iter.Seq[Claim] {
	return func(yield func(Claim) bool) {
		order := newRandom(seed, 1<<40)
		g, i := genuine, impostors
		for n := uint64(1); g+i > 0; n++ {
			b := newBlock(seed, n)
			for range min(perBlock, g+i) {
				honest := order.IntN(g+i) < g
				if honest {
					g--
				} else {
					i--
				}
				c := b.claim(honest)
				c.Claimed.ID = numbered("C", genuine+impostors-g-i)
				if !yield(c) {
					return
				}
			}
		}
	}
}

// NIKTypos yields honest claims whose NIK has a digit wrong or two exchanged, so that it finds nobody or somebody else.
// Registered is the claimant's own record, to be found by the other fields.
func NIKTypos(seed uint64, claims int) iter.Seq[Claim] {
	return func(yield func(Claim) bool) {
		for n := uint64(1); claims > 0; n++ {
			b := newBlock(seed, 1<<41+n)
			for range min(perBlock, claims) {
				claims--
				c := b.claim(true)
				w := &writer{random: b.random, out: c.Claimed}
				if w.nikDigit(); w.chance(.4) {
					w.out.NIK = c.Claimed.NIK
					w.nikTransposed()
				}
				c.Claimed, c.Class = w.out, NIKTypo
				if !yield(c) {
					return
				}
			}
		}
	}
}

// block is a population with the indexes that impostors are found by. Lists hold indexes into people.
type block struct {
	*settlement
	people    []*person
	byWord    map[string][]int
	byBirth   map[[2]int][]int // year, sex
	byVillage map[string][]int
	byRegency map[int][]int
	siblings  [][2]*person
	twinPairs [][2]*person
	kin       [][2]*person // parent and child who share a word
}

func newBlock(seed, n uint64) *block {
	b := &block{settlement: newSettlement(newRandom(seed, n), perBlock, twinsInClaims), byWord: map[string][]int{}, byBirth: map[[2]int][]int{},
		byVillage: map[string][]int{}, byRegency: map[int][]int{}}
	b.settlement.people = int(n&(1<<40-1)) * 2 * perBlock
	for len(b.people) < perBlock {
		f := b.family()
		for _, p := range f.members {
			at := len(b.people)
			b.people = append(b.people, p)
			for _, t := range p.tokens {
				if len(t) > 2 {
					b.byWord[t] = append(b.byWord[t], at)
				}
			}
			b.byBirth[birthKey(p)] = append(b.byBirth[birthKey(p)], at)
			b.byVillage[f.village] = append(b.byVillage[f.village], at)
			b.byRegency[f.regency] = append(b.byRegency[f.regency], at)
		}
		b.pairs(f)
	}
	return b
}

func birthKey(p *person) [2]int {
	if p.female {
		return [2]int{p.born.year, 1}
	}
	return [2]int{p.born.year, 0}
}

// pairs notes who of a family could pass for whom.
func (b *block) pairs(f *family) {
	for i, p := range f.members {
		for _, q := range f.members[:i] {
			switch {
			case p.twin == q:
				b.twinPairs = append(b.twinPairs, [2]*person{p, q})
			case p.child && q.child:
				b.siblings = append(b.siblings, [2]*person{p, q})
			case p.child && q.parent && p.female == q.female && shareWord(p, q):
				b.kin = append(b.kin, [2]*person{p, q})
			}
		}
	}
}

func shareWord(p, q *person) bool {
	for _, t := range p.tokens {
		for _, u := range q.tokens {
			if t == u {
				return true
			}
		}
	}
	return false
}

// claim draws a class, and people for it.
func (b *block) claim(honest bool) Claim {
	var weights [32]float64
	for i := range classes {
		if classes[i].Genuine == honest {
			weights[i] = classes[i].Share
		}
	}
	class := &classes[b.weighted(weights[:len(classes)])]
	for {
		if c, ok := class.from(b); ok {
			c.Class, c.Genuine = class.Name, honest
			return c
		}
	}
}

// genuine is a claim about oneself, with the errors of its class. It must differ as told: an error may find nothing to
// change, or a second one take the first back.
func genuine(errors func(*writer), differs func(a, b Person) bool) func(*block) (Claim, bool) {
	return func(b *block) (Claim, bool) {
		p := one(b.random, b.people)
		w := newWriter(b.random, b.land, p)
		registered := w.out
		errors(w)
		c := Claim{Claimed: w.done(), Registered: registered}
		c.Claimed.NIK = registered.NIK
		return c, differs == nil || differs(c.Claimed, c.Registered)
	}
}

// impostor is a claim of one person with the number of another. Half of them give their own data without errors.
func impostor(choose func(*block, *person) (*person, *person)) func(*block) (Claim, bool) {
	return func(b *block) (Claim, bool) {
		self, victim := choose(b, one(b.random, b.people))
		if self == nil || self.entity == victim.entity {
			return Claim{}, false
		}
		w := newWriter(b.random, b.land, self)
		if b.chance(.5) {
			w.errors(Source(b.weighted([]float64{.6, .4})))
		}
		c := Claim{Claimed: w.done(), Registered: victim.record(b.land)}
		c.Claimed.NIK = c.Registered.NIK
		return c, true
	}
}
