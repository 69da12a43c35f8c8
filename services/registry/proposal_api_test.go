package main

import (
	"bytes"
	"net/http"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"dtks/pkg/event"
	"dtks/pkg/web"
)

func TestPropose_SameAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.propose(newFamily("A-1"), http.StatusCreated)
	again := w.propose(newFamily("A-1"), http.StatusOK)
	if diff := cmp.Diff(first, again); diff != "" {
		t.Errorf("the same content was answered differently: %s", diff)
	}
	if n := len(w.events("registry.proposal.%")); n != 1 {
		t.Errorf("got %d events, want 1", n)
	}
	changed := w.propose(newFamily("A-1", withChild), http.StatusCreated)
	if changed.ProposalID != first.ProposalID || changed.Version != 2 || changed.Persons[0] != first.Persons[0] {
		t.Errorf("got %+v, want version 2 of the same proposal and person", changed)
	}
	w.intact()
}

func TestPropose_IdempotencyKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := newFamily("A-1")
	first := w.propose(in, http.StatusCreated, "Idempotency-Key", "k1")
	if again := w.propose(in, http.StatusCreated, "Idempotency-Key", "k1"); again.ProposalID != first.ProposalID {
		t.Errorf("got another proposal for the same key")
	}
	w.refuse(w.operator, newFamily("A-2", withNIK(2)), http.StatusConflict, "idempotency_key_reused", "Idempotency-Key", "k1")
}

func TestPropose_Refused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tests := []struct {
		name   string
		token  string
		change func(*ProposalInput)
		status int
		code   string
	}{
		{"ErrOtherArea", w.operator, func(in *ProposalInput) { in.Area = semarang }, 403, "area_forbidden"},
		{"ErrReader", w.token("00", uuid.NewString(), "programme"), func(*ProposalInput) {}, 403, "action_forbidden"},
		{"ErrNoPerson", w.token("00", "", "operator"), func(*ProposalInput) {}, 401, "token_incomplete"},
		{"ErrUnknownVillage", w.operator, func(in *ProposalInput) { in.Area = "32.04.37.9999" }, 422, "proposal_unreadable"},
		{"ErrNoMembers", w.operator, func(in *ProposalInput) { in.Members = nil }, 422, "proposal_unreadable"},
		{"ErrControlCharacter", w.operator, func(in *ProposalInput) { in.Members[0].Name = "SITI\x00CONTOH" }, 422, "proposal_unreadable"},
		{"ErrNoSuchFamily", w.operator, func(in *ProposalInput) {
			in.Kind, in.Source, in.SourceID, in.FamilyID, in.BaseVersion = event.Perbaikan, "", "", uuid.NewString(), 1
		}, 404, "family_not_found"},
		{"ErrIfMatchWithoutProposal", w.operator, func(*ProposalInput) {}, 412, "version_differs"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := *w
			w.t = t
			headers := []string{}
			if test.code == "version_differs" {
				headers = append(headers, "If-Match", `"1"`)
			}
			w.refuse(test.token, newFamily("R-1", test.change), test.status, test.code, headers...)
		})
	}
	if n := w.one("SELECT count(*) FROM event WHERE aggregate_key LIKE 'registry.proposal.%'"); n != "0" {
		t.Errorf("refused proposals left %s events", n)
	}
}

// A name of a source that waits in one regency is not another regency's to take over; who may propose in both moves it.
func TestPropose_OpenElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.propose(newFamily("O-1"), http.StatusCreated)
	taken := newFamily("O-1", func(in *ProposalInput) { in.Area = semarang })
	foreign := w.token("33.74", uuid.NewString(), "operator")
	for _, headers := range [][]string{nil, {"If-Match", `"1"`}} {
		w.refuse(foreign, taken, http.StatusForbidden, "area_forbidden", headers...)
	}
	for _, path := range []string{"/v1/proposals", "/v1/proposals/batch"} {
		body := any(taken)
		if path == "/v1/proposals/batch" {
			body = map[string]any{"items": []ProposalInput{taken}}
		}
		r := w.call(foreign, http.MethodPost, path, body)
		for _, id := range []string{a.ProposalID, a.FamilyID, a.Persons[0].PersonID} {
			if bytes.Contains(r.body, []byte(id)) {
				t.Errorf("%s: the refusal shows an id: %s", path, r.body)
			}
		}
	}
	if got := w.one("SELECT status || ' ' || version FROM proposal"); got != "open 1" {
		t.Errorf("got %s, want the proposal as it was", got)
	}
	change := ProposalInput{Kind: event.Perbaikan, FamilyID: a.FamilyID, BaseVersion: 1, Address: "JL. CONTOH 2"}
	w.refuse(foreign, change, http.StatusNotFound, "family_not_found", "If-Match", `"7"`)
	r := w.call(w.token("00", uuid.NewString(), "operator"), http.MethodPost, "/v1/proposals", taken)
	if r.status != http.StatusCreated || w.status(a) != string(event.ProposalRejected) {
		t.Errorf("got %d, want the open proposal replaced by who may propose in both areas", r.status)
	}
	w.intact()
}

