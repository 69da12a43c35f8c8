package sample

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"dtks/pkg/nik"
	"dtks/pkg/regsosek"
	"dtks/pkg/wilayah"
)

func mustFamilies(t testing.TB, o Options) []*Family {
	t.Helper()
	seq, err := Families(o)
	if err != nil {
		t.Fatal(err)
	}
	var all []*Family
	for f := range seq {
		all = append(all, f)
	}
	return all
}

func TestFamilies_Deterministic(t *testing.T) {
	t.Parallel()
	long := mustFamilies(t, Options{Seed: 7, Families: 400})
	part := mustFamilies(t, Options{Seed: 7, Families: 50, Start: 0})
	if diff := cmp.Diff(long[:50], part, cmpopts.IgnoreUnexported(Member{})); diff != "" {
		t.Errorf("the first 50 of 400 are not the 50 made alone:\n%s", diff)
	}
	other := mustFamilies(t, Options{Seed: 8, Families: 50})
	if cmp.Equal(part[0].Members[0].Civil, other[0].Members[0].Civil) {
		t.Error("another seed makes the same person")
	}
	late := mustFamilies(t, Options{Seed: 7, Families: 50, Start: 350})
	if long[399].CivilKK != late[49].CivilKK || long[399].SourceID != late[49].SourceID {
		t.Error("a slice with another start is not a slice of the same population")
	}
}

// The published example of docs/sample.md must not change unnoticed.
func TestGenerate_Digest(t *testing.T) {
	t.Parallel()
	sum := sha256.New()
	if _, err := Generate(Writers{Families: sum, Civil: sum, Truth: sum}, Options{Seed: 1, Families: 100}); err != nil {
		t.Fatal(err)
	}
	const want = "0eae3e94449b1c62"
	if got := hex.EncodeToString(sum.Sum(nil))[:16]; got != want {
		t.Errorf("got %s, want %s: the population of seed 1 has changed", got, want)
	}
}

// Two districts, so that the serials are used up sixteen times over.
func TestFamilies_Numbers(t *testing.T) {
	t.Parallel()
	niks, kks := map[string]bool{}, map[string]bool{}
	for _, f := range mustFamilies(t, Options{Seed: 3, Families: 16_000, Clean: true, Areas: []string{"32.04.10", "91.03.01"}}) {
		if _, found := nik.ParseKK(f.CivilKK); found != nil {
			t.Fatalf("family %d: KK has findings %v", f.Index, found)
		}
		if kks[f.CivilKK] {
			t.Fatalf("family %d has the KK of another", f.Index)
		}
		kks[f.CivilKK] = true
		if wilayah.LevelOf(f.Area) != wilayah.Village || !strings.HasPrefix(f.Address, "JL. CONTOH ") {
			t.Fatalf("family %d is at %q in %q", f.Index, f.Address, f.Area)
		}
		for i := range f.Members {
			p := &f.Members[i]
			n, found := nik.Parse(p.Civil.NIK)
			found = append(found, nik.Compare(n, "", p.Civil.BirthDate, p.Civil.Sex)...)
			if n == "" || len(found) > 0 {
				t.Fatalf("family %d member %d: NIK has findings %v", f.Index, i, found)
			}
			if niks[p.Civil.NIK] {
				t.Fatalf("family %d member %d has the NIK of another", f.Index, i)
			}
			niks[p.Civil.NIK] = true
			if p.Civil.NIK[12] != '9' {
				t.Fatalf("family %d: serial does not begin with 9", f.Index)
			}
		}
	}
}

