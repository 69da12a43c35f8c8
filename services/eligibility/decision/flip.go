package decision

import (
	"cmp"
	"slices"
	"strings"

	"dtks/pkg/event"
	"dtks/pkg/fault"
	"dtks/services/eligibility/fact"
	"dtks/services/eligibility/pmt"
	"dtks/services/eligibility/rank"
	"dtks/services/eligibility/rules"
)

// Kind says what sort of change it is.
type Kind string

// Kinds of changes, the nearest first.
const (
	Identity Kind = "identity" // the civil registry confirms the head, or a member
	Given    Kind = "missing"  // an answer is given that was not recorded
	Waiting  Kind = "waiting"  // nothing changes but the day
	Answered Kind = "answer"   // something is otherwise than it is recorded
)

var nearness = []Kind{Identity, Given, Waiting, Answered}

// Change is one change of one fact that turns an outcome, and what is decided with it.
type Change struct {
	Kind     Kind          `json:"kind" enum:"identity,missing,waiting,answer"`
	Fact     string        `json:"fact" doc:"As rules name it; day for waiting"`
	PersonID string        `json:"person_id,omitempty" doc:"Whose fact it is"`
	On       string        `json:"on,omitempty" doc:"The day, for waiting"`
	Text     fault.Text    `json:"text" doc:"The change in words, as it follows an if; for auditors"`
	Question fault.Text    `json:"question" doc:"What it is the answer to; empty for an identity, a day, and what a family is not told"`
	Outcome  event.Outcome `json:"outcome" doc:"Of the programme, with the change"`
	Amount   int64         `json:"amount" doc:"Rupiah a year, with the change"`
	Score    *int64        `json:"score,omitempty" doc:"With the change"`
	Decile   int           `json:"decile" doc:"National, with the change"`

	by candidate
}

// Flip finds the nearest single change of one fact that turns the outcome of a programme: for a family that is entitled
// one that ends it, for any other one that entitles it. Everything is decided again with the change: score, place, and
// the programmes that this one rests on. False when nothing that is tried turns it.
//
// Nearest is, in this order: the civil registry confirms the head's identity, then that of another member; an answer
// that was not recorded is given; the days pass on which something changes by itself, up to two years; something is
// otherwise than it is recorded. Among answers the nearest is the one that moves the score least, then the first in the
// order of the survey. Answers that make no sense beside the others, birth dates, sex, relation and the state of the
// record are not tried.
func (e *Engine) Flip(rel *Release, in *Input, s *Sheet, programme string) (*Change, bool) {
	c := e.flips(rel, in, s, []string{programme})[programme]
	return c, c != nil
}

// flips finds the nearest change for each programme; those that nothing turns are left out.
func (e *Engine) flips(rel *Release, in *Input, s *Sheet, programmes []string) map[string]*Change {
	f := newSearch(e, rel, in, s)
	for _, code := range programmes {
		if p := s.By(code); p != nil {
			f.open = append(f.open, wanted{p, reads(s, p)})
		}
	}
	if len(f.open) == 0 {
		return nil
	}
	f.all = e.evaluators.Get().(*rules.Evaluator)
	defer e.evaluators.Put(f.all)
	candidates := f.candidates()
	for _, kind := range nearness {
		if kind == Waiting {
			f.wait()
		}
		for i := range candidates {
			if candidates[i].kind == kind && len(f.open) > 0 {
				f.try(&candidates[i])
			}
		}
	}
	return f.found
}

func newSearch(e *Engine, rel *Release, in *Input, s *Sheet) *search {
	return &search{sets: e.Sets, sheet: s, was: &in.Facts, trial: newTrial(e, rel, in, s), found: map[string]*Change{}, alone: map[string]*rules.Evaluator{}}
}

// search is one search for the nearest changes.
type search struct {
	sets  *rules.Sets
	all   *rules.Evaluator            // of all programmes
	alone map[string]*rules.Evaluator // of one, and what it rests on
	sheet *Sheet
	was   *fact.Family // without a change
	trial *trial
	open  []wanted // not turned yet
	found map[string]*Change
}

// wanted is a programme whose outcome is to be turned.
type wanted struct {
	*Programme
	reads map[string]bool // facts that it, or what it rests on, reads
}

// candidate is a change of one fact.
type candidate struct {
	kind    Kind
	facts   []string // as rules name it, the most telling first; none = anything may depend on it
	item    int      // survey item, or -1
	code    int16
	member  int // whose fact it is, or -1
	to      fact.Member
	confirm bool // the registry confirms the member
	day     int32

	score  *int64 // with the change
	places rank.Places
	moves  int64 // by how much the score moves
}

// trial is a family as it would be.
type trial struct {
	model  *pmt.Model
	rel    *Release
	in     Input // members are its own
	facts  rules.Facts
	score  *int64 // without a change
	places rank.Places
}

func newTrial(e *Engine, rel *Release, in *Input, s *Sheet) *trial {
	t := &trial{model: e.Models[s.Model], rel: rel, in: *in, score: s.Score, places: s.Places}
	t.in.Facts.Members = slices.Clone(in.Facts.Members)
	t.facts = *factsOf(&t.in, s)
	return t
}

// apply makes the change; undo takes it back.
func (t *trial) apply(c *candidate) (undo func()) {
	switch {
	case c.day != 0:
		day := t.facts.Day
		t.facts.Day = c.day
		return func() { t.facts.Day = day }
	case c.confirm:
		verdict := t.facts.Verdicts[c.member]
		t.facts.Verdicts[c.member] = padan
		return func() { t.facts.Verdicts[c.member] = verdict }
	case c.item >= 0:
		answers := t.in.Facts.Answers
		c.answer(&t.in.Facts.Answers)
		return func() { t.in.Facts.Answers = answers }
	}
	was := t.in.Facts.Members[c.member]
	t.in.Facts.Members[c.member] = c.to
	return func() { t.in.Facts.Members[c.member] = was }
}

