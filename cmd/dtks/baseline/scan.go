package baseline

import (
	"context"
	"maps"
	"slices"
)

const (
	allPairs   = 10_000  // records up to which all pairs are looked at
	largeGroup = 250_000 // pairs beyond which a value, such as a sex, forms no block
	tableSide  = 10_000  // distinct values of a field up to which levels are kept in a table of at most 100 MB
	smallTable = 2000    // the same where only blocks are looked at, so that most of a table would not be used
	maxFields  = 13      // patterns of more fields would not fit 32 bits; further fields are left out
)

// scan goes over the pairs of a file, or of two, and finds the level of each field.
type scan struct {
	data    Data
	fields  []*interned
	tables  [][][]uint8 // by field: level of value x with value y, nil where there are too many
	blocked bool
	groupsA [][][]int32 // by field and value: records, nil where the value forms no block
	groupsB [][][]int32 // same as groupsA for one file
	seen    int64       // pairs looked at by count
	codes   []uint32    // patterns met by count
}

func newScan(d Data) *scan {
	if len(d.Fields) > maxFields {
		d.Fields = d.Fields[:maxFields]
	}
	s := &scan{data: d, blocked: max(len(d.A), len(d.B)) > allPairs}
	for f := range d.Fields {
		in := intern(d, f)
		s.fields = append(s.fields, in)
		side := tableSide
		if s.blocked {
			side = smallTable
		}
		s.tables = append(s.tables, levelTable(in.values, side))
		if s.blocked {
			s.group(in)
		}
	}
	return s
}

// levelTable compares all distinct values of a field where these are few.
func levelTable(values []value, most int) [][]uint8 {
	if len(values) > most {
		return nil
	}
	out := make([][]uint8, len(values))
	spread(len(values), func(_, x int) {
		out[x] = make([]uint8, len(values))
		out[x][x] = levelExact
		for y := range x {
			out[x][y] = levelBetween(&values[x], &values[y])
		}
	})
	spread(len(values), func(_, x int) {
		for y := x + 1; y < len(values); y++ {
			out[x][y] = out[y][x]
		}
	})
	return out
}

// levelBetween is the level of two different values.
func levelBetween(a, b *value) uint8 {
	if winklerBound(a, b) < 0.80 {
		return levelElse
	}
	return levelOf(jaroWinkler(a.runes, b.runes))
}

func (s *scan) group(in *interned) {
	a := records(in.a, len(in.values))
	b := a
	if in.b != nil {
		b = records(in.b, len(in.values))
	}
	for v := range a {
		if len(a[v])*len(b[v]) > largeGroup {
			a[v] = nil
			if in.b != nil {
				b[v] = nil
			}
		}
	}
	s.groupsA, s.groupsB = append(s.groupsA, a), append(s.groupsB, b)
}

// level compares field f of two records.
func (s *scan) level(f int, i, j int32) uint8 {
	in := s.fields[f]
	x := in.a[i]
	y := in.second(j)
	switch {
	case x < 0 || y < 0:
		return levelMissing
	case x == y:
		return levelExact
	case s.tables[f] != nil:
		return s.tables[f][x][y]
	}
	return levelBetween(&in.values[x], &in.values[y])
}

// second is the value of a record on the other side of a pair.
func (in *interned) second(j int32) int32 {
	if in.b != nil {
		return in.b[j]
	}
	return in.a[j]
}

// side is one field of the first record of a pair: its value and that value's row of the table.
type side struct {
	value int32
	row   []uint8 // nil where there is no table
	other []int32 // values of the records on the other side
}

func (s *scan) sides(i int32) []side {
	out := make([]side, len(s.fields))
	for f, in := range s.fields {
		out[f] = side{value: in.a[i], other: in.a}
		if in.b != nil {
			out[f].other = in.b
		}
		if s.tables[f] != nil && in.a[i] >= 0 {
			out[f].row = s.tables[f][in.a[i]]
		}
	}
	return out
}

// code numbers the pattern of a pair, the first record given by its sides; levels undoes it.
func (s *scan) code(sides []side, i, j int32) uint32 {
	var code uint32
	for f := range sides {
		at := &sides[f]
		y := at.other[j]
		var l uint8
		switch {
		case at.value < 0 || y < 0:
			l = levelMissing
		case at.row != nil:
			l = at.row[y]
		default:
			l = s.level(f, i, j)
		}
		code = code*levels + uint32(l)
	}
	return code
}

func (s *scan) levels(code uint32) []uint8 {
	out := make([]uint8, len(s.fields))
	for f := len(out) - 1; f >= 0; f-- {
		out[f] = uint8(code % levels)
		code /= levels
	}
	return out
}

// row yields the pairs of record i that are to be looked at, each once over all rows, with their pattern.
func (s *scan) row(i int32, yield func(j int32, code uint32)) {
	sides := s.sides(i)
	if !s.blocked {
		first, n := i+1, int32(len(s.data.A))
		if s.data.B != nil {
			first, n = 0, int32(len(s.data.B))
		}
		for j := first; j < n; j++ {
			yield(j, s.code(sides, i, j))
		}
		return
	}
	for f, in := range s.fields {
		x := in.a[i]
		if x < 0 || s.groupsA[f][x] == nil {
			continue
		}
		for _, j := range s.groupsB[f][x] {
			if s.data.B == nil && j <= i || s.met(f, i, j) {
				continue
			}
			yield(j, s.code(sides, i, j))
		}
	}
}

// met reports whether an earlier field has brought the pair together already.
func (s *scan) met(field int, i, j int32) bool {
	for f, in := range s.fields[:field] {
		if x := in.a[i]; x >= 0 && x == in.second(j) && s.groupsA[f][x] != nil {
			return true
		}
	}
	return false
}

// count counts the pairs by pattern.
func (s *scan) count(ctx context.Context) []pattern {
	counts := make([]map[uint32]int64, cores())
	for c := range counts {
		counts[c] = map[uint32]int64{}
	}
	spread(len(s.data.A), func(c, i int) {
		if ctx.Err() == nil {
			s.row(int32(i), func(_ int32, code uint32) { counts[c][code]++ })
		}
	})
	for _, more := range counts[1:] {
		for code, n := range more {
			counts[0][code] += n
		}
	}
	// In order, so that sums over patterns come out the same each time.
	s.codes = slices.Sorted(maps.Keys(counts[0]))
	var out []pattern
	for _, code := range s.codes {
		n := counts[0][code]
		s.seen += n
		out = append(out, pattern{s.levels(code), n})
	}
	return out
}
