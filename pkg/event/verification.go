package event

import "time"

// TypeCaseUpdated is owned by services/verification.
const TypeCaseUpdated Type = "verification.case.updated.v1"

// CaseStatus is where a case stands.
type CaseStatus string

// Case states. opened -> verified -> approved; from the first two also returned or rejected. outdated: the proposal has a newer version.
const (
	CaseOpened   CaseStatus = "opened"
	CaseVerified CaseStatus = "verified"
	CaseApproved CaseStatus = "approved"
	CaseReturned CaseStatus = "returned"
	CaseRejected CaseStatus = "rejected"
	CaseOutdated CaseStatus = "outdated"
)

// CaseUpdated is published when a case is opened and at each decision. It names the proposal version that was judged.
// Proposer, verifier and approver are three different persons. Aggregate id: the case. Filter: all.
type CaseUpdated struct {
	ProposalID      string       `json:"proposal_id"`
	ProposalVersion int64        `json:"proposal_version"`
	FamilyID        string       `json:"family_id"`
	Kind            ProposalKind `json:"kind"`
	Status          CaseStatus   `json:"status"`
	Area            string       `json:"area"` // village
	Proposer        string       `json:"proposer"`
	Verifier        string       `json:"verifier,omitempty"`
	Approver        string       `json:"approver,omitempty"`
	ReasonCode      string       `json:"reason_code,omitempty"` // of a return or refusal
	OpenedAt        time.Time    `json:"opened_at"`
	DecidedAt       *time.Time   `json:"decided_at,omitempty"` // of the newest decision
}
