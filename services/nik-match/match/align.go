package match

import "math/bits"

// grid holds what pairing token i of one reading with token j of another is worth beyond leaving both alone; 0 = they do
// not agree. It is always above 0 where they do.
type grid struct {
	gain             [mostTokens][mostTokens]Bits
	n, m             int  // tokens of either side
	agreements       int  // gains above 0
	commonA, commonB uint // sets of tokens that people often leave out
	spared           Bits // what it is worth that a token left out is such a one
}

// alignment says which token of the other side each token stands with; -1 = none.
type alignment struct {
	to    [mostTokens]int8
	total Bits
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
	best.total = -1
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
	if total := now.total + Bits(g.commonOmitted(takenA, takenB))*g.spared; total > best.total {
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

// alignMany is align by dynamic programming over the sets of taken tokens.
func (g *grid) alignMany(best alignment) alignment {
	const sets = 1 << mostTokens
	var worth [mostTokens + 1][sets]Bits
	var took [mostTokens + 1][sets]int8
	for i := g.n - 1; i >= 0; i-- {
		for taken := range 1 << g.m {
			worth[i][taken], took[i][taken] = worth[i+1][taken], -1
			for j := range g.m {
				if g.gain[i][j] == 0 || taken&(1<<j) != 0 {
					continue
				}
				if w := g.gain[i][j] + worth[i+1][taken|1<<j]; w > worth[i][taken] {
					worth[i][taken], took[i][taken] = w, int8(j)
				}
			}
		}
	}
	best.total = worth[0][0]
	taken := 0
	for i := range g.n {
		if j := took[i][taken]; j >= 0 {
			best.to[i] = j
			taken |= 1 << j
		}
	}
	return best
}
