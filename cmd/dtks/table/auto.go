package table

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"dtks/pkg/fault"
	"dtks/services/nik-match/match"
)

// derived matches titles of columns computed from others: phonetic codes, parts, joined columns.
var derived = regexp.MustCompile(`soundex|metaphone|nysiis|phonetic|_(dm|hash|len|length|initials?|concat|concatenated|prefix|substr|block|blocking_key)$|^(first|last|given|sur)[a-z]*_and_`)

// finder sorts the columns of a table into fields.
type finder struct {
	t      *Table
	notes  []fault.Detail
	byPart map[string][]found // given, line, rt, …; whole columns under "whole"
}

// found is one column that can be matched on.
type found struct {
	column int
	title
	profile profile
}

// auto finds the fields from titles and, where a title says nothing, from content.
func (t *Table) auto() (Mapping, []fault.Detail) {
	f := &finder{t: t, byPart: map[string][]found{}}
	id, hasID := t.Identifier()
	for i := range t.Header {
		switch {
		case t.excluded[i]:
		case hasID && i == id:
			f.note(i, "column_record_id", "Nomor baris: tidak dibandingkan.", "Number of the record: not compared.")
		default:
			f.column(i)
		}
	}
	m := f.whole()
	m = f.name(m)
	m = f.date(m)
	m = f.address(m)
	slices.SortStableFunc(m, func(a, b Column) int { return cmp.Compare(a.Columns[0], b.Columns[0]) })
	return f.prune(m), f.notes
}

func (f *finder) note(column int, code, id, en string) {
	f.notes = append(f.notes, fault.Detail{Field: f.t.Header[column], Code: code, Text: fault.Text{ID: id, EN: en}, Warn: true})
}

// column decides about one column by itself.
func (f *finder) column(i int) {
	p := f.t.profile(i)
	h, known := titleOf(f.t.Header[i])
	plain := plainTitle(f.t.Header[i])
	switch {
	case p.filled == 0:
		f.note(i, "column_empty", "Kosong: tidak dibandingkan.", "Empty: not compared.")
	case known && h.part == "truth":
		f.note(i, "column_truth", "Menyatakan siapa orangnya: tidak dibandingkan.", "Says who is who: not compared.")
	case known && (h.part == "id" || h.part == "weak"):
		f.note(i, "column_record_id", "Nomor baris: tidak dibandingkan.", "Number of the record: not compared.")
	case known && h.part == "derived", !known && derived.MatchString(plain):
		f.note(i, "column_derived", "Turunan dari kolom lain: tidak dibandingkan.", "Follows from other columns: not compared.")
	case known && h.part == "technical":
		f.note(i, "column_technical", "Bukan keterangan tentang orangnya: tidak dibandingkan.", "Says nothing about the person: not compared.")
	case p.constant():
		f.note(i, "column_constant", "Sama di semua baris: tidak dibandingkan.", "The same in every row: not compared.")
	case known:
		h.kind = p.fits(h.kind)
		f.byPart[h.part] = append(f.byPart[h.part], found{i, h, p})
	case p.unique() && (p.sequence || plain == "id" || strings.HasSuffix(plain, "_id") || strings.HasPrefix(plain, "id_")):
		f.note(i, "column_record_id", "Nomor baris: tidak dibandingkan.", "Number of the record: not compared.")
	default:
		k := p.kind()
		f.note(i, "column_by_content", "Judul tidak dikenal; jenis diduga dari isinya: "+string(k)+".", "Title not known; kind guessed from its content: "+string(k)+".")
		f.byPart["whole"] = append(f.byPart["whole"], found{i, title{"whole", plain, k, 1 << 20}, p})
	}
}

// whole makes one field of each column that is one; of two for the same field the better filled stays.
func (f *finder) whole() Mapping {
	best := map[string]found{}
	for _, c := range f.byPart["whole"] {
		have, twice := best[c.field]
		if !twice {
			best[c.field] = c
			continue
		}
		kept, left := have, c
		if c.profile.filled > have.profile.filled {
			kept, left = c, have
		}
		best[c.field] = kept
		f.note(left.column, "column_second", "Kolom lain sudah memuat hal yang sama: tidak dibandingkan.", "Another column already holds the same: not compared.")
	}
	var m Mapping
	for _, c := range f.byPart["whole"] {
		if best[c.field].column == c.column {
			why := "header"
			if c.order == 1<<20 {
				why = "content"
			}
			m = append(m, Column{Field: match.Field{Name: c.field, Kind: c.kind}, Columns: []int{c.column}, Join: " ", Note: why})
		}
	}
	return m
}

