package main

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"dtks/pkg/event"
	"dtks/pkg/fault"
	"dtks/pkg/outbox"
	"dtks/pkg/testkit"
)

// One family of one person with its verdict before the approval costs exactly four events of the registry.
func TestFlow_VerdictBeforeApproval(t *testing.T) {
	t.Parallel()
	w := newBusWorld(t)
	a := w.propose(newFamily("F-1"), http.StatusCreated)
	person := a.Persons[0].PersonID
	w.judge(a, person, 1, event.Padan)
	testkit.Eventually(t, "the verdict is stored", func() bool { return w.one("SELECT verdict FROM verdict WHERE person_id = $1", person) == "padan" })
	w.approve(a)

	w.broker.Events(t, "registry.registrant.updated.v1.>", 2)
	var got []string
	for _, e := range w.events("registry.%") {
		if e.Type == event.KeyGrantedType(name) {
			continue
		}
		at, err := event.ParseSubject(e.Subject)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(at.Type)+" "+at.Filter+" "+at.Area.String())
	}
	want := []string{"registry.proposal.updated.v1 all 32.04", "registry.registrant.updated.v1 person 32.04",
		"registry.registrant.updated.v1 family 32.04", "registry.proposal.updated.v1 all 32.04"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events: %s", diff)
	}
	u := registrantOf(t, w.events("registry.registrant.person.%")[0])
	if diff := cmp.Diff(&event.VerdictState{Verdict: event.Padan, IdentityVersion: 1, MatchVersion: 1}, u.Verdict); diff != "" {
		t.Errorf("verdict carried by the application: %s", diff)
	}
	w.intact()
}

func TestFlow_VerdictAfterApproval(t *testing.T) {
	t.Parallel()
	w := newBusWorld(t)
	a := w.propose(newFamily("F-1"), http.StatusCreated)
	person := a.Persons[0].PersonID
	w.approve(a)
	w.judge(a, person, 2, event.Padan) // of an identity nobody has: changes nothing
	w.judge(a, person, 1, event.TidakPadan)
	testkit.Eventually(t, "the verdict is in force", func() bool { return w.one("SELECT verdict FROM person WHERE person_id = $1", person) == "tidak_padan" })
	w.judge(a, person, 1, event.TidakPadan) // the same again says nothing new
	w.judge(a, person, 1, event.Padan)
	testkit.Eventually(t, "the verdict is in force", func() bool { return w.one("SELECT verdict FROM person WHERE person_id = $1", person) == "padan" })

	for key, want := range map[string]int{"registry.registrant.person.%": 3, "registry.registrant.family.%": 3, "registry.proposal.%": 2} {
		if got := len(w.events(key)); got != want {
			t.Errorf("got %d events of %s, want %d", got, key, want)
		}
	}
	family := registrantOf(t, w.events("registry.registrant.family.%")[2])
	if diff := cmp.Diff([]event.FamilyMember{{PersonID: person, PersonVersion: 3, IdentityVersion: 1}}, family.Members); diff != "" {
		t.Errorf("members: %s", diff)
	}
	if n := w.one("SELECT count(*) FROM repair WHERE closed_at IS NULL"); n != "0" {
		t.Errorf("got %s open repairs after padan, want 0", n)
	}
	w.intact()
}

// The civil registry agrees with a NIK that two persons have: everything else is settled, the duplicate is not.
func TestRepair_DuplicateOutlivesPadan(t *testing.T) {
	t.Parallel()
	w := newBusWorld(t)
	w.propose(newFamily("U-1"), http.StatusCreated)
	a := w.propose(newFamily("U-2"), http.StatusCreated)
	person := a.Persons[0].PersonID
	const open = "SELECT string_agg(code, ' ' ORDER BY code) FROM repair WHERE person_id = $1 AND closed_at IS NULL"
	w.approve(a)
	w.judge(a, person, 1, event.TidakPadan)
	waitFor(t, w, open, codeDuplicate+" "+string(event.TidakPadan), person)
	w.judge(a, person, 1, event.Padan)
	waitFor(t, w, "SELECT verdict FROM person WHERE person_id = $1", string(event.Padan), person)
	if got := w.one(open, person); got != codeDuplicate {
		t.Errorf("got open repairs %q after padan, want the duplicate", got)
	}
	w.approve(w.propose(newFamily("U-2", withNIK(2)), http.StatusCreated))
	if got := w.one(open, person); got != "" {
		t.Errorf("got open repairs %q after the NIK was changed, want none", got)
	}
	w.intact()
}

