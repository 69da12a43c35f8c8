package main

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"time"

	"dtks/pkg/event"
	"dtks/pkg/fault"
)

// standing is what the registry holds of the family that an input is about.
type standing struct {
	source sourceRow
	seen   bool      // the family has been proposed before
	last   *proposal // newest proposal of the family
	family *family   // nil = not in force
}

type sourceRow struct {
	Source, SourceID     string
	FamilyID, ProposalID string
	Digest               []byte
}

// entry is an input on its way to being stored.
type entry struct {
	in       *ProposalInput
	findings findings
	standing standing
	proposal *proposal // what is written; where unchanged, what is there
	isNew    bool      // the proposal is new, else a new version
	same     bool      // nothing changes
	replaced *proposal // open proposal that this one takes the place of
	digest   []byte    // new digest of the source; nil = not entered under its source
}

// author is who enters a proposal, when, and on which condition.
type author struct {
	person  string
	at      time.Time
	ifMatch int64 // version the open proposal must have; 0 = no condition
	newID   func() string
}

var (
	errFamilyAbsent = fault.New(fault.NotFound, "family_not_found",
		"Keluarga ini tidak ada dalam data atau di luar wilayah Anda.", "There is no such family, or it lies outside your area.")
	errOutdated = fault.New(fault.Conflict, "base_version_outdated",
		"Data keluarga sudah berubah; baca ulang lalu usulkan lagi.", "The family has changed meanwhile; read it again, then propose again.")
	errOpen = fault.New(fault.Conflict, "proposal_open",
		"Keluarga ini masih memiliki usulan yang menunggu keputusan.", "Another proposal of this family still waits to be decided.")
	errInactive = fault.New(fault.Conflict, "family_inactive",
		"Keluarga ini nonaktif; hanya perbaikan yang dapat mengaktifkannya kembali.", "This family is inactive; only a perbaikan brings it back.")
	errMatch = fault.New(fault.Precondition, "version_differs",
		"Versi usulan tidak sama dengan If-Match.", "The proposal's version is not the one in If-Match.")
)

// decide says what a readable input does to the family's standing, and fills e.proposal. It writes nothing.
func (e *entry) decide(by author) error {
	in, st := e.in, &e.standing
	if by.ifMatch != 0 && (st.last == nil || !st.last.waiting() || st.last.Version != by.ifMatch) {
		return errMatch
	}
	if in.Kind == event.Usulan {
		return e.decideUsulan(by)
	}
	return e.decideChange(by)
}

// decideUsulan takes what comes in under (source, source_id).
func (e *entry) decideUsulan(by author) error {
	in, st := e.in, &e.standing
	c := content{Area: in.Area, KK: in.KK, Address: in.Address, Members: in.Members}
	if in.Survey != nil {
		c.Survey = *in.Survey
	}
	encoded, digest, err := c.digest()
	if err != nil {
		return err
	}
	e.digest = digest
	if !st.seen {
		e.fresh(by, event.Usulan, by.newID(), c)
		e.proposal.encoded = encoded
		return nil
	}
	if bytes.Equal(st.source.Digest, digest) {
		e.proposal, e.same = st.last, true
		return nil
	}
	kind := event.Usulan
	if st.family != nil {
		if kind = event.Perbaikan; c.Area != st.family.Area {
			kind, c.Area, c.ToArea = event.Pindah, st.family.Area, c.Area
		}
	}
	switch {
	case !st.last.waiting():
		return e.freshUnlessInForce(by, kind, st.source.FamilyID, c)
	case !st.last.BySource:
		return errOpen
	case event.AreaOf(st.last.Content.Area) != event.AreaOf(c.Area):
		// Its subject names the regency: the old one is closed, so that subscribers of the old regency learn of it.
		e.replaced = st.last
		e.fresh(by, kind, st.source.FamilyID, c)
	default:
		e.revise(by, kind, c)
	}
	return nil
}

// decideChange takes perbaikan, nonaktif and pindah of a family in force.
func (e *entry) decideChange(by author) error {
	in, f := e.in, e.standing.family
	if f == nil {
		return errFamilyAbsent
	}
	if in.BaseVersion < f.ContentVersion || in.BaseVersion > f.Version {
		return errOutdated
	}
	if f.State == event.Inactive && in.Kind != event.Perbaikan {
		return errInactive
	}
	c, err := in.merge(f, e.standing.last)
	if err != nil {
		return err
	}
	last := e.standing.last
	if !last.waiting() {
		return e.freshUnlessInForce(by, in.Kind, f.ID, c)
	}
	if last.Kind != in.Kind || last.Proposer != by.person && by.ifMatch == 0 {
		return errOpen
	}
	same, err := c.same(last.Content)
	if err != nil {
		return err
	}
	if same {
		e.proposal, e.same = last, true
		return nil
	}
	e.revise(by, in.Kind, c)
	return nil
}

