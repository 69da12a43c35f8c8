package main

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"dtks/pkg/event"
)

// Two officers correct one family at the same time: one proposal waits, the other is told so.
func TestChange_TwoAtOnce(t *testing.T) {
	t.Parallel()
	w := newBusWorld(t)
	a := w.propose(newFamily("T-1"), http.StatusCreated)
	w.approve(a)
	other := w.token(regencyID, uuid.NewString(), "operator")
	in := ProposalInput{Kind: event.Perbaikan, FamilyID: a.FamilyID, BaseVersion: 1}
	statuses := make([]int, 2)
	var wg sync.WaitGroup
	for i, token := range []string{w.operator, other} {
		wg.Go(func() {
			mine := in
			mine.Address = "JL. CONTOH " + token[len(token)-4:]
			statuses[i] = w.call(token, http.MethodPost, "/v1/proposals", mine).status
		})
	}
	wg.Wait()
	slices.Sort(statuses)
	if !slices.Equal(statuses, []int{201, 409}) {
		t.Fatalf("got %v, want one 201 and one 409", statuses)
	}
	in.Address = "JL. CONTOH 9"
	winner := w.one("SELECT proposer FROM proposal WHERE status = 'open'")
	loser := other
	if winner != w.proposer {
		loser = w.operator
	}
	w.refuse(loser, in, http.StatusConflict, "proposal_open")
	w.refuse(loser, in, http.StatusPreconditionFailed, "version_differs", "If-Match", `"7"`)
	if r := w.call(loser, http.MethodPost, "/v1/proposals", in, "If-Match", `"1"`); r.status != http.StatusCreated || r.header.Get("ETag") != `"2"` {
		t.Errorf("got %d %s, want version 2 by If-Match", r.status, r.body)
	}
	w.intact()
}

func TestRead_AreaAndClass(t *testing.T) {
	t.Parallel()
	w := newBusWorld(t)
	a := w.propose(newFamily("G-1", withChild), http.StatusCreated)
	b := w.propose(newFamily("G-2", withNIK(2)), http.StatusCreated)
	w.approve(a)
	w.approve(b)
	stranger, reader := w.token("33", uuid.NewString(), "operator"), w.token("32", uuid.NewString(), "programme")
	child := a.Persons[1].PersonID
	for _, path := range []string{"/v1/families/" + a.FamilyID, "/v1/families/" + a.FamilyID + "/history", "/v1/persons/" + child,
		"/v1/persons/" + child + "/history", "/v1/proposals/" + a.ProposalID} {
		if r := w.call(stranger, http.MethodGet, path, nil); r.status != http.StatusNotFound {
			t.Errorf("%s: a stranger got %d, want 404", path, r.status)
		}
		if r := w.call(reader, http.MethodGet, path, nil); r.status != http.StatusOK {
			t.Errorf("%s: a reader got %d, want 200", path, r.status)
		}
	}
	if r := w.call(stranger, http.MethodGet, "/v1/families?area=32.04", nil); r.status != http.StatusForbidden {
		t.Errorf("a stranger's list got %d, want 403", r.status)
	}
	var p PersonView
	w.call(w.operator, http.MethodGet, "/v1/persons/"+child, nil).into(t, &p)
	if p.Disability == nil {
		t.Error("who works on cases is not shown what is sensitive")
	}
}

