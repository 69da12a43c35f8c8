package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"dtks/pkg/bus"
	"dtks/pkg/event"
	"dtks/pkg/outbox"
	"dtks/pkg/testkit"
	"dtks/pkg/web"

	"github.com/google/go-cmp/cmp"
)

type caseDetail struct {
	caseSummary
	Identity *event.ProposalIdentity `json:"identity"`
	Survey   *event.FamilySurvey     `json:"survey"`
	InForce  inForce                 `json:"in_force"`
	Changes  []change                `json:"changes"`
	People   []personView            `json:"people"`
}

func TestCase_FromProposalToApproval(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	verifier, approver := w.person(t, "32.04", "verifier"), w.person(t, "32.04", "approver")
	proposal := newProposal()
	c := w.opened(t, proposal)
	if c.Status != event.CaseOpened || c.VerdictsPending != 1 || c.Persons != 1 {
		t.Fatalf("got status %s, %d of %d verdicts pending, want opened, 1 of 1", c.Status, c.VerdictsPending, c.Persons)
	}
	if got := must[caseList](t, w, verifier, "GET", "/v1/cases?status=opened&verdicts=complete", nil); len(got.Items) != 0 {
		t.Errorf("got %d cases with all verdicts, want 0", len(got.Items))
	}

	w.match.Emit(t, outbox.Draft{Type: event.TypeMatchDecided, Area: event.AreaOf(village), ID: personOf1(proposal),
		Data: event.MatchDecided{Area: village, IdentityVersion: 1, Verdict: event.TidakPadan, DecidedAt: at},
		Seal: map[event.Class]any{event.Identity: event.MatchEvidence{Code: "11", Finding: "meninggal"}}})
	testkit.Eventually(t, "a verdict", func() bool {
		return len(must[caseList](t, w, verifier, "GET", "/v1/cases?status=opened&verdicts=complete&area=32.04", nil).Items) == 1
	})
	d := must[caseDetail](t, w, verifier, "GET", "/v1/cases/"+c.CaseID, nil)
	if len(d.People) != 1 || d.People[0].Verdict != event.TidakPadan || d.People[0].Finding != "meninggal" {
		t.Errorf("got people %+v, want one tidak_padan, meninggal", d.People)
	}
	if d.Identity == nil || len(d.Identity.Members) != 1 || d.Identity.Members[0].Name != "CONTOH SATU" {
		t.Error("the proposed identity is not shown")
	}
	if d.Survey == nil || d.Survey.Answers["lantai"] != 6 {
		t.Error("the proposed survey is not shown")
	}

	for _, step := range []struct {
		name, token string
		v           verb
		want        int
	}{
		{"approve too early", approver, approve, http.StatusConflict},
		{"verify without the role", approver, verify, http.StatusForbidden},
		{"verify", verifier, verify, http.StatusOK},
		{"verify again", verifier, verify, http.StatusConflict},
		{"approve without the role", verifier, approve, http.StatusForbidden},
		{"approve", approver, approve, http.StatusOK},
		{"return what is approved", verifier, sendBack, http.StatusConflict},
	} {
		if status, body := w.decide(t, step.token, c, step.v); status != step.want {
			t.Errorf("%s: got %d %s, want %d", step.name, status, body, step.want)
		}
	}
	// The registry applies it: nothing more happens here.
	w.registry.Emit(t, newProposal(func(d *outbox.Draft, p *event.ProposalUpdated) {
		d.ID, d.Seal, p.Status = proposal.ID, nil, event.ProposalApplied
	}))
	want := []event.CaseStatus{event.CaseOpened, event.CaseVerified, event.CaseApproved}
	if diff := cmp.Diff(want, w.history(t, c.CaseID, 3)); diff != "" {
		t.Errorf("published (-want +got):\n%s", diff)
	}
	if got := w.broker.Quiet(t, "verification.>", 500*time.Millisecond); len(got) != 3 {
		t.Errorf("got %d events, want 3", len(got))
	}
}

func TestCase_NewerProposalVersionOutdatesIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	verifier := w.person(t, "32.04.10", "verifier")
	proposal := newProposal()
	first := w.opened(t, proposal)
	if status, body := w.decide(t, verifier, first, verify); status != http.StatusOK {
		t.Fatalf("verifying: got %d %s, want 200", status, body)
	}
	w.registry.Emit(t, proposal)
	var all caseList
	testkit.Eventually(t, "a second case", func() bool {
		all = must[caseList](t, w, verifier, "GET", "/v1/cases?proposal_id="+proposal.ID, nil)
		return len(all.Items) == 2
	})
	second := all.Items[0]
	if second.ProposalVersion != 2 || second.Status != event.CaseOpened || all.Items[1].Status != event.CaseOutdated {
		t.Fatalf("got version %d %s and %s, want 2 opened and outdated", second.ProposalVersion, second.Status, all.Items[1].Status)
	}
	if status, body := w.decide(t, w.person(t, "32.04", "approver"), first, approve); status != http.StatusConflict || !strings.Contains(body, "proposal_version_outdated") {
		t.Errorf("approving the old version: got %d %s, want 409 proposal_version_outdated", status, body)
	}
	wrong := second
	wrong.ProposalVersion = 1
	if status, body := w.decide(t, verifier, wrong, verify); status != http.StatusConflict || !strings.Contains(body, "proposal_version_outdated") {
		t.Errorf("naming the old version: got %d %s, want 409 proposal_version_outdated", status, body)
	}
	want := []event.CaseStatus{event.CaseOpened, event.CaseVerified, event.CaseOutdated}
	if diff := cmp.Diff(want, w.history(t, first.CaseID, 3)); diff != "" {
		t.Errorf("published (-want +got):\n%s", diff)
	}
}

func TestDecision_TwoAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	// Two verifiers: one wins, the other meets a conflict.
	c := w.opened(t, newProposal())
	both := []string{w.person(t, "32.04", "verifier"), w.person(t, "32.04", "verifier")}
	if got := w.race(t, func(i int) int { status, _ := w.decide(t, both[i], c, verify); return status }); got[200] != 1 || got[409] != 1 {
		t.Errorf("two verifiers at once: got %v, want one 200 and one 409", got)
	}
	// One person with both roles, verifying and approving at once: never both.
	for range 5 {
		c := w.opened(t, newProposal())
		one := w.person(t, "32.04", "verifier", "approver")
		got := w.race(t, func(i int) int { status, _ := w.decide(t, one, c, []verb{verify, approve}[i]); return status })
		if got[200] != 1 {
			t.Errorf("one person twice at once: got %v, want one 200", got)
		}
	}
	var doubles int
	err := w.db.QueryRow(t.Context(), `SELECT count(*) FROM case_file WHERE approver = verifier OR approver IS NOT NULL`).Scan(&doubles)
	if err != nil || doubles != 0 {
		t.Errorf("got %d cases approved (%v), want 0", doubles, err)
	}
}

// race runs two at once and counts their results.
func (w *world) race(t *testing.T, do func(i int) int) map[int]int {
	t.Helper()
	var mu sync.Mutex
	var all sync.WaitGroup
	got := map[int]int{}
	for i := range 2 {
		all.Go(func() {
			status := do(i)
			mu.Lock()
			defer mu.Unlock()
			got[status]++
		})
	}
	all.Wait()
	return got
}

