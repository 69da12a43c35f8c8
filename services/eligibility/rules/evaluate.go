package rules

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"dtks/pkg/event"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/interpreter"
)

// Evaluator decides programmes for one family after another. What it holds is used again for each, so that deciding
// hardly allocates. It is not for use by several goroutines: make one for each.
type Evaluator struct {
	act     activation
	frame   *interpreter.ExecutionFrame
	steps   []step
	results []Result
	round   uint32  // of evaluation; answers of other rounds are forgotten
	family  []asked // by expression
	persons []asked // by member, then expression
	count   int     // expressions
	byID    []*expression
	pay     payments
}

// asked is what became of an expression in a round.
type asked struct {
	round   uint32
	recheck int32
	answer  Answer
}

// step is a programme in order of evaluation.
type step struct {
	programme string
	kind      Kind
	sets      []*Set
	stated    event.Outcome // of a programme that is not evaluated: its outcome is given
	needs     []int         // steps that its sets refer to
	persons   []PersonResult
	answers   []Answer // of the family, then of each member
}

var errNotReady = errors.New("rule sets have not been made ready")

// Evaluator decides the programmes given; those that they refer to are added. It is an error when one is not there.
func (ss *Sets) Evaluator(programmes []string) (*Evaluator, error) {
	if ss.order == nil {
		return nil, errNotReady
	}
	wanted := map[string]bool{}
	var want func(p string) error
	want = func(p string) error {
		all := ss.byProgramme[p]
		if len(all) == 0 {
			return fmt.Errorf("there are no rules for programme %q", p)
		}
		if wanted[p] {
			return nil
		}
		wanted[p] = true
		for _, s := range all {
			for _, name := range s.references {
				other, err := ss.refersTo(name)
				if err != nil {
					return err
				}
				if err := want(other); err != nil {
					return err
				}
			}
		}
		return nil
	}
	for _, p := range programmes {
		if err := want(p); err != nil {
			return nil, err
		}
	}
	var steps []step
	for _, p := range ss.order {
		if wanted[p] {
			steps = append(steps, step{programme: p, kind: ss.byProgramme[p][0].Kind, sets: ss.byProgramme[p]})
		}
	}
	return newEvaluator(len(ss.expressions), steps)
}

// newEvaluator makes an evaluator of steps in order of evaluation.
func newEvaluator(expressions int, steps []step) (*Evaluator, error) {
	e := &Evaluator{steps: steps, count: expressions, family: make([]asked, expressions), results: make([]Result, len(steps))}
	e.act.names = make(map[string]int, len(familyPlaces)+len(steps))
	for name, i := range familyPlaces {
		e.act.names[name] = i
	}
	e.act.values = make([]ref.Val, len(familyFacts))
	e.act.references = make([]reference, len(steps))
	for i := range steps {
		e.act.names[referenceName(steps[i].kind, steps[i].programme)] = len(familyFacts) + i
	}
	e.byID = make([]*expression, expressions)
	for i := range steps {
		for _, s := range steps[i].sets {
			for x := range s.expressions() {
				e.byID[x.id] = x
			}
			for _, name := range s.references {
				at, ok := e.act.names[name]
				if !ok {
					return nil, fmt.Errorf("%s: %s is not there", s.ID, name)
				}
				steps[i].needs = append(steps[i].needs, at-len(familyFacts))
			}
		}
		slices.Sort(steps[i].needs)
		steps[i].needs = slices.Compact(steps[i].needs)
	}
	var err error
	e.frame, err = interpreter.NewExecutionFrame(&e.act)
	return e, err
}

// Evaluate decides every programme, in order. The results are valid until the next call.
func (e *Evaluator) Evaluate(f *Facts) []Result {
	e.round++
	if e.round == 0 { // once in four billion families
		clear(e.family)
		clear(e.persons)
		e.round = 1
	}
	e.act.reset(f)
	if n := len(f.Family.Members) * e.count; len(e.persons) < n {
		e.persons = make([]asked, n)
	}
	for i := range e.steps {
		e.decide(&e.steps[i], &e.results[i])
		e.act.references[i] = e.steps[i].reference(&e.results[i])
	}
	return e.results
}

