package canon

import (
	"embed"
	"fmt"
	"slices"
	"strings"
	"sync"
)

//go:embed data/*.tsv
var files embed.FS

// lists is the knowledge behind Lists, read-only once built.
type lists struct {
	words   map[string]*readings
	titles  map[string]use
	short   map[string][]pattern
	places  *places
	address map[string]addressWord
	unknown map[string]bool // compact

	spelt map[string][]string // while loading: the words of each family of single names
}

// readings are the tokens a word stands for by where it stands; nil where nothing is known there.
type readings struct {
	any   []Token
	first []Token // in front, before another name
	ahead []Token // anywhere before another name
	bali  []Token // after a Balinese order name
	rank  []Token // in front, before a Balinese order name
}

var indonesia = sync.OnceValue(func() *lists {
	l, err := load()
	if err != nil {
		panic("canon: embedded lists: " + err.Error()) // the program was built with broken data; a test guards it
	}
	return l
})

// Indonesia is what the program knows of Indonesian names, places and addresses. It is built on first use, in about
// 80 ms, half of it for the names of areas, and takes 12 MB.
func Indonesia() Lists { return Lists{data: indonesia()} }

// load reads the embedded files.
func load() (*lists, error) {
	l := &lists{words: map[string]*readings{}, titles: map[string]use{}, short: map[string][]pattern{}, address: map[string]addressWord{}, unknown: map[string]bool{}}
	for _, part := range []struct {
		file    string
		columns int
		row     func([]string) error
	}{
		{"names.tsv", 5, l.addName},
		{"clans.tsv", 2, l.addClans},
		{"joined.tsv", 4, l.addJoined},
		{"titles.tsv", 4, l.addTitles},
		{"nicknames.tsv", 3, l.addNicknames},
		{"address.tsv", 4, l.addAddress},
		{"unknown.tsv", 2, l.addUnknown},
	} {
		if err := eachRow(part.file, part.columns, part.row); err != nil {
			return nil, err
		}
	}
	p, err := loadPlaces()
	l.places, l.spelt = p, nil
	return l, err
}

// eachRow calls row for every line of a tab-separated file that is not a comment.
func eachRow(file string, columns int, row func([]string) error) error {
	text, err := files.ReadFile("data/" + file)
	if err != nil {
		return err
	}
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		line = strings.TrimRight(line, "\r\n")
		if line == "" || line[0] == '#' {
			continue
		}
		cells := strings.Split(line, "\t")
		if len(cells) != columns {
			return fmt.Errorf("%s:%d: %d columns, not %d", file, n, len(cells), columns)
		}
		for _, c := range cells {
			if strings.TrimSpace(c) == "" {
				return fmt.Errorf("%s:%d: an empty column", file, n)
			}
		}
		if err := row(cells); err != nil {
			return fmt.Errorf("%s:%d: %w", file, n, err)
		}
	}
	return nil
}

var kinds = map[string]TokenKind{"ordinary": Ordinary, "prefix": Prefix, "order": Order, "clan": Clan}

// addName reads one family of spellings: canon, kind, where, variants, reason.
func (l *lists) addName(c []string) error {
	kind, ok := kinds[c[1]]
	if !ok {
		return fmt.Errorf("unknown kind %q", c[1])
	}
	variants := strings.Fields(strings.Trim(c[3], "-"))
	if c[2] == "any" && !strings.Contains(c[0], " ") {
		variants = append(variants, c[0])
	}
	for _, v := range variants {
		if err := l.addWord(v, c[2], familyTokens(v, c[0], kind)); err != nil {
			return err
		}
	}
	return nil
}

// familyTokens are the tokens of a word of a family. A word of several parts has each part as its text.
func familyTokens(text, canon string, kind TokenKind) []Token {
	parts := strings.Fields(canon)
	if len(parts) == 1 {
		return []Token{familyToken(text, canon, kind)}
	}
	tokens := make([]Token, len(parts))
	for i, p := range parts {
		tokens[i] = familyToken(p, p, kind)
	}
	return tokens
}

// familyToken is a token with its representative. Abbreviations sound like what they stand for, and J like J: a
// representative is in today's spelling, and old spellings are listed.
func familyToken(text, canon string, kind TokenKind) Token {
	keys := keysUnder(nil, canon, softZ|hardC|breathCH)
	if len(text) > 3 {
		for _, k := range keysUnder(nil, text, softZ|hardC|breathCH) {
			keys = addKey(keys, 0, k, []byte(k))
		}
	}
	return Token{Text: text, Canon: canon, Keys: sortedKeys(keys), Kind: kind}
}

func (l *lists) addWord(word, where string, tokens []Token) error {
	r := l.words[word]
	if r == nil {
		r = &readings{}
		l.words[word] = r
	}
	var slot *[]Token
	switch where {
	case "any":
		slot = &r.any
	case "first":
		slot = &r.first
	case "before":
		slot = &r.ahead
	case "bali":
		slot = &r.bali
	case "rank":
		slot = &r.rank
	default:
		return fmt.Errorf("unknown place %q", where)
	}
	if *slot != nil {
		return fmt.Errorf("%s is listed twice", word)
	}
	*slot = tokens
	return nil
}

// addClans reads a people and its family names.
func (l *lists) addClans(c []string) error {
	for _, name := range strings.Fields(c[1]) {
		if err := l.addWord(name, "any", []Token{familyToken(name, name, Clan)}); err != nil {
			return err
		}
	}
	return nil
}

// addJoined reads a first part and what it is joined to: canon, forms, rests, reason. Words that are listed as one
// name keep that reading.
func (l *lists) addJoined(c []string) error {
	head := l.words[c[0]]
	if head == nil || head.any == nil {
		return fmt.Errorf("%s has no family", c[0])
	}
	if l.spelt == nil {
		l.spelt = l.spellings()
	}
	for _, rest := range strings.Fields(c[2]) {
		for _, spelt := range append(slices.Clip(l.spelt[l.canonOf(rest)]), rest) {
			tail := []Token{familyToken(spelt, l.canonOf(rest), Ordinary)}
			if r := l.words[spelt]; r != nil && r.any != nil {
				tail = r.any
			}
			for _, form := range strings.Fields(c[1]) {
				word := form + spelt
				if r := l.words[word]; r != nil && r.any != nil {
					continue
				}
				first := familyToken(form, c[0], head.any[0].Kind)
				if err := l.addWord(word, "any", append([]Token{first}, tail...)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// addUnknown reads words that say a field is not known, reason.
func (l *lists) addUnknown(c []string) error {
	for _, w := range strings.Fields(c[0]) {
		l.unknown[compact(w)] = true
	}
	return nil
}

// saysNothing reports whether the words of a field say that it is not known.
func (l *lists) saysNothing(a []atom) bool {
	if len(a) > 4 {
		return false
	}
	var room [32]byte
	b := room[:0]
	for _, x := range a {
		b = append(b, x.text...)
	}
	return l.unknown[string(b)]
}

// canonOf is the representative of a listed single name, the word itself otherwise.
func (l *lists) canonOf(word string) string {
	if r := l.words[word]; r != nil && len(r.any) == 1 {
		return r.any[0].Canon
	}
	return word
}

// spellings are the words of each family of single names.
func (l *lists) spellings() map[string][]string {
	of := map[string][]string{}
	for word, r := range l.words {
		if len(r.any) == 1 && len(word) > 3 {
			of[r.any[0].Canon] = append(of[r.any[0].Canon], word)
		}
	}
	for _, words := range of {
		slices.Sort(words) // so that every run builds the same lists
	}
	return of
}
