package rules_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// maxWords is the longest sentence a citizen is given.
const maxWords = 20

// text is one text of a rule set in both languages.
type text struct{ ID, EN string }

// clauseTexts are the words of one clause.
type clauseTexts struct {
	Expr                  string
	Holds, Fails, Missing struct {
		Code    string
		Text    text
		Outcome string
	}
}

// quantity is what a number may stand for in a text: a percentage, an age, an electric power. Anything else looks like a
// code.
var quantity = regexp.MustCompile(`\d+%|(\d+ (sampai|atau|to|or) )?\d+ (tahun|years|watts?)\b`)

// hardWords are words of administration, with the plain words that must stand beside them.
var hardWords = map[string]string{
	"Dukcapil": "kantor kependudukan", "PKH": "Keluarga Harapan|Family Hope", "PIP": "Indonesia Pintar|Smart Indonesia", "PLN": "listrik negara|state electricity",
	"NIK": "nomor", "KK": "kartu keluarga", "ASN": "pegawai negeri", "TNI": "tentara", "Polri": "polisi", "BUMN": "perusahaan negara", "BUMD": "perusahaan daerah",
	"UMK": "upah minimum", "PBI": "dibayar pemerintah", "JKN": "jaminan kesehatan", "BST": "bantuan", "BLT": "bantuan", "BPNT": "pangan", "YAPI": "yatim",
	"DTKS": "", "DTSEN": "", "KPM": "", "KRT": "", "ART": "", "verval": "", "verifikasi": "", "validasi": "", "padan": "", "desil": "", "decile": "", "komponen": "",
	"component": "", "eligible": "", "eligibility": "", "beneficiary": "", "criteria": "", "kriteria": "", "verdict": "", "kesejahteraan": "", "partisipasi": "",
	"undetermined": "", "nonaktif": "", "sanggah": "", "musdes": "", "VA": "",
}

// flaws says what is wrong with a text of one language.
func flaws(s string) []string {
	var found []string
	for sentence := range strings.FieldsFuncSeq(s, func(r rune) bool { return strings.ContainsRune(".!?;", r) }) {
		if n := len(strings.Fields(sentence)); n > maxWords {
			found = append(found, fmt.Sprintf("a sentence of %d words", n))
		}
	}
	if rest := quantity.ReplaceAllString(s, ""); strings.ContainsAny(rest, "0123456789") {
		found = append(found, "a number that looks like a code")
	}
	words := strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(" .,;:()/!?", r) })
	for _, hard := range slices.Sorted(maps.Keys(hardWords)) {
		if !slices.Contains(words, hard) {
			continue
		}
		if plain := hardWords[hard]; plain == "" || !regexp.MustCompile(plain).MatchString(s) {
			found = append(found, hard+" is not explained")
		}
	}
	switch {
	case strings.TrimSpace(s) == "":
		found = append(found, "empty")
	case strings.ContainsAny(s, "_"):
		found = append(found, "a code")
	}
	return found
}