// Who the people are is shown to those who enter and decide; the others follow ids, states and areas.
func TestRead_Identity(t *testing.T) {
	t.Parallel()
	w := newBusWorld(t)
	a := w.propose(newFamily("I-1", withChild), http.StatusCreated)
	w.approve(a)
	personal := []string{firstNIK, firstKK, "SITI CONTOH", "IBU CONTOH", "1987-03-10", "BANDUNG", "JL. CONTOH", "I-1", "lantai", "jalan"}
	paths := map[string][]string{ // what of the above an operator is shown there
		"/v1/families/" + a.FamilyID:                        personal,
		"/v1/families/" + a.FamilyID + "/history":           {firstKK, "JL. CONTOH", "I-1", "lantai", "jalan", "1987-03-10"},
		"/v1/persons/" + a.Persons[0].PersonID:              personal[:6],
		"/v1/persons/" + a.Persons[0].PersonID + "/history": personal[:6],
		"/v1/proposals/" + a.ProposalID:                     {firstNIK, firstKK, "SITI CONTOH", "IBU CONTOH", "1987-03-10", "BANDUNG", "JL. CONTOH", "lantai", "jalan"},
		"/v1/families?area=32.04&limit=10":                  nil,
		"/v1/repairs?area=32.04&limit=10":                   nil,
	}
	sees := map[string]bool{"operator": true, "lksa": true, "verifier": true, "approver": true, "admin": true,
		"programme": false, "ops": false, "auditor": false}
	for role, identity := range sees {
		token := w.token("32", uuid.NewString(), role)
		for path, values := range paths {
			r := w.call(token, http.MethodGet, path, nil)
			if r.status != http.StatusOK {
				t.Errorf("%s %s: got %d, want 200", role, path, r.status)
				continue
			}
			if identity {
				for _, v := range values {
					if !bytes.Contains(r.body, []byte(v)) {
						t.Errorf("%s %s: %q is not shown", role, path, v)
					}
				}
				continue
			}
			for _, v := range personal {
				if bytes.Contains(r.body, []byte(v)) {
					t.Errorf("%s %s: %q is shown", role, path, v)
				}
			}
			if values != nil && !bytes.Contains(r.body, []byte(a.Persons[0].PersonID)) && !bytes.Contains(r.body, []byte(a.ProposalID)) {
				t.Errorf("%s %s: shows no ids", role, path)
			}
		}
	}
}

// Where a child is, whether its parents live and what cover it has go the way of all answers: entered, corrected, moved,
// announced. Cover of zero, none, is not the same as cover that was not asked.
func TestChange_MemberAnswers(t *testing.T) {
	t.Parallel()
	w := newBusWorld(t)
	answered := func(cover *int) func(*ProposalInput) {
		return func(in *ProposalInput) {
			in.Members[1].Presence, in.Members[1].Orphan, in.Members[1].Cover = 1, 2, cover
		}
	}
	a := w.propose(newFamily("J-1", withChild, answered(new(5))), http.StatusCreated)
	w.approve(a)
	w.propose(newFamily("J-1", withChild, answered(new(5))), http.StatusOK)
	b := w.propose(newFamily("J-1", withChild, answered(new(0))), http.StatusCreated)
	w.approve(b)
	w.approve(w.propose(newFamily("J-1", withChild, answered(nil)), http.StatusCreated))
	w.approve(w.propose(ProposalInput{Kind: event.Pindah, FamilyID: a.FamilyID, BaseVersion: 3, ToArea: soreang2}, http.StatusCreated))

	var got struct{ Items []VersionView }
	w.call(w.operator, http.MethodGet, "/v1/families/"+a.FamilyID+"/history", nil).into(t, &got)
	child := event.MemberSurvey{PersonID: a.Persons[1].PersonID, Relation: 3, Sex: "L", BirthDate: "2015-06-05", School: 2, SchoolLevel: 3,
		Presence: 1, Orphan: 2}
	for i, want := range []struct {
		cover   *int
		changed []string
	}{{new(5), nil}, {new(0), []string{"members"}}, {nil, []string{"members"}}, {nil, []string{"area"}}} {
		if i >= len(got.Items) {
			t.Fatalf("got %d versions, want 4", len(got.Items))
		}
		child.Cover = want.cover
		if diff := cmp.Diff(child, got.Items[i].Family.Survey.Members[1]); diff != "" {
			t.Errorf("version %d (-want +got):\n%s", i+1, diff)
		}
		if diff := cmp.Diff(want.changed, got.Items[i].Changed); diff != "" {
			t.Errorf("changed in version %d (-want +got):\n%s", i+1, diff)
		}
	}
	var p PersonView
	w.call(w.operator, http.MethodGet, "/v1/persons/"+child.PersonID, nil).into(t, &p)
	if p.Presence != 1 || p.Orphan != 2 || p.Cover != nil {
		t.Errorf("got presence %d, orphan %d, cover %v, want 1, 2 and none recorded", p.Presence, p.Orphan, p.Cover)
	}
	w.intact()
}

