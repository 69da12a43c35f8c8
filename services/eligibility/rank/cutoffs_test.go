package rank

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// ntileOf is SQL's ntile(10) OVER (ORDER BY score), written down from its definition.
func ntileOf(scores []int64) []int {
	n := len(scores)
	out := make([]int, 0, n)
	for group := 1; group <= Deciles; group++ {
		size := n / Deciles
		if group <= n%Deciles {
			size++
		}
		for range size {
			out = append(out, group)
		}
	}
	return out
}

func TestCounter_CutoffsEqualNtile(t *testing.T) {
	t.Parallel()
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 7))
		n, span := 1+r.IntN(300), 1+r.Int64N(60) // small spans give many ties
		scores := make([]int64, n)
		counter, err := NewCounter(-5, span)
		if err != nil {
			t.Fatal(err)
		}
		for i := range scores {
			scores[i] = r.Int64N(span+6) - 5
			if err := counter.Add(scores[i]); err != nil {
				t.Fatal(err)
			}
		}
		cutoffs, err := counter.Cutoffs()
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(scores)
		groups := ntileOf(scores)
		want := map[int64]int{}
		for i, s := range scores {
			if _, ok := want[s]; !ok {
				want[s] = groups[i] // the first, so the smallest, of equal scores
			}
		}
		for s, decile := range want {
			if got := cutoffs.Decile(s); got != decile {
				t.Fatalf("seed %d, n %d: score %d got decile %d, want %d", seed, n, s, got, decile)
			}
		}
		if _, err := ParseCutoffs(cutoffs[:]); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

func TestCounter_ShardsAndOrder(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	type pair struct {
		id    [16]byte
		score int64
	}
	pairs := make([]pair, 1000)
	for i := range pairs {
		pairs[i] = pair{[16]byte{byte(i), byte(i >> 8)}, r.Int64N(100)}
	}
	count := func(shards int) (Cutoffs, string) {
		counters, digests := make([]*Counter, shards), make([]Digest, shards)
		for i := range counters {
			counters[i], _ = NewCounter(0, 99)
		}
		for _, p := range pairs {
			at := r.IntN(shards)
			digests[at].Add(p.id, p.score)
			if err := counters[at].Add(p.score); err != nil {
				t.Fatal(err)
			}
		}
		for i := 1; i < shards; i++ {
			digests[0].Merge(digests[i])
			if err := counters[0].Merge(counters[i]); err != nil {
				t.Fatal(err)
			}
		}
		c, err := counters[0].Cutoffs()
		if err != nil {
			t.Fatal(err)
		}
		return c, digests[0].String()
	}
	wantCutoffs, wantDigest := count(1)
	for _, shards := range []int{2, 7, 38} {
		r.Shuffle(len(pairs), func(i, j int) { pairs[i], pairs[j] = pairs[j], pairs[i] })
		cutoffs, digest := count(shards)
		if cutoffs != wantCutoffs || digest != wantDigest {
			t.Errorf("%d shards: got %v %s, want %v %s", shards, cutoffs, digest, wantCutoffs, wantDigest)
		}
	}
	pairs[17].score++
	if _, digest := count(3); digest == wantDigest {
		t.Error("another score gives the same digest")
	}
}

func TestCounter_Refuses(t *testing.T) {
	t.Parallel()
	if _, err := NewCounter(0, maxRange); err == nil {
		t.Error("a range too wide was accepted")
	}
	c, err := NewCounter(10, 20)
	if err != nil {
		t.Fatal(err)
	}
	if c.Add(9) == nil || c.Add(21) == nil || c.Families() != 0 {
		t.Error("a score out of range was counted")
	}
	if _, err := c.Cutoffs(); err == nil {
		t.Error("cut-offs of nobody")
	}
	if _, err := ParseCutoffs([]int64{1, 2, 3, 4, 5, 6, 7, 9, 8}); err == nil {
		t.Error("falling cut-offs were accepted")
	}
}

func BenchmarkCounter_Add(b *testing.B) {
	c, _ := NewCounter(0, 1<<16-1)
	var d Digest
	var id [16]byte
	var s int64
	b.Run("count", func(b *testing.B) {
		for b.Loop() {
			s = (s*1103515245 + 12345) & (1<<16 - 1)
			_ = c.Add(s)
		}
	})
	b.Run("digest", func(b *testing.B) {
		for b.Loop() {
			d.Add(id, s)
		}
	})
}
