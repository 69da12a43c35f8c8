package link

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"dtks/services/nik-match/match"
)

// table is one field of a scan.
type table struct {
	column *match.Column
	a, b   []int32 // ids of the values of both sides

	telling int64 // what full agreement weighs, summed over some values
	sparse  bool  // most values weigh the same against a value: the others are entered one by one
	starts  []int32
	records []int32 // sparse: the second side's records by value, those of value v from starts[v] on
}

// measure finds out what agreement weighs: fields of which it weighs most are added first.
func (t *table) measure() {
	row := make([]int16, t.column.Len())
	var s match.Scratch
	for k := range min(20, len(t.a)) {
		id := t.a[k*len(t.a)/20%len(t.a)]
		t.column.Weights(id, row, &s)
		t.telling += int64(row[id])
	}
	_, _, t.sparse = t.column.Exceptions(0, &s)
}

// post lists the records of the second side by value.
func (t *table) post() {
	if !t.sparse {
		return
	}
	t.starts = make([]int32, t.column.Len()+1)
	for _, id := range t.b {
		t.starts[id+1]++
	}
	for i := 1; i < len(t.starts); i++ {
		t.starts[i] += t.starts[i-1]
	}
	next := append([]int32(nil), t.starts...)
	t.records = make([]int32, len(t.b))
	for r, id := range t.b {
		t.records[next[id]] = int32(r)
		next[id]++
	}
}

// tables prepares the columns of all fields.
func (j *job) tables(m *match.Model) []table {
	out := make([]table, len(m.Fields))
	var wait sync.WaitGroup
	gate := make(chan struct{}, j.o.Workers)
	for i := range out {
		wait.Go(func() {
			gate <- struct{}{}
			defer func() { <-gate }()
			c := m.NewColumn(i, j.a, j.b)
			t := table{column: c, a: c.IDs(j.a)}
			if t.b = t.a; j.two {
				t.b = c.IDs(j.b)
			}
			t.measure()
			out[i] = t
		})
	}
	wait.Wait()
	return out
}

// order says in which order records are gone through: those that share the fields that are dear to weigh one after
// another, so that a household's address and mother are weighed once.
func (j *job) order(m *match.Model, tables []table) []int32 {
	out := make([]int32, len(j.a))
	for i := range out {
		out[i] = int32(i)
	}
	var dear []table
	for i := len(tables) - 1; i >= 0; i-- {
		if k := m.Fields[i].Kind; (k == match.KindName || k == match.KindAddress) && tables[i].column.Len() < len(j.a)*9/10 {
			dear = append(dear, tables[i])
		}
	}
	slices.SortFunc(out, func(x, y int32) int {
		for _, t := range dear {
			if c := cmp.Compare(t.a[x], t.a[y]); c != 0 {
				return c
			}
		}
		return int(x - y)
	})
	return out
}

// permuted puts the ids of one file into the order in which it is gone through.
func permuted(tables []table, order []int32) {
	for i := range tables {
		ids := make([]int32, len(order))
		for k, o := range order {
			ids[k] = tables[i].a[o]
		}
		tables[i].a, tables[i].b = ids, ids
	}
}

// scan compares all pairs and returns those whose weights reach the floor, and perhaps some more: rows are upper bounds.
func (j *job) scan(ctx context.Context, m *match.Model, floor match.Bits) ([]found, error) {
	tables := j.tables(m)
	var order []int32
	if !j.two {
		order = j.order(m, tables)
		permuted(tables, order)
	}
	for i := range tables {
		tables[i].post()
	}
	least := int32((floor - m.PriorOdds()) / match.Unit)
	j.raisedTo = 0
	if raised := j.raised(tables, least); raised > least {
		least = raised
		j.raisedTo = match.Bits(least)*match.Unit + m.PriorOdds()
	}
	var next, done atomic.Int64
	var wait sync.WaitGroup
	results := make([][]found, j.o.Workers)
	var report sync.Mutex
	for w := range j.o.Workers {
		wait.Go(func() {
			s := newScanner(tables)
			for ctx.Err() == nil {
				from := next.Add(stride) - stride
				if from >= int64(len(j.a)) {
					break
				}
				to := min(from+stride, int64(len(j.a)))
				for row := from; row < to; row++ {
					if j.stride > 1 && row%int64(j.stride) != 0 {
						continue
					}
					results[w] = s.row(j, int32(row), least, results[w])
				}
				if n := done.Add(to - from); report.TryLock() {
					j.o.Progress(n, int64(len(j.a)))
					report.Unlock()
				}
			}
		})
	}
	wait.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	j.o.Progress(int64(len(j.a)), int64(len(j.a)))
	var all []found
	for _, r := range results {
		all = append(all, r...)
	}
	for i, f := range all {
		if order != nil {
			x, y := order[f.a], order[f.b]
			all[i] = found{min(x, y), max(x, y)}
		}
	}
	return all, nil
}

