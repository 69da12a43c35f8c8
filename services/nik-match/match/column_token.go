package match

import (
	"iter"
	"math/bits"
	"slices"
	"strings"

	"dtks/services/nik-match/match/canon"
)

// tokenRows finds, through the tokens, the values that share one with a value or have one close to it. All the others
// have nothing in common with it, and weigh what their number of tokens says.
type tokenRows struct {
	c       *Column
	tokens  []*token
	ids     map[string]int32      // of tokens, by how they are written and what they stand for
	posts   [][]post              // by token: where it occurs
	close   [][]neighbour         // by token: the tokens that agree with it, itself included
	widths  [mostTokens + 2]int32 // first value of at least that many tokens
	nothing [mostTokens + 1][mostTokens + 1]Bits
	blank   [mostTokens + 1][]int16 // by number of tokens: the row of a value that agrees with none
	whole   int                     // tokens that somebody wrote as such; the others are two joined
	spare   int16                   // the most that joining two tokens saves in tokens left over
}

// post is one occurrence of a token.
type post struct {
	value  int32
	joined bool // the token is the one that two were joined into
}

// neighbour is a token that agrees with another.
type neighbour struct {
	token int32
	gain  int16 // in units, over two tokens that differ
	join  int16 // the same, where one of the two is a joined token
}

// scratch remembers, while a row is gathered, what the token at hand has already added to each value.
type scratch struct {
	stamp []uint32
	added []int16
	now   uint32
}

func newTokenRows(c *Column) *tokenRows {
	t := &tokenRows{c: c, ids: map[string]int32{}}
	t.post(false)
	t.whole = len(t.tokens)
	t.post(true)
	for n := range t.widths {
		t.widths[n] = int32(len(c.values))
		for v := len(c.values) - 1; v > 0 && c.values[v].width() >= n; v-- {
			t.widths[n] = int32(v)
		}
	}
	w := c.w
	different, _ := w.weigh(&slot{finding: tokenDifferent, rare: w.u[tokenDifferent]})
	omitted, _ := w.weigh(&slot{finding: tokenOmitted, rare: w.u[tokenOmitted]})
	for n := range t.nothing {
		for m := range t.nothing[n] {
			t.nothing[n][m] = max(w.least, Bits(min(n, m))*different+Bits(max(n, m)-min(n, m))*(omitted+w.spared()))
		}
	}
	t.spare = units(-min(different, omitted)) + units(t.c.w.spared())*2
	for n := range t.blank {
		t.blank[n] = make([]int16, len(c.values))
		for m := 0; m <= mostTokens; m++ {
			fill(t.blank[n][t.widths[m]:t.widths[m+1]], units(t.nothing[n][m]))
		}
		for v, o := range c.values {
			for m := range o.widths() {
				t.blank[n][v] = max(t.blank[n][v], units(t.nothing[n][m]))
			}
		}
	}
	t.relate(different)
	return t
}

// widths yields the numbers of tokens of a value's further names: any of them may be the one that agrees.
func (v *value) widths() iter.Seq[int] {
	return func(yield func(int) bool) {
		for r := 1; r < len(v.readings) && v.readings[r].joined < 0; r++ {
			if !yield(len(v.readings[r].tokens)) {
				return
			}
		}
	}
}

// post enters the tokens of all readings without a join, or of those with one.
func (t *tokenRows) post(joined bool) {
	for v := 1; v < len(t.c.values); v++ {
		for r := range t.c.values[v].readings {
			rd := &t.c.values[v].readings[r]
			if (rd.joined >= 0) != joined {
				continue
			}
			for k := range rd.tokens {
				if joined && rd.joined != k {
					continue
				}
				id := t.intern(&rd.tokens[k])
				t.posts[id] = append(t.posts[id], post{int32(v), joined})
			}
		}
	}
}

func (t *tokenRows) intern(k *token) int32 {
	key := k.Text + "\x00" + k.Canon
	id, ok := t.ids[key]
	if !ok {
		id = int32(len(t.tokens))
		t.ids[key] = id
		t.tokens = append(t.tokens, k)
		t.posts = append(t.posts, nil)
	}
	return id
}

// relate finds for every token the others that agree with it: by canonical form, by sound, by initial, by call name, and
// by letters, each through an index or behind a bound, so that not every two are compared.
func (t *tokenRows) relate(different Bits) {
	f := &t.c.m.Fields[t.c.field].Frequencies
	t.close = make([][]neighbour, len(t.tokens))
	add := func(a, b int32) {
		r := relation(t.c.m.lists, t.tokens[a], t.tokens[b])
		if r == tokenDifferent {
			return
		}
		p, q := f.Of(t.tokens[a].Canon), f.Of(t.tokens[b].Canon)
		s := tokenSlot(0, r, t.c.w, p, q)
		weight, _ := t.c.w.weigh(&s)
		n := neighbour{token: b, gain: units(max(1, weight-different))}
		if joinable(r) {
			s.finding = tokenJoined
			weight, _ = t.c.w.weigh(&s)
			n.join = units(max(1, weight-different))
		}
		t.close[a] = append(t.close[a], n)
		if a != b {
			n.token = a
			t.close[b] = append(t.close[b], n)
		}
	}
	for a := range t.tokens {
		add(int32(a), int32(a))
	}
	seen := map[uint64]bool{}
	once := func(a, b int32) {
		if a > b {
			a, b = b, a
		}
		if key := uint64(a)<<32 | uint64(b); a != b && !seen[key] {
			seen[key] = true
			add(a, b)
		}
	}
	t.bySound(once)
	t.byEnds(once)
	t.byLetters(once)
	for a := range t.close {
		slices.SortFunc(t.close[a], func(x, y neighbour) int { return int(x.token - y.token) })
	}
}