func TestDecision_Batch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	verifier := w.person(t, "32.04", "verifier")
	a, b := w.opened(t, newProposal()), w.opened(t, newProposal())
	far := w.opened(t, newProposal(func(d *outbox.Draft, p *event.ProposalUpdated) {
		p.Area, d.Area = "33.74.01.1001", event.AreaOf("33.74")
	}))
	body := map[string]any{"items": []any{
		map[string]any{"case_id": a.CaseID, "decision": "verify", "proposal_version": 1},
		map[string]any{"case_id": a.CaseID, "decision": "verify", "proposal_version": 1},
		map[string]any{"case_id": newID(), "decision": "verify", "proposal_version": 1},
		map[string]any{"case_id": b.CaseID, "decision": "return", "proposal_version": 1, "reason_code": "berkas_kurang"},
		map[string]any{"case_id": b.CaseID, "decision": 7, "proposal_version": 1},
		map[string]any{"case_id": far.CaseID, "decision": "verify", "proposal_version": 1},
		map[string]any{"case_id": "x", "decision": "verify", "proposal_version": 1},
	}}
	want := []int{200, 409, 404, 200, 422, 404, 422}
	var first string
	for range 2 { // the second time the stored answer comes back, and nothing happens
		status, raw := w.do(t, verifier, "POST", "/v1/decisions/batch", body, "Idempotency-Key", "k1")
		if status != http.StatusOK {
			t.Fatalf("got %d %s, want 200", status, raw)
		}
		if first == "" {
			first = raw
		}
		if raw != first {
			t.Errorf("got %s again, want %s", raw, first)
		}
		var got web.BatchResults
		if err := json.Unmarshal([]byte(raw), &got); err != nil {
			t.Fatalf("decoding the answer: %v", err)
		}
		var statuses []int
		for i, item := range got.Items {
			statuses = append(statuses, item.Status)
			if item.Index != i {
				t.Errorf("got index %d at place %d", item.Index, i)
			}
		}
		if diff := cmp.Diff(want, statuses); diff != "" {
			t.Errorf("statuses (-want +got):\n%s", diff)
		}
	}
	if status, raw := w.do(t, verifier, "POST", "/v1/decisions/batch", map[string]any{"items": []any{}}, "Idempotency-Key", "k1"); status == http.StatusOK {
		t.Errorf("an empty batch under a used key: got 200 %s", raw)
	}
	if diff := cmp.Diff([]event.CaseStatus{event.CaseOpened, event.CaseReturned}, w.history(t, b.CaseID, 2)); diff != "" {
		t.Errorf("published (-want +got):\n%s", diff)
	}
	if got := w.broker.Quiet(t, "verification.case.>", 500*time.Millisecond); len(got) != 5 {
		t.Errorf("got %d events, want 3 opened, 1 verified, 1 returned", len(got))
	}
}

func TestCase_OutsideOfAreaDoesNotExist(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.opened(t, newProposal())
	stranger, programme := w.person(t, "32.05", "verifier"), w.person(t, "32.04", "programme")
	for _, tt := range []struct {
		name, token, path string
		want              int
	}{
		{"neighbour reads", stranger, "/v1/cases/" + c.CaseID, 404},
		{"unknown case", stranger, "/v1/cases/" + newID(), 404},
		{"neighbour lists", stranger, "/v1/cases?area=32.04", 403},
		{"programme reads values", programme, "/v1/cases/" + c.CaseID, 403},
		{"area is a prefix in letters only", w.person(t, "32", "verifier"), "/v1/cases?area=32.0", 403},
		{"own area", w.person(t, village, "operator"), "/v1/cases/" + c.CaseID, 200},
	} {
		if status, body := w.do(t, tt.token, "GET", tt.path, nil); status != tt.want {
			t.Errorf("%s: got %d %s, want %d", tt.name, status, body, tt.want)
		}
	}
	if got := must[caseList](t, w, stranger, "GET", "/v1/cases?proposal_id="+c.ProposalID, nil); len(got.Items) != 0 {
		t.Errorf("a neighbour sees %d cases, want 0", len(got.Items))
	}
	if status, body := w.decide(t, stranger, c, verify); status != http.StatusNotFound {
		t.Errorf("a neighbour decides: got %d %s, want 404", status, body)
	}
}

func TestCase_ShowsWhatACorrectionChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	family, person := newID(), newID()
	record := func(unit, id string, seal map[event.Class]any) outbox.Draft {
		return outbox.Draft{Type: event.TypeRegistrantUpdated, Filter: unit, Area: event.AreaOf(village), ID: id, Seal: seal,
			Data: event.RegistrantUpdated{State: event.Active, Area: village, FamilyID: family}}
	}
	identity := event.PersonIdentity{PersonID: person, NIK: "3204101003879001", Name: "CONTOH SATU"}
	w.registry.Emit(t,
		record(event.Family, family, map[event.Class]any{event.Identity: event.FamilyIdentity{Address: "JL. CONTOH 1"}}),
		record(event.Person, person, map[event.Class]any{event.Identity: identity}))
	testkit.Eventually(t, "the record in force", func() bool {
		var n int
		err := w.db.QueryRow(t.Context(), `SELECT count(*) FROM record WHERE family_id = $1`, family).Scan(&n)
		return err == nil && n == 2
	})
	corrected := identity
	corrected.Name = "CONTOH SATU BIN CONTOH"
	c := w.opened(t, newProposal(func(d *outbox.Draft, p *event.ProposalUpdated) {
		p.FamilyID, p.Kind, p.BaseVersion, p.Persons[0].PersonID = family, event.Perbaikan, 1, person
		d.Seal = map[event.Class]any{event.Identity: event.ProposalIdentity{Address: "JL. CONTOH 1", Members: []event.PersonIdentity{corrected}}}
	}))
	got := must[caseDetail](t, w, w.person(t, "32.04", "approver"), "GET", "/v1/cases/"+c.CaseID, nil)
	want := []change{{person, "name", "CONTOH SATU", "CONTOH SATU BIN CONTOH"}}
	if diff := cmp.Diff(want, got.Changes); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
}

