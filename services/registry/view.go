package main

import (
	"time"

	"dtks/pkg/event"
)

// shown is how much of a record a caller sees beyond ids, states, areas and findings.
type shown struct {
	identity  bool // who the people are and what the survey says of them
	sensitive bool // also health, pregnancy and PPKS types
}

// FamilyView is a family in force as people read it.
type FamilyView struct {
	FamilyID   string                `json:"family_id"`
	Version    int64                 `json:"version"`
	State      event.RegistrantState `json:"state"`
	Area       string                `json:"area"`
	AreaName   string                `json:"area_name"`
	KK         string                `json:"kk,omitempty"`
	Address    string                `json:"address,omitempty"`
	Source     string                `json:"source,omitempty"`
	SourceID   string                `json:"source_id,omitempty"`
	Survey     *Survey               `json:"survey,omitempty"`
	Members    []PersonView          `json:"members"`
	Proposal   *ProposalRef          `json:"proposal,omitempty" doc:"what it rests on"`
	Waiting    *ProposalRef          `json:"waiting,omitempty" doc:"the proposal that waits to be decided"`
	ReasonCode string                `json:"reason_code,omitempty"`
	UpdatedAt  time.Time             `json:"updated_at"`
}

// PersonView is a person in force.
type PersonView struct {
	PersonID        string                `json:"person_id"`
	FamilyID        string                `json:"family_id"`
	MemberID        string                `json:"member_id,omitempty"`
	Version         int64                 `json:"version"`
	IdentityVersion int64                 `json:"identity_version"`
	State           event.RegistrantState `json:"state"`
	NIK             string                `json:"nik,omitempty"`
	KK              string                `json:"kk,omitempty"`
	Name            string                `json:"name,omitempty"`
	BirthPlace      string                `json:"birth_place,omitempty"`
	BirthDate       string                `json:"birth_date,omitempty"`
	Sex             string                `json:"sex,omitempty"`
	Mother          string                `json:"mother,omitempty"`
	Coded
	Verdict *event.VerdictState `json:"verdict,omitempty"`
}

// ProposalRef says who proposed and decided, when and why.
type ProposalRef struct {
	ProposalID string               `json:"proposal_id"`
	Version    int64                `json:"version"`
	Kind       event.ProposalKind   `json:"kind"`
	Status     event.ProposalStatus `json:"status"`
	Proposer   string               `json:"proposer"`
	ProposedAt time.Time            `json:"proposed_at"`
	CaseID     string               `json:"case_id,omitempty"`
	Verifier   string               `json:"verifier,omitempty"`
	Approver   string               `json:"approver,omitempty"`
	DecidedAt  *time.Time           `json:"decided_at,omitempty"`
	ReasonCode string               `json:"reason_code,omitempty"`
}

// ProposalView is a proposal with the state it would bring.
type ProposalView struct {
	ProposalRef
	FamilyID    string               `json:"family_id"`
	BaseVersion int64                `json:"base_version"`
	Area        string               `json:"area"`
	ToArea      string               `json:"to_area,omitempty"`
	KK          string               `json:"kk,omitempty"`
	Address     string               `json:"address,omitempty"`
	Survey      *Survey              `json:"survey,omitempty"`
	Members     []ProposedMemberView `json:"members"`
}

// ProposedMemberView is a member of a proposal.
type ProposedMemberView struct {
	Member
	IdentityVersion int64    `json:"identity_version"`
	Match           bool     `json:"match" doc:"the civil registry is asked: a matched field is new"`
	Warnings        []string `json:"warnings,omitempty"`
}

func (p *proposal) ref() *ProposalRef {
	reason := p.ReasonCode
	if reason == "" {
		reason = p.Content.ReasonCode
	}
	return &ProposalRef{ProposalID: p.ID, Version: p.Version, Kind: p.Kind, Status: p.Status, Proposer: p.Proposer,
		ProposedAt: p.ProposedAt, CaseID: p.CaseID, Verifier: p.Verifier, Approver: p.Approver, DecidedAt: p.DecidedAt,
		ReasonCode: reason}
}

func (p *proposal) view(see shown) ProposalView {
	v := ProposalView{ProposalRef: *p.ref(), FamilyID: p.FamilyID, BaseVersion: p.BaseVersion, Area: p.Content.Area,
		ToArea: p.Content.ToArea, Members: make([]ProposedMemberView, len(p.Content.Members))}
	if see.identity {
		v.KK, v.Address, v.Survey = p.Content.KK, p.Content.Address, &p.Content.Survey
	}
	for i, person := range p.members() {
		var m Member
		if see.identity {
			m = p.Content.Members[i]
		}
		m.PersonID = person.ID
		if !see.sensitive {
			m.Coded = m.Coded.plain()
		}
		v.Members[i] = ProposedMemberView{Member: m, IdentityVersion: person.Identity, Match: person.Match, Warnings: person.Warnings}
	}
	return v
}

func (p *person) view(see shown) PersonView {
	v := PersonView{PersonID: p.ID, FamilyID: p.FamilyID, Version: p.Version, IdentityVersion: p.Identity, State: p.State,
		Verdict: p.Verdict}
	if see.identity {
		v.MemberID, v.NIK, v.KK, v.Name, v.BirthPlace = p.MemberID, p.NIK, p.KK, p.Name, p.BirthPlace
		v.BirthDate, v.Sex, v.Mother, v.Coded = p.BirthDate, p.Sex, p.Mother, p.Coded
	}
	if !see.sensitive {
		v.Coded = v.Coded.plain()
	}
	return v
}

// plain leaves out what is sensitive.
func (c Coded) plain() Coded {
	c.Pregnant, c.Disability, c.Chronic, c.PPKS = false, nil, nil, nil
	return c
}

func (f *family) view(see shown) FamilyView {
	v := FamilyView{FamilyID: f.ID, Version: f.Version, State: f.State, Area: f.Area, ReasonCode: f.ReasonCode,
		UpdatedAt: f.UpdatedAt, Members: []PersonView{}}
	if see.identity {
		v.KK, v.Address, v.Source, v.SourceID, v.Survey = f.KK, f.Address, f.Source, f.SourceID, &f.Survey
	}
	for _, p := range f.members() {
		v.Members = append(v.Members, p.view(see))
	}
	return v
}