// merge lays the input over the state in force: what it leaves out stays.
func (in *ProposalInput) merge(f *family, last *proposal) (content, error) {
	var wrong findings
	c := f.content()
	c.ReasonCode = in.ReasonCode
	if in.Kind != event.Nonaktif {
		if in.KK != "" {
			c.KK = in.KK
		}
		if in.Address != "" {
			c.Address = in.Address
		}
		if in.Survey != nil {
			c.Survey = *in.Survey
		}
	}
	if in.Kind == event.Pindah {
		c.ToArea = in.ToArea
		if in.ToArea == f.Area {
			wrong.refuse("to_area", "same_area", "Keluarga sudah tinggal di desa/kelurahan ini.", "The family already lives in this village.")
		}
	}
	if in.Area != "" && in.Area != f.Area {
		wrong.refuse("area", "area_differs", "Keluarga tinggal di wilayah lain; gunakan pindah.", "The family lives elsewhere; use pindah.")
	}
	if len(in.Members) > 0 && in.Kind != event.Nonaktif {
		c.Members = in.roster(last, &wrong)
	}
	if len(wrong.errors) > 0 {
		return content{}, invalidProposal.With(wrong.errors...)
	}
	return c, nil
}

// roster gives each member of a correction the member id under which the family knows the person.
func (in *ProposalInput) roster(last *proposal, wrong *findings) []Member {
	members := slices.Clone(in.Members)
	seen := make(map[string]bool, len(members))
	for i := range members {
		m := &members[i]
		if m.PersonID != "" {
			at := slices.IndexFunc(last.People, func(p proposalPerson) bool { return p.ID == m.PersonID })
			if at < 0 {
				wrong.refuse(member(i, "person_id"), "person_elsewhere", "Orang ini bukan anggota keluarga ini.", "This person is not a member of this family.")
				continue
			}
			m.MemberID, m.PersonID = last.People[at].MemberID, ""
		}
		if seen[m.MemberID] {
			wrong.refuse(member(i, "member_id"), "member_twice", "Anggota disebut dua kali.", "The member is named twice.")
		}
		seen[m.MemberID] = true
	}
	return members
}

// freshUnlessInForce makes a new proposal, but not of a correction that would change nothing.
func (e *entry) freshUnlessInForce(by author, kind event.ProposalKind, familyID string, c content) error {
	if f := e.standing.family; f != nil && kind == event.Perbaikan && f.State == event.Active {
		now := f.content()
		now.ReasonCode = c.ReasonCode
		same, err := c.same(now)
		if err != nil {
			return err
		}
		if same {
			e.proposal, e.same = e.standing.last, true
			return nil
		}
	}
	e.fresh(by, kind, familyID, c)
	return nil
}

// fresh makes a new proposal.
func (e *entry) fresh(by author, kind event.ProposalKind, familyID string, c content) {
	e.isNew = true
	p := &proposal{ID: by.newID(), FamilyID: familyID, BySource: e.digest != nil, Source: e.in.Source, SourceID: e.in.SourceID}
	if e.standing.seen {
		p.Source, p.SourceID = e.standing.source.Source, e.standing.source.SourceID
	}
	e.fill(p, by, kind, c)
}

// revise makes the next version of the open or returned proposal; its case starts anew.
func (e *entry) revise(by author, kind event.ProposalKind, c content) {
	p := *e.standing.last
	e.fill(&p, by, kind, c)
}

func (e *entry) fill(p *proposal, by author, kind event.ProposalKind, c content) {
	p.Version++
	p.Kind, p.Status, p.ReasonCode = kind, event.ProposalOpen, ""
	p.Proposer, p.ProposedAt, p.Content = by.person, by.at, c
	if f := e.standing.family; f != nil {
		p.BaseVersion = f.Version
	}
	p.People = e.people(c, by.newID)
	e.proposal = p
}

// people fixes person ids and identity versions of the members, and carries on those no longer named.
func (e *entry) people(c content, newID func() string) []proposalPerson {
	var before []proposalPerson
	if e.standing.last != nil {
		before = e.standing.last.People
	}
	people := make([]proposalPerson, 0, max(len(c.Members), len(before)))
	used := 0
	for i := range c.Members {
		m := &c.Members[i]
		p := proposalPerson{MemberID: m.MemberID}
		var inForce, last known
		var highest int64
		if at := slices.IndexFunc(before, func(b proposalPerson) bool { return b.MemberID == m.MemberID }); at >= 0 {
			used++
			p.ID, highest = before[at].ID, before[at].highest()
			inForce = e.inForce(p.ID)
			if old := &e.standing.last.Content; at < len(old.Members) {
				last = known{before[at].Identity, old.Members[at].matched(old.KK)}
			}
		} else {
			p.ID = newID()
		}
		p.Identity, p.Match = identityVersion(inForce, last, highest, m.matched(c.KK))
		if highest > p.Identity {
			p.Highest = highest
		}
		p.Warnings = e.findings.persons[i]
		people = append(people, p)
	}
	if used == len(before) {
		return people
	}
	for _, b := range before {
		if !slices.ContainsFunc(c.Members, func(m Member) bool { return m.MemberID == b.MemberID }) {
			people = append(people, proposalPerson{ID: b.ID, MemberID: b.MemberID, Identity: b.Identity, Highest: b.Highest, Gone: true})
		}
	}
	return people
}

func (e *entry) inForce(id string) known {
	if e.standing.family == nil {
		return known{}
	}
	if p := e.standing.family.person(id); p != nil {
		return known{p.Identity, p.matched()}
	}
	return known{}
}

// digest is what tells whether a source sent the same again; encoded is what it is the digest of.
func (c content) digest() (encoded, digest []byte, err error) {
	encoded, err = event.Marshal(c)
	sum := sha256.Sum256(encoded)
	return encoded, sum[:], err
}

func (c content) same(d content) (bool, error) {
	a, err := event.Marshal(c)
	if err != nil {
		return false, err
	}
	b, err := event.Marshal(d)
	return bytes.Equal(a, b), err
}
