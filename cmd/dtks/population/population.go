// Package population makes up Indonesian people, the files in which they are listed more than once, and claims to be one
// of them, all labelled with the truth. It measures the matcher and therefore shares neither code nor lists with it.
//
// Everything follows from a seed and stays the same for ever. Nobody in it exists: serials of NIK and KK are 9000 and
// above, which no office has issued. README.md lists what is drawn how often, and on whose word.
package population

// Seeds of the two files that are always kept apart: one to learn from, one to judge by.
const (
	TrainSeed   = 20260101
	HeldOutSeed = 20261122
)

// Person is one record about somebody. Empty fields are missing.
type Person struct {
	ID         string // of the record
	Entity     string // the truth: equal for records of the same person
	NIK        string // as written, seldom not 16 digits
	KK         string
	Name       string
	BirthDate  string // 2006-01-02, or as people write it; also a year alone
	Sex        string // L or P
	BirthPlace string // mostly the regency's name
	Mother     string
	Address    string
	Area       string // village code, 32.04.10.2001
}

// copies are how many more records a person with duplicates has, from 1 on. [own]
var copies = []float64{.72, .18, .07, .03}

// duplicated is the share of persons with more than one record. Far above the 1.1 % of equal NIK that were found in the
// registry (domain.md 3.2), so that a file of moderate size holds enough pairs to count. [own]
const duplicated = .20

// twinBirths is the share of births.
const twinBirths = .01

// File is a file with duplicates: so many persons, a fifth of them with one to four further records, in random order.
// First records come from an office, the others from sources of all kinds.
func File(seed uint64, persons int) []Person {
	s, people := settle(seed, persons)
	list := make([]Person, 0, len(people)*13/10)
	for _, p := range people {
		list = append(list, s.write(p, Office))
		if s.chance(duplicated) {
			for range 1 + s.weighted(copies) {
				list = append(list, s.write(p, Source(s.weighted([]float64{.25, .48, .27}))))
			}
		}
	}
	return s.shuffled(list, "R")
}

// TwoFiles is an extract of a registry and a programme's list of overlapping people: of all persons 60 % are in both, a
// quarter only in the registry and the others only in the list. One person in fifty stands twice in the list.
func TwoFiles(seed uint64, persons int) (a, b []Person) {
	s, people := settle(seed, persons)
	for _, p := range people {
		at := s.Float64()
		if at < .85 {
			a = append(a, s.write(p, Office))
		}
		for at < .60 || at >= .85 {
			b = append(b, s.write(p, Source(s.weighted([]float64{.25, .40, .35}))))
			if !s.chance(.02) {
				break
			}
		}
	}
	return s.shuffled(a, "A"), s.shuffled(b, "B")
}

// settle makes so many persons in whole families, the last one cut.
func settle(seed uint64, persons int) (*settlement, []*person) {
	s := newSettlement(newRandom(seed, 0), persons, twinBirths)
	people := make([]*person, 0, persons+8)
	for len(people) < persons {
		people = append(people, s.family().members...)
	}
	return s, people[:persons]
}

// write is a record of p by such a source.
func (s *settlement) write(p *person, from Source) Person {
	w := newWriter(s.random, s.land, p)
	w.errors(from)
	return w.done()
}

// shuffled puts records in random order and numbers them, so that neither tells who is who.
func (s *settlement) shuffled(list []Person, prefix string) []Person {
	s.Shuffle(len(list), func(i, k int) { list[i], list[k] = list[k], list[i] })
	for i := range list {
		list[i].ID = numbered(prefix, i+1)
	}
	return list
}

// numbered is an id: a letter and eight digits.
func numbered(prefix string, n int) string { return string(digits([]byte(prefix), n, 8)) }
