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

// Columns holds what a model reads of n families, a slice of numbers for each variable, to score whole populations: one
// byte a number, four where it may be large. It is not safe for use by several goroutines; give each its own.
type Columns struct {
	model   *Model
	names   []string
	reader  *Reader
	columns []column
	plans   []plan  // by part of the model
	parts   []int16 // which part scores the family; nil where a model has only one, for everywhere
	row     []int32
	n       int
}

// column is narrow where every number of the variable fits a byte, else wide.
type column struct {
	narrow []uint8 // number + 1, 0 = Missing
	wide   []int32
}

// narrowest is the largest number that fits a narrow column.
const narrowest = 254

// plan is a part whose steps know their columns.
type plan struct {
	*part
	narrow []lookup
	wide   []long
}

// lookup is a step over a narrow column: its table needs no check of bounds.
type lookup struct {
	column int
	table  *[256]int64
}

// long is a step over a wide column.
type long struct {
	column int
	step   *step
}

// NewColumns makes room for n families. Until they are set, everything is missing.
func (m *Model) NewColumns(n int) *Columns {
	c := &Columns{model: m, n: n}
	for i := range m.parts {
		p := plan{part: &m.parts[i]}
		for j := range p.steps {
			c.plan(&p, &p.steps[j])
		}
		c.plans = append(c.plans, p)
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

// plan finds or makes the step's column.
func (c *Columns) plan(p *plan, s *step) {
	at := slices.Index(c.names, s.from.name)
	if at < 0 {
		at = len(c.names)
		c.names, c.columns = append(c.names, s.from.name), append(c.columns, newColumn(c.n, s.from.high))
	}
	if c.columns[at].wide != nil {
		p.wide = append(p.wide, long{at, s})
		return
	}
	table := new([256]int64)
	for i := range table {
		table[i] = s.at(int32(i) - 1)
	}
	p.narrow = append(p.narrow, lookup{at, table})
}

func newColumn(n int, high int32) column {
	if high <= narrowest {
		return column{narrow: make([]uint8, n)}
	}
	wide := make([]int32, n)
	for i := range wide {
		wide[i] = Missing
	}
	return column{wide: wide}
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
			col.narrow[i] = uint8(x + 1)
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
			c.scoreBlock(&c.plans[at], sums[:to-from], scores[from:to], from)
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

func (c *Columns) scoreBlock(p *plan, sums []int64, scores []int32, from int) {
	for i := range sums {
		sums[i] = p.base
	}
	to := from + len(sums)
	rest := p.narrow
	for ; len(rest) >= 4; rest = rest[4:] {
		addFour(sums, [4][]uint8{c.columns[rest[0].column].narrow[from:to], c.columns[rest[1].column].narrow[from:to],
			c.columns[rest[2].column].narrow[from:to], c.columns[rest[3].column].narrow[from:to]}, rest)
	}
	for _, l := range rest {
		for i, x := range c.columns[l.column].narrow[from:to] {
			sums[i] += l.table[x]
		}
	}
	for _, l := range p.wide {
		for i, x := range c.columns[l.column].wide[from:to] {
			sums[i] += l.step.at(x)
		}
	}
	for i, sum := range sums {
		scores[i] = p.scoreOf(sum)
	}
}

// addFour adds the values of four variables at once: sums are read and written a quarter as often.
func addFour(sums []int64, numbers [4][]uint8, by []lookup) {
	n := len(sums)
	a, b, c, d := numbers[0][:n], numbers[1][:n], numbers[2][:n], numbers[3][:n]
	s, t, u, v := by[0].table, by[1].table, by[2].table, by[3].table
	for i := range sums {
		sums[i] += s[a[i]] + t[b[i]] + u[c[i]] + v[d[i]]
	}
}

func (p *part) scoreOf(sum int64) int32 {
	answers, score := unpack(sum)
	if answers < p.least {
		return NoScore
	}
	return int32(score)
}

// scoreMixed scores a block whose families belong to several parts, one by one.
func (c *Columns) scoreMixed(scores []int32, from, to int) {
	for i := from; i < to; i++ {
		if c.parts[i] == outside {
			scores[i] = NoScore
			continue
		}
		p := &c.plans[c.parts[i]]
		sum := p.base
		for _, l := range p.narrow {
			sum += l.table[c.columns[l.column].narrow[i]]
		}
		for _, l := range p.wide {
			sum += l.step.at(c.columns[l.column].wide[i])
		}
		scores[i] = p.scoreOf(sum)
	}
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
		bytes += int64(len(c.columns[i].narrow)) + 4*int64(len(c.columns[i].wide))
	}
	return sum, bytes
}
