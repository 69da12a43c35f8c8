package table

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"dtks/services/nik-match/match"
)

//go:embed titles.txt
var titlesFile string

// title is what a column title says about its column.
type title struct {
	part  string
	field string
	kind  match.Kind
	order int // of the line in the file: the order in which parts are joined
}

// titles holds the file by title.
var titles = readTitles(titlesFile)

// readTitles reads titles.txt. It is part of the program, so a fault in it is a defect.
func readTitles(text string) map[string]title {
	out := map[string]title{}
	for i, line := range strings.Split(text, "\n") {
		words := strings.Fields(line)
		if len(words) == 0 || words[0] == "#" || strings.HasPrefix(words[0], "#") {
			continue
		}
		if len(words) < 4 || !slices.Contains(match.Kinds(), match.Kind(words[2])) {
			panic(fmt.Sprintf("titles.txt line %d is not part, field, kind, titles", i+1))
		}
		for _, w := range words[3:] {
			if _, twice := out[w]; twice {
				panic(fmt.Sprintf("titles.txt line %d: %s is there twice", i+1, w))
			}
			out[w] = title{words[0], words[1], match.Kind(words[2]), i}
		}
	}
	return out
}

// Words that stand around a title without changing what the column holds.
var (
	before = []string{"voter", "person", "patient", "client", "customer", "member", "res", "residential", "resident", "home", "current", "registrant", "applicant", "beneficiary", "subject", "contact", "legal",
		"data", "penduduk", "warga", "pasien", "siswa", "pemohon", "the", "a", "l", "r", "left", "right"}
	after = []string{"desc", "cd", "txt", "lbl", "fake", "clean", "cleaned", "std", "standardised", "standardized", "orig", "original", "raw", "value", "ktp", "penduduk", "penerima", "peserta", "anggota", "warga", "siswa", "pasien", "pemilih", "krt", "art", "kpm", "pm",
		"a", "b", "l", "r", "1", "dd_mm_yyyy", "yyyy_mm_dd", "dmy", "ymd"}
)

// titleOf looks a title up, first as it is, then without words around it that change nothing. ok is false
// where the title says nothing.
func titleOf(header string) (title, bool) {
	plain := plainTitle(header)
	if t, ok := titles[plain]; ok {
		return t, true
	}
	if t, ok := titles[strings.ReplaceAll(plain, "_", "")]; ok {
		return t, true
	}
	for _, w := range after {
		if rest, cut := strings.CutSuffix(plain, "_"+w); cut {
			if t, ok := titleOf(rest); ok {
				return t, true
			}
		}
	}
	for _, w := range before {
		if rest, cut := strings.CutPrefix(plain, w+"_"); cut {
			if t, ok := titleOf(rest); ok {
				return t, true
			}
		}
	}
	return title{}, false
}
