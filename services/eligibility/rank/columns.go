package rank

import (
	"errors"
	"maps"
	"slices"
)

// Packed are the deciles of one family at the three levels, four bits each.
type Packed uint16

// Decile is the one of a level.
func (p Packed) Decile(l Level) int { return int(p >> (4 * l) & 15) }

func (p Packed) with(l Level, decile int) Packed { return p | Packed(decile)<<(4*l) }

// columnCells bounds the counts of Columns to what processors keep at hand.
const columnCells = 1 << 20

// Columns places a population that is held in memory, in order of id, as releases do by family: out[i] becomes the deciles
// of the family with scores[i] in regencies[i]. It costs some nanoseconds a family: for trying what a change would do.
func Columns(scores []int32, regencies []uint16, out []Packed) error {
	if len(regencies) != len(scores) || len(out) != len(scores) {
		return errors.New("columns of different lengths")
	}
	if len(scores) == 0 {
		return nil
	}
	c := newColumns(scores, regencies)
	c.count(scores, regencies)
	c.place()
	near := c.look(scores, regencies, out)
	for _, i := range near {
		c.sort(scores[i], regencies[i], i)
	}
	for _, a := range c.areas {
		a.cut()
	}
	for _, i := range near {
		key := c.key(scores[i], i)
		for l, a := range c.areasOf[regencies[i]] {
			out[i] = out[i].with(Level(l), a.decile(key))
		}
	}
	return nil
}

// columns are the counts of one call, regency by regency.
type columns struct {
	lo      int64
	shift   uint
	buckets int
	start   *[1 << 16]uint32 // of a regency's buckets; only those that occur have any
	counts  []uint32
	packed  []Packed // of all families in a bucket; 0 where it holds a bound
	areas   []*column
	areasOf map[uint16][Levels]*column
}

// column is what is known of one area.
type column struct {
	counts []uint32
	bounds [Deciles - 1]bound
}

// bound is the upper bound of a decile: the family of a rank within a bucket, and in the end its key.
type bound struct {
	bucket int
	rank   int64
	rows   []uint64 // keys of the bucket's families; kept once a bucket
	key    uint64
}

func newColumns(scores []int32, numbers []uint16) *columns {
	var seen [1 << 16]bool
	lo, hi := scores[0], scores[0]
	for i, s := range scores {
		lo, hi = min(lo, s), max(hi, s)
		seen[numbers[i]] = true
	}
	c := &columns{lo: int64(lo), start: new([1 << 16]uint32), areasOf: map[uint16][Levels]*column{}}
	byCode := map[string]*column{}
	for n := range seen {
		if !seen[n] {
			continue
		}
		var areas [Levels]*column
		for l := range Levels {
			code := l.Code(RegencyCode(uint16(n)))
			if byCode[code] == nil {
				byCode[code] = &column{}
				c.areas = append(c.areas, byCode[code])
			}
			areas[l] = byCode[code]
		}
		c.areasOf[uint16(n)] = areas
	}
	span := int64(hi) - c.lo
	for (span>>c.shift+1)*int64(len(c.areasOf)) > columnCells && span>>c.shift > 0 {
		c.shift++
	}
	c.buckets = int(span>>c.shift) + 1
	for i, n := range slices.Sorted(maps.Keys(c.areasOf)) {
		c.start[n] = uint32(i * c.buckets)
	}
	c.counts = make([]uint32, c.buckets*len(c.areasOf))
	c.packed = make([]Packed, len(c.counts))
	return c
}

// count counts families by regency and bucket. What the loop needs is at hand: it runs for the whole population.
func (c *columns) count(scores []int32, numbers []uint16) {
	counts, start, lo, shift := c.counts, c.start, int32(c.lo), c.shift&31
	for i, s := range scores {
		counts[start[numbers[i]]+uint32(s-lo)>>shift]++
	}
}

// look gives the families of buckets without bounds their deciles and returns the positions of all others.
func (c *columns) look(scores []int32, numbers []uint16, out []Packed) (near []int) {
	packed, start, lo, shift := c.packed, c.start, int32(c.lo), c.shift&31
	for i, s := range scores {
		p := packed[start[numbers[i]]+uint32(s-lo)>>shift]
		if out[i] = p; p == 0 {
			near = append(near, i)
		}
	}
	return near
}

func (c *columns) bucket(score int32) int { return int((int64(score) - c.lo) >> c.shift) }

// key orders families by score and then by position, which is that of their ids.
func (c *columns) key(score int32, position int) uint64 {
	return uint64(int64(score)-c.lo)<<32 | uint64(position)
}

// place finds the buckets that hold bounds, and the deciles of all others.
func (c *columns) place() {
	for n, areas := range c.areasOf {
		counts := c.counts[c.start[n]:][:c.buckets]
		areas[Regency].counts = counts
		for _, a := range areas[:Regency] {
			if a.counts == nil {
				a.counts = make([]uint32, c.buckets)
			}
			for b, n := range counts {
				a.counts[b] += n
			}
		}
	}
	for _, a := range c.areas {
		a.find()
	}
	for n, areas := range c.areasOf {
		packed := c.packed[c.start[n]:][:c.buckets]
		for l, a := range areas {
			decile := 1
			for b := range packed {
				for decile < Deciles && a.bounds[decile-1].bucket < b {
					decile++
				}
				packed[b] = packed[b].with(Level(l), decile)
			}
		}
		for _, a := range areas {
			for k := range a.bounds {
				packed[a.bounds[k].bucket] = 0
			}
		}
	}
}

// find gives each bound its bucket, and its rank among the bucket's families.
func (a *column) find() {
	families := int64(0)
	for _, n := range a.counts {
		families += int64(n)
	}
	at, below := 0, int64(0)
	for k := range a.bounds {
		rank := ntile(int64(k+1), Deciles, families)
		for below+int64(a.counts[at]) < rank {
			below += int64(a.counts[at])
			at++
		}
		a.bounds[k] = bound{bucket: at, rank: rank - below}
	}
}

// sort puts a family's key to those of its bucket in each area that has a bound there.
func (c *columns) sort(score int32, regency uint16, position int) {
	bucket := c.bucket(score)
	for _, a := range c.areasOf[regency] {
		for k := range a.bounds {
			if a.bounds[k].bucket == bucket {
				a.bounds[k].rows = append(a.bounds[k].rows, c.key(score, position))
				break
			}
		}
	}
}

// cut gives each bound its key. Bounds in one bucket share the first one's families.
func (a *column) cut() {
	for k := range a.bounds {
		b := &a.bounds[k]
		if k > 0 && b.bucket == a.bounds[k-1].bucket {
			b.rows = a.bounds[k-1].rows
		} else {
			slices.Sort(b.rows)
		}
		b.key = b.rows[b.rank-1]
	}
}

func (a *column) decile(key uint64) int {
	decile := 1
	for k := range a.bounds {
		if a.bounds[k].key < key {
			decile++
		}
	}
	return decile
}
