package main

import (
	"errors"
	"testing"
	"time"

	"dtks/pkg/event"
	"dtks/pkg/fault"

	"github.com/google/go-cmp/cmp"
)

const (
	proposerID = "00000000-0000-7000-8000-0000000000a1"
	verifierID = "00000000-0000-7000-8000-0000000000a2"
	approverID = "00000000-0000-7000-8000-0000000000a3"
	caseID     = "00000000-0000-7000-8000-0000000000c1"
)

var at = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func newOpened(change ...func(*caseFile)) caseFile {
	c := caseFile{ID: caseID, Version: 1, ProposalID: "p", ProposalVersion: 3, Status: event.CaseOpened,
		Area: "32.04.10.2001", Proposer: proposerID, OpenedAt: at.Add(-time.Hour)}
	for _, f := range change {
		f(&c)
	}
	return c
}

func verified(c *caseFile) { c.Status, c.Verifier, c.Version = event.CaseVerified, verifierID, 2 }

// mayAll is somebody with these rights in every area.
func mayAll(person string, actions ...string) officer {
	return officer{person, func(action, _ string) error {
		for _, a := range actions {
			if a == action {
				return nil
			}
		}
		return errors.New("no right")
	}}
}

func TestCase_Decide(t *testing.T) {
	t.Parallel()
	both := []string{"verify", "approve", "read"}
	tests := []struct {
		name   string
		c      caseFile
		by     officer
		d      decision
		status event.CaseStatus
		code   string // of the refusal; "" = accepted
	}{
		{"OK/verify", newOpened(), mayAll(verifierID, "verify"), decision{Decision: verify}, event.CaseVerified, ""},
		{"OK/approve", newOpened(verified), mayAll(approverID, "approve"), decision{Decision: approve}, event.CaseApproved, ""},
		{"OK/verifier returns", newOpened(), mayAll(verifierID, "verify"), decision{Decision: sendBack, ReasonCode: "berkas_kurang"}, event.CaseReturned, ""},
		{"OK/approver rejects", newOpened(verified), mayAll(approverID, "approve"), decision{Decision: reject, ReasonCode: "ganda"}, event.CaseRejected, ""},
		{"proposer verifies", newOpened(), mayAll(proposerID, both...), decision{Decision: verify}, "", "case_same_person"},
		{"proposer approves", newOpened(verified), mayAll(proposerID, both...), decision{Decision: approve}, "", "case_same_person"},
		{"verifier approves", newOpened(verified), mayAll(verifierID, both...), decision{Decision: approve}, "", "case_same_person"},
		{"verifier rejects as approver", newOpened(verified), mayAll(verifierID, both...), decision{Decision: reject, ReasonCode: "x1"}, "", "case_same_person"},
		{"nobody verifies", newOpened(), mayAll("", both...), decision{Decision: verify}, "", "case_same_person"},
		{"approve before verify", newOpened(), mayAll(approverID, both...), decision{Decision: approve}, "", "case_wrong_state"},
		{"verify twice", newOpened(verified), mayAll(approverID, both...), decision{Decision: verify}, "", "case_wrong_state"},
		{"verify approved", newOpened(func(c *caseFile) { c.Status = event.CaseApproved }), mayAll(approverID, both...), decision{Decision: verify}, "", "case_wrong_state"},
		{"return rejected", newOpened(func(c *caseFile) { c.Status = event.CaseRejected }), mayAll(verifierID, both...), decision{Decision: sendBack, ReasonCode: "x1"}, "", "case_wrong_state"},
		{"older version", newOpened(), mayAll(verifierID, "verify"), decision{Decision: verify, ProposalVersion: 2}, "", "proposal_version_outdated"},
		{"outdated case", newOpened(func(c *caseFile) { c.Status = event.CaseOutdated }), mayAll(verifierID, "verify"), decision{Decision: verify}, "", "proposal_version_outdated"},
		{"verifier without right to approve", newOpened(verified), mayAll(approverID, "verify", "read"), decision{Decision: approve}, "", "right_missing"},
		{"stranger learns nothing", newOpened(), mayAll(verifierID), decision{Decision: verify}, "", "case_not_found"},
		{"stranger learns nothing of an old version", newOpened(), mayAll(verifierID), decision{Decision: verify, ProposalVersion: 9}, "", "case_not_found"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.d.ProposalVersion == 0 {
				tt.d.ProposalVersion = tt.c.ProposalVersion
			}
			got, refusal := decide(tt.c, tt.by, tt.d, at)
			if tt.code != "" {
				if refusal == nil || refusal.Code != tt.code {
					t.Fatalf("got %v, want refusal %s", refusal, tt.code)
				}
				if got != tt.c {
					t.Errorf("a refused case changed: was %+v, is %+v", tt.c, got)
				}
				return
			}
			if refusal != nil {
				t.Fatalf("got %v, want %s", refusal, tt.status)
			}
			if got.Status != tt.status || got.Version != tt.c.Version+1 || got.DecidedAt == nil || !got.DecidedAt.Equal(at) {
				t.Errorf("got status %s version %d decided %v, want %s %d %v", got.Status, got.Version, got.DecidedAt, tt.status, tt.c.Version+1, at)
			}
			if got.ReasonCode != tt.d.ReasonCode {
				t.Errorf("got reason %q, want %q", got.ReasonCode, tt.d.ReasonCode)
			}
			if got.Verifier == got.Proposer || got.Approver == got.Proposer || got.Approver == got.Verifier {
				t.Errorf("got proposer %s, verifier %s, approver %s, want three persons", got.Proposer, got.Verifier, got.Approver)
			}
		})
	}
}

