package main

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// lang is the language of a page. Indonesian is the default.
type lang string

// Languages.
const (
	indonesian lang = "id"
	english    lang = "en"
)

// langOf reads a cookie's value.
func langOf(s string) lang {
	if s == string(english) {
		return english
	}
	return indonesian
}

// other is the language that stands beside l.
func (l lang) other() lang {
	if l == english {
		return indonesian
	}
	return english
}

// text picks the wording of l.
func (l lang) text(id, en string) string {
	if l == english {
		return en
	}
	return id
}

// number groups digits as l does: 12.345 in Indonesian.
func (l lang) number(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "−", digits[1:]
	}
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteString(l.text(".", ","))
		}
		b.WriteRune(d)
	}
	return sign + b.String()
}

// decimal writes x with the given number of places: 1.234,5 in Indonesian.
func (l lang) decimal(x float64, places int) string {
	s := strconv.FormatFloat(math.Abs(x), 'f', places, 64)
	whole, frac, _ := strings.Cut(s, ".")
	n, _ := strconv.ParseInt(whole, 10, 64) // digits only
	out := l.number(n)
	if frac != "" {
		out += l.text(",", ".") + frac
	}
	if x < 0 && strings.Trim(s, "0.") != "" {
		out = "−" + out
	}
	return out
}

// percent writes part of whole with one place; a dash where there is no whole.
func (l lang) percent(part, whole int64) string {
	if whole == 0 {
		return "–"
	}
	return l.decimal(100*float64(part)/float64(whole), 1) + l.text(" %", "%")
}

// rate writes events a second; below one, events a minute, which is what a person can picture.
func (l lang) rate(perSecond float64) string {
	switch {
	case perSecond <= 0:
		return l.text("tenang", "quiet")
	case perSecond < 1:
		return l.decimal(perSecond*60, 0) + l.text("/mnt", "/min")
	case perSecond < 10:
		return l.decimal(perSecond, 1) + l.text("/dtk", "/s")
	default:
		return l.decimal(perSecond, 0) + l.text("/dtk", "/s")
	}
}

// span writes a duration with two or three significant digits.
func (l lang) span(d time.Duration) string {
	switch s := d.Seconds(); {
	case d < time.Second:
		return l.decimal(s*1000, 0) + " ms"
	case s < 10:
		return l.decimal(s, 1) + l.text(" dtk", " s")
	case s < 120:
		return l.decimal(s, 0) + l.text(" dtk", " s")
	case s < 7200:
		return l.decimal(s/60, 0) + l.text(" mnt", " min")
	case s < 172800:
		return l.decimal(s/3600, 0) + l.text(" jam", " h")
	default:
		return l.decimal(s/86400, 0) + l.text(" hari", " d")
	}
}

// wib is Western Indonesian Time: what national figures are dated by.
var wib = time.FixedZone("WIB", 7*60*60)

// clock writes the time of day.
func (l lang) clock(t time.Time) string {
	return t.In(wib).Format(l.text("15.04.05", "15:04:05")) + " WIB"
}

var months = map[lang][12]string{
	indonesian: {"Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des"},
	english:    {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"},
}

// date writes day, month and time of day.
func (l lang) date(t time.Time) string {
	t = t.In(wib)
	return strconv.Itoa(t.Day()) + " " + months[l][t.Month()-1] + " " + strconv.Itoa(t.Year()) + ", " + t.Format(l.text("15.04", "15:04")) + " WIB"
}
