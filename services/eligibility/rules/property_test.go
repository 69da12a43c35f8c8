package rules

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"dtks/pkg/event"
	"dtks/services/eligibility/fact"

	"github.com/google/go-cmp/cmp"
)

// summary is what a result says, free of memory that is used again.
type summary struct {
	Programme, Set, Answers string
	Outcome                 event.Outcome
	Persons                 []PersonResult
	Paid                    []Paid
	Amount                  int64
	RecheckOn               int32
}

func summarise(r *Result) summary {
	s := summary{Programme: r.Programme, Answers: answers(r.Answers), Outcome: r.Outcome, Paid: slices.Clone(r.Paid), Amount: r.Amount, RecheckOn: r.RecheckOn}
	if r.Set != nil {
		s.Set = r.Set.ID
	}
	for _, p := range r.Persons {
		p.Answers = slices.Clone(p.Answers)
		s.Persons = append(s.Persons, p)
	}
	return s
}

func evaluator(t testing.TB, sets *Sets) *Evaluator {
	t.Helper()
	e, err := sets.Evaluator(sets.Programmes())
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func everything(e *Evaluator, f *Facts) []summary {
	var out []summary
	results := e.Evaluate(f)
	for i := range results {
		out = append(out, summarise(&results[i]))
	}
	return out
}

// each tries something on many drawn families.
func each(t *testing.T, n int, try func(r *rand.Rand, f *Facts)) {
	t.Helper()
	for seed := range n {
		r := rand.New(rand.NewPCG(uint64(seed), 7))
		try(r, draw(r))
		if t.Failed() {
			t.Fatalf("with the family drawn from seed %d", seed)
		}
	}
}

// TestEvaluate_AgreesWithClausesAlone evaluates each clause that was asked by a program compiled for it alone.
func TestEvaluate_AgreesWithClausesAlone(t *testing.T) {
	t.Parallel()
	sets := rich(t)
	e := evaluator(t, sets)
	alone, compiled := map[string]*Evaluator{}, map[*Clause]*expression{}
	asked := 0
	each(t, 300, func(_ *rand.Rand, f *Facts) {
		results := e.Evaluate(f)
		for i := range results {
			r := &results[i]
			if r.Set == nil {
				continue
			}
			other := alone[r.Set.ID]
			if other == nil {
				other = evaluator(t, sets) // whose memory of answers is made useless below
				alone[r.Set.ID] = other
			}
			other.Evaluate(f)
			at := slices.Index(sets.Programmes(), r.Programme)
			other.pay.start(other, r.Set)
			for c := range r.Set.Clauses {
				clause := &r.Set.Clauses[c]
				own := compiled[clause]
				if own == nil {
					var err error
					if own, err = compile(clause.Expr, r.Set.Unit == Person); err != nil {
						t.Fatal(err)
					}
					compiled[clause] = own
				}
				if !clause.PerPerson {
					other.act.current = nil
					if a := r.Answers[c]; a != NotAsked {
						asked++
						if got := own.run(other.frame); got != a {
							t.Errorf("%s: %s: alone %c, in the set %c", r.Set.ID, clause.Expr, got, a)
						}
					}
					continue
				}
				place := 0
				for j := range c {
					if r.Set.Clauses[j].PerPerson {
						place++
					}
				}
				for m := range results[at].Persons {
					a := results[at].Persons[m].Answers[place]
					other.act.current = &other.act.persons[m]
					if a == NotAsked {
						continue
					}
					asked++
					if got := own.run(other.frame); got != a {
						t.Errorf("%s: %s of member %d: alone %c, in the set %c", r.Set.ID, clause.Expr, m, got, a)
					}
				}
			}
		}
	})
	if asked < 5000 {
		t.Errorf("only %d answers were compared", asked)
	}
}

// TestReasons_AgreeWithEvaluate derives outcomes from answers alone.
func TestReasons_AgreeWithEvaluate(t *testing.T) {
	t.Parallel()
	e := evaluator(t, rich(t))
	seen := map[event.Outcome]int{}
	each(t, 500, func(_ *rand.Rand, f *Facts) {
		results := e.Evaluate(f)
		for i := range results {
			r := &results[i]
			if r.Set == nil {
				continue
			}
			seen[r.Outcome]++
			if r.Outcome != event.Entitled && (r.Amount != 0 || len(r.Paid) != 0) {
				t.Errorf("%s: %s with %d", r.Programme, r.Outcome, r.Amount)
			}
			if len(r.Reasons()) == 0 {
				t.Errorf("%s: %s without a reason", r.Programme, r.Outcome)
			}
			for _, code := range r.Reasons() {
				if _, ok := r.Set.Text(code); !ok {
					t.Errorf("%s: reason %s has no text", r.Programme, code)
				}
			}
			if r.Set.Unit == Family {
				if outcome, _ := r.Set.Reasons(r.Answers); outcome != r.Outcome {
					t.Errorf("%s: answers %s say %s, Evaluate %s", r.Programme, answers(r.Answers), outcome, r.Outcome)
				}
				continue
			}
			best := event.NotEntitled
			var amount int64
			for m, p := range r.Persons {
				if p.Counted != f.Family.Members[m].Lives() {
					t.Errorf("%s: member %d counted %v", r.Programme, m, p.Counted)
				}
				if !p.Counted {
					continue
				}
				outcome, codes := r.Set.PersonReasons(r.Answers, p.Answers)
				if outcome != p.Outcome || len(codes) == 0 {
					t.Errorf("%s: member %d: answers %s say %s, Evaluate %s", r.Programme, m, answers(p.Answers), outcome, p.Outcome)
				}
				if weight(outcome) < weight(best) {
					best = outcome
				}
				amount += p.Amount
			}
			if best != r.Outcome || amount != r.Amount {
				t.Errorf("%s: members make %s of %d, the family has %s of %d", r.Programme, best, amount, r.Outcome, r.Amount)
			}
		}
	})
	for _, o := range []event.Outcome{event.Entitled, event.NotEntitled, event.Undetermined} {
		if seen[o] < 50 {
			t.Errorf("%s came out only %d times", o, seen[o])
		}
	}
}

// TestEvaluate_OrderDoesNotMatter decides programmes together, alone, and loaded the other way round.
func TestEvaluate_OrderDoesNotMatter(t *testing.T) {
	t.Parallel()
	sets := rich(t)
	together := evaluator(t, sets)
	backwards := NewSets()
	for _, p := range slices.Backward(sets.Programmes()) {
		for _, s := range slices.Backward(sets.All(p)) {
			own := *s
			if err := own.compile(); err != nil {
				t.Fatal(err)
			}
			backwards.put(&own)
		}
	}
	if err := backwards.Ready(); err != nil {
		t.Fatal(err)
	}
	other := evaluator(t, backwards)
	alone := map[string]*Evaluator{}
	for _, p := range sets.Programmes() {
		e, err := sets.Evaluator([]string{p})
		if err != nil {
			t.Fatal(err)
		}
		alone[p] = e
	}
	each(t, 300, func(_ *rand.Rand, f *Facts) {
		want := everything(together, f)
		if diff := cmp.Diff(want, everything(other, f)); diff != "" {
			t.Errorf("loaded backwards: %s", diff)
		}
		for _, w := range want {
			got := everything(alone[w.Programme], f)
			if diff := cmp.Diff(w, got[len(got)-1]); diff != "" {
				t.Errorf("alone: %s", diff)
			}
		}
	})
}

// TestEvaluate_KnowledgeIsMonotone fills what is missing, bit by bit: an answer or an outcome that was known stays.
func TestEvaluate_KnowledgeIsMonotone(t *testing.T) {
	t.Parallel()
	e := evaluator(t, rich(t))
	filled := 0
	each(t, 800, func(r *rand.Rand, f *Facts) {
		before := everything(e, f)
		for range 12 {
			if !fill(r, f) {
				continue
			}
			filled++
			after := everything(e, f)
			for i := range after {
				b, a := before[i], after[i]
				stays(t, b.Programme, b.Outcome, a.Outcome, b.Answers, a.Answers)
				for m := range a.Persons {
					stays(t, b.Programme, b.Persons[m].Outcome, a.Persons[m].Outcome, answers(b.Persons[m].Answers), answers(a.Persons[m].Answers))
				}
			}
			before = after
		}
	})
	if filled < 1500 {
		t.Errorf("only %d facts were filled in", filled)
	}
}

func stays(t *testing.T, programme string, before, after event.Outcome, was, is string) {
	t.Helper()
	if before != after && before != event.Undetermined && before != "" {
		t.Errorf("%s turned from %s (%s) to %s (%s)", programme, before, was, after, is)
	}
	for i := range was {
		if (was[i] == 't' || was[i] == 'f') && (is[i] == 't' || is[i] == 'f' || is[i] == 'u') && was[i] != is[i] {
			t.Errorf("%s: clause %d turned from %s to %s", programme, i+1, was, is)
		}
	}
}

// TestEvaluate_RecheckOn walks day by day: up to the day named nothing changes.
func TestEvaluate_RecheckOn(t *testing.T) {
	t.Parallel()
	e := evaluator(t, rich(t))
	changed, named := 0, 0
	each(t, 30, func(_ *rand.Rand, f *Facts) {
		start := f.Day
		first := everything(e, f)
		for day, n := DayOf(start).AddDate(0, 0, 1), 0; n < 800; day, n = day.AddDate(0, 0, 1), n+1 {
			f.Day = Day(day)
			now := everything(e, f)
			for i := range first {
				due := first[i].RecheckOn
				if due != 0 && due <= start {
					t.Fatalf("%s: to be looked at on %d, decided on %d", first[i].Programme, due, start)
				}
				if due == 0 || f.Day < due {
					a, b := first[i], now[i]
					a.RecheckOn, b.RecheckOn = 0, 0
					if !reflect.DeepEqual(a, b) { // cheaper than a difference that is nearly always empty
						t.Fatalf("%d to %d, to be looked at on %d: %s", start, f.Day, due, cmp.Diff(a, b))
					}
				}
				if f.Day == due {
					named++
					a, b := first[i], now[i]
					a.RecheckOn, b.RecheckOn = 0, 0
					if !cmp.Equal(a, b) {
						changed++
					}
				}
			}
		}
	})
	if named < 25 || changed*4 < named {
		t.Errorf("of %d days named, something changed on %d", named, changed)
	}
}

// TestBirthday compares with the ages that facts give, day by day.
func TestBirthday(t *testing.T) {
	t.Parallel()
	for _, born := range []int32{20240229, 20230228, 20200301, 20211231, 20220101, 20150431, 20150230} {
		m := fact.Member{Born: born}
		for age := range int32(6) {
			got := birthday(born, age)
			before, _ := m.Age(Day(DayOf(got).AddDate(0, 0, -1)))
			if at, ok := m.Age(got); !ok || at != int64(age) || before == at && age > 0 {
				t.Errorf("born %d: age %d on %d is %d, the day before %d", born, age, got, at, before)
			}
			if Day(DayOf(got)) != got {
				t.Errorf("born %d: %d is no day of the calendar", born, got)
			}
		}
	}
	if got := birthday(20240229, 1); got != 20250301 {
		t.Errorf("born on 29 February: one year old on %d, want 20250301", got)
	}
	for _, day := range []int32{20261231, 20240228, 20250228, 20260430, 20260115} {
		if want := Day(DayOf(day).AddDate(0, 0, 1)); nextDay(day) != want {
			t.Errorf("after %d comes %d, want %d", day, nextDay(day), want)
		}
	}
	if got := Day(time.Date(2026, 3, 4, 23, 0, 0, 0, time.UTC)); got != 20260304 {
		t.Errorf("got %d", got)
	}
}

// TestSets_Missing_NothingLeftOut fills single facts at random: where that settles a programme, something was named.
func TestSets_Missing_NothingLeftOut(t *testing.T) {
	t.Parallel()
	sets := rich(t)
	e := evaluator(t, sets)
	settled := 0
	each(t, 20, func(r *rand.Rand, f *Facts) {
		before := everything(e, f)
		named := map[string][]string{}
		for _, b := range before {
			names, err := sets.Missing(b.Programme, f)
			if err != nil {
				t.Fatal(err)
			}
			named[b.Programme] = names
		}
		for range 40 {
			family := *f.Family
			family.Members = slices.Clone(family.Members)
			one := *f
			one.Family, one.Verdicts = &family, slices.Clone(f.Verdicts)
			if !fill(r, &one) {
				continue
			}
			for i, a := range everything(e, &one) {
				if a.Outcome == before[i].Outcome {
					continue
				}
				settled++
				if len(named[a.Programme]) == 0 {
					t.Errorf("%s turned %s by one fact, and none was named", a.Programme, a.Outcome)
				}
			}
		}
	})
	if settled < 8 {
		t.Errorf("only %d times did one fact settle a programme", settled)
	}
}

// TestEvaluator_Ask asks again what an evaluation asked: the floor of the benchmark does the same work.
func TestEvaluator_Ask(t *testing.T) {
	t.Parallel()
	e := evaluator(t, rich(t))
	questions := 0
	each(t, 200, func(_ *rand.Rand, f *Facts) {
		e.Evaluate(f)
		asked := e.Questions(nil)
		want := 0
		for _, q := range asked {
			a := e.family[q.expression]
			if q.member >= 0 {
				a = e.persons[int(q.member)*e.count+int(q.expression)]
			}
			if a.answer == Holds && !e.byID[q.expression].components {
				want++
			}
		}
		if got := e.Ask(f, asked); got != want {
			t.Errorf("%d of %d expressions hold when asked alone, %d in the evaluation", got, len(asked), want)
		}
		questions += len(asked)
	})
	if questions < 2000 {
		t.Errorf("only %d questions were asked", questions)
	}
}

// TestEvaluator_SideBySide lets evaluators of the same sets work at once.
func TestEvaluator_SideBySide(t *testing.T) {
	t.Parallel()
	sets := rich(t)
	var found [4][][]summary
	var wait sync.WaitGroup
	for i := range found {
		e := evaluator(t, sets)
		wait.Go(func() {
			for seed := range uint64(100) {
				found[i] = append(found[i], everything(e, draw(rand.New(rand.NewPCG(seed, 7)))))
			}
		})
	}
	wait.Wait()
	for i := range found[1:] {
		if diff := cmp.Diff(found[0], found[i+1]); diff != "" {
			t.Fatal(diff)
		}
	}
}
