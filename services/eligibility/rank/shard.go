package rank

import (
	"context"
	"errors"
	"fmt"
	"math"
)

// NoScore stands for a score that is not there.
const NoScore = math.MinInt32

// Row is one family of the population.
type Row struct {
	ID      [16]byte
	Score   int32  // what it is ranked by; NoScore = it is not ranked
	Before  int32  // the score it was placed by before; NoScore = none
	Weight  uint16 // at least 1
	Regency uint16 // see RegencyNumber
}

// regencies is the number of possible regency codes.
const regencies = 100 * 100

// RegencyNumber packs a code such as "32.04" into 3204. Any other form gives false.
func RegencyNumber(code []byte) (uint16, bool) {
	if len(code) != 5 || code[2] != '.' {
		return 0, false
	}
	n := uint16(0)
	for _, i := range [...]int{0, 1, 3, 4} {
		d := code[i] - '0'
		if d > 9 {
			return 0, false
		}
		n = 10*n + uint16(d)
	}
	return n, true
}

// RegencyCode is the code of a number: "32.04" of 3204.
func RegencyCode(n uint16) string { return fmt.Sprintf("%02d.%02d", n/100, n%100) }

// maxCells bounds the counts a shard holds: 16 MiB of families and, by person, as much of weights. Where possible scores
// times regencies are more, neighbouring scores share a count; the bounds stay exact, only more rows are looked at again.
// More cells would save less there than they cost here, where a processor's caches end.
const maxCells = 1 << 22

// usualRegencies is what a shard makes room for from the start: Indonesia has 514. More make its counts coarser.
const usualRegencies = 540

// maxWeight of a population: counts have 32 bits.
const maxWeight = math.MaxUint32

// counts are how many families, and what weight, fall in each bucket of scores. Of equal weights there is one slice.
type counts struct {
	families, weights []uint32
}

func (c *counts) any() bool { return c.families != nil }

func newCounts(n int, byPerson bool) counts {
	c := counts{families: make([]uint32, n)}
	if c.weights = c.families; byPerson {
		c.weights = make([]uint32, n)
	}
	return c
}

// Shard counts and keeps some of the population's rows. It is not safe for use by several goroutines: give each its own.
type Shard struct {
	lo, hi   int64
	maxCells int
	byPerson bool
	shift    uint // a bucket is 1<<shift scores
	counted  [regencies]counts
	present  int // regencies counted
	families int64
	weight   int64
	digest   Digest
	spool    *spool
}

// NewShard makes a shard for scores from lo to hi, both inclusive; they are within int32. Without byPerson each family
// weighs 1. Rows are kept in a file without a name in the folder dir ("" = the system's), 28 bytes each; Close lets it go.
func NewShard(lo, hi int64, byPerson bool, dir string) (*Shard, error) {
	if lo > hi || lo <= NoScore || hi > math.MaxInt32 {
		return nil, fmt.Errorf("scores from %d to %d: want a rising range of 32 bits", lo, hi)
	}
	file, err := newSpool(dir)
	if err != nil {
		return nil, err
	}
	s := &Shard{lo: lo, hi: hi, maxCells: maxCells, byPerson: byPerson, spool: file}
	for s.buckets() > s.maxCells/usualRegencies {
		s.shift++
	}
	return s, nil
}

// Close frees the file.
func (s *Shard) Close() { s.spool.close() }

func (s *Shard) buckets() int { return int((s.hi-s.lo)>>s.shift) + 1 }

// Add takes in one row. A score out of range is an error.
func (s *Shard) Add(r Row) error {
	if !s.byPerson {
		r.Weight = 1
	}
	if r.Score != NoScore {
		if int64(r.Score) < s.lo || int64(r.Score) > s.hi {
			return errors.New("score out of the model's range")
		}
		if r.Weight == 0 || r.Regency >= regencies {
			return errors.New("row without weight or regency")
		}
		s.count(&r)
		s.digest.Add(&r)
	}
	return s.spool.add(&r)
}

func (s *Shard) count(r *Row) {
	c := &s.counted[r.Regency]
	if !c.any() {
		s.makeRoom(c)
	}
	at := (int64(r.Score) - s.lo) >> s.shift
	c.families[at]++
	if s.byPerson {
		c.weights[at] += uint32(r.Weight)
	}
	s.families++
	s.weight += int64(r.Weight)
}

// makeRoom gives a regency its counts, after making all coarser where they would be too many.
func (s *Shard) makeRoom(c *counts) {
	s.present++
	for s.present*s.buckets() > s.maxCells && s.buckets() > 1 {
		s.coarsen()
	}
	*c = newCounts(s.buckets(), s.byPerson)
}

// coarsen lets two neighbouring buckets share a count.
func (s *Shard) coarsen() {
	s.shift++
	for i := range s.counted {
		c := &s.counted[i]
		if !c.any() {
			continue
		}
		finer := *c
		*c = newCounts(s.buckets(), s.byPerson)
		c.add(finer, 1)
	}
}

// add sums counts that have 1<<shift times as many buckets, or as many with a shift of 0.
func (c *counts) add(o counts, shift uint) {
	for i, n := range o.families {
		c.families[i>>shift] += n
	}
	if &c.weights[0] == &c.families[0] {
		return
	}
	for i, n := range o.weights {
		c.weights[i>>shift] += n
	}
}

// Rows hands out all rows that were added, in order and in batches that are reused.
func (s *Shard) Rows(ctx context.Context, do func([]Row) error) error { return s.spool.each(ctx, do) }

// Families is the number that is ranked.
func (s *Shard) Families() int64 { return s.families }

// Digest is that of the rows that are ranked.
func (s *Shard) Digest() Digest { return s.digest }
