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

// FellegiSunter learns a model on the data itself and applies it; pairs with a likelihood of 0.001 or more
// are kept. Up to 10,000 records all pairs are looked at, above that those that agree exactly in a field.
func FellegiSunter(ctx context.Context, d Data) (Result, error) {
	r := Result{Name: "fellegi_sunter", Threshold: 0.5, Compared: d.pairs()}
	s := newScan(d)
	m, err := learn(ctx, s)
	if err != nil {
		return r, err
	}
	if s.blocked {
		r.Note = "only pairs that agree exactly in a field"
		r.Compared = s.seen
	}
	r.Pairs = s.keep(ctx, m, 0.001)
	return r, ctx.Err()
}

// Learn estimates the model on data: U from random pairs, M and the prior by expectation maximisation on all
// pairs, or on each block of pairs that agree in one field, in which that field is left out.
func Learn(ctx context.Context, d Data) (*Model, error) { return learn(ctx, newScan(d)) }

func learn(ctx context.Context, s *scan) (*Model, error) {
	m := &Model{Fields: s.data.Fields, U: s.random()}
	blocks, once := s.count(ctx)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.M = make([][levels]float64, len(m.Fields))
	weight := make([]float64, len(m.Fields))
	for _, b := range blocks {
		mf, matches := b.maximise(m.U, s.prior())
		for f := range m.M {
			if f == b.field {
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
				m.M[f][l] = 1.0 / levels
			}
		}
	}
	m.Prior = prior(m, once, s.data.pairs(), s.prior())
	return m, nil
}

// prior is the share of all pairs that are matches, such that the likelihoods of all pairs seen add up to it.
func prior(m *Model, once block, all int64, start float64) float64 {
	m.Prior = start
	for range 50 {
		sum := 0.0
		for _, p := range once.patterns {
			sum += float64(p.pairs) * Likelihood(m.Bits(p.levels))
		}
		m.Prior = min(max(sum/float64(all), 1/(2*float64(all))), 0.5)
	}
	return m.Prior
}

// Claims gives every rule in the form that judges single claims. learned is the model of the plain
// Fellegi-Sunter, from Learn on other people than those judged.
func Claims(fields []match.Field, learned *Model) []Claim {
	name, date := field(fields, match.KindName), field(fields, match.KindDate)
	sameDate := func(a, b []string) bool {
		return date >= 0 && plain(a[date]) != "" && plain(a[date]) == plain(b[date])
	}
	rule := func(m measure) func(a, b []string) float64 {
		return func(a, b []string) float64 {
			in := names(Data{Fields: fields, A: [][]string{a, b}})
			if name < 0 || in.a[0] < 0 || in.a[1] < 0 {
				return 0
			}
			return m.of(&in.values[in.a[0]], &in.values[in.a[1]], 0)
		}
	}
	dated := func(score func(a, b []string) float64) func(a, b []string) float64 {
		return func(a, b []string) float64 {
			if !sameDate(a, b) {
				return 0
			}
			return score(a, b)
		}
	}
	exact := func(a, b []string) float64 {
		x, ok := whole(a)
		if y, _ := whole(b); ok && x == y {
			return 1
		}
		return 0
	}
	out := []Claim{
		{"exact", 1, exact},
		{"ratcliff_obershelp", RatcliffLimit, rule(ratcliff)},
		{"ratcliff_obershelp_birth_date", RatcliffLimit, dated(rule(ratcliff))},
		{"jaro_winkler", JaroWinklerLimit, rule(winkler)},
		{"jaro_winkler_birth_date", JaroWinklerLimit, dated(rule(winkler))},
	}
	if learned != nil {
		out = append(out, Claim{"fellegi_sunter", 0, learned.Score})
	}
	return out
}

// block holds the patterns of the pairs that agree exactly in one field; field is -1 where all pairs are in.
type block struct {
	field    int
	patterns []pattern
}

type pattern struct {
	levels []uint8
	pairs  int64
}

// maximise finds M of a block by expectation maximisation with U fixed; the block's own field says nothing in
// it. matches is how many pairs of the block are expected to be matches.
func (b block) maximise(u [][levels]float64, start float64) (m [][levels]float64, matches float64) {
	m = make([][levels]float64, len(u))
	for f := range m {
		m[f] = [levels]float64{0.85, 0.07, 0.04, 0.04}
	}
	share := start
	if b.field >= 0 {
		share = 0.1
	}
	var total float64
	for _, p := range b.patterns {
		total += float64(p.pairs)
	}
	if total == 0 {
		return m, 0
	}
	for range 200 {
		sums := make([][levels]float64, len(u))
		matches = 0
		for _, p := range b.patterns {
			odds := share / (1 - share)
			for f, l := range p.levels {
				if l != levelMissing && f != b.field {
					odds *= m[f][l] / u[f][l]
				}
			}
			w := float64(p.pairs) * odds / (1 + odds)
			if math.IsInf(odds, 1) {
				w = float64(p.pairs)
			}
			matches += w
			for f, l := range p.levels {
				sums[f][l] += w
			}
		}
		moved := math.Abs(matches/total - share)
		share = min(max(matches/total, 1/(2*total)), 0.9)
		for f := range m {
			m[f] = shares(sums[f])
		}
		if moved < share*1e-6 {
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

// keep gives the pairs with a likelihood of floor or more.
func (s *scan) keep(ctx context.Context, m *Model, floor float64) []quality.Pair {
	likelihood := make(map[uint32]float64, len(s.codes))
	for code := range s.codes {
		if p := Likelihood(m.Bits(s.levels(code))); p >= floor {
			likelihood[code] = p
		}
	}
	return parallel(ctx, len(s.data.A), func(i int, out []quality.Pair) []quality.Pair {
		s.row(int32(i), func(j int32, code uint32, _ int, again bool) {
			if p, ok := likelihood[code]; ok && !again {
				out = append(out, quality.Pair{A: int32(i), B: j, Score: p})
			}
		})
		return out
	})
}
