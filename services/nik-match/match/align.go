package match

import (
	"math"
	"math/bits"
)

// worth is the weight for one person and, where that is the same, against relatives: pairings that differ in either are
// told apart, so that both orders of two records choose alike.
type worth int64

func worthOf(person, kin Bits) worth { return worth(person)<<20 - worth(kin) }

// grid holds what pairing token i of one reading with token j of another is worth beyond leaving both alone; 0 = they do
// not agree. It is always above 0 where they do.
type grid struct {
	gain             [mostTokens][mostTokens]worth
	n, m             int   // tokens of either side
	agreements       int   // gains above 0
	commonA, commonB uint  // sets of tokens that people often leave out
	spared           worth // what it is worth, or costs, that a token left out is such a one
}

// alignment says which token of the other side each token stands with; -1 = none.
type alignment struct {
	to    [mostTokens]int8
	total worth
}

// manyAgreements is where trying every pairing would become slow; only names of repeated parts get there.
const manyAgreements = 16

// align finds the pairing that is worth most. Few tokens agree with more than one, so trying every pairing is cheaper
// than anything clever, and the result is the same from either side.
func (g *grid) align() alignment {
	var now alignment
	for i := range now.to {
		now.to[i] = -1
	}
	if g.agreements > manyAgreements {
		return g.alignMany(now)
	}
	best := now
	best.total = math.MinInt64
	g.extend(0, 0, 0, &now, &best)
	return best
}

func (g *grid) extend(i int, takenA, takenB uint, now, best *alignment) {
	for ; i < g.n; i++ {
		for j := range g.m {
			w := g.gain[i][j]
			if w == 0 || takenB&(1<<j) != 0 {
				continue
			}
			now.to[i] = int8(j)
			now.total += w
			g.extend(i+1, takenA|1<<i, takenB|1<<j, now, best)
			now.total -= w
			now.to[i] = -1
		}
	}
	if total := now.total + worth(g.commonOmitted(takenA, takenB))*g.spared; total > best.total {
		*best = *now
		best.total = total
	}
}

// commonOmitted counts the tokens that one side lacks and that people often leave out.
func (g *grid) commonOmitted(takenA, takenB uint) int {
	if g.n > g.m {
		return min(bits.OnesCount(g.commonA&^takenA), g.n-g.m)
	}
	return min(bits.OnesCount(g.commonB&^takenB), g.m-g.n)
}

// alignMany is align by dynamic programming over the sets of taken tokens of the side that has more.
func (g *grid) alignMany(best alignment) alignment {
	const sets = 1 << mostTokens
	turned := g.n > g.m
	n, m, gain := g.n, g.m, &g.gain
	if turned {
		n, m, gain = g.m, g.n, g.transposed()
	}
	var sum [mostTokens + 1][sets]worth
	var took [mostTokens + 1][sets]int8
	for taken := range uint(1) << m {
		sum[n][taken] = worth(g.commonOmitted(taken, taken)) * g.spared // only the longer side's set counts
	}
	for i := n - 1; i >= 0; i-- {
		for taken := range 1 << m {
			sum[i][taken], took[i][taken] = sum[i+1][taken], -1
			for j := range m {
				if gain[i][j] == 0 || taken&(1<<j) != 0 {
					continue
				}
				if w := gain[i][j] + sum[i+1][taken|1<<j]; w > sum[i][taken] {
					sum[i][taken], took[i][taken] = w, int8(j)
				}
			}
		}
	}
	best.total = sum[0][0]
	taken := 0
	for i := range n {
		j := took[i][taken]
		if j < 0 {
			continue
		}
		taken |= 1 << j
		if turned {
			best.to[j] = int8(i)
		} else {
			best.to[i] = j
		}
	}
	return best
}

func (g *grid) transposed() *[mostTokens][mostTokens]worth {
	var t [mostTokens][mostTokens]worth
	for i := range g.n {
		for j := range g.m {
			t[j][i] = g.gain[i][j]
		}
	}
	return &t
}
