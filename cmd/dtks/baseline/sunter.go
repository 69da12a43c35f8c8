package baseline

import (
	"context"
	"math"
	"math/rand/v2"

	"dtks/cmd/dtks/quality"
	"dtks/services/nik-match/match"
)

// Levels of agreement of two values, every field compared as text by Jaro-Winkler.
const (
	levelExact   = iota
	levelClose   // 0.92 or more
	levelNear    // 0.80 or more
	levelElse    //
	levelMissing // on one side or both: no evidence
	levels
)

// Model is a plain Fellegi-Sunter model: per field and level how often records of one person (M) and of two
// people (U) agree so. Fields are taken as independent; no value counts more for being rare.
type Model struct {
	Fields []match.Field
	M, U   [][levels]float64 // shares among values present on both sides; levelMissing is unused
	Prior  float64           // share of all pairs that are matches
}

// Bits is the evidence for a pattern of levels: log2 of the odds that the records are one person, the prior
// included.
func (m *Model) Bits(pattern []uint8) float64 {
	bits := math.Log2(m.Prior / (1 - m.Prior))
	for f, level := range pattern {
		if level != levelMissing {
			bits += math.Log2(m.M[f][level] / m.U[f][level])
		}
	}
	return bits
}

// Likelihood turns bits into a probability.
func Likelihood(bits float64) float64 { return 1 / (1 + math.Exp2(-bits)) }

// Score compares two rows, in bits.
func (m *Model) Score(a, b []string) float64 {
	pattern := make([]uint8, len(m.Fields))
	for f := range m.Fields {
		x, y := plain(a[f]), plain(b[f])
		switch {
		case x == "" || y == "":
			pattern[f] = levelMissing
		case x == y:
			pattern[f] = levelExact
		default:
			pattern[f] = levelOf(JaroWinkler(x, y))
		}
	}
	return m.Bits(pattern)
}

func levelOf(similarity float64) uint8 {
	switch {
	case similarity >= 0.92:
		return levelClose
	case similarity >= 0.80:
		return levelNear
	}
	return levelElse
}

// FellegiSunter learns a model on the data itself and applies it. Scores are bits, since likelihoods of many
// fields run into 1; the limit of 0 bits is a likelihood of one half, and pairs from -10 bits on are kept. Up
// to 10,000 records all pairs are looked at, above that those that agree exactly in a field.
func FellegiSunter(ctx context.Context, d Data) (Result, error) {
	r := Result{Name: "fellegi_sunter", Threshold: 0, Compared: d.pairs()}
	s := newScan(d)
	m, err := learn(ctx, s)
	if err != nil {
		return r, err
	}
	if s.blocked {
		r.Note = "only pairs that agree exactly in a field"
		r.Compared = s.seen
	}
	r.Pairs = s.keep(ctx, m, -10)
	return r, ctx.Err()
}

// Learn estimates the model on data: U from random pairs, M by expectation maximisation among pairs that agree
// exactly in one identifying field, which itself says nothing there, and averaged over these fields; then the
// prior. Among all pairs at once matches are too few: the estimate would drift to neighbours, who agree in
// address and area.
func Learn(ctx context.Context, d Data) (*Model, error) { return learn(ctx, newScan(d)) }

func learn(ctx context.Context, s *scan) (*Model, error) {
	m := &Model{Fields: s.data.Fields, U: s.random()}
	seen := s.count(ctx)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.M = make([][levels]float64, len(m.Fields))
	weight := make([]float64, len(m.Fields))
	for _, by := range m.identifying() {
		mf, matches := maximise(agreeing(seen, by), by, m.U)
		for f := range m.M {
			if f == by {
				continue
			}
			weight[f] += matches
			for l := range mf[f] {
				m.M[f][l] += matches * mf[f][l]
			}
		}
	}
	for f := range m.M {
		for l := range levels {
			if weight[f] > 0 {
				m.M[f][l] /= weight[f]
			} else {
				m.M[f][l] = usual[l]
			}
		}
	}
	m.Prior = m.prior(seen, s.data.pairs())
	return m, nil
}

// selective is how seldom two people may agree in a field whose agreement is to gather mostly matches.
const selective = 0.01

// identifying lists the fields to learn by: those proper to a person rather than to a household, or, where
// there is none, every selective one.
func (m *Model) identifying() []int {
	var own, telling []int
	name := field(m.Fields, match.KindName)
	for f, field := range m.Fields {
		if m.U[f][levelExact] > selective {
			continue
		}
		telling = append(telling, f)
		switch field.Kind {
		case match.KindNIK, match.KindDate, match.KindEmail:
			own = append(own, f)
		case match.KindName:
			if f == name {
				own = append(own, f)
			}
		}
	}
	if len(own) > 1 {
		return own
	}
	return telling
}

