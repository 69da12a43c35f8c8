package quality

import "math"

// Interval holds the true share with 95 % confidence; both ends lie between 0 and 1.
type Interval struct{ Low, High float64 }

// z95 is the 97.5 % point of the normal distribution.
const z95 = 1.959963984540054

// Wilson is the 95 % score interval of a share of hits among n (E. B. Wilson, JASA 22, 1927). Where hits is
// 0 the upper end is the rule of three, 3/n, and where hits is n the lower one is 1-3/n: the one-sided bound
// people know, since none seen among n is no proof of none. With n = 0 nothing is known: 0 to 1.
func Wilson(hits, n int64) Interval {
	if n <= 0 {
		return Interval{0, 1}
	}
	N, p := float64(n), float64(hits)/float64(n)
	d := 1 + z95*z95/N
	mid := (p + z95*z95/(2*N)) / d
	half := z95 / d * math.Sqrt(p*(1-p)/N+z95*z95/(4*N*N))
	i := Interval{math.Max(0, mid-half), math.Min(1, mid+half)}
	switch hits {
	case 0:
		i.Low, i.High = 0, RuleOfThree(n)
	case n:
		i.Low, i.High = 1-RuleOfThree(n), 1
	}
	return i
}

// RuleOfThree is the share that zero hits among n still allow with 95 % confidence, at most 1.
func RuleOfThree(n int64) float64 {
	if n <= 3 {
		return 1
	}
	return 3 / float64(n)
}
