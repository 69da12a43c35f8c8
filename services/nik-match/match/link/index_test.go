package link_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dtks/services/nik-match/match"
	"dtks/services/nik-match/match/link"
)

const likely = 0.5

// fromScratch clusters records in one run, by the pairs that share a key.
func fromScratch(t *testing.T, m *match.Model, records []match.Record) [][]string {
	t.Helper()
	r, err := link.Dedupe(t.Context(), records, m, link.Options{AllPairsUpTo: 1})
	if err != nil {
		t.Fatal(err)
	}
	return ids(records, r.ClustersAt(likely))
}

func ids(records []match.Record, clusters [][]int32) [][]string {
	var out [][]string
	for _, c := range clusters {
		var of []string
		for _, i := range c {
			of = append(of, records[i].ID)
		}
		out = append(out, of)
	}
	return out
}

// After every step, records that come, go and come back stand in the clusters of a run from scratch.
func TestIndex_AsFromScratchAfterEveryStep(t *testing.T) {
	t.Parallel()
	each(t, 60, func(t *testing.T, m *match.Model, file func(uint64, int) []match.Record) {
		records := file(5, 40)
		random := rand.New(rand.NewPCG(5, 5))
		x := link.NewIndex(m, likely)
		var in []match.Record
		for step := range 120 {
			r := records[random.IntN(len(records))]
			at := slices.IndexFunc(in, func(o match.Record) bool { return o.ID == r.ID })
			var c link.Change
			var err error
			before := x.Clusters()
			if at >= 0 {
				c, err = x.Remove(r.ID)
				in = slices.Delete(in, at, at+1)
			} else {
				c, err = x.Add(r)
				in = append(in, r)
			}
			if err != nil {
				t.Fatal(err)
			}
			if x.Len() != len(in) || c.Cluster != x.Cluster(r.ID) {
				t.Fatalf("step %d: got %d records and cluster %q, want %d and %q", step, x.Len(), c.Cluster, len(in), x.Cluster(r.ID))
			}
			after := x.Clusters()
			if diff := cmp.Diff(fromScratch(t, m, in), after); diff != "" {
				t.Fatalf("step %d: clusters (-from scratch +one by one):\n%s", step, diff)
			}
			checkChange(t, c, before, after, r.ID)
		}
	})
}

// checkChange holds a change against the clusters of several records before and after it.
func checkChange(t *testing.T, c link.Change, before, after [][]string, id string) {
	t.Helper()
	for _, set := range []struct {
		told       []string
		here, then [][]string
	}{{c.Before, before, after}, {c.After, after, before}} {
		for _, cluster := range set.here {
			same := slices.ContainsFunc(set.then, func(o []string) bool { return slices.Equal(o, cluster) })
			if told := slices.Contains(set.told, cluster[0]); told == same {
				t.Errorf("after %s: the cluster %v is told as changed: %v, and stayed as it is: %v", id, cluster, told, same)
			}
		}
	}
}

// three are records of one person: the first and the last share a name alone, the one in the middle knows both.
func three(m *match.Model) []match.Record {
	return read(m, [][]string{
		{"3204102508809001", "", "YULIANA PURNOMO", "1980-08-25", "P", "", "", "", ""},
		{"3204102508809001", "3204100101209001", "YULIANA PURNOMO", "1980-08-25", "P", "BANDUNG", "RATNA KARTIKA", "JL MELATI NO 4 RT 1 RW 2", "3204102001"},
		{"", "3204100101209001", "YULIANA PURNOMO", "1980", "P", "BANDUNG", "RATNA KARTIKA", "JL MELATI NO 4 RT 1 RW 2", "3204102001"},
	})
}

func TestIndex_ChangeTellsMergesAndSplits(t *testing.T) {
	t.Parallel()
	m := match.Standard()
	r := three(m)
	x := link.NewIndex(m, likely)
	add := func(r match.Record) func() (link.Change, error) {
		return func() (link.Change, error) { return x.Add(r) }
	}
	remove := func(id string) func() (link.Change, error) {
		return func() (link.Change, error) { return x.Remove(id) }
	}
	for i, step := range []struct {
		do   func() (link.Change, error)
		want link.Change
	}{
		{add(r[2]), link.Change{Cluster: "R00002", After: []string{"R00002"}}},
		{add(r[0]), link.Change{Cluster: "R00000", After: []string{"R00000"}}},
		{add(r[1]), link.Change{Cluster: "R00000", Before: []string{"R00000", "R00002"}, After: []string{"R00000"}, Merged: true}},
		{remove("R00001"), link.Change{Before: []string{"R00000"}, After: []string{"R00000", "R00002"}, Split: true}},
		{remove("R00002"), link.Change{Before: []string{"R00002"}}},
		{add(r[1]), link.Change{Cluster: "R00000", Before: []string{"R00000"}, After: []string{"R00000"}}},
		{add(r[2]), link.Change{Cluster: "R00000", Before: []string{"R00000"}, After: []string{"R00000"}}},
		{remove("R00000"), link.Change{Before: []string{"R00000"}, After: []string{"R00001"}}},
	} {
		got, err := step.do()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(step.want, got); diff != "" {
			t.Errorf("step %d: change (-want +got):\n%s", i, diff)
		}
	}
}

func TestIndex_ErrorsAndStrangers(t *testing.T) {
	t.Parallel()
	m := match.Standard()
	r := three(m)[0]
	x := link.NewIndex(m, likely)
	if _, err := x.Remove(r.ID); !errors.Is(err, link.ErrUnknown) {
		t.Errorf("got error %v for removing what is not there, want ErrUnknown", err)
	}
	if _, err := x.Add(r); err != nil {
		t.Fatal(err)
	}
	if _, err := x.Add(r); !errors.Is(err, link.ErrKnown) {
		t.Errorf("got error %v for adding what is there, want ErrKnown", err)
	}
	if _, err := x.Remove(r.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := x.Remove(r.ID); !errors.Is(err, link.ErrUnknown) || x.Len() != 0 || x.Cluster(r.ID) != "" {
		t.Errorf("got error %v, %d records, cluster %q for one that was removed, want ErrUnknown and none", err, x.Len(), x.Cluster(r.ID))
	}
}
