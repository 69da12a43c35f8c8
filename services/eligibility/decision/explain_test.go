package decision

import (
	"fmt"
	"slices"
	"testing"

	"dtks/pkg/event"
	"dtks/pkg/regsosek"
	"dtks/services/eligibility/fact"
	"dtks/services/eligibility/pmt"
	"dtks/services/eligibility/rules"

	"github.com/google/go-cmp/cmp"
)

// TestExplain_Agrees evaluates again, by an evaluator of its own, and compares every answer that the explanation gives.
func TestExplain_Agrees(t *testing.T) {
	t.Parallel()
	e := shipped(t)
	families := population(many)
	rel := ranked(t, e, families)
	ev, err := e.Sets.Evaluator(e.Sets.Programmes())
	if err != nil {
		t.Fatal(err)
	}
	words := map[rules.Answer]string{rules.Holds: "holds", rules.Fails: "fails", rules.Unknown: "missing", rules.Errs: "error", rules.NotAsked: "not_asked"}
	for _, in := range families {
		s := decided(t, e, rel, in)
		x := e.Explain(rel, in, s)
		for at, r := range ev.Evaluate(factsOf(in, s)) {
			p := &x.Programmes[at]
			var got, want []string
			for _, c := range p.Clauses {
				got = append(got, c.Answer)
			}
			for _, q := range p.Persons {
				got = append(got, q.PersonID, string(q.Outcome), fmt.Sprint(q.Amount))
				for _, c := range q.Clauses {
					got = append(got, c.Answer)
				}
			}
			for i := range r.Answers {
				if r.Set.Unit == rules.Family || !r.Set.Clauses[i].PerPerson {
					want = append(want, words[r.Answers[i]])
				}
			}
			for i, q := range r.Persons {
				if q.Counted {
					want = append(want, in.Facts.Members[i].Person.String(), string(q.Outcome), fmt.Sprint(q.Amount))
					for _, a := range q.Answers {
						want = append(want, words[a])
					}
				}
			}
			if diff := cmp.Diff(want, got); diff != "" || p.Code != r.Programme || p.Outcome != r.Outcome || p.Amount != r.Amount {
				t.Fatalf("family %s, %s: %s and %d, want %s and %d\n%s", in.ID, r.Programme, p.Outcome, p.Amount, r.Outcome, r.Amount, diff)
			}
		}
	}
}

// TestExplain_Sums: what is said line by line adds up, in numbers and as it is printed.
func TestExplain_Sums(t *testing.T) {
	t.Parallel()
	e := shipped(t)
	families := population(500)
	rel := ranked(t, e, families)
	for _, in := range families {
		s := decided(t, e, rel, in)
		x := e.Explain(rel, in, s)
		if x.Score != nil {
			sum := x.Score.Base
			for _, v := range x.Score.Variables {
				sum += v.Value
				if v.Label.ID == "" || v.Label.EN == "" || v.Missing != (v.Answer.ID == "") {
					t.Fatalf("family %s: %+v", in.ID, v)
				}
			}
			if sum != x.Score.Value {
				t.Fatalf("family %s: lines sum to %d, score is %d", in.ID, sum, x.Score.Value)
			}
		}
		for _, p := range x.Programmes {
			paid := int64(0)
			for _, c := range p.Components {
				paid += c.Amount
			}
			if set := e.Sets.ByID(p.RuleSet); set != nil && set.Unit == rules.Family && p.Outcome == event.Entitled && paid+set.Amount != p.Amount {
				t.Fatalf("family %s, %s: components sum to %d of %d", in.ID, p.Code, paid, p.Amount)
			}
			if p.Distance != nil && *p.Cutoff-*p.Distance != x.Score.Value {
				t.Fatalf("family %s, %s: cut-off %d, distance %d, score %d", in.ID, p.Code, *p.Cutoff, *p.Distance, x.Score.Value)
			}
		}
	}
}

// TestExplain_Place: the bounds enclose the score.
func TestExplain_Place(t *testing.T) {
	t.Parallel()
	e := shipped(t)
	families := population(500)
	rel := ranked(t, e, families)
	for _, in := range families {
		s := decided(t, e, rel, in)
		x := e.Explain(rel, in, s)
		if in.Active && s.Score != nil && len(x.Places) != 3 {
			t.Fatalf("family %s: %d places, want 3", in.ID, len(x.Places))
		}
		for _, p := range x.Places {
			if (p.Decile == 1) != (p.Lower == nil) || (p.Decile == 10) != (p.Upper == nil) ||
				p.Lower != nil && p.Lower.Distance > 0 || p.Upper != nil && p.Upper.Distance < 0 {
				t.Fatalf("family %s: %+v", in.ID, p)
			}
		}
	}
}

