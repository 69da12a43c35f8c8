package main

import (
	"time"

	"dtks/pkg/event"
	"dtks/pkg/fault"
)

// ProposalInput is what somebody proposes about one family.
//
// usulan enters the whole family under (source, source_id). The same (source, source_id) again, as when a corrected
// file is imported anew, becomes a new version of the open proposal or, once the family is in force, a perbaikan (a
// pindah where the area differs); the same content again changes nothing. perbaikan, nonaktif and pindah name the
// family by family_id and the version they were made against.
type ProposalInput struct {
	Kind        event.ProposalKind `json:"kind" enum:"usulan,perbaikan,nonaktif,pindah"`
	Source      string             `json:"source,omitempty" doc:"who enters it, such as a system's name; with usulan"`
	SourceID    string             `json:"source_id,omitempty" doc:"that source's own id of the family; with usulan"`
	FamilyID    string             `json:"family_id,omitempty" doc:"with perbaikan, nonaktif and pindah"`
	BaseVersion int64              `json:"base_version,omitempty" doc:"version of the family this was made against"`
	Area        string             `json:"area,omitempty" doc:"village, Kemendagri code 32.04.10.2001"`
	ToArea      string             `json:"to_area,omitempty" doc:"village moved to; with pindah"`
	ReasonCode  string             `json:"reason_code,omitempty" doc:"why; with nonaktif"`
	KK          string             `json:"kk,omitempty" doc:"family card number, 16 digits; empty in perbaikan keeps it"`
	Address     string             `json:"address,omitempty" doc:"empty in perbaikan keeps it"`
	Survey      *Survey            `json:"survey,omitempty" doc:"left out in perbaikan keeps it"`
	Members     []Member           `json:"members,omitempty" doc:"all members; left out in perbaikan keeps them"`
}

// Survey is a set of coded answers and the instrument whose codes they are.
type Survey struct {
	Instrument string         `json:"instrument" doc:"REGSOSEK2022.K"`
	Answers    map[string]int `json:"answers"`
}

// Member is a person as proposed. Codes are the instrument's.
type Member struct {
	MemberID   string `json:"member_id,omitempty" doc:"the source's own id of the person within the family"`
	PersonID   string `json:"person_id,omitempty" doc:"in perbaikan, instead of member_id"`
	NIK        string `json:"nik,omitempty" doc:"as written; malformed or missing is stored and opens repair"`
	Name       string `json:"name,omitempty"`
	BirthPlace string `json:"birth_place,omitempty"`
	BirthDate  string `json:"birth_date,omitempty" doc:"1987-03-10"`
	Sex        string `json:"sex,omitempty" doc:"L or P"`
	Mother     string `json:"mother,omitempty" doc:"mother's maiden name"`
	Coded
}

// Coded is what the survey says of one person, in codes of the instrument. Its fields are those of regsosek.Member, so
// that none is stored unchecked.
type Coded struct {
	Relation    int            `json:"relation,omitempty" doc:"1 head, 2 spouse, 3 child ... 8 other"`
	Marital     int            `json:"marital,omitempty"`
	School      int            `json:"school,omitempty" doc:"1 never, 2 attends, 3 no longer"`
	SchoolLevel int            `json:"school_level,omitempty"`
	Work        int            `json:"work,omitempty" doc:"1..8, 0 does not work"`
	Presence    int            `json:"presence,omitempty" doc:"1 lives here, 2 died, 3 and 4 moved away, 5 new, 6 not found"`
	Orphan      int            `json:"orphan,omitempty" doc:"1 both parents alive, 2 father dead, 3 mother dead, 4 both dead"`
	Cover       *int           `json:"health_cover,omitempty" doc:"sum of 1 PBI, 2 own premium, 4 employer, 8 other; 0 none"`
	Pregnant    bool           `json:"pregnant,omitempty"`
	Disability  map[string]int `json:"disability,omitempty" doc:"function: 1 cannot .. 4 no difficulty"`
	Chronic     []int          `json:"chronic,omitempty"`
	PPKS        []int          `json:"ppks,omitempty" doc:"1..26"`
}

// ProposalAnswer says what became of a proposal that was taken in.
type ProposalAnswer struct {
	ProposalID string               `json:"proposal_id"`
	FamilyID   string               `json:"family_id"`
	Kind       event.ProposalKind   `json:"kind"`
	Status     event.ProposalStatus `json:"status"`
	Version    int64                `json:"version" doc:"of the proposal"`
	Persons    []PersonRef          `json:"persons,omitempty"`
	Warnings   []fault.Detail       `json:"warnings,omitempty" doc:"findings that were stored all the same"`
}

// PersonRef ties the source's member to the person of the registry.
type PersonRef struct {
	MemberID string `json:"member_id"`
	PersonID string `json:"person_id"`
}

// content is the whole state that a proposal would bring, as it is stored and compared.
type content struct {
	Area       string   `json:"area"`
	ToArea     string   `json:"to_area,omitempty"`
	ReasonCode string   `json:"reason_code,omitempty"`
	KK         string   `json:"kk,omitempty"`
	Address    string   `json:"address,omitempty"`
	Survey     Survey   `json:"survey"`
	Members    []Member `json:"members"` // person ids stand in the proposal's people, not here
}

