package testkit

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// House is which files of a service may import what; files not named may not. A pattern is a file name, or *_ and a
// file name. An import path ending in /... covers everything below.
var House = map[string][]string{
	"net/http":                      {"api.go", "*_api.go", "client.go", "*_client.go", "main.go"},
	"github.com/danielgtaylor/huma": {"api.go", "*_api.go"},
	"github.com/jackc/pgx/...":      {"store.go", "*_store.go", "consume.go", "*_consume.go", "api.go", "*_api.go", "main.go"},
	"dtks/pkg/outbox":               {"store.go", "*_store.go", "consume.go", "*_consume.go", "api.go", "*_api.go", "main.go"},
	"dtks/pkg/bus":                  {"consume.go", "*_consume.go", "store.go", "*_store.go", "main.go"},
	"dtks/pkg/web":                  {"api.go", "*_api.go", "main.go"},
	"github.com/nats-io/...":        {"main.go"},
}

// Layers fails the test for each Go file of the package under test that imports what its name does not allow. It is the
// fence that a flat package lacks: rules stay free of HTTP, SQL and the bus.
func Layers(t testing.TB, allowed map[string][]string) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("found no Go files: %v", err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		for _, path := range imports(t, name) {
			if by := violates(name, path, allowed); by != nil {
				t.Errorf("%s imports %s; only %v may", name, path, by)
			}
		}
	}
}

func imports(t testing.TB, name string) []string {
	t.Helper()
	source, err := os.ReadFile(name)
	if err != nil {
		t.Fatalf("reading a source file: %v", err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), name, source, parser.ImportsOnly)
	if err != nil {
		t.Fatalf("parsing a source file: %v", err)
	}
	var out []string
	for _, spec := range file.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatalf("parsing an import: %v", err)
		}
		out = append(out, path)
	}
	return out
}

// violates returns the patterns that a file breaks by importing path, nil when it may.
func violates(file, path string, allowed map[string][]string) []string {
	for rule, patterns := range allowed {
		if !covers(rule, path) {
			continue
		}
		ok := slices.ContainsFunc(patterns, func(p string) bool {
			suffix, ending := strings.CutPrefix(p, "*")
			return p == file || ending && strings.HasSuffix(file, suffix)
		})
		if !ok {
			return patterns
		}
	}
	return nil
}

func covers(rule, path string) bool {
	if prefix, ok := strings.CutSuffix(rule, "/..."); ok {
		return path == prefix || strings.HasPrefix(path, prefix+"/")
	}
	return path == rule
}
