package decision

import (
	"fmt"
	"strconv"
	"time"
)

// months in Indonesian.
var months = [...]string{"Januari", "Februari", "Maret", "April", "Mei", "Juni", "Juli", "Agustus", "September", "Oktober", "November", "Desember"}

// date writes 2006-01-02 as people do: 2 Januari 2006.
func date(day, lang string) string {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return day
	}
	if lang == "id" {
		return fmt.Sprintf("%d %s %d", t.Day(), months[t.Month()-1], t.Year())
	}
	return t.Format("2 January 2006")
}

// number groups thousands: with dots in Indonesian, with commas in English.
func number(n int64, lang string) string {
	separator := "."
	if lang != "id" {
		separator = ","
	}
	digits, sign := strconv.FormatInt(n, 10), ""
	if n < 0 {
		digits, sign = digits[1:], "-"
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + separator + digits[i:]
	}
	return sign + digits
}

// decimals is how many digits after the comma all numbers of the score, and the limits beside it, need.
func (x *Explanation) decimals() int {
	s := x.Score
	most := decimals(s.Value, s.Scale)
	most = max(most, decimals(s.Base, s.Scale))
	for i := range s.Variables {
		most = max(most, decimals(s.Variables[i].Value, s.Scale))
	}
	for i := range x.Programmes {
		if cutoff := x.Programmes[i].Cutoff; cutoff != nil {
			most = max(most, decimals(*cutoff, s.Scale))
		}
	}
	return most
}

// maxDecimals is as many digits after the comma as are shown of a scale that is no power of ten.
const maxDecimals = 6

func decimals(v, scale int64) int {
	n := 0
	for rest := v % scale; rest != 0 && n < maxDecimals; n++ {
		rest = rest * 10 % scale
	}
	return n
}

// decimal writes v parts of which scale make one, with as many digits as it needs.
func decimal(v, scale int64, lang string) string { return fixed(v, scale, decimals(v, scale), lang) }

// fixed writes it with a given number of digits after the comma; more are cut off.
func fixed(v, scale int64, places int, lang string) string {
	sign, comma := "", ","
	if v < 0 {
		sign, v = "-", -v
	}
	if lang != "id" {
		comma = "."
	}
	out := sign + number(v/scale, lang)
	rest := v % scale
	for i := range places {
		if i == 0 {
			out += comma
		}
		rest *= 10
		out += strconv.FormatInt(rest/scale, 10)
		rest %= scale
	}
	return out
}
