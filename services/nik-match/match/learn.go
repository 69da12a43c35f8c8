package match

import (
	"math"
	"slices"
)

// learning says how much the starting values count against what a file shows, in pairs.
const (
	mWeight         = 40  // pseudo pairs behind the probabilities of one person
	householdWeight = 400 // the same where relatives are told apart: a file may hold more siblings than duplicates
	uWeight         = 20  // pseudo slots behind those of strangers
	sampled         = 40_000
	rounds          = 25
)

// Observe returns a copy of the model with frequencies counted on records, and with the probabilities of strangers
// measured on pairs of them. matched gives what share of the agreements on a value are believed to be of one person; nil
// before anything is known.
func (m *Model) Observe(matched *Matched, files ...[]Record) *Model {
	out := m.clone()
	total := 0
	for _, f := range files {
		total += len(f)
	}
	for i := range out.Fields {
		out.Fields[i].Frequencies = count(out.Fields[i].Kind, i, total, matched, files)
	}
	if err := out.prepare(); err != nil {
		panic(err) // counted shares are in range
	}
	out.strangers(files)
	return out
}

// Matched holds, for every field, how many agreeing pairs on a value or token are believed to be of one person.
type Matched struct{ by []map[string]float64 }

// count gives the shares of records that carry a value besides the one that is looked at. A value that only one person
// carries, in however many records, counts as half a record, or as little as such values usually are shared: it cannot
// be known to be rarer.
func count(k Kind, field, total int, matched *Matched, files [][]Record) Frequencies {
	n := map[string]int{}
	for _, records := range files {
		for r := range records {
			records[r].values[field].each(k, func(key string) { n[key]++ })
		}
	}
	unseen := min(0.5, float64(total)*typicalU[k])
	f := Frequencies{Share: make(map[string]float64, len(n)), Unseen: max(unseen/float64(max(total, 1)), 1e-9)}
	for key, c := range n {
		others := float64(c - 1)
		if matched != nil {
			others -= 2 * matched.by[field][key] / float64(c)
		}
		if share := (max(others, 0) + unseen) / float64(total); share > f.Unseen {
			f.Share[key] = min(share, 1)
		}
	}
	return f
}

// typicalU is how often strangers agree on a value of a kind of which a file shows no case; 1 where that depends on the
// kind of words: of birth dates one in 60 years of days, of identifiers hardly ever.
var typicalU = map[Kind]float64{KindName: 1, KindAddress: 1, KindText: 1, KindCode: 1, KindPlace: 1, KindArea: 1, KindSex: 1,
	KindDate: 5e-5, KindNIK: 1e-8, KindNumber: 1e-6, KindPhone: 1e-6, KindEmail: 1e-6}

// each calls f for every key by which the value's frequency counts, once.
func (v *value) each(k Kind, f func(key string)) {
	if v.text == "" {
		return
	}
	if len(v.readings) == 0 {
		f(v.text)
		if k == KindArea {
			for _, n := range []int{6, 4, 2} {
				if len(v.text) > n {
					f(v.text[:n])
				}
			}
		}
		return
	}
	var seen [mostTokens * 3]string
	keys := seen[:0]
	for _, r := range v.readings {
		if r.joined >= 0 {
			continue
		}
		for i := range r.tokens {
			if key := r.tokens[i].Canon; !slices.Contains(keys, key) {
				keys = append(keys, key)
				f(key)
			}
		}
	}
}

// strangers measures U on pairs of records that lie apart in the files, leaving out what looks like one person.
func (m *Model) strangers(files [][]Record) {
	var all []*Record
	for _, f := range files {
		for i := range f {
			all = append(all, &f[i])
		}
	}
	seen := make([][]float64, len(m.Fields))
	for i := range seen {
		seen[i] = make([]float64, len(m.weights[i].m))
	}
	var buf [64]slot
	for _, p := range spread(len(all), sampled) {
		slots := m.slots(all[p[0]], all[p[1]], buf[:0])
		person, kin := m.sum(slots)
		stranger := 1 / (1 + math.Exp2(min(m.odds(person, kin).Float(), 60)))
		for _, s := range slots {
			seen[s.field][s.finding] += stranger
		}
	}
	for i := range m.Fields {
		blend(m.Fields[i].U, seen[i], findings[m.Fields[i].Kind], uWeight)
		for f, name := range findings[m.Fields[i].Kind] {
			if m.Fields[i].Kind == KindNIK && m.weights[i].against(finding(f)) {
				m.Fields[i].U[name] = 1 // given that district and date agree, which have fields of their own
			}
		}
	}
	if err := m.prepare(); err != nil {
		panic(err)
	}
}

// spread lists about n pairs of 0..size-1, the same ones for the same size, spread evenly.
func spread(size, n int) [][2]int {
	var out [][2]int
	if all := size * (size - 1) / 2; all <= n {
		for i := range size {
			for j := range i {
				out = append(out, [2]int{j, i})
			}
		}
		return out
	}
	shifts := n/size + 1
	for k := range shifts {
		// Never neighbours first of all: registers stand in the order of households.
		shift := 1 + (2*k+1)*(size/2-1)/(2*shifts)
		for i := range size {
			out = append(out, [2]int{i, (i + shift) % size})
		}
	}
	return out
}

