package matching

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"dtks/cmd/dtks/baseline"
	"dtks/cmd/dtks/quality"
	"dtks/cmd/dtks/table"
	"dtks/pkg/fault"
	"dtks/services/nik-match/match"
)

// Source names what is to be matched.
type Source struct {
	A, B  string // files; B is empty for one list
	Map   string // fields and their columns, as table.Map reads them; "" = found by itself
	Truth string // a column or a list of pairs; AutoTruth = recognised; "" = not wanted
}

// AutoTruth asks for the truth to be recognised.
const AutoTruth = "auto"

// Input is one list or two, with the columns that are compared.
type Input struct {
	A, B       *table.Table // B is nil for one list
	MapA, MapB table.Mapping
	Notes      []fault.Detail // what was left out, guessed or odd
	Truth      *quality.Truth // nil where not asked for

	idsA, idsB []string
}

// Two reports whether two lists are linked.
func (in *Input) Two() bool { return in.B != nil }

// Load reads the lists and finds the columns to compare.
func Load(s Source) (*Input, error) {
	in := &Input{}
	var err error
	if in.A, err = table.Read(s.A, table.Limits{}); err != nil {
		return nil, err
	}
	if s.B != "" {
		if in.B, err = table.Read(s.B, table.Limits{}); err != nil {
			return nil, err
		}
	}
	if s.Truth != "" {
		if err := in.findTruth(s); err != nil {
			return nil, err
		}
	}
	return in, in.prepare(s.Map)
}

// New takes lists that are in memory; b and truth may be nil.
func New(a, b *table.Table, spec string, truth *quality.Truth) (*Input, error) {
	in := &Input{A: a, B: b, Truth: truth}
	return in, in.prepare(spec)
}

func (in *Input) prepare(spec string) error {
	for _, t := range in.tables() {
		in.Notes = append(in.Notes, t.Notes...)
	}
	if err := in.findFields(spec); err != nil {
		return err
	}
	in.number()
	return nil
}

// Without leaves out some fields; ok is false where there are none of them, or no other ones.
func (in *Input) Without(leave func(match.Field) bool) (out *Input, ok bool) {
	c := *in
	c.MapA, c.MapB = nil, nil
	for i, col := range in.MapA {
		if leave(col.Field) {
			continue
		}
		c.MapA = append(c.MapA, col)
		if in.B != nil {
			c.MapB = append(c.MapB, in.MapB[i])
		}
	}
	return &c, len(c.MapA) > 0 && len(c.MapA) < len(in.MapA)
}

func (in *Input) tables() []*table.Table {
	if in.B == nil {
		return []*table.Table{in.A}
	}
	return []*table.Table{in.A, in.B}
}

// findTruth comes before the fields are found, so that the column of the truth is never compared; the mapping is read
// before it all the same, because it may name the column of the record ids.
func (in *Input) findTruth(s Source) error {
	for _, t := range in.tables() {
		if _, _, err := t.Map(s.Map); err != nil {
			return suggest(err, s.Map, t)
		}
	}
	spec := s.Truth
	if spec == AutoTruth {
		spec = ""
	}
	truth, err := quality.Find(spec, filepath.Dir(s.A), in.A, in.B)
	if errors.Is(err, quality.ErrNoTruth) {
		return fault.New(fault.Invalid, "truth_unknown", "Tidak ditemukan keterangan siapa orang yang sama.", "Nothing tells which records are one person.").Because(err)
	}
	in.Truth = truth
	return err
}

func (in *Input) findFields(spec string) error {
	var notes []fault.Detail
	var err error
	if in.MapA, notes, err = in.A.Map(spec); err != nil {
		return suggest(err, spec, in.A)
	}
	in.Notes = append(in.Notes, notes...)
	if in.B == nil {
		return nil
	}
	if in.MapB, notes, err = in.B.Map(spec); err != nil {
		return suggest(err, spec, in.B)
	}
	in.Notes = append(in.Notes, notes...)
	in.MapA, in.MapB, notes = table.Align(in.MapA, in.MapB)
	in.Notes = append(in.Notes, notes...)
	if len(in.MapA) == 0 {
		return fault.New(fault.Invalid, "map_nothing_common", "Kedua berkas tidak memiliki bidang yang sama; sebutkan dengan --map.",
			"The two files have no field in common; name the columns with --map.")
	}
	return nil
}

