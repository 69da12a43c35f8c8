package population

import "strings"

// Legal names are spelt in more than one way, so a difference of spelling is not always an error: it may be a
// namesake. Shares are [own].

// legalForms are the spellings that stand on identity cards, the first the most frequent.
var legalForms = map[string]lexicon{
	"MUHAMMAD": zipf("MUHAMMAD MUHAMMAD MUHAMAD MOHAMMAD MOCHAMAD MOHAMAD MUHAMMAD MOCHAMMAD MOH M MUH MOKHAMAD MOCH MUHAMMAD"),
	"AHMAD":    zipf("AHMAD AHMAD ACHMAD AKHMAD AHMAD"),
	"SITI":     zipf("SITI SITI SITI SITI SITTI"),
	"NUR":      zipf("NUR NUR NUR NUR NOR NOER"),
	"RIZKI":    zipf("RIZKI RIZKY RISKI RIZQI RISKY"),
	"ABDUL":    zipf("ABDUL ABDUL ABDUL ABD"),
	"YUSUF":    zipf("YUSUF YUSUP"),
	"FITRI":    zipf("FITRI FITRY"),
	"DEWI":     zipf("DEWI DEWI DEWY"),
	"HERI":     zipf("HERI HERRY HERY HERI"),
	"EDI":      zipf("EDI EDY EDDY"),
	"RUDI":     zipf("RUDI RUDY"),
	"DEDI":     zipf("DEDI DEDY DEDDY"),
	"AISYAH":   zipf("AISYAH AISAH AISYAH SITIAISYAH"),
}

// letters are differences of spelling inside a word that sound alike.
var letters = [][2]string{
	{"I", "Y"}, {"F", "P"}, {"V", "F"}, {"Z", "S"}, {"Z", "J"}, {"Q", "K"}, {"KH", "H"}, {"KH", "CH"}, {"SY", "S"}, {"TH", "T"},
	{"DH", "D"}, {"X", "KS"}, {"PH", "F"}, {"O", "U"}, {"IA", "IYA"}, {"AE", "AI"}, {"EI", "I"}, {"DZ", "Z"}, {"IE", "I"}, {"AI", "A'I"}, {"AU", "A'U"},
	{"NN", "N"}, {"MM", "M"}, {"LL", "L"}, {"TT", "T"}, {"RR", "R"}, {"FF", "F"}, {"SS", "S"}, {"DD", "D"}, {"H", ""},
}

// spelt gives a name the form it has on the card.
func spelt(r random, word string) string {
	if forms, ok := legalForms[word]; ok {
		return forms.pick(r)
	}
	if len(word) > 4 && r.chance(.05) {
		return respelt(r, word)
	}
	return word
}

// respelt exchanges one sound, if the word has any of them. Half of the time it doubles a consonant or takes one away.
func respelt(r random, word string) string {
	start := r.IntN(len(letters))
	for k := range letters {
		pair := letters[(start+k)%len(letters)]
		from, to := pair[0], pair[1]
		if pair[1] != "" && r.chance(.5) {
			from, to = to, from
		}
		if at := strings.LastIndex(word, from); at > 0 && word[:at]+to+word[at+len(from):] != word {
			return word[:at] + to + word[at+len(from):]
		}
	}
	return word
}

// oldSounds are the spelling before 1972, in the order in which they must be applied.
var oldSounds = [][2]string{{"SY", "SJ"}, {"NY", "NJ"}, {"KH", "CH"}, {"J", "DJ"}, {"C", "TJ"}, {"Y", "J"}, {"U", "OE"}}

// oldSpelling writes a word in the spelling of before 1972; whole writes every sound so, else one group of them.
func oldSpelling(r random, word string, whole bool) string {
	const placeholder = "\x00"
	if !whole {
		pair := oldSounds[len(oldSounds)-1]
		if r.chance(.4) {
			pair = one(r, oldSounds)
		}
		return strings.ReplaceAll(word, pair[0], pair[1])
	}
	// What one rule wrote the next must not read again: DJ is no J, TJ and SJ hold none, CH holds no C.
	for i, pair := range oldSounds {
		word = strings.ReplaceAll(word, pair[0], strings.Repeat(placeholder, i+1)+";")
	}
	for i := len(oldSounds) - 1; i >= 0; i-- {
		word = strings.ReplaceAll(word, strings.Repeat(placeholder, i+1)+";", oldSounds[i][1])
	}
	return word
}
