package baseline

import "dtks/services/nik-match/match"

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
