package population

import "slices"

// era is the fashion in which a name was given. It follows from the birth year.
type era int

const (
	old    era = iota // before 1960: single names, old Javanese forms
	middle            // 1960-1989
	young             // 1990-2009
	child             // 2010 and later: long names, free sounds
)

func eraOf(year int) era {
	switch {
	case year < 1960:
		return old
	case year < 1990:
		return middle
	case year < 2010:
		return young
	}
	return child
}

// bearer is what a name depends on.
type bearer struct {
	random
	era    era
	female bool
	order  int    // 1 is the first child
	clan   string // marga, fam or Chinese surname; empty where the people has none
	noble  int    // 1 or 2 in a family of rank, which writes ANDI, TEUKU, LALU, I GUSTI or I DEWA
}

// by picks from the list of the bearer's sex.
func (b bearer) by(man, woman interface{ pick(random) string }) string {
	if b.female {
		return woman.pick(b.random)
	}
	return man.pick(b.random)
}

// culture is how a people names.
type culture struct {
	given func(b bearer) []string
	clans *lexicon
	clan  float64 // share of persons whose clan is written in their name
	noble float64 // share of families of rank
	faith faith
}

type faith int

const (
	islam faith = iota
	christian
	hindu
	mixed
)

var cultures = map[string]culture{
	"java":     {given: javanese},
	"sunda":    {given: sundanese},
	"betawi":   {given: local(betawiMan, betawiWoman)},
	"madura":   {given: local(maduraMan, maduraWoman)},
	"malay":    {given: local(malayMan, malayWoman)},
	"aceh":     {given: ranked(local(acehMan, acehWoman), "TEUKU", "CUT"), noble: .12},
	"banjar":   {given: local(banjarMan, banjarWoman)},
	"sasak":    {given: ranked(local(sasakMan, sasakWoman), "LALU", "BAIQ"), noble: .15},
	"bugis":    {given: ranked(bugis, "ANDI", "ANDI"), noble: .12},
	"minang":   {given: local(minangMan, minangWoman), clans: &suku, clan: .10},
	"batak":    {given: batak, clans: &marga, clan: .97, faith: christian},
	"bali":     {given: balinese, noble: .12, faith: hindu},
	"timor":    {given: eastern, clans: &timorFam, clan: .93, faith: christian},
	"flores":   {given: eastern, clans: &floresFam, clan: .85, faith: christian},
	"moluccas": {given: eastern, clans: &molukFam, clan: .97, faith: christian},
	"minahasa": {given: eastern, clans: &minahasaFam, clan: .96, faith: christian},
	"papua":    {given: eastern, clans: &papuaFam, clan: .97, faith: christian},
	"chinese":  {given: chinese, clans: &chineseFam, clan: .85, faith: mixed},
	"dayak":    {given: dayak, faith: christian},
}

// name is the whole legal name of one person, clan last.
func (c culture) name(b bearer) []string {
	tokens := c.given(b)
	if c.faith == islam {
		tokens = pious(b, tokens)
	}
	if c.clans != nil && b.chance(c.clan) {
		tokens = append(tokens, b.clan)
	}
	for i := range tokens {
		tokens[i] = spelt(b.random, tokens[i])
	}
	return slices.Compact(tokens)
}

// pious sets MUHAMMAD or SITI before a name that does not begin with either, as in all Muslim peoples.
func pious(b bearer, tokens []string) []string {
	first, share := "MUHAMMAD", [...]float64{.01, .03, .08, .11}[b.era]
	if b.female {
		first, share = "SITI", [...]float64{.07, .08, .06, .03}[b.era]
	}
	if len(tokens) < 3 && tokens[0] != first && tokens[0] != "ABDUL" && tokens[0] != "AHMAD" && b.chance(share) {
		return append([]string{first}, tokens...)
	}
	return tokens
}

