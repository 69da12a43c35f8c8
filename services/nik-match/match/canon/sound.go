package canon

import "slices"

// reading is a way to read letters that stood, or stand, for more than one sound.
type reading uint8

// Readings beside the modern one. They are alternatives, never replacements: the J of JOKO is modern, that of JUSUF old.
const (
	oldJ     reading = 1 << iota // j is y: JUSUF, NJOMAN
	softZ                        // z is j: JAENAL for ZAINAL, a Sundanese clerk's hearing
	hardC                        // c and kh are k: CAROLINA, KHOLIS as KOLIS
	breathCH                     // ch is h: CHOIRUL as HOIRUL
)

// soundKeys appends the keys of a folded word: its sound in modern spelling, and once more under every other reading
// its letters allow. Vowels stay, so that SUPARMAN and SUPARMIN never share a key. A word without letters is its own
// key.
func soundKeys(keys []string, w string) []string {
	return keysUnder(keys, w, oldJ|softZ|hardC|breathCH)
}

// keysUnder is soundKeys with only some of the other readings.
func keysUnder(keys []string, w string, allowed reading) []string {
	var room [48]byte
	b, other := appendSound(room[:0], w, 0)
	other &= allowed
	from := len(keys)
	keys = addKey(keys, from, w, b)
	if other == 0 {
		return keys
	}
	for r := oldJ; r <= breathCH; r <<= 1 {
		if other&r != 0 {
			b, _ = appendSound(room[:0], w, r)
			keys = addKey(keys, from, w, b)
		}
	}
	if other&(other-1) != 0 {
		b, _ = appendSound(room[:0], w, other)
		keys = addKey(keys, from, w, b)
	}
	return keys
}

// addKey adds a key that is not there yet from an index on, sharing w's memory where they are equal.
func addKey(keys []string, from int, w string, b []byte) []string {
	for _, k := range keys[from:] {
		if k == string(b) {
			return keys
		}
	}
	if string(b) == w {
		return append(keys, w)
	}
	return append(keys, string(b))
}

// appendSound appends the sound of w under a reading, and reports which other readings its letters allow.
func appendSound(b []byte, w string, as reading) ([]byte, reading) {
	var room [48]byte
	letters, other := spell(room[:0], w, as)
	start := len(b)
	for i := 0; i < len(letters); i++ {
		c, prev, next := letters[i], at(letters, i-1), at(letters, i+1)
		switch c {
		case 'Y':
			if !vowel(next) || (consonant(prev) && prev != 'N') {
				c = 'I' // RIZKY, SETYO, HAYDAR
			} else if prev == 'I' {
				continue // SETIYO
			}
		case 'W':
			if consonant(prev) && vowel(next) {
				c = 'U' // SWARNO
			} else if prev == 'U' && vowel(next) {
				continue // SUWARNO
			}
		case 'E':
			switch {
			case prev == 'I' && !vowel(next) && i > 1:
				continue // ARIEF
			case prev == 'A' && next != 0 && !vowel(next):
				c = 'I' // ZAENAL
			}
		case 'O':
			if next == 'U' {
				continue // YOUSUF
			}
		case 'H':
			if next == 0 && vowel(prev) {
				continue // AISYAH
			}
		case 'D':
			if next == 0 && i > 0 {
				c = 'T' // AHMAD
			}
		case 'B':
			if next == 0 && i > 0 {
				c = 'P' // YAKUB
			}
		}
		if n := len(b); n > start && b[n-1] == c && c > '9' {
			continue // a double letter sounds like one
		}
		b = append(b, c)
	}
	return b, other
}