func TestCase_Outcomes(t *testing.T) {
	t.Parallel()
	w := newBusWorld(t)
	returned := w.propose(newFamily("C-1"), http.StatusCreated)
	w.decide(returned, event.CaseReturned, "tidak_lengkap")
	testkit.Eventually(t, "returned", func() bool { return w.status(returned) == "returned" })
	again := w.propose(newFamily("C-1", withChild), http.StatusCreated)
	if again.ProposalID != returned.ProposalID || again.Version != 3 {
		t.Fatalf("got %+v, want version 3 of the returned proposal", again)
	}
	stale := again
	stale.Version = 1
	w.decide(stale, event.CaseApproved) // judged what is no longer proposed
	rejected := w.propose(newFamily("C-2", withNIK(2)), http.StatusCreated)
	w.decide(rejected, event.CaseRejected, "bukan_warga")
	testkit.Eventually(t, "rejected", func() bool { return w.status(rejected) == "rejected" })
	if w.status(again) != "open" {
		t.Errorf("a case about an older version changed the proposal")
	}
	w.approve(again)
	fresh := w.propose(newFamily("C-2", withNIK(2), withChild), http.StatusCreated)
	if fresh.ProposalID == rejected.ProposalID || fresh.FamilyID != rejected.FamilyID || fresh.Persons[0] != rejected.Persons[0] {
		t.Errorf("got %+v, want a new proposal of the same family and person", fresh)
	}
	if n := w.one("SELECT count(*) FROM family"); n != "1" {
		t.Errorf("got %s families in force, want 1", n)
	}
	w.intact()
}

func TestCase_FourEyesAndUnknown(t *testing.T) {
	t.Parallel()
	w := newBusWorld(t)
	a := w.propose(newFamily("E-1"), http.StatusCreated)
	emit := func(proposalID, approver string) {
		w.verification.Emit(t, outbox.Draft{Type: event.TypeCaseUpdated, Area: event.AreaOf(soreang), ID: uuid.NewString(),
			Data: event.CaseUpdated{ProposalID: proposalID, ProposalVersion: 1, Status: event.CaseApproved, Verifier: "v", Approver: approver}})
	}
	emit(a.ProposalID, w.proposer)
	emit(uuid.NewString(), "s")
	testkit.Eventually(t, "both are dead letters", func() bool {
		return w.one("SELECT string_agg(kind, ' ' ORDER BY kind) FROM dead_letter") == string(fault.Conflict)+" "+string(fault.NotFound)
	})
	if got := w.status(a); got != "open" {
		t.Errorf("got status %s, want open", got)
	}
}

// A delivery twice, and after a rollback, leaves the state and the events of one.
func TestCase_Redelivered(t *testing.T) {
	t.Parallel()
	w := newBusWorld(t)
	a := w.propose(newFamily("D-1"), http.StatusCreated)
	id := w.decide(a, event.CaseApproved)
	testkit.Eventually(t, "applied", func() bool { return w.status(a) == "applied" })
	before := len(w.events("registry.%"))
	// The gate forgets the case, as if the commit had been lost: the state itself must refuse a second effect.
	if _, err := w.db.Exec(t.Context(), "DELETE FROM applied WHERE aggregate_key = $1", "verification.case.all."+id); err != nil {
		t.Fatal(err)
	}
	w.verification.Emit(t, outbox.Draft{Type: event.TypeCaseUpdated, Area: event.AreaOf(soreang), ID: id,
		Data: event.CaseUpdated{ProposalID: a.ProposalID, ProposalVersion: 1, Status: event.CaseApproved, Verifier: "v", Approver: "s"}})
	testkit.Eventually(t, "the case came again", func() bool {
		return w.one("SELECT version FROM applied WHERE aggregate_key = $1", "verification.case.all."+id) == "2"
	})
	if after := len(w.events("registry.%")); after != before {
		t.Errorf("got %d events more", after-before)
	}
	w.intact()
}