func TestVariableAnswer(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		number int64
		id, en string
	}{
		{pmt.VarSize, 1, "1 orang", "1 person"},
		{pmt.VarChildren, 0, "0 orang", "0 people"},
		{pmt.VarDependants, 40, "40 persen", "40 percent"},
		{pmt.VarHeadLevel, 3, "SD", "SD"},
		{pmt.VarHeadWork, 0, "tidak bekerja", "tidak bekerja"},
		{pmt.VarHeadSex, 2, "perempuan", "female"},
		{pmt.VarHeadAge, 41, "41 tahun", "41 years"},
		{regsosek.Pendapatan + pmt.PerMember, 350500, "Rp 350.500", "Rp 350,500"},
		{regsosek.LuasLantai + pmt.PerMember, 125, "12,5 m²", "12.5 m²"},
		{regsosek.LuasLantai, 60, "60 m²", "60 m²"},
		{regsosek.Pendapatan, 1500, "1.500 ribu rupiah", "1,500 thousand rupiah"},
		{regsosek.Sapi, 2, "2", "2"},
		{regsosek.Lantai, 8, "tanah", "tanah"},
		{regsosek.Motor, 2, "tidak", "no"},
	}
	for _, tt := range tests {
		if got := variableAnswer(tt.name, tt.number); got.ID != tt.id || got.EN != tt.en {
			t.Errorf("%s: got %q and %q, want %q and %q", tt.name, got.ID, got.EN, tt.id, tt.en)
		}
		if label := variableLabel(tt.name); label.ID == "" || label.EN == "" {
			t.Errorf("%s has no label", tt.name)
		}
	}
}

// TestExplain_Missing: what is named was not recorded, and an open programme has something to name or a clause that says so.
func TestExplain_Missing(t *testing.T) {
	t.Parallel()
	e := shipped(t)
	families := population(500)
	rel := ranked(t, e, families)
	named, headless := 0, 0
	for _, in := range families {
		s := decided(t, e, rel, in)
		for _, p := range e.Explain(rel, in, s).Programmes {
			if p.Outcome != event.Undetermined && len(p.Missing) > 0 {
				t.Fatalf("family %s, %s is %s and lacks %v", in.ID, p.Code, p.Outcome, p.Missing)
			}
			for _, m := range p.Missing {
				if m.Fact == whoIsHead {
					headless++
					if in.Facts.Head() != nil || m.Text.EN != "who is the head of the family" || m.Text.ID == "" {
						t.Fatalf("family %s, %s: %+v is not missing", in.ID, p.Code, m)
					}
					continue
				}
				named++
				f, at, ok := rules.MissingText(m.Fact)
				i, isItem := fact.Index(m.Fact)
				if !ok || m.Text.ID == "" || m.Text.EN == "" || isItem && in.Facts.Answers[i] != fact.Absent ||
					at >= 0 && f.Name == "age" && in.Facts.Members[at].Born != 0 || f.Name == "verdict" && at >= 0 && in.Verdicts[at].Verdict != "" {
					t.Fatalf("family %s, %s: %+v is not missing", in.ID, p.Code, m)
				}
			}
		}
	}
	if named == 0 || headless == 0 {
		t.Errorf("%d facts and %d heads are missing", named, headless)
	}
}

func TestExplain_Chosen(t *testing.T) {
	t.Parallel()
	e := shipped(t)
	families := population(50)
	rel := ranked(t, e, families)
	s := decided(t, e, rel, families[0])
	x := e.Explain(rel, families[0], s, "pkh")
	if len(x.Programmes) != 1 || x.Programmes[0].Code != "pkh" || x.Sought {
		t.Errorf("%+v", x.Programmes)
	}
	e.AddChanges(x, rel, families[0], s)
	change, ok := e.Flip(rel, families[0], s, "pkh")
	if !x.Sought || ok != (x.Programmes[0].Change != nil) || ok && change.Text != x.Programmes[0].Change.Text {
		t.Errorf("explanation says %+v, want %+v", x.Programmes[0].Change, change)
	}
	if _, ok := e.Flip(rel, families[0], s, "tidak-ada"); ok {
		t.Error("a programme that is not there is turned")
	}
}

// TestExplain_Recheck: who is named is of another age on the day, or rules are others.
func TestExplain_Recheck(t *testing.T) {
	t.Parallel()
	e := shipped(t)
	families := population(500)
	rel := ranked(t, e, families)
	for _, in := range families {
		x := e.Explain(rel, in, decided(t, e, rel, in))
		for _, p := range x.Programmes {
			if (p.RecheckOn == "") != (p.RecheckWhy.ID == "") || (p.RecheckOn == "") != (p.RecheckWhy.EN == "") {
				t.Fatalf("family %s, %s: looked at again on %q because %q", in.ID, p.Code, p.RecheckOn, p.RecheckWhy.EN)
			}
		}
	}
}

func TestMember(t *testing.T) {
	t.Parallel()
	in := &Input{Facts: fact.Family{Members: []fact.Member{{Relation: regsosek.Child, Born: 20170102}, {Relation: 8, Born: 20250601}, {Relation: regsosek.Head}}}}
	var got []string
	for i := range 4 {
		m, w := member(in, i, today), within(in, i, today)
		got = append(got, m.ID, m.EN, w.ID, w.EN)
	}
	want := []string{
		"anak, 9 tahun", "child, 9 years", "anak (9 tahun)", "child (9 years)",
		"anggota keluarga, 1 tahun", "member of the family, 1 year", "anggota keluarga (1 tahun)", "member of the family (1 year)",
		"kepala keluarga", "head of the family", "kepala keluarga", "head of the family",
		"anggota keluarga", "member of the family", "anggota keluarga", "member of the family",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
