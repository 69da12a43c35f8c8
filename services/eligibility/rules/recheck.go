package rules

import (
	"slices"

	"cel.dev/cel-go/common/operators"

	"dtks/services/eligibility/fact"
)

// never is a day after all others.
const never int32 = 99991231

// ages are the ages, in full years, at which an expression may change its answer about a person.
type ages struct {
	bounds []int32 // rising
	every  bool    // any birthday may change it
}

// compare notes a comparison of an age with n.
func (a *ages) compare(op string, n int) {
	if n < -1 || n > 200 {
		return // nobody reaches it
	}
	switch op {
	case operators.GreaterEquals, operators.Less:
		a.bounds = append(a.bounds, int32(n))
	case operators.Greater, operators.LessEquals:
		a.bounds = append(a.bounds, int32(n+1))
	default:
		a.bounds = append(a.bounds, int32(n), int32(n+1))
	}
}

func (a *ages) sort() {
	if len(a.bounds) > 0 {
		a.bounds = append(a.bounds, 0) // before the birth date an age is unknown
	}
	slices.Sort(a.bounds)
	a.bounds = slices.Compact(a.bounds)
}

// next is the first day after the given one on which the member reaches one of the ages.
func (a *ages) next(m *fact.Member, day int32) int32 {
	if m.Born == 0 || !a.every && len(a.bounds) == 0 {
		return never
	}
	if a.every {
		if m.Born > day {
			return birthday(m.Born, 0)
		}
		age, _ := m.Age(day)
		return birthday(m.Born, int32(age)+1)
	}
	for _, n := range a.bounds {
		if n < 0 {
			continue
		}
		if at := birthday(m.Born, n); at > day {
			return at
		}
	}
	return never
}

// birthday is the day on which somebody born on a day reaches an age: the first that the calendar has from then on, so
// that who was born on 29 February reaches it on 1 March of a common year.
func birthday(born, age int32) int32 {
	at := born + age*10000
	year, month, day := at/10000, at/100%100, at%100
	if day <= 28 || day <= daysIn(year, month) {
		return at
	}
	if month == 12 {
		return (year+1)*10000 + 101
	}
	return year*10000 + (month+1)*100 + 1
}

func daysIn(year, month int32) int32 {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// nextDay is the day after one of the calendar.
func nextDay(day int32) int32 { return birthday(day+1, 0) }
