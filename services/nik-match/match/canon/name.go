package canon

import "strings"

// Name reads a person's name: titles and degrees are set aside, what follows bin or binti is the parent, an alias, a
// part in parentheses or quotes and what follows a slash are other names, and each part gets its representative.
//
// Guaranteed: at least one token where s has a letter or digit that Fold keeps, unless it says that no name is known
// (data/unknown.tsv); tokens are of A-Z and 0-9 only; a title
// never takes the whole name; reading the representatives once more, joined by spaces, gives the same representatives;
// a listed first part joined to a listed rest (ABDURRAHMAN, SITINURHALIZA, NURHAYATI) gives the tokens of the same name
// written apart, and no other word is split.
func (l Lists) Name(s string) Name {
	f := Fold(s)
	if l.data == nil {
		return Name{Tokens: plainTokens(f)}
	}
	var n Name
	var room [16]atom
	if strings.ContainsAny(f, "/()\"@") {
		l.data.sections(&n, f)
	} else {
		l.data.read(&n, atoms(room[:0], f))
	}
	return n
}

// sections reads a name with other names in parentheses or quotes, or behind a slash or @.
func (l *lists) sections(n *Name, f string) {
	var room [16]atom
	if l.saysNothing(atoms(room[:0], f)) { // N/A
		return
	}
	f = l.kinship(f)
	var rest []string
	start := 0
	flush := func(end int) {
		if end > start {
			rest = append(rest, f[start:end])
		}
	}
	depth, quoted := -1, false
	var main strings.Builder // the name outside parentheses, up to the first slash
	slash := false
	for i := 0; i < len(f); i++ {
		switch c := f[i]; {
		case c == '(' && depth < 0 && strings.IndexByte(f[i:], ')') > 0:
			if slash {
				flush(i)
			}
			depth, start = i, i+1
			main.WriteByte(' ')
		case c == ')' && depth >= 0:
			flush(i)
			depth, start = -1, i+1
		case depth >= 0:
		case c == '"' && (quoted || strings.IndexByte(f[i+1:], '"') >= 0):
			if slash || quoted {
				flush(i)
			}
			quoted, start = !quoted, i+1
			main.WriteByte(' ')
		case quoted:
		case c == '/' || c == '@':
			if slash {
				flush(i)
			}
			slash, start = true, i+1
		case !slash:
			main.WriteByte(c)
		}
	}
	if slash && depth < 0 && !quoted {
		flush(len(f))
	}
	l.read(n, atoms(room[:0], main.String()))
	for _, part := range rest {
		l.read(n, atoms(room[:0], part))
	}
}

// kinship spells out s/o, d/o, a/l and a/p, whose slash does not part two names.
func (l *lists) kinship(f string) string {
	for i := strings.IndexByte(f, '/'); i >= 0; {
		if i > 1 && f[i-2] == ' ' && i+2 < len(f) && f[i+2] == ' ' &&
			l.titles[string([]byte{f[i-1], f[i+1]})]&slashed != 0 {
			f = f[:i-1] + "BIN" + f[i+2:]
		}
		next := strings.IndexByte(f[i+1:], '/')
		if next < 0 {
			break
		}
		i += 1 + next
	}
	return f
}

// read reads one name: into n's own tokens where it has none, as another name otherwise.
func (l *lists) read(n *Name, a []atom) {
	for i := 1; i < len(a)-1; i++ {
		if l.is(a[i], alias, aliasMarked) {
			l.read(n, a[:i])
			l.read(n, a[i+1:])
			return
		}
	}
	a = l.titled(n, a)
	for i := 1; i < len(a)-1; i++ {
		if !l.is(a[i], parent, parentMarked) {
			continue
		}
		if n.Parent == nil {
			n.Parent = l.tokens(l.parentOf(n, a[i+1:]))
		}
		a = l.titled(n, a[:i])
		break
	}
	switch {
	case len(a) == 0:
	case n.Tokens == nil && l.saysNothing(a):
	case n.Tokens == nil:
		n.Tokens = l.tokens(a)
	case len(a) == 1 && l.titles[a[0].text]&(front|frontMarked|back|backMarked) != 0:
		n.Titles = append(n.Titles, a[0].text)
	case l.saysNothing(a), len(a) == 1 && len(a[0].text) == 1: // Sp.JP(K)
	case l.is(a[0], parent, parentMarked) && len(a) > 1:
		if n.Parent == nil {
			n.Parent = l.tokens(l.parentOf(n, a[1:]))
		}
	default:
		n.Also = append(n.Also, l.tokens(a))
	}
}

