package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"dtks/pkg/auth"
	"dtks/pkg/bus"
	"dtks/pkg/event"
	"dtks/pkg/fault"
	"dtks/pkg/outbox"
	"dtks/pkg/testkit"
	"dtks/pkg/web"
)

func TestLayers(t *testing.T) { testkit.Layers(t, testkit.House) }

// Villages of the tests: two of one regency, one of another province.
const (
	soreang   = "32.04.37.2001"
	soreang2  = "32.04.37.2002"
	semarang  = "33.74.01.1001"
	otherNIK  = "3204370503859002"
	firstNIK  = "3204375003879001"
	firstKK   = "3204370101209001"
	regencyID = "32.04"
)

// world is the service in process with its database, its HTTP side and, where asked for, the bus around it.
type world struct {
	t            testing.TB
	db           *pgxpool.Pool
	s            *service
	server       *web.Server
	issuer       *testkit.OpenID
	keys         *testkit.KeyFiles
	broker       *testkit.Broker
	verification *testkit.Owner
	nikMatch     *testkit.Owner
	operator     string // token: proposes in 32.04
	proposer     string // person of that token
}

// newWorld has no bus: events end in the event table.
func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, db: testkit.DB(t, migrations), issuer: testkit.Issuer(t), keys: testkit.Keys(t), proposer: uuid.NewString()}
	w.s = &service{store: &store{w.db}, outbox: outbox.New(name, w.db, w.keys.Open(t, w.db, name)), now: time.Now}
	w.server = web.New(name, w.issuer.Verifier(t))
	w.s.register(w.server)
	w.operator = w.token(regencyID, w.proposer, "operator")
	return w
}

// newBusWorld runs relay and consumers, with real owners of the events consumed.
func newBusWorld(t testing.TB) *world {
	t.Helper()
	w := newWorld(t)
	w.broker = testkit.Bus(t)
	conn := w.broker.Connect(t, name)
	keys := w.keys.Open(t, w.db, name)
	parts := w.s.outbox.Relays(conn)
	parts = append(parts, conn.Consume(bus.Consumer{Name: name, DB: w.db, Keys: keys, After: w.s.outbox.Wake}, w.s.routes()...)...)
	testkit.Run(t, parts...)
	w.verification = testkit.NewOwner(t, w.broker, w.keys, "verification")
	w.nikMatch = testkit.NewOwner(t, w.broker, w.keys, "nik-match")
	return w
}

func (w *world) token(area, person string, roles ...string) string {
	return w.issuer.Token(w.t, auth.Principal{Account: "acc-" + person, Person: person, Name: "Contoh", Roles: roles, Area: area})
}

// reply is an HTTP answer.
type reply struct {
	status int
	header http.Header
	body   []byte
}

func (r reply) into(t testing.TB, v any) {
	t.Helper()
	if err := json.Unmarshal(r.body, v); err != nil {
		t.Fatalf("answer %d is not what was expected: %v", r.status, err)
	}
}

// code is the reason code of a problem.
func (r reply) code(t testing.TB) string {
	t.Helper()
	var p struct {
		Code string `json:"code"`
	}
	r.into(t, &p)
	return p.Code
}

func (w *world) call(token, method, path string, body any, headers ...string) reply {
	w.t.Helper()
	var sent []byte
	switch b := body.(type) {
	case nil:
	case []byte:
		sent = b
	default:
		var err error
		if sent, err = json.Marshal(body); err != nil {
			w.t.Fatal(err)
		}
	}
	r := httptest.NewRequest(method, path, bytes.NewReader(sent))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+token)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	rec := httptest.NewRecorder()
	w.server.ServeHTTP(rec, r)
	return reply{rec.Code, rec.Header(), rec.Body.Bytes()}
}

// propose posts one proposal as the operator and fails the test unless it is answered with status.
func (w *world) propose(in ProposalInput, status int, headers ...string) ProposalAnswer {
	w.t.Helper()
	r := w.call(w.operator, http.MethodPost, "/v1/proposals", in, headers...)
	if r.status != status {
		w.t.Fatalf("got %d %s, want %d", r.status, r.body, status)
	}
	var a ProposalAnswer
	if status < 300 {
		r.into(w.t, &a)
	}
	return a
}

func (w *world) refuse(token string, in ProposalInput, status int, code string, headers ...string) {
	w.t.Helper()
	r := w.call(token, http.MethodPost, "/v1/proposals", in, headers...)
	if r.status != status || r.code(w.t) != code {
		w.t.Fatalf("got %d %s, want %d %s", r.status, r.body, status, code)
	}
}

