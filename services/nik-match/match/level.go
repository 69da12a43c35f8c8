package match

import (
	"math/bits"
	"strings"

	"dtks/services/nik-match/match/canon"
)

// finding is what a comparison found, as an index into Findings of the kind: 0 is full agreement, the last one is
// disagreement.
type finding uint8

// exact is full agreement, in every kind.
const exact finding = 0

// Findings of dates, in the order of dateFindings.
const (
	dateSwapped  finding = iota + 1 // day and month exchanged
	dateOneDigit                    // one digit wrong or two neighbouring digits exchanged
	dateYearOnly                    // same year, one side knows no more or stands at 1 January
	dateSameDay                     // day and month agree, the year does not
	dateSameMonth
	dateNearDays // at most 31 days apart
	dateSameYear
	dateNearSeason // up to ten years apart, the days of the year at most 31 apart
	dateNearYear   // one or two years apart
	dateDifferent
)

// Findings of numbers.
const (
	numberOneDigit finding = iota + 1
	numberTransposed
	numberTwoDigits
	numberSameHead // all but the last two digits agree; of NIKs: nikOtherSerial
	numberDifferent

	nikOtherSerial = numberSameHead  // district and birth date agree, the serial does not
	nikOtherDate   = numberDifferent // they differ in the birth date, and so do the people
	nikDifferent   = numberDifferent + 1
)

// Findings of birthplaces.
const (
	placeSameRegency finding = iota + 1
	placeNear
	placeSameProvince
	placeDifferent
)

// Findings of areas.
const (
	areaSameDistrict finding = iota + 1
	areaSameRegency
	areaSameProvince
	areaDifferent
)

// Findings of e-mail addresses.
const (
	emailSameLocal finding = iota + 1
	emailNear
	emailDifferent
)

// Findings of codes and of sex.
const (
	codeNear      finding = 1
	codeDifferent finding = 2
	sexDifferent  finding = 1
)

// findings names every finding of a kind, best first.
var findings = map[Kind][]string{
	KindDate:   {"exact", "day_month_swapped", "one_digit", "year_only", "same_day_other_year", "same_month", "near_days", "same_year", "near_season", "near_year", "different"},
	KindNIK:    {"exact", "one_digit", "transposed", "two_digits", "other_serial", "other_date", "different"},
	KindNumber: {"exact", "one_digit", "transposed", "two_digits", "different_tail", "different"},
	KindPhone:  {"exact", "one_digit", "transposed", "two_digits", "different_tail", "different"},
	KindSex:    {"exact", "different"},
	KindPlace:  {"exact", "same_regency", "near", "same_province", "different"},
	KindArea:   {"exact", "same_district", "same_regency", "same_province", "different"},
	KindEmail:  {"exact", "same_local_part", "near", "different"},
	KindCode:   {"exact", "near", "different"},

	KindName: tokenFindings, KindAddress: tokenFindings, KindText: tokenFindings,
}

// level compares two values of a kind that is not made of tokens. Both must be there.
func level(k Kind, a, b *value) finding {
	if k != KindDate && a.text == b.text {
		return exact
	}
	switch k {
	case KindDate:
		return dateLevel(a, b)
	case KindNIK, KindNumber, KindPhone:
		return numberLevel(k, a, b)
	case KindSex:
		return sexDifferent
	case KindPlace:
		return placeLevel(a, b)
	case KindArea:
		return areaLevel(a.text, b.text)
	case KindEmail:
		return emailLevel(a.text, b.text)
	default:
		if near(a.text, b.text) {
			return codeNear
		}
		return codeDifferent
	}
}

func dateLevel(x, y *value) finding {
	if x.digits == y.digits {
		return exact
	}
	a, b := x.date, y.date
	known := a.Year != 0 && a.Month != 0 && a.Day != 0 && b.Year != 0 && b.Month != 0 && b.Day != 0
	switch {
	case known && a.Year == b.Year && a.Day == b.Month && a.Month == b.Day:
		return dateSwapped
	case known && oneDigit(x.digits, y.digits):
		return dateOneDigit
	case a.Year == b.Year && (yearOnly(a) || yearOnly(b)):
		return dateYearOnly
	case a.Month == b.Month && a.Day == b.Day && a.Month != 0 && a.Day != 0 && !yearOnly(a):
		return dateSameDay
	case a.Year == 0 || b.Year == 0:
		return dateDifferent
	case a.Year == b.Year && a.Month == b.Month:
		return dateSameMonth
	case known && days(a)-days(b) <= 31 && days(b)-days(a) <= 31:
		return dateNearDays
	case a.Year == b.Year:
		return dateSameYear
	case known && nearSeason(a, b):
		return dateNearSeason
	case a.Year-b.Year <= 2 && b.Year-a.Year <= 2:
		return dateNearYear
	}
	return dateDifferent
}

// days counts the days since the year 0, months taken as 31 days: enough to say how far two dates lie apart.
func days(d canon.Date) int { return int(d.Year)*372 + dayOfYear(d) }

