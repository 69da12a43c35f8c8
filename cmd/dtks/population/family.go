package population

import (
	"slices"
	"strings"
)

// person is the truth about somebody, before anybody writes it down.
type person struct {
	entity   int
	family   *family
	tokens   []string // legal name
	female   bool
	born     date
	regency  int    // of birth
	district string // of birth
	nik      string
	mother   []string // her legal name
	father   []string // empty where unknown
	parent   bool     // of the children in the family
	child    bool
	twin     *person
	truth    Person // what a record without errors says, once asked for
}

// family is the people of one Kartu Keluarga.
type family struct {
	kk      string
	members []*person
	regency int
	village string
	address address
	culture culture
	clan    string
	noble   int // which of the two ranks of its people, 0 for none
}

// settlement makes families one after another; the numbers it hands out are unique within it.
type settlement struct {
	random
	land   *land
	twins  float64 // share of births
	people int
	used   map[string]bool // every NIK and KK so far
}

func newSettlement(r random, persons int, twins float64) *settlement {
	return &settlement{random: r, land: newLand(r, persons), twins: twins, used: make(map[string]bool, persons*3/2)}
}

// family makes the next family: head, usually a spouse, children, sometimes a grandparent.
func (s *settlement) family() *family {
	g, village := s.land.home(s.random)
	where := s.land.regencies[g]
	f := &family{regency: g, village: village.Code, address: newAddress(s.random, village.Code)}
	f.culture = cultures[where.peoples[s.weighted(where.mix)]]
	if f.clan = s.clan(f.culture, ""); s.chance(f.culture.noble) {
		f.noble = s.between(1, 2)
	}
	age := 22 + s.IntN(30) + s.IntN(34)
	widow := s.chance(.13)
	head := s.adult(f, widow, today-age, f.clan)
	var wife *person
	if !widow && s.chance(.86) {
		wife = s.adult(f, true, today-age+s.between(-1, 7), s.clan(f.culture, f.clan))
	}
	s.children(f, head, wife, age)
	if s.chance(.07) && age < 55 {
		s.grandparent(f, head, age)
	}
	f.kk = s.number(f.village, date{s.between(2006, 2024), 0, 0}, false, true)
	home := s.firstDistrict(f)
	for _, p := range f.members {
		from := home
		if s.chance(.07) {
			from = s.firstDistrict(f)
		}
		p.nik = s.number(from, s.firstRecorded(p), p.female, false)
	}
	s.pairTwins(f)
	return f
}

// clan of a people, other than the given one: one does not marry within it.
func (s *settlement) clan(c culture, not string) string {
	if c.clans == nil {
		return ""
	}
	for {
		if clan := c.clans.pick(s.random); clan != not {
			return clan
		}
	}
}

// adult is a head or spouse, with parents who are only names.
func (s *settlement) adult(f *family, female bool, year int, clan string) *person {
	p := s.person(f, female, born(s.random, year))
	p.parent = true
	p.tokens = f.culture.name(s.bearer(f, female, p.born.year, s.between(1, 4), clan))
	p.father = f.culture.name(s.bearer(f, false, p.born.year-28, 1, clan))
	p.mother = f.culture.name(s.bearer(f, true, p.born.year-24, 1, s.clan(f.culture, clan)))
	s.birthplace(p, .74)
	return p
}

func (s *settlement) bearer(f *family, female bool, year, order int, clan string) bearer {
	return bearer{random: s.random, era: eraOf(year), female: female, order: order, clan: clan, noble: f.noble}
}

func (s *settlement) person(f *family, female bool, b date) *person {
	p := &person{entity: s.people, family: f, female: female, born: b}
	s.people++
	f.members = append(f.members, p)
	return p
}

// birthplace is the regency of the family with the given share, else any other.
func (s *settlement) birthplace(p *person, here float64) {
	p.regency, p.district = p.family.regency, p.family.village[:8]
	if !s.chance(here) {
		g, village := s.land.home(s.random)
		p.regency, p.district = g, village.Code[:8]
	} else if s.chance(.4) {
		p.district = s.land.village(s.random, p.regency).Code[:8]
	}
}

