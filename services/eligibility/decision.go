package main

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"dtks/pkg/event"
	"dtks/services/eligibility/pmt"
	"dtks/services/eligibility/rank"
	"dtks/services/eligibility/rules"
)

// release is a set of cut-offs with the model whose scores they divide.
type release struct {
	ID         string
	Model      string
	Cutoffs    rank.Cutoffs
	ReleasedAt time.Time
	EventID    string // rank.released; "" for the cut-offs a model starts with
}

// decision is the answer for one family and programme, with all that it rests on.
type decision struct {
	FamilyID   uuid.UUID
	Programme  string
	Outcome    event.Outcome
	Reasons    []string
	Clauses    string
	Components []string
	Amount     int64 // rupiah a year
	Decile     int   // 0 = none
	Score      *int64
	Cutoff     *int64 // upper bound of the decile; nil in the tenth and without a score

	Release, Model, RuleSet string
	FamilyVersion           int64
	Verdict                 identity  // the head's identity in force
	VerdictVersion          int64     // of the verdict it rests on, 0 = none
	DecidedOn               time.Time // a date
}

// engine decides. It is a pure function of its inputs, the release, and the files it was made with.
type engine struct {
	models     pmt.Models
	sets       *rules.Sets
	programmes []string // switched on, in order of code
	evaluators sync.Pool
}

func newEngine(models pmt.Models, sets *rules.Sets, programmes []string) (*engine, error) {
	programmes = slices.Clone(programmes)
	slices.Sort(programmes)
	programmes = slices.Compact(programmes)
	if err := sets.Ready(); err != nil {
		return nil, err
	}
	first, err := sets.Evaluator(programmes)
	if err != nil {
		return nil, err
	}
	e := &engine{models: models, sets: sets, programmes: programmes}
	e.evaluators.New = func() any {
		again, _ := sets.Evaluator(programmes) // which has worked before
		return again
	}
	e.evaluators.Put(first)
	return e, nil
}

// score sets the family's score by the release's model.
func (e *engine) score(rel *release, f *family) error {
	if f.Model == rel.Model {
		return nil
	}
	model, ok := e.models[rel.Model]
	if !ok {
		return fmt.Errorf("model %s of release %s is not loaded", rel.Model, rel.ID)
	}
	f.Model, f.Score = rel.Model, nil
	if s, ok := model.Score(&f.Facts, f.Area, f.day()); ok {
		f.Score = &s
	}
	return nil
}

// decide answers every programme for a scored family. v is the verdict on the head's identity in force, nil when there
// is none: a verdict on another identity version is no verdict (invariant I8).
//
// The rules are evaluated for the day of the newest input, in the family's time zone: so a decision is the same
// whenever, and however often, it is worked out.
func (e *engine) decide(rel *release, f *family, v *verdict) []decision {
	newest := f.RecordedAt
	if rel.ReleasedAt.After(newest) {
		newest = rel.ReleasedAt
	}
	facts := rules.Facts{Active: f.Active, Area: f.Area, Family: &f.Facts, Verdicts: make([]string, len(f.Facts.Members))}
	base := decision{FamilyID: f.ID, Score: f.Score, Release: rel.ID, Model: rel.Model, FamilyVersion: f.Version,
		Verdict: identity{f.Head, f.HeadIdentity}}
	if v != nil && v.Version > 0 && v.Person == f.Head && v.Identity == f.HeadIdentity {
		base.VerdictVersion = v.Version
		if head := f.Facts.HeadIndex(); head >= 0 {
			facts.Verdicts[head] = v.Verdict
		}
		if v.RecordedAt.After(newest) {
			newest = v.RecordedAt
		}
	}
	if f.Score != nil {
		base.Decile = rel.Cutoffs.Decile(*f.Score)
		if base.Decile < rank.Deciles {
			base.Cutoff = &rel.Cutoffs[base.Decile-1]
		}
	}
	y, m, d := newest.In(zone(f.Area)).Date()
	base.DecidedOn = time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	facts.Places.Decile[rank.National], facts.Day = uint8(base.Decile), rules.Day(base.DecidedOn)
	evaluator := e.evaluators.Get().(*rules.Evaluator)
	defer e.evaluators.Put(evaluator)
	out := make([]decision, 0, len(e.programmes))
	results := evaluator.Evaluate(&facts)
	for i := range results {
		if slices.Contains(e.programmes, results[i].Programme) {
			out = append(out, base)
			out[len(out)-1].apply(&results[i])
		}
	}
	slices.SortFunc(out, func(a, b decision) int { return strings.Compare(a.Programme, b.Programme) })
	return out
}

// reasonNoRules is the reason where no rule set was in force on the day.
const reasonNoRules = "no_rule_set"

func (d *decision) apply(r *rules.Result) {
	d.Programme, d.Outcome, d.Amount = r.Programme, r.Outcome, r.Amount
	if r.Set == nil {
		d.Reasons = []string{reasonNoRules}
		return
	}
	d.RuleSet, d.Reasons = r.Set.ID, r.Reasons()
	for _, a := range r.Answers {
		d.Clauses += string(rune(a))
	}
	for _, p := range r.Paid {
		d.Components = append(d.Components, r.Set.Components[p.Component].Code)
	}
}

// digest identifies the decision with everything it rests on.
func (d *decision) digest() []byte {
	h := make([]byte, 0, 512)
	h = append(h, d.FamilyID[:]...)
	for _, s := range []string{d.Programme, string(d.Outcome), strings.Join(d.Reasons, " "), d.Clauses,
		strings.Join(d.Components, " "), d.Release, d.Model, d.RuleSet, d.DecidedOn.Format(time.DateOnly)} {
		h = append(append(h, s...), 0)
	}
	h = append(h, d.Verdict.Person[:]...)
	for _, n := range []int64{d.Amount, int64(d.Decile), d.FamilyVersion, d.Verdict.Version, d.VerdictVersion} {
		h = binary.BigEndian.AppendUint64(h, uint64(n))
	}
	for _, n := range []*int64{d.Score, d.Cutoff} {
		if n == nil {
			h = append(h, 0)
			continue
		}
		h = binary.BigEndian.AppendUint64(append(h, 1), uint64(*n))
	}
	sum := sha256.Sum256(h)
	return sum[:]
}

// basis identifies what subscribers are told: outcome, amount, why, and where.
func (d *decision) basis(area string) []byte {
	h := make([]byte, 0, 256)
	for _, s := range []string{d.Programme, string(d.Outcome), strings.Join(d.Reasons, " "), strings.Join(d.Components, " "), area} {
		h = append(append(h, s...), 0)
	}
	h = binary.BigEndian.AppendUint64(h, uint64(d.Amount))
	h = append(h, byte(d.Decile))
	sum := sha256.Sum256(h)
	return sum[:16]
}

// kept is what the store holds of a decision made before.
type kept struct {
	Digest        []byte
	Published     []byte // nil = never
	PublishedArea string
}

// publication says what must be published so that subscribers know a decision.
type publication int

const (
	silent  publication = iota // they know, or it is a first decision that says nothing yet
	changed                    // the decision
	moved                      // close the old area's subject, then the decision
)

// publication compares a decision with what was published of it.
func (d *decision) publication(old kept, area string) publication {
	switch {
	case old.Published == nil && d.Outcome == event.Undetermined:
		return silent
	case old.Published == nil:
		return changed
	case slices.Equal(old.Published, d.basis(area)):
		return silent
	case event.AreaOf(old.PublishedArea) != event.AreaOf(area):
		return moved
	}
	return changed
}