// proposalPerson is what a proposal fixes about one person. The first ones stand in the order of content.Members; gone
// ones are persons of earlier proposals, kept so that no identity version is ever handed out twice.
type proposalPerson struct {
	ID       string   `json:"id"`
	MemberID string   `json:"member,omitempty"`
	Identity int64    `json:"iv"`            // identity version it would bring
	Highest  int64    `json:"max,omitempty"` // highest ever handed out; 0 = Identity
	Match    bool     `json:"match,omitempty"`
	Gone     bool     `json:"gone,omitempty"`
	Warnings []string `json:"warn,omitempty"`
}

func (p proposalPerson) highest() int64 { return max(p.Identity, p.Highest) }

// proposal is a stored proposal.
type proposal struct {
	ID          string
	FamilyID    string
	Version     int64
	Kind        event.ProposalKind
	Status      event.ProposalStatus
	BySource    bool
	BaseVersion int64
	Proposer    string
	ProposedAt  time.Time
	ReasonCode  string // of a return or refusal; the proposer's own reason stands in content
	Source      string
	SourceID    string
	Content     content
	People      []proposalPerson
	CaseID      string
	Verifier    string
	Approver    string
	DecidedAt   *time.Time

	encoded []byte // Content as it is stored, where that is known already
}

// waiting reports whether the family is bound by this proposal: it is to be decided, or was sent back to its proposer.
func (p *proposal) waiting() bool {
	return p.Status == event.ProposalOpen || p.Status == event.ProposalReturned
}

// close ends the proposal or sends it back; its next event carries no values any more.
func (p *proposal) close(status event.ProposalStatus, reason string) {
	p.Version++
	p.Status, p.ReasonCode = status, reason
}

// members are the persons in the order of content.Members, without those gone.
func (p *proposal) members() []proposalPerson { return p.People[:len(p.Content.Members)] }

func (p *proposal) answer(warnings []fault.Detail) ProposalAnswer {
	refs := make([]PersonRef, len(p.Content.Members))
	for i, person := range p.members() {
		refs[i] = PersonRef{MemberID: person.MemberID, PersonID: person.ID}
	}
	return ProposalAnswer{ProposalID: p.ID, FamilyID: p.FamilyID, Kind: p.Kind, Status: p.Status, Version: p.Version,
		Persons: refs, Warnings: warnings}
}

// identity is the identity class of the proposal's event.
func (p *proposal) identity() event.ProposalIdentity {
	members := make([]event.PersonIdentity, len(p.Content.Members))
	for i, person := range p.members() {
		members[i] = p.Content.Members[i].identity(person.ID, p.Content.KK)
	}
	return event.ProposalIdentity{KK: p.Content.KK, Address: p.Content.Address, Members: members}
}

// updated is the proposal's event. Closed proposals carry no values any more.
func (p *proposal) updated(warnings []string) event.ProposalUpdated {
	u := event.ProposalUpdated{
		FamilyID: p.FamilyID, Kind: p.Kind, Status: p.Status, Area: p.Content.Area, ToArea: p.Content.ToArea,
		Proposer: p.Proposer, ProposedAt: p.ProposedAt, ReasonCode: p.Content.ReasonCode, BaseVersion: p.BaseVersion,
		Warnings: warnings,
	}
	if p.ReasonCode != "" {
		u.ReasonCode = p.ReasonCode
	}
	u.Persons = make([]event.ProposedPerson, len(p.Content.Members))
	for i, person := range p.members() {
		u.Persons[i] = event.ProposedPerson{PersonID: person.ID, IdentityVersion: person.Identity, Match: person.Match,
			Warnings: person.Warnings}
	}
	return u
}

// sealed are the personal parts of the proposal's event while it is open. Every class is there even when it is empty:
// that a family has something sensitive must not be told by the presence of a box.
func (p *proposal) sealed() map[event.Class]any {
	if p.Status != event.ProposalOpen {
		return nil
	}
	survey := event.FamilySurvey{Instrument: p.Content.Survey.Instrument, Answers: p.Content.Survey.Answers,
		Members: make([]event.MemberSurvey, len(p.Content.Members))}
	var sensitive event.FamilySensitive
	for i, person := range p.members() {
		m := &p.Content.Members[i]
		survey.Members[i] = m.Coded.survey(person.ID, m.Sex, m.BirthDate)
		if s, some := m.Coded.sensitive(person.ID); some {
			sensitive.Members = append(sensitive.Members, s)
		}
	}
	return map[event.Class]any{event.Identity: p.identity(), event.Survey: survey, event.Sensitive: sensitive}
}

func (m *Member) identity(personID, kk string) event.PersonIdentity {
	return event.PersonIdentity{PersonID: personID, NIK: m.NIK, KK: kk, Name: m.Name, BirthPlace: m.BirthPlace,
		BirthDate: m.BirthDate, Sex: m.Sex, Mother: m.Mother}
}

func (c *Coded) survey(personID, sex, birthDate string) event.MemberSurvey {
	return event.MemberSurvey{PersonID: personID, Relation: c.Relation, Sex: sex, BirthDate: birthDate,
		Marital: c.Marital, School: c.School, SchoolLevel: c.SchoolLevel, Work: c.Work, Presence: c.Presence,
		Orphan: c.Orphan, Cover: c.Cover}
}

func (c *Coded) sensitive(personID string) (event.MemberSensitive, bool) {
	if !c.Pregnant && len(c.Disability) == 0 && len(c.Chronic) == 0 && len(c.PPKS) == 0 {
		return event.MemberSensitive{}, false
	}
	return event.MemberSensitive{PersonID: personID, Pregnant: c.Pregnant, Disability: c.Disability,
		Chronic: c.Chronic, PPKS: c.PPKS}, true
}
