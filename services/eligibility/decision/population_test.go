package decision

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"dtks/pkg/regsosek"
	"dtks/services/eligibility/fact"
	"dtks/services/eligibility/pmt"
	"dtks/services/eligibility/rank"
	"dtks/services/eligibility/rules"

	"github.com/google/uuid"
)

const (
	village  = "32.04.05.2001"
	surveyed = 20260301
	today    = 20260601
)

// shipped is an engine of everything that comes with the program.
func shipped(t testing.TB) *Engine {
	t.Helper()
	models, err := pmt.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	sets, err := rules.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	numbers := map[string]int32{}
	name := func(id string) { numbers[id] = int32(len(numbers) + 1) }
	for id := range models {
		name(id)
	}
	for _, programme := range sets.Programmes() {
		name(programme)
		for _, set := range sets.All(programme) {
			name(set.ID)
		}
	}
	e, err := NewEngine(models, sets, sets.Programmes(), NewNames(numbers))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// population draws families of all kinds: some answers missing, members of any age, some of them gone, some unconfirmed.
func population(n int) []*Input {
	r := rand.New(rand.NewPCG(4, 2026))
	out := make([]*Input, n)
	for i := range out {
		out[i] = draw(r, i)
	}
	return out
}

func draw(r *rand.Rand, i int) *Input {
	in := &Input{ID: uuid.MustParse(fmt.Sprintf("01900000-0000-7000-8000-%012x", i)), Version: 1, Active: r.IntN(50) > 0, Area: village,
		Surveyed: surveyed, Facts: fact.New()}
	rich := r.Float64() // leans the answers one way
	for at, name := range fact.Names() {
		item, _ := regsosek.Lookup(name)
		switch {
		case item.Beside && r.IntN(3) > 0, r.IntN(12) == 0:
			continue
		case item.Codes == nil:
			in.Facts.Answers[at] = int16(item.Min + r.IntN(min(item.Max-item.Min, 120)+1))
		case r.Float64() < rich:
			in.Facts.Answers[at] = int16(item.Min)
		default:
			in.Facts.Answers[at] = int16(item.Min + r.IntN(len(item.Codes)))
		}
	}
	for m := range 1 + r.IntN(6) {
		in.Facts.Members = append(in.Facts.Members, drawMember(r, i, m))
		v := Verdict{Version: 1, Verdict: []string{"padan", "padan", "padan", "padan", "tidak_padan", "perlu_ditinjau", ""}[r.IntN(7)]}
		if v.Verdict == "" {
			v.Version = 0
		}
		in.Verdicts = append(in.Verdicts, v)
	}
	return in
}

func drawMember(r *rand.Rand, family, at int) fact.Member {
	m := fact.Member{Person: uuid.MustParse(fmt.Sprintf("01900000-0000-7000-9000-%08x%04x", family, at)), Identity: 1, Sex: "LP"[r.IntN(2)],
		Relation: regsosek.Child, Marital: 1, Work: uint8(r.IntN(9)), Cover: uint8(r.IntN(4)), Presence: 1}
	years := r.IntN(25)
	switch at {
	case 0:
		m.Relation, m.Marital, years = regsosek.Head, 2, 22+r.IntN(60)
	case 1:
		m.Relation, m.Marital, years = regsosek.Spouse, 2, 20+r.IntN(50)
		m.Pregnant = m.Sex == 'P' && r.IntN(6) == 0
	}
	m.Born = int32((2026-years)*10000 + (1+r.IntN(12))*100 + 1 + r.IntN(28))
	if years < 25 {
		m.Work = 0
		m.School = uint8(1 + r.IntN(3))
		m.Orphan = uint8(r.IntN(5))
	}
	if m.School == regsosek.AtSchool {
		m.Level = uint8(r.IntN(20))
	}
	m.Disabled = r.IntN(15) == 0
	switch r.IntN(12) {
	case 0:
		m.Presence = uint8(r.IntN(7))
	case 1:
		m.Born = 0
	case 2:
		m.Cover = fact.NoCover
	}
	return m
}

// ranked is a release that divides a population by the shipped model.
func ranked(t testing.TB, e *Engine, families []*Input) *Release {
	t.Helper()
	const model = "ilustrasi-nasional-1"
	var points []rank.Point
	for _, in := range families {
		if score, ok, err := e.Score(model, in); err != nil {
			t.Fatal(err)
		} else if ok {
			points = append(points, rank.Point{Score: score, ID: in.ID})
		}
	}
	slices.SortFunc(points, rank.Point.Compare)
	cuts := func(groups int) (out rank.Cuts) {
		for k := 1; k < groups; k++ {
			out = append(out, points[(k*len(points)+groups-1)/groups-1])
		}
		return out
	}
	area := &rank.Area{Deciles: cuts(rank.Deciles), Percentiles: cuts(rank.Percentiles), Families: int64(len(points)), Weight: int64(len(points))}
	return &Release{No: 1, ID: "peringkat-1", Model: model, Table: rank.NewTable(map[string]*rank.Area{"00": area, "32": area, "32.04": area})}
}

func decided(t testing.TB, e *Engine, rel *Release, in *Input) *Sheet {
	t.Helper()
	s, err := e.Decide(rel, in, today)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
