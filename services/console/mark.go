package main

import (
	"cmp"
	"slices"
	"time"

	"github.com/google/uuid"

	"dtks/pkg/event"
)

// Nouns under which aggregates are counted.
const (
	nounProposal    = "proposal"
	nounCase        = "case"
	nounMatch       = "match"
	nounFamily      = "family"
	nounPerson      = "person"
	nounEntitlement = "entitlement"
	nounDelivery    = "delivery"
)

// Stages whose duration is measured. Between the first and the last stand machines, but for the two officers.
const (
	stageOpened   = "case.opened"   // proposal entered -> case opened
	stageMatch    = "match"         // proposal or registrant -> verdict
	stageVerified = "case.verified" // case opened -> verifier's decision: a person's time
	stageApproved = "case.approved" // verified -> approver's decision: a person's time
	stageFamily   = "family"        // case or verdict decided -> state in force
	stageDecision = "entitlement"   // state in force -> programme decision
	stageDelivery = "delivery"      // event -> notification delivered
	stageWhole    = "whole"         // proposal entered -> programme decision that rests on it
)

// mark is what one event says to the read models: this aggregate is now in this state.
type mark struct {
	Noun, Filter, ID string
	Area             string // 32.04, or 00 for what concerns all of Indonesia
	State            string
	Version          int64
	At               time.Time
	Stage            string     // whose duration the event ends; "" = none
	Cause            *time.Time // when that stage began; nil = when the aggregate entered its previous state
	CauseID          string     // the event that led here
	Origin           *time.Time // family: when the proposal in force was made
}

// newMark fills what every event has alike.
func newMark(noun, filter, state string, e event.Envelope, at event.Subject) mark {
	return mark{
		Noun: noun, Filter: filter, ID: e.Subject, Area: areaOf(at.Area), State: state,
		Version: e.Version, At: e.Time, CauseID: e.Cause,
	}
}

// timed says that the event ends stage, which began when its cause was recorded. An event without a cause ends none.
func (m mark) timed(stage string, e event.Envelope) mark {
	if at, ok := timeOf(e.Cause); ok {
		m.Stage, m.Cause = stage, &at
	}
	return m
}

// waited says that the event ends stage, which began when the aggregate entered the state that it leaves now.
func (m mark) waited(stage string) mark {
	m.Stage = stage
	return m
}

func proposalMark(e event.Envelope, at event.Subject, d event.ProposalUpdated) (mark, bool) {
	return newMark(nounProposal, string(d.Kind), string(d.Status), e, at), true
}

func caseMark(e event.Envelope, at event.Subject, d event.CaseUpdated) (mark, bool) {
	m := newMark(nounCase, string(d.Kind), string(d.Status), e, at)
	switch d.Status {
	case event.CaseOpened:
		m = m.timed(stageOpened, e)
	case event.CaseVerified:
		m = m.waited(stageVerified)
	case event.CaseApproved:
		m = m.waited(stageApproved)
	}
	return m, true
}

// matchMark leaves out the closing version of a move, as registrantMark and entitlementMark do: the version that
// follows on the new subject takes the count along.
func matchMark(e event.Envelope, at event.Subject, d event.MatchDecided) (mark, bool) {
	m := newMark(nounMatch, "", string(d.Verdict), e, at)
	return m.timed(stageMatch, e), d.State != event.Moved
}

func registrantMark(e event.Envelope, at event.Subject, d event.RegistrantUpdated) (mark, bool) {
	m := newMark(nounPerson, "", string(d.State), e, at)
	if at.Filter == event.Family {
		m.Noun = nounFamily
		m = m.timed(stageFamily, e)
		if made, ok := timeOf(d.ProposalID); ok {
			m.Origin = &made
		}
	}
	return m, d.State != event.Moved
}

func entitlementMark(e event.Envelope, at event.Subject, d event.EntitlementChanged) (mark, bool) {
	m := newMark(nounEntitlement, d.Programme, string(d.Outcome), e, at)
	return m.timed(stageDecision, e), d.State != event.Moved
}

func deliveryMark(e event.Envelope, at event.Subject, d event.DeliveryUpdated) (mark, bool) {
	m := newMark(nounDelivery, d.Channel, d.State, e, at)
	if told, ok := timeOf(d.EventID); ok {
		m.Stage, m.Cause = stageDelivery, &told
	}
	return m, true
}

// areaOf spells an area of the read models.
func areaOf(a event.Area) string {
	switch {
	case a == event.National:
		return "00"
	case a.Regency == "00":
		return a.Province
	default:
		return a.String()
	}
}

// timeOf reads the millisecond in which a UUIDv7 was made. Ids of events carry it, so the time of a cause is known
// without having seen the cause.
func timeOf(id string) (time.Time, bool) {
	u, err := uuid.Parse(id)
	if err != nil || u.Version() != 7 {
		return time.Time{}, false
	}
	ms := int64(u[0])<<40 | int64(u[1])<<32 | int64(u[2])<<24 | int64(u[3])<<16 | int64(u[4])<<8 | int64(u[5])
	return time.UnixMilli(ms).UTC(), true
}

// sortMarks puts marks in key order, so that two transactions lock rows in the same order.
func sortMarks(marks []mark) {
	slices.SortFunc(marks, func(a, b mark) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Noun, b.Noun), cmp.Compare(a.Filter, b.Filter))
	})
}
