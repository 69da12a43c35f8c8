package population

import (
	"math/rand/v2"
	"slices"
	"strings"
)

// random draws everything in this package. Two of the same seed and stream give the same draws.
type random struct{ *rand.Rand }

func newRandom(seed, stream uint64) random { return random{rand.New(rand.NewPCG(seed, stream))} }

func (r random) chance(p float64) bool { return r.Float64() < p }

// between is uniform in low..high, both included.
func (r random) between(low, high int) int { return low + r.IntN(high-low+1) }

// one is a uniform choice.
func one[T any](r random, list []T) T { return list[r.IntN(len(list))] }

// weighted is an index, as likely as its weight. The weights need not add up to 1.
func (r random) weighted(weights []float64) int {
	total := 0.0
	for _, w := range weights {
		total += w
	}
	at := r.Float64() * total
	for i, w := range weights {
		if at -= w; at < 0 {
			return i
		}
	}
	return len(weights) - 1
}

// lexicon is a list of words in the order of their popularity.
type lexicon struct {
	words []string
	upTo  []float64 // cumulative, last 1
}

// zipf gives the word of rank k (from 0) a weight of 1/(k+2), which fits the head of name lists: the first is about
// three times as frequent as the fifth.
func zipf(words string) lexicon { return newLexicon(strings.Fields(words)) }

func newLexicon(words []string) lexicon {
	l := lexicon{words: words, upTo: make([]float64, len(words))}
	total := 0.0
	for i := range words {
		total += 1 / float64(i+2)
		l.upTo[i] = total
	}
	for i := range l.upTo {
		l.upTo[i] /= total
	}
	return l
}

func (l lexicon) pick(r random) string {
	i, _ := slices.BinarySearch(l.upTo, r.Float64())
	return l.words[min(i, len(l.words)-1)]
}

// grammar builds a word from one piece of each list. "-" stands for no piece.
type grammar []lexicon

func pieces(lists ...string) grammar {
	g := make(grammar, len(lists))
	for i, l := range lists {
		g[i] = zipf(l)
	}
	return g
}

func (g grammar) pick(r random) string {
	var b [40]byte
	word := b[:0]
	for _, l := range g {
		piece, n := l.pick(r), len(word)
		if piece == "-" || len(piece) == 1 && n > 0 && vowel(piece[0]) && vowel(word[n-1]) {
			continue
		}
		if n > 0 && word[n-1] == piece[0] {
			word = word[:n-1] // names are written without the double letter at the seam
		}
		word = append(word, piece...)
	}
	return string(word)
}

func vowel(c byte) bool { return c == 'A' || c == 'I' || c == 'U' || c == 'E' || c == 'O' }
