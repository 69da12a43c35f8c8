package population

// date is a day of the calendar.
type date struct{ year, month, day int }

func (d date) String() string {
	b := make([]byte, 0, 10)
	b = digits(b, d.year, 4)
	b = digits(append(b, '-'), d.month, 2)
	return string(digits(append(b, '-'), d.day, 2))
}

// digits appends n with leading zeros. fmt would take a third of the time in which claims are made.
func digits(b []byte, n, width int) []byte {
	for unit := [...]int{1, 10, 100, 1000, 1e4, 1e5, 1e6, 1e7}[width-1]; unit > 0; unit /= 10 {
		b = append(b, byte('0'+n/unit%10))
	}
	return b
}

// parsed reads a full date that is in the calendar and not to come.
func parsed(s string) (date, bool) {
	if len(s) != 10 || s[4] != '-' || s[7] != '-' {
		return date{}, false
	}
	var d date
	for i, c := range []byte(s) {
		switch {
		case i == 4 || i == 7:
		case c < '0' || c > '9':
			return date{}, false
		case i < 4:
			d.year = 10*d.year + int(c-'0')
		case i < 7:
			d.month = 10*d.month + int(c-'0')
		default:
			d.day = 10*d.day + int(c-'0')
		}
	}
	return d, d.year > 1900 && d.year <= today && d.month >= 1 && d.month <= 12 && d.day >= 1 && d.day <= daysIn(d.year, d.month)
}

// today is the year that ages are counted from. Fixed, so that files never change.
const today = 2025

func daysIn(year, month int) int {
	switch {
	case month == 2 && year%4 == 0:
		return 29 // 1900 does not occur
	case month == 2:
		return 28
	case month == 4 || month == 6 || month == 9 || month == 11:
		return 30
	}
	return 31
}

// heaps are the shares of persons whose day of birth was not known and was set to a day of convenience, by the decade of
// birth up to which they hold. That such days are heaped is known (performance.md 3c names 1 January); the shares are [own].
var heaps = []struct {
	before                      int // year
	firstJanuary, lastDecember  float64
	firstOfMonth, roundFiveYear float64
}{
	{1950, .13, .12, .08, .30},
	{1965, .07, .07, .05, .15},
	{1980, .03, .03, .02, .04},
	{1995, .012, .010, .01, 0},
	{9999, .004, .003, 0, 0},
}

// born draws a birth date in a year, with the heaping of that time.
func born(r random, year int) date {
	for _, h := range heaps {
		if year >= h.before {
			continue
		}
		if r.chance(h.roundFiveYear) {
			year -= year % 5
		}
		switch kind := r.weighted([]float64{h.firstJanuary, h.lastDecember, h.firstOfMonth, 1 - h.firstJanuary - h.lastDecember - h.firstOfMonth}); kind {
		case 0:
			return date{year, 1, 1}
		case 1:
			return date{year, 12, 31}
		case 2:
			return date{year, r.between(1, 12), 1}
		}
		break
	}
	month := r.between(1, 12)
	return date{year, month, r.between(1, daysIn(year, month))}
}
