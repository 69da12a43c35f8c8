package canon

import "strings"

// pattern is a full name: letters with any others before or behind them.
type pattern struct {
	sound         string
	before, after bool
}

// addNicknames reads short, full names, reason. Both are kept by their sound.
func (l *lists) addNicknames(c []string) error {
	short := soundOf(c[0])
	for _, full := range strings.Fields(c[1]) {
		l.short[short] = append(l.short[short], pattern{
			sound: soundOf(strings.Trim(full, "*")), before: strings.HasPrefix(full, "*"), after: strings.HasSuffix(full, "*"),
		})
	}
	return nil
}

// soundOf is the modern sound of a word.
func soundOf(w string) string {
	b, _ := appendSound(nil, w, 0)
	return string(b)
}

// shortestFull is the fewest letters of a name that a pattern with * stands for.
const shortestFull = 5

func (p pattern) match(s string) bool {
	if (p.before || p.after) && len(s) < shortestFull {
		return false
	}
	switch {
	case p.before && p.after:
		return strings.Contains(s, p.sound)
	case p.before:
		return len(s) > len(p.sound) && strings.HasSuffix(s, p.sound)
	case p.after:
		return len(s) > len(p.sound) && strings.HasPrefix(s, p.sound)
	}
	return s == p.sound
}

// Bounds of call names that are not listed: two syllables, few letters, and enough left of the full name that the two
// are not just two similar names (HERMAN and HERMANTO are two men more often than one).
const (
	shortestCall = 4
	longestCall  = 7
	cutInFront   = 2
	cutBehind    = 3
)

// Nickname reports whether one of two parts of a name is a customary short or call name of the other: listed (WAWAN for
// HERMAWAN), its last syllables (YANTO for SUPRIYANTO) or first ones (SULIS for SULISTYOWATI), or its last syllable
// doubled (MAMAN for SUHERMAN). It is symmetric, and false for two spellings of one name.
func (l Lists) Nickname(a, b Token) bool {
	if l.data == nil || a.Canon == b.Canon {
		return false
	}
	var roomA, roomB [48]byte
	x, _ := appendSound(roomA[:0], a.Text, 0)
	y, _ := appendSound(roomB[:0], b.Text, 0)
	if string(x) == string(y) {
		return false
	}
	return l.data.calls(a, x, b, y) || l.data.calls(b, y, a, x)
}

// CallName reports whether a token may be a short or call name of another one: Nickname is false for two tokens of
// which neither may.
func (l Lists) CallName(t Token) bool {
	if l.data == nil || len(t.Text) < 2 || len(t.Text) > longestCall || t.Kind == Number {
		return false
	}
	var room [48]byte
	sound, _ := appendSound(room[:0], t.Text, 0)
	return l.data.short[string(sound)] != nil || callShape(sound) || doubled(sound)
}

// calls reports whether short, which sounds like x, is a call name of full, which sounds like y.
func (l *lists) calls(short Token, x []byte, full Token, y []byte) bool {
	if len(short.Text) < 2 || len(short.Text) > longestCall || len(full.Text) < 2 || short.Kind == Number || full.Kind == Number {
		return false
	}
	var room [48]byte
	z := y
	if full.Canon != full.Text {
		z, _ = appendSound(room[:0], full.Canon, 0)
	}
	for _, p := range l.short[string(x)] {
		if p.match(string(y)) || p.match(string(z)) {
			return true
		}
	}
	return shortened(string(x), string(y)) || full.Canon != full.Text && shortened(string(x), string(z))
}

// shortened reports whether short is made of full by rule.
func shortened(short, full string) bool {
	if len(short) >= len(full)+1 {
		return false
	}
	if callShape([]byte(short)) {
		if strings.HasSuffix(full, short) && (len(full) >= len(short)+cutInFront || len(full) > len(short) && vowel(full[0])) {
			return true
		}
		if strings.HasPrefix(full, short) && len(full) >= len(short)+cutBehind {
			return true
		}
	}
	return doubled([]byte(short)) && short != full && strings.HasSuffix(full, short[2:])
}

// callShape reports whether a sound has two syllables and enough letters to stand for a longer name.
func callShape(sound []byte) bool {
	if len(sound) < shortestCall {
		return false
	}
	syllables := 0
	for i, c := range sound {
		if vowel(c) && !vowel(at(sound, i-1)) {
			syllables++
		}
	}
	return syllables >= 2
}

// doubled reports whether a sound is a syllable with its beginning doubled: WAWAN, NINING.
func doubled(s []byte) bool {
	return len(s) >= 5 && s[0] == s[2] && s[1] == s[3] && consonant(s[0]) && vowel(s[1])
}
