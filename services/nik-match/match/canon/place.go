package canon

import (
	"fmt"
	"slices"
	"strings"

	"dtks/pkg/wilayah"
)

// places finds a birthplace by its letters without spaces, and by their sound where that is one place's alone.
type places struct {
	byName, bySound map[string]*area
	provinces       map[string]bool // words for a province, also abbreviated
}

// area is what a birthplace's words stand for.
type area struct {
	name  string
	codes []string
}

// loadPlaces reads the areas of today, then the other names of data/places.tsv.
func loadPlaces() (*places, error) {
	p := &places{byName: map[string]*area{}, bySound: map[string]*area{}, provinces: map[string]bool{}}
	districts := map[string]*area{}
	for a, level := range wilayah.All() {
		switch level {
		case wilayah.Regency:
			p.addRegency(a)
		case wilayah.District:
			addArea(districts, Fold(a.Name), regencyOf(a.Code))
		}
	}
	for key, d := range districts {
		first, _, _ := strings.Cut(d.name, " ")
		if p.byName[key] == nil && len(d.codes) == 1 && placeWord(first) == anyLevel { // KOTA PADANG is the city of Padang
			p.byName[key] = d
		}
	}
	if err := eachRow("places.tsv", 4, p.addAlias); err != nil {
		return nil, err
	}
	for key, a := range p.byName {
		sound, _ := appendSound(nil, key, 0)
		if old, ok := p.bySound[string(sound)]; ok && (old == nil || old.name != a.name) {
			p.bySound[string(sound)] = nil // two places sound so: none
			continue
		}
		p.bySound[string(sound)] = a
	}
	return p, nil
}

// addRegency adds a regency or city under its name without Kabupaten and Kota.
func (p *places) addRegency(a wilayah.Area) {
	name := Fold(a.Name)
	for _, prefix := range []string{"KABUPATEN ", "KOTA ", "ADMINISTRASI "} {
		name = strings.TrimPrefix(name, prefix)
	}
	addArea(p.byName, name, regencyOf(a.Code))
}

// regencyOf is the regency's four digits of a code with dots.
func regencyOf(code string) string { return code[:2] + code[3:5] }

func addArea(to map[string]*area, name, code string) {
	key := compact(name)
	a := to[key]
	if a == nil {
		a = &area{name: name}
		to[key] = a
	}
	if !slices.Contains(a.codes, code) {
		a.codes = append(a.codes, code)
	}
}

// addAlias reads words, name, codes, reason.
func (p *places) addAlias(c []string) error {
	a := &area{name: c[1]}
	if known := p.byName[compact(c[1])]; c[2] == "-" {
		if known == nil {
			return fmt.Errorf("no area is called %s", c[1])
		}
		a.codes = known.codes
	}
	for _, code := range strings.Fields(strings.Trim(c[2], "-")) {
		if len(code) == 2 {
			for _, r := range wilayah.Children(code) {
				a.codes = append(a.codes, regencyOf(r.Code))
			}
			continue
		}
		if !wilayah.Ever(code[:2] + "." + code[2:]) {
			return fmt.Errorf("%s was never a code", code)
		}
		a.codes = append(a.codes, code)
	}
	slices.Sort(a.codes)
	a.codes = slices.Compact(a.codes)
	province := len(strings.Fields(c[2])[0]) == 2
	for _, w := range strings.Fields(c[0]) {
		p.byName[compact(w)] = a
		if province {
			p.provinces[compact(w)] = true
		}
	}
	return nil
}

// compact is text without anything but letters and digits.
func compact(f string) string {
	b := make([]byte, 0, len(f))
	for i := 0; i < len(f); i++ {
		if alnum(f[i]) {
			b = append(b, f[i])
		}
	}
	return string(b)
}

// level says what a word before a place's name makes of it.
type level uint8

const (
	anyLevel level = iota
	noPlace        // the word says nothing that narrows the place down
	regency
	city
)

// placeWord is what a word says of the place whose name follows.
func placeWord(w string) level {
	switch w {
	case "KAB", "KABUPATEN", "KABP":
		return regency
	case "KOTA", "KODYA", "KOTAMADYA", "KOTIP", "KOT":
		return city
	case "KEC", "KECAMATAN", "DESA", "DS", "DSN", "DUSUN", "KEL", "KELURAHAN", "PROV", "PROVINSI", "PROP", "PROPINSI", "ADM", "ADMINISTRASI",
		"KP", "KAMPUNG", "DATI", "II", "DIST", "DISTRIK", "INDONESIA", "TEMPAT", "LAHIR":
		return noPlace
	}
	return anyLevel
}