func TestFlaws(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		want       []string
	}{
		{"Fine", "Keluarga ini termasuk 40% keluarga yang paling kurang mampu. Minta operator desa melengkapinya.", nil},
		{"Ages", "This person is 6 to 21 years old, or 60 years.", nil},
		{"Power", "Daya listrik rumah ini 450 atau 900 watt.", nil},
		{"Explained", "Keluarga ini mendapat Program Keluarga Harapan (PKH).", nil},
		{"Empty", " ", []string{"empty"}},
		{"Number", "Lantai rumah bernomor 8.", []string{"a number that looks like a code"}},
		{"Decree", "Kriteria 262/HUK/2022.", []string{"a number that looks like a code"}},
		{"Abbreviation", "Keluarga ini mendapat PKH.", []string{"PKH is not explained"}},
		{"Jargon", "Data belum padan.", []string{"padan is not explained"}},
		{"Code", "Lantai semen_bata_merah.", []string{"a code"}},
		{"Long", strings.Repeat("kata ", maxWords+1) + ".", []string{"a sentence of 21 words"}},
		{"TwoShort", strings.Repeat("kata ", maxWords) + ". " + strings.Repeat("kata ", maxWords), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, flaws(tt.text)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestSets_TextsArePlain reads every text of every shipped file, wherever in the file it stands.
func TestSets_TextsArePlain(t *testing.T) {
	t.Parallel()
	for _, file := range setFiles(t) {
		var whole any
		decode(t, file, &whole)
		n := 0
		eachText(whole, func(at string, s text) {
			n++
			for _, f := range flaws(s.ID) {
				t.Errorf("%s %s: %s in %q", file, at, f, s.ID)
			}
			for _, f := range flaws(s.EN) {
				t.Errorf("%s %s: %s in %q", file, at, f, s.EN)
			}
			if s.ID == s.EN {
				t.Errorf("%s %s: both languages say %q", file, at, s.ID)
			}
		})
		if n < 10 {
			t.Errorf("%s has %d texts: they are not found where they stand", file, n)
		}
	}
}

// TestSets_OpenAnswersSayWhatToDo holds the texts of what is missing or must be repaired against the ways to begin a
// request.
func TestSets_OpenAnswersSayWhatToDo(t *testing.T) {
	t.Parallel()
	next := regexp.MustCompile(`(Minta|Tanyakan|Selesaikan)\b`)
	nextEN := regexp.MustCompile(`(Ask|Settle)\b`)
	for _, file := range setFiles(t) {
		for _, c := range clausesOf(t, file) {
			open := map[string]text{c.Missing.Code: c.Missing.Text}
			if c.Fails.Outcome == "undetermined" {
				open[c.Fails.Code] = c.Fails.Text
			}
			for code, s := range open {
				if !next.MatchString(s.ID) || !nextEN.MatchString(s.EN) {
					t.Errorf("%s %s does not say what to do next: %q, %q", file, code, s.ID, s.EN)
				}
			}
		}
	}
}

// TestSets_SameClauseSameWords keeps a citizen from reading two wordings of one thing.
func TestSets_SameClauseSameWords(t *testing.T) {
	t.Parallel()
	byExpr, byCode, shared := map[string]clauseTexts{}, map[string]text{}, 0
	for _, file := range setFiles(t) {
		for _, c := range clausesOf(t, file) {
			if first, ok := byExpr[c.Expr]; ok {
				shared++
				if diff := cmp.Diff(first, c); diff != "" {
					t.Errorf("%s: %s is told otherwise elsewhere:\n%s", file, c.Expr, diff)
				}
			}
			byExpr[c.Expr] = c
			for code, s := range map[string]text{c.Holds.Code: c.Holds.Text, c.Fails.Code: c.Fails.Text, c.Missing.Code: c.Missing.Text} {
				if first, ok := byCode[code]; ok && first != s {
					t.Errorf("%s: code %s says %q, elsewhere %q", file, code, s.ID, first.ID)
				}
				byCode[code] = s
			}
		}
	}
	if shared < 10 {
		t.Errorf("only %d clauses are shared: the comparison found nothing to compare", shared)
	}
}

func setFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("sets/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no rule sets found: %v", err)
	}
	return files
}

func clausesOf(t *testing.T, file string) []clauseTexts {
	t.Helper()
	var set struct{ Clauses []clauseTexts }
	decode(t, file, &set)
	return set.Clauses
}

func decode(t *testing.T, file string, into any) {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

// eachText calls f for every object that has an id and an en, with the path to it.
func eachText(v any, f func(at string, s text)) { walk("", v, f) }

func walk(at string, v any, f func(string, text)) {
	switch v := v.(type) {
	case []any:
		for i, x := range v {
			walk(fmt.Sprintf("%s[%d]", at, i), x, f)
		}
	case map[string]any:
		id, isText := v["id"].(string)
		en, both := v["en"].(string)
		if isText && both {
			f(at, text{id, en})
			return
		}
		for _, k := range slices.Sorted(maps.Keys(v)) {
			walk(at+"."+k, v[k], f)
		}
	}
}
