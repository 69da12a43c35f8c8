package sample

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"

	"dtks/pkg/regsosek"
)

// Writers take the files; nil leaves one out.
type Writers struct {
	Families io.Writer // what the villages enter; dtks import reads it
	Civil    io.Writer // what the civil registry knows; the Dukcapil simulator reads it
	Truth    io.Writer // which mistake was made with whom
}

// Counts says what was made.
type Counts struct {
	Families, Persons int
	Faults, KKFaults  map[Fault]int
}

// Columns of families.csv before the survey items, which follow under their own names.
var Columns = []string{"source", "source_id", "area", "kk", "address", "member_id", "nik", "name", "birth_place", "birth_date",
	"sex", "mother", "relation", "marital", "school", "school_level", "work", "presence", "orphan", "health_cover",
	"pregnant", "disability", "chronic", "ppks", "instrument"}

// Generate writes the files of a population, a family at a time.
func Generate(w Writers, o Options) (Counts, error) {
	counts := Counts{Faults: map[Fault]int{}, KKFaults: map[Fault]int{}}
	families, err := Families(o)
	if err != nil {
		return counts, err
	}
	entries, civil, truth := open(w.Families), open(w.Civil), open(w.Truth)
	entries.row(header()...)
	civil.row("nik", "kk", "name", "birth_place", "birth_date", "sex", "mother", "status", "address", "rt", "rw", "area")
	truth.row("source_id", "member_id", "fault", "kk_fault", "true_nik", "status")
	for f := range families {
		counts.Families++
		counts.Persons += len(f.Members)
		counts.KKFaults[Fault(word(f.KKFault))]++
		entries.family(f)
		for i := range f.Members {
			p := &f.Members[i]
			counts.Faults[Fault(word(p.Fault))]++
			civil.row(p.Civil.NIK, f.CivilKK, p.Civil.Name, p.Civil.BirthPlace, p.Civil.BirthDate, p.Civil.Sex, p.Civil.Mother,
				string(p.Status), f.Address, number(f.RT), number(f.RW), f.Area)
			truth.row(f.SourceID, p.ID, word(p.Fault), word(f.KKFault), p.Civil.NIK, string(p.Status))
		}
	}
	for _, file := range []*file{entries, civil, truth} {
		if err := file.close(); err != nil {
			return counts, fmt.Errorf("writing the sample: %w", err)
		}
	}
	return counts, nil
}

func word(f Fault) string {
	if f == "" {
		return string(None)
	}
	return string(f)
}

// file is a CSV being written; a nil file swallows everything.
type file struct {
	to     *csv.Writer
	buffer *bufio.Writer
	line   []string
}

func open(w io.Writer) *file {
	if w == nil {
		return nil
	}
	buffer := bufio.NewWriterSize(w, 1<<20)
	return &file{to: csv.NewWriter(buffer), buffer: buffer}
}

// row writes a line; errors stay in the writer until close.
func (f *file) row(cells ...string) {
	if f != nil {
		_ = f.to.Write(cells)
	}
}

func (f *file) close() error {
	if f == nil {
		return nil
	}
	f.to.Flush()
	if err := f.to.Error(); err != nil {
		return err
	}
	return f.buffer.Flush()
}

func header() []string {
	names := append([]string(nil), Columns...)
	for i := range regsosek.Items {
		names = append(names, regsosek.Items[i].Name)
	}
	return names
}

// family writes a line per member; what belongs to the family is repeated.
func (f *file) family(of *Family) {
	if f == nil {
		return
	}
	for i := range of.Members {
		p := &of.Members[i]
		f.line = append(f.line[:0], of.Source, of.SourceID, of.Area, of.KK,
			of.place(), p.ID,
			p.Entered.NIK, p.Entered.Name, p.Entered.BirthPlace, p.Entered.BirthDate, p.Entered.Sex, p.Entered.Mother,
			code(p.Relation), code(p.Marital), code(p.School), number(p.SchoolLevel), number(p.Work), code(p.Presence), code(p.Orphan),
			answered(p.Cover), yes(p.Pregnant), p.difficulties(), numbers(p.Chronic), numbers(p.PPKS), regsosek.Instrument)
		at := 0
		for k := range regsosek.Items {
			cell := ""
			if at < len(of.Answers) && of.Answers[at].Item == regsosek.Items[k].Name {
				cell = number(of.Answers[at].Code)
				at++
			}
			f.line = append(f.line, cell)
		}
		f.row(f.line...)
	}
}

func number(n int) string { return strconv.Itoa(n) }

// code leaves zero, which means not answered, empty.
func code(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// answered leaves what was not asked empty.
func answered(n *int) string {
	if n == nil {
		return ""
	}
	return strconv.Itoa(*n)
}

func yes(b bool) string {
	if b {
		return "1"
	}
	return ""
}

func numbers(list []int) string {
	var words []string
	for _, n := range list {
		words = append(words, strconv.Itoa(n))
	}
	return strings.Join(words, " ")
}
