package match

import (
	"cmp"
	"hash/fnv"
	"slices"

	"dtks/services/nik-match/match/canon"
)

// mostKeys bounds the keys of one record.
const mostKeys = 64

// Keys lists the blocking keys of a record, sorted: where not all pairs can be compared, those are that share a key. A
// key is a function of the record alone, never of the file, so that the same pairs are compared in whatever order
// records come and however many there are.
//
// Each key joins two or three independent pieces, so that it stays selective in a country of 285 million, and the pieces
// differ from key to key, so that a pair is missed only where several fields went wrong at once:
//
//	identifier                    a NIK or another number of at least 6 digits, whole
//	birth date and a name part    the date whole, and with each of its parts left out
//	two name parts                sounds, in any order, with the year and the province, or with the village
//	mother and birth date         each sound of the mother's name
//	name and household            each sound with the KK number; sound, village and year
func (m *Model) Keys(r *Record) []uint64 {
	p := m.pieces(r)
	var k keys
	for i, n := range p.numbers {
		k.add("number", p.numberNames[i], n)
	}
	years := p.years()
	for _, name := range p.names {
		for _, d := range p.dates() {
			k.add("name+date", name, d)
		}
		for _, n := range p.shared {
			k.add("name+number", name, n)
		}
		for _, y := range years {
			if p.area != "" {
				k.add("name+area+year", name, p.area, y)
			}
		}
		if len(years) == 0 && p.area != "" {
			k.add("name+area", name, p.area)
		}
		for _, w := range p.words {
			k.add("name+word", name, w)
		}
	}
	for i, a := range p.names {
		for _, b := range p.names[i+1:] {
			for _, y := range years {
				k.add("names+year", a, b, y, p.area[:min(2, len(p.area))])
			}
			if p.area != "" {
				k.add("names+area", a, b, p.area)
			}
			if len(years) == 0 && p.area == "" {
				k.add("names", a, b)
			}
		}
	}
	for _, mother := range p.mothers {
		if p.date != "" {
			k.add("mother+date", mother, p.date)
		}
	}
	slices.Sort(k.all)
	k.all = slices.Compact(k.all)
	return k.all[:min(len(k.all), mostKeys)]
}

type keys struct{ all []uint64 }

func (k *keys) add(kind string, parts ...string) {
	h := fnv.New64a()
	h.Write([]byte(kind))
	for _, p := range parts {
		h.Write([]byte{0})
		h.Write([]byte(p))
	}
	k.all = append(k.all, h.Sum64())
}

// parts of a record that keys are made of.
type parts struct {
	numbers, numberNames []string
	shared               []string // numbers that several people share: KK
	names, mothers       []string // sound keys of the most telling tokens
	date                 string   // yyyymmdd, only where whole
	born                 canon.Date
	area                 string
	words                []string // values of other fields
}

func (m *Model) pieces(r *Record) parts {
	var p parts
	named := ""
	for i := range m.Fields {
		f := m.Fields[i].Field
		v := &r.values[i]
		if v.text == "" {
			continue
		}
		switch f.Kind {
		case KindNIK, KindNumber, KindPhone, KindEmail:
			if f.Name == KK {
				p.shared = append(p.shared, v.text)
			} else if len(v.text) >= 6 {
				p.numbers, p.numberNames = append(p.numbers, v.text), append(p.numberNames, f.Name)
			}
		case KindName:
			if f.Name == Name || named == "" && f.Name != Mother {
				named, p.names = f.Name, telling(v, 4)
			} else {
				p.mothers = append(p.mothers, telling(v, 3)...)
			}
		case KindDate:
			if p.born == (canon.Date{}) {
				p.born = v.date
				if !yearOnly(v.date) && v.date.Year != 0 {
					p.date = v.text
				}
			}
		case KindArea:
			p.area = v.text
		case KindText, KindCode, KindPlace, KindAddress:
			if len(v.text) >= 4 && f.Kind != KindPlace {
				p.words = append(p.words, f.Name+"\x00"+v.text)
			}
		}
	}
	return p
}

// telling lists the sounds of a name's tokens, the parts that many people carry last and only where there is nothing else.
func telling(v *value, most int) []string {
	var rare, usual []string
	for _, rd := range v.readings {
		if rd.joined >= 0 {
			continue
		}
		for i := range rd.tokens {
			t := &rd.tokens[i]
			if len(t.Text) < 2 {
				continue
			}
			sounds := t.Keys[:min(len(t.Keys), 2)]
			if len(sounds) == 0 {
				sounds = []string{t.Canon}
			}
			if t.common() {
				usual = append(usual, sounds...)
			} else {
				rare = append(rare, sounds...)
			}
		}
	}
	if len(rare) < 2 {
		rare = append(rare, usual...)
	}
	slices.SortFunc(rare, cmp.Compare)
	rare = slices.Compact(rare)
	return rare[:min(len(rare), most)]
}

// dates lists the birth date and, so that one wrong part does not hide it, its parts two by two. A day and month
// exchanged still share the year with both numbers in order of size.
func (p *parts) dates() []string {
	if p.date == "" {
		return nil
	}
	y, m, d := p.date[:4], p.date[4:6], p.date[6:]
	out := []string{y + min(m, d) + max(m, d), "m" + y + m, "d" + y + "-" + d}
	if m+d != "0101" { // written where only the year is known
		out = append(out, "y"+m+d)
	}
	return out
}

// years lists the years of birth, as groups of two that overlap, so that years one apart share one.
func (p *parts) years() []string {
	if p.born.Year == 0 {
		return nil
	}
	y := int(p.born.Year)
	return []string{decimal(y / 2), decimal((y+1)/2) + "+"}
}

func decimal(n int) string {
	var b [8]byte
	i := len(b)
	for ; n > 0 || i == len(b); n /= 10 {
		i--
		b[i] = byte('0' + n%10)
	}
	return string(b[i:])
}
