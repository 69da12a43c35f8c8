package trial

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dtks/cmd/dtks/matching"
	"dtks/cmd/dtks/population"
)

// small is a trial that takes seconds.
func small(out *bytes.Buffer) Options {
	return Options{Persons: 80, Claims: 400, Records: 120, Learned: 150, Out: out}
}

// benchLine is the form in which machines collect measurements.
var benchLine = regexp.MustCompile(`^bench match\.[\w.-]+( [a-z0-9_]+=\S+)+$`)

func TestRun_LinesAndTable(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	writeLabelled(t, filepath.Join(folder, "warga.csv"), population.File(5, 60))
	a, b := population.TwoFiles(6, 60)
	writeLabelled(t, filepath.Join(folder, "bansos_a.csv"), a)
	writeLabelled(t, filepath.Join(folder, "bansos_b.csv"), b)
	var out bytes.Buffer
	o := small(&out)
	o.Folders, o.Wrong = []string{folder}, 2
	if err := Run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for line := range strings.Lines(out.String()) {
		if !strings.HasPrefix(line, "bench ") {
			continue
		}
		line = strings.TrimSuffix(line, "\n")
		if !benchLine.MatchString(line) {
			t.Errorf("line is not in the form of machines: %s", line)
		}
		seen[strings.Fields(line)[1]] = true
		for _, field := range []string{"f1=", "precision=", "recall=", "frr=", "ratio="} {
			for word := range strings.FieldsSeq(line) {
				if value, ok := strings.CutPrefix(word, field); ok {
					if _, err := strconv.ParseFloat(value, 64); err != nil {
						t.Errorf("%s is no number in: %s", word, line)
					}
				}
			}
		}
	}
	for _, want := range []string{"match.population", "match.population-noid", "match.population_link", "match.warga", "match.warga-noid",
		"match.warga-heldout", "match.bansos", "match.verif", "match.speed", "match.speed.scan", "match.speed.explain"} {
		if !seen[want] {
			t.Errorf("no line of %s", want)
		}
	}
	for _, want := range []string{"| population | dtks |", "| population | fellegi_sunter |", "| dtks_no_lists |", "Seeds: judged 20261122", "in truth "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output lacks %q", want)
		}
	}
	for _, p := range a { // lists in folders may hold real people
		if strings.Contains(out.String(), p.Name) && len(p.Name) > 8 && !madeUp(p.Name) {
			t.Fatalf("a name of record %s of a list in a folder is in the output", p.ID)
		}
	}
}

// madeUp reports whether a name also stands in the synthetic files of the same trial, whose values are shown.
func madeUp(name string) bool {
	same := func(p population.Person) bool { return p.Name == name || p.Mother == name }
	a, b := population.TwoFiles(population.HeldOutSeed, 80)
	return slices.ContainsFunc(population.File(population.HeldOutSeed, 80), same) || slices.ContainsFunc(a, same) || slices.ContainsFunc(b, same)
}

func writeLabelled(t *testing.T, path string, people []population.Person) {
	t.Helper()
	var b strings.Builder
	b.WriteString("id,nik,kk,name,birth_date,sex,birth_place,mother,address,area,entity_id\n")
	for _, p := range people {
		b.WriteString(`"` + p.ID + `","` + strings.Join(valuesOf(p), `","`) + `","` + p.Entity + "\"\n")
	}
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestRun_SameSeedSameNumbers(t *testing.T) {
	t.Parallel()
	run := func() string {
		var out bytes.Buffer
		o := small(&out)
		o.Only = []string{Quality, Verif}
		if err := Run(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	if diff := cmp.Diff(run(), run()); diff != "" {
		t.Errorf("two runs differ:\n%s", diff)
	}
}

func TestRun_Stops(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Run(ctx, small(&bytes.Buffer{})); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the interruption", err)
	}
}

func TestDiscover(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for _, name := range []string{"dataset3.csv", "dataset4a.csv", "dataset4b.csv", "fake_1000.csv", "fake_1000_labels.csv", "x_left.csv", "x_right.csv",
		"lone_a.csv", "LICENSE", "buku.xlsx", "Voters A.csv", "Voters B.csv"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("name\nx\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	sets, err := Discover(folder)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][2]string{}
	for _, s := range sets {
		second := ""
		if s.B != "" {
			second = filepath.Base(s.B)
		}
		got[s.Name] = [2]string{filepath.Base(s.A), second}
	}
	want := map[string][2]string{"febrl3": {"dataset3.csv", ""}, "febrl4": {"dataset4a.csv", "dataset4b.csv"}, "fake_1000": {"fake_1000.csv", ""},
		"x": {"x_left.csv", "x_right.csv"}, "lone_a": {"lone_a.csv", ""}, "buku": {"buku.xlsx", ""}, "voters": {"Voters A.csv", "Voters B.csv"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestParseSet(t *testing.T) {
	t.Parallel()
	got, err := ParseSet("kpm=a.csv,b.csv;map=name=Nama,nik=NIK;truth=orang")
	want := Set{Name: "kpm", Source: matching.Source{A: "a.csv", B: "b.csv", Map: "name=Nama,nik=NIK", Truth: "orang"}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	for _, bad := range []string{"", "a.csv", "=a.csv", "x=", "x=a,b,c", "x=a;colour=red"} {
		if _, err := ParseSet(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}
