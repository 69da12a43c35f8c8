package table

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"dtks/pkg/fault"
)

// Read reads a .csv, .tsv or .txt file (comma, semicolon, tab or bar; UTF-8, UTF-16 with its mark, or
// Windows-1252) or one sheet of an .xlsx workbook. A row with too few or too many cells is kept and noted; a
// file whose quotes do not pair, or that is larger than the limits, is refused whole.
func Read(path string, limit Limits) (*Table, error) {
	limit = limit.filled()
	name := filepath.Base(path)
	f, err := os.Open(path)
	if err != nil {
		return nil, refuse(name, 0, "file_unreadable", "tidak dapat dibuka", "cannot be opened").Because(err)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() > limit.Bytes {
		return nil, tooLarge(name, limit.Bytes)
	}
	head := make([]byte, 4)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, refuse(name, 0, "file_unreadable", "tidak dapat dibaca", "cannot be read").Because(err)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, refuse(name, 0, "file_unreadable", "tidak dapat dibaca", "cannot be read").Because(err)
	}
	var t *Table
	switch {
	case string(head[:n]) == "PK\x03\x04":
		t, err = readBook(name, f, limit)
	case string(head[:n]) == "\xd0\xcf\x11\xe0":
		err = refuse(name, 0, "file_old_workbook", "adalah lembar kerja lama (.xls) atau terkunci sandi; simpan sebagai .xlsx atau CSV",
			"is an old (.xls) or locked workbook; save it as .xlsx or CSV")
	default:
		t, err = readText(name, f, limit)
	}
	if err != nil {
		return nil, err
	}
	if len(t.Rows) == 0 {
		return nil, refuse(name, 0, "file_no_rows", "tidak berisi baris data", "has no rows of data")
	}
	return t, nil
}

// refuse makes the error of a file that is not read: "X.csv, line 7: …" in both languages. The first text
// continues "Berkas X.csv", the second "File X.csv".
func refuse(name string, line int, code, id, en string) *fault.Error {
	inID, inEN := "", ""
	if line > 0 {
		inID, inEN = fmt.Sprintf(" baris %d", line), fmt.Sprintf(" line %d", line)
	}
	e := fault.New(fault.Invalid, code, fmt.Sprintf("Berkas %s%s %s.", name, inID, id), fmt.Sprintf("File %s%s %s.", name, inEN, en))
	return e.Because(errors.New(strings.TrimSuffix(e.Text.EN, ".")))
}

func tooLarge(name string, limit int64) *fault.Error {
	return refuse(name, 0, "file_too_large", fmt.Sprintf("melewati batas %.1f MiB", float64(limit)/(1<<20)), fmt.Sprintf("is over the limit of %.1f MiB", float64(limit)/(1<<20)))
}

// builder takes rows one after another, the first with any value as the header.
type builder struct {
	t      *Table
	limit  Limits
	odd    map[string]int // findings by code
	sparse bool           // a workbook leaves out trailing empty cells, so that a short row is nothing odd
}

func newBuilder(name string, limit Limits) *builder {
	return &builder{t: &Table{Name: name}, limit: limit, odd: map[string]int{}}
}

// shown is how many findings of one code are told apart; the rest is counted.
const shown = 20

func (b *builder) note(line int, code, id, en string) {
	b.odd[code]++
	if b.odd[code] <= shown {
		b.t.note(fmt.Sprintf("line %d", line), code, id, en)
	}
}

// finish adds how many findings were left out and returns the table.
func (b *builder) finish() *Table {
	for code, n := range b.odd {
		if n > shown {
			b.t.note("", code, fmt.Sprintf("… dan %d baris lain.", n-shown), fmt.Sprintf("… and %d more lines.", n-shown))
		}
	}
	return b.t
}

// add takes the cells of one row; they may be reused by the caller, the strings may not.
func (b *builder) add(line int, cells []string) error {
	t := b.t
	last := -1
	for i, c := range cells {
		cells[i] = strings.TrimSpace(c)
		if cells[i] != "" {
			last = i
		}
	}
	if last < 0 {
		return nil
	}
	if t.Header == nil {
		return b.header(line, cells[:last+1])
	}
	if len(t.Rows) >= b.limit.Rows {
		return refuse(t.Name, line, "file_too_many_rows", fmt.Sprintf("melewati batas %d baris", b.limit.Rows), fmt.Sprintf("is over the limit of %d rows", b.limit.Rows))
	}
	row := make([]string, len(t.Header))
	copy(row, cells)
	switch {
	case last >= len(row):
		b.note(line, "row_too_long", fmt.Sprintf("Baris berisi %d sel, judul %d: sel berlebih tidak dipakai.", last+1, len(row)),
			fmt.Sprintf("The row has %d cells, the header %d: cells beyond are not used.", last+1, len(row)))
	case len(cells) < len(row) && !b.sparse:
		b.note(line, "row_too_short", fmt.Sprintf("Baris berisi %d sel, judul %d: sisanya dianggap kosong.", len(cells), len(row)),
			fmt.Sprintf("The row has %d cells, the header %d: the rest is taken as empty.", len(cells), len(row)))
	}
	t.Rows = append(t.Rows, row)
	t.Lines = append(t.Lines, line)
	return nil
}

func (b *builder) header(line int, cells []string) error {
	if len(cells) > b.limit.Columns {
		return refuse(b.t.Name, line, "file_too_many_columns", fmt.Sprintf("melewati batas %d kolom", b.limit.Columns), fmt.Sprintf("is over the limit of %d columns", b.limit.Columns))
	}
	for _, c := range cells {
		if dated(c) {
			return refuse(b.t.Name, line, "file_without_titles", "tidak diawali baris judul kolom: baris pertama berisi data", "does not begin with the titles of its columns: its first row holds data")
		}
	}
	seen := map[string]bool{}
	for i, c := range cells {
		c = strings.Join(strings.Fields(c), " ")
		if c == "" {
			c = fmt.Sprintf("column_%d", i+1)
		}
		for seen[strings.ToLower(c)] {
			c = fmt.Sprintf("%s_%d", c, i+1)
		}
		seen[strings.ToLower(c)] = true
		b.t.Header = append(b.t.Header, c)
	}
	return nil
}

// dated reports whether a cell is a date or a number as long as one: no column is called that, so that a row with one is
// somebody's data, which must not become titles and be shown.
func dated(cell string) bool {
	digits := 0
	for _, c := range cell {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case c != '-' && c != '/' && c != '.' && c != ' ':
			return false
		}
	}
	return digits >= 6
}
