package population

import (
	"slices"
	"strings"
	"testing"
)

func TestClaims_ExactNumbersInRandomOrder(t *testing.T) {
	t.Parallel()
	honest, other, runs, before := 0, 0, 0, false
	for c := range Claims(TrainSeed, 3000, 9000) {
		if c.Genuine {
			honest++
		} else {
			other++
		}
		if c.Genuine != before {
			runs++
		}
		before = c.Genuine
	}
	if honest != 3000 || other != 9000 {
		t.Errorf("got %d genuine and %d impostors, want 3000 and 9000", honest, other)
	}
	if runs < 3000 {
		t.Errorf("got %d runs: the order tells who is who", runs)
	}
}

func TestClaims_SharesAsStated(t *testing.T) {
	t.Parallel()
	const each = 40000
	count := map[string]int{}
	exact := 0
	for c := range Claims(TrainSeed, each, each) {
		count[c.Class]++
		if sameFields(c.Claimed, c.Registered) && c.Genuine {
			exact++
		}
		if c.Genuine != (c.Claimed.Entity == c.Registered.Entity) {
			t.Fatal("label and entities disagree")
		}
		if c.Claimed.NIK != c.Registered.NIK {
			t.Fatal("the claim was not found by its NIK")
		}
	}
	total := map[bool]float64{}
	for _, class := range Classes() {
		within(t, class.Name, count[class.Name], each, class.Share, .002)
		total[class.Genuine] += class.Share
	}
	for genuine, sum := range total {
		if sum < .9999 || sum > 1.0001 {
			t.Errorf("genuine %v: shares add up to %f", genuine, sum)
		}
	}
	within(t, "genuine claims equal in all fields", exact, each, .40, .02)
}

// sameFields compares all fields but the record's id.
func sameFields(a, b Person) bool {
	a.ID, b.ID = "", ""
	return a == b
}

// Each class is what it says.
func TestClaims_ClassesAreWhatTheySay(t *testing.T) {
	t.Parallel()
	for c := range Claims(HeldOutSeed, 15000, 15000) {
		a, b := c.Claimed, c.Registered
		ok := true
		switch c.Class {
		case "clean":
			ok = sameFields(a, b)
		case "spelling", "several", "nickname":
			ok = a.Name != b.Name
		case "date":
			ok = a.BirthDate != b.BirthDate
		case "twin", "sibling":
			ok = a.Entity != b.Entity
		}
		if !ok {
			t.Errorf("a claim of class %s is none", c.Class)
		}
	}
}

// Impostors before their own errors: what they share with their victim.
func TestImpostors_ShareWhatTheirClassSays(t *testing.T) {
	t.Parallel()
	b := newBlock(TrainSeed, 77)
	choices := map[string]struct {
		choose func(*person) (self, victim *person)
		same   func(p, q *person) bool
	}{
		"same_name":    {b.sameName, shareWord},
		"same_birth":   {b.sameBirth, func(p, q *person) bool { return p.born.year == q.born.year && p.female == q.female }},
		"same_village": {b.sameVillage, func(p, q *person) bool { return p.family.village == q.family.village }},
		"same_day":     {b.sameDay, func(p, q *person) bool { return p.born == q.born && p.female == q.female }},
		"sibling":      {b.sibling, func(p, q *person) bool { return slices.Equal(p.mother, q.mother) && p.family == q.family }},
		"twin":         {b.twin, func(p, q *person) bool { return p.born == q.born && p.family == q.family }},
		"parent_child": {b.parentChild, func(p, q *person) bool { return p.family == q.family && shareWord(p, q) && p.female == q.female }},
		"namesake": {b.namesake, func(p, q *person) bool {
			return slices.Equal(p.tokens, q.tokens) && p.born != q.born && p.female == q.female && p.family != q.family
		}},
	}
	for name, c := range choices {
		met := 0
		for range 2000 {
			self, victim := c.choose(one(b.random, b.people))
			if self == nil {
				continue
			}
			if met++; self.entity == victim.entity || !c.same(self, victim) {
				t.Fatalf("%s: a pair that is none", name)
			}
		}
		if met < 200 {
			t.Errorf("%s: found %d of 2000", name, met)
		}
	}
}

func TestNIKTypos_DifferInOnePlace(t *testing.T) {
	t.Parallel()
	for _, c := range first(NIKTypos(TrainSeed, 3000), 1000) {
		var at []int
		for i := range c.Registered.NIK {
			if c.Claimed.NIK[i] != c.Registered.NIK[i] {
				at = append(at, i)
			}
		}
		swapped := len(at) == 2 && at[1] == at[0]+1 && c.Claimed.NIK[at[0]] == c.Registered.NIK[at[1]]
		if len(at) != 1 && !swapped || c.Class != NIKTypo || !c.Genuine {
			t.Fatalf("got %d digits changed", len(at))
		}
	}
}

// A caller that stops early gets what a caller of the whole got first.
func TestClaims_StopEarly(t *testing.T) {
	t.Parallel()
	short, long := first(Claims(TrainSeed, 9000, 9000), 7), first(Claims(TrainSeed, 9000, 9000), 7000)
	if len(short) != 7 || !slices.Equal(short, long[:7]) {
		t.Error("the first seven differ")
	}
}

func TestOldSpelling_WritesEverySoundOnce(t *testing.T) {
	t.Parallel()
	r := newRandom(1, 1)
	for word, want := range map[string]string{"JUMADI": "DJOEMADI", "CAHYONO": "TJAHJONO", "SYARIF": "SJARIF", "NYOMAN": "NJOMAN", "KHOLIK": "CHOLIK",
		"SUYUDI": "SOEJOEDI"} {
		if got := oldSpelling(r, word, true); got != want {
			t.Errorf("%s: got %s, want %s", word, got, want)
		}
	}
}

func TestRepeated_DoublesTheLastSyllable(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{"SULAEMAN": "MAMAN", "SUTISNA": "NANA", "SAEPUDIN": "DIDIN", "IIS": ""} {
		if got := repeated(word); got != want {
			t.Errorf("%s: got %q, want %q", word, got, want)
		}
	}
}

func BenchmarkClaims(b *testing.B) {
	n := 0
	for b.Loop() {
		for c := range Claims(TrainSeed, perBlock/2, perBlock/2) {
			n += strings.Count(c.Class, "")
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*perBlock), "µs/claim")
}