// muslim names anyone of Islam in the fashion that all peoples share; own adds a name of the people.
func muslim(b bearer, own string) []string {
	pious := b.by(islamicMan, islamicWoman)
	switch {
	case b.female && b.chance([]float64{.27, .26, .22, .13}[b.era]):
		return []string{"SITI", pious}
	case b.female && b.chance(.16):
		return two(b, "NUR", pious, .45)
	case !b.female && b.chance([]float64{.10, .19, .33, .38}[b.era]):
		return append([]string{"MUHAMMAD"}, rest(b, pious, own)...)
	case !b.female && b.chance(.07):
		return append([]string{"AHMAD"}, rest(b, pious, own)...)
	case !b.female && b.chance(.09):
		return two(b, "ABDUL", attribute.pick(b.random), .15)
	case !b.female && b.chance(.08):
		return rest(b, uddinStem.pick(b.random)+uddinEnd.pick(b.random), own)
	case b.chance(.12) && b.female:
		return rest(b, womanStem.pick(b.random), pious)
	case b.chance(.15) && !b.female:
		return rest(b, arabicMan.pick(b.random), own)
	}
	return rest(b, own, pious)
}

// two writes a pair of name parts apart, or joined with the given share.
func two(b bearer, first, second string, joined float64) []string {
	if b.chance(joined) {
		return []string{first + second}
	}
	return []string{first, second}
}

// rest is the first word, and the second as often as the era has long names; children often have a third.
func rest(b bearer, first, second string) []string {
	list := []string{first}
	if b.chance([]float64{.25, .55, .86, .98}[b.era]) {
		list = append(list, second)
	}
	if b.era >= young && b.chance([]float64{0, 0, .22, .55}[b.era]) {
		list = append(list, b.modern())
	}
	return list
}

// modern is a name of free sounds, or a Javanese second name that is in use everywhere by now.
func (b bearer) modern() string {
	if b.chance(.6) {
		return b.by(newMan, newWoman)
	}
	return b.by(javaLastMan, javaEndWoman)
}

func javanese(b bearer) []string {
	if b.era == old && b.chance(.62) || b.era == middle && b.chance(.22) {
		return []string{b.by(javaOldMan, javaOldWoman)}
	}
	if b.chance([]float64{.15, .2, .27, .33}[b.era]) {
		return muslim(b, b.by(javaMan, javaWoman))
	}
	if b.era == child && b.chance(.55) || b.era == young && b.chance(.12) {
		return rest(b, b.by(newMan, newWoman), b.by(newMan, newWoman))
	}
	second := b.by(javaLastMan, javaEndWoman)
	if b.chance(.45) {
		second = b.by(javaEndMan, javaStemEnd)
	}
	switch {
	case b.era <= middle && b.chance(.3):
		return []string{second}
	case b.female && b.chance([]float64{.2, .17, .1, 0}[b.era]):
		return []string{"SRI", second}
	case !b.female && b.chance([]float64{0, .09, .08, 0}[b.era]):
		return []string{"AGUS", second}
	}
	return rest(b, b.by(javaMan, javaWoman), second)
}

// sundanese has the repeats: MAMAN SULAEMAN, TITIN KARTINI.
func sundanese(b bearer) []string {
	if b.chance(.3) {
		return muslim(b, b.by(sundaMan, sundaWoman))
	}
	if b.era == child && b.chance(.5) {
		return rest(b, b.by(newMan, newWoman), b.by(newMan, newWoman))
	}
	end := b.by(sundaEnd, sundaEndW)
	if b.chance(.35) {
		if twice := repeated(end); twice != "" {
			return []string{twice, end}
		}
	}
	if b.era == old && b.chance(.45) {
		return []string{end}
	}
	return rest(b, b.by(sundaMan, sundaWoman), end)
}

// repeated doubles the last syllable: SULAEMAN gives MAMAN; empty where the word does not end so.
func repeated(word string) string {
	n := len(word)
	switch {
	case n > 3 && vowel(word[n-2]) && !vowel(word[n-1]) && !vowel(word[n-3]):
		return word[n-3:n-1] + word[n-3:]
	case n > 3 && vowel(word[n-1]) && !vowel(word[n-2]):
		return word[n-2:] + word[n-2:]
	}
	return ""
}

