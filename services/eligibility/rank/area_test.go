package rank

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestArea_Encode(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 9))
	for _, n := range []int{1, 12, 4000} {
		table, _ := mustBuild(t, r, newRows(r, n, 90, 3204), 1<<20, trial{shards: 1, byPerson: true})
		want := table.Area("32.04")
		encoded := want.Encode()
		got, err := DecodeArea(encoded)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%d rows (-want +got):\n%s", n, diff)
		}
		for i := range encoded {
			if _, err := DecodeArea(encoded[:i]); err == nil {
				t.Fatalf("the first %d of %d bytes were accepted", i, len(encoded))
			}
		}
		if _, err := DecodeArea(append(encoded, 0)); err == nil {
			t.Error("a byte too many was accepted")
		}
	}
}

func FuzzDecodeArea(f *testing.F) {
	points := []Point{{Score: -3}, {Score: -3, ID: [16]byte{1}}, {Score: 70000}}
	a := &Area{Deciles: make(Cuts, Deciles-1), Percentiles: make(Cuts, Percentiles-1), Families: 3, Weight: 7}
	for i := range a.Boundaries {
		a.Boundaries[i] = Boundary{Below: points[:1+i%3], Above: points[1+i%3:]}
	}
	f.Add(a.Encode())
	f.Add([]byte{areaFormat, 1, 1, 9})
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := DecodeArea(b)
		if err != nil {
			return
		}
		again, err := DecodeArea(a.Encode())
		if err != nil {
			t.Fatalf("what was read cannot be read again: %v", err)
		}
		if diff := cmp.Diff(a, again); diff != "" {
			t.Fatal(diff)
		}
		if a.Deciles.Group(Point{Score: 1}) > Deciles || a.Percentiles.Group(Point{}) > Percentiles {
			t.Fatal("a group that is not there")
		}
	})
}