// name joins given, middle and family name, unless a column has the whole name for about as many rows.
func (f *finder) name(m Mapping) Mapping {
	parts := f.firsts("given", "middle", "surname")
	if len(parts) == 0 {
		return m
	}
	most := 0
	for _, p := range parts {
		most = max(most, p.profile.filled)
	}
	at := slices.IndexFunc(m, func(c Column) bool { return c.Field.Name == match.Name })
	if at >= 0 && float64(f.t.filled(m[at].Columns[0])) >= 0.9*float64(most) {
		for _, p := range parts {
			f.contained(p.column)
		}
		return m
	}
	if at >= 0 {
		f.contained(m[at].Columns[0])
		m = slices.Delete(m, at, at+1)
	}
	return append(m, joined(match.Field{Name: match.Name, Kind: match.KindName}, parts, " "))
}

// date joins year, month and day of birth, or cuts a column of place and date, unless a column has the date.
func (f *finder) date(m Mapping) Mapping {
	has := func(field string) bool {
		return slices.ContainsFunc(m, func(c Column) bool { return c.Field.Name == field })
	}
	for _, c := range f.firsts("split") {
		if has(match.BirthDate) && has(match.BirthPlace) {
			f.contained(c.column)
			continue
		}
		if !has(match.BirthPlace) {
			m = append(m, Column{Field: match.Field{Name: match.BirthPlace, Kind: match.KindPlace}, Columns: []int{c.column}, cut: cutPlace, Note: "header"})
		}
		if !has(match.BirthDate) {
			m = append(m, Column{Field: match.Field{Name: match.BirthDate, Kind: match.KindDate}, Columns: []int{c.column}, cut: cutDate, Note: "header"})
		}
	}
	parts := f.firsts("year", "month", "day")
	if len(parts) == 0 {
		return m
	}
	if has(match.BirthDate) {
		for _, p := range parts {
			f.contained(p.column)
		}
		return m
	}
	// "year" alone may be the year of anything.
	alone := len(parts) < 3 && slices.Contains([]string{"year", "month", "day"}, plainTitle(f.t.Header[parts[0].column]))
	if parts[0].part != "year" || alone {
		for _, p := range parts {
			m = append(m, Column{Field: match.Field{Name: plainTitle(f.t.Header[p.column]), Kind: match.KindCode}, Columns: []int{p.column}, Join: " ", Note: "header"})
		}
		return m
	}
	return append(m, joined(match.Field{Name: match.BirthDate, Kind: match.KindDate}, parts, "-"))
}

// address joins the lines of an address and puts RT and RW before their numbers.
func (f *finder) address(m Mapping) Mapping {
	var parts []found
	lines := map[int]bool{}
	for _, part := range []string{"line", "rt", "rw", "rtrw"} {
		for _, c := range f.byPart[part] {
			if lines[c.order] {
				f.note(c.column, "column_second", "Kolom lain sudah memuat hal yang sama: tidak dibandingkan.", "Another column already holds the same: not compared.")
				continue
			}
			lines[c.order] = true
			parts = append(parts, c)
		}
	}
	if len(parts) == 0 {
		return m
	}
	slices.SortStableFunc(parts, func(a, b found) int { return cmp.Compare(a.order, b.order) })
	c := joined(match.Field{Name: match.Address, Kind: match.KindAddress}, parts, " ")
	c.Labels = make([]string, len(parts))
	for i, p := range parts {
		c.Labels[i] = map[string]string{"rt": "RT", "rw": "RW", "rtrw": "RT/RW"}[p.part]
	}
	return append(m, c)
}

// prune leaves out what other fields already say: names of places beside an area code, age beside a date of
// birth. Counting the same evidence twice would make the matcher too sure.
func (f *finder) prune(m Mapping) Mapping {
	filled := map[string]int{}
	for _, c := range m {
		filled[c.Field.Name] = f.t.filled(c.Columns[0])
	}
	contained := map[string]string{"village": match.Area, "district": match.Area, "regency": match.Area, "province": match.Area, "age": match.BirthDate}
	return slices.DeleteFunc(m, func(c Column) bool {
		by, ok := contained[c.Field.Name]
		if !ok || filled[by] == 0 || float64(filled[by]) < 0.9*float64(filled[c.Field.Name]) {
			return false
		}
		f.contained(c.Columns[0])
		return true
	})
}

// firsts gives the first column of each part, in the order asked for; further ones are left out.
func (f *finder) firsts(parts ...string) []found {
	var out []found
	for _, part := range parts {
		for i, c := range f.byPart[part] {
			if i == 0 {
				out = append(out, c)
			} else {
				f.note(c.column, "column_second", "Kolom lain sudah memuat hal yang sama: tidak dibandingkan.", "Another column already holds the same: not compared.")
			}
		}
	}
	return out
}

func (f *finder) contained(column int) {
	f.note(column, "column_contained", "Sudah termuat dalam kolom lain: tidak dibandingkan.", "Contained in another column: not compared.")
}

func joined(field match.Field, parts []found, by string) Column {
	c := Column{Field: field, Join: by, Note: "header"}
	for _, p := range parts {
		c.Columns = append(c.Columns, p.column)
	}
	return c
}

// filled counts the rows that have a value in a column.
func (t *Table) filled(column int) int {
	n := 0
	for _, row := range t.Rows {
		if row[column] != "" {
			n++
		}
	}
	return n
}