func TestDecision_Check(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		d    decision
		want []string // codes of the findings
	}{
		{"OK", decision{caseID, verify, 1, ""}, nil},
		{"OK/return", decision{caseID, sendBack, 1, "berkas_kurang"}, nil},
		{"unknown verb", decision{caseID, "bless", 1, ""}, []string{"decision_unknown"}},
		{"no version", decision{caseID, approve, 0, ""}, []string{"proposal_version_missing"}},
		{"refusal without reason", decision{caseID, reject, 1, ""}, []string{"reason_code_required"}},
		{"reason is a sentence", decision{caseID, reject, 1, "Bapak Contoh sudah pindah"}, []string{"reason_code_required"}},
		{"reason for an approval", decision{caseID, approve, 1, "bagus"}, []string{"reason_code_unexpected"}},
		{"case id is no UUID", decision{"1; DROP TABLE case_file", verify, 1, ""}, []string{"case_id_malformed"}},
		{"all at once", decision{"", "", 0, ""}, []string{"case_id_malformed", "decision_unknown", "proposal_version_missing"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			if f := tt.d.check(); f != nil {
				if f.Kind != fault.Invalid {
					t.Errorf("got kind %s, want invalid", f.Kind)
				}
				for _, d := range f.Details {
					got = append(got, d.Code)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	old := inForce{
		Family:  &event.FamilyIdentity{KK: "3204101001019001", Address: "JL. CONTOH 1"},
		Survey:  &event.FamilySurvey{Answers: map[string]int{"lantai": 6, "atap": 0}},
		Persons: []event.PersonIdentity{{PersonID: "p0", Name: "CONTOH NOL"}, {PersonID: "p1", NIK: "3204101003879001", Name: "CONTOH SATU"}},
		Area:    "32.04.10.2001",
	}
	proposal := &event.ProposalIdentity{KK: "3204101001019001", Address: "JL. CONTOH 2", Members: []event.PersonIdentity{
		{PersonID: "p1", NIK: "3204101003879002", Name: "CONTOH SATU"}, {PersonID: "p2", Name: "CONTOH DUA"},
	}}
	survey := &event.FamilySurvey{Answers: map[string]int{"lantai": 4, "dinding": 1}}
	want := []change{
		{"", "area", "32.04.10.2001", "33.74.01.1001"},
		{"", "address", "JL. CONTOH 1", "JL. CONTOH 2"},
		{"p1", "nik", "3204101003879001", "3204101003879002"},
		{"p2", "name", "", "CONTOH DUA"},
		{"p0", "left", "CONTOH NOL", ""},
		{"", "survey.atap", "0", ""},
		{"", "survey.dinding", "", "1"},
		{"", "survey.lantai", "6", "4"},
	}
	if diff := cmp.Diff(want, compare(old, "33.74.01.1001", proposal, survey)); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	if got := compare(inForce{}, "33.74.01.1001", proposal, survey); got != nil {
		t.Errorf("got %v for a new family, want none", got)
	}
	if got := compare(old, "", nil, nil); got != nil {
		t.Errorf("got %v without proposed values, want none", got)
	}
}