func TestFamilies_Rates(t *testing.T) {
	t.Parallel()
	counts, err := Generate(Writers{}, Options{Seed: 5, Families: 20_000})
	if err != nil {
		t.Fatal(err)
	}
	sum := func(of map[Fault]int, faults ...Fault) (n int) {
		for _, f := range faults {
			n += of[f]
		}
		return n
	}
	invalid := sum(counts.Faults, NIKMissing, NIKLength, NIKNotDigits, NIKScience, NIKSerial, NIKDate, NIKRepeated)
	unmatched := invalid + sum(counts.Faults, NIKUnknown, Nickname, NameOther, BirthDateOther)
	kk := sum(counts.KKFaults, KKMissing, KKLength, KKNotDigits, KKDate, KKSerial)
	tests := []struct {
		name      string
		n, of     int
		want, off float64 // percent
	}{
		{"InvalidNIK", invalid, counts.Persons, 11, 0.5},
		{"Unmatched", unmatched, counts.Persons, 17, 0.6},
		{"DuplicateNIK", counts.Faults[NIKDuplicate], counts.Persons, 1.1, 0.2},
		{"Deceased", counts.Faults[IsDeceased], counts.Persons, 1, 0.2},
		{"InvalidKK", kk, counts.Families, 17, 0.8},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := 100 * float64(tt.n) / float64(tt.of); math.Abs(got-tt.want) > tt.off {
				t.Errorf("got %.2f %%, want %.1f ± %.1f", got, tt.want, tt.off)
			}
		})
	}
	if counts.Persons < 3*counts.Families {
		t.Errorf("got %d persons in %d families, want about 3.4 each", counts.Persons, counts.Families)
	}
}

// Every fault must show where it is said to be: in the number's findings, or in a field that differs.
func TestFamilies_FaultsShow(t *testing.T) {
	t.Parallel()
	seen := map[Fault]int{}
	for _, f := range mustFamilies(t, Options{Seed: 11, Families: 6000}) {
		_, found := nik.ParseKK(f.KK)
		if strings.HasPrefix(string(f.KKFault), "kk_") && f.KKFault != KKOutdated && (len(found) == 0 || found[0].Code != string(f.KKFault)) {
			t.Fatalf("family %d: %s gives %v", f.Index, f.KKFault, found)
		}
		for i := range f.Members {
			p := &f.Members[i]
			seen[p.Fault]++
			if !shows(p) {
				t.Fatalf("family %d member %d: fault %s does not show", f.Index, i, p.Fault)
			}
		}
	}
	for _, o := range personOdds {
		if seen[o.fault] == 0 {
			t.Errorf("fault %s never happens", o.fault)
		}
	}
}

func shows(p *Member) bool {
	n, found := nik.Parse(p.Entered.NIK)
	same := p.Entered.NIK == p.Civil.NIK
	renamed := !strings.EqualFold(p.Entered.Name, p.Civil.Name)
	switch p.Fault {
	case None:
		return same && !renamed && p.Entered.BirthDate == p.Civil.BirthDate
	case NIKMissing, NIKLength, NIKNotDigits, NIKScience, NIKSerial, NIKDate, NIKRepeated:
		for _, d := range found {
			if d.Code == string(p.Fault) {
				return n == ""
			}
		}
		return false
	case NIKUnknown, NIKDuplicate:
		return n != "" && !same
	case NIKPunctuated:
		return string(n) == p.Civil.NIK && !same
	case Nickname, NameOther, OldSpelling, Title, Abbreviation:
		return renamed && same
	case BirthDateOther:
		return p.Entered.BirthDate != p.Civil.BirthDate
	case DateCorrected:
		return p.Entered.BirthDate == p.Civil.BirthDate && len(nik.Compare(n, "", p.Civil.BirthDate, "")) == 1
	case BirthPlaceOther:
		return p.Entered.BirthPlace != p.Civil.BirthPlace
	case IsDeceased, CivilDuplicate, CivilInactive:
		return p.Status != Alive
	}
	return false
}

