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
	var room [48]byte
	b, other := appendSound(room[:0], w, 0)
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
			case prev == 'I' && !vowel(next) && len(b) > start+1:
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
		case 'D', 'B':
			if next == 0 && len(b) > start {
				c += 'T' - 'D' // AHMAD; B is set right below
				if letters[i] == 'B' {
					c = 'P' // YAKUB
				}
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
		c, prev, next := w[i], at(w, i-1), at(w, i+1)
		if c == next && c > '9' {
			continue // a double letter sounds like one
		}
		switch c {
		case 'O':
			if next == 'E' {
				b, i = append(b, 'U'), i+1
				continue
			}
		case 'D', 'T':
			switch {
			case next == 'J' && c == 'D':
				b, i = append(b, 'J'), i+1
				continue
			case next == 'J':
				b, i = append(b, 'C'), i+1
				continue
			case next == 'Z', c == 'T' && next == 'S':
				continue // DZAKI, UTSMAN
			}
		case 'S':
			switch {
			case next == 'J', next == 'Y' && vowel(at(w, i+2)), next == 'H':
				i++
			case next == 'C' && at(w, i+2) == 'H':
				i += 2
			}
		case 'J':
			other |= oldJ
			if as&oldJ != 0 {
				c = 'Y'
			}
		case 'Z':
			other |= softZ
			c = 'S'
			if as&softZ != 0 {
				c = 'J'
			}
		case 'Q':
			c = 'K'
		case 'X':
			if i > 0 {
				b = append(b, 'K')
			}
			c = 'S'
		case 'F', 'V':
			c = 'P'
		case 'P':
			if next == 'H' {
				i++
			}
		case 'H':
			if prev == 'D' || prev == 'T' || prev == 'B' || prev == 'G' {
				continue // DHARMA, FATHIMAH, BHAKTI, GHOZALI
			}
		case 'K':
			if next == 'H' {
				i++
				other |= hardC
				if as&hardC == 0 {
					c = 'H'
				}
			}
		case 'C':
			var skip int
			var allowed reading
			c, skip, allowed = spellC(next, at(w, i+2), as)
			i, other = i+skip, other|allowed
		}
		b = append(b, c)
	}
	return b, other
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
