package table

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"dtks/pkg/fault"
	"dtks/services/nik-match/match"
)

// Mapping tells which columns make which fields. Its order is that of the values handed to a matcher.
type Mapping []Column

// Column is one field and the columns of the table that it is read from.
type Column struct {
	Field   match.Field
	Columns []int    // joined with Join, empty ones left out
	Labels  []string // put before the value of the column of the same index, such as "RT"; nil = none
	Join    string   // between values: a space or, for a date in parts, "-"
	Note    string   // what the choice rests on: "header", "content" or "given"

	cut cut
}

// cut takes one half of a value such as "BANDUNG, 12-03-1980".
type cut int

const (
	cutNothing cut = iota
	cutPlace
	cutDate
)

func (c cut) of(v string) string {
	// The date begins at the first digit; what stands before it is the place.
	at := strings.IndexFunc(v, unicode.IsDigit)
	if at < 0 {
		at = len(v)
	}
	switch c {
	case cutPlace:
		return strings.Trim(v[:at], " ,/-.")
	case cutDate:
		return strings.TrimSpace(v[at:])
	}
	return v
}

// Fields lists the fields in order.
func (m Mapping) Fields() []match.Field {
	out := make([]match.Field, len(m))
	for i, c := range m {
		out[i] = c.Field
	}
	return out
}

// Values reads the fields of one row.
func (m Mapping) Values(row []string) []string {
	out := make([]string, len(m))
	for i, c := range m {
		if len(c.Columns) == 1 && c.Labels == nil {
			out[i] = c.cut.of(row[c.Columns[0]])
			continue
		}
		var parts []string
		for k, column := range c.Columns {
			v := row[column]
			if v == "" {
				continue
			}
			if c.Labels != nil && c.Labels[k] != "" {
				v = c.Labels[k] + " " + v
			}
			parts = append(parts, v)
		}
		out[i] = strings.Join(parts, c.Join)
	}
	return out
}

// Map finds which columns are which fields. spec lists them, "nik=NIK,name=First+Last,born:date=column": the
// field, its kind where it is not a known field, and columns by title or number (#3); id=COLUMN names the
// record ids. An empty spec finds fields from titles and, where a title says nothing, from content; what was
// left out or guessed is in the notes. Record ids and columns that hold the truth are never matched on.
func (t *Table) Map(spec string) (Mapping, []fault.Detail, error) {
	m, err := t.given(spec)
	if err != nil {
		return nil, nil, err
	}
	var notes []fault.Detail
	if len(m) == 0 {
		m, notes = t.auto()
	}
	if len(m) == 0 {
		return nil, notes, refuse(t.Name, 0, "map_nothing", "tidak memiliki kolom yang dapat dibandingkan; sebutkan dengan --map",
			"has no column that can be compared; name them with --map").With(notes...)
	}
	return m, notes, nil
}

// given reads a spec; it is empty where spec names no field.
func (t *Table) given(spec string) (Mapping, error) {
	var m Mapping
	for item := range strings.SplitSeq(spec, ",") {
		item = strings.TrimSpace(item)
		if item == "" {
			continue
		}
		name, columns, ok := strings.Cut(item, "=")
		name, kind, _ := strings.Cut(strings.TrimSpace(name), ":")
		if !ok || name == "" || strings.TrimSpace(columns) == "" {
			return nil, t.badSpec("map_syntax", fmt.Sprintf("pemetaan %q bukan bidang=kolom", item), fmt.Sprintf("mapping %q is not field=column", item))
		}
		c := Column{Join: " ", Note: "given"}
		for title := range strings.SplitSeq(columns, "+") {
			i, ok := t.column(title)
			if !ok {
				return nil, t.badSpec("map_column_unknown", fmt.Sprintf("tidak memiliki kolom %q; yang ada: %s", strings.TrimSpace(title), strings.Join(t.Header, ", ")),
					fmt.Sprintf("has no column %q; it has: %s", strings.TrimSpace(title), strings.Join(t.Header, ", ")))
			}
			c.Columns = append(c.Columns, i)
		}
		if plainTitle(name) == "id" {
			t.id = c.Columns[0] + 1
			continue
		}
		var err error
		if c.Field, err = t.field(name, kind, c.Columns); err != nil {
			return nil, err
		}
		if c.Field.Kind == match.KindDate {
			c.Join = "-"
		}
		if slices.ContainsFunc(m, func(have Column) bool { return have.Field.Name == c.Field.Name }) {
			return nil, t.badSpec("map_field_twice", fmt.Sprintf("pemetaan menyebut bidang %s dua kali", c.Field.Name), fmt.Sprintf("mapping names the field %s twice", c.Field.Name))
		}
		m = append(m, c)
	}
	return m, nil
}

func (t *Table) badSpec(code, id, en string) error { return refuse(t.Name, 0, code, ": "+id, ": "+en) }

// column finds a column by title or, as #3, by number.
func (t *Table) column(title string) (int, bool) {
	title = strings.TrimSpace(title)
	if number, ok := strings.CutPrefix(title, "#"); ok {
		if n, err := strconv.Atoi(number); err == nil && n >= 1 && n <= len(t.Header) {
			return n - 1, true
		}
	}
	return t.Column(title)
}

// field names and types a field of a spec: a known one by any of its titles, else by the kind given, else by
// content.
func (t *Table) field(name, kind string, columns []int) (match.Field, error) {
	f := match.Field{Name: plainTitle(name)}
	known, ok := titles[f.Name]
	if ok && known.part == "whole" {
		f.Name, f.Kind = known.field, known.kind
	}
	switch {
	case kind != "":
		f.Kind = match.Kind(strings.ToLower(kind))
		if !slices.Contains(match.Kinds(), f.Kind) {
			return f, t.badSpec("map_kind_unknown", fmt.Sprintf("jenis %q tidak dikenal; yang ada: %v", kind, match.Kinds()), fmt.Sprintf("kind %q is not known; there are: %v", kind, match.Kinds()))
		}
	case ok && (known.part == "given" || known.part == "middle" || known.part == "surname" || known.part == "line"):
		f.Kind = known.kind
	case f.Kind == "":
		f.Kind = t.profile(columns[0]).kind()
	}
	// Of the registry's own fields the kind is fixed; others follow their content.
	if kind == "" && !slices.ContainsFunc(match.Registrant(), func(r match.Field) bool { return r.Name == f.Name }) {
		f.Kind = t.profile(columns[0]).fits(f.Kind)
	}
	return f, nil
}

// plainTitle writes a column title one way: lower case words joined by _, "BirthDate" and "Tgl. Lahir" as
// birth_date and tgl_lahir.
func plainTitle(title string) string {
	var b strings.Builder
	var last rune
	for _, r := range title {
		switch {
		case unicode.IsUpper(r) && unicode.IsLower(last):
			b.WriteByte('_')
			b.WriteRune(unicode.ToLower(r))
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			b.WriteRune(unicode.ToLower(r))
		default:
			b.WriteByte('_')
		}
		last = r
	}
	return strings.Join(strings.FieldsFunc(b.String(), func(r rune) bool { return r == '_' }), "_")
}
