package match_test

import (
	"testing"

	"dtks/services/nik-match/match"
)

// TestColumnPromisesNoLessThanComparing: a scan drops pairs by the weights of columns, so that a column that gives less
// than comparing would lose pairs.
func TestColumnPromisesNoLessThanComparing(t *testing.T) {
	t.Parallel()
	for name, m := range models() {
		for i, f := range m.Schema() {
			t.Run(name+"/"+f.Name, func(t *testing.T) {
				t.Parallel()
				checkColumn(t, m, i, f)
			})
		}
	}
}

func checkColumn(t *testing.T, m *match.Model, i int, f match.Field) {
	g := valueOf(f.Kind)
	r := m.Reader()
	var records []match.Record
	var values []string
	for seed := range 170 {
		v := g.Example(seed)
		values = append(values, v)
		records = append(records, r.Read("", only(m.Schema(), i, v)))
	}
	c := m.NewColumn(i, records)
	ids := c.IDs(records)
	dst := make([]int16, c.Len())
	var s match.Scratch
	lost := 0
	for a := range records {
		c.Weights(ids[a], dst, &s)
		for b := range records {
			if got, want := match.Bits(dst[ids[b]])*match.Unit, m.Weight(i, &records[a], &records[b]); got < want {
				if lost++; lost <= 5 {
					e := m.Explain(&records[a], &records[b])
					t.Errorf("%q and %q: the column says %d, comparing %d (%s)", values[a], values[b], got, want, e.Lines[i].Finding)
				}
			}
		}
	}
	if lost > 0 {
		t.Errorf("%d pairs of %d", lost, len(records)*len(records))
	}
}
