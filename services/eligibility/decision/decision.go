// Package decision joins score, place and rules into one family's decisions, and keeps with them all that they rest on.
//
// What comes out is a pure function of the family's facts and verdicts, one rank release, the day, and the files of
// models and rules: the same bytes on every machine, whenever it is worked out. That is what lets an auditor work out
// any stored decision again (Sheet.Encode) and compare it bit for bit.
package decision

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"dtks/services/eligibility/fact"
	"dtks/services/eligibility/pmt"
	"dtks/services/eligibility/rank"
	"dtks/services/eligibility/rules"
)

// Input is what a family's decisions rest on, beside release and files.
type Input struct {
	ID       uuid.UUID
	Version  int64 // of the family's event
	Active   bool
	Area     string // village
	Surveyed int32  // day of that event in the area, yyyymmdd: ages in a score are taken on it
	Facts    fact.Family
	Verdicts []Verdict // one a member, in their order
}

// Verdict is the civil registry's answer on a member's identity in force.
type Verdict struct {
	Version int64  // of the event; 0 = there is none
	Verdict string // padan, tidak_padan, perlu_ditinjau; "" = there is none
}

// digest identifies everything in the input.
func (in *Input) digest() (out [16]byte) {
	h := in.Facts.Encode()
	h = append(h, in.ID[:]...)
	h = append(h, in.Area...)
	h = binary.BigEndian.AppendUint64(h, uint64(in.Version))
	h = binary.BigEndian.AppendUint32(h, uint32(in.Surveyed))
	if in.Active {
		h = append(h, 1)
	}
	for _, v := range in.Verdicts {
		h = binary.BigEndian.AppendUint64(h, uint64(v.Version))
		h = append(append(h, v.Verdict...), 0)
	}
	sum := sha256.Sum256(h)
	copy(out[:], sum[:])
	return out
}

// Release is a ranking of the whole population and the model whose scores it divides.
type Release struct {
	No    int32 // as sheets name it
	ID    string
	Model string
	Table *rank.Table
}

// Engine decides. It may be used by several goroutines.
type Engine struct {
	Models     pmt.Models
	Sets       *rules.Sets
	Programmes []string // switched on

	names      *Names
	evaluators sync.Pool
}

// NewEngine checks that every programme has rules. names must know every model, rule set and programme.
func NewEngine(models pmt.Models, sets *rules.Sets, programmes []string, names *Names) (*Engine, error) {
	programmes = slices.Clone(programmes)
	slices.Sort(programmes)
	programmes = slices.Compact(programmes)
	first, err := sets.Evaluator(programmes)
	if err != nil {
		return nil, err
	}
	e := &Engine{Models: models, Sets: sets, Programmes: programmes, names: names}
	e.evaluators.New = func() any {
		ev, _ := sets.Evaluator(programmes) // has just gone well
		return ev
	}
	e.evaluators.Put(first)
	return e, nil
}

// Score is the family's score by a model; false when too few answers are there. It is an error when the model is not loaded.
func (e *Engine) Score(modelID string, in *Input) (int64, bool, error) {
	model, ok := e.Models[modelID]
	if !ok {
		return 0, false, fmt.Errorf("model %s is not loaded", modelID)
	}
	score, ok := model.Score(&in.Facts, in.Area, in.Surveyed)
	return score, ok, nil
}

// Decide works out every programme of a family on a day (yyyymmdd).
func (e *Engine) Decide(rel *Release, in *Input, day int32) (*Sheet, error) {
	model, ok := e.Models[rel.Model]
	if !ok {
		return nil, fmt.Errorf("model %s of release %s is not loaded", rel.Model, rel.ID)
	}
	s := &Sheet{Release: rel.No, Model: rel.Model, Version: in.Version, Inputs: in.digest(), Day: day}
	if score, ok := model.Score(&in.Facts, in.Area, in.Surveyed); ok {
		s.Score = &score
		contributions := model.Explain(&in.Facts, in.Area, in.Surveyed)
		s.Terms = make([]Term, len(contributions))
		for i, c := range contributions {
			s.Terms[i] = Term{c.Value, c.Missing}
		}
		if in.Active {
			s.Places = rel.Table.Place(rank.Point{Score: score, ID: in.ID}, regency(in.Area))
		}
	}
	facts := rules.Facts{Active: in.Active, Day: day, Area: in.Area, Places: s.Places, Family: &in.Facts, Verdicts: make([]string, len(in.Verdicts))}
	for i, v := range in.Verdicts {
		facts.Verdicts[i] = v.Verdict
	}
	ev := e.evaluators.Get().(*rules.Evaluator)
	results := ev.Evaluate(&facts)
	s.Programmes = make([]Programme, len(results))
	for i := range results {
		s.Programmes[i].take(&results[i], rel, in, s.Score)
		s.RecheckOn = earlier(s.RecheckOn, results[i].RecheckOn)
	}
	e.evaluators.Put(ev)
	return s, nil
}

// take copies a result, which the evaluator will write over.
func (p *Programme) take(r *rules.Result, rel *Release, in *Input, score *int64) {
	p.Code, p.Set, p.Outcome, p.Amount, p.RecheckOn = r.Programme, r.Set, r.Outcome, r.Amount, r.RecheckOn
	p.Answers, p.Paid = slices.Clone(r.Answers), slices.Clone(r.Paid)
	if len(r.Persons) > 0 {
		p.Persons = slices.Clone(r.Persons)
		for i := range p.Persons {
			if !p.Persons[i].Counted { // the evaluator leaves there what it had for somebody else
				p.Persons[i] = rules.PersonResult{Component: -1}
			}
			p.Persons[i].Answers = slices.Clone(p.Persons[i].Answers)
		}
	}
	if r.Set == nil || score == nil {
		return
	}
	if level, decile, ok := r.Set.Limit(); ok && decile < rank.Deciles {
		if area := rel.Table.Area(level.Code(regency(in.Area))); area != nil && len(area.Deciles) >= decile {
			distance := area.Deciles[decile-1].Score - *score
			p.Distance = &distance
		}
	}
}

func earlier(a, b int32) int32 {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

func regency(area string) string { return area[:5] }

// Indonesia's three time zones, without daylight saving.
var (
	wib  = time.FixedZone("WIB", 7*3600)
	wita = time.FixedZone("WITA", 8*3600)
	wit  = time.FixedZone("WIT", 9*3600)
)

// Provinces of the two eastern time zones.
var (
	ProvincesWITA = []string{"51", "52", "53", "63", "64", "65", "71", "72", "73", "74", "75", "76"}
	ProvincesWIT  = []string{"81", "82", "91", "92", "93", "94", "95", "96"}
)

// Zone is the time zone of an area, by its province.
func Zone(area string) *time.Location {
	switch {
	case slices.Contains(ProvincesWITA, area[:2]):
		return wita
	case slices.Contains(ProvincesWIT, area[:2]):
		return wit
	}
	return wib
}

// DayIn is the date, as yyyymmdd, of a moment in an area.
func DayIn(area string, at time.Time) int32 { return rules.Day(at.In(Zone(area))) }

// Date turns yyyymmdd into a date at midnight UTC.
func Date(day int32) time.Time {
	return time.Date(int(day/10000), time.Month(day/100%100), int(day%100), 0, 0, 0, 0, time.UTC)
}
