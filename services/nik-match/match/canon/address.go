package canon

import (
	"fmt"
	"strings"
)

// addressWord is a listed word of addresses.
type addressWord struct {
	token Token
	drop  bool // says nothing about where
	last  bool // only as the last word, or before a number
}

// addAddress reads canon, role, words, reason.
func (l *lists) addAddress(c []string) error {
	if c[1] != "drop" && c[1] != "kind" && c[1] != "last" {
		return fmt.Errorf("unknown role %q", c[1])
	}
	for _, w := range strings.Fields(c[2]) {
		if _, ok := l.address[w]; ok {
			return fmt.Errorf("%s is listed twice", w)
		}
		t := Token{Text: w, Canon: c[0], Keys: sortedKeys(soundKeys(nil, c[0])), Kind: Prefix}
		l.address[w] = addressWord{token: t, drop: c[1] == "drop", last: c[1] == "last"}
	}
	return nil
}

// Address reads an address: its words and numbers in order, and the numbers of RT and RW without leading zeros. JALAN,
// NOMOR, DESA, KECAMATAN and the like are left out, GANG, DUSUN, PERUMAHAN and the English kinds of streets have one
// form and are Prefix tokens. RT and RW are understood as RT 05/RW 04, RT.5 RW.4, RT05RW04, RT/RW 05/04, and as
// 005/004 alone. Without lists an address is its words.
func (l Lists) Address(s string) (tokens []Token, rt, rw string) {
	f := Fold(s)
	if l.data == nil {
		return plainTokens(f), "", ""
	}
	var room [24]atom
	a := atoms(room[:0], f)
	tokens = make([]Token, 0, len(a))
	keys := make([]string, 0, len(a)+2)
	pair := barePair(f)
	for i := 0; i < len(a); {
		if n, t, w := rtrw(a[i:], i == pair); n > 0 {
			i += n
			if t != "" {
				rt = t
			}
			if w != "" {
				rw = w
			}
			continue
		}
		w := a[i].text
		if known, ok := l.data.address[w]; ok {
			ends := i == len(a)-1 || digit(a[i+1].text[0])
			if !known.last || i > 0 && ends {
				if !known.drop {
					tokens = append(tokens, known.token)
				}
				i++
				continue
			}
		}
		if n := trimZeros(w); n != "" {
			w = n
		}
		from := len(keys)
		keys = soundKeys(keys, w)
		tokens = append(tokens, Token{Text: w, Canon: w, Keys: sortedKeys(keys[from:len(keys):len(keys)]), Kind: plainKind(w)})
		i++
	}
	return tokens, rt, rw
}

// barePair is the index of the atom that begins numbers like 005/004 where the text has no RT; -1 without. Three digits
// on both sides are RT and RW, fewer may be a house.
func barePair(f string) int {
	n := -1
	inside := false
	for i := 0; i < len(f); i++ {
		if !alnum(f[i]) {
			inside = false
			continue
		}
		if !inside {
			inside = true
			n++
		}
		if i+7 <= len(f) && f[i+3] == '/' && threeDigits(f[i:i+3]) && threeDigits(f[i+4:i+7]) &&
			(i == 0 || !alnum(f[i-1])) && (i+7 == len(f) || !alnum(f[i+7])) {
			return n
		}
	}
	return -1
}

func threeDigits(s string) bool { return digit(s[0]) && digit(s[1]) && digit(s[2]) }

// rtrw reads RT and RW at the beginning of a: how many atoms they take, 0 where none begins here.
func rtrw(a []atom, bare bool) (n int, rt, rw string) {
	if bare && len(a) > 1 {
		return 2, trimZeros(a[0].text), trimZeros(a[1].text)
	}
	w := a[0].text
	switch {
	case len(a) > 1 && w == "R" && (a[1].text == "T" || a[1].text == "W") && len(a) > 2 && isNumber(a[2].text): // R.T. 5
		if a[1].text == "T" {
			return 3, trimZeros(a[2].text), ""
		}
		return 3, "", trimZeros(a[2].text)
	case w == "RTRW", w == "RT" && len(a) > 1 && a[1].text == "RW":
		k := 1
		if w == "RT" {
			k = 2
		}
		return k + twoNumbers(a[k:], &rt, &rw), rt, rw
	case w == "RT":
		if len(a) > 1 && isNumber(a[1].text) {
			if len(a) > 2 && isNumber(a[2].text) && !a[2].comma { // RT 005/004
				return 3, trimZeros(a[1].text), trimZeros(a[2].text)
			}
			return 2, trimZeros(a[1].text), ""
		}
	case w == "RW":
		if len(a) > 1 && isNumber(a[1].text) {
			return 2, "", trimZeros(a[1].text)
		}
	case len(w) > 2 && (w[:2] == "RT" || w[:2] == "RW") && digit(w[2]):
		return 1, glued(w, "RT"), glued(w, "RW")
	}
	return 0, "", ""
}

// twoNumbers reads up to two numbers.
func twoNumbers(a []atom, rt, rw *string) int {
	if len(a) == 0 || !isNumber(a[0].text) {
		return 0
	}
	*rt = trimZeros(a[0].text)
	if len(a) == 1 || !isNumber(a[1].text) {
		return 1
	}
	*rw = trimZeros(a[1].text)
	return 2
}

// glued is the number behind mark in a word such as RT05RW04.
func glued(w, mark string) string {
	_, after, ok := strings.Cut(w, mark)
	if !ok {
		return ""
	}
	end := 0
	for end < len(after) && digit(after[end]) {
		end++
	}
	return trimZeros(after[:end])
}

// isNumber reports whether w is a number an RT or RW may have; there are at most three digits.
func isNumber(w string) bool {
	if len(w) == 0 || len(w) > 3 {
		return false
	}
	for i := 0; i < len(w); i++ {
		if !digit(w[i]) {
			return false
		}
	}
	return true
}

// trimZeros drops leading zeros; 000 is no number and gives the empty string.
func trimZeros(w string) string { return strings.TrimLeft(w, "0") }
