package table

import (
	"slices"
	"strconv"

	"dtks/pkg/fault"
	"dtks/services/nik-match/match"
)

// Identifier is the column of the record ids: the one given with id=, else a column titled like one (rec_id,
// unique_id, id, no …) whose value is different in every row. ok is false where there is none; rows are then
// known by their number.
func (t *Table) Identifier() (column int, ok bool) {
	if t.id > 0 {
		return t.id - 1, true
	}
	for _, part := range []string{"id", "weak"} {
		for i, h := range t.Header {
			if known, ok := titleOf(h); ok && known.part == part && !t.excluded[i] && t.profile(i).unique() {
				return i, true
			}
		}
	}
	return 0, false
}

// IDs gives each row its record id; row numbers from 1 where there is no column of them.
func (t *Table) IDs() []string {
	if i, ok := t.Identifier(); ok {
		return t.Values(i)
	}
	out := make([]string, len(t.Rows))
	for i := range out {
		out[i] = strconv.Itoa(i + 1)
	}
	return out
}

// Align keeps of two mappings the fields that both have, in the first one's order, so that their values can
// be compared. Where the two differ in kind the field is compared as what both can be, text.
func Align(a, b Mapping) (Mapping, Mapping, []fault.Detail) {
	var outA, outB Mapping
	var notes []fault.Detail
	missing := func(field string) {
		notes = append(notes, fault.Detail{Field: field, Code: "field_in_one_file", Warn: true,
			Text: fault.Text{ID: "Hanya ada di satu berkas: tidak dibandingkan.", EN: "Only in one of the files: not compared."}})
	}
	for _, c := range a {
		i := slices.IndexFunc(b, func(d Column) bool { return d.Field.Name == c.Field.Name })
		if i < 0 {
			missing(c.Field.Name)
			continue
		}
		d := b[i]
		if c.Field.Kind != d.Field.Kind {
			kind := match.KindText
			if k, ok := common[[2]match.Kind{c.Field.Kind, d.Field.Kind}]; ok {
				kind = k
			} else if k, ok := common[[2]match.Kind{d.Field.Kind, c.Field.Kind}]; ok {
				kind = k
			}
			c.Field.Kind, d.Field.Kind = kind, kind
		}
		outA, outB = append(outA, c), append(outB, d)
	}
	for _, d := range b {
		if !slices.ContainsFunc(a, func(c Column) bool { return c.Field.Name == d.Field.Name }) {
			missing(d.Field.Name)
		}
	}
	return outA, outB, notes
}

// common is the kind to compare two kinds as, where it is not plain text.
var common = map[[2]match.Kind]match.Kind{
	{match.KindNIK, match.KindNumber}:  match.KindNumber,
	{match.KindCode, match.KindNumber}: match.KindNumber,
	{match.KindSex, match.KindCode}:    match.KindCode,
}