func TestChange_PerbaikanAndIdentityVersion(t *testing.T) {
	t.Parallel()
	w := newBusWorld(t)
	a := w.propose(newFamily("P-1", withChild), http.StatusCreated)
	mother, child := a.Persons[0].PersonID, a.Persons[1].PersonID
	w.judge(a, mother, 1, event.Padan)
	testkit.Eventually(t, "stored", func() bool { return w.one("SELECT count(*) FROM verdict") == "1" })
	w.approve(a)

	// The survey only: nobody's identity changes, and no person is announced.
	roof := ProposalInput{Kind: event.Perbaikan, FamilyID: a.FamilyID, BaseVersion: 1,
		Survey: &Survey{Instrument: "REGSOSEK2022.K", Answers: map[string]int{"lantai": 2}}}
	b := w.propose(roof, http.StatusCreated)
	w.approve(b)
	if n := len(w.events("registry.registrant.person.%")); n != 2 {
		t.Errorf("got %d person events after a survey correction, want 2", n)
	}
	w.refuse(w.operator, roof, http.StatusConflict, "base_version_outdated")

	// The mother's name: her identity version rises, her verdict no longer holds, the child stays as it is.
	in := newFamily("", withChild)
	in.Kind, in.Source, in.SourceID, in.FamilyID, in.BaseVersion = event.Perbaikan, "", "", a.FamilyID, 2
	in.Members[0].Name, in.Members[0].MemberID, in.Members[0].PersonID = "SITI AMINAH CONTOH", "", mother
	c := w.propose(in, http.StatusCreated)
	proposal := w.events("registry.proposal.all." + c.ProposalID)[0]
	for _, part := range []string{`{"person_id":"` + mother + `","identity_version":2,"match":true}`, `{"person_id":"` + child + `","identity_version":1,"match":false}`} {
		if !strings.Contains(string(proposal.Data), part) {
			t.Errorf("the proposal's event lacks %s", part)
		}
	}
	w.approve(c)
	events := w.events("registry.registrant.person." + mother)
	last := registrantOf(t, events[len(events)-1])
	if last.IdentityVersion != 2 || last.Verdict != nil {
		t.Errorf("got identity version %d with verdict %v, want 2 without", last.IdentityVersion, last.Verdict)
	}
	if n := len(w.events("registry.registrant.person." + child)); n != 1 {
		t.Errorf("got %d events of the child, want 1", n)
	}

	// The corrected file, imported again under its source, is a correction too.
	d := w.propose(newFamily("P-1", withChild, func(in *ProposalInput) { in.Address = "JL. CONTOH 2" }), http.StatusCreated)
	if d.Kind != event.Perbaikan || d.FamilyID != a.FamilyID {
		t.Errorf("got %+v, want a perbaikan of the family", d)
	}
	w.intact()
}

func TestChange_Pindah(t *testing.T) {
	t.Parallel()
	w := newBusWorld(t)
	a := w.propose(newFamily("M-1"), http.StatusCreated)
	w.approve(a)
	b := w.propose(ProposalInput{Kind: event.Pindah, FamilyID: a.FamilyID, BaseVersion: 1, ToArea: semarang}, http.StatusCreated)
	w.approve(b)

	for _, key := range []string{"registry.registrant.family.%", "registry.registrant.person.%"} {
		events := w.events(key)
		var got []string
		for _, e := range events {
			at, _ := event.ParseSubject(e.Subject)
			got = append(got, at.Area.String()+" "+string(registrantOf(t, e).State))
		}
		if diff := cmp.Diff([]string{"32.04 active", "32.04 moved", "33.74 active"}, got); diff != "" {
			t.Errorf("%s: %s", key, diff)
		}
	}
	if moved := registrantOf(t, w.events("registry.registrant.family.%")[1]); len(moved.Members) > 0 || moved.FamilyID != "" || len(moved.Sealed) > 0 {
		t.Errorf("a moved version carries more than its state: %+v", moved)
	}
	w.refuse(w.operator, ProposalInput{Kind: event.Nonaktif, FamilyID: a.FamilyID, BaseVersion: 3, ReasonCode: "meninggal"}, 404, "family_not_found")

	// Within the regency the subject stays, so there is no old one to close.
	c := w.propose(newFamily("M-2", withNIK(2)), http.StatusCreated)
	w.approve(c)
	d := w.propose(newFamily("M-2", withNIK(2), func(in *ProposalInput) { in.Area = soreang2 }), http.StatusCreated)
	if d.Kind != event.Pindah {
		t.Fatalf("got %s, want pindah for a file with another village", d.Kind)
	}
	w.approve(d)
	if n := len(w.events("registry.registrant.family." + c.FamilyID)); n != 2 {
		t.Errorf("got %d versions after a move within the regency, want 2", n)
	}
	w.intact()
}

