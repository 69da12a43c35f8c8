package link

import (
	"cmp"
	"errors"
	"slices"

	"dtks/services/nik-match/match"
)

// Index holds records that come one by one and keeps their clusters. With the same model and keys they are at every
// moment those that Dedupe finds in the same records from scratch, in whatever order they came (Options.AllPairsUpTo
// below the number of records, so that both compare the pairs that share a key). Adding costs what the records with a
// common key cost: keys are selective by construction, so that hardly depends on how many records there are.
//
// An Index is not safe for use by several goroutines.
type Index struct {
	model   *match.Model
	least   match.Bits
	records []match.Record // a removed one has no id
	ids     map[string]int32
	heads   map[uint64]int32 // key -> last posting + 1
	posts   []posting
	edges   map[int32][]edge
	cluster map[int32][]int32 // by record: its cluster, where that has more than one
}

// posting is one record under a key.
type posting struct {
	next   int32 // posting + 1
	record int32
}

// NewIndex returns an empty index whose clusters hold pairs at least that likely.
func NewIndex(model *match.Model, likelihood float64) *Index {
	return &Index{model: model, least: model.Odds(likelihood), ids: map[string]int32{}, heads: map[uint64]int32{},
		edges: map[int32][]edge{}, cluster: map[int32][]int32{}}
}

// Change says what adding or removing a record did to the clusters. A cluster is named by its smallest record id; a
// record of its own is a cluster of one.
type Change struct {
	Cluster string   // where the record is now; "" when it was removed
	Before  []string // clusters that were there before and are not now, or have other members
	After   []string // clusters that stand in their place
	Merged  bool     // records that were apart came together
	Split   bool     // records that were together came apart
}

// place is the cluster that a record is in.
type place struct {
	members []int32
	name    string
}

func (x *Index) place(r int32) place {
	members := x.cluster[r]
	if len(members) == 0 {
		members = []int32{r}
	}
	return place{members, x.records[members[0]].ID}
}

func (x *Index) places(records []int32) map[int32]place {
	out := make(map[int32]place, len(records))
	for _, r := range records {
		out[r] = x.place(r)
	}
	return out
}

// change compares where records were with where they are now. One that came has no place before, one that was taken out
// has none after.
func (x *Index) change(before, after map[int32]place) Change {
	var c Change
	from := map[string]string{} // by cluster now: the one that records of it come from
	for r, now := range after {
		old, ok := before[r]
		if ok && slices.Equal(old.members, now.members) {
			continue
		}
		c.After = append(c.After, now.name)
		if !ok {
			continue
		}
		if other, ok := from[now.name]; ok && other != old.name {
			c.Merged = true
		}
		from[now.name] = old.name
		for _, o := range old.members {
			if there, ok := after[o]; ok && there.name != now.name {
				c.Split = true
			}
		}
	}
	for r, old := range before {
		if now, ok := after[r]; !ok || !slices.Equal(old.members, now.members) {
			c.Before = append(c.Before, old.name)
		}
	}
	slices.Sort(c.Before)
	slices.Sort(c.After)
	c.Before, c.After = slices.Compact(c.Before), slices.Compact(c.After)
	return c
}

// ErrKnown is the error of adding an id that is there already.
var ErrKnown = errors.New("match index: a record of this id is there already")

// ErrUnknown is the error of removing an id that is not there.
var ErrUnknown = errors.New("match index: no record of this id")

// Add enters a record.
func (x *Index) Add(r match.Record) (Change, error) {
	if _, ok := x.ids[r.ID]; ok {
		return Change{}, ErrKnown
	}
	me := int32(len(x.records))
	x.records = append(x.records, r)
	x.ids[r.ID] = me
	keys := x.model.Keys(&x.records[me])
	for _, other := range x.sharing(keys) {
		if bits := x.model.Total(&x.records[me], &x.records[other]); bits >= x.least {
			x.edges[me] = append(x.edges[me], edge{other, bits})
			x.edges[other] = append(x.edges[other], edge{me, bits})
		}
	}
	for _, key := range keys {
		x.posts = append(x.posts, posting{x.heads[key], me})
		x.heads[key] = int32(len(x.posts))
	}
	group := x.group(me)
	before := x.places(group)
	delete(before, me)
	x.settle(group)
	c := x.change(before, x.places(group))
	c.Cluster = x.Cluster(r.ID)
	return c, nil
}

// Remove takes a record out, as when it was corrected: add it again with its new values.
func (x *Index) Remove(id string) (Change, error) {
	me, ok := x.ids[id]
	if !ok {
		return Change{}, ErrUnknown
	}
	group := x.group(me)
	before := x.places(group)
	for _, e := range x.edges[me] {
		x.edges[e.to] = slices.DeleteFunc(x.edges[e.to], func(o edge) bool { return o.to == me })
	}
	delete(x.edges, me)
	delete(x.ids, id)
	delete(x.cluster, me)
	x.records[me] = match.Record{} // its postings stay, and are passed over
	var rest []int32
	for _, g := range group {
		if g != me {
			rest = append(rest, g)
			delete(x.cluster, g)
		}
	}
	for _, g := range rest {
		if x.cluster[g] == nil {
			x.settle(x.group(g))
		}
	}
	return x.change(before, x.places(rest)), nil
}

// Cluster names the cluster of a record: the smallest id in it; "" for an unknown id.
func (x *Index) Cluster(id string) string {
	i, ok := x.ids[id]
	if !ok {
		return ""
	}
	if c := x.cluster[i]; len(c) > 0 {
		return x.records[c[0]].ID
	}
	return id
}

// Len is the number of records.
func (x *Index) Len() int { return len(x.ids) }

// Clusters lists the ids of every cluster of more than one record, sorted, in the order of their names.
func (x *Index) Clusters() [][]string {
	var out [][]string
	for i, c := range x.cluster {
		if len(c) > 1 && c[0] == i {
			ids := make([]string, len(c))
			for k, r := range c {
				ids[k] = x.records[r].ID
			}
			out = append(out, ids)
		}
	}
	slices.SortFunc(out, func(a, b []string) int { return cmp.Compare(a[0], b[0]) })
	return out
}

// sharing lists the records with a common key, each once.
func (x *Index) sharing(keys []uint64) []int32 {
	var out []int32
	for _, key := range keys {
		for at := x.heads[key]; at != 0; at = x.posts[at-1].next {
			if r := x.posts[at-1].record; x.records[r].ID != "" {
				out = append(out, r)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// group lists the records that are connected with one by likely pairs.
func (x *Index) group(of int32) []int32 {
	out := []int32{of}
	seen := map[int32]bool{of: true}
	for i := 0; i < len(out); i++ {
		for _, e := range x.edges[out[i]] {
			if !seen[e.to] {
				seen[e.to] = true
				out = append(out, e.to)
			}
		}
	}
	return out
}

// settle makes the clusters of a connected group anew.
func (x *Index) settle(group []int32) {
	if len(group) == 1 {
		return // a record of its own needs no entry
	}
	d := divider{model: x.model, record: func(i int32) *match.Record { return &x.records[i] }, edges: func(i int32) []edge { return x.edges[i] }}
	for _, part := range d.divide(slices.Clone(group), x.least) {
		for _, r := range part {
			x.cluster[r] = part
		}
	}
}
