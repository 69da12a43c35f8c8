package quality

import (
	"math"
	"math/rand/v2"
	"slices"
)

// F1Interval is a 95 % interval of F1 at a threshold, by resampling people with replacement (500
// rounds, 100 where there are very many people; fixed seed). Pairs of one person rise and fall together, which makes it wider and more honest than one
// that takes pairs as independent. A wrong pair ties two people, so it weighs the product of their draws.
func (t *Truth) F1Interval(pairs []Pair, threshold float64) Interval {
	people, wrong := t.tally(pairs, threshold)
	if len(people) == 0 {
		return Interval{0, 1}
	}
	faults := len(wrong)
	for _, p := range people {
		if p.fn > 0 {
			faults++
		}
	}
	if faults == 0 {
		// Resampling faultless people gives no fault; the rule of three says what they still allow.
		return Interval{1 - RuleOfThree(int64(len(people))), 1}
	}
	rounds := 500
	if len(people)+len(wrong) > 50_000 {
		rounds = 100 // the interval is narrow then, and its ends need no third digit
	}
	rng := rand.New(rand.NewPCG(1, 2))
	draws := make([]uint8, len(people))
	f1 := make([]float64, 0, rounds)
	for range rounds {
		var tp, fn, fp float64
		for i, p := range people {
			draws[i] = poisson(rng)
			tp += float64(draws[i]) * p.tp
			fn += float64(draws[i]) * p.fn
		}
		for _, w := range wrong {
			if w[0] == w[1] {
				fp += float64(draws[w[0]])
			} else {
				fp += float64(draws[w[0]]) * float64(draws[w[1]])
			}
		}
		if tp+fp+fn > 0 {
			f1 = append(f1, 2*tp/(2*tp+fp+fn))
		}
	}
	if len(f1) == 0 {
		return Interval{0, 1}
	}
	slices.Sort(f1)
	return Interval{f1[int(0.025*float64(len(f1)))], f1[int(0.975*float64(len(f1)))]}
}

type personTally struct{ tp, fn float64 }

// tally counts per person the true pairs found and missed, and lists the wrong pairs by the two people they
// tie. People without any of these are left out: they change nothing.
func (t *Truth) tally(pairs []Pair, threshold float64) (people []personTally, wrong [][2]int32) {
	number := map[int32]int32{}
	at := func(person int32) int32 {
		n, ok := number[person]
		if !ok {
			n = int32(len(people))
			number[person] = n
			people = append(people, personTally{})
		}
		return n
	}
	na, nb := make([]float64, t.persons), make([]float64, t.persons)
	for _, e := range t.a {
		na[e]++
	}
	for _, e := range t.b {
		nb[e]++
	}
	for e := range na {
		matches := na[e] * (na[e] - 1) / 2
		if t.two {
			matches = na[e] * nb[e]
		}
		if matches > 0 {
			people[at(int32(e))].fn = matches
		}
	}
	for p := range t.refuted {
		people[at(t.a[p[0]])].fn--
	}
	for _, p := range pairs {
		if p.Score < threshold {
			continue
		}
		if t.Same(p.A, p.B) {
			i := at(t.a[p.A])
			people[i].tp++
			people[i].fn--
			continue
		}
		wrong = append(wrong, [2]int32{at(t.a[p.A]), at(t.entityB(p.B))})
	}
	return people, wrong
}

// poisson draws from the Poisson distribution of mean 1, which resampling with replacement tends to.
func poisson(rng *rand.Rand) uint8 {
	limit, k, p := math.Exp(-1), uint8(0), rng.Float64()
	for p > limit {
		k++
		p *= rng.Float64()
	}
	return k
}
