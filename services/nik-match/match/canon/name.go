package canon

// Name reads a person's name.
func (l Lists) Name(s string) Name {
	return Name{Tokens: l.words(Fold(s))}
}

// words cuts folded text into tokens without any knowledge of names.
func (l Lists) words(f string) []Token {
	var tokens []Token
	for i := 0; i < len(f); {
		if !alnum(f[i]) {
			i++
			continue
		}
		j := i
		for j < len(f) && alnum(f[j]) {
			j++
		}
		w := f[i:j]
		i = j
		tokens = append(tokens, Token{Text: w, Canon: w, Keys: []string{w}, Kind: plainKind(w)})
	}
	return tokens
}

// plainKind is what can be said of a token from its letters alone.
func plainKind(w string) TokenKind {
	for i := 0; i < len(w); i++ {
		if w[i] > '9' {
			if len(w) == 1 {
				return Initial
			}
			return Ordinary
		}
	}
	return Number
}
