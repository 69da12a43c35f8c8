package population

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"iter"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dtks/pkg/nik"
	"dtks/pkg/wilayah"
)

// digest stands for everything a run wrote. Published measurements name a seed, so a change of these values makes them
// void: change them on purpose only, and measure again.
func digest(write func(io.Writer)) string {
	h := sha256.New()
	write(h)
	return hex.EncodeToString(h.Sum(nil))[:16]
}

func TestSeed_SameBytesForEver(t *testing.T) {
	t.Parallel()
	got := map[string]string{
		"file": digest(func(w io.Writer) { fmt.Fprint(w, File(TrainSeed, 5000)) }),
		"two": digest(func(w io.Writer) {
			a, b := TwoFiles(TrainSeed, 5000)
			fmt.Fprint(w, a, b)
		}),
		"claims": digest(func(w io.Writer) {
			for c := range Claims(TrainSeed, 8000, 8000) {
				fmt.Fprint(w, c)
			}
		}),
		"typos": digest(func(w io.Writer) {
			for c := range NIKTypos(TrainSeed, 2000) {
				fmt.Fprint(w, c)
			}
		}),
	}
	want := map[string]string{"file": "db460614325f6cb8", "two": "70ee2d093ba186da", "claims": "43646daf63108d65", "typos": "c5db64e218d4f270"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("digests (-want +got):\n%s", diff)
	}
}

func TestSeed_OtherSeedOtherPeople(t *testing.T) {
	t.Parallel()
	numbers := map[string]bool{}
	for _, p := range File(TrainSeed, 5000) {
		if len(p.NIK) == 16 {
			numbers[p.NIK] = true
		}
	}
	same := 0
	for _, p := range File(HeldOutSeed, 5000) {
		if numbers[p.NIK] && !strings.Contains("0000000000000000 9999999999999999", p.NIK) {
			same++
		}
	}
	if same > 5 {
		t.Errorf("got %d NIK in both files, want hardly any", same)
	}
}

// Every number of the truth is well-formed and carries the mark of a synthetic one.
func TestPeople_NumbersAreWellFormedUniqueAndMarked(t *testing.T) {
	t.Parallel()
	_, people := settle(TrainSeed, 20000)
	used, otherDate := map[string]bool{}, 0
	for _, p := range people {
		n, found := nik.Parse(p.nik)
		if n == "" || len(found) > 0 || n.Female() != p.female {
			t.Fatalf("entity %d: NIK has findings, or the other sex", p.entity)
		}
		if len(nik.Compare(n, nik.KK(p.family.kk), p.born.String(), "")) > 0 {
			otherDate++
		}
		if k, found := nik.ParseKK(p.family.kk); k == "" || len(found) > 0 {
			t.Fatalf("entity %d: KK has findings", p.entity)
		}
		if p.nik[12] != '9' || p.family.kk[12] != '9' {
			t.Fatalf("entity %d: a number without the mark", p.entity)
		}
		if used[p.nik] {
			t.Fatalf("entity %d: NIK stands twice", p.entity)
		}
		used[p.nik] = true
		if !wilayah.Valid(p.family.village) {
			t.Fatalf("entity %d: no such village", p.entity)
		}
	}
	within(t, "NIK with a birth date that was corrected later", otherDate, len(people), corrected*.7, .008)
}

// No number anywhere, not even a wrong one, may look like one that an office could have issued: where all 16 digits
// stand, the serial begins with 9, but for the few whose error hit that digit or the ones a spreadsheet cut.
func TestRecords_WrongNumbersStayMarked(t *testing.T) {
	t.Parallel()
	marked, all := 0, 0
	for _, p := range File(TrainSeed, 10000) {
		for _, n := range []string{p.NIK, p.KK} {
			if len(n) == 16 && strings.Trim(n, "0123456789") == "" {
				all++
				if n[12] == '9' {
					marked++
				}
			}
		}
	}
	if float64(marked) < .995*float64(all) {
		t.Errorf("%d of %d numbers carry the mark", marked, all)
	}
}

func TestFamilies_AreConsistent(t *testing.T) {
	t.Parallel()
	s := newSettlement(newRandom(TrainSeed, 9), 8000, .05)
	twins, mothers := 0, 0
	for range 3000 {
		f := s.family()
		var mother *person
		for _, p := range f.members {
			if p.parent && p.female {
				mother = p
			}
		}
		for _, p := range f.members {
			if p.family != f || len(p.tokens) == 0 || len(p.mother) == 0 {
				t.Fatal("somebody without family, name or mother")
			}
			if p.child && mother != nil {
				mothers++
				if !cmp.Equal(p.mother, mother.tokens) {
					t.Fatal("a child's mother is not the mother on the card")
				}
				if p.born.year < mother.born.year+18 {
					t.Fatalf("mother of %d, child of %d", mother.born.year, p.born.year)
				}
			}
			if p.twin != nil {
				twins++
				if p.twin.born != p.born || p.twin.district != p.district || cmp.Equal(p.tokens, p.twin.tokens) {
					t.Fatal("twins who are none")
				}
			}
		}
	}
	if twins == 0 || mothers == 0 {
		t.Errorf("got %d twins and %d mothers", twins, mothers)
	}
}

// within fails where a share is further from what is stated than chance explains.
func within(t *testing.T, what string, hits, n int, want, tolerance float64) {
	t.Helper()
	if got := float64(hits) / float64(n); math.Abs(got-want) > tolerance+4*math.Sqrt(want*(1-want)/float64(n)) {
		t.Errorf("%s: got %.4f of %d, want %.4f", what, got, n, want)
	}
}

func TestNames_HaveTheSpreadOfRealOnes(t *testing.T) {
	t.Parallel()
	_, people := settle(TrainSeed, 50000)
	words, full, rows := map[string]bool{}, map[string]bool{}, map[string]int{}
	for _, p := range people {
		full[strings.Join(p.tokens, " ")] = true
		seen := map[string]bool{}
		for _, w := range p.tokens {
			words[w] = true
			if name := sameName[w]; name != "" && !seen[name] {
				rows[name]++
				seen[name] = true
			}
		}
	}
	if len(words) < 8000 {
		t.Errorf("got %d distinct words, want 8000", len(words))
	}
	if len(full) < 35000 || len(full) > 45000 {
		t.Errorf("got %d distinct names, want 35000 to 45000", len(full))
	}
	within(t, "rows with MUHAMMAD", rows["MUHAMMAD"], len(people), .08, .012)
	within(t, "rows with SITI", rows["SITI"], len(people), .05, .008)
}

func TestDates_OldOnesAreHeaped(t *testing.T) {
	t.Parallel()
	_, people := settle(TrainSeed, 50000)
	var n, first, last [2]int
	for _, p := range people {
		group := 0
		if p.born.year < 1950 {
			group = 1
		} else if p.born.year < 1995 {
			continue
		}
		n[group]++
		switch p.born {
		case date{p.born.year, 1, 1}:
			first[group]++
		case date{p.born.year, 12, 31}:
			last[group]++
		}
	}
	within(t, "1 January, born before 1950", first[1], n[1], heaps[0].firstJanuary, .005)
	within(t, "31 December, born before 1950", last[1], n[1], heaps[0].lastDecember, .005)
	within(t, "1 January, born from 1995", first[0], n[0], heaps[4].firstJanuary, .005)
}

// first takes so many of a sequence.
func first(claims iter.Seq[Claim], n int) []Claim {
	var list []Claim
	for c := range claims {
		if list = append(list, c); len(list) == n {
			break
		}
	}
	return list
}
