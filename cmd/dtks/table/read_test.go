package table_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"dtks/cmd/dtks/table"
	"dtks/pkg/fault"
)

func mustWrite(t testing.TB, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRead_Text(t *testing.T) {
	t.Parallel()
	want := [][]string{{"1", "SITI CONTOH", "Jl. Contoh 1, RT 2"}, {"2", "BUDI", ""}}
	tests := []struct{ name, content string }{
		{"comma", "id,nama,alamat\n1,SITI CONTOH,\"Jl. Contoh 1, RT 2\"\n2,BUDI,\n"},
		{"semicolon with commas inside", "id;nama;alamat\r\n1;SITI CONTOH;Jl. Contoh 1, RT 2\r\n2;BUDI;\r\n"},
		{"tab", "id\tnama\talamat\n1\tSITI CONTOH\tJl. Contoh 1, RT 2\n2\tBUDI\t\n"},
		{"bar", "id|nama|alamat\n1|SITI CONTOH|Jl. Contoh 1, RT 2\n2|BUDI|\n"},
		{"mark, spaces and blank lines", "\ufeff id , nama , alamat \n\n1, SITI CONTOH , \"Jl. Contoh 1, RT 2\"\n,,\n2, BUDI, \n\n"},
		{"old line ends", "id;nama;alamat\r1;SITI CONTOH;Jl. Contoh 1, RT 2\r2;BUDI;\r"},
		{"UTF-16", "\xff\xfe" + utf16("id;nama;alamat\n1;SITI CONTOH;Jl. Contoh 1, RT 2\n2;BUDI;\n")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := table.Read(mustWrite(t, "x.csv", tt.content), table.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{"id", "nama", "alamat"}, got.Header); diff != "" {
				t.Errorf("header (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(want, got.Rows); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
			if len(got.Notes) > 0 {
				t.Errorf("got notes %v, want none", got.Notes)
			}
		})
	}
}

func utf16(s string) string {
	var b strings.Builder
	for _, r := range s {
		b.WriteByte(byte(r))
		b.WriteByte(byte(r >> 8))
	}
	return b.String()
}

func TestRead_Odd(t *testing.T) {
	t.Parallel()
	got, err := table.Read(mustWrite(t, "x.csv", "id,nama,,nama\n1,JOS\xc9 \x93CONTOH\x94,x,y\n2,\"DUA\nBARIS\",x\n3,A,b,c,d\n4,B,b,c,,\n"), table.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"id", "nama", "column_3", "nama_4"}, got.Header); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
	if got.Rows[0][1] != "JOSÉ “CONTOH”" || got.Rows[1][1] != "DUA\nBARIS" || got.Rows[1][3] != "" || got.Rows[2][3] != "c" {
		t.Errorf("rows: got %q", got.Rows)
	}
	if diff := cmp.Diff([]int{2, 3, 5, 6}, got.Lines); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	var notes []string
	for _, n := range got.Notes {
		notes = append(notes, n.Field+" "+n.Code)
	}
	if diff := cmp.Diff([]string{" file_windows_1252", "line 3 row_too_short", "line 5 row_too_long"}, notes); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
}

func TestRead_Errors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, content, code, says string
		limit                     table.Limits
	}{
		{"empty", "", "file_empty", "x.csv", table.Limits{}},
		{"header alone", "id,nama\n", "file_no_rows", "x.csv", table.Limits{}},
		{"binary", "id,nama\n1,\x00\x00\n", "file_binary", "", table.Limits{}},
		{"quote never closed", "id,nama\n1,\"A\n" + strings.Repeat("2,B\n", 100), "file_quotes", "line 2", table.Limits{}},
		{"rows", "id\n1\n2\n3\n", "file_too_many_rows", "line 4", table.Limits{Rows: 2}},
		{"columns", "a,b,c\n1,2,3\n", "file_too_many_columns", "line 1", table.Limits{Columns: 2}},
		{"bytes", "a,b,c\n1,2,3\n", "file_too_large", "", table.Limits{Bytes: 8}},
		{"not a workbook", "PK\x03\x04 nothing of the kind", "file_not_workbook", "", table.Limits{}},
		{"old workbook", "\xd0\xcf\x11\xe0....", "file_old_workbook", "", table.Limits{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := table.Read(mustWrite(t, "x.csv", tt.content), tt.limit)
			var f *fault.Error
			if !errors.As(err, &f) {
				t.Fatalf("got %v, want a fault", err)
			}
			if f.Code != tt.code || !strings.Contains(f.Text.EN, tt.says) || f.Text.ID == "" {
				t.Errorf("got %s %+v, want %s saying %q", f.Code, f.Text, tt.code, tt.says)
			}
		})
	}
	if _, err := table.Read(filepath.Join(t.TempDir(), "none.csv"), table.Limits{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no such file: got %v", err)
	}
}

