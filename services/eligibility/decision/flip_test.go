package decision

import (
	"slices"
	"testing"

	"dtks/pkg/event"
	"dtks/pkg/regsosek"
	"dtks/services/eligibility/fact"
)

// changed is the family, and the day, with a change.
func changed(in *Input, day int32, c *candidate) (*Input, int32) {
	out := *in
	out.Facts.Members, out.Verdicts = slices.Clone(in.Facts.Members), slices.Clone(in.Verdicts)
	switch {
	case c.day != 0:
		day = c.day
	case c.confirm:
		out.Verdicts[c.member].Verdict = padan
	case c.item >= 0:
		out.Facts.Answers[c.item] = c.code
		switch name := fact.Names()[c.item]; { // what the form does not ask for then is not answered either
		case name == regsosek.Penerangan && c.code != 1:
			clearItem(&out.Facts, regsosek.Daya)
		case name == regsosek.Jamban && c.code > 4:
			clearItem(&out.Facts, regsosek.Kloset)
		case name == regsosek.Usaha && c.code != regsosek.Yes:
			clearItem(&out.Facts, regsosek.Omzet)
		}
	default:
		out.Facts.Members[c.member] = c.to
	}
	return &out, day
}

func clearItem(f *fact.Family, name string) {
	at, _ := fact.Index(name)
	f.Answers[at] = fact.Absent
}

func entitled(s *Sheet, programme string) bool { return s.By(programme).Outcome == event.Entitled }

// TestFlip_Turns decides families again by the ordinary way with the change that was named.
func TestFlip_Turns(t *testing.T) {
	t.Parallel()
	e := shipped(t)
	families := population(many)
	rel := ranked(t, e, families)
	turned := map[Kind]int{}
	for _, in := range families {
		s := decided(t, e, rel, in)
		for code, c := range e.flips(rel, in, s, e.Sets.Programmes()) {
			with, day := changed(in, s.Day, &c.by)
			again, err := e.Decide(rel, with, day)
			if err != nil {
				t.Fatal(err)
			}
			p := again.By(code)
			if entitled(s, code) == entitled(again, code) || p.Outcome != c.Outcome || p.Amount != c.Amount ||
				(c.Score == nil) != (again.Score == nil) || c.Score != nil && *c.Score != *again.Score || c.Decile != int(again.Places.Decile[0]) {
				t.Fatalf("family %s, %s: %s (%s) is said to give %s and %d, gives %s and %d", in.ID, code, c.Text.EN, c.Kind,
					c.Outcome, c.Amount, p.Outcome, p.Amount)
			}
			turned[c.Kind]++
		}
	}
	for _, kind := range nearness {
		if turned[kind] == 0 {
			t.Errorf("no change of kind %s in %d families", kind, len(families))
		}
	}
}

// TestFlip_Nearest tries everything, also what the search leaves out because no rule reads it, by the ordinary way: nothing
// that is nearer than what was named turns the outcome, and nothing does where nothing was named.
func TestFlip_Nearest(t *testing.T) {
	t.Parallel()
	e := shipped(t)
	families := population(400)
	rel := ranked(t, e, families)
	for _, in := range families[:40] {
		s := decided(t, e, rel, in)
		changes := e.flips(rel, in, s, e.Sets.Programmes())
		f := newSearch(e, rel, in, s)
		for _, c := range f.changes() {
			with, day := changed(in, s.Day, &c)
			again, err := e.Decide(rel, with, day)
			if err != nil {
				t.Fatal(err)
			}
			if s.Score != nil && again.Score != nil {
				c.moves = max(*again.Score-*s.Score, *s.Score-*again.Score)
			}
			for i := range s.Programmes {
				code := s.Programmes[i].Code
				if entitled(s, code) == entitled(again, code) {
					continue
				}
				named := changes[code]
				if named == nil || nearer(&c, &named.by) {
					t.Errorf("family %s, %s: %v is nearer than %+v", in.ID, code, c, named)
				}
			}
		}
	}
}

func nearer(a, b *candidate) bool {
	x, y := slices.Index(nearness, a.kind), slices.Index(nearness, b.kind)
	return x < y || x == y && a.moves < b.moves
}