func TestChange_NonaktifAndBack(t *testing.T) {
	t.Parallel()
	w := newBusWorld(t)
	a := w.propose(newFamily("N-1"), http.StatusCreated)
	w.approve(a)
	b := w.propose(ProposalInput{Kind: event.Nonaktif, FamilyID: a.FamilyID, BaseVersion: 1, ReasonCode: "tidak_ditemukan"}, http.StatusCreated)
	w.approve(b)
	asleep := registrantOf(t, w.events("registry.registrant.family.%")[1])
	if asleep.State != event.Inactive || asleep.ReasonCode != "tidak_ditemukan" || len(asleep.Members) != 1 {
		t.Errorf("got %+v, want inactive with its reason and members", asleep)
	}
	w.refuse(w.operator, ProposalInput{Kind: event.Pindah, FamilyID: a.FamilyID, BaseVersion: 2, ToArea: semarang}, 409, "family_inactive")
	c := w.propose(ProposalInput{Kind: event.Perbaikan, FamilyID: a.FamilyID, BaseVersion: 2, Address: "JL. CONTOH 3"}, http.StatusCreated)
	w.approve(c)
	for _, key := range []string{"registry.registrant.family.%", "registry.registrant.person.%"} {
		if back := registrantOf(t, w.events(key)[2]); back.State != event.Active {
			t.Errorf("%s: got %s after a correction, want active", key, back.State)
		}
	}
	w.intact()
}

// A member who is no longer named has left: inactive, and no part of the family's event.
func TestChange_MemberLeavesAndReturns(t *testing.T) {
	t.Parallel()
	w := newBusWorld(t)
	a := w.propose(newFamily("L-1", withChild), http.StatusCreated)
	w.approve(a)
	child := a.Persons[1].PersonID
	b := w.propose(newFamily("L-1"), http.StatusCreated)
	w.approve(b)
	if got := registrantOf(t, w.events("registry.registrant.person." + child)[1]); got.State != event.Inactive {
		t.Errorf("got %s, want inactive", got.State)
	}
	if got := registrantOf(t, w.events("registry.registrant.family.%")[1]); len(got.Members) != 1 {
		t.Errorf("got %d members, want 1", len(got.Members))
	}
	c := w.propose(newFamily("L-1", withChild), http.StatusCreated)
	w.approve(c)
	if c.Persons[1].PersonID != child {
		t.Errorf("the child came back as another person")
	}
	if got := registrantOf(t, w.events("registry.registrant.person." + child)[2]); got.State != event.Active || got.IdentityVersion != 1 {
		t.Errorf("got %s with identity version %d, want active with 1", got.State, got.IdentityVersion)
	}
	w.intact()
}

// Verdicts and approvals of the same persons arrive at the same moment, on two streams: no verdict is missed.
func TestFlow_VerdictMeetsApproval(t *testing.T) {
	t.Parallel()
	w := newBusWorld(t)
	const n = 150
	var cases, verdicts []outbox.Draft
	for i := range n {
		a := w.propose(newFamily(uuid.NewString(), withNIK(i)), http.StatusCreated)
		cases = append(cases, outbox.Draft{Type: event.TypeCaseUpdated, Area: event.AreaOf(soreang), ID: uuid.NewString(),
			Data: event.CaseUpdated{ProposalID: a.ProposalID, ProposalVersion: 1, Status: event.CaseApproved, Verifier: "v", Approver: "s"}})
		verdicts = append(verdicts, outbox.Draft{Type: event.TypeMatchDecided, Area: event.AreaOf(soreang), ID: a.Persons[0].PersonID,
			Data: event.MatchDecided{FamilyID: a.FamilyID, Area: soreang, IdentityVersion: 1, Verdict: event.Padan}})
	}
	for at := 0; at < n; at += 10 {
		var wg sync.WaitGroup
		wg.Go(func() { w.verification.Emit(t, cases[at:at+10]...) })
		wg.Go(func() { w.nikMatch.Emit(t, verdicts[at:at+10]...) })
		wg.Wait()
	}
	waitFor(t, w, "SELECT count(*) FROM proposal WHERE status = 'applied'", "150")
	waitFor(t, w, "SELECT count(*) FROM verdict", "150")
	waitFor(t, w, "SELECT count(*) FROM person WHERE verdict = 'padan'", "150")
	w.intact()
}
