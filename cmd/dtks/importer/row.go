package importer

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"dtks/pkg/regsosek"
	"dtks/pkg/wilayah"
)

// row reads the cells of one line and gathers what is wrong with them.
type row struct {
	h     *header
	cells []string
	line  int
	found []Finding
}

func (r *row) refuse(column, code string) { r.found = append(r.found, finding(r.line, column, code)) }

// limits of texts in characters, as the registry has them.
const (
	maxShort   = 64
	maxLong    = 200
	maxAddress = 500
)

// text is a cell that must be readable as text.
func (r *row) text(column string, limit int) string {
	s := r.h.cell(r.cells, column)
	switch {
	case !utf8.ValidString(s):
		r.refuse(column, "text_not_utf8")
		return ""
	case utf8.RuneCountInString(s) > limit, strings.ContainsFunc(s, func(c rune) bool { return unicode.IsControl(c) || c == utf8.RuneError }):
		r.refuse(column, "text_unreadable")
		return ""
	}
	return strings.Clone(s)
}

// demand is a text that must not be empty.
func (r *row) demand(column string, limit int) string {
	before := len(r.found)
	s := r.text(column, limit)
	if s == "" && len(r.found) == before {
		r.refuse(column, "required")
	}
	return s
}

// source is the cell, else what the command line says.
func (r *row) source(otherwise string) string {
	if s := r.text("source", maxShort); s != "" {
		return s
	}
	if otherwise == "" {
		r.refuse("source", "required")
	}
	return otherwise
}

func (r *row) number(column string) int {
	s := r.h.cell(r.cells, column)
	if s == "" {
		return 0
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < -1_000_000 || n > 1_000_000 {
		r.refuse(column, "number_unreadable")
		return 0
	}
	return n
}

// answered is a number; nil where the cell is empty, which is not the same as 0.
func (r *row) answered(column string) *int {
	if r.h.cell(r.cells, column) == "" {
		return nil
	}
	return new(r.number(column))
}

// area is the village; the registry knows only those of today.
func (r *row) area() string {
	code := r.demand("area", maxShort)
	switch {
	case code == "":
	case len(code) == 10 && strings.Trim(code, "0123456789") == "":
		r.refuse("area", "area_without_dots")
	case wilayah.LevelOf(code) != wilayah.Village:
		r.refuse("area", "area_unknown")
	}
	return code
}

// birthDate takes 1987-03-10, 10-03-1987 and 10/03/1987, day before month, with or without a time behind.
func (r *row) birthDate() string {
	s := r.text("birth_date", maxShort)
	day, _, _ := strings.Cut(strings.ReplaceAll(s, "T", " "), " ")
	if day == "" || day == "-" {
		return ""
	}
	for _, layout := range []string{time.DateOnly, "02-01-2006", "02/01/2006", "2-1-2006", "2/1/2006"} {
		if d, err := time.Parse(layout, day); err == nil && d.Year() >= 1800 {
			return d.Format(time.DateOnly)
		}
	}
	r.refuse("birth_date", "birth_date_unreadable")
	return ""
}

func (r *row) sex() string {
	switch strings.ToLower(r.h.cell(r.cells, "sex")) {
	case "", "-":
		return ""
	case "l", "1", "laki-laki", "laki laki", "lk":
		return "L"
	case "p", "2", "perempuan", "pr":
		return "P"
	}
	r.refuse("sex", "sex_unreadable")
	return ""
}

// yes takes ya and tidak and the instrument's 1 and 2.
func (r *row) yes(column string) bool {
	switch strings.ToLower(r.h.cell(r.cells, column)) {
	case "1", "ya", "y", "true", "yes":
		return true
	case "", "-", "0", "2", "tidak", "t", "false", "no":
		return false
	}
	r.refuse(column, "yes_no_unreadable")
	return false
}

// split parts a cell that holds several values: blanks, commas, semicolons or bars.
func (r *row) split(column string) []string {
	return strings.FieldsFunc(r.h.cell(r.cells, column), func(c rune) bool { return strings.ContainsRune(" ,;|", c) })
}

func (r *row) codes(column string) []int {
	var list []int
	for _, word := range r.split(column) {
		n, err := strconv.Atoi(word)
		if err != nil || len(list) == maxShort {
			r.refuse(column, "list_unreadable")
			return nil
		}
		list = append(list, n)
	}
	return list
}

func (r *row) disability() map[string]int {
	var all map[string]int
	for _, word := range r.split("disability") {
		name, code, ok := strings.Cut(strings.ToLower(word), "=")
		n, err := strconv.Atoi(code)
		if !ok || err != nil || name == "" || !utf8.ValidString(name) || len(name) > maxShort || len(all) == maxShort ||
			strings.ContainsFunc(name, unicode.IsControl) {
			r.refuse("disability", "disability_unreadable")
			return nil
		}
		if all == nil {
			all = map[string]int{}
		}
		all[strings.Clone(name)] = n
	}
	return all
}

func (r *row) member() Member {
	m := Member{
		MemberID: r.demand("member_id", maxLong), NIK: r.text("nik", maxShort), Name: r.text("name", maxLong),
		BirthPlace: r.text("birth_place", maxLong), BirthDate: r.birthDate(), Sex: r.sex(), Mother: r.text("mother", maxLong),
		Relation: r.number("relation"), Marital: r.number("marital"), School: r.number("school"),
		SchoolLevel: r.number("school_level"), Work: r.number("work"), Presence: r.number("presence"),
		Orphan: r.number("orphan"), Cover: r.answered("health_cover"), Pregnant: r.yes("pregnant"), Disability: r.disability(),
		Chronic: r.codes("chronic"), PPKS: r.codes("ppks"),
	}
	if m.Name == "" && m.NIK == "" && len(r.found) == 0 {
		r.refuse("name", "nobody")
	}
	return m
}

// survey gathers the answers; nil where the file asks nothing.
func (r *row) survey() *Survey {
	instrument := r.text("instrument", maxShort)
	if instrument != "" && instrument != regsosek.Instrument {
		r.refuse("instrument", "instrument_unknown")
		return nil
	}
	answers := map[string]int{}
	for i, name := range r.h.items {
		if name != "" && i < len(r.cells) && strings.TrimSpace(r.cells[i]) != "" {
			answers[name] = r.number(name)
		}
	}
	if len(answers) == 0 {
		return nil
	}
	return &Survey{Instrument: regsosek.Instrument, Answers: answers}
}
