// Package rank places families in deciles and percentiles: of the nation, of their province and of their regency.
//
// Families are ordered by score, the poorest first, and those with equal scores by id, so no ties are left. Weighted by
// family, the groups are those of SQL's ntile(n) OVER (ORDER BY score, family_id). Weighted by person, group k of n ends
// with the first family at which the cumulated weight reaches k/n of the total, which in SQL is
//
//	1 + n * (sum(weight) OVER (ORDER BY score, family_id) - weight) / sum(weight) OVER () -- in whole numbers
//
// Nothing is sorted but the few rows around each bound. Shards count families by score and regency (provinces and the
// nation are sums), and spool the rows to a file; the counts tell near which scores the bounds lie; a second reading
// collects the rows there. How families are split among shards, and in which order they come, changes nothing.
package rank

import (
	"bytes"
	"cmp"
	"sort"
)

// Numbers of groups.
const (
	Deciles     = 10
	Percentiles = 100
)

// Level is the population that a family is ranked in.
type Level uint8

// Levels, in the order of Places.
const (
	National Level = iota
	Province
	Regency
	Levels // their number
)

// Nation is the code of the area that holds all others.
const Nation = "00"

// Code is the area of this level that a regency ("32.04") lies in: "00", "32" or "32.04".
func (l Level) Code(regency string) string {
	switch {
	case l == National:
		return Nation
	case l == Province && len(regency) > 2:
		return regency[:2]
	default:
		return regency
	}
}

// Point is where a family stands in the order.
type Point struct {
	Score int64 // of the model; poorer is lower
	ID    [16]byte
}

// Compare orders points by score and then by id.
func (p Point) Compare(o Point) int {
	if c := cmp.Compare(p.Score, o.Score); c != 0 {
		return c
	}
	return bytes.Compare(p.ID[:], o.ID[:])
}

// less is Compare for where it is asked most.
func (p *Point) less(o *Point) bool {
	if p.Score != o.Score {
		return p.Score < o.Score
	}
	return bytes.Compare(p.ID[:], o.ID[:]) < 0
}

// Cuts are the last families of groups 1 to n-1, rising. Where there are fewer families than groups, the last is repeated.
type Cuts []Point

// Group is the group that p belongs to, from 1 to len(c)+1. A family that was not ranked is placed as if it had come
// between the ranked ones without moving them.
func (c Cuts) Group(p Point) int {
	return 1 + sort.Search(len(c), func(i int) bool { return c[i].Compare(p) >= 0 })
}

// Places are the groups of one family by Level; 0 where nobody was ranked.
type Places struct {
	Decile, Percentile [Levels]uint8
}

// Table is a ranking of the whole population. It is immutable and safe for use by several goroutines.
type Table struct {
	areas map[string]*Area
}

// NewTable makes a table of areas by code: "00", provinces ("32"), regencies ("32.04").
func NewTable(areas map[string]*Area) *Table { return &Table{areas: areas} }

// Area is nil when nobody was ranked there.
func (t *Table) Area(code string) *Area { return t.areas[code] }

// Areas are all areas by code; they are not to be changed.
func (t *Table) Areas() map[string]*Area { return t.areas }

// Place is where a family of a regency ("32.04") stands at each level.
func (t *Table) Place(p Point, regency string) Places {
	var out Places
	for l := range Levels {
		if a := t.areas[l.Code(regency)]; a != nil {
			out.Decile[l] = uint8(a.Deciles.Group(p))
			out.Percentile[l] = uint8(a.Percentiles.Group(p))
		}
	}
	return out
}
