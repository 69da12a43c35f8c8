package pmt

import (
	"fmt"
	"math"
	"slices"

	"dtks/services/eligibility/fact"
)

// NoScore stands in a column of scores for a family that has none.
const NoScore int32 = math.MinInt32

// Reader reads the numbers of variables from families.
type Reader struct{ sources []source }

// NewReader reads the variables named. It is an error when one does not exist.
func NewReader(names []string) (*Reader, error) {
	r := &Reader{sources: make([]source, len(names))}
	for i, name := range names {
		var err error
		if r.sources[i], err = sourceOf(name); err != nil {
			return nil, fmt.Errorf("variable %q: %w", name, err)
		}
	}
	return r, nil
}

// Read puts the family's numbers into out, one for each variable; Missing where there is none.
func (r *Reader) Read(f *fact.Family, day int32, out []int32) {
	d := derive(f, day)
	for i := range r.sources {
		out[i] = r.sources[i].value(f, &d)
	}
}

// Columns holds what a model reads of n families, a slice of numbers for each variable, to score whole populations: two
// bytes a number, four where it is an amount per member. It is not safe for use by several goroutines; give each its own.
type Columns struct {
	model   *Model
	names   []string
	reader  *Reader
	columns []column
	parts   []int16 // which part scores the family; nil where a model has only one, for everywhere
	row     []int32
	n       int
}

// column is narrow where every number of the variable fits, else wide.
type column struct {
	narrow []int16
	wide   []int32
}

// NewColumns makes room for n families. Until they are set, everything is missing.
func (m *Model) NewColumns(n int) *Columns {
	c := &Columns{model: m, n: n}
	for i := range m.parts {
		for j := range m.parts[i].steps {
			if name := m.parts[i].steps[j].from.name; !slices.Contains(c.names, name) {
				c.names = append(c.names, name)
				c.columns = append(c.columns, newColumn(n, m.parts[i].steps[j].from.high))
			}
		}
	}
	c.reader, _ = NewReader(c.names) // all were found by Load
	c.row = make([]int32, len(c.names))
	if len(m.parts) > 1 || len(m.Areas) > 0 {
		c.parts = make([]int16, n)
		for i := range c.parts {
			c.parts[i] = outside
		}
	}
	return c
}

func newColumn(n int, high int32) column {
	var c column
	if high <= math.MaxInt16 {
		c.narrow = make([]int16, n)
		for i := range c.narrow {
			c.narrow[i] = int16(Missing)
		}
		return c
	}
	c.wide = make([]int32, n)
	for i := range c.wide {
		c.wide[i] = Missing
	}
	return c
}

// Names lists the variables, in the order that SetNumbers takes.
func (c *Columns) Names() []string { return slices.Clone(c.names) }

// Len is the number of families.
func (c *Columns) Len() int { return c.n }

// Set reads family i; area and day are those of Model.Score.
func (c *Columns) Set(i int, f *fact.Family, area string, day int32) {
	c.reader.Read(f, day, c.row)
	c.SetNumbers(i, area, c.row)
}

// SetNumbers sets family i from the numbers of Names. Numbers outside a variable's Domain count as missing.
func (c *Columns) SetNumbers(i int, area string, numbers []int32) {
	for j, x := range numbers {
		if x < 0 || x > c.reader.sources[j].high {
			x = Missing
		}
		if col := &c.columns[j]; col.narrow != nil {
			col.narrow[i] = int16(x)
		} else {
			col.wide[i] = x
		}
	}
	if c.parts != nil {
		c.parts[i] = int16(c.model.partOf(area))
	}
}

// block is how many families are summed at a time: their sums stay in the fastest cache.
const block = 1024

// Score writes the score of every family, what Model.Score gives, or NoScore. scores has room for Len of them.
func (c *Columns) Score(scores []int32) {
	var sums [block]int64
	for from := 0; from < c.n; from += block {
		to := min(from+block, c.n)
		if at, one := c.partOf(from, to); !one {
			c.scoreMixed(scores, from, to)
		} else if at == outside {
			fill(scores[from:to])
		} else {
			c.scoreBlock(&c.model.parts[at], sums[:to-from], scores[from:to], from)
		}
	}
}

// partOf is the part of all families of a block, if it is one: neighbours mostly live in one regency.
func (c *Columns) partOf(from, to int) (at int, one bool) {
	if c.parts == nil {
		return 0, true
	}
	first := c.parts[from]
	for _, at := range c.parts[from:to] {
		if at != first {
			return 0, false
		}
	}
	return int(first), true
}

func (c *Columns) scoreBlock(p *part, sums []int64, scores []int32, from int) {
	for i := range sums {
		sums[i] = p.base
	}
	for i := range p.steps {
		s := &p.steps[i]
		if col := &c.columns[slices.Index(c.names, s.from.name)]; col.narrow != nil {
			addColumn(sums, col.narrow[from:from+len(sums)], s)
		} else {
			addColumn(sums, col.wide[from:from+len(sums)], s)
		}
	}
	for i, sum := range sums {
		scores[i] = p.scoreOf(sum)
	}
}

func (p *part) scoreOf(sum int64) int32 {
	answers, score := unpack(sum)
	if answers < p.least {
		return NoScore
	}
	return int32(score)
}

// addColumn adds one variable's values. Most numbers are in the table; the others go the long way.
func addColumn[T int16 | int32](sums []int64, numbers []T, s *step) {
	table := s.table
	sums = sums[:len(numbers)]
	for i, x := range numbers {
		if at := int(x) + 1; uint(at) < uint(len(table)) {
			sums[i] += table[at]
		} else {
			sums[i] += s.at(int32(x))
		}
	}
}

// scoreMixed scores a block whose families belong to several parts, one by one.
func (c *Columns) scoreMixed(scores []int32, from, to int) {
	for i := from; i < to; i++ {
		if c.parts[i] == outside {
			scores[i] = NoScore
			continue
		}
		p := &c.model.parts[c.parts[i]]
		sum := p.base
		for j := range p.steps {
			s := &p.steps[j]
			sum += s.at(c.number(slices.Index(c.names, s.from.name), i))
		}
		scores[i] = p.scoreOf(sum)
	}
}

func (c *Columns) number(column, i int) int32 {
	if col := &c.columns[column]; col.narrow != nil {
		return int32(col.narrow[i])
	}
	return c.columns[column].wide[i]
}

func fill(scores []int32) {
	for i := range scores {
		scores[i] = NoScore
	}
}

// Sum adds up every number that Score reads, each once, and how many bytes they are: the least that a scorer can do, with
// which its speed is compared.
func (c *Columns) Sum() (sum, bytes int64) {
	for i := range c.columns {
		for _, x := range c.columns[i].narrow {
			sum += int64(x)
		}
		for _, x := range c.columns[i].wide {
			sum += int64(x)
		}
		bytes += 2*int64(len(c.columns[i].narrow)) + 4*int64(len(c.columns[i].wide))
	}
	return sum, bytes
}
