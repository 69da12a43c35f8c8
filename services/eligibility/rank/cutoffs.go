package rank

import (
	"errors"
	"fmt"
)

// Cutoffs are the upper bounds, inclusive, of deciles 1 to 9, in the score units of a model. They never fall.
type Cutoffs [Deciles - 1]int64

// ParseCutoffs checks nine bounds in rising order.
func ParseCutoffs(bounds []int64) (Cutoffs, error) {
	var c Cutoffs
	if len(bounds) != len(c) {
		return c, fmt.Errorf("%d cut-offs, want %d", len(bounds), len(c))
	}
	copy(c[:], bounds)
	for i := 1; i < len(c); i++ {
		if c[i] < c[i-1] {
			return c, fmt.Errorf("cut-off %d is below cut-off %d", i+1, i)
		}
	}
	return c, nil
}

// Decile is 1 for the poorest tenth up to 10.
func (c *Cutoffs) Decile(score int64) int {
	d := 1
	for d < Deciles && score > c[d-1] {
		d++
	}
	return d
}

// maxRange bounds the memory of a Counter: 8 bytes for each possible score.
const maxRange = 1 << 24

// Counter counts families by score. It is not safe for use by several goroutines: give each its own, then Merge.
type Counter struct {
	lo     int64
	counts []int64
	n      int64
}

// NewCounter counts scores from lo to hi, both inclusive.
func NewCounter(lo, hi int64) (*Counter, error) {
	if hi < lo || hi-lo >= maxRange {
		return nil, fmt.Errorf("scores span %d values, want 1 to %d", hi-lo+1, maxRange)
	}
	return &Counter{lo: lo, counts: make([]int64, hi-lo+1)}, nil
}

// Add counts one family. A score out of the counter's range is an error and is not counted.
func (c *Counter) Add(score int64) error {
	i := score - c.lo
	if i < 0 || i >= int64(len(c.counts)) {
		return errors.New("score out of the model's range")
	}
	c.counts[i]++
	c.n++
	return nil
}

// Merge adds what another counter of the same range has counted.
func (c *Counter) Merge(other *Counter) error {
	if c.lo != other.lo || len(c.counts) != len(other.counts) {
		return errors.New("counters have different ranges")
	}
	for i, n := range other.counts {
		c.counts[i] += n
	}
	c.n += other.n
	return nil
}

// Families is the number counted.
func (c *Counter) Families() int64 { return c.n }

// Cutoffs takes the bounds from the counts, with the group sizes of SQL's ntile: where the number of families is not a
// multiple of ten, the first groups have one more. With fewer than ten families the last groups are empty. It is an
// error when nothing was counted.
func (c *Counter) Cutoffs() (Cutoffs, error) {
	var out Cutoffs
	if c.n == 0 {
		return out, errors.New("no family was counted")
	}
	size, larger := c.n/Deciles, c.n%Deciles
	at, below := 0, int64(0) // below = families with a score up to counts[at], not included
	end := int64(0)          // families in the groups so far
	for k := range out {
		end += size
		if int64(k) < larger {
			end++
		}
		for below+c.counts[at] < end {
			below += c.counts[at]
			at++
		}
		out[k] = c.lo + int64(at)
	}
	return out, nil
}
