package trial

import (
	"cmp"
	"math"
	"slices"

	"dtks/cmd/dtks/population"
	"dtks/cmd/dtks/quality"
)

// weightOf gives each class of impostors the weight that turns its share among the claims, where hard cases are far too
// frequent so that they can be measured, into the share that is to be expected in life.
func weightOf() map[string]float64 {
	out := map[string]float64{}
	for _, c := range population.Classes() {
		out[c.Name] = c.Natural / c.Share
	}
	return out
}

// thinned reports whether the n-th impostor of a class stays in a sample with natural shares.
func thinned(weights map[string]float64, class string, n int) bool {
	most := 0.0
	for _, w := range weights {
		most = max(most, w)
	}
	// A sequence that fills the unit interval evenly, so that the choice depends on nothing but the number.
	_, at := math.Modf(float64(n) * math.Phi)
	return at < weights[class]/most
}

// attempt is an impostor's claim.
type attempt struct {
	score, weight float64
}

// natural is what a system does where impostors come in natural shares.
type natural struct {
	threshold float64
	refused   quality.Rate // genuine claims, which are generated in natural shares
	far       float64      // weighted
	accepted  int64        // impostors accepted, unweighted
}

// naturalAt sets the lowest threshold at which the weighted share of impostors accepted is at most far.
func (v *verified) naturalAt(far float64) natural {
	slices.SortFunc(v.attempts, func(x, y attempt) int { return cmp.Compare(y.score, x.score) })
	all := 0.0
	for _, a := range v.attempts {
		all += a.weight
	}
	n := natural{threshold: math.Inf(-1)}
	sum := 0.0
	for i := 0; i < len(v.attempts); {
		k, more := i, 0.0
		for ; k < len(v.attempts) && v.attempts[k].score == v.attempts[i].score; k++ {
			more += v.attempts[k].weight
		}
		if (sum+more)/all > far {
			n.threshold = math.Nextafter(v.attempts[i].score, math.Inf(1))
			break
		}
		sum += more
		i = k
		n.accepted = int64(i)
	}
	n.far = sum / all
	refused, _ := slices.BinarySearch(v.genuine, n.threshold)
	n.refused = quality.Rate{Hits: int64(refused), N: int64(len(v.genuine)), Interval: quality.Wilson(int64(refused), int64(len(v.genuine)))}
	return n
}
