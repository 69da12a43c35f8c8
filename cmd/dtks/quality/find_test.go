package quality_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dtks/cmd/dtks/quality"
	"dtks/cmd/dtks/table"
	"dtks/pkg/fault"
)

func mustTable(t *testing.T, folder, name string, lines ...string) *table.Table {
	t.Helper()
	path := filepath.Join(folder, name)
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := table.Read(path, table.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestFind(t *testing.T) {
	t.Parallel()
	people := []string{"rec_id,nama,tahun", "r1,SITI CONTOH,1990", "r2,SITI CONTO,1990", "r3,BUDI CONTOH,1981"}
	tests := []struct {
		name  string
		spec  string // PAIRS stands for the file below
		a, b  []string
		files map[string][]string
		pairs int64
	}{
		{"column given", "orang", []string{"id,nama,orang", "1,A,x", "2,B,x", "3,C,y"}, nil, nil, 1},
		{"column found", "", []string{"unique_id,name,cluster", "1,A,x", "2,B,x", "3,C,x"}, nil, nil, 3},
		{"column in two files", "entity", []string{"id,name,entity", "1,A,x", "2,B,y"}, []string{"id,name,entity", "7,A,x", "8,B,x"}, nil, 2},
		{"ids of the generator", "", []string{"rec_id, surname", "rec-1-org, a", "rec-1-dup-0, b", "rec-12-org, c"}, nil, nil, 1},
		{"ids of the generator, two files", "", []string{"rec_id, surname", "rec-1-org, a", "rec-12-org, c"}, []string{"rec_id, surname", "rec-1-dup-0, b", "rec-12-dup-0, c"}, nil, 2},
		{"ids of the generator, named", "rec_id", []string{"rec_id, surname", "rec-1-org, a", "rec-1-dup-0, b", "rec-12-org, c"}, nil, nil, 1},
		{"list beside the file", "", people, nil, map[string][]string{"a_labels.csv": {
			"unique_id_l,source_dataset_l,unique_id_r,source_dataset_r,clerical_match_score", "r1,f,r2,f,0.95", "r1,f,r3,f,0.05"}}, 1},
		{"list given, without answers", "PAIRS", people, nil, map[string][]string{"PAIRS": {"id1,id2", "r1,r2", "r2,r3"}}, 3},
		{"list given, answers in words", "PAIRS", people, nil, map[string][]string{"PAIRS": {"kiri;kanan;padan", "r1;r2;ya", "r2;r3;tidak"}}, 1},
		{"list given, no header", "PAIRS", people, nil, map[string][]string{"PAIRS": {"r1,r2", "r2,r3"}}, 3},
		{"row numbers and 0/1 answers", "PAIRS", []string{"nama,tahun", "A,1", "B,1", "C,2"}, nil, map[string][]string{"PAIRS": {"left,right,label", "1,2,1", "1,3,0", "2,3,0"}}, 1},
		{"answer before the ids", "PAIRS", people, nil, map[string][]string{"PAIRS": {"label,id_l,id_r", "1,r1,r2", "0,r1,r3"}}, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			a := mustTable(t, folder, "a.csv", tt.a...)
			var b *table.Table
			if tt.b != nil {
				b = mustTable(t, folder, "b.csv", tt.b...)
			}
			for name, lines := range tt.files {
				mustTable(t, folder, name, lines...)
			}
			spec := tt.spec
			if spec == "PAIRS" {
				spec = filepath.Join(folder, "PAIRS")
			}
			truth, err := quality.Find(spec, folder, a, b)
			if err != nil {
				t.Fatal(err)
			}
			if truth.Pairs() != tt.pairs || truth.Source == "" || truth.Two() != (b != nil) {
				t.Errorf("got %d true pairs from %q, want %d", truth.Pairs(), truth.Source, tt.pairs)
			}
		})
	}
}

func TestFind_ExcludesTruth(t *testing.T) {
	t.Parallel()
	a := mustTable(t, t.TempDir(), "a.csv", "id,nama,orang", "1,A,x", "2,B,x", "3,C,y")
	if _, err := quality.Find("orang", "", a, nil); err != nil {
		t.Fatal(err)
	}
	m, _, err := a.Map("")
	if err != nil {
		t.Fatal(err)
	}
	if fields := m.Fields(); len(fields) != 1 || fields[0].Name != "name" {
		t.Errorf("got fields %v, want the name alone", fields)
	}
}

func TestFind_Errors(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	a := mustTable(t, folder, "a.csv", "id,nama", "r1,A", "r2,B")
	if _, err := quality.Find("", folder, a, nil); !errors.Is(err, quality.ErrNoTruth) {
		t.Errorf("got %v, want ErrNoTruth", err)
	}
	mustTable(t, folder, "other.csv", "id1,id2", "x,y")
	mustTable(t, folder, "words.csv", "id1,id2,label", "r1,r2,perhaps", "r1,r2,1")
	for spec, code := range map[string]string{
		"nama":                             "truth_no_pairs",
		"cluster":                          "truth_unknown",
		filepath.Join(folder, "other.csv"): "truth_no_ids",
		filepath.Join(folder, "words.csv"): "truth_answer",
	} {
		_, err := quality.Find(spec, folder, a, nil)
		var f *fault.Error
		if !errors.As(err, &f) || f.Code != code || f.Text.ID == "" || f.Text.EN == "" {
			t.Errorf("%s: got %v, want %s in two languages", spec, err, code)
		}
	}
}