// Every event again, from the first: the state and what was published stay those of one delivery.
func TestConsumer_Redelivered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	proposal := newProposal()
	w.opened(t, proposal)
	w.registry.Emit(t, proposal)
	before := w.broker.Events(t, "verification.case.>", 3)
	stream := event.StreamOf("registry")
	if err := w.broker.JS.DeleteConsumer(t.Context(), stream, name); err != nil {
		t.Fatalf("deleting the durable: %v", err)
	}
	if _, err := w.broker.JS.CreateConsumer(t.Context(), stream, bus.ConsumerConfig(name, bus.Filters(name, "registry"))); err != nil {
		t.Fatalf("making the durable: %v", err)
	}
	testkit.Eventually(t, "the redelivered events", func() bool {
		c, err := w.broker.JS.Consumer(t.Context(), stream, name)
		if err != nil {
			return false
		}
		info, err := c.Info(t.Context())
		return err == nil && info.NumPending == 0 && info.NumAckPending == 0
	})
	after := w.broker.Quiet(t, "verification.case.>", 500*time.Millisecond)
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("published (-once +twice):\n%s", diff)
	}
}

func TestQueue_Pages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	want := map[string]bool{}
	for _, area := range []string{"32.04.10.2001", "32.04.10.2002", "32.04.10.2001", "32.04.11.2001", "32.40.01.1001"} {
		c := w.opened(t, newProposal(func(d *outbox.Draft, p *event.ProposalUpdated) { p.Area, d.Area = area, event.AreaOf(area) }))
		if strings.HasPrefix(area, "32.04.") {
			want[c.CaseID] = true
		}
	}
	verifier := w.person(t, "32.04", "verifier")
	got := map[string]bool{}
	after := ""
	for pages := 0; ; pages++ {
		page := must[caseList](t, w, verifier, "GET", "/v1/cases?limit=2&after="+after, nil)
		for _, c := range page.Items {
			if got[c.CaseID] {
				t.Errorf("case %s twice", c.CaseID)
			}
			got[c.CaseID] = true
		}
		if after = page.Next; after == "" || pages > 5 {
			break
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("queue (-want +got):\n%s", diff)
	}
}

// The database refuses by itself what the pure rule refuses, whatever the code above it does.
func TestSchema_ThreePersons(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t, migrations)
	s := &store{db}
	for _, tt := range []struct {
		name string
		c    caseFile
		want string
	}{
		{"OK", newOpened(verified), ""},
		{"verifier is proposer", newOpened(verified, func(c *caseFile) { c.Verifier = proposerID }), "case_same_person"},
		{"approver is proposer", newOpened(verified, func(c *caseFile) { c.Status, c.Approver = event.CaseApproved, proposerID }), "case_same_person"},
		{"approver is verifier", newOpened(verified, func(c *caseFile) { c.Status, c.Approver = event.CaseApproved, verifierID }), "case_same_person"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := tt.c
			c.ID, c.ProposalID, c.FamilyID, c.Kind = newID(), newID(), newID(), event.Usulan
			code := ""
			err := inTx(t, db, func(tx txn) error {
				fresh := c
				fresh.Verifier, fresh.Approver = "", ""
				if err := s.open(t.Context(), tx, []caseFile{fresh}, []proposed{{}}); err != nil {
					return err
				}
				return s.save(t.Context(), tx, []caseFile{c})
			})
			if f := faultOf(err); f != nil {
				code = f.Code
			}
			if code != tt.want || (err != nil) != (tt.want != "") {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
	for _, statement := range []string{
		`UPDATE case_file SET status = 'approved'`, // approved by nobody
		`UPDATE case_file SET status = 'returned'`, // without a reason
		`UPDATE case_file SET status = 'blessed'`,
	} {
		if _, err := db.Exec(t.Context(), statement); err == nil {
			t.Errorf("%s: accepted, want a violation", statement)
		}
	}
}
