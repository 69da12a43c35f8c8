package nik

import (
	"bytes"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dtks/pkg/fault"
)

// corpus reads testdata: quoted input, verdict (accept: no finding; warn: usable with findings; reject: unusable as a
// number, the record is stored all the same), codes joined by +, note.
func corpus(t testing.TB, file string) [][]string {
	t.Helper()
	text, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]string
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n")[1:] {
		row := strings.Split(line, "\t")
		for len(row) < 4 {
			row = append(row, "")
		}
		if row[0], err = strconv.Unquote(row[0]); err != nil {
			t.Fatalf("%s: %s: %v", file, line, err)
		}
		rows = append(rows, row)
	}
	return rows
}

func TestCorpus(t *testing.T) {
	t.Parallel()
	tests := []struct {
		file  string
		least int
		parse func(string) (string, []fault.Detail)
	}{
		{"nik.tsv", 70, func(s string) (string, []fault.Detail) { n, d := Parse(s); return string(n), d }},
		{"kk.tsv", 16, func(s string) (string, []fault.Detail) { n, d := ParseKK(s); return string(n), d }},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			t.Parallel()
			rows := corpus(t, tt.file)
			if len(rows) < tt.least {
				t.Fatalf("got %d inputs, want at least %d", len(rows), tt.least)
			}
			for i, row := range rows {
				number, found := tt.parse(row[0])
				verdict := "accept"
				switch {
				case number == "":
					verdict = "reject"
				case len(found) > 0:
					verdict = "warn"
				}
				if verdict != row[1] || codes(found) != row[2] {
					t.Errorf("line %d (%s %q): got %s %s, want %s %s", i+2, row[3], row[0], verdict, codes(found), row[1], row[2])
				}
			}
		})
	}
}

func TestParse_Warns(t *testing.T) {
	t.Parallel()
	for _, row := range corpus(t, "nik.tsv") {
		_, found := Parse(row[0])
		for _, d := range found {
			if !d.Warn || d.Field != "nik" || d.Text.ID == "" || d.Text.EN == "" {
				t.Errorf("finding %+v: want a warning on nik in two languages", d)
			}
		}
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	const man, woman = NIK("3204101003879001"), NIK("3204105003879001")
	tests := []struct {
		name  string
		n     NIK
		kk    KK
		birth string
		sex   string
		want  string
	}{
		{"OK", man, "3204101003159001", "1987-03-10", "L", ""},
		{"OKWoman", woman, "", "1987-03-10", "P", ""},
		{"NothingToCompare", man, "", "", "", ""},
		{"NoNIK", "", "", "1987-03-10", "L", ""},
		{"BirthDateCorrected", man, "", "1987-03-11", "L", "nik_birth_date_differs"},
		{"OtherYear", woman, "", "1988-03-10", "P", "nik_birth_date_differs"},
		{"ManWithWomansNumber", woman, "", "1987-03-10", "L", "nik_sex_differs"},
		{"WomanWithMansNumber", man, "", "1987-03-10", "P", "nik_sex_differs"},
		{"EqualsKK", man, KK(man), "1987-03-10", "L", "nik_equals_kk"},
		{"UnreadableDate", man, "", "10/03/1987", "L", "nik_birth_date_differs"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := codes(Compare(tt.n, tt.kk, tt.birth, tt.sex)); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestRegion(t *testing.T) {
	t.Parallel()
	n, _ := Parse("9103015003879001")
	kk, _ := ParseKK("3204101003159001")
	if n.Region() != "91.03.01" || kk.Region() != "32.04.10" || !n.Female() || NIK("").Region() != "" || NIK("").Female() {
		t.Errorf("got %s %s %t", n.Region(), kk.Region(), n.Female())
	}
}

func TestUnder(t *testing.T) {
	t.Parallel()
	_, found := Parse("")
	if diff := cmp.Diff("members[2].nik", Under("members[2]", found)[0].Field); diff != "" {
		t.Error(diff)
	}
}

func TestLogValue_Hides(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "nik", NIK("3204101003879001"), "kk", KK("3204101003159001"))
	if strings.Contains(b.String(), "9001") || !strings.Contains(b.String(), "[nik]") {
		t.Errorf("log line shows the number")
	}
}

func FuzzNIK(f *testing.F) {
	for _, row := range corpus(f, "nik.tsv") {
		f.Add(row[0])
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, found := Parse(s)
		holds(t, string(n), found)
		if again, _ := Parse(string(n)); again != n && n != "" {
			t.Error("a read number reads as another one")
		}
		Compare(n, KK(n), s, "L")
	})
}

func FuzzKK(f *testing.F) {
	for _, row := range corpus(f, "kk.tsv") {
		f.Add(row[0])
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, found := ParseKK(s)
		holds(t, string(n), found)
		if again, _ := ParseKK(string(n)); again != n && n != "" {
			t.Error("a read number reads as another one")
		}
	})
}

// holds checks what is true of every result: 16 ASCII digits or a reason why not, and texts that are constants.
func holds(t *testing.T, number string, found []fault.Detail) {
	t.Helper()
	if number == "" && len(found) == 0 {
		t.Error("no number and no finding")
	}
	if number != "" && (len(number) != 16 || strings.Trim(number, "0123456789") != "") {
		t.Error("the result is no number of 16 digits")
	}
	for _, d := range found {
		_, code, _ := strings.Cut(d.Code, "_")
		want, known := texts[code]
		if !known || !strings.HasSuffix(d.Text.ID, want.ID) || !strings.HasSuffix(d.Text.EN, want.EN) {
			t.Errorf("finding %s is not one of the fixed texts", d.Code)
		}
	}
}

func codes(found []fault.Detail) string {
	var c []string
	for _, d := range found {
		c = append(c, d.Code)
	}
	return strings.Join(c, "+")
}

func BenchmarkParse(b *testing.B) {
	for b.Loop() {
		Parse("3204101003879001")
	}
}