func dayOfYear(d canon.Date) int { return int(d.Month)*31 + int(d.Day) }

// nearSeason reports whether two dates of different years fall into the same weeks of the year: people who guess a year
// know the time of the year better.
func nearSeason(a, b canon.Date) bool {
	apart := dayOfYear(a) - dayOfYear(b)
	return a.Year-b.Year <= 10 && b.Year-a.Year <= 10 && (apart <= 31 && apart >= -31)
}

// yearOnly reports whether a date says no more than a year: people whose birth date nobody knows stand at 1 January.
func yearOnly(d canon.Date) bool {
	return d.Month == 0 || d.Day == 0 && d.Month <= 1 || d.Month == 1 && d.Day == 1
}

// oneDigit reports whether two full dates, written yyyymmdd, differ in one digit or in two neighbours exchanged. One
// digit of the century (1925, 2025) is such a slip as well.
func oneDigit(a, b number) bool {
	n, transposed := a.differs(b)
	return n == 1 || transposed
}

// number is a string of up to 16 digits, four bits each, the last digit lowest.
type number struct {
	digits uint64
	len    uint8 // 0 = not a number of 1 to 16 digits
}

func pack(s string) number {
	if len(s) == 0 || len(s) > 16 {
		return number{}
	}
	var n uint64
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return number{}
		}
		n = n<<4 | uint64(s[i]-'0')
	}
	return number{n, uint8(len(s))}
}

// differs counts the places at which two numbers of one length differ and reports whether these are two neighbours
// exchanged.
func (a number) differs(b number) (places int, transposed bool) {
	x := a.digits ^ b.digits
	set := (x | x>>1 | x>>2 | x>>3) & 0x1111111111111111
	places = bits.OnesCount64(set)
	if places != 2 {
		return places, false
	}
	low := bits.TrailingZeros64(set)
	if set>>low != 0x11 {
		return places, false
	}
	p, q := a.digits>>low&0xff, b.digits>>low&0xff
	return places, p>>4 == q&0xf && p&0xf == q>>4
}

func numberLevel(k Kind, a, b *value) finding {
	different := numberDifferent
	if k == KindNIK {
		different = nikDifferent
	}
	x, y := a.digits, b.digits
	if x.len == 0 || y.len == 0 {
		if near(a.text, b.text) {
			return numberOneDigit
		}
		return different
	}
	if x.len != y.len {
		if edits(a.text, b.text, 1) == 1 {
			return numberOneDigit // a digit lost or doubled
		}
		return different
	}
	places, transposed := x.differs(y)
	switch {
	case k == KindNIK && x.len == 16 && x.digits>>16 == y.digits>>16:
		return nikOtherSerial
	case k == KindNIK && places <= 2 && ownDates(a, b):
		return nikOtherDate
	case transposed:
		return numberTransposed
	case places == 1:
		return numberOneDigit
	case places == 2 && x.len >= 6:
		return numberTwoDigits
	case k != KindNIK && x.len >= 6 && x.digits>>8 == y.digits>>8:
		return numberSameHead
	}
	return different
}

// ownDates reports whether two NIKs of one district differ in their birth dates as their bearers do. Brothers born on one
// day of two years have such numbers; a slip in the number leaves the stated birth dates equal.
func ownDates(a, b *value) bool {
	const serial, district = 16, 40 // bits below the date, and below the district
	x, y := a.digits, b.digits
	return x.len == 16 && x.digits>>district == y.digits>>district && x.digits>>serial != y.digits>>serial &&
		a.date.Year != 0 && b.date.Year != 0 && a.date != b.date
}

func placeLevel(a, b *value) finding {
	for _, x := range a.codes {
		for _, y := range b.codes {
			if x == y {
				return placeSameRegency
			}
		}
	}
	if near(a.text, b.text) || strings.HasPrefix(a.text, b.text+" ") || strings.HasPrefix(b.text, a.text+" ") {
		return placeNear
	}
	for _, x := range a.codes {
		for _, y := range b.codes {
			if x[:2] == y[:2] {
				return placeSameProvince
			}
		}
	}
	return placeDifferent
}

// areaLevel compares by the part that both codes have: 2 digits province, 4 regency, 6 district, 10 village.
func areaLevel(a, b string) finding {
	n := min(len(a), len(b))
	switch {
	case n >= 10 && a[:10] == b[:10]:
		return exact
	case n >= 6 && a[:6] == b[:6]:
		return areaSameDistrict
	case n >= 4 && a[:4] == b[:4]:
		return areaSameRegency
	case n >= 2 && a[:2] == b[:2]:
		return areaSameProvince
	}
	return areaDifferent
}

func emailLevel(a, b string) finding {
	la, _, _ := strings.Cut(a, "@")
	lb, _, _ := strings.Cut(b, "@")
	switch {
	case la == lb:
		return emailSameLocal
	case near(a, b) || min(len(a), len(b)) >= 12 && edits(a, b, 4) <= 4:
		return emailNear
	}
	return emailDifferent
}
