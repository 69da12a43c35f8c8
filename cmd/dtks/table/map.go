package table

import (
	"strings"
	"unicode"

	"dtks/services/nik-match/match"
)

// Mapping tells which columns make which fields. Its order is that of the values handed to a matcher.
type Mapping []Column

// Column is one field and the columns of the table that it is read from.
type Column struct {
	Field   match.Field
	Columns []int    // joined with Join
	Labels  []string // put before the value of the column of the same index, such as "RT"; nil = none
	Join    string   // between values, a space or, for a date in parts, "-"
	Note    string   // why: "header", "content", "given"
}

// Fields lists the fields in order.
func (m Mapping) Fields() []match.Field {
	out := make([]match.Field, len(m))
	for i, c := range m {
		out[i] = c.Field
	}
	return out
}

// Values reads the fields of one row; empty parts are left out.
func (m Mapping) Values(row []string) []string {
	out := make([]string, len(m))
	for i, c := range m {
		if len(c.Columns) == 1 && c.Labels == nil {
			out[i] = row[c.Columns[0]]
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

// plainTitle writes a column title one way: lower case words joined by _, "BirthDate" and "Tgl. Lahir" as
// birth_date and tgl_lahir.
func plainTitle(title string) string {
	var b strings.Builder
	var before rune
	for _, r := range title {
		switch {
		case unicode.IsUpper(r) && unicode.IsLower(before), unicode.IsDigit(r) && unicode.IsUpper(before):
			b.WriteByte('_')
			b.WriteRune(unicode.ToLower(r))
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			b.WriteRune(unicode.ToLower(r))
		default:
			b.WriteByte('_')
		}
		before = r
	}
	return strings.Join(strings.FieldsFunc(b.String(), func(r rune) bool { return r == '_' }), "_")
}
