package importer

import (
	"bytes"
	"context"
	"errors"
	"hash/maphash"
	"io"
	"os"
	"path/filepath"
	"testing"
	"unicode/utf8"

	"dtks/pkg/fault"
)

// FuzzCSV holds for any bytes: the file is either refused with a fault of kind invalid, or every row of it is in a
// family that would be sent or has a finding that rejects it; what would be sent is text that JSON and PostgreSQL take.
func FuzzCSV(f *testing.F) {
	files, err := filepath.Glob("testdata/corpus/*.csv")
	if err != nil || len(files) < 55 {
		f.Fatalf("got %d seeds, %v", len(files), err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		open := opener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil })
		seed := maphash.MakeSeed()
		seen, err := open.survey(context.Background(), "", seed)
		if err != nil {
			mustBeInvalid(t, err)
			return
		}
		sent, rejected := 0, map[int]bool{}
		err = open.families(seen, "", seed, func(f *family) error {
			sent += len(f.rows)
			checkFamily(t, f)
			return nil
		}, func(found []Finding) {
			for _, f := range found {
				if !f.Warn {
					rejected[f.Line] = true
				}
			}
		})
		if err != nil {
			mustBeInvalid(t, err)
			return
		}
		if sent+len(rejected) != seen.rows {
			t.Errorf("%d rows: %d sent and %d rejected", seen.rows, sent, len(rejected))
		}
	})
}

func mustBeInvalid(t *testing.T, err error) {
	t.Helper()
	if fault.KindOf(err) != fault.Invalid {
		t.Errorf("got %v, want a fault of kind invalid", err)
	}
	var f *fault.Error
	if errors.As(err, &f) && (f.Text.ID == "" || f.Text.EN == "") {
		t.Errorf("%s has no text", f.Code)
	}
}

func checkFamily(t *testing.T, f *family) {
	t.Helper()
	if f.Source == "" || f.SourceID == "" || len(f.Members) != len(f.rows) || len(f.Members) > MaxMembers {
		t.Errorf("a family of %d rows and %d members would be sent", len(f.rows), len(f.Members))
	}
	for _, s := range []string{f.Source, f.SourceID, f.Area, f.KK, f.Address} {
		mustBeText(t, s)
	}
	for i := range f.Members {
		m := &f.Members[i]
		for _, s := range []string{m.MemberID, m.NIK, m.Name, m.BirthPlace, m.BirthDate, m.Sex, m.Mother} {
			mustBeText(t, s)
		}
	}
}

func mustBeText(t *testing.T, s string) {
	t.Helper()
	if !utf8.ValidString(s) || bytes.IndexByte([]byte(s), 0) >= 0 {
		t.Error("a text that no database takes would be sent")
	}
}