// reference is the result as other sets see it: nobody is entitled to a programme without rules in force.
func (st *step) reference(r *Result) reference {
	switch {
	case st.stated != "":
		return reference{family: truth(st.stated)}
	case r.Set == nil && st.kind == Programme:
		return reference{family: types.False}
	case r.Set != nil && r.Set.Unit == Person:
		return reference{truth(r.Outcome), r.Persons}
	}
	return reference{family: truth(r.Outcome)}
}

func (e *Evaluator) decide(st *step, r *Result) {
	f := e.act.facts
	*r = Result{Programme: st.programme, Outcome: event.Undetermined, Paid: r.Paid[:0]}
	var recheck int32
	r.Set, recheck = inForce(st.sets, f.Area, f.Day)
	switch {
	case st.stated != "":
		r.Outcome = st.stated
	case r.Set == nil && len(st.sets) > 0 && st.sets[0].Kind == Programme:
		r.Outcome = event.NotEntitled // it has not begun there, or has ended: nothing is missing
	}
	if r.Set != nil {
		st.answers = grow(st.answers, len(r.Set.Clauses)+len(f.Family.Members)*r.Set.perPerson)
		r.Answers = st.answers[:len(r.Set.Clauses)]
		if r.Set.Unit == Person {
			recheck = min(recheck, e.decidePersons(st, r))
		} else {
			recheck = min(recheck, e.decideFamily(r))
		}
	}
	for _, i := range st.needs {
		if other := e.results[i].RecheckOn; other != 0 {
			recheck = min(recheck, other)
		}
	}
	if recheck < never {
		r.RecheckOn = recheck
	}
}

// grow gives n answers, none of them asked, of memory used before where it suffices.
func grow(answers []Answer, n int) []Answer {
	answers = slices.Grow(answers[:0], n)[:n]
	for i := range answers {
		answers[i] = NotAsked
	}
	return answers
}

func (e *Evaluator) decideFamily(r *Result) (recheck int32) {
	recheck = never
	s := r.Set
	e.pay.start(e, s)
	for i := range s.Clauses {
		c := &s.Clauses[i]
		a := e.ask(c.expr, nil)
		r.Answers[i] = a.answer
		recheck = min(recheck, a.recheck)
		if c.Gate && a.answer != Holds {
			break
		}
	}
	r.Outcome = s.settle(r.Answers, nil, nil)
	if r.Outcome == event.Entitled && s.Kind == Programme {
		r.Paid, r.Amount = e.pay.choose(r.Paid)
		r.Amount += s.Amount
	}
	return min(recheck, e.pay.recheck)
}

// decidePersons decides each member that lives with the family. The family's outcome is the best of theirs.
func (e *Evaluator) decidePersons(st *step, r *Result) (recheck int32) {
	recheck = never
	s := r.Set
	members := e.act.facts.Family.Members
	st.persons = slices.Grow(st.persons[:0], len(members))[:len(members)]
	r.Persons = st.persons
	r.Outcome = event.NotEntitled
	own := st.answers[len(s.Clauses):]
	for m := range members {
		p := &r.Persons[m]
		*p = PersonResult{Counted: members[m].Lives(), Component: -1, Answers: own[m*s.perPerson : (m+1)*s.perPerson]}
		if !p.Counted {
			continue
		}
		recheck = min(recheck, e.decidePerson(s, r, p, &e.act.persons[m]))
		if weight(p.Outcome) < weight(r.Outcome) {
			r.Outcome = p.Outcome
		}
		if p.Outcome == event.Entitled && p.Component >= 0 {
			r.Paid = append(r.Paid, Paid{p.Component, m})
		}
		r.Amount += p.Amount
	}
	slices.SortStableFunc(r.Paid, func(a, b Paid) int { return a.Component - b.Component })
	return recheck
}