func TestHistory_WhoWhenWhy(t *testing.T) {
	t.Parallel()
	w := newBusWorld(t)
	a := w.propose(newFamily("H-1"), http.StatusCreated)
	w.approve(a)
	b := w.propose(newFamily("H-1", func(in *ProposalInput) { in.Address = "JL. CONTOH 2" }), http.StatusCreated)
	w.approve(b)
	w.judge(a, a.Persons[0].PersonID, 1, event.Padan)
	waitFor(t, w, "SELECT version FROM family", "3")

	var got struct{ Items []VersionView }
	w.call(w.operator, http.MethodGet, "/v1/families/"+a.FamilyID+"/history", nil).into(t, &got)
	if len(got.Items) != 3 {
		t.Fatalf("got %d versions, want 3", len(got.Items))
	}
	first, second, third := got.Items[0], got.Items[1], got.Items[2]
	if first.Family.Address != "JL. CONTOH 1" || second.Family.Address != "JL. CONTOH 2" || first.Family.Survey.Answers["lantai"] != 8 {
		t.Errorf("the versions do not show their values: %+v", got.Items)
	}
	if second.Why != "proposal" || second.Proposal == nil || second.Proposal.Proposer != w.proposer ||
		second.Proposal.Approver != "penyetuju" || second.Proposal.Kind != event.Perbaikan || second.Cause == "" {
		t.Errorf("version 2 does not say who and why: %+v", second)
	}
	if third.Why != "verdict" || third.Proposal != nil {
		t.Errorf("version 3 does not say that a verdict came: %+v", third)
	}
}

func TestLists_Pages(t *testing.T) {
	t.Parallel()
	w := newBusWorld(t)
	for i, area := range []string{soreang2, soreang, soreang} {
		in := newFamily(uuid.NewString(), withNIK(i), func(in *ProposalInput) { in.Area = area; in.Members[0].NIK = "12" })
		w.approve(w.propose(in, http.StatusCreated))
	}
	for path, field := range map[string]string{"/v1/families?area=32.04.37&limit=2": "family_id", "/v1/repairs?limit=2": "person_id"} {
		seen := map[string]bool{}
		var order []string
		next := ""
		for range 3 {
			var page struct {
				Items []map[string]any
				Next  string
			}
			w.call(w.operator, http.MethodGet, path+"&after="+next, nil).into(t, &page)
			for _, item := range page.Items {
				seen[item[field].(string)] = true
				order = append(order, item["area"].(string))
			}
			if next = page.Next; next == "" {
				break
			}
		}
		if len(seen) != 3 || !slices.IsSorted(order) {
			t.Errorf("%s: got %d items in order %v, want 3", path, len(seen), order)
		}
	}
}

func TestAreas_LoadedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 2 {
		if err := w.s.store.loadAreas(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	var a AreaView
	w.call(w.operator, http.MethodGet, "/v1/areas/32.04", nil).into(t, &a)
	if a.Name == "" || a.Parent != "32" || len(a.Areas) != 31 {
		t.Errorf("got %s in %s with %d districts, want 31", a.Name, a.Parent, len(a.Areas))
	}
	if n := w.one("SELECT count(*) FROM area WHERE level = 4"); n != "83762" {
		t.Errorf("got %s villages, want 83762", n)
	}
	if r := w.call(w.operator, http.MethodGet, "/v1/areas/99", nil); r.status != http.StatusNotFound {
		t.Errorf("got %d for an unknown area, want 404", r.status)
	}
}

// A replica that waited for another one's load does not load again, and no lock of the backbone makes it wait.
func TestAreas_SecondReplica(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tx, err := w.db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.Background()) }()
	for _, sql := range []string{"SELECT pg_advisory_xact_lock(n) FROM generate_series(47001, 47004) AS n",
		"INSERT INTO area_load (digest) VALUES ('" + areaDigest() + "')"} {
		if _, err := tx.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	loaded := make(chan error, 1)
	go func() { loaded <- w.s.store.loadAreas(t.Context()) }()
	waitFor(t, w, "SELECT string_agg(objid::text, ' ') FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = "+
		"(SELECT oid FROM pg_database WHERE datname = current_database())", "47004")
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-loaded; err != nil {
		t.Fatal(err)
	}
	if n := w.one("SELECT count(*) FROM area"); n != "0" {
		t.Errorf("got %s areas loaded a second time, want 0", n)
	}
}
