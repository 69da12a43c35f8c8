// Package table reads lists of people as offices hold them, CSV in any of its dialects or a sheet of a
// workbook, and finds out which column is which field of a person. Values stay text throughout, so that no
// digit of a NIK is lost. It decides nothing about people and sends nothing anywhere; messages name files,
// lines and columns, never values.
package table

import (
	"slices"
	"strings"

	"dtks/pkg/fault"
)

// Table is one list, all of it in memory.
type Table struct {
	Name   string         // file name without its folder
	Header []string       // trimmed; an untitled column is called column_N
	Rows   [][]string     // each as long as Header, values trimmed, rows without any value left out
	Lines  []int          // line (or sheet row) on which each row begins, from 1
	Notes  []fault.Detail // what was odd and how it was read; Field is "line N" or empty

	id       int          // column of the record ids plus one, 0 = look for it
	excluded map[int]bool // columns never to be matched on
}

// Limits bound what is read. The zero value means the defaults.
type Limits struct {
	Bytes   int64  // of the file, or of a workbook once unpacked; default 2 GiB, 512 MiB unpacked
	Rows    int    // default 5,000,000
	Columns int    // default 1,000
	Sheet   string // of a workbook; default the first
}

func (l Limits) filled() Limits {
	if l.Bytes <= 0 {
		l.Bytes = 2 << 30
	}
	if l.Rows <= 0 {
		l.Rows = 5_000_000
	}
	if l.Columns <= 0 {
		l.Columns = 1000
	}
	return l
}

// Column finds a column by its title: as written, or without regard to case, spaces and punctuation.
func (t *Table) Column(title string) (int, bool) {
	if i := slices.Index(t.Header, strings.TrimSpace(title)); i >= 0 {
		return i, true
	}
	want := plainTitle(title)
	i := slices.IndexFunc(t.Header, func(h string) bool { return plainTitle(h) == want })
	return i, i >= 0
}

// Values gives one column of all rows.
func (t *Table) Values(column int) []string {
	out := make([]string, len(t.Rows))
	for i, r := range t.Rows {
		out[i] = r[column]
	}
	return out
}

// Exclude keeps a column, such as the one that holds the truth, from being matched on.
func (t *Table) Exclude(column int) {
	if t.excluded == nil {
		t.excluded = map[int]bool{}
	}
	t.excluded[column] = true
}

// note adds a finding about how the file was read.
func (t *Table) note(field, code, id, en string) {
	t.Notes = append(t.Notes, fault.Detail{Field: field, Code: code, Text: fault.Text{ID: id, EN: en}, Warn: true})
}
