package population

import "slices"

// What distinguishes the classes of claims.

func (w *writer) nothing() {}

// slight are the errors of a careful office, on top of the class's own.
func (w *writer) slight() { w.errors(Office) }

func otherName(a, b Person) bool { return a.Name != b.Name }
func otherDate(a, b Person) bool { return a.BirthDate != b.BirthDate }
func otherHome(a, b Person) bool { return a.KK != b.KK || a.Address != b.Address || a.Area != b.Area }

// until applies f until the record has changed, which may take some times: a single name loses no word.
func (w *writer) until(f func(), field func() string) {
	before := field()
	for try := 0; try < 12 && field() == before; try++ {
		f()
	}
}

func (w *writer) nameNow() string { return w.name.String() }

// choice is a set of errors of one field, as likely as the table has them for hurried operators.
type choice struct {
	errors  []*Rate
	weights []float64
}

func choose(field string, kinds ...string) choice {
	var c choice
	for i := range rates {
		if rates[i].Field == field && slices.Contains(kinds, rates[i].Error) {
			c.errors, c.weights = append(c.errors, &rates[i]), append(c.weights, rates[i].Share[Rushed])
		}
	}
	return c
}

var (
	// spellingErrors leave a name the same name.
	spellingErrors = choose("Name", "title", "descent", "alias", "old_spelling", "shortened", "respelled", "joined", "dropped", "initial",
		"mistyped", "transposed", "cut", "spaced", "alike")
	nameErrors = choose("Name", "call_name", "title", "descent", "alias", "old_spelling", "shortened", "respelled", "joined", "dropped", "single",
		"initial", "swapped", "mistyped", "transposed", "cut", "spaced", "alike")
	dateErrors = choose("BirthDate", "day_month_swapped", "digit", "year_off", "first_january", "other_day", "relative", "year_only", "missing",
		"form")
)

// one applies an error of the choice.
func (w *writer) one(c choice) { c.errors[w.weighted(c.weights)].apply(w) }

func (w *writer) claimSpelling() {
	w.until(func() { w.one(spellingErrors) }, w.nameNow)
	w.slight()
}

func (w *writer) claimNickname() {
	before := w.nameNow()
	if w.until(w.name.called, w.nameNow); w.nameNow() == before { // short names are call names already
		w.until(func() { w.one(spellingErrors) }, w.nameNow)
	}
	w.slight()
}

func (w *writer) claimDate() {
	w.until(func() { w.one(dateErrors) }, func() string { return w.out.BirthDate })
	w.slight()
}

func (w *writer) claimMoved() {
	if w.chance(.4) {
		w.marry()
	} else {
		w.move()
	}
	w.slight()
}

func (w *writer) claimSeveral() {
	w.until(func() { w.one(nameErrors) }, w.nameNow)
	w.errors(Rushed)
}

// Impostors: self, and the person whose number they give.

func (b *block) anyone(p *person) (self, victim *person) { return one(b.random, b.people), p }

func (b *block) sameName(p *person) (self, victim *person) {
	return b.from(b.byWord[one(b.random, p.tokens)], p), p
}

func (b *block) sameBirth(p *person) (self, victim *person) {
	return b.from(b.byBirth[birthKey(p)], p), p
}

func (b *block) sameVillage(p *person) (self, victim *person) {
	return b.from(b.byVillage[p.family.village], p), p
}

// from is somebody of the list outside of p's family, or nobody.
func (b *block) from(list []int, p *person) *person {
	if len(list) == 0 {
		return nil
	}
	if q := b.people[one(b.random, list)]; q.family != p.family {
		return q
	}
	return nil
}

func (b *block) sibling(*person) (self, victim *person)     { return b.pair(b.siblings) }
func (b *block) twin(*person) (self, victim *person)        { return b.pair(b.twinPairs) }
func (b *block) parentChild(*person) (self, victim *person) { return b.pair(b.kin) }

func (b *block) pair(list [][2]*person) (self, victim *person) {
	p := one(b.random, list)
	if b.chance(.5) {
		return p[1], p[0]
	}
	return p[0], p[1]
}

// namesake gives p's name to another person of the sex, half of the time of the same village.
func (b *block) namesake(p *person) (self, victim *person) {
	list := b.byVillage[p.family.village]
	if b.chance(.5) {
		list = b.byRegency[p.family.regency]
	}
	return b.disguised(p, list, func(other *person) bool {
		other.tokens = p.tokens
		return other.born != p.born
	})
}

// sameDay gives p's birth date to a neighbour of the sex.
func (b *block) sameDay(p *person) (self, victim *person) {
	return b.disguised(p, b.byVillage[p.family.village], func(other *person) bool {
		other.born = p.born
		return !slices.Equal(other.tokens, p.tokens)
	})
}

// disguised is somebody of the list and of p's sex, changed: such people exist, but seldom in so small a block.
func (b *block) disguised(p *person, list []int, change func(other *person) bool) (self, victim *person) {
	q := b.from(list, p)
	if q == nil || q.female != p.female {
		return nil, p
	}
	other := *q
	other.truth = Person{}
	if !change(&other) {
		return nil, p
	}
	return &other, p
}
