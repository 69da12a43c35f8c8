package canon

import "iter"

// CallNames yields every two tokens, by index, of which Nickname says that one is a call name of the other. It finds
// them through the beginnings and ends of names instead of asking about every two; a pair may come twice.
func (l Lists) CallNames(tokens []Token) iter.Seq2[int, int] {
	return func(yield func(int, int) bool) {
		if l.data == nil {
			return
		}
		sounds := make([]string, len(tokens))
		parts := map[string][]int{} // tokens that may be made of a longer name, by the part of it that they repeat
		var listed []int
		for i, t := range tokens {
			sounds[i] = soundOf(t.Text)
			if !l.CallName(t) {
				continue
			}
			if l.data.short[sounds[i]] != nil {
				listed = append(listed, i)
			}
			if callShape([]byte(sounds[i])) {
				parts[sounds[i]] = append(parts[sounds[i]], i)
			}
			if doubled([]byte(sounds[i])) {
				parts[sounds[i][2:]] = append(parts[sounds[i][2:]], i)
			}
		}
		for _, i := range listed {
			for j := range tokens {
				if i != j && l.listed(sounds[i], sounds[j], tokens[j]) && l.Nickname(tokens[i], tokens[j]) && !yield(i, j) {
					return
				}
			}
		}
		for j, s := range sounds {
			for n := range len(s) + 1 {
				for _, part := range [2]string{s[:n], s[n:]} {
					for _, i := range parts[part] {
						if i != j && l.Nickname(tokens[i], tokens[j]) && !yield(i, j) {
							return
						}
					}
				}
			}
		}
	}
}

// listed reports whether a listed call name stands for a token that sounds like full.
func (l Lists) listed(short, full string, t Token) bool {
	for _, p := range l.data.short[short] {
		if p.match(full) || t.Canon != t.Text && p.match(soundOf(t.Canon)) {
			return true
		}
	}
	return false
}

// Caller is a token prepared for many questions about call names.
type Caller struct {
	Token
	sound string
	call  bool // CallName
}

// Caller prepares a token.
func (l Lists) Caller(t Token) Caller {
	if l.data == nil {
		return Caller{Token: t}
	}
	return Caller{Token: t, sound: soundOf(t.Text), call: l.CallName(t)}
}

// Call is Nickname of two prepared tokens.
func (l Lists) Call(a, b *Caller) bool {
	if l.data == nil || !a.call && !b.call || a.Canon == b.Canon || a.sound == b.sound {
		return false
	}
	return l.callFor(a, b) || l.callFor(b, a)
}

func (l Lists) callFor(short, full *Caller) bool {
	if !short.call || len(full.Text) < 2 || full.Kind == Number {
		return false
	}
	return shortened(short.sound, full.sound) || l.listed(short.sound, full.sound, full.Token)
}