// spell writes w in today's letters, one for each sound where that can be: oe is u, dj is j, tj is c, f and v are p.
func spell(b []byte, w string, as reading) ([]byte, reading) {
	var other reading
	for i := 0; i < len(w); i++ {
		c := w[i]
		if c == at(w, i+1) && c > '9' {
			continue // a double letter sounds like one
		}
		switch c {
		case 'J', 'Z', 'K', 'C':
			spelt, skip, allowed := ambiguous(w, i, as)
			b, i, other = append(b, spelt), i+skip, other|allowed
		case 'X':
			if i > 0 {
				b = append(b, 'K')
			}
			b = append(b, 'S')
		default:
			spelt, skip := cluster(w, i)
			if spelt != 0 {
				b = append(b, spelt)
			}
			i += skip
		}
	}
	return b, other
}

// cluster is the letter at i, and how many further ones sound together with it; 0 where it is silent.
func cluster(w string, i int) (c byte, skip int) {
	prev, next, after := at(w, i-1), at(w, i+1), at(w, i+2)
	switch c = w[i]; c {
	case 'Q':
		return 'K', 0
	case 'F', 'V':
		return 'P', 0
	case 'O':
		if next == 'E' {
			return 'U', 1
		}
	case 'D', 'T':
		switch {
		case c == 'D' && next == 'J':
			return 'J', 1
		case next == 'J':
			return 'C', 1
		case next == 'Z', c == 'T' && next == 'S': // DZAKI, UTSMAN
			return 0, 0
		}
	case 'S':
		switch {
		case next == 'J', next == 'H', next == 'Y' && vowel(after):
			return 'S', 1
		case next == 'C' && after == 'H':
			return 'S', 2
		}
	case 'P':
		if next == 'H' {
			return 'P', 1
		}
	case 'H':
		if prev == 'D' || prev == 'T' || prev == 'B' || prev == 'G' { // DHARMA, FATHIMAH, BHAKTI, GHOZALI
			return 0, 0
		}
	}
	return c, 0
}

// ambiguous is the sound of J, Z, K or C at i under a reading: how many further letters it takes, and which readings it
// allows.
func ambiguous(w string, i int, as reading) (c byte, skip int, other reading) {
	switch next := at(w, i+1); w[i] {
	case 'J':
		if as&oldJ != 0 {
			return 'Y', 0, oldJ
		}
		return 'J', 0, oldJ
	case 'Z':
		if as&softZ != 0 {
			return 'J', 0, softZ
		}
		return 'S', 0, softZ
	case 'K':
		switch {
		case next != 'H':
			return 'K', 0, 0
		case as&hardC != 0:
			return 'K', 1, hardC
		}
		return 'H', 1, hardC
	default:
		return spellC(next, at(w, i+2), as)
	}
}

// spellC is the sound of C before next and after: how many further letters it takes, and which readings it allows.
func spellC(next, after byte, as reading) (c byte, skip int, other reading) {
	switch {
	case next == 'K': // ERICK
		return 'K', 1, 0
	case next == 'H' && (after == 'R' || after == 'L'): // CHRISTIAN
		return 'K', 1, 0
	case next == 'H' && !vowel(after): // RACHMAT
		return 'H', 1, 0
	case next == 'H':
		switch {
		case as&breathCH != 0:
			c = 'H'
		case as&hardC != 0:
			c = 'K'
		default:
			c = 'C'
		}
		return c, 1, hardC | breathCH
	case next == 'A' || next == 'O' || next == 'U':
		if as&hardC != 0 {
			return 'K', 0, hardC
		}
		return 'C', 0, hardC
	case !vowel(next) && next != 'Y': // VICTOR
		return 'K', 0, 0
	}
	return 'C', 0, 0
}

// at is the letter at i, 0 outside.
func at[T string | []byte](w T, i int) byte {
	if i < 0 || i >= len(w) {
		return 0
	}
	return w[i]
}

func vowel(c byte) bool { return c == 'A' || c == 'E' || c == 'I' || c == 'O' || c == 'U' }

func consonant(c byte) bool { return c >= 'A' && !vowel(c) }

// sortedKeys sorts keys, which are few.
func sortedKeys(keys []string) []string {
	if len(keys) > 1 {
		slices.Sort(keys)
	}
	return keys
}
