package quality

import (
	"cmp"
	"maps"
	"math"
	"slices"
)

// Claims gathers scored claims "this person is that record", genuine ones and impostors, each of a class
// such as "nik_typo" or "sibling". The zero value is ready.
type Claims struct {
	genuine, impostor map[string][]float64
}

// Add takes one claim's score, the higher the more alike.
func (c *Claims) Add(class string, genuine bool, score float64) {
	if c.genuine == nil {
		c.genuine, c.impostor = map[string][]float64{}, map[string][]float64{}
	}
	if genuine {
		c.genuine[class] = append(c.genuine[class], score)
	} else {
		c.impostor[class] = append(c.impostor[class], score)
	}
}

// Verification is what a threshold does to claims: who is refused wrongly and who gets in wrongly.
type Verification struct {
	Threshold float64 // accepted from this score on
	Refused   Rate    // genuine claims refused (false refusals)
	Accepted  Rate    // impostors accepted (false acceptances); none among n still allows 3/n
	Genuine   []ClassRate
	Impostors []ClassRate
}

// Rate is a count among n with its 95 % interval.
type Rate struct {
	Hits, N  int64
	Interval Interval
}

// Share is Hits/N, 0 where N is 0.
func (r Rate) Share() float64 { return share(r.Hits, r.N, 0) }

// ClassRate is the rate in one class of claims.
type ClassRate struct {
	Class string
	Rate
}

// FalseRefusalAt sets the lowest threshold at which at most the share far of the impostors is accepted, and
// tells whom it refuses. With fewer impostors than 1/far none may be accepted, and Accepted.Interval says how
// much less than far has been shown.
func (c *Claims) FalseRefusalAt(far float64) Verification {
	var all []float64
	for _, scores := range c.impostor {
		all = append(all, scores...)
	}
	slices.SortFunc(all, func(a, b float64) int { return cmp.Compare(b, a) })
	// A product such as 1e-5 * 300000 must not fall under the whole number it means.
	allowed := int(math.Floor(far*float64(len(all)) + 1e-9))
	threshold := math.Inf(-1)
	if allowed < len(all) {
		// Just above the first impostor who may not get in; those tied with it stay out as well.
		threshold = math.Nextafter(all[allowed], math.Inf(1))
	}
	return c.At(threshold)
}

// At tells what accepting every claim scored threshold or more does.
func (c *Claims) At(threshold float64) Verification {
	v := Verification{Threshold: threshold}
	v.Genuine, v.Refused = rates(c.genuine, func(s float64) bool { return !(s >= threshold) })
	v.Impostors, v.Accepted = rates(c.impostor, func(s float64) bool { return s >= threshold })
	return v
}

func rates(classes map[string][]float64, hit func(float64) bool) (each []ClassRate, all Rate) {
	for _, class := range slices.Sorted(maps.Keys(classes)) {
		var n int64
		for _, s := range classes[class] {
			if hit(s) {
				n++
			}
		}
		of := int64(len(classes[class]))
		each = append(each, ClassRate{class, Rate{n, of, Wilson(n, of)}})
		all.Hits += n
		all.N += of
	}
	all.Interval = Wilson(all.Hits, all.N)
	return each, all
}

// Against keeps the genuine claims and one class of impostors.
func (c *Claims) Against(class string) *Claims {
	return &Claims{genuine: c.genuine, impostor: map[string][]float64{class: c.impostor[class]}}
}

// ImpostorClasses lists the classes of impostors, sorted.
func (c *Claims) ImpostorClasses() []string { return slices.Sorted(maps.Keys(c.impostor)) }
