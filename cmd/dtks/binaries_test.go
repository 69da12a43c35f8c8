package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLink_ShowsReadyPrograms(t *testing.T) {
	t.Parallel()
	from, into := t.TempDir(), filepath.Join(t.TempDir(), "bin")
	if err := link(from, into); err == nil || !strings.Contains(err.Error(), "is missing") {
		t.Errorf("got %v of an empty folder, want the program that is missing", err)
	}
	for name := range programs() {
		if err := os.WriteFile(filepath.Join(from, name), []byte("ready"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := link(from, into); err != nil {
			t.Fatal(err)
		}
	}
	if err := complete(into); err != nil {
		t.Error(err)
	}
	if err := unlink(into); err != nil {
		t.Fatal(err)
	}
	if err := complete(from); err != nil {
		t.Errorf("the ready programs themselves are gone: %v", err)
	}
	if complete(into) == nil {
		t.Error("a link is left that the compiler would write through")
	}
}

func TestBuild_ShowsTheCompilersWords(t *testing.T) {
	t.Parallel()
	source := t.TempDir()
	for path, text := range map[string]string{
		"go.work": "go 1.26\nuse ./m\n", "m/go.mod": "module m\n\ngo 1.26\n", "m/main.go": "package main\n\nfunc main() { undefinedThing() }\n",
	} {
		path = filepath.Join(source, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	err := build(t.Context(), source, filepath.Join(t.TempDir(), "bin"), func(string) {})
	if err == nil || !strings.Contains(err.Error(), "building the services failed") || !strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v, want the compiler's lines", err)
	}
}

func TestCompilerLines(t *testing.T) {
	t.Parallel()
	var told []string
	c := &compilerLines{say: func(line string) { told = append(told, line) }}
	for _, part := range []string{"dtks/pkg/ev", "ent\n# dtks/services/x\nservices/x/main.go:1:2: undefined: y\n", "dtks/pkg/bus\n"} {
		if _, err := c.Write([]byte(part)); err != nil {
			t.Fatal(err)
		}
	}
	if c.packages != 2 || len(c.errors) != 2 || len(told) != 1 {
		t.Errorf("got %d packages, errors %q, told %q; want 2, the two lines of the error, one line", c.packages, c.errors, told)
	}
}

func TestCopySelf_ReplacesARunningProgram(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for range 2 {
		path, err := copySelf(dir)
		if err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o100 == 0 {
			t.Errorf("got %v (%v), want a program", info, err)
		}
	}
}

// The checkout is found from below it.
func TestFindSource(t *testing.T) {
	t.Parallel()
	if got := findSource(); got == "" || !strings.HasSuffix(filepath.Dir(filepath.Dir(mustGetwd(t))), filepath.Base(got)) {
		t.Errorf("got %q, want the folder above cmd", got)
	}
}

func mustGetwd(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
