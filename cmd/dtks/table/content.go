package table

import (
	"regexp"
	"strings"
	"time"

	"dtks/services/nik-match/match"
)

// profile is what a column's values look like. Shares are of its filled values.
type profile struct {
	rows, filled, distinct             int
	dates, emails, digits, niks, mixed float64 // mixed: letters and digits in one word
	dotted                             float64 // digits, perhaps set apart by dots as in 32.04.10.2001
	length                             float64 // mean, in characters
	sequence                           bool    // whole numbers that rise by one
}

// profileRows is how many filled values are looked at for shares; distinct values are counted over all.
const profileRows = 5000

var dateForms = regexp.MustCompile(`^(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}([T ].*)?|\d{1,2}[-/. ]\d{1,2}[-/. ]\d{2,4}|\d{1,2}[- ][A-Za-z]{3,9}[- ,]+\d{2,4})$`)

// profile looks at one column.
func (t *Table) profile(column int) profile {
	p := profile{rows: len(t.Rows), sequence: true}
	seen := map[string]struct{}{}
	previous, looked := int64(-1), 0
	for _, row := range t.Rows {
		v := row[column]
		if v == "" {
			continue
		}
		p.filled++
		seen[v] = struct{}{}
		n, whole := digitsOf(v)
		p.sequence = p.sequence && whole && (previous < 0 || n == previous+1)
		previous = n
		if looked >= profileRows {
			continue
		}
		looked++
		p.length += float64(len([]rune(v)))
		switch {
		case isDate(v):
			p.dates++
		case strings.Count(v, "@") == 1 && !strings.Contains(v, " "):
			p.emails++
		}
		if _, ok := digitsOf(strings.ReplaceAll(v, ".", "")); ok {
			p.dotted++
		}
		if whole {
			p.digits++
			if len(v) == 16 {
				p.niks++
			}
		} else if !strings.Contains(v, " ") && strings.ContainsAny(v, "0123456789") {
			p.mixed++
		}
	}
	p.distinct = len(seen)
	for _, share := range []*float64{&p.dates, &p.emails, &p.digits, &p.niks, &p.mixed, &p.dotted, &p.length} {
		*share /= float64(max(1, looked))
	}
	return p
}

// digitsOf reads a value of digits only; n is its number where it has at most 18 digits.
func digitsOf(v string) (n int64, ok bool) {
	for _, r := range v {
		if r < '0' || r > '9' {
			return 0, false
		}
		if len(v) <= 18 {
			n = n*10 + int64(r-'0')
		}
	}
	return n, v != ""
}

// isDate recognises the usual forms of a date, also eight digits that are one in this or the last century.
func isDate(v string) bool {
	if len(v) == 8 {
		if _, whole := digitsOf(v); whole {
			for _, layout := range []string{"20060102", "02012006"} {
				if d, err := time.Parse(layout, v); err == nil && d.Year() >= 1880 && d.Year() <= 2060 {
					return true
				}
			}
			return false
		}
	}
	return dateForms.MatchString(v)
}

// few reports whether a column has so few different values that they are a code rather than words.
func (p profile) few() bool { return p.distinct <= max(20, p.filled/50) }

// constant reports whether a column is the same in all rows of a list long enough to tell.
func (p profile) constant() bool { return p.distinct == 1 && p.filled == p.rows && p.rows >= 10 }

// unique reports whether every row has a value of its own.
func (p profile) unique() bool { return p.rows > 1 && p.filled == p.rows && p.distinct == p.rows }

// kind types a column whose title says nothing.
func (p profile) kind() match.Kind {
	switch {
	case p.niks > 0.8:
		return match.KindNIK
	case p.dates > 0.8:
		return match.KindDate
	case p.emails > 0.8:
		return match.KindEmail
	case p.few():
		return match.KindCode
	case p.digits > 0.8 && p.length >= 6 && p.distinct > p.filled/4:
		return match.KindNumber
	case p.mixed+p.digits > 0.8 && p.length >= 6 && p.distinct > p.filled/4:
		return match.KindNumber
	case p.digits > 0.8:
		return match.KindCode
	}
	return match.KindText
}

// fits corrects the kind that a title promises by what the column holds.
func (p profile) fits(k match.Kind) match.Kind {
	switch {
	case k == match.KindNIK && p.niks < 0.5:
		return match.KindNumber
	case k == match.KindSex && p.distinct > 8:
		return match.KindCode
	case k == match.KindArea && p.dotted < 0.5:
		return match.KindText
	case (k == match.KindText || k == match.KindPlace) && p.digits > 0.8 && p.filled > 0:
		return match.KindCode
	}
	return k
}