// parentOf is a parent's name without titles and without the grandparent's bin.
func (l *lists) parentOf(n *Name, a []atom) []atom {
	kept := l.titled(n, a)
	out := kept[:0:0]
	for _, x := range kept {
		if !l.is(x, parent, parentMarked) {
			out = append(out, x)
		}
	}
	return out
}

// is reports whether an atom is listed for a use, plainly or with the punctuation it has.
func (l *lists) is(a atom, plain, marked use) bool {
	u := l.titles[a.text]
	return u&plain != 0 || u&marked != 0 && (a.dot || a.comma)
}

// tokens makes tokens of what titles have left.
func (l *lists) tokens(a []atom) []Token {
	if len(a) == 0 {
		return nil
	}
	a = l.rank(a)
	out := make([]Token, 0, len(a)+2)
	keys := make([]string, 0, len(a)+2)
	for i := range a {
		w := a[i].text
		r := l.words[w]
		if r != nil {
			var known []Token
			switch {
			case r.bali != nil && len(out) > 0 && out[len(out)-1].Kind == Order:
				known = r.bali
			case r.rank != nil && i == 0 && len(a) > 1 && l.isOrder(a[1].text):
				known = r.rank
			case r.first != nil && i == 0 && len(a) > 1:
				known = r.first
			case r.ahead != nil && i < len(a)-1:
				known = r.ahead
			default:
				known = r.any
			}
			if known != nil {
				out = append(out, known...)
				continue
			}
		}
		from := len(keys)
		keys = soundKeys(keys, w)
		t := Token{Text: w, Canon: w, Keys: sortedKeys(keys[from:len(keys):len(keys)]), Kind: plainKind(w)}
		if w == "I" && i == 0 && len(a) > 1 && l.isOrder(a[1].text) {
			t.Kind = Order
		}
		out = append(out, t)
	}
	return out
}

// rank joins the dotted letters of a Balinese rank in front (A.A., I.B., I.G.N.) where an order name follows; elsewhere
// such letters are initials.
func (l *lists) rank(a []atom) []atom {
	n := 0
	for n < len(a) && n < 3 && a[n].dot && len(a[n].text) == 1 {
		n++
	}
	if n < 2 || n == len(a) || !l.isOrder(a[n].text) {
		return a
	}
	var b [3]byte
	for i := range n {
		b[i] = a[i].text[0]
	}
	w := string(b[:n])
	if r := l.words[w]; r == nil || r.rank == nil {
		return a
	}
	return append([]atom{{text: w}}, a[n:]...)
}

func (l *lists) isOrder(w string) bool {
	r := l.words[w]
	return r != nil && (r.bali != nil || r.any != nil && r.any[0].Kind == Order)
}

// atom is a run of letters and digits with the punctuation that touches it.
type atom struct {
	text  string
	dot   bool // a dot follows
	comma bool // a comma or hyphen stands between it and what is before
}

// atoms cuts folded text into runs.
func atoms(out []atom, f string) []atom {
	comma := false
	for i := 0; i < len(f); {
		if !alnum(f[i]) {
			switch {
			case f[i] == '.' && len(out) > 0 && !comma && i > 0 && (alnum(f[i-1])):
				out[len(out)-1].dot = true
			case f[i] == ',':
				comma = len(out) > 0
			}
			i++
			continue
		}
		j := i
		for j < len(f) && alnum(f[j]) {
			j++
		}
		out = append(out, atom{text: f[i:j], comma: comma})
		comma, i = false, j
	}
	return out
}

// plainTokens are the words of folded text without any knowledge of names. Their only key is the word.
func plainTokens(f string) []Token {
	var room [16]atom
	a := atoms(room[:0], f)
	if len(a) == 0 {
		return nil
	}
	tokens := make([]Token, len(a))
	keys := make([]string, len(a))
	for i, x := range a {
		keys[i] = x.text
		tokens[i] = Token{Text: x.text, Canon: x.text, Keys: keys[i : i+1 : i+1], Kind: plainKind(x.text)}
	}
	return tokens
}

// plainKind is what can be said of a word from its letters alone.
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