func TestProposeBatch_ItemByItem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.propose(newFamily("B-0"), http.StatusCreated)
	items := []ProposalInput{
		newFamily("B-1", withNIK(11)),
		newFamily("B-0"), // nothing new
		newFamily("B-2", func(in *ProposalInput) { in.Area = semarang }), // not the operator's
		newFamily("B-1", withNIK(11)),                                    // again in one batch
		newFamily("B-3", func(in *ProposalInput) { in.Members[0].NIK = "" }),
		newFamily("B-4", func(in *ProposalInput) { in.Members[0].BirthDate = "10-03-1987" }),
		newFamily("B-5"), // the NIK of B-0
	}
	r := w.call(w.operator, http.MethodPost, "/v1/proposals/batch", map[string]any{"items": items}, "Idempotency-Key", "b")
	if r.status != http.StatusOK {
		t.Fatalf("got %d %s", r.status, r.body)
	}
	var out struct {
		Items []struct {
			web.ItemResult
			Answer ProposalAnswer `json:"answer"`
		}
	}
	r.into(t, &out)
	var got []int
	for _, item := range out.Items {
		got = append(got, item.Status)
	}
	if diff := cmp.Diff([]int{201, 200, 403, 409, 201, 422, 201}, got); diff != "" {
		t.Errorf("statuses: %s", diff)
	}
	if diff := cmp.Diff([]string{"nik_missing"}, codes(out.Items[4].Answer.Warnings)); diff != "" {
		t.Errorf("warnings: %s", diff)
	}
	if diff := cmp.Diff([]string{codeDuplicate}, codes(out.Items[6].Answer.Warnings)); diff != "" {
		t.Errorf("warnings: %s", diff)
	}
	if n := w.one("SELECT count(*) FROM repair WHERE closed_at IS NULL"); n != "2" {
		t.Errorf("got %s repairs, want 2", n)
	}
	again := w.call(w.operator, http.MethodPost, "/v1/proposals/batch", map[string]any{"items": items}, "Idempotency-Key", "b")
	if !bytes.Equal(again.body, r.body) {
		t.Errorf("the same key was answered differently")
	}
	w.intact()
}

func TestProposeBatch_OneUnreadableItem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := []byte(`{"items":[{"kind":"usulan","source":"uji","source_id":"U-1","area":"` + soreang + `","members":[{"member_id":"1","name":"SITI CONTOH","nik":3204375003879001}]},` +
		`{"kind":"usulan","source":"uji","source_id":"U-2","area":"` + soreang + `","members":[{"member_id":"1","name":"SITI CONTOH"}]}]}`)
	r := w.call(w.operator, http.MethodPost, "/v1/proposals/batch", body)
	var out web.BatchResults
	r.into(t, &out)
	if len(out.Items) != 2 || out.Items[0].Status != 422 || out.Items[1].Status != 201 {
		t.Fatalf("got %s", r.body)
	}
	if bytes.Contains(r.body, []byte("3204375003879001")) {
		t.Error("the answer repeats a NIK")
	}
}

// Many at once enter the same new families: each exists once.
func TestProposeBatch_Concurrent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var items []ProposalInput
	for i := range 40 {
		items = append(items, newFamily(uuid.NewString(), withNIK(i)))
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			r := w.call(w.operator, http.MethodPost, "/v1/proposals/batch", map[string]any{"items": items})
			if r.status != http.StatusOK {
				t.Errorf("got %d %s", r.status, r.body)
			}
		})
	}
	wg.Wait()
	if n := w.one("SELECT count(*) FROM proposal"); n != "40" {
		t.Errorf("got %s proposals, want 40", n)
	}
	w.intact()
}

// The public contract names the batch, its items and its answers, although the body is decoded item by item.
func TestOpenAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var doc struct {
		Paths      map[string]any
		Components struct {
			Schemas map[string]struct{ Properties map[string]any }
		}
	}
	w.call(w.operator, http.MethodGet, "/openapi.json", nil).into(t, &doc)
	for _, path := range []string{"/v1/proposals", "/v1/proposals/batch", "/v1/families/{id}/history", "/v1/repairs", "/v1/areas/{code}"} {
		if doc.Paths[path] == nil {
			t.Errorf("%s is not described", path)
		}
	}
	for schema, property := range map[string]string{"ProposalInput": "survey", "Member": "school_level", "BatchResults": "items"} {
		if doc.Components.Schemas[schema].Properties[property] == nil {
			t.Errorf("%s.%s is not described", schema, property)
		}
	}
}
