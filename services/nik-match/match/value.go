package match

import (
	"slices"
	"strings"

	"dtks/services/nik-match/match/canon"
)

// Record is one record in the form in which it is compared. It is made by a Reader and never changes.
type Record struct {
	ID     string
	values []value
}

// value is one field of a record.
type value struct {
	text     string     // the whole value written one way; "" = missing. Equal text = equal value
	readings []reading  // fields of tokens: the value itself first, then its other readings
	date     canon.Date // KindDate; KindNIK: the birth date stated beside it
	digits   number     // KindNIK, KindNumber, KindPhone; KindDate as yyyymmdd
	codes    []string   // KindPlace: regencies the words may stand for
}

// reading is one way to cut a value into tokens.
type reading struct {
	tokens []token
	joined int // index of the token that two neighbours were joined into; -1 = none
}

// token is a part of a name, address or text.
type token struct {
	canon.Caller
	mask  uint32 // letters that occur, and
	pairs uint64 // neighbouring letters, as a set of hashes: cheap bounds on how many edits lie between two tokens
}

// most bounds what is kept of one value, so that hostile input costs no more than a long name.
const (
	mostTokens   = 8 // of one reading; longer names are compared by their first tokens
	mostReadings = 12
)

// Reader brings values into the form in which they are compared.
type Reader struct {
	fields []Field
	lists  canon.Lists
}

// NewReader returns a reader of records with the given fields. lists is what it knows of Indonesian names and places.
func NewReader(fields []Field, lists canon.Lists) *Reader {
	return &Reader{fields: slices.Clone(fields), lists: lists}
}

// Read takes one value per field, in the order of the reader's fields; "" is missing. What cannot be read (a date that
// is none, a NIK without digits) counts as missing, not as disagreement.
func (r *Reader) Read(id string, values []string) Record {
	out := Record{ID: id, values: make([]value, len(r.fields))}
	var born canon.Date
	for i, f := range r.fields {
		if i < len(values) && values[i] != "" {
			out.values[i] = r.value(f.Kind, values[i])
		}
		if f.Kind == KindDate && born == (canon.Date{}) {
			born = out.values[i].date
		}
	}
	for i, f := range r.fields {
		if f.Kind == KindNIK && out.values[i].text != "" {
			out.values[i].date = born
		}
	}
	return out
}

func (r *Reader) value(k Kind, s string) value {
	switch k {
	case KindName:
		return r.nameValue(r.lists.Name(s))
	case KindDate:
		return dateValue(s)
	case KindSex:
		return value{text: canon.ParseSex(s)}
	case KindPlace:
		p := r.lists.Place(s)
		return value{text: p.Text, codes: p.Codes}
	case KindAddress:
		tokens, rt, rw := r.lists.Address(s)
		return r.addressValue(tokens, rt, rw)
	case KindArea:
		return numberValue(canon.Digits(s))
	case KindNIK, KindNumber:
		return identifierValue(k, canon.Digits(canon.Fold(s)), canon.Fold(s))
	case KindPhone:
		return identifierValue(k, canon.Phone(s), "")
	case KindEmail:
		local, domain := canon.Email(s)
		if local == "" {
			return value{}
		}
		return value{text: local + "@" + domain}
	case KindCode:
		return value{text: canon.Fold(s)}
	default:
		return r.textValue(canon.Fold(s))
	}
}

// addressValue puts RT and RW first: they are always kept, whatever else a long address holds.
func (r *Reader) addressValue(words []canon.Token, rt, rw string) value {
	tokens := make([]canon.Token, 0, len(words)+2)
	for _, unit := range [][2]string{{"RT", rt}, {"RW", rw}} {
		if unit[1] != "" {
			tokens = append(tokens, canon.Token{Text: unit[0] + unit[1], Canon: unit[0] + unit[1], Kind: canon.Number})
		}
	}
	if tokens = append(tokens, words...); len(tokens) == 0 {
		return value{}
	}
	one := r.cut(tokens)
	return value{text: one.String(), readings: []reading{one}}
}

func dateValue(s string) value {
	d, ok := canon.ParseDate(s)
	if !ok || d.Year == 0 && (d.Month == 0 || d.Day == 0) {
		return value{}
	}
	text := dateText(d)
	v := value{text: text, date: d, digits: pack(text)}
	if d.Year == 0 {
		v.text = text[:4] + "-" + text[4:6] + "-" + text[6:] // eight digits that start with no year are read as no date
	}
	return v
}

