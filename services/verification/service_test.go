package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"dtks/pkg/auth"
	"dtks/pkg/bus"
	"dtks/pkg/event"
	"dtks/pkg/fault"
	"dtks/pkg/outbox"
	"dtks/pkg/testkit"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// world is the service under test, with real neighbours: a broker, a database, an issuer, and the two services whose
// events it consumes.
type world struct {
	broker   *testkit.Broker
	registry *testkit.Owner
	match    *testkit.Owner
	db       *pgxpool.Pool
	service  *service
	url      string
	issuer   *testkit.OpenID
}

const village = "32.04.10.2001"

func newWorld(t *testing.T) *world {
	t.Helper()
	b, keys := testkit.Bus(t), testkit.Keys(t)
	db := testkit.DB(t, migrations)
	own := keys.Open(t, db, name)
	w := &world{broker: b, db: db, issuer: testkit.Issuer(t),
		registry: testkit.NewOwner(t, b, keys, "registry"), match: testkit.NewOwner(t, b, keys, "nik-match")}
	conn := b.Connect(t, name)
	box := outbox.New(name, db, own)
	w.service = &service{store: &store{db}, outbox: box, now: time.Now}
	server := newServer(w.service, w.issuer.Verifier(t))
	front := httptest.NewServer(server)
	t.Cleanup(front.Close)
	w.url = front.URL
	testkit.Run(t, append(box.Relays(conn),
		conn.Consume(bus.Consumer{Name: name, DB: db, Keys: own, After: box.Wake}, w.service.routes()...)...)...)
	return w
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// person is an officer of the sample with a token of their own.
func (w *world) person(t *testing.T, area string, roles ...string) string {
	t.Helper()
	id := newID()
	return w.issuer.Token(t, auth.Principal{Account: "acc-" + id, Person: id, Name: "PETUGAS CONTOH", Roles: roles, Area: area})
}

// newProposal is an open proposal of a family of one person whose verdict is due.
func newProposal(change ...func(*outbox.Draft, *event.ProposalUpdated)) outbox.Draft {
	person := newID()
	p := event.ProposalUpdated{FamilyID: newID(), Kind: event.Usulan, Status: event.ProposalOpen, Area: village,
		Proposer: newID(), ProposedAt: at, Persons: []event.ProposedPerson{{PersonID: person, IdentityVersion: 1, Match: true}}}
	d := outbox.Draft{Type: event.TypeProposalUpdated, Area: event.AreaOf(village), ID: newID(), Seal: map[event.Class]any{
		event.Identity: event.ProposalIdentity{KK: "3204101001019001", Address: "JL. CONTOH 1",
			Members: []event.PersonIdentity{{PersonID: person, NIK: "3204101003879001", Name: "CONTOH SATU"}}},
		event.Survey: event.FamilySurvey{Instrument: "REGSOSEK2022.K", Answers: map[string]int{"lantai": 6}},
	}}
	for _, f := range change {
		f(&d, &p)
	}
	d.Data = p
	return d
}

func personOf1(d outbox.Draft) string { return d.Data.(event.ProposalUpdated).Persons[0].PersonID }

func (w *world) do(t *testing.T, token, method, path string, body any, header ...string) (int, string) {
	t.Helper()
	var payload io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			t.Fatalf("encoding a request: %v", err)
		}
		payload = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, w.url+path, payload)
	if err != nil {
		t.Fatalf("making a request: %v", err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return res.StatusCode, string(raw)
}

// must asks and decodes an answer that has to be 200.
func must[T any](t *testing.T, w *world, token, method, path string, body any, header ...string) T {
	t.Helper()
	status, raw := w.do(t, token, method, path, body, header...)
	if status != http.StatusOK {
		t.Fatalf("%s %s: got %d %s, want 200", method, path, status, raw)
	}
	var out T
	if err := json.Unmarshal([]byte(raw), &out); err != nil {
		t.Fatalf("%s %s: decoding the answer: %v", method, path, err)
	}
	return out
}

type caseList struct {
	Items []caseSummary `json:"items"`
	Next  string        `json:"next"`
}

// opened emits a proposal and returns its case.
func (w *world) opened(t *testing.T, d outbox.Draft) caseSummary {
	t.Helper()
	w.registry.Emit(t, d)
	admin := w.person(t, "00", "admin")
	var got caseList
	testkit.Eventually(t, "a case for the proposal", func() bool {
		got = must[caseList](t, w, admin, "GET", "/v1/cases?proposal_id="+d.ID, nil)
		return len(got.Items) > 0
	})
	return got.Items[0]
}

func (w *world) decide(t *testing.T, token string, c caseSummary, v verb) (int, string) {
	t.Helper()
	body := map[string]any{"decision": v, "proposal_version": c.ProposalVersion}
	if v == sendBack || v == reject {
		body["reason_code"] = "berkas_kurang"
	}
	return w.do(t, token, "POST", "/v1/cases/"+c.CaseID+"/decisions", body)
}

// history is the statuses that were published for a case, in order, each checked to carry the next version.
func (w *world) history(t *testing.T, caseID string, n int) []event.CaseStatus {
	t.Helper()
	var out []event.CaseStatus
	for i, r := range w.broker.Events(t, fmt.Sprintf("%s.all.*.*.%s", event.TypeCaseUpdated, caseID), n) {
		var c event.CaseUpdated
		if err := json.Unmarshal(r.Envelope.Data, &c); err != nil {
			t.Fatalf("decoding an event: %v", err)
		}
		if r.Envelope.Version != int64(i+1) {
			t.Errorf("got version %d at place %d, want %d", r.Envelope.Version, i, i+1)
		}
		out = append(out, c.Status)
	}
	return out
}

func TestLayers(t *testing.T) {
	t.Parallel()
	testkit.Layers(t, testkit.House)
}

type txn = pgx.Tx

func inTx(t *testing.T, db *pgxpool.Pool, do func(tx txn) error) error {
	t.Helper()
	return pgx.BeginFunc(t.Context(), db, do)
}

func faultOf(err error) *fault.Error {
	var f *fault.Error
	errors.As(err, &f)
	return f
}
