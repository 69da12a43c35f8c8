package sample

import (
	"math/rand/v2"
	"strings"
)

// culture is one way of naming people.
type culture struct {
	male, female []string          // given names
	last, lastF  []string          // second names; lastF of women, empty = the same
	alias        []string          // first parts of a second name behind "alias"
	nick         map[string]string // what the neighbours say
	places       []string          // birthplaces
	single       int               // percent of the older who have one name only
	shared       bool              // the second name is the father's: marga, fam
	first        bool              // I/Ni and the birth order stand in front (Bali)
	patronym     bool              // bin or binti with the father's name, at times
}

// share is how often a culture is met in a place, in percent.
type share struct {
	of   *culture
	part int
}

// mixes says who lives where, by province. A province without an entry takes the one of "" (all of Indonesia).
var mixes = map[string][]share{
	"":   {{&java, 45}, {&sunda, 16}, {&batak, 8}, {&minang, 7}, {&bugis, 7}, {&bali, 3}, {&ntt, 5}, {&papua, 3}, {&tionghoa, 4}, {&arab, 2}},
	"12": {{&batak, 55}, {&java, 20}, {&minang, 12}, {&tionghoa, 11}, {&arab, 2}},
	"13": {{&minang, 90}, {&java, 6}, {&batak, 3}, {&tionghoa, 1}},
	"31": {{&java, 45}, {&sunda, 20}, {&batak, 10}, {&tionghoa, 10}, {&minang, 8}, {&bugis, 3}, {&ntt, 2}, {&arab, 2}},
	"32": {{&sunda, 80}, {&java, 12}, {&batak, 3}, {&tionghoa, 3}, {&arab, 2}},
	"33": {{&java, 90}, {&tionghoa, 7}, {&arab, 3}},
	"34": {{&java, 96}, {&tionghoa, 2}, {&batak, 2}},
	"35": {{&java, 92}, {&tionghoa, 5}, {&arab, 3}},
	"36": {{&sunda, 55}, {&java, 35}, {&tionghoa, 6}, {&batak, 4}},
	"51": {{&bali, 84}, {&java, 13}, {&tionghoa, 2}, {&ntt, 1}},
	"53": {{&ntt, 91}, {&java, 4}, {&bugis, 3}, {&arab, 2}},
	"73": {{&bugis, 88}, {&java, 6}, {&tionghoa, 4}, {&arab, 2}},
	"91": {{&papua, 72}, {&java, 12}, {&bugis, 11}, {&batak, 3}, {&ntt, 2}},
	"92": {{&papua, 75}, {&java, 12}, {&bugis, 13}}, "93": {{&papua, 80}, {&java, 15}, {&bugis, 5}},
	"94": {{&papua, 85}, {&java, 8}, {&bugis, 7}}, "95": {{&papua, 97}, {&java, 3}}, "96": {{&papua, 75}, {&java, 12}, {&bugis, 13}},
}

func cultureOf(r *rand.Rand, province string) *culture {
	mix, ok := mixes[province]
	if !ok {
		mix = mixes[""]
	}
	at := r.IntN(100)
	for _, s := range mix {
		if at -= s.part; at < 0 {
			return s.of
		}
	}
	return mix[0].of
}

// bearer is who needs a name.
type bearer struct {
	female bool
	born   int      // year
	order  int      // of birth among siblings, from 0
	father string   // legal name, for bin and binti
	family []string // pieces handed down: [0] is a shared second name
}

// legal makes the name of the civil registry. given is its informative first part.
func (c *culture) legal(r *rand.Rand, b bearer) (name, given string) {
	names, last := c.male, c.last
	if b.female {
		names = c.female
		if c.lastF != nil {
			last = c.lastF
		}
	}
	given = pick(r, names)
	switch {
	case c.first:
		article := "I"
		if b.female {
			article = "Ni"
		}
		return article + " " + pick(r, birthOrder[b.order%4]) + " " + given, given
	case c.shared && len(b.family) > 0:
		name = given + " " + b.family[0]
	case b.born < 1975 && r.IntN(100) < c.single || len(last) == 0:
		return given, given // one name is a full name
	default:
		second := pick(r, last)
		if r.IntN(4) == 0 {
			if middle := pick(r, names); middle != given {
				given += " " + middle
			}
		}
		name = given + " " + second
	}
	if c.patronym && b.father != "" && r.IntN(3) == 0 {
		tie := " bin "
		if b.female {
			tie = " binti "
		}
		name = given + tie + strings.Fields(b.father)[0]
	}
	if len(c.alias) > 0 && b.born < 1970 && r.IntN(3) == 0 {
		name += " alias " + pick(r, c.alias) + " " + given
	}
	return name, given
}

// sharedName is the second name of a family that hands one down.
func (c *culture) sharedName(r *rand.Rand) []string {
	if !c.shared {
		return nil
	}
	return []string{pick(r, c.last)}
}

func pick(r *rand.Rand, from []string) string { return from[r.IntN(len(from))] }

func list(words string) []string { return strings.Fields(words) }