// raised raises the floor where rows taken here and there say that too many pairs would be kept.
func (j *job) raised(tables []table, least int32) int32 {
	s := newScanner(tables)
	rows := min(200, len(j.a))
	for rows > 0 {
		n := 0
		for k := range rows {
			n += len(s.row(j, int32(k*len(j.a)/rows), least, nil))
		}
		if int64(n)*int64(len(j.a)) <= int64(most)*int64(rows) {
			break
		}
		least += int32(match.Bit / match.Unit)
	}
	return least
}

// stride is how many neighbouring rows a worker takes at a time.
const stride = 64

// scanner is what one worker needs: the row of every field, and sums.
type scanner struct {
	sparse  []table
	dense   []table
	first   int       // so many dense fields are added for all pairs, the others where those leave hope
	rows    [][]int16 // of the dense fields
	last    []int32   // the value whose row is there
	sums    []int32   // one for every record of the second side
	scratch []match.Scratch
}

// block is how many sums are taken at a time: they and their ids stay in the first cache.
const block = 2048

func newScanner(tables []table) *scanner {
	s := &scanner{}
	for _, t := range tables {
		s.sums = make([]int32, len(t.b))
		if t.sparse {
			s.sparse = append(s.sparse, t)
		} else {
			s.dense = append(s.dense, t)
		}
	}
	n := len(s.dense)
	s.first, s.rows, s.last, s.scratch = (n+1)/2, make([][]int16, n), make([]int32, n), make([]match.Scratch, n+1)
	slices.SortStableFunc(s.dense, func(x, y table) int { return cmp.Compare(y.telling, x.telling) })
	for i, t := range s.dense {
		s.rows[i] = make([]int16, t.column.Len())
		s.last[i] = -1
	}
	return s
}

// row appends the pairs of one record that reach the least sum.
func (s *scanner) row(j *job, a, least int32, out []found) []found {
	rest := int32(0)
	for i := range s.dense {
		id := s.dense[i].a[a]
		if id != s.last[i] {
			s.dense[i].column.Weights(id, s.rows[i], &s.scratch[i])
			s.last[i] = id
		}
		if i >= s.first {
			rest += max(0, int32(s.rows[i][id])) // no value weighs more against another than against itself
		}
	}
	from, to := int32(0), int32(len(j.b))
	if !j.two {
		from, to = a+1, int32(len(j.a))
	}
	s.start(a, from, to)
	for ; from < to; from += block {
		n := min(block, to-from)
		s.add(from, n)
		for k, sum := range s.sums[from : from+n] {
			if sum >= least-rest {
				b := from + int32(k)
				for i := s.first; i < len(s.dense); i++ {
					sum += int32(s.rows[i][s.dense[i].b[b]])
				}
				if sum >= least {
					out = append(out, found{a, b})
				}
			}
		}
	}
	return out
}

// start sets the sums to what the sparse fields weigh.
func (s *scanner) start(a, from, to int32) {
	usual := int32(0)
	clear(s.sums[from:to])
	for i := range s.sparse {
		t := &s.sparse[i]
		w, exceptions, _ := t.column.Exceptions(t.a[a], &s.scratch[len(s.dense)])
		usual += int32(w)
		for _, e := range exceptions {
			more := int32(e.Weight) - int32(w)
			for _, r := range t.records[t.starts[e.ID]:t.starts[e.ID+1]] {
				s.sums[r] += more // also of records that are not in this row; those are cleared or never read
			}
		}
	}
	if usual != 0 {
		for k := from; k < to; k++ {
			s.sums[k] += usual
		}
	}
}

// add adds the weights of the first dense fields for n records, two fields at a time so that sums are not written for
// each.
func (s *scanner) add(from, n int32) {
	sums := s.sums[from : from+n]
	i := 0
	for ; i+2 <= s.first; i += 2 {
		x, y := s.dense[i].b[from:from+n], s.dense[i+1].b[from:from+n]
		p, q := s.rows[i], s.rows[i+1]
		for k := range sums {
			sums[k] += int32(p[x[k]]) + int32(q[y[k]])
		}
	}
	for ; i < s.first; i++ {
		x, p := s.dense[i].b[from:from+n], s.rows[i]
		for k := range sums {
			sums[k] += int32(p[x[k]])
		}
	}
}