// Place reads a birthplace: the words KAB., KOTA, KEC. and the like go, abbreviations and old names give way to
// today's, and Codes are the regencies the words may stand for. KAB. and KOTA narrow those down where both exist. A
// district counts for its regency where no other regency has a district of that name. Of several places, as in
// "CIBADAK, SUKABUMI", the codes are the first one's that are known, the text is that of all words where none is. A place that is
// said not to be known has neither.
func (l Lists) Place(s string) Place {
	f := Fold(s)
	if l.data == nil {
		return Place{Text: l.Text(f)}
	}
	var room [8]atom
	words := atoms(room[:0], strings.ReplaceAll(f, "-", " "))
	kind, from := anyLevel, 0
	for ; from < len(words) && placeWord(words[from].text) != anyLevel; from++ {
		if k := placeWord(words[from].text); kind == anyLevel && k != noPlace {
			kind = k
		}
	}
	named := l.data.places.find(words[from:])
	if named != nil && fits(named.codes, kind) {
		return Place{Text: named.name, Codes: narrow(named.codes, kind)}
	}
	if a := l.data.places.find(words); a != nil { // KOTA BARU
		return Place{Text: a.name, Codes: a.codes}
	}
	if named != nil {
		return Place{Text: named.name, Codes: named.codes}
	}
	kept := make([]atom, 0, len(words))
	for _, w := range words {
		if placeWord(w.text) == anyLevel {
			kept = append(kept, w)
		}
	}
	if l.data.saysNothing(words) || l.data.saysNothing(kept) {
		return Place{}
	}
	if len(kept) == 0 {
		return Place{Text: l.Text(f)}
	}
	if a := l.data.places.search(kept); a != nil {
		return Place{Text: a.name, Codes: narrow(a.codes, kind)}
	}
	return Place{Text: spaced(kept)}
}

// search finds the whole, then the whole without a province behind, then each part between commas.
func (p *places) search(words []atom) *area {
	if a := p.find(words); a != nil {
		return a
	}
	for n := len(words) - 1; n > 0 && n >= len(words)-3; n-- {
		if p.provinces[compact(spaced(words[n:]))] {
			if a := p.find(words[:n]); a != nil {
				return a
			}
		}
	}
	for from := 0; from < len(words); {
		to := from + 1
		for to < len(words) && !words[to].comma {
			to++
		}
		if to-from < len(words) {
			if a := p.find(words[from:to]); a != nil {
				return a
			}
		}
		from = to
	}
	return nil
}

// find looks words up by their letters, then by their sound.
func (p *places) find(words []atom) *area {
	var room [64]byte
	b := room[:0]
	for _, w := range words {
		b = append(b, w.text...)
	}
	if a := p.byName[string(b)]; a != nil {
		return a
	}
	if len(b) < 5 { // short words sound like too many
		return nil
	}
	var sound [64]byte
	k, _ := appendSound(sound[:0], string(b), 0)
	return p.bySound[string(k)]
}

// fits reports whether one of codes is of a kind.
func fits(codes []string, kind level) bool {
	return kind == anyLevel || slices.ContainsFunc(codes, func(c string) bool { return (c[2] >= '7') == (kind == city) })
}

// narrow keeps the regencies or the cities where codes hold both; cities are numbered from 71.
func narrow(codes []string, kind level) []string {
	if kind == anyLevel || !fits(codes, kind) {
		return codes
	}
	var out []string
	for _, c := range codes {
		if (c[2] >= '7') == (kind == city) {
			out = append(out, c)
		}
	}
	return out
}

// spaced joins words with one space.
func spaced(words []atom) string {
	if len(words) == 1 {
		return words[0].text
	}
	n := len(words)
	for _, w := range words {
		n += len(w.text)
	}
	b := make([]byte, 0, n)
	for i, w := range words {
		if i > 0 {
			b = append(b, ' ')
		}
		b = append(b, w.text...)
	}
	return string(b)
}