// newFamily is a family of one person that nothing is wrong with.
func newFamily(sourceID string, change ...func(*ProposalInput)) ProposalInput {
	in := ProposalInput{Kind: event.Usulan, Source: "uji", SourceID: sourceID, Area: soreang, KK: firstKK, Address: "JL. CONTOH 1",
		Survey: &Survey{Instrument: "REGSOSEK2022.K", Answers: map[string]int{"lantai": 8, "penerangan": 2}},
		Members: []Member{{MemberID: "1", NIK: firstNIK, Name: "SITI CONTOH", BirthPlace: "BANDUNG", BirthDate: "1987-03-10", Sex: "P",
			Mother: "IBU CONTOH", Coded: Coded{Relation: 1, Marital: 4, School: 3, SchoolLevel: 3}}}}
	for _, c := range change {
		c(&in)
	}
	return in
}

// withNIK numbers a family so that its NIK is nobody else's.
func withNIK(serial int) func(*ProposalInput) {
	return func(in *ProposalInput) {
		in.Members[0].NIK = fmt.Sprintf("320437500387%04d", 9000+serial)
		in.KK = fmt.Sprintf("320437010120%04d", 9000+serial)
	}
}

// withChild adds a second member.
func withChild(in *ProposalInput) {
	in.Members = append(in.Members, Member{MemberID: "2", NIK: "3204370506159003", Name: "ANAK CONTOH", BirthPlace: "BANDUNG",
		BirthDate: "2015-06-05", Sex: "L", Mother: "SITI CONTOH", Coded: Coded{Relation: 3, School: 2, SchoolLevel: 3,
			Disability: map[string]int{"jalan": 1}}})
}

// decide publishes a case about a proposal version and waits until the registry has answered with status.
func (w *world) decide(a ProposalAnswer, status event.CaseStatus, reason ...string) string {
	w.t.Helper()
	id := uuid.NewString()
	now := time.Now().UTC()
	data := event.CaseUpdated{ProposalID: a.ProposalID, ProposalVersion: a.Version, FamilyID: a.FamilyID, Kind: a.Kind, Status: status,
		Area: soreang, Proposer: w.proposer, Verifier: "pemeriksa", Approver: "penyetuju", OpenedAt: now, DecidedAt: &now}
	if len(reason) > 0 {
		data.ReasonCode = reason[0]
	}
	w.verification.Emit(w.t, outbox.Draft{Type: event.TypeCaseUpdated, Area: event.AreaOf(soreang), ID: id, Data: data})
	return id
}

// approve brings a proposal into force.
func (w *world) approve(a ProposalAnswer) {
	w.t.Helper()
	w.decide(a, event.CaseApproved)
	testkit.Eventually(w.t, "the proposal is applied", func() bool { return w.status(a) == string(event.ProposalApplied) })
}

func (w *world) status(a ProposalAnswer) string {
	return w.one("SELECT status FROM proposal WHERE proposal_id = $1", a.ProposalID)
}

// judge publishes a verdict about a person's identity version.
func (w *world) judge(a ProposalAnswer, person string, identity int64, verdict event.Verdict) {
	w.t.Helper()
	w.nikMatch.Emit(w.t, outbox.Draft{Type: event.TypeMatchDecided, Area: event.AreaOf(soreang), ID: person,
		Data: event.MatchDecided{FamilyID: a.FamilyID, Area: soreang, IdentityVersion: identity, Verdict: verdict, DecidedAt: time.Now().UTC()},
		Seal: map[event.Class]any{event.Identity: event.MatchEvidence{Finding: "sesuai"}}})
}

func (w *world) one(sql string, args ...any) string {
	w.t.Helper()
	var v string
	if err := w.db.QueryRow(w.t.Context(), "SELECT coalesce(("+sql+")::text, '')", args...).Scan(&v); err != nil {
		w.t.Fatal(err)
	}
	return v
}

// events reads what has been announced under a key pattern, in order.
func (w *world) events(pattern string) []outbox.Archived {
	w.t.Helper()
	rows, err := w.db.Query(w.t.Context(), "SELECT subject, payload FROM event WHERE aggregate_key LIKE $1 ORDER BY seq", pattern)
	if err != nil {
		w.t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (outbox.Archived, error) {
		var a outbox.Archived
		var payload []byte
		if err := row.Scan(&a.Subject, &payload); err != nil {
			return a, err
		}
		return a, json.Unmarshal(payload, &a.Envelope)
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

func registrantOf(t *testing.T, a outbox.Archived) event.RegistrantUpdated {
	t.Helper()
	var u event.RegistrantUpdated
	if err := json.Unmarshal(a.Data, &u); err != nil {
		t.Fatal(err)
	}
	return u
}

// intact fails the test when the registry's own invariants do not hold.
func (w *world) intact() {
	w.t.Helper()
	if err := checkRegistry(w.t.Context(), w.db, func(invariant, text string) { w.t.Errorf("%s: %s", invariant, text) }); err != nil {
		w.t.Fatal(err)
	}
}

func codes(details []fault.Detail) []string {
	var out []string
	for _, d := range details {
		out = append(out, d.Code)
	}
	return out
}

func waitFor(t *testing.T, w *world, sql, want string, args ...any) {
	t.Helper()
	testkit.Eventually(t, sql+" is "+want, func() bool { return w.one(sql, args...) == want })
}