// suggest names, for a column that is not there, the one that was probably meant.
func suggest(err error, spec string, t *table.Table) error {
	var f *fault.Error
	if !errors.As(err, &f) || f.Code != "map_column_unknown" {
		return err
	}
	for item := range strings.SplitSeq(spec, ",") {
		_, titles, _ := strings.Cut(item, "=")
		for title := range strings.SplitSeq(titles, "+") {
			title = strings.TrimSpace(title)
			if _, ok := t.Column(title); ok || title == "" || strings.HasPrefix(title, "#") {
				continue
			}
			best := slices.MaxFunc(t.Header, func(a, b string) int { return cmp.Compare(alike(title, a), alike(title, b)) })
			if alike(title, best) >= 0.7 {
				c := *f
				c.Text.EN += fmt.Sprintf(" Did you mean %q?", best)
				c.Text.ID += fmt.Sprintf(" Maksud Anda %q?", best)
				return &c
			}
		}
	}
	return err
}

func alike(a, b string) float64 { return baseline.JaroWinkler(strings.ToLower(a), strings.ToLower(b)) }

// distinct makes ids that occur more than once different by their line, so that each names one record.
func distinct(ids []string, lines []int) []string {
	times := make(map[string]int, len(ids))
	for _, id := range ids {
		times[id]++
	}
	out := slices.Clone(ids)
	for i, id := range ids {
		switch {
		case id == "":
			out[i] = "line " + strconv.Itoa(lines[i])
		case times[id] > 1:
			out[i] = id + " (line " + strconv.Itoa(lines[i]) + ")"
		}
	}
	return out
}

// Fields lists what is compared.
func (in *Input) Fields() []match.Field { return in.MapA.Fields() }

// Values gives the compared values of all rows of both lists; b is nil for one list.
func (in *Input) Values() (a, b [][]string) {
	read := func(t *table.Table, m table.Mapping) [][]string {
		out := make([][]string, len(t.Rows))
		for i, row := range t.Rows {
			out[i] = m.Values(row)
		}
		return out
	}
	a = read(in.A, in.MapA)
	if in.B != nil {
		b = read(in.B, in.MapB)
	}
	return a, b
}

// Records reads all rows as the model wants them. Where an id stands in both lists, records are called 1:ID and 2:ID.
func (in *Input) Records(m *match.Model) (a, b []match.Record) {
	reader := m.Reader()
	va, vb := in.Values()
	prefixA, prefixB := in.prefixes()
	a = make([]match.Record, len(va))
	for i, v := range va {
		a[i] = reader.Read(prefixA+in.idsA[i], v)
	}
	if in.B != nil {
		b = make([]match.Record, len(vb))
		for i, v := range vb {
			b[i] = reader.Read(prefixB+in.idsB[i], v)
		}
	}
	return a, b
}

func (in *Input) prefixes() (a, b string) {
	if in.B == nil {
		return "", ""
	}
	first := make(map[string]bool, len(in.idsA))
	for _, id := range in.idsA {
		first[id] = true
	}
	if slices.ContainsFunc(in.idsB, func(id string) bool { return first[id] }) {
		return "1:", "2:"
	}
	return "", ""
}

// Row finds a record by its id or, where no record has that id, by its line in the file ("line 7" or "7").
func (in *Input) Row(second bool, name string) (int, error) {
	t, ids := in.A, in.idsA
	if second {
		t, ids = in.B, in.idsB
	}
	if i := slices.Index(ids, name); i >= 0 {
		return i, nil
	}
	if n, err := strconv.Atoi(strings.TrimPrefix(name, "line ")); err == nil {
		if i, ok := slices.BinarySearch(t.Lines, n); ok {
			return i, nil
		}
	}
	return 0, fault.New(fault.NotFound, "row_unknown", fmt.Sprintf("%s tidak memiliki data dengan nomor atau baris %q.", t.Name, name),
		fmt.Sprintf("%s has no record with the id or line %q.", t.Name, name))
}

// Renumber finds the ids of the records again after rows were left out.
func (in *Input) Renumber() error {
	if len(in.A.Rows) == 0 || in.B != nil && len(in.B.Rows) == 0 {
		return fault.New(fault.Invalid, "file_no_rows", "Tidak ada baris data yang tersisa.", "No row of data is left.")
	}
	in.number()
	return nil
}

func (in *Input) number() {
	in.idsA = distinct(in.A.IDs(), in.A.Lines)
	if in.B != nil {
		in.idsB = distinct(in.B.IDs(), in.B.Lines)
	}
}
