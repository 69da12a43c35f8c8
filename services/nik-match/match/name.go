package match

// tokenSlots compares two values made of tokens: the two readings that agree best, token by token.
func (m *Model) tokenSlots(field int, x, y *value, dst []slot) []slot {
	var best, now [2*mostTokens + 2]slot
	var kept []slot
	var weight worth
	for i := range x.readings {
		for j := range y.readings {
			a, b := &x.readings[i], &y.readings[j]
			if a.joined >= 0 && b.joined >= 0 {
				continue
			}
			slots, ok := m.readingSlots(field, x, y, a, b, now[:0])
			if !ok {
				continue
			}
			// Where two readings weigh the same, the one that sets relatives apart counts, in either order of the records.
			if person, kin := m.sum(slots); kept == nil || worthOf(person, kin) > weight {
				weight = worthOf(person, kin)
				kept = append(best[:0], slots...)
			}
		}
	}
	return append(dst, kept...)
}

// readingSlots compares two readings. ok is false where a join was tried that agrees with nothing.
func (m *Model) readingSlots(field int, x, y *value, a, b *reading, dst []slot) (slots []slot, ok bool) {
	w, f := &m.weights[field], &m.Fields[field].Frequencies
	var g grid
	var found [mostTokens][mostTokens]slot
	m.newGrid(&g, w, a, b)
	for i := range a.tokens {
		for j := range b.tokens {
			r := relation(m.lists, &a.tokens[i], &b.tokens[j])
			if r == tokenDifferent || (i == a.joined || j == b.joined) && !joinable(r) {
				continue
			}
			s := tokenSlot(uint8(field), r, w, f.Of(a.tokens[i].Canon), f.Of(b.tokens[j].Canon))
			if i == a.joined {
				s = joinedSlot(s, w, f, x, i)
			} else if j == b.joined {
				s = joinedSlot(s, w, f, y, j)
			}
			found[i][j] = s
			g.put(i, j, w, &s)
		}
	}
	best := g.align()
	var takenA, takenB uint
	for i := range a.tokens {
		if j := best.to[i]; j >= 0 {
			takenA, takenB = takenA|1<<i, takenB|1<<j
			dst = append(dst, found[i][j])
		}
	}
	if a.joined >= 0 && takenA&(1<<a.joined) == 0 || b.joined >= 0 && takenB&(1<<b.joined) == 0 {
		return nil, false
	}
	return g.rest(dst, uint8(field), w, takenA, takenB), true
}

func (m *Model) newGrid(g *grid, w *weights, a, b *reading) {
	g.n, g.m = len(a.tokens), len(b.tokens)
	for i := range a.tokens {
		if a.tokens[i].common() {
			g.commonA |= 1 << i
		}
	}
	for j := range b.tokens {
		if b.tokens[j].common() {
			g.commonB |= 1 << j
		}
	}
	person, kin := w.weigh(&slot{finding: tokenOmittedCommon, rare: w.u[tokenOmittedCommon]})
	p, k := w.weigh(&slot{finding: tokenOmitted, rare: w.u[tokenOmitted]})
	g.spared = worthOf(person-p, kin-k)
}

// spared is the most that it is worth that an omitted token is one that people often leave out.
func (w *weights) spared() Bits {
	omitted, _ := w.weigh(&slot{finding: tokenOmitted, rare: w.u[tokenOmitted]})
	common, _ := w.weigh(&slot{finding: tokenOmittedCommon, rare: w.u[tokenOmittedCommon]})
	return max(0, common-omitted)
}

// put enters an agreement into the grid: its weight over that of two tokens that differ.
func (g *grid) put(i, j int, w *weights, s *slot) {
	person, kin := w.weigh(s)
	p, k := w.weigh(&slot{finding: tokenDifferent, rare: w.u[tokenDifferent]})
	g.gain[i][j] = max(1, worthOf(person-p, kin-k))
	g.agreements++
}

// rest adds what is left over after the pairing: where both sides have tokens left they differ, where one side has more
// the others are omitted.
func (g *grid) rest(dst []slot, field uint8, w *weights, takenA, takenB uint) []slot {
	pairs := len(dst)
	for range min(g.n, g.m) - pairs {
		dst = append(dst, slot{field: field, finding: tokenDifferent, rare: w.u[tokenDifferent]})
	}
	omitted := max(g.n, g.m) - min(g.n, g.m)
	common := g.commonOmitted(takenA, takenB)
	for i := range omitted {
		kind := tokenOmitted
		if i < common {
			kind = tokenOmittedCommon
		}
		dst = append(dst, slot{field: field, finding: kind, rare: w.u[kind]})
	}
	return dst
}

// tokenSlot weighs an agreement of two tokens by how common they are: p and q are the shares of records that carry
// them. Agreeing nearly counts by the commoner of the two, and by how often strangers agree nearly.
func tokenSlot(field uint8, found finding, w *weights, p, q float64) slot {
	common := -log2(max(p, q))
	s := slot{field: field, finding: found, rare: common, limit: common}
	if found != exact {
		s.rare = -log2(min(1, max(p, q)+w.uShare[found]))
	}
	return s
}

// joinable reports whether an agreement is close enough to say that two tokens were written as one.
func joinable(r finding) bool { return r == exact || r == tokenVariant }

// joinedSlot is the agreement of a token with two that were written apart. It counts for no more than both would.
func joinedSlot(s slot, w *weights, f *Frequencies, of *value, at int) slot {
	parts := of.readings[0].tokens[at : at+2]
	s.limit = min(s.limit, -log2(f.Of(parts[0].Canon))-log2(f.Of(parts[1].Canon))+w.m[exact])
	s.finding = tokenJoined
	s.rare = min(s.rare, s.limit)
	return s
}
