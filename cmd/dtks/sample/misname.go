package sample

import (
	"math/rand/v2"
	"strings"
)

// misname writes the name wrongly, as p.Fault says. A name that the fault cannot touch is left as it is, and the
// fault taken back.
func (p *Member) misname(m *maker, f *Family, r *rand.Rand) {
	name := titled(p.Civil.Name)
	was := name
	switch p.Fault {
	case Nickname:
		name = nickname(cultureOf(r, f.Area[:2]), p.given)
	case NameOther:
		c := cultureOf(r, f.Area[:2])
		for range 4 {
			if other, given := c.legal(r, bearer{female: p.Civil.Sex == "P", born: p.born.Year()}); given != p.given {
				name = other
				break
			}
		}
	case OldSpelling:
		name = older(name)
	case Title:
		name = withTitle(name, p, r)
	case Abbreviation:
		name = shorter(name)
	}
	p.Entered.Name = name
	if name == was && p.Fault != None {
		p.Fault = None
	}
}

// nickname is what the lists say, else the end of the given name: Hermawan is called Wawan, Sutarjo Tarjo.
func nickname(c *culture, given string) string {
	word, _, _ := strings.Cut(given, " ")
	for _, of := range []*culture{c, &java, &sunda, &batak, &minang, &bugis, &bali, &ntt, &papua, &tionghoa, &arab} {
		if nick := of.nick[word]; nick != "" && nick != word {
			return nick
		}
	}
	if len(word) < 6 {
		return word + " Kecil"
	}
	return titled(word[len(word)-4:])
}

// modern letters and how they were written before 1972. Each name takes the first that applies to it.
var spellings = [][2]string{{"u", "oe"}, {"j", "dj"}, {"c", "tj"}, {"y", "j"}, {"kh", "ch"}}

func older(name string) string {
	low := strings.ToLower(name)
	for _, s := range spellings {
		if strings.Contains(low, s[0]) {
			return titled(strings.ReplaceAll(low, s[0], s[1]))
		}
	}
	return name
}

func withTitle(name string, p *Member, r *rand.Rand) string {
	switch {
	case p.SchoolLevel >= 19:
		return name + [...]string{", S.Pd", ", S.Sos", ", SE", ", S.Kom"}[r.IntN(4)]
	case p.age >= 40 && p.Civil.Sex == "P":
		return "Hj. " + name
	case p.age >= 40:
		return [...]string{"H. ", "H. ", "KH. ", "Drs. "}[r.IntN(4)] + name
	case p.Civil.Sex == "P":
		return "Rr. " + name
	}
	return "R. " + name
}

// short forms of frequent first words.
var short = map[string]string{"Muhammad": "Muh.", "Ahmad": "Ach.", "Abdul": "Abd.", "Abdullah": "Abd.", "Siti": "St.", "Sitti": "St.",
	"Nurhayati": "Nur Hayati", "Yohanes": "Yoh.", "Fransiskus": "Frans.", "Abdurrahman": "Abd. Rahman"}

// shorter takes a known short form, else cuts the last word to its initial; a single name stays.
func shorter(name string) string {
	words := strings.Fields(name)
	if s, ok := short[words[0]]; ok {
		words[0] = s
		return strings.Join(words, " ")
	}
	if n := len(words) - 1; n > 0 && len(words[n]) > 2 {
		words[n] = words[n][:1]
		return strings.Join(words, " ")
	}
	return name
}

// titled writes a name with one capital a word; the names here are ASCII.
func titled(name string) string {
	b := []byte(strings.ToLower(name))
	for i := range b {
		if (i == 0 || b[i-1] == ' ') && b[i] >= 'a' && b[i] <= 'z' {
			b[i] -= 'a' - 'A'
		}
	}
	return ties.Replace(string(b))
}

var ties = strings.NewReplacer(" Alias ", " alias ", " Bin ", " bin ", " Binti ", " binti ")
