package canon

import "strings"

// ParseDate reads a date as people and spreadsheets write it: yyyy-mm-dd, yyyymmdd, ddmmyyyy, dd-mm-yyyy, d/m/yy,
// dd.mm.yyyy, with the month's name in Indonesian or English, mm/yyyy, a year alone, a timestamp, or the day count of a
// spreadsheet. It is false where no year, month or day could be read.
//
// A part that cannot be is unknown, the others stay: 00-00-1965 has only its year. A day its month does not have
// (31-02-1990) stays as written, because one of the two is a slip of one digit and the pair still compares close to the
// true date; the result need not be a day of the calendar. A month above 12 before a day up to 12 was written the
// American way round and is exchanged. Two-digit years lie in the century up to 2029.
func ParseDate(s string) (Date, bool) {
	f := dateText(s)
	if isTime := strings.IndexByte(f, ':'); isTime >= 0 {
		f = beforeTime(f, isTime)
	}
	var parts [4]datePart
	n := 0
	for i := 0; i < len(f) && n < len(parts); {
		j := i
		switch {
		case digit(f[i]):
			for j < len(f) && digit(f[j]) {
				j++
			}
			parts[n] = datePart{value: number(f[i:j]), width: j - i}
			n++
		case f[i] >= 'A':
			for j < len(f) && f[j] >= 'A' {
				j++
			}
			if m := monthNamed(f[i:j]); m > 0 {
				parts[n] = datePart{value: m, named: true}
				n++
			}
		default:
			j++
		}
		i = j
	}
	return assemble(parts[:n])
}

// dateText folds s, except that look-alike digits stay digits: only the letters of month names matter here.
func dateText(s string) string {
	if s == "" || folded(s) {
		return s
	}
	return Fold(s)
}

// beforeTime drops a time of day: from the word that holds the first colon on, or what follows the T of a timestamp.
func beforeTime(f string, colon int) string {
	i := colon
	for i > 0 && digit(f[i-1]) {
		i--
	}
	if i > 0 && (f[i-1] == 'T' || f[i-1] == ' ') {
		return f[:i-1]
	}
	return f[:colon]
}

// datePart is a number or a month's name.
type datePart struct {
	value, width int
	named        bool
}

// assemble makes a date of one to three parts.
func assemble(p []datePart) (Date, bool) {
	if len(p) == 4 { // a fourth number is a time of day without colons
		p = p[:3]
	}
	switch len(p) {
	case 1:
		return single(p[0])
	case 2:
		return pair(p[0], p[1])
	case 3:
		return triple(p[0], p[1], p[2])
	}
	return Date{}, false
}

// single reads one run of digits: a year, eight digits without separators, or a spreadsheet's day count.
func single(p datePart) (Date, bool) {
	switch {
	case p.named:
		return checked(0, p.value, 0)
	case p.width == 8:
		return eight(p.value)
	case p.width == 14: // yyyymmddhhmmss
		return checked(p.value/10000000000, p.value/100000000%100, p.value/1000000%100)
	case p.width == 6:
		return dayMonth(p.value/10000, p.value/100%100, century(p.value%100))
	case p.width == 5 && p.value >= 1 && p.value <= 60000:
		return serial(p.value), true
	case p.width == 4:
		return checked(p.value, 0, 0)
	}
	return Date{}, false
}

// eight reads yyyymmdd, or ddmmyyyy where only that is a whole date.
func eight(v int) (Date, bool) {
	front, _ := checked(v/10000, v/100%100, v%100)
	back, ok := dayMonth(v/1000000, v/10000%100, v%10000)
	if front.whole() || front.Year != 0 && !back.whole() {
		return front, true
	}
	return back, ok
}

func (d Date) whole() bool { return d.Year != 0 && d.Month != 0 && d.Day != 0 }

// pair reads month and year in either order, or day and month.
func pair(a, b datePart) (Date, bool) {
	switch {
	case a.width == 4:
		return checked(a.value, b.value, 0)
	case b.width == 4:
		return checked(b.value, a.value, 0)
	case a.named:
		return checked(0, a.value, b.value)
	case b.named:
		return checked(0, b.value, a.value)
	}
	return dayMonth(a.value, b.value, 0)
}

// triple reads day, month and year, the month by its name or place, the year by its width or place.
func triple(a, b, c datePart) (Date, bool) {
	switch {
	case a.named:
		return checked(fullYear(c), a.value, b.value)
	case a.width >= 3:
		if b.value > 12 && c.value <= 12 && !b.named {
			b, c = c, b
		}
		return checked(fullYear(a), b.value, c.value)
	case b.named:
		return checked(fullYear(c), b.value, a.value)
	case c.named:
		return checked(fullYear(a), c.value, b.value)
	}
	return dayMonth(a.value, b.value, fullYear(c))
}

// dayMonth puts day before month, except where that cannot be and the other way can.
func dayMonth(day, month, year int) (Date, bool) {
	if month > 12 && day >= 1 && day <= 12 {
		day, month = month, day
	}
	return checked(year, month, day)
}

// Limits of a plausible year; outside them it is unknown.
const (
	minYear = 1850
	maxYear = 2100
)

// lastShortYear is the last two-digit year of the century 2000: registers reach a few years ahead at most, and people
// born before 1930 are rarer than children.
const lastShortYear = 29

func century(yy int) int {
	if yy > lastShortYear {
		return 1900 + yy
	}
	return 2000 + yy
}

func fullYear(p datePart) int {
	if p.width <= 2 {
		return century(p.value)
	}
	return p.value
}

// checked keeps the parts that can be.
func checked(year, month, day int) (Date, bool) {
	if year < minYear || year > maxYear {
		year = 0
	}
	if month < 1 || month > 12 {
		month = 0
	}
	if day < 1 || day > 31 {
		day = 0
	}
	d := Date{Year: int16(year), Month: int8(month), Day: int8(day)}
	return d, d != Date{}
}

// serial is the date of a spreadsheet's day count: day 1 is 1 January 1900, and day 60 is a 29 February 1900 that never
// was, so that the count is one too high from there on.
func serial(n int) Date {
	if n < 60 {
		n++
	}
	// Civil date from days since 30 December 1899, by counting years of March to February in cycles of 400 years.
	z := n + 693899 // days from 1 March of year 0
	era := z / 146097
	doe := z % 146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	year, month, day := yoe+era*400, mp+3, doy-(153*mp+2)/5+1
	if month > 12 {
		year, month = year+1, month-12
	}
	return Date{Year: int16(year), Month: int8(month), Day: int8(day)}
}

// monthNamed is the month that starts with the word's first letters in Indonesian or English, 0 for another word.
func monthNamed(w string) int {
	if len(w) < 3 {
		return 0
	}
	switch w[:3] {
	case "JAN":
		return 1
	case "FEB", "PEB":
		return 2
	case "MAR", "MRT":
		return 3
	case "APR":
		return 4
	case "MEI", "MAY", "MEY":
		return 5
	case "JUN":
		return 6
	case "JUL":
		return 7
	case "AGU", "AUG", "AGS", "AGT":
		return 8
	case "SEP":
		return 9
	case "OKT", "OCT":
		return 10
	case "NOV", "NOP":
		return 11
	case "DES", "DEC":
		return 12
	}
	return 0
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// number is the value of digits, -1 where there are more than a timestamp has.
func number(s string) int {
	if len(s) > 14 {
		return -1
	}
	n := 0
	for i := 0; i < len(s); i++ {
		n = n*10 + int(s[i]-'0')
	}
	return n
}
