package canon

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"
)

// separators are the marks Fold keeps, because titles, aliases, dates and addresses are read by them.
const separators = ".,/()-@:;\""

// Fold brings s to upper-case A-Z, digits, single spaces and the marks . , / ( ) - @ : ; ".
//
// Accents go, letters of other alphabets that look like Latin ones become them, marks nobody sees vanish, apostrophes
// join what they stand between (NUR'AINI is NURAINI), and text that was read in the wrong encoding is read again. The
// digits 0, 1 and 5 become O, I and S inside a word of letters only (S1TI). Everything else separates like a space.
// Letters of scripts without a Latin look-alike or common transliteration (Arabic, Han, Javanese) are lost.
func Fold(s string) string {
	if folded(s) {
		return s
	}
	if !ascii(s) {
		s = norm.NFKD.String(repair(s))
	}
	var room [96]byte
	b := room[:0]
	for _, r := range s {
		b = appendFolded(b, r)
	}
	for len(b) > 0 && b[len(b)-1] == ' ' {
		b = b[:len(b)-1]
	}
	return string(lookAlikeDigits(b))
}

// folded reports whether Fold would leave s as it is; most of a register is.
func folded(s string) bool {
	letter := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= 'A' && c <= 'Z':
			letter = true
		case c == ' ':
			if i == 0 || i == len(s)-1 || s[i-1] == ' ' {
				return false
			}
		case c >= '0' && c <= '9':
			if letter {
				return false
			}
		case strings.IndexByte(separators, c) < 0:
			return false
		}
	}
	return !letter || !strings.ContainsAny(s, "015")
}

func ascii(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// repair reads UTF-8 that was taken for Windows-1252 ("JosÃ©") once more. Text that is not such a case comes back as is.
func repair(s string) string {
	if !strings.ContainsAny(s, "ÃÂâ") {
		return s
	}
	raw, err := charmap.Windows1252.NewEncoder().String(s)
	if err != nil || ascii(raw) || !utf8.ValidString(raw) {
		return s
	}
	return raw
}

// appendFolded adds what r folds to.
func appendFolded(b []byte, r rune) []byte {
	if r < utf8.RuneSelf {
		c := byte(r)
		switch {
		case c >= 'a' && c <= 'z':
			return append(b, c-'a'+'A')
		case c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte(separators, c) >= 0:
			return append(b, c)
		case c == '\'' || c == '`':
			return b
		}
		return appendSpace(b)
	}
	if s, ok := lookAlike[r]; ok {
		return append(b, s...)
	}
	if s, ok := lookAlike[unicode.ToUpper(r)]; ok {
		return append(b, s...)
	}
	if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf, unicode.Lm, unicode.Sk) || r == utf8.RuneError {
		return b
	}
	if d, ok := decimal(r); ok {
		return append(b, d)
	}
	if unicode.Is(unicode.Pd, r) {
		return append(b, '-')
	}
	return appendSpace(b)
}

func appendSpace(b []byte) []byte {
	if len(b) == 0 || b[len(b)-1] == ' ' {
		return b
	}
	return append(b, ' ')
}

// decimal is the digit r stands for in any script.
func decimal(r rune) (byte, bool) {
	if r < utf8.RuneSelf {
		return byte(r), r >= '0' && r <= '9'
	}
	if !unicode.Is(unicode.Nd, r) {
		return 0, false
	}
	zero := r
	for n := 0; n < 9 && unicode.Is(unicode.Nd, zero-1); n++ {
		zero--
	}
	// Blocks of digits start at a multiple of 16 or at 6 past one, never in between; mathematical digits, which follow
	// one another without a gap, were decomposed before.
	return '0' + byte(r-zero), true
}

// lookAlikeDigits turns 0, 1 and 5 into O, I and S where a word of letters holds one by mistake: a digit between two
// letters, or before three. RT and RW with their number are not words.
func lookAlikeDigits(b []byte) []byte {
	for start := 0; start < len(b); {
		if !alnum(b[start]) {
			start++
			continue
		}
		end := start
		letters, digits, other := 0, 0, false
		for ; end < len(b) && alnum(b[end]); end++ {
			switch c := b[end]; {
			case c > '9':
				letters++
			default:
				digits++
				other = other || (c != '0' && c != '1' && c != '5')
			}
		}
		if word := b[start:end]; digits > 0 && !other && letters >= 3 && digits*2 < letters+1 && !isRT(word) {
			mendWord(word)
		}
		start = end
	}
	return b
}

func mendWord(w []byte) {
	for i, c := range w {
		if c > '9' || i == len(w)-1 || w[i+1] <= '9' || (i > 0 && w[i-1] <= '9') {
			continue
		}
		switch c {
		case '0':
			w[i] = 'O'
		case '1':
			w[i] = 'I'
		case '5':
			w[i] = 'S'
		}
	}
}

func isRT(w []byte) bool {
	return len(w) > 2 && w[0] == 'R' && (w[1] == 'T' || w[1] == 'W') && w[2] <= '9'
}

func alnum(c byte) bool { return c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' }
