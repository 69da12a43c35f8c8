package canon

// CallName reports whether a token may be a short or call name of another one: Nickname is false for two tokens of
// which neither may.
func (l Lists) CallName(t Token) bool { return l.data != nil && len(t.Text) <= 7 }
