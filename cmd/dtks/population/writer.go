package population

import (
	"fmt"
	"slices"
	"strings"

	"dtks/pkg/wilayah"
)

// writer puts one person on paper, with errors.
type writer struct {
	random
	land   *land
	p      *person
	name   *written
	mother *written // nil where nothing is written
	home   address
	out    Person
}

// newWriter starts from the truth.
func newWriter(r random, l *land, p *person) *writer {
	w := &writer{random: r, land: l, p: p, out: p.record(l), home: p.family.address}
	w.name = &written{random: r, tokens: slices.Clone(p.tokens), female: p.female, year: p.born.year, father: p.father}
	w.mother = &written{random: r, tokens: slices.Clone(p.mother), female: true, year: p.born.year - 25, deathly: p.born.year < 1995}
	return w
}

// record is the truth as a record.
func (p *person) record(l *land) Person {
	if p.truth.NIK == "" {
		p.truth = p.recorded(l)
	}
	return p.truth
}

func (p *person) recorded(l *land) Person {
	sex := "L"
	if p.female {
		sex = "P"
	}
	return Person{Entity: numbered("E", p.entity+1), NIK: p.nik, KK: p.family.kk, Name: strings.Join(p.tokens, " "),
		BirthDate: p.born.String(), Sex: sex, BirthPlace: l.regencies[p.regency].name, Mother: strings.Join(p.mother, " "),
		Address: p.family.address.String(), Area: p.family.village}
}

// errors applies the table once.
func (w *writer) errors(s Source) {
	for i := range rates {
		if w.chance(rates[i].Share[s]) {
			rates[i].apply(w)
		}
	}
}

// done is the record as written.
func (w *writer) done() Person {
	w.out.Name, w.out.Mother = w.name.String(), ""
	if w.mother != nil {
		w.out.Mother = w.mother.String()
	}
	return w.out
}

func (w *writer) motherWritten(f func(*written)) {
	if w.mother != nil {
		f(w.mother)
	}
}

// otherMother is a grandmother or stepmother in place of the mother.
func (w *writer) otherMother() {
	f := w.p.family
	b := bearer{random: w.random, era: eraOf(w.p.born.year - 30), female: true, order: 1, clan: f.clan}
	w.mother = &written{random: w.random, tokens: f.culture.name(b), female: true, year: w.p.born.year - 30}
}

// dated runs f on the date if it still stands in full.
func (w *writer) dated(f func(d date) date) {
	if d, ok := parsed(w.out.BirthDate); ok {
		w.out.BirthDate = f(d).String()
	}
}

func (w *writer) swapDayMonth() {
	w.dated(func(d date) date {
		if d.day <= 12 {
			d.day, d.month = d.month, d.day
		}
		return d
	})
}

func (w *writer) dateDigit() {
	w.dated(func(d date) date {
		for {
			digits := []byte(d.String())
			at := one(w.random, []int{2, 3, 3, 5, 6, 6, 8, 9, 9})
			digits[at] = byte('0' + w.IntN(10))
			if other, ok := parsed(string(digits)); ok && other != d {
				return other
			}
		}
	})
}

func (w *writer) yearOff() {
	w.dated(func(d date) date {
		d.year = min(today, d.year+one(w.random, []int{-1, 1, -1, 1, -2, 2, -3, 3, -5, 5, 10, -10}))
		d.day = min(d.day, daysIn(d.year, d.month))
		return d
	})
}

func (w *writer) firstJanuary() {
	w.dated(func(d date) date { return date{d.year, 1, 1} })
}

func (w *writer) otherDay() {
	w.dated(func(d date) date {
		if w.chance(.5) {
			return date{d.year, d.month, w.between(1, daysIn(d.year, d.month))}
		}
		d.month = w.between(1, 12)
		d.day = min(d.day, daysIn(d.year, d.month))
		return d
	})
}

// dateRelative is the next line of the family card.
func (w *writer) dateRelative() {
	if list := w.p.family.members; len(list) > 1 {
		w.dated(func(date) date { return one(w.random, list).born })
	}
}

func (w *writer) yearOnly() {
	if len(w.out.BirthDate) == 10 {
		w.out.BirthDate = w.out.BirthDate[:4] + one(w.random, []string{"", "", "-00-00"})
	}
}

func (w *writer) datePlaceholder() {
	w.out.BirthDate = one(w.random, []string{"1900-01-01", "0000-00-00", "-", "1970-01-01"})
}

var months = [...]string{"JANUARI", "FEBRUARI", "MARET", "APRIL", "MEI", "JUNI", "JULI", "AGUSTUS", "SEPTEMBER", "OKTOBER", "NOVEMBER", "DESEMBER"}

// dateForm is a date as people write it.
func (w *writer) dateForm() {
	d, ok := parsed(w.out.BirthDate)
	if !ok {
		return
	}
	switch w.weighted([]float64{.4, .3, .15, .1, .05}) {
	case 0:
		w.out.BirthDate = fmt.Sprintf("%02d-%02d-%04d", d.day, d.month, d.year)
	case 1:
		w.out.BirthDate = fmt.Sprintf("%d/%d/%04d", d.day, d.month, d.year)
	case 2:
		w.out.BirthDate = fmt.Sprintf("%d %s %04d", d.day, months[d.month-1], d.year)
	case 3:
		w.out.BirthDate = fmt.Sprintf("%02d-%02d-%02d", d.day, d.month, d.year%100)
	case 4:
		w.out.BirthDate = fmt.Sprintf("%04d%02d%02d", d.year, d.month, d.day)
	}
}

func (w *writer) flipSex() {
	w.out.Sex = map[string]string{"L": "P", "P": "L"}[w.out.Sex]
}

// placeLevel names the district, village or province of birth, or the kind of regency with it.
func (w *writer) placeLevel() {
	g := w.land.regencies[w.p.regency]
	switch w.weighted([]float64{.34, .30, .12, .24}) {
	case 0:
		w.out.BirthPlace = plainName(w.p.district)
	case 1:
		w.out.BirthPlace = strings.ToUpper(wilayah.Name(g.code))
		if w.chance(.5) {
			w.out.BirthPlace = strings.Replace(w.out.BirthPlace, "KABUPATEN ", "KAB. ", 1)
		}
	case 2:
		w.out.BirthPlace = strings.ToUpper(wilayah.Name(g.code[:2]))
		if short := provinceShort[g.code[:2]]; short != "" && w.chance(.5) {
			w.out.BirthPlace = short
		}
	default:
		w.out.BirthPlace = plainName(w.p.family.village)
	}
}

func (w *writer) placeShort() {
	if short := w.land.regencies[w.p.regency].short; short != "" {
		w.out.BirthPlace = short
	}
}

func (w *writer) placeFormer() {
	if former := w.land.regencies[w.p.regency].formerly; former != "" {
		w.out.BirthPlace = former
	}
}

func (w *writer) placeMistyped() { w.out.BirthPlace = mistyped(w.random, w.out.BirthPlace) }

// placeHome is where the family lives now.
func (w *writer) placeHome() { w.out.BirthPlace = w.land.regencies[w.p.family.regency].name }