// children share mother, father, card, address and mostly the birthplace, and often a theme of names.
func (s *settlement) children(f *family, head, wife *person, age int) {
	count := s.weighted([]float64{.14, .20, .29, .19, .10, .05, .03})
	var father []string
	mother, motherBorn := head.tokens, head.born.year
	switch {
	case wife != nil:
		mother, father, motherBorn = wife.tokens, head.tokens, wife.born.year
	case !head.female: // the mother is not on the card
		mother, father = f.culture.name(s.bearer(f, true, head.born.year, 1, s.clan(f.culture, f.clan))), head.tokens
	default:
		father = f.culture.name(s.bearer(f, false, head.born.year, 1, f.clan))
	}
	year := max(motherBorn+s.between(19, 28), motherBorn+18)
	t := s.theme(f, father)
	var eldest *person
	for order := 1; order <= count && year <= today; order++ {
		b := born(s.random, year)
		births := 1
		if s.chance(s.twins) {
			births = 2
		}
		for k := range births {
			if today-b.year > 30 && s.chance(.8) {
				continue // has a card of their own by now
			}
			p := s.person(f, s.chance(.49), b)
			p.child, p.mother, p.father = true, mother, father
			if births == 2 && k == 1 && f.members[len(f.members)-2].child && f.members[len(f.members)-2].born == b {
				p.twin = f.members[len(f.members)-2]
				p.female = p.twin.female == s.chance(.66)
			}
			s.nameChild(p, order, t)
			if s.birthplace(p, .93); eldest != nil && s.chance(.92) {
				p.regency, p.district = eldest.regency, eldest.district
			}
			if p.twin != nil {
				p.regency, p.district = p.twin.regency, p.twin.district
			}
			if eldest == nil {
				eldest = p
			}
		}
		year += s.between(1, 5)
	}
}

// grandparent is the head's mother or father. The mother is the one whom the head's record names.
func (s *settlement) grandparent(f *family, head *person, age int) {
	year := today - age - s.between(20, 30)
	mother := s.chance(.7)
	p := s.adult(f, mother, year, f.clan)
	p.parent = false
	if mother {
		p.tokens = head.mother
	} else {
		p.tokens = head.father
	}
}

// firstDistrict is where a NIK of the family was issued: mostly where they live, but a NIK stays when people move
// (domain.md 3.1).
func (s *settlement) firstDistrict(f *family) string {
	switch at := s.Float64(); {
	case at < .84:
		return s.codeThen(f.village)
	case at < .93:
		return s.codeThen(s.land.village(s.random, f.regency).Code)
	}
	_, village := s.land.home(s.random)
	return village.Code
}

// codeThen is the code an area had when most NIKs were issued: provinces were split since, and NIK keep the old code.
func (s *settlement) codeThen(area string) string {
	for _, g := range s.land.regencies {
		if g.oldCode != "" && area[:5] == g.code && s.chance(.8) {
			return g.oldCode + area[5:]
		}
	}
	return area
}

// corrected is the share of adults whose birth date was corrected after their NIK was issued; the NIK keeps the first
// (domain.md 3.1; share [own]).
const corrected = .015

// firstRecorded is the birth date that the NIK carries.
func (s *settlement) firstRecorded(p *person) date {
	d := p.born
	if d.year > 2005 || !s.chance(corrected) {
		return d
	}
	switch s.IntN(3) {
	case 0:
		d.year += one(s.random, []int{-2, -1, 1, 2})
		d.day = min(d.day, 28)
	case 1:
		d.day, d.month = 1, 1
	default:
		d.day = s.between(1, daysIn(d.year, d.month))
	}
	return d
}

// number is a NIK or KK: district, date, and a serial of 9001 and up. Real serials start at 0001 and get nowhere near,
// which marks the number as synthetic. As in reality most serials are low, so the tails of twins lie side by side.
func (s *settlement) number(area string, d date, female, card bool) string {
	if card {
		d.month = s.between(1, 12)
		d.day = s.between(1, daysIn(d.year, d.month))
	}
	if female {
		d.day += 40
	}
	b := append(make([]byte, 0, 16), area[:2]...)
	b = append(append(b, area[3:5]...), area[6:8]...)
	b = digits(digits(digits(b, d.day, 2), d.month, 2), d.year%100, 2)
	serial := 1
	for s.chance(.62) && serial < 400 {
		serial++
	}
	for ; ; serial++ {
		n := string(digits(b, 9000+serial%1000, 4))
		if !s.used[n] {
			s.used[n] = true
			return n
		}
	}
}

// pairTwins gives twins consecutive numbers, as one visit to the office does.
func (s *settlement) pairTwins(f *family) {
	for _, p := range f.members {
		if p.twin == nil {
			continue
		}
		p.nik = s.numberBeside(p.twin, p.female)
	}
}

