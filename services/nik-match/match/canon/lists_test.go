package canon

import (
	"testing"
	"time"

	"dtks/pkg/wilayah"
)

// dayOf is the time of a day counted as spreadsheets do.
func dayOf(n int) time.Time { return time.Date(1899, 12, 30+n, 15, 4, 5, 0, time.UTC) }

func TestListsLoad(t *testing.T) {
	t.Parallel()
	if _, err := load(); err != nil {
		t.Fatal(err)
	}
}

// TestRepresentativesRepresentThemselves is what makes Name idempotent: no representative has another one.
func TestRepresentativesRepresentThemselves(t *testing.T) {
	t.Parallel()
	l := indonesia()
	for word, r := range l.words {
		for _, tokens := range [][]Token{r.any, r.first, r.ahead, r.bali, r.rank} {
			for _, token := range tokens {
				own := l.words[token.Canon]
				if own == nil || own.any == nil {
					continue
				}
				if len(own.any) != 1 || own.any[0].Canon != token.Canon {
					t.Errorf("%s stands for %s, which stands for something else", word, token.Canon)
				}
				if l.titles[token.Canon]&(front|back|alias|parent) != 0 {
					t.Errorf("%s stands for %s, which is a title", word, token.Canon)
				}
			}
		}
	}
}

func TestEveryAreaIsFoundByItsName(t *testing.T) {
	t.Parallel()
	for a := range wilayah.All() {
		if wilayah.LevelOf(a.Code) != wilayah.Regency {
			continue
		}
		found := false
		for _, code := range Indonesia().Place(a.Name).Codes {
			found = found || code == regencyOf(a.Code)
		}
		if !found {
			t.Errorf("%s is read as %v", a.Name, Indonesia().Place(a.Name))
		}
	}
}

// TestPlacesKeepTheirName is what makes Place idempotent.
func TestPlacesKeepTheirName(t *testing.T) {
	t.Parallel()
	for _, a := range indonesia().places.byName {
		if got := Indonesia().Place(a.name); got.Text != a.name {
			t.Errorf("%s is read as %v", a.name, got)
		}
	}
}

func BenchmarkName(b *testing.B) {
	l := Indonesia()
	names := []string{"MUHAMMAD RIZKI SAPUTRA", "SITI AMINAH", "Budi Hartono Wijayakusuma", "H. SUPRIYADI, S.Pd"}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		l.Name(names[i%len(names)])
	}
}

func BenchmarkAddress(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Indonesia().Address("JL. MERDEKA NO. 5 RT 05/RW 04")
	}
}

func BenchmarkPlace(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Indonesia().Place("KAB. BANDUNG")
	}
}

func BenchmarkNickname(b *testing.B) {
	l := Indonesia()
	x, y := l.Name("WAWAN").Tokens[0], l.Name("SUPRIYADI").Tokens[0]
	b.ReportAllocs()
	for b.Loop() {
		l.Nickname(x, y)
	}
}

func BenchmarkDate(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		ParseDate("1987-03-10")
	}
}
