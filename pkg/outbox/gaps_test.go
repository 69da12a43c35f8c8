package outbox

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestProgress_Advance walks through every way a number can be missing.
func TestProgress_Advance(t *testing.T) {
	t.Parallel()
	steps := []struct {
		name       string
		seqs       []int64
		xmin, mark uint64 // oldest running transaction of the snapshot, and the transaction that marks after it
		high       int64
		gaps       []int64
	}{
		{"OK/FirstRows", []int64{1, 2, 3}, 10, 10, 3, nil},
		{"OK/GapAppears", []int64{5, 7}, 11, 20, 7, []int64{4, 6}},
		{"OK/GapWaits", nil, 19, 25, 7, []int64{4, 6}},
		{"OK/OneFilledLate", []int64{4}, 19, 26, 7, []int64{6}},
		{"OK/OtherDiesAtTheHorizon", []int64{8}, 20, 27, 8, nil},
	}
	var p progress
	for _, s := range steps {
		p = p.advance(s.seqs, s.xmin).marked(s.mark)
		if p.high != s.high || !slices.Equal(p.gapSeqs(), append([]int64{}, s.gaps...)) {
			t.Fatalf("%s: got high %d gaps %v, want %d %v", s.name, p.high, p.gapSeqs(), s.high, s.gaps)
		}
	}
}

// TestProgress_NoRowLost simulates transactions that draw numbers, live for a while and commit or roll back, beside a
// reader that follows progress: every committed row must be read exactly once, and no gap may stay for ever.
func TestProgress_NoRowLost(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		simulate(t, seed)
	}
}

func simulate(t *testing.T, seed uint64) {
	t.Helper()
	type transaction struct {
		xid  uint64
		seqs []int64
	}
	rng := rand.New(rand.NewPCG(seed, 7))
	var p progress
	var running []transaction
	var nextSeq int64
	nextXid, ended := uint64(100), uint64(99)
	visible, read := map[int64]bool{}, map[int64]int{}
	end := func(i int) {
		ended = max(ended, running[i].xid)
		if rng.IntN(4) > 0 {
			for _, s := range running[i].seqs {
				visible[s] = true
			}
		}
		running = slices.Delete(running, i, i+1)
	}
	last := false
	look := func(limit int) {
		xmin := ended + 1 // PostgreSQL's snapshots see no transaction above the newest that has ended
		for _, r := range running {
			xmin = min(xmin, r.xid)
		}
		var seqs []int64
		for _, g := range p.gapSeqs() {
			if visible[g] {
				seqs = append(seqs, g)
			}
		}
		for s, taken := p.high+1, 0; s <= nextSeq && taken < limit; s++ {
			if visible[s] {
				seqs = append(seqs, s)
				taken++
			}
		}
		for _, s := range seqs {
			read[s]++
		}
		p = p.advance(seqs, xmin)
		for !last && rng.IntN(3) == 0 { // others begin between reading and marking
			running = append(running, transaction{xid: nextXid})
			nextXid++
		}
		p, ended = p.marked(nextXid), max(ended, nextXid)
		nextXid++
	}
	for range 400 {
		switch k := rng.IntN(10); {
		case k < 3:
			running = append(running, transaction{xid: nextXid})
			nextXid++
		case k < 7 && len(running) > 0:
			nextSeq++
			i := rng.IntN(len(running))
			running[i].seqs = append(running[i].seqs, nextSeq)
		case k < 8 && len(running) > 0:
			end(rng.IntN(len(running)))
		default:
			look(1 + rng.IntN(5))
		}
	}
	for len(running) > 0 {
		end(0)
	}
	last = true
	for range 200 {
		look(10)
	}
	for s := range visible {
		if read[s] != 1 {
			t.Fatalf("seed %d: row %d read %d times", seed, s, read[s])
		}
	}
	for s := range read {
		if !visible[s] {
			t.Fatalf("seed %d: read %d, which was never committed", seed, s)
		}
	}
	// Numbers above the last committed row are no gaps yet; below it none may remain.
	if len(p.gaps) != 0 {
		t.Fatalf("seed %d: gaps remain: %v", seed, p.gapSeqs())
	}
}
