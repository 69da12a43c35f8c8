// Package canon brings the fields of a person's record into the form in which they are compared.
//
// It is pure and total: every string has a form, a second pass changes nothing, and no error can arise. What it knows
// of Indonesian names, places and addresses lies in data files (data/*.tsv), each entry with its reason, so that an
// auditor reads and changes them without reading Go. None is the same reader without that knowledge: measuring both
// shows what the lists are worth.
package canon

// Lists are what is known of Indonesian names, places and addresses. Indonesia gives those that come with the program.
// The zero value knows nothing.
type Lists struct {
	data *lists // nil: no knowledge
}

// TokenKind says what a token of a name is.
type TokenKind uint8

// Kinds of tokens.
const (
	Ordinary TokenKind = iota // a name, or part of one
	Initial                   // one letter, or an abbreviation that no list resolves
	Order                     // Balinese sex and birth order: I, NI, WAYAN, MADE, NYOMAN, KETUT ...
	Prefix                    // very common first or linking part: MUHAMMAD, ABDUL, SITI, NUR, SRI ...
	Clan                      // marga or fam
	Number                    // digits
)

// Token is one part of a name or address.
type Token struct {
	Text  string    // as written, folded to A-Z and 0-9: "MOCH"
	Canon string    // representative of its family of spellings ("MUHAMMAD"); Text where it has none
	Keys  []string  // sound keys under modern and old spelling, sorted, without doubles; equal key = sounds the same
	Kind  TokenKind // what the token is
}

// Name is a person's name.
type Name struct {
	Tokens []Token   // the legal name in the order written, without titles
	Also   [][]Token // other names of the same person: alias, "/", "al."
	Parent []Token   // what follows bin, binti
	Titles []string  // titles and degrees that were set aside, folded
}

// Date is a calendar date of which parts may be unknown (0).
type Date struct {
	Year  int16 // 1850..2100, 0 = unknown
	Month int8  // 1..12, 0 = unknown
	Day   int8  // 1..31, 0 = unknown
}

// Place is a birthplace.
type Place struct {
	Text  string   // folded, without KAB., KOTA and the like
	Codes []string // regencies (4 digits, Kemendagri) that the words may stand for, sorted; none where unknown
}