// bySound pairs tokens of one canonical form, of one sound key, and initials with what they may stand for.
func (t *tokenRows) bySound(pair func(a, b int32)) {
	groups := map[string][]int32{}
	for i, k := range t.tokens {
		groups["="+k.Canon] = append(groups["="+k.Canon], int32(i))
		for _, key := range k.Keys {
			groups["~"+key] = append(groups["~"+key], int32(i))
		}
	}
	for _, g := range groups {
		for i, a := range g {
			for _, b := range g[i+1:] {
				pair(a, b)
			}
		}
	}
	for i, k := range t.tokens {
		if len(k.Text) != 1 {
			continue
		}
		for j, o := range t.tokens {
			if o.Text[0] == k.Text[0] || o.Canon[0] == k.Canon[0] {
				pair(int32(i), int32(j))
			}
		}
	}
}

// byEnds pairs tokens of which one may be a call name of the other, or one is cut off.
func (t *tokenRows) byEnds(pair func(a, b int32)) {
	order := make([]int32, len(t.tokens))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int { return strings.Compare(t.tokens[a].Canon, t.tokens[b].Canon) })
	for i, a := range order {
		word := t.tokens[a].Canon
		for _, b := range order[i+1:] {
			if !strings.HasPrefix(t.tokens[b].Canon, word) || len(word) < 3 {
				break
			}
			pair(a, b)
		}
	}
	words := make([]canon.Token, t.whole)
	for i := range words {
		words[i] = t.tokens[i].Token
	}
	for a, b := range t.c.m.lists.CallNames(words) {
		pair(int32(a), int32(b))
	}
}

// byLetters pairs tokens of about one length whose letters, and neighbouring letters, are nearly the same.
func (t *tokenRows) byLetters(pair func(a, b int32)) {
	byLength := map[int]*lettered{}
	longest := 0
	for i, k := range t.tokens[:t.whole] { // a joined token agrees exactly or not at all
		if k.Kind != canon.Number {
			n := len(k.Canon)
			if byLength[n] == nil {
				byLength[n] = &lettered{}
			}
			byLength[n].add(int32(i), k)
			longest = max(longest, n)
		}
	}
	for n := 3; n <= longest; n++ {
		for d := range 4 { // tokens up to three letters longer
			x, y, most := byLength[n], byLength[n+d], slips(n+d)
			if x == nil || y == nil || d > most {
				continue
			}
			for i, a := range x.ids {
				from := 0
				if d == 0 {
					from = i + 1
				}
				t.alike(a, y, from, most, pair)
			}
		}
	}
}

// lettered are the tokens of one length, with what bounds their edits side by side.
type lettered struct {
	ids   []int32
	masks []uint32
	pairs []uint64
}

func (l *lettered) add(id int32, k *token) {
	l.ids, l.masks, l.pairs = append(l.ids, id), append(l.masks, k.mask), append(l.pairs, k.pairs)
}

func (t *tokenRows) alike(a int32, others *lettered, from, most int, pair func(a, b int32)) {
	k := t.tokens[a]
	letters, neighbours := min(2*most, lettersChanged), pairsChanged[most]
	for i, o := range others.masks[from:] {
		if bits.OnesCount32(k.mask^o) > letters || bits.OnesCount64(k.pairs^others.pairs[from+i]) > neighbours {
			continue
		}
		if b := others.ids[from+i]; spelling(k, t.tokens[b]) != tokenDifferent {
			pair(a, b)
		}
	}
}

// weights adds, for every token of the row's value, the most that any token of another value is worth against it. That
// two tokens cannot both stand with the same one is left to comparing.
func (t *tokenRows) weights(of int32, dst []int16, s *scratch) {
	v := t.c.values[of]
	copy(dst, t.blank[v.width()])
	for n := range v.widths() {
		for o, w := range t.blank[n] {
			dst[o] = max(dst[o], w)
		}
	}
	if len(s.stamp) < len(dst) {
		s.stamp, s.added = make([]uint32, len(dst)), make([]int16, len(dst))
	}
	for r := range v.readings {
		rd := &v.readings[r]
		for i := range rd.tokens {
			if rd.joined < 0 || rd.joined == i {
				t.gather(t.id(&rd.tokens[i]), rd.joined >= 0, dst, s)
			}
		}
	}
}

func (t *tokenRows) gather(id int32, joined bool, dst []int16, s *scratch) {
	s.now++
	for _, near := range t.close[id] {
		for _, p := range t.posts[near.token] {
			gain := near.gain
			if joined || p.joined {
				if joined && p.joined || near.join == 0 {
					continue
				}
				gain = near.join + t.spare // one token less is left over
			}
			if s.stamp[p.value] == s.now {
				if gain <= s.added[p.value] {
					continue
				}
				dst[p.value] = raised(dst[p.value], gain-s.added[p.value])
			} else {
				dst[p.value] = raised(dst[p.value], gain)
				s.stamp[p.value] = s.now
			}
			s.added[p.value] = gain
		}
	}
}

// raised adds without running over, as the many names of one hostile value might.
func raised(w, gain int16) int16 { return int16(min(int32(w)+int32(gain), 1<<14)) }

func (t *tokenRows) id(k *token) int32 { return t.ids[k.Text+"\x00"+k.Canon] }
