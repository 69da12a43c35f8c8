package main

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/a-h/templ"

	"dtks/pkg/auth"
	"dtks/pkg/wilayah"
)

// page is what every page knows: language, who looks, and where.
type page struct {
	L      lang
	Person auth.Principal
	Path   string // the page's own, for the way back after a change of language
	Title  string
}

// place names the area that a person may see.
func (p page) place() string { return placeName(p.L, areaShown(p.Person.Area)) }

// placeName names an area of the read models.
func placeName(l lang, area string) string {
	if area == "00" {
		return l.text("Seluruh Indonesia", "All of Indonesia")
	}
	if name := wilayah.Name(area); name != "" {
		return name
	}
	return area
}

// areaShown is the area whose figures a person sees: its own, a regency at the finest.
func areaShown(area string) string {
	switch {
	case len(area) >= 5:
		return area[:5]
	case len(area) == 2:
		return area
	default:
		return "none" // a token without an area shows nothing
	}
}

// view is one snapshot for one reader.
type view struct {
	L    lang
	S    *snapshot
	Wide bool // may see what concerns all of Indonesia: services and their queues
}

func (v view) n(x int64) string { return v.L.number(x) }

// fragment is a part of the first page that is replaced when it changes. Its element has the id f-<ID>.
type fragment struct {
	ID   string
	Part func(v view) templ.Component
	Wide bool // shown to those who look at all of Indonesia only
}

// fragments are all live parts of the first page.
var fragments = []fragment{
	{ID: "stamp", Part: stampPart},
	{ID: "figures", Part: figuresPart},
	{ID: "flow", Part: flowPart},
	{ID: "legend", Part: legendPart},
	{ID: "volume", Part: volumePart},
	{ID: "lapses", Part: lapsesPart},
	{ID: "verdicts", Part: verdictsPart},
	{ID: "deciles", Part: decilesPart},
	{ID: "deciles-table", Part: decilesTablePart},
	{ID: "programmes", Part: programmesPart},
	{ID: "regencies", Part: regenciesPart},
	{ID: "release", Part: releasePart},
	{ID: "services", Part: servicesPart, Wide: true},
}

// also is the wording of the language that stands beside the page's own.
func also(l lang, id, en string) string { return l.other().text(id, en) }

// share is part of whole as an SVG length.
func share(part, whole int64) string {
	if whole <= 0 || part <= 0 {
		return "0"
	}
	return strconv.FormatFloat(100*float64(part)/float64(whole), 'f', 2, 64) + "%"
}

// offset is where the i-th of parts begins, as an SVG length.
func offset(parts []bar, i int, whole int64) string {
	var before int64
	for _, p := range parts[:i] {
		before += p.N
	}
	return share(before, whole)
}

// bar is a named count of a stacked bar. Tone is its colour class.
type bar struct {
	Tone   string
	ID, EN string
	N      int64
}

func sum(parts []bar) int64 {
	var n int64
	for _, p := range parts {
		n += p.N
	}
	return n
}

// describe reads a stacked bar aloud.
func describe(l lang, parts []bar) string {
	words := make([]string, len(parts))
	for i, p := range parts {
		words[i] = fmt.Sprintf("%s %s (%s)", l.text(p.ID, p.EN), l.number(p.N), l.percent(p.N, sum(parts)))
	}
	return strings.Join(words, ", ")
}

// programmeName is how people call a programme.
func programmeName(code string) string {
	switch code {
	case "pkh":
		return "PKH"
	case "sembako":
		return "Sembako"
	case "listrik":
		return "Subsidi listrik"
	case "blt-desa":
		return "BLT Desa"
	default:
		return strings.ToUpper(code)
	}
}

// pressed spells aria-pressed.
func pressed(yes bool) string { return strconv.FormatBool(yes) }

// initials stand for a person where there is no room for a name.
func initials(name string) string {
	var out []rune
	for _, word := range strings.Fields(name) {
		if r, _ := utf8.DecodeRuneInString(word); unicode.IsLetter(r) && len(out) < 2 {
			out = append(out, unicode.ToUpper(r))
		}
	}
	return string(out)
}
