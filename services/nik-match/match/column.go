package match

import (
	"cmp"
	"slices"
	"strings"

	"dtks/services/nik-match/match/canon"
)

// Column holds the distinct values of one field over the records of a file. It answers for one value what each of the
// others would weigh against it, without looking at pairs that have nothing in common one by one.
type Column struct {
	field  int
	m      *Model
	w      *weights
	values []*value // distinct; 0 is "missing"
	ids    map[string]int32
	row    rower
}

// rower fills dst[v] with at least the weight of value v against the row's value. dst arrives filled with nothing and
// is as long as the column; index 0 is "missing".
type rower interface {
	weights(of int32, dst []int16, s *scratch)
}

// Unit is how many Bits one step of a row's weights stands for: rows are narrow so that they stay in the processor's
// cache.
const Unit Bits = 4

// units rounds up, so that a row never promises less than comparing gives.
func units(b Bits) int16 { return int16(min(max((b+Unit-1)>>2, -1<<14), 1<<14)) }

// NewColumn collects the distinct values of field i over all records given.
func (m *Model) NewColumn(i int, files ...[]Record) *Column {
	c := &Column{field: i, m: m, w: &m.weights[i], values: []*value{{}}, ids: map[string]int32{"": 0}}
	for _, records := range files {
		for r := range records {
			v := &records[r].values[i]
			if _, ok := c.ids[v.written()]; !ok {
				c.ids[v.written()] = 0
				c.values = append(c.values, v)
			}
		}
	}
	// Names of as many tokens next to each other are filled in one stroke, and the order of arrival does not show.
	slices.SortFunc(c.values[1:], func(a, b *value) int {
		if n := a.width() - b.width(); n != 0 {
			return n
		}
		return cmp.Or(strings.Compare(a.text, b.text), strings.Compare(a.written(), b.written()))
	})
	for id, v := range c.values {
		c.ids[v.written()] = int32(id)
	}
	c.row = c.rows()
	return c
}

// written is what a value is told apart by: one text may stand for words written differently (MOCH, MUHAMMAD), and for
// places of different extent (KOTA BANDUNG, BANDUNG).
func (v *value) written() string {
	out := v.text
	if len(v.codes) > 0 {
		out += "\x00" + strings.Join(v.codes, " ")
	}
	for r := range v.readings {
		if v.readings[r].joined >= 0 {
			break
		}
		for i := range v.readings[r].tokens {
			if t := &v.readings[r].tokens[i]; t.Text != t.Canon || t.Kind != canon.Ordinary {
				out += "\x00" + string([]byte{'0' + byte(i), 'a' + byte(t.Kind)}) + t.Text
			}
		}
	}
	return out
}

// width is the number of tokens of a value; 0 for values without tokens.
func (v *value) width() int {
	if len(v.readings) == 0 {
		return 0
	}
	return len(v.readings[0].tokens)
}

// IDs gives the id of every record's value.
func (c *Column) IDs(records []Record) []int32 {
	out := make([]int32, len(records))
	for r := range records {
		out[r] = c.ids[records[r].values[c.field].written()]
	}
	return out
}

// Len is the number of distinct values, missing included.
func (c *Column) Len() int { return len(c.values) }

// Scratch is the working memory of one worker.
type Scratch struct {
	s     scratch
	found []Exception
}

// Weights fills dst, of length Len, with at least the weight of each value against the one of the given id.
func (c *Column) Weights(of int32, dst []int16, s *Scratch) {
	if of == 0 {
		clear(dst)
		return
	}
	c.row.weights(of, dst, &s.s)
	dst[0] = 0
}

// Exceptions gives the weight of most values against one, and those that differ from it, each once, with theirs. ok is
// false for columns in which most values differ; those have Weights alone.
func (c *Column) Exceptions(of int32, s *Scratch) (usual int16, exceptions []Exception, ok bool) {
	n, ok := c.row.(*numberRows)
	if !ok {
		return 0, nil, false
	}
	s.found = s.found[:0]
	if of == 0 {
		return 0, nil, true
	}
	usual = n.bounds[len(n.bounds)-1]
	s.found = append(s.found, Exception{0, 0})
	n.touch(of, func(id int32, w int16) {
		if w != usual {
			s.found = append(s.found, Exception{id, w})
		}
	})
	slices.SortFunc(s.found, func(x, y Exception) int { return cmp.Compare(x.ID, y.ID) })
	return usual, slices.CompactFunc(s.found, func(x, y Exception) bool { return x.ID == y.ID }), true
}

// Exception is a value whose weight is not the usual one.
type Exception struct {
	ID     int32
	Weight int16
}

// few is the number of distinct values up to which all rows are kept.
const few = 1500

func (c *Column) rows() rower {
	var r rower
	switch c.w.kind {
	case KindName, KindAddress, KindText:
		r = newTokenRows(c)
	case KindDate:
		r = newDateRows(c)
	case KindNIK, KindNumber, KindPhone:
		r = newNumberRows(c)
	default:
		r = newPlainRows(c)
	}
	if len(c.values) <= few {
		return keptRows(r, len(c.values))
	}
	return r
}

// kept holds every row of a column of few values.
type kept [][]int16

func keptRows(r rower, n int) rower {
	all := make(kept, n)
	var s scratch
	for i := 1; i < n; i++ {
		all[i] = make([]int16, n)
		r.weights(int32(i), all[i], &s)
	}
	return all
}

func (k kept) weights(of int32, dst []int16, _ *scratch) { copy(dst, k[of]) }

// bound is the weight of each finding of a kind without tokens, before values are looked at.
func (c *Column) bound() []int16 {
	out := make([]int16, len(c.w.m))
	for f := range out {
		s := slot{finding: finding(f), rare: c.w.u[f], limit: 40 * Bit}
		person, _ := c.w.weigh(&s)
		out[f] = units(person)
	}
	return out
}

// weight is that of two values of a kind without tokens.
func (c *Column) weight(a, b *value) int16 {
	s := levelSlot(0, level(c.w.kind, a, b), c.w, &c.m.Fields[c.field].Frequencies, a, b)
	person, _ := c.w.weigh(&s)
	return units(person)
}

func fill(dst []int16, w int16) {
	for i := range dst {
		dst[i] = w
	}
}

// plainRows compares with every value, behind a bound on the letters.
type plainRows struct {
	c         *Column
	masks     []uint32
	different int16
}

func newPlainRows(c *Column) *plainRows {
	p := &plainRows{c: c, masks: make([]uint32, len(c.values)), different: c.bound()[len(c.w.m)-1]}
	for i, v := range c.values {
		p.masks[i] = letters(v.text)
	}
	return p
}

func (p *plainRows) weights(of int32, dst []int16, _ *scratch) {
	v := p.c.values[of]
	if p.c.w.kind != KindCode {
		for i, o := range p.c.values {
			dst[i] = p.c.weight(v, o)
		}
		return
	}
	fill(dst, p.different)
	for i, mask := range p.masks {
		if apart(mask, p.masks[of]) <= 2 {
			dst[i] = p.c.weight(v, p.c.values[i])
		}
	}
}
