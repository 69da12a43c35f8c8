package outbox

import "slices"

// progress is how far a lane has been published. Sequence numbers are drawn before their transactions commit, so a
// reader can see 12 before 11. Asking for "more than the last one seen" would lose 11 for ever; instead the numbers
// that were skipped are remembered as gaps and asked for again, until the transactions that could fill them have ended.
//
//	read 10 12 13        high = 13, gaps = {11 since xmax 900}
//	read 11 14           high = 14, gaps = {}
//	or: oldest running transaction is 900 or newer, and 11 is still not there → its transaction rolled back, forget it
//
// A number is drawn by a transaction that already has its id (the aggregate's lock comes first), so once every
// transaction older than the snapshot that showed the gap has ended, nothing can fill it any more. Nothing waits for
// a gap: a long transaction anywhere in the cluster delays forgetting, never publishing.
type progress struct {
	high int64
	gaps []gap // in order of seq
}

type gap struct {
	seq  int64
	xmax uint64 // first transaction id not yet given when the gap was first seen
}

// advance takes the rows read under one snapshot: seqs in rising order (old gaps filled among them), the snapshot's
// xmin and xmax. Only gaps that are certainly dead are dropped.
func (p progress) advance(seqs []int64, xmin, xmax uint64) progress {
	next := progress{high: p.high}
	filled := map[int64]bool{}
	for _, s := range seqs {
		if s <= p.high {
			filled[s] = true
		}
	}
	for _, g := range p.gaps {
		if !filled[g.seq] && xmin < g.xmax {
			next.gaps = append(next.gaps, g)
		}
	}
	for _, s := range seqs {
		if s <= next.high {
			continue
		}
		for missing := next.high + 1; missing < s; missing++ {
			next.gaps = append(next.gaps, gap{missing, xmax})
		}
		next.high = s
	}
	slices.SortFunc(next.gaps, func(a, b gap) int { return int(a.seq - b.seq) })
	return next
}

func (p progress) gapSeqs() []int64 {
	out := make([]int64, len(p.gaps))
	for i, g := range p.gaps {
		out[i] = g.seq
	}
	return out
}