func agreeing(seen []pattern, by int) []pattern {
	var out []pattern
	for _, p := range seen {
		if p.levels[by] == levelExact {
			out = append(out, p)
		}
	}
	return out
}

// prior is the share of all pairs that are matches, such that the likelihoods of the pairs seen add up to it.
func (m *Model) prior(seen []pattern, all int64) float64 {
	m.Prior = 1 / float64(max(all, 2))
	for range 100 {
		sum := 0.0
		for _, p := range seen {
			sum += float64(p.pairs) * Likelihood(m.Bits(p.levels))
		}
		m.Prior = min(max(sum/float64(max(all, 1)), 1/(2*float64(max(all, 1)))), 0.5)
	}
	return m.Prior
}

// pattern is the levels of all fields and the number of pairs that show them.
type pattern struct {
	levels []uint8
	pairs  int64
}

// usual is M before anything is known.
var usual = [levels]float64{0.85, 0.07, 0.04, 0.04, 0}

// maximise finds M by expectation maximisation among pairs that agree in the field by, with U fixed. matches
// is how many of the pairs are expected to be matches.
func maximise(seen []pattern, by int, u [][levels]float64) (m [][levels]float64, matches float64) {
	m = make([][levels]float64, len(u))
	for f := range m {
		m[f] = usual
	}
	var total float64
	for _, p := range seen {
		total += float64(p.pairs)
	}
	if total == 0 {
		return m, 0
	}
	part := 0.1
	for range 200 {
		sums := make([][levels]float64, len(u))
		matches = 0
		for _, p := range seen {
			bits := math.Log2(part / (1 - part))
			for f, l := range p.levels {
				if l != levelMissing && f != by {
					bits += math.Log2(m[f][l] / u[f][l])
				}
			}
			w := float64(p.pairs) * Likelihood(bits)
			matches += w
			for f, l := range p.levels {
				sums[f][l] += w
			}
		}
		moved := math.Abs(matches/total - part)
		part = min(max(matches/total, 1/(2*total)), 1-1e-6)
		for f := range m {
			m[f] = shares(sums[f])
		}
		if moved < part*1e-6 {
			break
		}
	}
	return m, matches
}

// shares turns counts into shares of the levels present, none of them quite 0.
func shares(counts [levels]float64) [levels]float64 {
	const least = 1e-6
	total := 0.0
	for l := range levelMissing {
		total += counts[l]
	}
	var out [levels]float64
	for l := range levelMissing {
		out[l] = max(counts[l]/max(total, 1e-12), least)
	}
	return out
}

// randomPairs is how many pairs U is drawn from.
const randomPairs = 1_000_000

// random estimates U: among pairs of records drawn at random hardly any is a match. Half a pair is added to
// each level, for levels not met in the draw.
func (s *scan) random() [][levels]float64 {
	rng := rand.New(rand.NewPCG(3, 4))
	nb := len(s.data.B)
	if s.data.B == nil {
		nb = len(s.data.A)
	}
	counts := make([][levels]float64, len(s.fields))
	for f := range counts {
		for l := range levelMissing {
			counts[f][l] = 0.5
		}
	}
	if len(s.data.A) > 0 && nb > 0 {
		for range min(randomPairs, 4*int(s.data.pairs())+4) {
			i, j := int32(rng.IntN(len(s.data.A))), int32(rng.IntN(nb))
			if s.data.B == nil && i == j {
				continue
			}
			for f := range s.fields {
				counts[f][s.level(f, i, j)]++
			}
		}
	}
	u := make([][levels]float64, len(counts))
	for f := range counts {
		u[f] = shares(counts[f])
	}
	return u
}

// keep gives the pairs with floor bits or more.
func (s *scan) keep(ctx context.Context, m *Model, floor float64) []quality.Pair {
	kept := make(map[uint32]float64, len(s.codes))
	for _, code := range s.codes {
		if bits := m.Bits(s.levels(code)); bits >= floor {
			kept[code] = bits
		}
	}
	return parallel(ctx, len(s.data.A), func(i int, out []quality.Pair) []quality.Pair {
		s.row(int32(i), func(j int32, code uint32) {
			if bits, ok := kept[code]; ok {
				out = append(out, quality.Pair{A: int32(i), B: j, Score: bits})
			}
		})
		return out
	})
}
