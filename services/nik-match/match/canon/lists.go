package canon

// lists is the knowledge behind Lists, read-only once built.
type lists struct{}

// Indonesia is what the program knows of Indonesian names, places and addresses.
func Indonesia() Lists { return Lists{data: &lists{}} }

// Nickname reports whether one of two parts of a name is a customary short or call name of the other. It is symmetric,
// and false for two equal tokens.
func (l Lists) Nickname(a, b Token) bool { return false }

// Place reads a birthplace.
func (l Lists) Place(s string) Place { return Place{Text: l.Text(s)} }

// Address reads an address.
func (l Lists) Address(s string) (tokens []Token, rt, rw string) {
	return l.words(Fold(s)), "", ""
}
