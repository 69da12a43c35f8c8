package table

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// unpackedLimit bounds a workbook once unpacked: a zip file of a few kilobytes may hold gigabytes.
const unpackedLimit = 512 << 20

// readBook reads one sheet. Numbers come as they are stored, not as they are shown, so that a NIK kept as a
// number does not become 3,17E+15; dates come as YYYY-MM-DD, whatever their format.
func readBook(name string, r io.Reader, limit Limits) (*Table, error) {
	size := min(limit.Bytes, unpackedLimit)
	f, err := excelize.OpenReader(io.LimitReader(r, limit.Bytes), excelize.Options{UnzipSizeLimit: size, UnzipXMLSizeLimit: min(size, 16<<20)})
	if err != nil {
		if strings.Contains(err.Error(), "exceeds") {
			return nil, tooLarge(name, size).Because(err)
		}
		return nil, refuse(name, 0, "file_not_workbook", "bukan lembar kerja .xlsx yang utuh", "is not a sound .xlsx workbook").Because(err)
	}
	defer f.Close() //nolint:errcheck // only read
	sheets := f.GetSheetList()
	sheet := limit.Sheet
	if sheet == "" && len(sheets) > 0 {
		sheet = sheets[0]
	}
	if i, err := f.GetSheetIndex(sheet); err != nil || i < 0 {
		return nil, refuse(name, 0, "sheet_unknown", fmt.Sprintf("tidak memiliki lembar itu; yang ada: %s", strings.Join(sheets, ", ")),
			fmt.Sprintf("has no such sheet; it has: %s", strings.Join(sheets, ", ")))
	}
	t, err := readSheet(name, f, sheet, limit)
	if err != nil {
		return nil, err
	}
	if limit.Sheet == "" && len(sheets) > 1 {
		t.note("", "sheet_first", fmt.Sprintf("Dibaca lembar pertama dari %d.", len(sheets)), fmt.Sprintf("The first of %d sheets was read.", len(sheets)))
	}
	return t, nil
}

// readSheet walks the sheet twice at once, as stored and as shown: only the shown text tells a date from a
// number.
func readSheet(name string, f *excelize.File, sheet string, limit Limits) (*Table, error) {
	broken := func(err error) error {
		return refuse(name, 0, "file_not_workbook", "tidak dapat dibaca sebagai lembar kerja", "cannot be read as a workbook").Because(err)
	}
	stored, err := f.Rows(sheet)
	if err != nil {
		return nil, broken(err)
	}
	shown, err := f.Rows(sheet)
	if err != nil {
		return nil, broken(errors.Join(err, stored.Close()))
	}
	defer stored.Close() //nolint:errcheck // only read
	defer shown.Close()  //nolint:errcheck // only read
	b := newBuilder(name, limit)
	b.sparse = true
	for line := 1; stored.Next() && shown.Next(); line++ {
		cells, err := stored.Columns(excelize.Options{RawCellValue: true})
		if err != nil {
			return nil, broken(err)
		}
		seen, err := shown.Columns()
		if err != nil {
			return nil, broken(err)
		}
		for i, raw := range cells {
			if i < len(seen) {
				cells[i] = cell(raw, seen[i])
			}
		}
		if err := b.add(line, cells); err != nil {
			return nil, err
		}
	}
	if err := stored.Error(); err != nil {
		return nil, broken(err)
	}
	if b.t.Header == nil {
		return nil, refuse(name, 0, "file_empty", "kosong", "is empty")
	}
	return b.finish(), nil
}

// dateShown matches the forms in which a spreadsheet shows a date: 24/06/1971, 1971-06-24, 24-Jun-71, 24 Juni 1971.
var dateShown = regexp.MustCompile(`^\d{1,4}[/\-. ](\d{1,2}|[A-Za-z]{3,9})[/\-., ]+\d{1,4}( .*)?$|^[A-Za-z]{3,9},? .*\d{4}`)

// cell chooses between a cell's stored and shown text.
func cell(raw, seen string) string {
	if raw == seen || raw == "" {
		return raw
	}
	number, err := strconv.ParseFloat(raw, 64)
	if err != nil {
		return raw
	}
	if dateShown.MatchString(seen) && number >= 1 && number < 2958466 {
		if at, err := excelize.ExcelDateToTime(number, false); err == nil {
			return at.Format("2006-01-02")
		}
	}
	return plainNumber(raw, number)
}

// plainNumber writes a whole number without an exponent.
func plainNumber(raw string, number float64) string {
	if !strings.ContainsAny(raw, "eE") {
		return raw
	}
	return strconv.FormatFloat(number, 'f', -1, 64)
}
