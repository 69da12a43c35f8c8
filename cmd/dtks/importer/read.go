package importer

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"strings"
	"unicode/utf8"
)

// opener opens the file from its beginning; it is called twice.
type opener func() (io.ReadCloser, error)

// tallies is what the first pass finds: how many rows each family has, and which families have a row that cannot be read.
type tallies struct {
	rows    int // data rows, blank ones not counted
	of      map[uint64]tally
	ignored int
}

type tally struct {
	rows int32
	bad  bool
}

// record is one line of data; code says why it cannot be read.
type record struct {
	line  int
	cells []string
	code  string // row_columns, row_quotes or empty
}

// reader gives the records of a file.
type reader struct {
	file   io.Closer
	csv    *csv.Reader
	header *header
	source string // for files without such a column
	seed   maphash.Seed
}

func (o opener) read(source string, seed maphash.Seed) (*reader, error) {
	file, err := o()
	if err != nil {
		return nil, err
	}
	text, head, err := plain(file)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	r := &reader{file: file, csv: csv.NewReader(text), source: source, seed: seed}
	r.csv.Comma = delimiter(head)
	r.csv.FieldsPerRecord = -1
	r.csv.ReuseRecord = true
	titles, err := r.csv.Read()
	if err == nil {
		r.header, err = readHeader(titles, source)
	} else if errors.As(err, new(*csv.ParseError)) {
		err = unusable("file_quotes", "Tanda kutip pada baris judul tidak berpasangan.", "The quotes of the header do not pair.")
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return r, nil
}

// next gives the next record that is not blank; io.EOF at the end. Cells are good until the next call.
func (r *reader) next() (record, error) {
	for {
		cells, err := r.csv.Read()
		var broken *csv.ParseError
		switch {
		case errors.As(err, &broken):
			// A quote that swallowed line ends has hidden rows: which families they belong to cannot be known.
			if broken.Line != broken.StartLine || len(cells) <= r.keyColumn() {
				return record{}, unusable("file_quotes",
					fmt.Sprintf("Tanda kutip yang dibuka pada baris %d tidak berpasangan.", broken.StartLine),
					fmt.Sprintf("The quote opened on line %d has no partner.", broken.StartLine))
			}
			return record{broken.StartLine, cells, "row_quotes"}, nil
		case err != nil:
			return record{}, err
		case blank(cells):
			continue
		}
		line, _ := r.csv.FieldPos(0)
		rec := record{line: line, cells: cells}
		if len(cells) < r.header.width || !blank(cells[r.header.width:]) {
			rec.code = "row_columns"
		}
		return rec, nil
	}
}

func (r *reader) keyColumn() int { return max(r.header.at["source_id"], r.header.at["source"]) }

// key names the family of a record; empty where the row gives none.
func (r *reader) key(cells []string) (source, id string) {
	source = r.header.cell(cells, "source")
	if source == "" {
		source = r.source
	}
	return source, r.header.cell(cells, "source_id")
}

func (r *reader) hash(source, id string) uint64 {
	return maphash.String(r.seed, source) ^ 31*maphash.String(r.seed, id)
}

// survey goes through the whole file without sending anything.
func (o opener) survey(ctx context.Context, source string, seed maphash.Seed) (*tallies, error) {
	r, err := o.read(source, seed)
	if err != nil {
		return nil, err
	}
	defer r.file.Close()
	s := &tallies{of: map[uint64]tally{}, ignored: r.header.Ignored}
	foreign, ours := 0, 0 // rows with bytes that are not UTF-8, and rows with good letters beyond ASCII
	for {
		rec, err := r.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if s.rows++; s.rows%4096 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		at := r.hash(r.key(rec.cells))
		t := s.of[at]
		t.rows++
		t.bad = t.bad || rec.code != ""
		s.of[at] = t
		switch good, other := letters(rec.cells); {
		case other:
			foreign++
		case good:
			ours++
		}
	}
	switch {
	case s.rows == 0:
		return nil, errNoRows
	case foreign > 0 && ours == 0:
		return nil, errCP1252
	}
	return s, nil
}

// letters tells whether there is good text beyond ASCII, and whether there is text that is not UTF-8.
func letters(cells []string) (good, other bool) {
	for _, c := range cells {
		for i := range len(c) {
			if c[i] >= utf8.RuneSelf {
				if !utf8.ValidString(c) {
					return false, true
				}
				good = true
				break
			}
		}
	}
	return good, false
}

// families sends every whole family to yield, and the findings of rows that are not sent to refuse. Families come in
// the order of their last rows.
func (o opener) families(s *tallies, source string, seed maphash.Seed, yield func(*family) error, refuse func([]Finding)) error {
	r, err := o.read(source, seed)
	if err != nil {
		return err
	}
	defer r.file.Close()
	open, seen := map[uint64]*family{}, 0
	for {
		rec, err := r.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		seen++
		origin, id := r.key(rec.cells)
		at := r.hash(origin, id)
		t, known := s.of[at]
		if !known {
			return errChanged
		}
		f := open[at]
		if f == nil {
			f = &family{bad: t.bad || id == ""}
			open[at] = f
		}
		if rec.code != "" {
			f.rows = append(f.rows, rec.line)
			f.found = append(f.found, finding(rec.line, "", rec.code))
		} else {
			f.add(&row{h: r.header, cells: rec.cells, line: rec.line}, source)
		}
		if len(f.rows) < int(t.rows) {
			continue
		}
		delete(open, at)
		if f.bad {
			refuse(f.refused())
			continue
		}
		if err := yield(f); err != nil {
			return err
		}
	}
	if len(open) > 0 || seen != s.rows {
		return errChanged
	}
	return nil
}

func blank(cells []string) bool {
	for _, c := range cells {
		if strings.TrimSpace(c) != "" {
			return false
		}
	}
	return true
}