// mustBook writes a workbook of two sheets: numbers, dates in two formats and text.
func mustBook(t *testing.T) string {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close() //nolint:errcheck // only made to be read
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	style := func(s *excelize.Style) int {
		t.Helper()
		n, err := f.NewStyle(s)
		must(err)
		return n
	}
	_, err := f.NewSheet("Lain")
	must(err)
	own, money := "dd/mm/yyyy", "#,##0.00"
	date, dateOwn, amount := style(&excelize.Style{NumFmt: 14}), style(&excelize.Style{CustomNumFmt: &own}), style(&excelize.Style{CustomNumFmt: &money})
	for _, c := range []struct {
		sheet, cell string
		value       any
		style       int
	}{
		// The first row stays empty. 26108 is 24 June 1971.
		{"Sheet1", "A2", "NIK", 0}, {"Sheet1", "B2", "NIK angka", 0}, {"Sheet1", "C2", "Tgl Lahir", 0}, {"Sheet1", "D2", "Tgl Lain", 0}, {"Sheet1", "E2", "Jumlah", 0}, {"Sheet1", "F2", "Nama", 0},
		{"Sheet1", "A3", "9901016506710001", 0}, {"Sheet1", "B3", int64(9901016506710001), 0}, {"Sheet1", "C3", 26108, date}, {"Sheet1", "D3", 26108, dateOwn}, {"Sheet1", "E3", 1500000, amount}, {"Sheet1", "F3", "SITI CONTOH", 0},
		{"Sheet1", "A4", "9901016506710002", 0},
		{"Lain", "A1", "x", 0}, {"Lain", "A2", "y", 0},
	} {
		must(f.SetCellValue(c.sheet, c.cell, c.value))
		must(f.SetCellStyle(c.sheet, c.cell, c.cell, c.style))
	}
	path := filepath.Join(t.TempDir(), "x.xlsx")
	must(f.SaveAs(path))
	return path
}

func TestRead_Book(t *testing.T) {
	t.Parallel()
	path := mustBook(t)
	got, err := table.Read(path, table.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{{"9901016506710001", "9901016506710001", "1971-06-24", "1971-06-24", "1500000", "SITI CONTOH"}, {"9901016506710002", "", "", "", "", ""}}
	if diff := cmp.Diff(want, got.Rows); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int{3, 4}, got.Lines); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	other, err := table.Read(path, table.Limits{Sheet: "Lain"})
	if err != nil || other.Rows[0][0] != "y" {
		t.Errorf("chosen sheet: got %v, %v", other, err)
	}
	var bad *fault.Error
	if _, err := table.Read(path, table.Limits{Sheet: "Tiada"}); !errors.As(err, &bad) || bad.Code != "sheet_unknown" {
		t.Errorf("unknown sheet: got %v", err)
	}
	if _, err := table.Read(path, table.Limits{Bytes: 3000}); !errors.As(err, &bad) || bad.Code != "file_too_large" {
		t.Errorf("a workbook larger than the limit: got %v", err)
	}
}

// TestRead_BookBomb reads a workbook that is small on disk and large once unpacked.
func TestRead_BookBomb(t *testing.T) {
	t.Parallel()
	f := excelize.NewFile()
	defer f.Close() //nolint:errcheck // only made to be read
	rows, err := f.NewStreamWriter("Sheet1")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3000 {
		if err := rows.SetRow(fmt.Sprintf("A%d", i+1), []any{strings.Repeat("x", 1000)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := rows.Flush(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "x.xlsx")
	if err := f.SaveAs(path); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Size() > 1<<20 {
		t.Fatalf("the workbook has %d bytes, %v", info.Size(), err)
	}
	var bad *fault.Error
	if _, err := table.Read(path, table.Limits{Bytes: 1 << 20}); !errors.As(err, &bad) || bad.Code != "file_too_large" {
		t.Errorf("got %v, want file_too_large", err)
	}
}

// FuzzRead reads anything as a table or refuses it with a reason in two languages; rows are as long as the header.
func FuzzRead(f *testing.F) {
	for _, s := range []string{"id,nama\n1,A\n", "a;b\n\"x\ny\";2\n", "\xff\xfea\x00\n\x00b\x00", "PK\x03\x04", "a\tb\r\n1\t\"\n", "\ufeffa|b\n1|2|3\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		got, err := table.Read(mustWrite(t, "x.csv", string(content)), table.Limits{Bytes: 1 << 20})
		if err != nil {
			var bad *fault.Error
			if !errors.As(err, &bad) || bad.Text.ID == "" || bad.Text.EN == "" {
				t.Fatalf("refused without a reason: %v", err)
			}
			return
		}
		for i, row := range got.Rows {
			if len(row) != len(got.Header) {
				t.Fatalf("row %d has %d cells, header %d", i, len(row), len(got.Header))
			}
		}
		if len(got.Lines) != len(got.Rows) {
			t.Fatalf("%d lines for %d rows", len(got.Lines), len(got.Rows))
		}
		if m, _, err := got.Map(""); err == nil {
			for _, row := range got.Rows {
				m.Values(row)
			}
		}
	})
}
