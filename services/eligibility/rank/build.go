package rank

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// Build ranks the rows of all shards, which are of one range and one kind of weight. It uses up what they have counted,
// so it can be called once; their rows stay readable.
func Build(ctx context.Context, shards ...*Shard) (*Table, error) {
	return build(ctx, maxHits, shards)
}

func build(ctx context.Context, maxHits int64, shards []*Shard) (*Table, error) {
	first := shards[0]
	total := int64(0)
	for _, s := range shards {
		if s.lo != first.lo || s.hi != first.hi || s.byPerson != first.byPerson {
			return nil, errors.New("shards of different rankings")
		}
		if total += s.weight; total > maxWeight {
			return nil, errors.New("population weighs 2^32 or more")
		}
	}
	c := gather(shards)
	c.maxHits = maxHits
	c.plan()
	if err := c.refine(ctx, shards); err != nil {
		return nil, err
	}
	if err := c.collect(ctx, shards); err != nil {
		return nil, err
	}
	areas := make(map[string]*Area, len(c.areas))
	for _, a := range c.areas {
		areas[a.code] = a.result
	}
	return NewTable(areas), nil
}

// census is what all shards have counted, by area.
type census struct {
	lo       int64
	shift    uint
	byPerson bool
	maxHits  int64
	areas    []*population
	regions  [regencies]*region
	windows  []*window
}

// population is one area's. Its windows rise and do not overlap.
type population struct {
	code    string
	counts  counts
	result  *Area
	windows []*window
	wanted  []uint64 // a bit a bucket: those with a window
}

// region is a regency's three areas, and the buckets that are wanted in any of them.
type region struct {
	wanted []uint64
	areas  [Levels]*population
}

// gather sums the shards' counts by regency, province and nation.
func gather(shards []*Shard) *census {
	first := shards[0]
	for _, s := range shards {
		first.merge(s)
	}
	c := &census{lo: first.lo, shift: first.shift, byPerson: first.byPerson}
	byCode := map[string]*population{}
	for n := range first.counted {
		counted := first.counted[n]
		if !counted.any() {
			continue
		}
		r := &region{}
		code := RegencyCode(uint16(n))
		for l := range Levels {
			a := byCode[l.Code(code)]
			if a == nil {
				a = &population{code: l.Code(code), result: &Area{}}
				if a.counts = counted; l != Regency {
					a.counts = newCounts(first.buckets(), first.byPerson)
				}
				byCode[a.code] = a
				c.areas = append(c.areas, a)
			}
			if l != Regency {
				a.counts.add(counted, 0)
			}
			r.areas[l] = a
		}
		c.regions[n] = r
	}
	first.counted = [regencies]counts{}
	return c
}

// merge takes over the counts of another shard; both end up equally coarse.
func (s *Shard) merge(o *Shard) {
	if o == s {
		return
	}
	for o.shift < s.shift {
		o.coarsen()
	}
	for s.shift < o.shift {
		s.coarsen()
	}
	for i := range o.counted {
		theirs := o.counted[i]
		if !theirs.any() {
			continue
		}
		if ours := &s.counted[i]; ours.any() {
			ours.add(theirs, 0)
		} else {
			*ours = theirs
		}
		o.counted[i] = counts{}
	}
}

// maxHits bounds the rows collected around all bounds: 64 MiB.
const maxHits = 1 << 21

// hit is a row in a window.
type hit struct {
	Point
	weight uint16
}

// find calls do for each window that a row lies in, of three areas at most.
func (c *census) find(r *Row, do func(w *window, p Point)) {
	if r.Score == NoScore {
		return
	}
	region := c.regions[r.Regency]
	bucket := (int64(r.Score) - c.lo) >> c.shift
	at, bit := bucket>>6, uint64(1)<<(bucket&63)
	if region.wanted[at]&bit == 0 {
		return
	}
	p := Point{int64(r.Score), r.ID}
	for _, a := range region.areas {
		if a.wanted[at]&bit == 0 {
			continue
		}
		if w := a.window(&p); w != nil {
			do(w, p)
		}
	}
}

// collect reads all rows again and keeps those in windows, each where its window's begin. Their order gives the cuts.
func (c *census) collect(ctx context.Context, shards []*Shard) error {
	ends := make([]atomic.Int64, len(c.windows)) // of each window's rows so far
	total := int64(0)
	for i, w := range c.windows {
		ends[i].Store(total)
		total += w.families
	}
	hits := make([]hit, total)
	err := each(ctx, shards, func(_ int, r *Row) {
		c.find(r, func(w *window, p Point) { hits[ends[w.number].Add(1)-1] = hit{p, r.Weight} })
	})
	if err != nil {
		return err
	}
	for i, w := range c.windows {
		end := ends[i].Load()
		rows := hits[end-w.families : end]
		slices.SortFunc(rows, func(a, b hit) int { return a.Compare(b.Point) })
		w.cut(rows)
	}
	return nil
}

// each reads the rows of all shards, side by side.
func each(ctx context.Context, shards []*Shard, do func(shard int, r *Row)) error {
	group, ctx := errgroup.WithContext(ctx)
	for i, s := range shards {
		group.Go(func() error {
			return s.Rows(ctx, func(rows []Row) error {
				for j := range rows {
					do(i, &rows[j])
				}
				return nil
			})
		})
	}
	return group.Wait()
}
