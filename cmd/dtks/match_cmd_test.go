package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"dtks/cmd/dtks/population"
)

// runDtks parses a command line as main does and runs it; it gives the exit code and the error.
func runDtks(ctx context.Context, t *testing.T, args ...string) (int, error) {
	t.Helper()
	var c cli
	parser, err := kong.New(&c, kong.BindTo(ctx, (*context.Context)(nil)))
	if err != nil {
		t.Fatal(err)
	}
	cmd, err := parser.Parse(args)
	if err != nil {
		return 2, err
	}
	err = cmd.Run(&c.Globals)
	var chosen exitCode
	switch {
	case err == nil:
		return 0, nil
	case errors.As(err, &chosen):
		return chosen.code, err
	}
	return 1, err
}

func writeList(t *testing.T, people []population.Person) string {
	t.Helper()
	var b bytes.Buffer
	b.WriteString("id;nik;nama;tgl_lahir;ibu_kandung;orang\n")
	for _, p := range people {
		b.WriteString(strings.Join([]string{p.ID, p.NIK, p.Name, p.BirthDate, p.Mother, p.Entity}, ";") + "\n")
	}
	path := filepath.Join(t.TempDir(), "list.csv")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestMatch_Commands(t *testing.T) {
	t.Parallel()
	list := writeList(t, population.File(3, 40))
	pairs := filepath.Join(t.TempDir(), "pairs.csv")
	for _, args := range [][]string{
		{"match", list, "--truth", "orang", "--output", pairs, "--clusters", pairs + ".clusters"},
		{"match", "files", list, list, "--threshold", "0.9", "--review", "0.2", "--no-lists", "--lang", "id"},
		{"match", "explain", list, "R0000001", "3", "--lang", "id"},
		{"bench", "match", "--quick", "--persons", "40", "--only", "quality", "--set", "x=" + list + ";truth=orang"},
	} {
		if args[0] == "match" && args[1] == "explain" {
			text, err := os.ReadFile(pairs)
			if err != nil {
				t.Fatal(err)
			}
			_, rest, _ := strings.Cut(string(text), "\n")
			args[3], _, _ = strings.Cut(rest, ",")
		}
		if code, err := runDtks(t.Context(), t, args...); code != 0 {
			t.Errorf("dtks %s: exit status %d, %v", strings.Join(args, " "), code, err)
		}
	}
	for path, head := range map[string]string{pairs: "id_a,id_b,likelihood,outcome,bits,prior,", pairs + ".clusters": "cluster,record,file,row"} {
		if text, err := os.ReadFile(path); err != nil || !strings.HasPrefix(string(text), head) {
			t.Errorf("got %q, %v, want it to begin %q", text[:min(len(text), 60)], err, head)
		}
	}
}

func TestMatch_WrongUse(t *testing.T) {
	t.Parallel()
	list := writeList(t, population.File(4, 10))
	for _, c := range []struct {
		says string
		args []string
	}{
		{"none.csv", []string{"match", filepath.Join(t.TempDir(), "none.csv")}},
		{`Did you mean "nama"?`, []string{"match", list, "--map", "name=namma"}},
		{"row_unknown", []string{"match", "explain", list, "nobody", "3"}},
		{"--threshold", []string{"match", list, "--threshold", "1.5"}},
		{"model", []string{"match", list, "--model", list}},
		{"is not NAME=", []string{"bench", "match", "--set", "x"}},
		{"no folder", []string{"bench", "match", "--data", filepath.Join(t.TempDir(), "none")}},
		{"must be one of", []string{"bench", "pipelin"}},
	} {
		code, err := runDtks(t.Context(), t, c.args...)
		if code != 2 || err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("dtks %s: got exit status %d, %v, want 2 saying %q", strings.Join(c.args, " "), code, err, c.says)
		}
	}
}

func TestMatch_Interrupted(t *testing.T) {
	t.Parallel()
	list := writeList(t, population.File(5, 40))
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	code, err := runDtks(ctx, t, "match", list, "--output", filepath.Join(dir, "pairs.csv"))
	if code != matchInterrupted {
		t.Errorf("got exit status %d, %v, want %d", code, err, matchInterrupted)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("got %d files, %v, want none", len(entries), err)
	}
}

func TestDataFolders(t *testing.T) {
	t.Parallel()
	got := dataFolders([]string{"bench", "match", "--data", "a", "--quick", "--data=b"})
	if len(got) != 2 || got[0] != "a" || got[1] != "b" {
		t.Errorf("got %v, want a and b", got)
	}
}