// TestFlip_Waits: between the sheet's day and the day named no answer is another.
func TestFlip_Waits(t *testing.T) {
	t.Parallel()
	e := shipped(t)
	families := population(300)
	rel := ranked(t, e, families)
	waits := 0
	for _, in := range families {
		s := decided(t, e, rel, in)
		for code, c := range e.flips(rel, in, s, e.Sets.Programmes()) {
			if c.Kind != Waiting || waits >= 8 {
				continue
			}
			waits++
			for day := Date(s.Day); ; day = day.AddDate(0, 0, 1) {
				at := int32(day.Year()*10000 + int(day.Month())*100 + day.Day())
				again, err := e.Decide(rel, in, at)
				if err != nil {
					t.Fatal(err)
				}
				if entitled(again, code) != entitled(s, code) {
					if at != c.by.day {
						t.Errorf("family %s, %s: turns on %d, and %d was named", in.ID, code, at, c.by.day)
					}
					break
				}
				if at > c.by.day {
					t.Fatalf("family %s, %s: does not turn on %d", in.ID, code, c.by.day)
				}
			}
		}
	}
	if waits == 0 {
		t.Error("nobody waits")
	}
}

func TestSearch_Candidates(t *testing.T) {
	t.Parallel()
	e := shipped(t)
	families := population(200)
	rel := ranked(t, e, families)
	for _, in := range families {
		s := decided(t, e, rel, in)
		f := newSearch(e, rel, in, s)
		for _, c := range f.changes() {
			with, _ := changed(in, s.Day, &c)
			for i := range with.Facts.Members {
				was, now := &in.Facts.Members[i], &with.Facts.Members[i]
				if now.Born != was.Born || now.Sex != was.Sex || now.Relation != was.Relation || was.Presence == 2 && *now != *was {
					t.Fatalf("family %s: %v is not plausible", in.ID, c)
				}
			}
			want := 1
			if c.item >= 0 && cleared(in, with) {
				want = 2
			}
			if differences(in, with) != want {
				t.Fatalf("family %s: %v is %d changes", in.ID, c, differences(in, with))
			}
		}
		power, _ := fact.Index(regsosek.Daya)
		lighting, _ := fact.Index(regsosek.Penerangan)
		if in.Facts.Answers[lighting] != 1 && slices.ContainsFunc(f.changes(), func(c candidate) bool { return c.item == power }) {
			t.Fatalf("family %s has no meter and is asked for its installed power", in.ID)
		}
	}
}

// cleared reports whether an answer that was there is gone.
func cleared(a, b *Input) bool {
	for i, code := range a.Facts.Answers {
		if code != fact.Absent && b.Facts.Answers[i] == fact.Absent {
			return true
		}
	}
	return false
}

// TestCandidate_Answer: a change of an answer clears what the form asks for only beside the answer before, and undoing it
// brings that back.
func TestCandidate_Answer(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		item, next string
		code, want int16 // of next, which is 2 before
	}{
		{"NoMeter", regsosek.Penerangan, regsosek.Daya, 3, fact.Absent},
		{"Meter", regsosek.Penerangan, regsosek.Daya, 1, 2},
		{"NoToilet", regsosek.Jamban, regsosek.Kloset, 6, fact.Absent},
		{"SharedToilet", regsosek.Jamban, regsosek.Kloset, 4, 2},
		{"NoBusiness", regsosek.Usaha, regsosek.Omzet, 2, fact.Absent},
		{"Business", regsosek.Usaha, regsosek.Omzet, regsosek.Yes, 2},
		{"Other", regsosek.Lantai, regsosek.Daya, 8, 2},
	}
	for _, tt := range tests {
		at, _ := fact.Index(tt.item)
		next, _ := fact.Index(tt.next)
		in := trial{in: Input{Facts: fact.New()}}
		in.in.Facts.Answers[at], in.in.Facts.Answers[next] = 2, 2
		before := in.in.Facts.Answers
		undo := in.apply(&candidate{item: at, code: tt.code, member: -1})
		if got := in.in.Facts.Answers; got[at] != tt.code || got[next] != tt.want {
			t.Errorf("%s: got %d and %d, want %d and %d", tt.name, got[at], got[next], tt.code, tt.want)
		}
		if undo(); in.in.Facts.Answers != before {
			t.Errorf("%s: undone it is %v", tt.name, in.in.Facts.Answers)
		}
	}
}

func differences(a, b *Input) (n int) {
	for i := range a.Facts.Answers {
		if a.Facts.Answers[i] != b.Facts.Answers[i] {
			n++
		}
	}
	for i := range a.Facts.Members {
		if a.Facts.Members[i] != b.Facts.Members[i] {
			n++
		}
		if a.Verdicts[i] != b.Verdicts[i] {
			n++
		}
	}
	return n
}

func BenchmarkExplain(b *testing.B) {
	e := shipped(b)
	families := population(1000)
	rel := ranked(b, e, families)
	sheets := make([]*Sheet, len(families))
	for i, in := range families {
		sheets[i] = decided(b, e, rel, in)
	}
	for i := 0; b.Loop(); i++ {
		in, s := families[i%len(families)], sheets[i%len(families)]
		x := e.Explain(rel, in, s)
		e.AddChanges(x, rel, in, s)
		_ = x.Text("id")
	}
}
