package main

import (
	"regexp"
	"time"

	"dtks/pkg/event"
	"dtks/pkg/fault"
)

// caseFile is a case as decisions see it: without the values that it judges.
type caseFile struct {
	ID              string
	Version         int64
	ProposalID      string
	ProposalVersion int64
	FamilyID        string
	Kind            event.ProposalKind
	Status          event.CaseStatus
	Area            string
	Proposer        string
	Verifier        string // "" until somebody acted as verifier
	Approver        string // "" until somebody acted as approver
	ReasonCode      string
	OpenedAt        time.Time
	DecidedAt       *time.Time
}

// verb is what an officer does to a case.
type verb string

// The four verbs. Return and reject belong to whoever's turn it is.
const (
	verify   verb = "verify"
	approve  verb = "approve"
	sendBack verb = "return" // to the proposer, who may enter a new version
	reject   verb = "reject" // refused for good
)

// decision is one officer's act on one case, made while looking at one version of its proposal.
type decision struct {
	CaseID          string `json:"case_id"`
	Decision        verb   `json:"decision"`
	ProposalVersion int64  `json:"proposal_version"`
	ReasonCode      string `json:"reason_code,omitempty"`
}

// officer is who decides. May answers for an action ("verify", "approve") in an area; nil means yes.
type officer struct {
	Person string
	May    func(action, area string) error
}

// waits reports whether the case still needs somebody.
func waits(s event.CaseStatus) bool { return s == event.CaseOpened || s == event.CaseVerified }

// idPattern is a UUID as events and answers spell it. One malformed id would otherwise fail the statement of a batch.
var idPattern = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// reasonCode is deliberately narrow: a code from a list, never a sentence that could name somebody.
var reasonCode = regexp.MustCompile(`^[a-z][a-z0-9_]{1,63}$`)

// check finds what is wrong with d whatever case it meets.
func (d decision) check() *fault.Error {
	var found []fault.Detail
	add := func(field, code, id, en string) {
		found = append(found, fault.Detail{Field: field, Code: code, Text: fault.Text{ID: id, EN: en}})
	}
	if !idPattern.MatchString(d.CaseID) {
		add("case_id", "case_id_malformed", "pengenal berkas harus UUID huruf kecil", "the case id must be a UUID in lower case")
	}
	refusal := d.Decision == sendBack || d.Decision == reject
	if !refusal && d.Decision != verify && d.Decision != approve {
		add("decision", "decision_unknown", "keputusan harus verify, approve, return atau reject", "decision must be verify, approve, return or reject")
	}
	if d.ProposalVersion < 1 {
		add("proposal_version", "proposal_version_missing", "versi usulan yang dinilai wajib disebut", "the proposal version that was judged is required")
	}
	if refusal && !reasonCode.MatchString(d.ReasonCode) {
		add("reason_code", "reason_code_required", "alasan wajib berupa kode (huruf kecil, angka, garis bawah)", "a reason is required and must be a code (lower case, digits, underscore)")
	}
	if !refusal && d.ReasonCode != "" {
		add("reason_code", "reason_code_unexpected", "alasan hanya untuk return dan reject", "a reason belongs to return and reject only")
	}
	if len(found) == 0 {
		return nil
	}
	return fault.New(fault.Invalid, "decision_invalid", "keputusan tidak dapat dibaca", "the decision cannot be read").With(found...)
}

// Refusals of decide. Their texts name no person.
var (
	errOutdated = fault.New(fault.Conflict, "proposal_version_outdated",
		"usulan telah berubah sejak versi yang dinilai", "the proposal has changed since the version that was judged")
	errWrongState = fault.New(fault.Conflict, "case_wrong_state",
		"berkas tidak sedang menunggu keputusan ini", "the case is not waiting for this decision")
	errSamePerson = fault.New(fault.Forbidden, "case_same_person",
		"pengusul, verifikator dan penyetuju harus tiga orang yang berbeda", "proposer, verifier and approver must be three different persons")
	errNoRight = fault.New(fault.Forbidden, "right_missing",
		"Anda tidak berwenang atas keputusan ini di wilayah ini", "you have no right to this decision in this area")
	errNoCase = fault.New(fault.NotFound, "case_not_found",
		"berkas tidak ditemukan", "no such case")
)

// decide applies d to c. It is the whole rule of who may do what when: rights first, so that a stranger learns nothing
// of the case, then the version, the state and at last the three persons. c is not changed; at is the time of the act.
//
//	opened ──verify──▶ verified ──approve──▶ approved
//	   └──return, reject──┴──▶ returned, rejected
func decide(c caseFile, by officer, d decision, at time.Time) (caseFile, *fault.Error) {
	turn := turnOf(c.Status, d.Decision)
	if err := by.May(turn, c.Area); err != nil {
		if by.May("read", c.Area) != nil {
			return c, errNoCase
		}
		return c, errNoRight.Because(err)
	}
	if d.ProposalVersion != c.ProposalVersion || c.Status == event.CaseOutdated {
		return c, errOutdated
	}
	if !waits(c.Status) || turn != turnOf(c.Status, reject) {
		return c, errWrongState
	}
	if by.Person == "" || by.Person == c.Proposer || turn == "approve" && by.Person == c.Verifier {
		return c, errSamePerson
	}
	if turn == "verify" {
		c.Verifier = by.Person
	} else {
		c.Approver = by.Person
	}
	switch d.Decision {
	case verify:
		c.Status = event.CaseVerified
	case approve:
		c.Status = event.CaseApproved
	case sendBack:
		c.Status = event.CaseReturned
	case reject:
		c.Status = event.CaseRejected
	}
	c.ReasonCode, c.DecidedAt = d.ReasonCode, &at
	c.Version++
	return c, nil
}

// turnOf names the right that v needs on a case in state s: a refusal belongs to whoever's turn it is.
func turnOf(s event.CaseStatus, v verb) string {
	if v == approve || v != verify && s == event.CaseVerified {
		return "approve"
	}
	return "verify"
}

// outdate closes a waiting case because its proposal has a newer version. Nobody decided that, so who acted before and
// when stays as it was.
func outdate(c caseFile) caseFile {
	c.Status = event.CaseOutdated
	c.Version++
	return c
}

// event gives the state of the case as it is published.
func (c caseFile) event() event.CaseUpdated {
	return event.CaseUpdated{
		ProposalID: c.ProposalID, ProposalVersion: c.ProposalVersion, FamilyID: c.FamilyID, Kind: c.Kind,
		Status: c.Status, Area: c.Area, Proposer: c.Proposer, Verifier: c.Verifier, Approver: c.Approver,
		ReasonCode: c.ReasonCode, OpenedAt: c.OpenedAt, DecidedAt: c.DecidedAt,
	}
}
