package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"dtks/pkg/event"
	"dtks/pkg/outbox"
	"dtks/pkg/pg"
	"dtks/pkg/testkit"
)

func TestLayers(t *testing.T) {
	t.Parallel()
	allowed := map[string][]string{}
	for path, files := range testkit.House { // a replay reads a stream and writes a table, and nothing else does both
		allowed[path] = append([]string{"replay.go"}, files...)
	}
	testkit.Layers(t, allowed)
}

// built is the simulator's program, built once for all tests.
var built struct {
	sync.Once
	dir string
	err error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if built.dir != "" {
		_ = os.RemoveAll(built.dir)
	}
	os.Exit(code)
}

// simulator is a real Dukcapil simulator in a process of its own.
type simulator struct {
	t   testing.TB
	url string
}

// newSimulator starts one that knows the people of civil (lines of its CSV without the header).
func newSimulator(t testing.TB, civil []string, settings ...string) *simulator {
	t.Helper()
	built.Do(func() {
		built.dir, built.err = os.MkdirTemp("", "dukcapil-sim-")
		if built.err == nil {
			build := exec.Command("go", "build", "-o", filepath.Join(built.dir, "sim"), ".")
			build.Dir = "../../cmd/dukcapil-sim"
			var out []byte
			if out, built.err = build.CombinedOutput(); built.err != nil {
				built.err = fmt.Errorf("%w: %s", built.err, out)
			}
		}
	})
	if built.err != nil {
		t.Fatalf("building the simulator: %v", built.err)
	}
	file := filepath.Join(t.TempDir(), "civil.csv")
	text := "nik,kk,name,birth_place,birth_date,sex,mother,status\n" + strings.Join(civil, "\n") + "\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.Command(filepath.Join(built.dir, "sim"), append([]string{"--addr", "127.0.0.1:0", "--civil", file}, settings...)...)
	logs, err := command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = command.Process.Kill(); _ = command.Wait() })
	lines := bufio.NewScanner(logs)
	var line struct{ Addr string }
	if !lines.Scan() || json.Unmarshal(lines.Bytes(), &line) != nil || line.Addr == "" {
		t.Fatalf("the simulator did not start: %s", lines.Text())
	}
	go func() { _, _ = io.Copy(io.Discard, logs) }()
	return &simulator{t, "http://" + line.Addr}
}

func (s *simulator) request(method, path, body string, into any) {
	s.t.Helper()
	request, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(response.Body)
	if response.StatusCode >= 400 {
		s.t.Fatalf("simulator: %s", text)
	}
	if into != nil {
		if err := json.Unmarshal(text, into); err != nil {
			s.t.Fatal(err)
		}
	}
}

func (s *simulator) mode(settings ...string) {
	s.t.Helper()
	given := map[string]string{}
	for _, setting := range settings {
		key, value, _ := strings.Cut(setting, "=")
		given[key] = value
	}
	text, err := json.Marshal(given)
	if err != nil {
		s.t.Fatal(err)
	}
	s.request(http.MethodPut, "/admin/mode", string(text), nil)
}

func (s *simulator) append(civil ...string) {
	s.t.Helper()
	s.request(http.MethodPost, "/admin/civil", "nik,kk,name,birth_place,birth_date,sex,mother,status\n"+strings.Join(civil, "\n")+"\n", nil)
}

type simCounts struct {
	Received, Answered, Abandoned, Persons, Repeats int64
	Most                                            int
	ByCode                                          map[string]int64 `json:"by_code"`
}

func (s *simulator) counts() (c simCounts) {
	s.t.Helper()
	s.request(http.MethodGet, "/admin/counts", "", &c)
	return c
}

// harness is the service on a real database, broker and simulator, and registry's own outbox beside it.
type harness struct {
	t        testing.TB
	sim      *simulator
	broker   *testkit.Broker
	registry *testkit.Owner
	store    *store
	worker   *worker
}

// newHarness starts all of it. change edits the configuration before.
func newHarness(t testing.TB, sim *simulator, change ...func(*config)) *harness {
	t.Helper()
	return newHarnessOn(t, sim, testkit.Bus(t), testkit.Keys(t), change...)
}

func newHarnessOn(t testing.TB, sim *simulator, broker *testkit.Broker, keys *testkit.KeyFiles, change ...func(*config)) *harness {
	t.Helper()
	h := &harness{t: t, sim: sim, broker: broker, registry: testkit.NewOwner(t, broker, keys, "registry")}
	db := testkit.DB(t, migrations)
	own := keys.Open(t, db, service)
	h.store = &store{db: db, out: outbox.New(service, db, own), now: time.Now}
	h.worker = newTestWorker(t, h.store, sim, change...)
	testkit.Run(t, parts(h.store, h.worker, newSeeker(h.store), broker.Connect(t, service), own)...)
	return h
}