func (s *settlement) numberBeside(first *person, female bool) string {
	village := first.nik[:2] + "." + first.nik[2:4] + "." + first.nik[4:6]
	if female != first.female {
		return s.number(village, first.born, female, false)
	}
	for serial := int(first.nik[15]-'0') + 10*int(first.nik[14]-'0') + 100*int(first.nik[13]-'0') + 1; ; serial++ {
		n := string(digits([]byte(first.nik[:12]), 9000+serial%1000, 4))
		if !s.used[n] {
			s.used[n] = true
			return n
		}
	}
}

// theme is what the names of siblings have in common.
type theme struct {
	first, last string
	initial     byte
}

func (s *settlement) theme(f *family, father []string) theme {
	var t theme
	if len(father) > 0 && s.chance(.14) {
		t.last = father[len(father)-1] // the father's name goes on as a kind of family name
	} else if s.chance(.10) {
		t.last = s.bearer(f, false, 2015, 1, "").modern()
	}
	if s.chance(.16) && f.culture.faith == islam {
		t.first = "MUHAMMAD"
	}
	if s.chance(.12) {
		t.initial = "ADFNRSI"[s.IntN(7)]
	}
	return t
}

// nameChild names a child within the theme of its siblings; no two living siblings have the same name.
func (s *settlement) nameChild(p *person, order int, t theme) {
	f := p.family
	for try := 0; ; try++ {
		if try > 20 {
			t = theme{} // it leaves no name that is not taken
		}
		tokens := f.culture.name(s.bearer(f, p.female, p.born.year, order, f.clan))
		if t.initial != 0 && try < 12 && tokens[0][0] != t.initial {
			continue
		}
		if t.first != "" && !p.female && tokens[0] != t.first {
			tokens = append([]string{t.first}, tokens[:min(2, len(tokens))]...)
		}
		if t.last != "" && tokens[len(tokens)-1] != t.last && f.culture.clans == nil {
			tokens = append(tokens[:min(2, len(tokens)):min(2, len(tokens))], t.last)
		}
		if p.twin != nil {
			tokens = s.twinName(p, tokens)
		}
		tokens = slices.Compact(tokens)
		if len(strings.Join(tokens, " ")) <= 60 && (try > 60 || !taken(p, tokens)) {
			p.tokens = tokens
			return
		}
	}
}

// taken reports whether a sibling's name is the same, or the same but for a word more: no parents tell two children
// apart by that.
func taken(p *person, tokens []string) bool {
	for _, m := range p.family.members {
		if m != p && len(m.tokens) > 0 && (standsIn(m.tokens, tokens) || standsIn(tokens, m.tokens)) {
			return true
		}
	}
	return false
}

// standsIn reports whether every telling word of one name stands in another.
func standsIn(name, other []string) bool {
	telling := 0
	for _, w := range name {
		if usualFirst[w] {
			continue
		}
		if telling++; !slices.Contains(other, w) {
			return false
		}
	}
	return telling > 0
}

// usualFirst are first words that many brothers or sisters share, in any spelling, and that alone tell nobody apart.
var usualFirst = map[string]bool{"MUHAMMAD": true, "MUHAMAD": true, "MOHAMMAD": true, "MOHAMAD": true, "MOCHAMAD": true, "MOCHAMMAD": true,
	"MOKHAMAD": true, "MOH": true, "MOCH": true, "M": true, "MUH": true, "SITI": true, "ST": true, "AHMAD": true, "ACHMAD": true, "AKHMAD": true}

// twinName is often close to the other's: the same second name, the same first name, or one vowel apart.
func (s *settlement) twinName(p *person, own []string) []string {
	other := p.twin.tokens
	if len(own) > 1 && usualFirst[own[0]] {
		own = own[1:] // MUHAMMAD RAFI and MOHAMAD RAFI would be one name
	}
	switch s.weighted([]float64{.38, .16, .06, .40}) {
	case 0:
		if len(other) > 1 && p.female == p.twin.female {
			return append([]string{own[0]}, other[1:]...)
		} else if len(other) > 1 {
			return []string{own[0], other[len(other)-1]}
		}
	case 1:
		if len(other) > 1 && len(own) > 1 && p.female == p.twin.female {
			return append([]string{other[0]}, own[1:]...)
		}
	case 2:
		// RINA and RINI: the last vowel of a name, never a letter that makes no name.
		if last := other[0][len(other[0])-1]; p.female == p.twin.female && strings.ContainsRune("AIO", rune(last)) {
			near := slices.Clone(other)
			vowel := map[byte]string{'A': "I", 'I': "A", 'O': "A"}[last]
			near[0] = near[0][:len(near[0])-1] + vowel
			return near
		}
	}
	return own
}
