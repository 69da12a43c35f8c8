package canon

import (
	"fmt"
	"slices"
	"strings"
)

// use is what a listed word may be beside a name, and with which punctuation.
type use uint16

// Uses. The marked ones count only with a dot or after a comma.
const (
	front use = 1 << iota
	frontMarked
	back
	backMarked
	parent
	parentMarked
	alias
	aliasMarked
	slashed
)

var uses = map[string]use{
	"front plain": front, "front marked": frontMarked, "back plain": back, "back marked": backMarked, "parent plain": parent,
	"parent marked": parentMarked, "alias plain": alias, "alias marked": aliasMarked, "slash plain": slashed,
}

// addTitles reads words, where, when, reason.
func (l *lists) addTitles(c []string) error {
	u, ok := uses[c[1]+" "+c[2]]
	if !ok {
		return fmt.Errorf("unknown use %s %s", c[1], c[2])
	}
	for _, w := range strings.Fields(c[0]) {
		if l.titles[w]&u != 0 {
			return fmt.Errorf("%s is listed twice", w)
		}
		l.titles[w] |= u
	}
	return nil
}

// longestTitle is how many atoms a title has at most: S.Pd.I, A.Md.Kep, Dr. H.C. with its parts.
const longestTitle = 4

// titled sets leading and trailing titles aside, but never the whole name.
func (l *lists) titled(n *Name, a []atom) []atom {
	for len(a) > 1 {
		k, w := l.leading(a)
		if k == 0 {
			break
		}
		n.Titles = append(n.Titles, w)
		a = a[k:]
	}
	behind := len(n.Titles)
	degree := len(a) > 2 && l.degree(a[len(a)-1]) && l.degree(a[len(a)-2]) // two of them need no punctuation: SE MM
	for len(a) > 1 {
		k, w := l.trailing(a, degree)
		degree = degree || k > 0 // nor do those before one: SE, MBA
		if k == 0 {
			break
		}
		n.Titles = append(n.Titles, w)
		a = a[:len(a)-k]
	}
	slices.Reverse(n.Titles[behind:])
	return a
}

// leading is the longest title in front that leaves something of the name.
func (l *lists) leading(a []atom) (int, string) {
	for k := min(longestTitle, len(a)-1); k > 0; k-- {
		w, marked, ok := together(a[:k])
		if !ok {
			continue
		}
		if u := l.titles[w]; u&front != 0 || u&frontMarked != 0 && marked {
			return k, w
		}
	}
	return 0, ""
}

// degree reports whether an atom may stand for a title behind a name.
func (l *lists) degree(a atom) bool { return l.titles[a.text]&(back|backMarked) != 0 }

// trailing is the longest title behind that leaves something of the name; degree says that one stands there for sure.
// After a comma titles of the front stand behind too, as in a list sorted by name.
func (l *lists) trailing(a []atom, degree bool) (int, string) {
	for k := min(longestTitle, len(a)-1); k > 0; k-- {
		part, before := a[len(a)-k:], a[len(a)-k-1]
		w, marked, ok := together(part)
		if !ok {
			continue
		}
		marked = marked || degree || part[0].comma || before.dot && len(before.text) > 1
		u := l.titles[w]
		if u&back != 0 || u&backMarked != 0 && marked || u&(front|frontMarked) != 0 && part[0].comma {
			return k, w
		}
	}
	return 0, ""
}

// together joins the atoms of an abbreviation: S.Pd.I, and S Pd where the first is one letter. It is marked when a dot
// stands inside or behind it.
func together(a []atom) (w string, marked, ok bool) {
	if len(a) == 1 {
		return a[0].text, a[0].dot, true
	}
	n := 0
	for i, x := range a {
		if i < len(a)-1 && !x.dot && len(x.text) > 1 {
			return "", false, false
		}
		marked = marked || x.dot
		n += len(x.text)
	}
	if n > longestAbbreviation {
		return "", false, false
	}
	var room [longestAbbreviation]byte
	b := room[:0]
	for _, x := range a {
		b = append(b, x.text...)
	}
	return string(b), marked, true
}

// longestAbbreviation is the letters of the longest listed title that is written with dots.
const longestAbbreviation = 10