// newStore is a store with a database but nothing that runs.
func newStore(t testing.TB) *store {
	t.Helper()
	db := testkit.DB(t, migrations)
	return &store{db: db, out: outbox.New(service, db, testkit.Keys(t).Open(t, db, service)), now: time.Now}
}

func newTestWorker(t testing.TB, s *store, sim *simulator, change ...func(*config)) *worker {
	t.Helper()
	cfg, rules, err := load(func(name string) string {
		return map[string]string{"DATABASE_URL": "unused", "DUKCAPIL_URL": sim.url, "DUKCAPIL_TIMEOUT": "2s", "DUKCAPIL_PROBE": "100ms", "DUKCAPIL_BREAKER_DELAY": "100ms"}[name]
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range change {
		c(&cfg)
	}
	client, err := newDukcapil(cfg, rules)
	if err != nil {
		t.Fatal(err)
	}
	return newWorker(s, client)
}

// member is a synthetic person number n (serials from 9000 on are nobody's).
func member(n int, change ...func(*event.PersonIdentity)) event.PersonIdentity {
	p := event.PersonIdentity{PersonID: uuid.NewString(), NIK: fmt.Sprintf("320410010190%04d", 9000+n), KK: "3204100101209001",
		Name: "HERMAWAN CONTOH", BirthPlace: "BANDUNG", BirthDate: "1990-01-01", Sex: "L", Mother: "SITI CONTOH"}
	for _, c := range change {
		c(&p)
	}
	return p
}

// civil is the simulator's line of a person.
func civil(p event.PersonIdentity, status string) string {
	return strings.Join([]string{p.NIK, p.KK, p.Name, p.BirthPlace, p.BirthDate, p.Sex, p.Mother, status}, ",")
}

const village = "32.04.10.2001"

// propose publishes an open proposal that brings version of each member.
func (h *harness) propose(version int64, members ...event.PersonIdentity) (family string) {
	h.t.Helper()
	family = uuid.NewString()
	data := event.ProposalUpdated{FamilyID: family, Kind: event.Usulan, Status: event.ProposalOpen, Area: village,
		Proposer: uuid.NewString(), ProposedAt: time.Now().UTC()}
	for _, m := range members {
		data.Persons = append(data.Persons, event.ProposedPerson{PersonID: m.PersonID, IdentityVersion: version, Match: true})
	}
	h.registry.Emit(h.t, outbox.Draft{Type: event.TypeProposalUpdated, Area: event.AreaOf(village), ID: uuid.NewString(), Data: data,
		Seal: map[event.Class]any{event.Identity: event.ProposalIdentity{Members: members}}})
	return family
}

// register publishes persons in force.
func (h *harness) register(version int64, area, family string, members ...event.PersonIdentity) {
	h.t.Helper()
	var drafts []outbox.Draft
	for _, m := range members {
		drafts = append(drafts, outbox.Draft{Type: event.TypeRegistrantUpdated, Filter: event.Person, Area: event.AreaOf(area), ID: m.PersonID,
			Data: event.RegistrantUpdated{State: event.Active, Area: area, FamilyID: family, IdentityVersion: version},
			Seal: map[event.Class]any{event.Identity: m}})
	}
	h.registry.Emit(h.t, drafts...)
}

// decided waits for a person's verdict on an identity version.
func (h *harness) decided(p event.PersonIdentity, version int64) personVerdict {
	h.t.Helper()
	var got *personVerdict
	testkit.Eventually(h.t, "a verdict", func() bool {
		var err error
		if got, err = h.store.personVerdict(h.t.Context(), uuid.MustParse(p.PersonID)); err != nil {
			h.t.Fatal(err)
		}
		return got != nil && got.IdentityVersion >= version
	})
	return *got
}

// mustHold runs the service's own checks.
func (h *harness) mustHold() {
	h.t.Helper()
	for law, persons := range broken8(h.t, h.store.db) {
		h.t.Errorf("invariant I8: %s for %d persons", law, persons)
	}
}

// broken8 counts by law the persons for whom I8 does not hold.
func broken8(t testing.TB, db *pgxpool.Pool) map[string]int {
	t.Helper()
	found := map[string]int{}
	if err := checkVerdicts(t.Context(), db, func(invariant, text string) {
		law, _, _ := strings.Cut(text, ":")
		found[law]++
	}); err != nil {
		t.Fatal(err)
	}
	return found
}

func count(t testing.TB, db *pgxpool.Pool, query string, args ...any) (n int64) {
	t.Helper()
	if err := db.QueryRow(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// payload decodes the open part of a received event.
func payload[T any](t testing.TB, r testkit.Received) (v T) {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(r.Envelope.Data))
	if err := decoder.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

const decisions = "nik-match.match.decided.v1.>"

func mustAsk(t testing.TB, s *store, asked ...asking) {
	t.Helper()
	if err := pg.InTx(t.Context(), s.db, func(tx pgx.Tx) error { return s.ask(t.Context(), tx, asked) }); err != nil {
		t.Fatal(err)
	}
}