// blend replaces probabilities by counted shares, with the old ones counting as so many observations.
func blend(p map[string]float64, seen []float64, names []string, weight float64) {
	total := 0.0
	for _, n := range seen {
		total += n
	}
	for i, name := range names {
		p[name] = min(1, max(1e-7, (seen[i]+weight*p[name])/(total+weight)))
	}
}

// mostMoved is how far learning may move a probability where relatives are told apart. Left free, "one person" drifts
// towards siblings wherever those outnumber duplicates: they agree on everything but the name and the birth date.
const mostMoved = 3

// bound keeps learned probabilities near the starting ones, and their sum at 1.
func bound(p, start map[string]float64) {
	sum := 0.0
	for name := range p {
		p[name] = min(max(p[name], start[name]/mostMoved), start[name]*mostMoved)
		sum += p[name]
	}
	for name := range p {
		p[name] /= sum
	}
}

// Candidates are the pairs that learning looks at: those that are not hopeless.
type Candidates struct {
	Pairs [][2]*Record
	Share float64 // of all pairs, those that were looked at; 0 = all
	slots []slot
	ends  []int
}

// Estimate learns, from candidates out of total compared pairs, how often one person's two records show each finding,
// and how often a pair is of one person or of one household: expectation and maximisation, without any label.
// start is the model before any learning, towards which estimates lean where the file shows little. It returns the learned
// copy and what it believes of the agreements on each value.
func (m *Model) Estimate(c *Candidates, total int64, start *Model) (*Model, *Matched) {
	out := m.clone()
	if err := out.prepare(); err != nil {
		panic(err)
	}
	c.slots, c.ends = c.slots[:0], c.ends[:0]
	for _, p := range c.Pairs {
		c.slots = out.slots(p[0], p[1], c.slots)
		c.ends = append(c.ends, len(c.slots))
	}
	for range rounds {
		if out.step(c, start, total) < 1e-4 {
			break
		}
	}
	return out, out.matched(c)
}

// step is one round; it returns by how much the expected number of matches moved.
func (m *Model) step(c *Candidates, start *Model, total int64) float64 {
	seen := make([][]float64, len(m.Fields))
	for i := range seen {
		seen[i] = make([]float64, len(m.weights[i].m))
	}
	var matches, relatives float64
	from := 0
	for _, to := range c.ends {
		slots := c.slots[from:to]
		from = to
		p, k := m.belief(slots)
		matches, relatives = matches+p, relatives+k
		if p > 1e-6 {
			for _, s := range slots {
				seen[s.field][s.finding] += p
			}
		}
	}
	for i := range m.Fields {
		for name, p := range start.Fields[i].M {
			m.Fields[i].M[name] = p
		}
		weight := float64(mWeight)
		if len(m.Fields[i].Relative) > 0 {
			weight = householdWeight
		}
		blend(m.Fields[i].M, seen[i], findings[m.Fields[i].Kind], weight)
		if len(m.Fields[i].Relative) > 0 {
			bound(m.Fields[i].M, start.Fields[i].M)
		}
	}
	before := m.Prior.Match
	m.Prior.Match = min(0.5, max(matches, 0.5)/float64(total))
	if start.Prior.Relative > 0 {
		m.Prior.Relative = min(0.4, max(relatives, 0.5)/float64(total))
	}
	if err := m.prepare(); err != nil {
		panic(err)
	}
	return math.Abs(m.Prior.Match-before) / before
}

// belief is how likely a pair is of one person, and of one household.
func (m *Model) belief(slots []slot) (person, relatives float64) {
	x, y := m.sum(slots)
	a, b := math.Exp2(min((m.prior+x).Float(), 300)), 0.0
	if m.Prior.Relative > 0 {
		b = math.Exp2(min((m.kin + y).Float(), 300))
	}
	return a / (a + b + 1), b / (a + b + 1)
}

func (m *Model) matched(c *Candidates) *Matched {
	out := &Matched{by: make([]map[string]float64, len(m.Fields))}
	for i := range out.by {
		out.by[i] = map[string]float64{}
	}
	from := 0
	for n, to := range c.ends {
		p, _ := m.belief(c.slots[from:to])
		from = to
		if p < 0.01 {
			continue
		}
		if c.Share > 0 {
			p /= c.Share
		}
		a, b := c.Pairs[n][0], c.Pairs[n][1]
		for i := range m.Fields {
			x, y := &a.values[i], &b.values[i]
			if x.text == "" || y.text == "" {
				continue
			}
			keys := map[string]bool{}
			x.each(m.Fields[i].Kind, func(key string) { keys[key] = true })
			y.each(m.Fields[i].Kind, func(key string) {
				if keys[key] {
					out.by[i][key] += p
				}
			})
		}
	}
	return out
}