func (e *Evaluator) decidePerson(s *Set, r *Result, p *PersonResult, who *person) (recheck int32) {
	recheck = never
	at := 0
	for i := range s.Clauses {
		c := &s.Clauses[i]
		var a *asked
		if c.PerPerson {
			a = e.ask(c.expr, who)
			p.Answers[at] = a.answer
			at++
		} else {
			a = e.ask(c.expr, nil)
			r.Answers[i] = a.answer
		}
		recheck = min(recheck, a.recheck)
		if c.Gate && a.answer != Holds {
			break
		}
	}
	// The answers to clauses about the family are those of this member too as far as it came.
	p.Outcome = s.settle(r.Answers, p.Answers, nil)
	if p.Outcome != event.Entitled || s.Kind != Programme {
		return recheck
	}
	p.Amount = s.Amount
	for i := range s.Components {
		c := &s.Components[i]
		a := e.ask(c.expr, who)
		recheck = min(recheck, a.recheck)
		if a.answer == Holds && (p.Component < 0 || c.Amount > s.Components[p.Component].Amount) {
			p.Component = i
		}
	}
	if p.Component >= 0 {
		p.Amount += s.Components[p.Component].Amount
	}
	return recheck
}

// ask answers an expression, about a person or, with nil, about the family: once in a round, however many sets ask.
func (e *Evaluator) ask(x *expression, who *person) *asked {
	a := &e.family[x.id]
	if x.person {
		a = &e.persons[who.index*e.count+x.id]
	}
	if a.round == e.round {
		return a
	}
	a.round, a.recheck = e.round, never
	e.act.current = nil
	day := e.act.facts.Day
	if x.person {
		e.act.current = who
		a.recheck = x.ages.next(who.Member, day)
	}
	if x.overAll {
		for _, p := range e.act.living.persons {
			a.recheck = min(a.recheck, x.ages.next(p.Member, day))
		}
	}
	a.answer = x.run(e.frame)
	return a
}

// Question is an expression that was asked, and about whom.
type Question struct{ expression, member int32 }

// Questions adds those that the last evaluation asked, each once.
func (e *Evaluator) Questions(to []Question) []Question {
	for id := range e.family {
		if e.family[id].round == e.round {
			to = append(to, Question{int32(id), -1})
		}
	}
	for m := range e.act.facts.Family.Members {
		for id, a := range e.persons[m*e.count : (m+1)*e.count] {
			if a.round == e.round {
				to = append(to, Question{int32(id), int32(m)})
			}
		}
	}
	return to
}

// Ask answers questions about a family and keeps nothing: no outcome, no reason, no amount, no day. It is the floor that
// evaluation is measured against. It gives the number of those that hold. What components count is not asked.
func (e *Evaluator) Ask(f *Facts, questions []Question) (holds int) {
	e.act.reset(f)
	for _, q := range questions {
		e.act.current = nil
		if q.member >= 0 {
			e.act.current = &e.act.persons[q.member]
		}
		if x := e.byID[q.expression]; !x.components && x.run(e.frame) == Holds {
			holds++
		}
	}
	return holds
}

// run evaluates the expression. Anything but true and false is no answer.
func (e *expression) run(frame *interpreter.ExecutionFrame) Answer {
	v, _, err := e.program.Eval(frame)
	switch v := v.(type) {
	case types.Bool:
		switch {
		case err != nil:
			return Errs
		case bool(v):
			return Holds
		}
		return Fails
	case *types.Unknown:
		return Unknown
	}
	return Errs
}

// referenceName is how expressions name the outcome of a programme.
func referenceName(kind Kind, programme string) string {
	code := strings.ReplaceAll(programme, "-", "_")
	if kind == Criteria {
		return metPrefix + code
	}
	return entitledPrefix + code
}
