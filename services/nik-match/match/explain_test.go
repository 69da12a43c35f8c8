package match_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dtks/services/nik-match/match"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// people are made up: the area does not exist in any register, and serials from 9001 on are not issued.
var told = []struct {
	name string
	a, b []string
	want match.Outcome
}{
	{"the_same",
		[]string{"3299010503909001", "3299010101209001", "CONTOH RAHARJO", "1990-03-05", "L", "BANDUNG", "SRI PERAGA", "JL. UJI NO. 1 RT 01/RW 02", "3299012001"},
		[]string{"3299010503909001", "3299010101209001", "CONTOH RAHARJO", "05/03/1990", "LAKI-LAKI", "KOTA BANDUNG", "SRI PERAGA", "JALAN UJI 1 RT 1 RW 2", "3299012001"}, match.Padan},
	{"moch_muhammad",
		[]string{"3299010503909001", "", "MOCH. RIZKI CONTOH", "1990-03-05", "L", "BANDUNG", "SITI PERAGA", "", "3299012001"},
		[]string{"", "", "MUHAMMAD RIZKY CONTOH", "1990-03-05", "L", "BANDUNG", "ST. PERAGA", "", "3299012001"}, match.Padan},
	{"twins",
		[]string{"3299014503109002", "3299010101209002", "RINI CONTOHWATI", "2010-03-05", "P", "BANDUNG", "SRI PERAGA", "JL. UJI NO. 2 RT 01/RW 02", "3299012001"},
		[]string{"3299014503109003", "3299010101209002", "RINA CONTOHWATI", "2010-03-05", "P", "BANDUNG", "SRI PERAGA", "JL. UJI NO. 2 RT 01/RW 02", "3299012001"}, ""},
	{"call_name",
		[]string{"", "", "HERMAWAN CONTOHADI", "1975-08-17", "L", "CILACAP", "PERAGAWATI", "DUSUN UJI RT 3/RW 4", "3299022001"},
		[]string{"", "", "WAWAN CONTOHADI", "1975-08-17", "L", "TJILATJAP", "PERAGAWATI", "DUSUN UJI RT 3/RW 4", "3299022001"}, ""},
	{"day_and_month_exchanged",
		[]string{"3299010503909004", "3299010101209004", "DJOKO CONTOH", "1990-03-05", "L", "BANDUNG", "SRI PERAGA", "", "3299012001"},
		[]string{"3299010305909004", "3299010101209004", "JOKO CONTOH", "1990-05-03", "L", "BANDUNG", "SRI PERAGA", "", "3299012001"}, match.Padan},
	{"moved_house",
		[]string{"3299010503909005", "3299010101209005", "NUR HAYATI CONTOH", "1990-03-05", "P", "BANDUNG", "SRI PERAGA", "JL. UJI NO. 5 RT 01/RW 02", "3299012001"},
		[]string{"3299010503909005", "3399020202219005", "NURHAYATI CONTOH", "1990-03-05", "P", "BANDUNG", "SRI PERAGA", "GG. COBA 7 RT 9/RW 8", "3399022002"}, match.Padan},
	{"siti_aminah_siti_aisyah",
		[]string{"", "", "SITI AMINAH", "1990-03-05", "P", "BANDUNG", "", "", "3299012001"},
		[]string{"", "", "SITI AISYAH", "1990-03-17", "P", "BANDUNG", "", "", "3299012001"}, match.TidakPadan},
	{"siblings",
		[]string{"3299010503909006", "3299010101209006", "AGUS CONTOHPUTRA", "1990-03-05", "L", "BANDUNG", "SRI PERAGA", "JL. UJI NO. 6 RT 01/RW 02", "3299012001"},
		[]string{"3299011207939001", "3299010101209006", "BUDI CONTOHPUTRA", "1993-07-12", "L", "BANDUNG", "SRI PERAGA", "JL. UJI NO. 6 RT 01/RW 02", "3299012001"}, match.TidakPadan},
	{"nearly_nothing_known",
		[]string{"", "", "CONTOH", "1965", "", "", "", "", ""},
		[]string{"", "", "CONTOH", "1965-01-01", "L", "", "", "", ""}, ""},
	{"nothing_in_common",
		[]string{"3299010503909007", "3299010101209007", "AGUS CONTOHPUTRA", "1990-03-05", "L", "BANDUNG", "SRI PERAGA", "JL. UJI NO. 6 RT 01/RW 02", "3299012001"},
		[]string{"9199025212659001", "9199020101209001", "MARIA PERAGAWATI", "1965-12-12", "P", "JAYAPURA", "YOHANA UJI", "KP. COBA", "9199022002"}, match.TidakPadan},
}

func TestExplanationsAreAsShown(t *testing.T) {
	t.Parallel()
	m := match.Standard()
	for _, c := range told {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a, b := m.Reader().Read("A", c.a), m.Reader().Read("B", c.b)
			e := m.Explain(&a, &b)
			if c.want != "" && e.Outcome != c.want {
				t.Errorf("%s, not %s", e.Outcome, c.want)
			}
			var got strings.Builder
			fmt.Fprintf(&got, "%s\n\n%s\n%s\n\n%s\ncodes:", e.ID, e.Waterfall("id"), e.EN, e.Waterfall("en"))
			for _, l := range e.Lines {
				fmt.Fprintf(&got, " %s=%s", l.Field, l.Finding)
			}
			got.WriteString("\n")
			golden(t, filepath.Join("testdata", "explain", c.name+".txt"), got.String())
		})
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Error(diff)
	}
}
