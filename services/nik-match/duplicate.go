package main

import (
	"bytes"
	"reflect"
	"time"

	"github.com/google/uuid"

	"dtks/pkg/event"
)

// residence is where a person of a pair is, and which identity version of theirs was compared.
type residence struct {
	Person   uuid.UUID
	Family   uuid.UUID
	Area     string // village
	Identity int64
}

// pair is two persons who look like one.
type pair struct {
	First, Second residence // in order of person id
	Outcome       event.Verdict
	Evidence      event.DuplicateEvidence
	Model         string
	FoundAt       time.Time
	Cause         event.Cause // of the change that was compared; not kept
}

// couple names two persons in order of id.
type couple [2]uuid.UUID

func coupleOf(a, b uuid.UUID) couple {
	if bytes.Compare(a[:], b[:]) > 0 {
		a, b = b, a
	}
	return couple{a, b}
}

func (p *pair) couple() couple { return couple{p.First.Person, p.Second.Person} }

func (p *pair) id() uuid.UUID { return event.PairID(p.First.Person, p.Second.Person) }

// at is the area under which a side of the pair is published; ok is false where that side has no subject.
func (p *pair) at(side string) (area event.Area, ok bool) {
	if p == nil {
		return event.Area{}, false
	}
	first, second := event.AreaOf(p.First.Area), event.AreaOf(p.Second.Area)
	if side == event.First {
		return first, true
	}
	return second, first != second
}

// same reports whether two states of a pair say the same.
func (p *pair) same(q *pair) bool {
	return p.First == q.First && p.Second == q.Second && p.Outcome == q.Outcome && p.Model == q.Model &&
		reflect.DeepEqual(p.Evidence, q.Evidence)
}

// notice is one event about a pair, before it is drafted.
type notice struct {
	Side  string
	Area  event.Area
	State event.DuplicateState
	Pair  *pair
}

// notices lists what must be published so that whoever follows the streams knows the state now instead of the one
// before; nil stands for no pair. A pure function of the two.
func notices(before, now *pair) []notice {
	if before != nil && now != nil && before.same(now) {
		return nil
	}
	var out []notice
	for _, side := range []string{event.First, event.Second} {
		from, was := before.at(side)
		to, is := now.at(side)
		switch {
		case was && now == nil:
			out = append(out, notice{side, from, event.DuplicateCleared, before})
		case was && (!is || from != to):
			out = append(out, notice{side, from, event.DuplicateMoved, before})
			if is {
				out = append(out, notice{side, to, event.DuplicateChanged, now})
			}
		case was:
			out = append(out, notice{side, to, event.DuplicateChanged, now})
		case is:
			out = append(out, notice{side, to, event.DuplicateNew, now})
		}
	}
	return out
}

// data is the open part of a notice's event.
func (n notice) data() event.DuplicateFound {
	out := event.DuplicateFound{State: n.State}
	if n.State == event.DuplicateMoved {
		return out
	}
	for _, r := range []residence{n.Pair.First, n.Pair.Second} {
		out.Persons = append(out.Persons, event.DuplicatePerson{PersonID: r.Person.String(), FamilyID: r.Family.String(), Area: r.Area, IdentityVersion: r.Identity})
	}
	out.FoundAt = n.Pair.FoundAt
	if n.State != event.DuplicateCleared {
		out.Outcome, out.Model = n.Pair.Outcome, n.Pair.Model
	}
	return out
}

// sealed is its identity class, nil where there is none.
func (n notice) sealed() map[event.Class]any {
	if n.State == event.DuplicateMoved || n.State == event.DuplicateCleared {
		return nil
	}
	return map[event.Class]any{event.Identity: n.Pair.Evidence}
}