const padan = "padan"

// place works out score and places as the family is now.
func (t *trial) place() (*int64, rank.Places) {
	score, ok := t.model.Score(&t.in.Facts, t.in.Area, t.in.Surveyed)
	switch {
	case !ok:
		return nil, rank.Places{}
	case !t.in.Active:
		return &score, rank.Places{}
	}
	return &score, t.rel.Table.Place(rank.Point{Score: score, ID: t.in.ID}, regency(t.in.Area))
}

// weigh works out where the change would put the family.
func (t *trial) weigh(c *candidate) {
	undo := t.apply(c)
	c.score, c.places = t.place()
	undo()
	if c.score != nil && t.score != nil {
		c.moves = max(*c.score-*t.score, *t.score-*c.score)
	}
}

// candidates lists all changes but waiting that may matter to a programme that is open, the nearest of a kind first.
func (f *search) candidates() []candidate {
	var out []candidate
	for _, c := range f.changes() {
		f.trial.weigh(&c)
		if slices.ContainsFunc(f.open, func(w wanted) bool { return f.concerns(&c, &w) }) {
			out = append(out, c)
		}
	}
	slices.SortStableFunc(out, func(a, b candidate) int { return cmp.Compare(a.moves, b.moves) })
	return out
}

// concerns reports whether the change may make a difference to the programme: it reads the fact, or the place that the
// change gives.
func (f *search) concerns(c *candidate, w *wanted) bool {
	if w.Set == nil {
		return false
	}
	if len(c.facts) == 0 || slices.ContainsFunc(c.facts, func(name string) bool { return w.reads[name] }) {
		return true
	}
	was := &f.trial.places
	return w.reads["decile"] && c.places.Decile[rank.National] != was.Decile[rank.National] ||
		w.reads["decile_province"] && c.places.Decile[rank.Province] != was.Decile[rank.Province] ||
		w.reads["decile_regency"] && c.places.Decile[rank.Regency] != was.Decile[rank.Regency]
}

// try decides with the change those open programmes that it concerns.
func (f *search) try(c *candidate) {
	ev := f.evaluator(c)
	if ev == nil {
		return
	}
	undo := f.trial.apply(c)
	f.trial.facts.Places = c.places
	f.take(c, ev.Evaluate(&f.trial.facts))
	undo()
	f.trial.facts.Places = f.trial.places
}

// evaluator decides what the change concerns: one programme alone where it is one, which is quicker; nil where it is none.
func (f *search) evaluator(c *candidate) *rules.Evaluator {
	only := ""
	for i := range f.open {
		switch {
		case !f.concerns(c, &f.open[i]):
		case only != "":
			return f.all
		default:
			only = f.open[i].Code
		}
	}
	if only == "" {
		return nil
	}
	if f.alone[only] == nil {
		ev, err := f.sets.Evaluator([]string{only})
		if err != nil { // it is on the sheet, so it is loaded
			return f.all
		}
		f.alone[only] = ev
	}
	return f.alone[only]
}

// waited is how far ahead waiting looks, on days as yyyymmdd: two years.
const waited = 2_00_00

// wait lets the days come on which something changes by itself.
func (f *search) wait() {
	last := f.sheet.Day + waited
	for day := f.sheet.RecheckOn; day != 0 && day <= last && len(f.open) > 0; {
		c := candidate{kind: Waiting, facts: []string{"day"}, item: -1, member: -1, day: day, score: f.trial.score, places: f.trial.places}
		undo := f.trial.apply(&c)
		results := f.all.Evaluate(&f.trial.facts)
		f.take(&c, results)
		undo()
		next := int32(0)
		for i := range results {
			next = earlier(next, results[i].RecheckOn)
		}
		if next <= day {
			return
		}
		day = next
	}
}

// take notes which open programmes the change turns.
func (f *search) take(c *candidate, results []rules.Result) {
	f.open = slices.DeleteFunc(f.open, func(w wanted) bool {
		at := slices.IndexFunc(results, func(r rules.Result) bool { return r.Programme == w.Code })
		if at < 0 || (results[at].Outcome == event.Entitled) == (w.Outcome == event.Entitled) {
			return false
		}
		f.found[w.Code] = f.say(c, &results[at])
		return true
	})
}

// reads names the facts that a programme reads, and those that the programmes it rests on read.
func reads(s *Sheet, p *Programme) map[string]bool {
	out := map[string]bool{}
	var add func(p *Programme)
	add = func(p *Programme) {
		if p.Set == nil {
			return
		}
		for _, name := range p.Set.Needs() {
			if out[name] {
				continue
			}
			out[name] = true
			if !strings.HasPrefix(name, metPrefix) && !strings.HasPrefix(name, entitledPrefix) {
				continue
			}
			for i := range s.Programmes {
				if reference(s.Programmes[i].Code) == name[strings.IndexByte(name, '.')+1:] {
					add(&s.Programmes[i])
				}
			}
		}
	}
	add(p)
	return out
}

// Prefixes of other programmes' outcomes in expressions.
const (
	metPrefix      = "met."
	entitledPrefix = "entitled."
)

// reference is a programme's code as expressions write it.
func reference(code string) string { return strings.ReplaceAll(code, "-", "_") }
