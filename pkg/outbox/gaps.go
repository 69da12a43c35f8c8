package outbox

import "slices"

// progress is how far a lane has been published. Sequence numbers are drawn before their transactions commit, so a
// reader can see 12 before 11. Asking for "more than the last one seen" would lose 11 for ever; instead the numbers
// that were skipped are remembered as gaps and asked for again, until the transactions that could fill them have ended.
//
//	read 10 12 13        high = 13, gaps = {11}; marking that is transaction 900
//	read 11 14           high = 14, gaps = {}
//	or: oldest running transaction is 900 or newer, and 11 is still not there → its transaction rolled back, forget it
//
// A number is drawn by a transaction that already has its id (the aggregate's lock comes first), so every transaction
// that could fill a gap is older than the one that marks it. (The xmax of the snapshot that showed the gap would not do:
// it is one past the newest transaction that has ended, and running ones may lie above it.) Once all older ones have
// ended, nothing can fill the gap any more. Nothing waits for a gap: a long transaction anywhere in the cluster delays
// forgetting, never publishing.
type progress struct {
	high int64
	gaps []gap // in order of seq
}

type gap struct {
	seq     int64
	horizon uint64 // a transaction id given out after the gap was seen; notMarked until there is one
}

// notMarked keeps a gap until marking has given it its horizon.
const notMarked = ^uint64(0)

// advance takes the rows read under one snapshot: seqs in rising order (old gaps filled among them) and the oldest
// transaction that was running. Only gaps that are certainly dead are dropped.
func (p progress) advance(seqs []int64, xmin uint64) progress {
	next := progress{high: p.high}
	filled := map[int64]bool{}
	for _, s := range seqs {
		if s <= p.high {
			filled[s] = true
		}
	}
	for _, g := range p.gaps {
		if !filled[g.seq] && xmin < g.horizon {
			next.gaps = append(next.gaps, g)
		}
	}
	for _, s := range seqs {
		if s <= next.high {
			continue
		}
		for missing := next.high + 1; missing < s; missing++ {
			next.gaps = append(next.gaps, gap{missing, notMarked})
		}
		next.high = s
	}
	slices.SortFunc(next.gaps, func(a, b gap) int { return int(a.seq - b.seq) })
	return next
}

// marked gives new gaps their horizon: the transaction that stored them.
func (p progress) marked(by uint64) progress {
	for i := range p.gaps {
		if p.gaps[i].horizon == notMarked {
			p.gaps[i].horizon = by
		}
	}
	return p
}

func (p progress) gapSeqs() []int64 {
	out := make([]int64, len(p.gaps))
	for i, g := range p.gaps {
		out[i] = g.seq
	}
	return out
}

// gapRanges gives the gaps as ranges: a transaction under way leaves hundreds of numbers in a row, which are one look
// into the index this way.
func (p progress) gapRanges() (first, last []int64) {
	for _, g := range p.gaps {
		if n := len(last); n > 0 && last[n-1] == g.seq-1 {
			last[n-1] = g.seq
			continue
		}
		first, last = append(first, g.seq), append(last, g.seq)
	}
	return first, last
}