// dateText is yyyymmdd with zeros for what is unknown.
func dateText(d canon.Date) string {
	n := int(d.Year)*10000 + int(d.Month)*100 + int(d.Day)
	var b [8]byte
	for i := len(b) - 1; i >= 0; i-- {
		b[i] = byte('0' + n%10)
		n /= 10
	}
	return string(b[:])
}

// identifierValue takes what stands in for an identifier, one digit repeated or the remains of a NIK that a worksheet
// turned into 3.2E+15, as missing: it is the same in many records and tells nobody apart. An identifier that has letters
// is kept with them.
func identifierValue(k Kind, digits, folded string) value {
	if len(digits) == 0 && k == KindNumber {
		return numberValue(strings.ReplaceAll(folded, " ", ""))
	}
	if len(digits) > 3 && strings.Trim(digits, digits[:1]) == "" || k == KindNIK && len(digits) < 12 {
		return value{}
	}
	return numberValue(digits)
}

func numberValue(digits string) value {
	return value{text: digits, digits: pack(digits)}
}

// nameValue keeps the legal name, the other names of the same person, and the legal name with two neighbours joined,
// because NUR HAYATI and NURHAYATI are both written.
func (r *Reader) nameValue(n canon.Name) value {
	v := value{readings: []reading{r.cut(n.Tokens)}}
	if len(n.Tokens) == 0 {
		if len(n.Also) == 0 {
			return value{}
		}
		v.readings = v.readings[:0]
	}
	for _, also := range n.Also {
		if len(also) > 0 {
			v.readings = append(v.readings, r.cut(also))
		}
	}
	v.readings = slices.Clip(v.readings)
	parts := make([]string, len(v.readings))
	for i := range v.readings {
		parts[i] = v.readings[i].String()
	}
	v.text = strings.Join(parts, " / ")
	v.readings = append(v.readings, joins(v.readings[0].tokens)...)
	v.readings = v.readings[:min(len(v.readings), mostReadings)]
	return v
}

func (r *Reader) textValue(folded string) value {
	words := strings.Fields(folded)
	tokens := make([]canon.Token, len(words))
	for i, w := range words {
		tokens[i] = canon.Token{Text: w, Canon: w}
	}
	if len(tokens) == 0 {
		return value{}
	}
	v := value{text: strings.Join(words, " "), readings: []reading{r.cut(tokens)}}
	v.readings = append(v.readings, joins(v.readings[0].tokens)...)
	return v
}

func (r *Reader) cut(tokens []canon.Token) reading {
	tokens = tokens[:min(len(tokens), mostTokens)]
	out := reading{tokens: make([]token, len(tokens)), joined: -1}
	for i, t := range tokens {
		out.tokens[i] = token{Caller: r.lists.Caller(t), mask: letters(t.Canon), pairs: letterPairs(t.Canon)}
	}
	return out
}

// joins lists the readings in which two neighbours are one token.
func joins(tokens []token) []reading {
	var out []reading
	for i := 0; i+1 < len(tokens); i++ {
		a, b := tokens[i], tokens[i+1]
		if a.Kind == canon.Initial || b.Kind == canon.Initial || a.Kind == canon.Number || b.Kind == canon.Number {
			continue
		}
		one := canon.Token{Text: a.Text + b.Text, Canon: a.Canon + b.Canon}
		r := reading{joined: i, tokens: make([]token, 0, len(tokens)-1)}
		r.tokens = append(r.tokens, tokens[:i]...)
		r.tokens = append(r.tokens, token{Caller: canon.Caller{Token: one}, mask: letters(one.Canon), pairs: letterPairs(one.Canon)})
		r.tokens = append(r.tokens, tokens[i+2:]...)
		out = append(out, r)
	}
	return out
}

// String gives the canonical tokens, separated by spaces.
func (r reading) String() string {
	words := make([]string, len(r.tokens))
	for i, t := range r.tokens {
		words[i] = t.Canon
	}
	return strings.Join(words, " ")
}

// letters is the set of letters of a word, digits folded onto the six bits above Z.
func letters(s string) uint32 {
	var m uint32
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'A' && c <= 'Z':
			m |= 1 << (c - 'A')
		case c >= '0' && c <= '9':
			m |= 1 << (26 + (c-'0')%6)
		}
	}
	return m
}

// letterPairs is the set of neighbouring letters, hashed into 64 bits.
func letterPairs(s string) uint64 {
	var m uint64
	for i := 1; i < len(s); i++ {
		m |= 1 << ((uint(s[i-1])*31 + uint(s[i])*7) & 63)
	}
	return m
}
