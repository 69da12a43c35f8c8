package rank

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Margin is how many families a boundary report names on either side of a bound.
const Margin = 50

// Area is the ranking of one area.
type Area struct {
	Deciles, Percentiles Cuts
	Boundaries           [Deciles - 1]Boundary // by decile bound
	Families             int64                 // ranked, at least 1
	Weight               int64                 // of all families ranked: their number, or that of their members
}

// Boundary names the families next to the upper bound of a decile, in rising order: at most Margin on either side, fewer
// where the area ends. They stay as they were when the area was ranked.
type Boundary struct {
	Below []Point // the last is the bound itself
	Above []Point
}

// areaFormat is the first byte of an encoded area.
const areaFormat = 1

// Encode writes the area compactly: some 20 bytes a point.
func (a *Area) Encode() []byte {
	b := make([]byte, 0, 24<<10)
	b = append(b, areaFormat)
	b = binary.AppendUvarint(b, uint64(a.Families))
	b = binary.AppendUvarint(b, uint64(a.Weight))
	b = appendPoints(b, a.Deciles)
	b = appendPoints(b, a.Percentiles)
	for _, bound := range a.Boundaries {
		b = appendPoints(b, bound.Below)
		b = appendPoints(b, bound.Above)
	}
	return b
}

// appendPoints writes how many points there are, and for each the score's difference from the one before and the id.
func appendPoints(b []byte, points []Point) []byte {
	b = binary.AppendUvarint(b, uint64(len(points)))
	last := int64(0)
	for i := range points {
		b = binary.AppendVarint(b, points[i].Score-last)
		b = append(b, points[i].ID[:]...)
		last = points[i].Score
	}
	return b
}

var errArea = errors.New("damaged area")

// DecodeArea reads what Encode wrote. Whatever Encode cannot have written is an error.
func DecodeArea(b []byte) (*Area, error) {
	if len(b) == 0 || b[0] != areaFormat {
		return nil, fmt.Errorf("%w: unknown format", errArea)
	}
	r := reader{rest: b[1:]}
	a := &Area{Families: r.count(), Weight: r.count()}
	a.Deciles = r.points(Deciles-1, Deciles-1)
	a.Percentiles = r.points(Percentiles-1, Percentiles-1)
	for i := range a.Boundaries {
		a.Boundaries[i] = Boundary{Below: r.points(1, Margin), Above: r.points(0, Margin)}
	}
	switch {
	case r.bad || len(r.rest) > 0:
		return nil, errArea
	case a.Families < 1 || a.Weight < a.Families:
		return nil, fmt.Errorf("%w: %d families, weight %d", errArea, a.Families, a.Weight)
	}
	return a, nil
}

// reader takes values off the front of rest; after the first that is not there, bad is set and all are empty.
type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) count() int64 {
	v, n := binary.Uvarint(r.rest)
	if r.bad = r.bad || n <= 0 || int64(v) < 0; r.bad {
		return 0
	}
	r.rest = r.rest[n:]
	return int64(v)
}

// points reads a list of lo to hi points that do not fall.
func (r *reader) points(lo, hi int64) []Point {
	n := r.count()
	if r.bad = r.bad || n < lo || n > hi; r.bad || n == 0 {
		return nil
	}
	out := make([]Point, n)
	last := int64(0)
	for i := range out {
		step, size := binary.Varint(r.rest)
		if r.bad = size <= 0 || len(r.rest)-size < 16; r.bad {
			return nil
		}
		last += step
		out[i].Score = last
		copy(out[i].ID[:], r.rest[size:])
		r.rest = r.rest[size+16:]
		if r.bad = i > 0 && out[i].Compare(out[i-1]) < 0; r.bad {
			return nil
		}
	}
	return out
}
