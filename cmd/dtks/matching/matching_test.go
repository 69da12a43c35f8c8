package matching_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dtks/cmd/dtks/matching"
	"dtks/cmd/dtks/population"
	"dtks/pkg/fault"
	"dtks/services/nik-match/match"
	"dtks/services/nik-match/match/link"
)

// writePeople writes a list with the titles an office would use; entity is the truth.
func writePeople(t *testing.T, people []population.Person) string {
	t.Helper()
	rows := [][]string{{"ID", "NIK", "No KK", "Nama Lengkap", "Tgl Lahir", "JK", "Tempat Lahir", "Nama Ibu", "Alamat", "Kode Wilayah", "entity"}}
	for _, p := range people {
		rows = append(rows, []string{p.ID, p.NIK, p.KK, p.Name, p.BirthDate, p.Sex, p.BirthPlace, p.Mother, p.Address, p.Area, p.Entity})
	}
	return writeCSV(t, "people.csv", rows)
}

func writeCSV(t *testing.T, name string, rows [][]string) string {
	t.Helper()
	var b bytes.Buffer
	if err := csv.NewWriter(&b).WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func readCSV(t *testing.T, path string) [][]string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// matched loads and matches a list, learned on itself or not.
func matched(t *testing.T, s matching.Source, model string) *matching.Run {
	t.Helper()
	in, err := matching.Load(s)
	if err != nil {
		t.Fatal(err)
	}
	choice, err := matching.Choose(in.Fields(), len(in.A.Rows), model, true)
	if err != nil {
		t.Fatal(err)
	}
	r, err := matching.Match(t.Context(), in, choice, matching.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestMatch_ExplanationsAreThePairsNumbers(t *testing.T) {
	t.Parallel()
	path := writePeople(t, population.File(7, 60))
	for _, model := range []string{"", matching.Learn} {
		r := matched(t, matching.Source{A: path}, model)
		out := filepath.Join(t.TempDir(), "pairs.csv")
		if err := r.WritePairs(t.Context(), out, nil); err != nil {
			t.Fatal(err)
		}
		rows := readCSV(t, out)
		if len(rows) < 10 {
			t.Fatalf("got %d rows, want the duplicates of the list", len(rows))
		}
		for _, row := range rows[1:min(len(rows), 6)] {
			in, err := matching.Load(matching.Source{A: path})
			if err != nil {
				t.Fatal(err)
			}
			choice, err := matching.Choose(in.Fields(), len(in.A.Rows), model, true)
			if err != nil {
				t.Fatal(err)
			}
			a, errA := in.Row(false, row[0])
			b, errB := in.Row(false, row[1])
			if err := errors.Join(errA, errB); err != nil {
				t.Fatal(err)
			}
			e, err := matching.Explain(t.Context(), in, choice, a, b, matching.Options{})
			if err != nil {
				t.Fatal(err)
			}
			var text bytes.Buffer
			if err := matching.WriteExplanation(&text, in, a, b, e, "en"); err != nil {
				t.Fatal(err)
			}
			if want := "likelihood " + row[2] + "  bits " + row[4] + "  " + row[3] + "\n"; !strings.HasSuffix(text.String(), want) {
				t.Errorf("model %q: explanation ends %q, want %q", model, text.String()[max(0, text.Len()-80):], want)
			}
			sum := 0.0
			for _, l := range e.Lines {
				sum += l.Bits.Float()
			}
			if total := e.Prior.Float() + sum; total != e.Bits.Float() {
				t.Errorf("prior and lines make %v bits, want %v", total, e.Bits.Float())
			}
		}
	}
}

func TestMatch_WritesNoPersonalValue(t *testing.T) {
	t.Parallel()
	people := population.File(8, 60)
	r := matched(t, matching.Source{A: writePeople(t, people)}, "")
	dir := t.TempDir()
	if err := errors.Join(r.WritePairs(t.Context(), filepath.Join(dir, "p.csv"), nil), r.WriteClusters(t.Context(), filepath.Join(dir, "c.csv"), nil)); err != nil {
		t.Fatal(err)
	}
	var summary bytes.Buffer
	if err := errors.Join(r.Input.Describe(&summary, r.Choice, "en"), r.Summary(&summary, "id")); err != nil {
		t.Fatal(err)
	}
	written := summary.String()
	for _, f := range []string{"p.csv", "c.csv"} {
		text, err := os.ReadFile(filepath.Join(dir, f))
		if err != nil {
			t.Fatal(err)
		}
		written += string(text)
	}
	for _, p := range people {
		for _, value := range []string{p.NIK, p.KK, p.Name, p.Mother, p.BirthDate, p.Address} {
			if len(value) > 4 && strings.Contains(written, value) {
				t.Fatalf("a value of record %s is in the output", p.ID)
			}
		}
	}
}

func TestMatch_Clusters(t *testing.T) {
	t.Parallel()
	r := matched(t, matching.Source{A: writePeople(t, population.File(9, 60))}, "")
	out := filepath.Join(t.TempDir(), "clusters.csv")
	if err := r.WriteClusters(t.Context(), out, nil); err != nil {
		t.Fatal(err)
	}
	rows := readCSV(t, out)
	if diff := cmp.Diff([]string{"cluster", "record", "file", "row"}, rows[0]); diff != "" {
		t.Error(diff)
	}
	if len(rows) < 5 {
		t.Fatalf("got %d rows, want clusters", len(rows))
	}
	first := map[string]string{}
	for _, row := range rows[1:] {
		if first[row[0]] == "" {
			first[row[0]] = row[1]
			if row[0] != row[1] {
				t.Errorf("cluster %s begins with record %s, want the record it is named by", row[0], row[1])
			}
		}
		if row[1] < row[0] {
			t.Errorf("cluster %s holds the smaller record id %s", row[0], row[1])
		}
		if n, err := strconv.Atoi(row[3]); err != nil || n < 2 {
			t.Errorf("got row %s, want a line of the file", row[3])
		}
	}
}

func TestMatch_TwoLists(t *testing.T) {
	t.Parallel()
	a, b := population.TwoFiles(10, 60)
	for i := range b { // the same numbers in both lists name different records
		b[i].ID = "A" + b[i].ID[1:]
	}
	s := matching.Source{A: writePeople(t, a), B: writePeople(t, b), Truth: "entity"}
	r := matched(t, s, "")
	m := matching.Measure(r)
	if got := m.Rows[1].Point.F1(); got < 0.8 {
		t.Errorf("got best F1 %.3f of linked lists, want at least 0.8", got)
	}
	var text bytes.Buffer
	if err := m.Print(&text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"bench match.people system=dtks measure=pairs at=default f1=", "at=best", "measure=clusters at=default"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("got %s, want %q in it", text.String(), want)
		}
	}
	out := filepath.Join(t.TempDir(), "clusters.csv")
	if err := r.WriteClusters(t.Context(), out, nil); err != nil {
		t.Fatal(err)
	}
	for _, row := range readCSV(t, out)[1:] {
		if !strings.HasPrefix(row[0], "1:") && !strings.HasPrefix(row[0], "2:") {
			t.Fatalf("got cluster %s, want it to say of which list", row[0])
		}
	}
}

func TestMatch_SavedModelGivesTheSame(t *testing.T) {
	t.Parallel()
	path := writePeople(t, population.File(11, 60))
	r := matched(t, matching.Source{A: path}, matching.Learn)
	file := filepath.Join(t.TempDir(), "model.json")
	if err := matching.SaveModel(file, r.Model); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got %v, %v, want a file for its owner alone", info.Mode(), err)
	}
	again := matched(t, matching.Source{A: path}, file)
	have := map[link.Pair]bool{}
	for _, p := range again.Pairs {
		have[p] = true
	}
	for _, p := range r.Pairs {
		if !have[p] {
			t.Errorf("pair %+v is judged otherwise by the saved model", p)
		}
	}
	if again.Choice.Learn {
		t.Error("a saved model was learned again")
	}
}

func TestChoose(t *testing.T) {
	t.Parallel()
	foreign := []match.Field{{Name: "name", Kind: match.KindName}, {Name: "city", Kind: match.KindText}}
	for _, c := range []struct {
		name    string
		fields  []match.Field
		records int
		model   string
		learn   bool
	}{
		{"few registrants", match.Registrant(), 499, "", false},
		{"many registrants", match.Registrant(), 500, "", true},
		{"few registrants, as asked", match.Registrant(), 10, matching.Learn, true},
		{"others", foreign, 10, "", true},
	} {
		got, err := matching.Choose(c.fields, c.records, c.model, true)
		if err != nil || got.Learn != c.learn || got.Why.ID == "" || got.Why.EN == "" {
			t.Errorf("%s: got learn %v, why %q, %v, want learn %v and a reason", c.name, got.Learn, got.Why.EN, err, c.learn)
		}
	}
}

func TestLoad_Refuses(t *testing.T) {
	t.Parallel()
	good := writePeople(t, population.File(12, 5))
	model := filepath.Join(t.TempDir(), "model.json")
	if err := os.WriteFile(model, []byte(`{"fields":[]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		from matching.Source
		code string
		says string
	}{
		{"column", matching.Source{A: good, Map: "name=Nama Lenkap"}, "map_column_unknown", `Did you mean "Nama Lengkap"?`},
		{"kind", matching.Source{A: good, Map: "x:colour=NIK"}, "map_kind_unknown", "colour"},
		{"truth", matching.Source{A: good, Truth: "who"}, "truth_unknown", "who"},
		{"no rows", matching.Source{A: writeCSV(t, "a.csv", [][]string{{"name", "nik"}})}, "file_no_rows", "a.csv"},
		{"empty", matching.Source{A: writeCSV(t, "b.csv", nil)}, "file_empty", "b.csv"},
		{"nothing to compare", matching.Source{A: writeCSV(t, "c.csv", [][]string{{"id"}, {"1"}, {"2"}})}, "map_nothing", "c.csv"},
		{"nothing in common", matching.Source{A: writeCSV(t, "d.csv", [][]string{{"name"}, {"SITI CONTOH"}, {"BUDI CONTOH"}}),
			B: writeCSV(t, "e.csv", [][]string{{"email"}, {"a@contoh.id"}, {"b@contoh.id"}})}, "map_nothing_common", "--map"},
	} {
		_, err := matching.Load(c.from)
		var f *fault.Error
		if !errors.As(err, &f) || f.Code != c.code || !strings.Contains(f.Text.EN, c.says) || f.Text.ID == "" {
			t.Errorf("%s: got %v %+v, want %s saying %q", c.name, err, f, c.code, c.says)
		}
	}
	if _, err := matching.Load(matching.Source{A: filepath.Join(t.TempDir(), "none.csv")}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v of a missing file", err)
	}
	if _, err := matching.Choose(match.Registrant(), 10, model, true); fault.KindOf(err) != fault.Invalid {
		t.Errorf("got %v of a model without fields, want it refused", err)
	}
}

func TestWrite_LeavesNoHalfFile(t *testing.T) {
	t.Parallel()
	r := matched(t, matching.Source{A: writePeople(t, population.File(13, 60))}, "")
	dir := t.TempDir()
	path := filepath.Join(dir, "pairs.csv")
	if err := os.WriteFile(path, []byte("earlier"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.WritePairs(ctx, path, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the interruption", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("got %d files, %v, want the earlier one alone", len(entries), err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "earlier" {
		t.Errorf("got %q, %v, want the earlier file as it was", text, err)
	}
}
