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
	x, y := l.Caller(a), l.Caller(b)
	return l.Call(&x, &y)
}

// CallName reports whether a token may be a short or call name of another one: Nickname is false for two tokens of
// which neither may.
func (l Lists) CallName(t Token) bool { return l.Caller(t).call }

// Caller is a token prepared for many questions about call names.
type Caller struct {
	Token
	sound, canon string // of Text, and of Canon; empty where the token neither is nor has a call name
	call         bool   // CallName
}

// Caller prepares a token.
func (l Lists) Caller(t Token) Caller {
	c := Caller{Token: t}
	if l.data == nil || len(t.Text) < 2 || t.Kind == Number {
		return c
	}
	c.sound = soundOf(t.Text)
	c.canon = c.sound
	if t.Canon != t.Text {
		c.canon = soundOf(t.Canon)
	}
	c.call = len(t.Text) <= longestCall && (l.data.short[c.sound] != nil || callShape([]byte(c.sound)) || doubled([]byte(c.sound)))
	return c
}

// Call is Nickname of two prepared tokens.
func (l Lists) Call(a, b *Caller) bool {
	if l.data == nil || !a.call && !b.call || a.Canon == b.Canon || a.sound == b.sound {
		return false
	}
	return a.call && l.data.calls(a.sound, b) || b.call && l.data.calls(b.sound, a)
}

// calls reports whether short is the sound of a call name of full.
func (l *lists) calls(short string, full *Caller) bool {
	for _, p := range l.short[short] {
		if p.match(full.sound) || p.match(full.canon) {
			return true
		}
	}
	return shortened(short, full.sound) || full.canon != full.sound && shortened(short, full.canon)
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