func TestFamilies_Survey(t *testing.T) {
	t.Parallel()
	var n, meanW, meanF, both, varW, varF float64
	all := mustFamilies(t, Options{Seed: 2, Families: 5000})
	area := func(f *Family) (float64, bool) {
		for _, a := range f.Answers {
			if a.Item == regsosek.LuasLantai {
				return float64(a.Code), true
			}
		}
		return 0, false
	}
	for _, f := range all {
		answers := map[string]int{}
		for _, a := range f.Answers {
			answers[a.Item] = a.Code
		}
		if found := regsosek.Check("answers", answers); found != nil {
			t.Fatalf("family %d: %v", f.Index, found)
		}
		for i := range f.Members {
			p := &f.Members[i]
			m := regsosek.Member{Relation: p.Relation, Marital: p.Marital, School: p.School, SchoolLevel: p.SchoolLevel, Work: p.Work,
				Presence: p.Presence, Orphan: p.Orphan, Cover: p.Cover, Chronic: p.Chronic, PPKS: p.PPKS}
			if found := m.Check("m"); found != nil {
				t.Fatalf("family %d member %d: %v", f.Index, i, found)
			}
			if p.age < 0 || p.age > 115 || i == 0 && p.Relation != regsosek.Head {
				t.Fatalf("family %d member %d: age %d, relation %d", f.Index, i, p.age, p.Relation)
			}
		}
		if a, ok := area(f); ok {
			n++
			meanW, meanF = meanW+f.Welfare, meanF+a
		}
	}
	meanW, meanF = meanW/n, meanF/n
	for _, f := range all {
		if a, ok := area(f); ok {
			both += (f.Welfare - meanW) * (a - meanF)
			varW += (f.Welfare - meanW) * (f.Welfare - meanW)
			varF += (a - meanF) * (a - meanF)
		}
	}
	if floor := both / math.Sqrt(varW*varF); floor < 0.5 || floor > 0.95 {
		t.Errorf("floor area goes with welfare at %.2f, want between 0.5 and 0.95: a proxy, not an oracle", floor)
	}
}

func TestFamilies_Single(t *testing.T) {
	t.Parallel()
	for _, f := range mustFamilies(t, Options{Seed: 1, Families: 500, Single: true, Areas: []string{"32.04.10.2001"}}) {
		if len(f.Members) != 1 || f.Members[0].age < 20 || f.Area != "32.04.10.2001" {
			t.Fatalf("family %d: %d members in %s", f.Index, len(f.Members), f.Area)
		}
	}
}

func TestFamilies_ErrArea(t *testing.T) {
	t.Parallel()
	for _, o := range []Options{{Families: 1, Areas: []string{"3204"}}, {Families: -1}, {Areas: []string{"99.01"}}} {
		if _, err := Families(o); err == nil {
			t.Errorf("%+v: got no error", o)
		}
	}
}

func TestGenerate_CSV(t *testing.T) {
	t.Parallel()
	var entered, civil, truth bytes.Buffer
	counts, err := Generate(Writers{&entered, &civil, &truth}, Options{Seed: 1, Families: 200})
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string]*bytes.Buffer{"families": &entered, "civil": &civil, "truth": &truth} {
		rows, err := csv.NewReader(b).ReadAll()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if len(rows) != counts.Persons+1 {
			t.Errorf("%s: got %d rows, want %d", name, len(rows), counts.Persons+1)
		}
	}
}

func TestCultures_Complete(t *testing.T) {
	t.Parallel()
	for province, mix := range mixes {
		sum := 0
		for _, s := range mix {
			sum += s.part
			if len(s.of.male) < 15 || len(s.of.female) < 15 || len(s.of.places) < 5 {
				t.Errorf("province %q has a thin culture", province)
			}
		}
		if sum != 100 {
			t.Errorf("province %q: shares add up to %d", province, sum)
		}
		if province != "" && !wilayah.Valid(province) {
			t.Errorf("province %q does not exist", province)
		}
	}
}

func BenchmarkGenerate(b *testing.B) {
	persons := 0
	for b.Loop() {
		counts, err := Generate(Writers{io.Discard, io.Discard, io.Discard}, Options{Seed: 1, Families: 2000})
		if err != nil {
			b.Fatal(err)
		}
		persons += counts.Persons
	}
	b.ReportMetric(float64(persons)/b.Elapsed().Seconds(), "persons/s")
}
