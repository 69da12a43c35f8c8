// Package nik reads the two 16-digit numbers of Indonesia's population administration: NIK (a person) and KK (a family
// card).
//
// Both are strings: from 90 on (all of Papua) they exceed 2^53 and would lose digits as a JSON number. A NIK is
// PPKKCC DDMMYY NNNN: the district where it was first issued, the birth date known then (a woman's day + 40) and a
// serial number. It is never changed, so neither another address nor a corrected birth date makes it wrong, and codes
// of areas that no longer exist stay good. A KK has the date it was recorded in place of the birth date. There is no
// check digit.
//
// Findings are warnings: a record with a bad number is stored and opens repair. No finding repeats the value.
package nik

import (
	"log/slog"
	"strings"
	"unicode"

	"dtks/pkg/fault"
	"dtks/pkg/wilayah"
)

// NIK is a well-formed number of a person, or empty. Logs show that there is one, not which.
type NIK string

// KK is a well-formed number of a family card, or empty. Logs show that there is one, not which.
type KK string

// LogValue hides the number.
func (n NIK) LogValue() slog.Value { return hidden(string(n), "[nik]") }

// LogValue hides the number.
func (k KK) LogValue() slog.Value { return hidden(string(k), "[kk]") }

// Parse reads a NIK as people and spreadsheets write it. The result is empty where the value cannot be a NIK; with a
// result there may still be findings. They are about the field "nik": see Under.
func Parse(s string) (NIK, []fault.Detail) {
	number, found := read(s, aNIK)
	return NIK(number), found
}

// ParseKK reads a KK as Parse reads a NIK. The findings are about the field "kk".
func ParseKK(s string) (KK, []fault.Detail) {
	number, found := read(s, aKK)
	return KK(number), found
}

// Region is the district of first registration, as in 32.04.10. It need not exist any more.
func (n NIK) Region() string { return region(string(n)) }

// Region is the district that issued the card.
func (k KK) Region() string { return region(string(k)) }

// Female reports whether the day carries the + 40.
func (n NIK) Female() bool { return n != "" && n[6] >= '4' }

// Compare holds a NIK against the other fields of the same person; empty fields are passed over. birthDate is
// 2006-01-02, sex L or P. Each finding is legal: it only tells a reader where to look.
func Compare(n NIK, kk KK, birthDate, sex string) []fault.Detail {
	if n == "" {
		return nil
	}
	var found []fault.Detail
	if string(n) == string(kk) {
		found = append(found, aNIK.finding("equals_kk"))
	}
	if len(birthDate) == len("2006-01-02") {
		day := two(string(n), 6)
		if day > 40 {
			day -= 40
		}
		if birthDate[2:4] != string(n[10:12]) || birthDate[5:7] != string(n[8:10]) || two(birthDate, 8) != day {
			found = append(found, aNIK.finding("birth_date_differs"))
		}
	}
	if sex == "L" && n.Female() || sex == "P" && !n.Female() {
		found = append(found, aNIK.finding("sex_differs"))
	}
	return found
}

// Under puts findings below a path: Under("members[2]", …) makes nik members[2].nik.
func Under(path string, found []fault.Detail) []fault.Detail {
	for i := range found {
		found[i].Field = path + "." + found[i].Field
	}
	return found
}

// read cleans s and checks what is left. A fatal finding empties the result.
func read(s string, k kind) (string, []fault.Detail) {
	digits, changed, problem := clean(s)
	if problem != "" {
		return "", []fault.Detail{k.finding(problem)}
	}
	if len(digits) != 16 {
		return "", []fault.Detail{k.finding("length")}
	}
	var found []fault.Detail
	fatal := false
	add := func(code string, kills bool) {
		found = append(found, k.finding(code))
		fatal = fatal || kills
	}
	switch {
	case !wilayah.Ever(digits[:2]):
		add("region_unknown", true)
	case !wilayah.Ever(digits[:2] + "." + digits[2:4]):
		add("regency_unknown", false)
	}
	if !k.date(two(digits, 6), two(digits, 8), two(digits, 10)) {
		add("date_invalid", true)
	}
	if digits[12:] == "0000" {
		add("serial_zero", true)
	}
	if strings.Count(digits, digits[:1]) == 16 {
		add("repeated", true)
	}
	if changed {
		add("cleaned", false)
	}
	if fatal {
		return "", found
	}
	return digits, found
}

// clean takes out what typing and spreadsheets put around and between digits, and writes other scripts' digits as
// ASCII. A leading minus stays an error, as does anything else that is no digit.
func clean(s string) (digits string, changed bool, problem string) {
	trimmed := strings.Trim(s, " \t\r\n")
	var b strings.Builder
	other, marks := false, 0
	for i, r := range trimmed {
		switch {
		case r >= '0' && r <= '9':
			b.WriteByte(byte(r))
		case r >= '٠' && r <= '٩':
			b.WriteByte(byte('0' + r - '٠'))
			marks++
		case r >= '０' && r <= '９':
			b.WriteByte(byte('0' + r - '０'))
			marks++
		case r == '\'' && i == 0, blank(r), b.Len() > 0 && strings.ContainsRune(".-‐‑–", r):
			marks++
		default:
			other = true
		}
	}
	switch {
	case !other && strings.Trim(b.String(), "0") == "" && b.Len() < 16, placeholder[strings.ToLower(trimmed)]:
		return "", false, "missing"
	case scientific(trimmed):
		return "", false, "scientific"
	case other:
		return "", false, "not_digits"
	}
	return b.String(), marks > 0, ""
}

// blank is any space and the characters that show nothing: zero-width ones, byte-order mark, word joiner.
func blank(r rune) bool {
	return unicode.IsSpace(r) || r >= '\u200b' && r <= '\u200d' || r == '\u2060' || r == '\ufeff'
}

// placeholder lists what is written where there is no number, in lower case.
var placeholder = map[string]bool{"-": true, ".": true, "null": true, "nil": true, "n/a": true, "nan": true, "nihil": true,
	"kosong": true, "tidak ada": true, "belum ada": true}

// scientific is the form a spreadsheet gives a long number, as in 3.27E+15: digits are lost for good.
func scientific(s string) bool {
	mantissa, exponent, ok := strings.Cut(strings.ToUpper(s), "E")
	if !ok || mantissa == "" || exponent == "" {
		return false
	}
	return strings.Trim(mantissa, "0123456789.,") == "" && strings.Trim(exponent, "+0123456789") == ""
}

func birth(day, month, year int) bool {
	if day > 40 {
		day -= 40
	}
	return calendar(day, month, year)
}

// calendar leaves the century open: 29-02-00 is good, 2000 had one.
func calendar(day, month, year int) bool {
	if month < 1 || month > 12 || day < 1 {
		return false
	}
	last := [...]int{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}[month-1]
	if month == 2 && year%4 == 0 {
		last = 29
	}
	return day <= last
}

func region(n string) string {
	if n == "" {
		return ""
	}
	return n[:2] + "." + n[2:4] + "." + n[4:6]
}

func two(s string, at int) int { return int(s[at]-'0')*10 + int(s[at+1]-'0') }

func hidden(n, shown string) slog.Value {
	if n == "" {
		return slog.StringValue("")
	}
	return slog.StringValue(shown)
}
