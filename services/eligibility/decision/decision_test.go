package decision

import (
	"bytes"
	"sync"
	"testing"
	"time"

	"dtks/pkg/event"
	"dtks/services/eligibility/rank"
	"dtks/services/eligibility/rules"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var sameSet = cmp.Comparer(func(a, b *rules.Set) bool { return a == b })

func TestSheet_EncodeDecode(t *testing.T) {
	t.Parallel()
	e := shipped(t)
	families := population(400)
	rel := ranked(t, e, families)
	size := 0
	for _, in := range families {
		sheet := decided(t, e, rel, in)
		encoded := e.Encode(sheet)
		size += len(encoded)
		got, err := e.Decode(encoded)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(sheet, got, sameSet, cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
		if !bytes.Equal(e.Encode(got), encoded) || got.Content() != sheet.Content() {
			t.Fatal("what was decoded has other bytes or another content")
		}
		for i := range sheet.Programmes {
			p, q := &sheet.Programmes[i], &got.Programmes[i]
			if sheet.Basis(p, in) != got.Basis(q, in) {
				t.Fatalf("%s has another basis", p.Code)
			}
		}
	}
	t.Logf("%.1f bytes a sheet, %.1f a decision", float64(size)/400, float64(size)/400/float64(len(e.Programmes)))
}

// TestEngine_SameBits decides the same families in several goroutines, in another order and by an engine made anew.
func TestEngine_SameBits(t *testing.T) {
	t.Parallel()
	first, second := shipped(t), shipped(t)
	second.names = first.names
	families := population(300)
	rel := ranked(t, first, families)
	want := make([][]byte, len(families))
	for i, in := range families {
		want[i] = first.Encode(decided(t, first, rel, in))
	}
	var all sync.WaitGroup
	for g := range 4 {
		all.Go(func() {
			for i := len(families) - 1 - g; i >= 0; i -= 4 {
				s, err := second.Decide(rel, families[i], today)
				if err != nil || !bytes.Equal(first.Encode(s), second.Encode(s)) || s.Content() != mustDecode(t, first, want[i]).Content() {
					t.Errorf("family %d comes out differently: %v", i, err)
				}
			}
		})
	}
	all.Wait()
}

func mustDecode(t *testing.T, e *Engine, b []byte) *Sheet {
	t.Helper()
	s, err := e.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestSheet_ContentOutlivesReleases moves bounds without moving a family: its decisions are the same content.
func TestSheet_ContentOutlivesReleases(t *testing.T) {
	t.Parallel()
	e := shipped(t)
	families := population(200)
	rel := ranked(t, e, families)
	later := *rel
	later.No, later.ID = rel.No+1, "later"
	for _, in := range families {
		a, err := e.Decide(rel, in, today)
		if err != nil {
			t.Fatal(err)
		}
		b, err := e.Decide(&later, in, today)
		if err != nil {
			t.Fatal(err)
		}
		if a.Content() != b.Content() || bytes.Equal(e.Encode(a), e.Encode(b)) {
			t.Fatal("another release with the same places: the content must stay, the bytes must name the release")
		}
		in.Version++
		if c, err := e.Decide(rel, in, today); err != nil || c.Content() == a.Content() {
			t.Fatal("a new version of the family has the same content")
		}
		in.Version--
	}
}

// TestSheet_StandsUntilRecheck decides each day up to recheck_on: nothing changes before it.
func TestSheet_StandsUntilRecheck(t *testing.T) {
	t.Parallel()
	e := shipped(t)
	families := population(120)
	rel := ranked(t, e, families)
	turned := 0
	for _, in := range families {
		sheet := decided(t, e, rel, in)
		day := Date(today)
		for range 300 {
			day = day.AddDate(0, 0, 1)
			on := rules.Day(day)
			next, err := e.Decide(rel, in, on)
			if err != nil {
				t.Fatal(err)
			}
			same := next.Content() == sheet.Content()
			if sheet.RecheckOn == 0 || on < sheet.RecheckOn {
				if !same {
					t.Fatalf("decisions of %d change on %d, recheck_on is %d", today, on, sheet.RecheckOn)
				}
				continue
			}
			if !same {
				turned++
			}
			sheet = next
		}
	}
	if turned == 0 {
		t.Error("nothing changed on any recheck_on: the test shows nothing")
	}
}

// TestEngine_UnplacedAndUnscored gives no place to a family that is asleep and none without a score.
func TestEngine_UnplacedAndUnscored(t *testing.T) {
	t.Parallel()
	e := shipped(t)
	families := population(120)
	rel := ranked(t, e, families)
	in := families[0]
	for i := range in.Facts.Answers {
		in.Facts.Answers[i] = -1
	}
	in.Facts.Members = nil
	in.Verdicts = nil
	sheet := decided(t, e, rel, in)
	if sheet.Score != nil || sheet.Places != (rank.Places{}) || len(sheet.Terms) != 0 {
		t.Errorf("no answers: got score %v and places %v", sheet.Score, sheet.Places)
	}
	asleep := families[1]
	asleep.Active = false
	sheet = decided(t, e, rel, asleep)
	if sheet.Places != (rank.Places{}) {
		t.Errorf("asleep: got places %v", sheet.Places)
	}
	for i := range sheet.Programmes {
		if p := &sheet.Programmes[i]; p.Outcome == event.Entitled && p.IsEntitlement() {
			t.Errorf("asleep, and entitled to %s", p.Code)
		}
	}
	if _, err := e.Decide(&Release{Model: "hilang"}, in, today); err == nil {
		t.Error("decided by a model that is not loaded")
	}
}

func TestDayIn_Zones(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 12, 31, 15, 30, 0, 0, time.UTC)
	for area, want := range map[string]int32{"32.04.05.2001": 20261231, "51.71.01.1001": 20261231, "91.71.01.1001": 20270101} {
		if got := DayIn(area, at); got != want {
			t.Errorf("%s: got %d, want %d", area, got, want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	e := shipped(f)
	families := population(120)
	rel := ranked(f, e, families)
	for _, in := range families {
		f.Add(e.Encode(decided(f, e, rel, in)))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := e.Decode(b)
		if err != nil {
			return
		}
		again, err := e.Decode(e.Encode(s))
		if err != nil || again.Content() != s.Content() {
			t.Errorf("decoding what was encoded: %v", err)
		}
		for i := range s.Programmes {
			s.Programmes[i].Reasons()
			s.Programmes[i].Components()
		}
	})
}

func BenchmarkEngine_Decide(b *testing.B) {
	e := shipped(b)
	families := population(1000)
	rel := ranked(b, e, families)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		s, err := e.Decide(rel, families[i%len(families)], today)
		if err != nil {
			b.Fatal(err)
		}
		e.Encode(s)
	}
}