// local names with the people's own words, or as all Muslims do.
func local(man, woman interface{ pick(random) string }) func(bearer) []string {
	return func(b bearer) []string {
		own := b.by(man, woman)
		switch {
		case b.chance(.45):
			return muslim(b, own)
		case b.era == child && b.chance(.4):
			return rest(b, b.by(newMan, newWoman), own)
		case b.era <= middle && b.chance(.45):
			return []string{own}
		}
		return rest(b, own, b.by(islamicMan, islamicWoman))
	}
}

func bugis(b bearer) []string {
	if b.era == old && b.chance(.4) {
		return []string{bugisOld.pick(b.random)}
	}
	return local(bugisMan, bugisWoman)(b)
}

// ranked sets the title of birth before the names of a family that has one.
func ranked(plain func(bearer) []string, man, woman string) func(bearer) []string {
	return func(b bearer) []string {
		tokens := plain(b)
		if b.noble > 0 {
			title := man
			if b.female {
				title = woman
			}
			tokens = append([]string{title}, tokens...)
		}
		return tokens
	}
}

func batak(b bearer) []string {
	own := b.by(batakMan, batakWoman)
	if b.chance(.4) {
		return rest(b, b.by(christMan, christWoman), own)
	}
	if b.era >= young && b.chance(.5) {
		return rest(b, own, b.modern())
	}
	return []string{own}
}

// balinese is I or NI, the rank, the order of birth (the fifth child starts anew) and a name of one's own.
func balinese(b bearer) []string {
	orders := [4][]string{{"WAYAN", "PUTU", "GEDE"}, {"MADE", "KADEK", "NENGAH"}, {"NYOMAN", "KOMANG"}, {"KETUT"}}
	order := one(b.random, orders[(b.order-1)%4])
	if b.female && order == "GEDE" {
		order = "LUH"
	}
	own := b.by(baliMan, baliWoman)
	if b.era >= young && b.chance(.45) {
		own = b.modern()
	}
	var tokens []string
	switch {
	case b.noble > 0 && !b.female:
		tokens = append(tokens, "I", []string{"GUSTI", "DEWA"}[b.noble-1])
	case b.noble > 0:
		tokens = append(tokens, "NI", []string{"GUSTI", "DESAK"}[b.noble-1])
	case b.female && b.chance(.85):
		tokens = append(tokens, "NI")
	case !b.female && b.chance(.8):
		tokens = append(tokens, "I")
	}
	tokens = append(tokens, order, own)
	if b.era >= young && b.chance(.35) {
		tokens = append(tokens, b.by(baliMan, baliWoman))
	}
	return tokens
}

// eastern is one to three Christian names; the family name follows.
func eastern(b bearer) []string {
	first, second := b.by(christMan, christWoman), b.by(christMan, christWoman)
	if b.chance(.12) {
		first = b.by(westMan, westWoman)
	}
	if second == first || b.chance([]float64{.55, .45, .35, .25}[b.era]) {
		return []string{first}
	}
	if b.era == child && b.chance(.4) {
		return []string{first, second, b.modern()}
	}
	return []string{first, second}
}

func chinese(b bearer) []string {
	if b.era == old && b.chance(.6) {
		syllables := grammarOf(b)
		return []string{chineseOld.pick(b.random), syllables.pick(b.random), syllables.pick(b.random)}
	}
	if b.chance(.3) {
		return []string{b.by(westMan, westWoman), b.by(westMan, westWoman)}
	}
	return []string{b.by(westMan, westWoman)}
}

func grammarOf(b bearer) lexicon {
	if b.female {
		return chineseWmn
	}
	return chineseMan
}

func dayak(b bearer) []string {
	return rest(b, b.by(christMan, christWoman), b.by(dayakMan, dayakWoman))
}
