package canon

import "strings"

// pattern is a full name: letters with any others before or behind them.
type pattern struct {
	sound         string
	before, after bool
}

// addNicknames reads short, full names, reason. Both are kept by their sound.
func (l *lists) addNicknames(c []string) error {
	var room [48]byte
	key, _ := appendSound(room[:0], c[0], 0)
	for _, full := range strings.Fields(c[1]) {
		p := pattern{before: strings.HasPrefix(full, "*"), after: strings.HasSuffix(full, "*")}
		b, _ := appendSound(nil, strings.Trim(full, "*"), 0)
		p.sound = string(b)
		l.short[string(key)] = append(l.short[string(key)], p)
	}
	return nil
}

func (p pattern) match(sound []byte) bool {
	s := string(sound) // does not escape
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

// Nickname reports whether one of two parts of a name is a customary short or call name of the other: listed (WAWAN for
// HERMAWAN), its last syllables (YANTO for SUPRIYANTO) or first ones (SULIS for SULISTYOWATI), or its last syllable
// doubled (MAMAN for SUHERMAN). It is symmetric, and false for two spellings of one name.
func (l Lists) Nickname(a, b Token) bool {
	if l.data == nil || a.Canon == b.Canon || len(a.Text) < 2 || len(b.Text) < 2 {
		return false
	}
	var roomA, roomB [48]byte
	x, _ := appendSound(roomA[:0], a.Text, 0)
	y, _ := appendSound(roomB[:0], b.Text, 0)
	if string(x) == string(y) {
		return false
	}
	if l.data.callName(x, y, b) || l.data.callName(y, x, a) {
		return true
	}
	return len(x) < len(y) && shortened(x, y) || len(y) < len(x) && shortened(y, x)
}

// callName reports whether short is listed as a call name of the token full, which sounds like sound.
func (l *lists) callName(short, sound []byte, full Token) bool {
	patterns := l.short[string(short)]
	if len(patterns) == 0 {
		return false
	}
	var room [48]byte
	canon, _ := appendSound(room[:0], full.Canon, 0)
	for _, p := range patterns {
		if p.match(sound) || p.match(canon) {
			return true
		}
	}
	return false
}

// Shortest parts that are taken for a call name without being listed: two syllables, and enough left of the full name
// that the two are not just two similar names (HERMAN and HERMANTO are two men more often than one).
const (
	shortestCall = 4
	cutInFront   = 2
	cutBehind    = 3
)

// shortened reports whether short is made of long by rule.
func shortened(short, long []byte) bool {
	s, f := string(short), string(long)
	if len(s) >= shortestCall && syllables(s) >= 2 {
		if strings.HasSuffix(f, s) && (len(f) >= len(s)+cutInFront || vowel(f[0])) {
			return true
		}
		if strings.HasPrefix(f, s) && len(f) >= len(s)+cutBehind {
			return true
		}
	}
	// CV + CVC: the last syllable with its beginning doubled.
	if len(s) >= 5 && s[0] == s[2] && s[1] == s[3] && consonant(s[0]) && vowel(s[1]) {
		return len(f) >= len(s)-1 && strings.HasSuffix(f, s[2:])
	}
	return false
}

func syllables(s string) int {
	n := 0
	for i := 0; i < len(s); i++ {
		if vowel(s[i]) && !vowel(at(s, i-1)) {
			n++
		}
	}
	return n
}
