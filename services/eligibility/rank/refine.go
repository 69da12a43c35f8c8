package rank

import (
	"cmp"
	"context"
	"encoding/binary"
	"math/bits"
	"slices"
	"sync"
)

const (
	refineRounds = 8       // more are of no use: each divides the largest windows by eight at the very least
	maxSplitters = 1 << 17 // of all windows that are refined at once
)

// refine narrows the largest windows until the rows in all of them fit into memory. Only populations in which millions
// share few scores need it. A sample of a window's rows splits it into parts, which are counted to find those that hold
// the bounds: two more readings a round.
func (c *census) refine(ctx context.Context, shards []*Shard) error {
	for range refineRounds {
		heavy := c.number()
		if len(heavy) == 0 {
			return nil
		}
		parts, err := c.sample(ctx, shards, heavy)
		if err != nil {
			return err
		}
		if err := c.countParts(ctx, shards, parts); err != nil {
			return err
		}
		for _, a := range c.areas {
			a.narrow(parts)
		}
	}
	c.number()
	return nil
}

// number numbers all windows and returns the largest, without which the others fit; none when all do.
func (c *census) number() []*window {
	c.windows = c.windows[:0]
	total := int64(0)
	for _, a := range c.areas {
		for _, w := range a.windows {
			w.number = int32(len(c.windows))
			c.windows = append(c.windows, w)
			total += w.families
		}
	}
	if total <= c.maxHits {
		return nil
	}
	bySize := slices.SortedStableFunc(slices.Values(c.windows), func(a, b *window) int { return cmp.Compare(a.families, b.families) })
	for i, kept := 0, int64(0); i < len(bySize); i++ {
		if kept += bySize[i].families; kept > c.maxHits/2 {
			return bySize[i:]
		}
	}
	return nil
}

// parts divide a window at splitters, which rise: part i is the rows below splitter i and not below the one before.
type parts struct {
	splitters []Point
	counts    counts
}

// sample picks splitters for each heavy window by a hash of the id, so that shards and order do not matter.
func (c *census) sample(ctx context.Context, shards []*Shard, heavy []*window) (map[*window]*parts, error) {
	wanted := int64(max(8, min(4096, maxSplitters/len(heavy))))
	limits := make([]uint64, len(c.windows)) // a row is picked when its hash is below
	for _, w := range heavy {
		limits[w.number] = ^uint64(0)
		if w.families > wanted {
			limits[w.number], _ = bits.Div64(uint64(wanted), 0, uint64(w.families))
		}
	}
	out := make(map[*window]*parts, len(heavy))
	for _, w := range heavy {
		out[w] = &parts{}
	}
	var mu sync.Mutex
	err := each(ctx, shards, func(_ int, r *Row) {
		c.find(r, func(w *window, p Point) {
			if mix(p.ID) < limits[w.number] {
				mu.Lock()
				out[w].splitters = append(out[w].splitters, p)
				mu.Unlock()
			}
		})
	})
	for _, p := range out {
		slices.SortFunc(p.splitters, Point.Compare)
	}
	return out, err
}

// mix spreads ids evenly, also those that begin with the time.
func mix(id [16]byte) uint64 {
	hi, lo := bits.Mul64(binary.LittleEndian.Uint64(id[:8])^0x9e3779b97f4a7c15, binary.LittleEndian.Uint64(id[8:])|1)
	hi, lo = bits.Mul64(hi^lo^0xd6e8feb86659fd93, 0xa0761d6478bd642f)
	return hi ^ lo
}

// countParts counts the rows of each part.
func (c *census) countParts(ctx context.Context, shards []*Shard, sought map[*window]*parts) error {
	byShard := make([][]counts, len(shards))
	for i := range byShard {
		byShard[i] = make([]counts, len(c.windows))
		for w, p := range sought {
			byShard[i][w.number] = newCounts(len(p.splitters)+1, c.byPerson)
		}
	}
	err := each(ctx, shards, func(shard int, r *Row) {
		c.find(r, func(w *window, p Point) {
			n := &byShard[shard][w.number]
			if !n.any() {
				return
			}
			at, found := slices.BinarySearchFunc(sought[w].splitters, p, Point.Compare)
			if found {
				at++
			}
			n.families[at]++
			if c.byPerson {
				n.weights[at] += uint32(r.Weight)
			}
		})
	})
	for w, p := range sought {
		p.counts = byShard[0][w.number]
		for _, more := range byShard[1:] {
			p.counts.add(more[w.number], 0)
		}
	}
	return err
}

// narrow puts the parts with bounds in the place of the windows that were divided.
func (a *population) narrow(divided map[*window]*parts) {
	var out []*window
	for _, w := range a.windows {
		p := divided[w]
		if p == nil {
			out = append(out, w)
			continue
		}
		for _, s := range spans(p.counts, w.families, w.below, w.targets) {
			n := &window{from: w.from, to: w.to, below: s.below, families: s.families, targets: s.targets}
			if s.from > 0 {
				n.from = p.splitters[s.from-1]
			}
			if s.to <= len(p.splitters) {
				n.to = p.splitters[s.to-1]
			}
			out = append(out, n)
		}
	}
	a.windows = out
}
