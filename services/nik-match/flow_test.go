package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"dtks/pkg/event"
	"dtks/pkg/outbox"
	"dtks/pkg/testkit"
)

// answers are the kinds of answers, each with one person whose record gives it.
var answers = []struct {
	name    string
	status  string
	change  func(*event.PersonIdentity) // of what is entered, the civil record stays
	verdict event.Verdict
	code    string
	finding string
	calls   int
}{
	{"Agrees", "hidup", func(*event.PersonIdentity) {}, event.Padan, "", "sesuai", 1},
	{"Spaces", "hidup", func(p *event.PersonIdentity) { p.NIK = p.NIK[:6] + " " + p.NIK[6:] }, event.Padan, "", "sesuai", 1},
	{"Nickname", "hidup", func(p *event.PersonIdentity) { p.Name = "WAWAN CONTO" }, event.PerluTinjau, "", "nama_berbeda", 1},
	{"SomebodyElse", "hidup", func(p *event.PersonIdentity) { p.Name, p.Mother = "YOSEFINA", "MARTHA" }, event.TidakPadan, "", "nama_berbeda", 1},
	{"CalledOtherwise", "hidup", func(p *event.PersonIdentity) { p.Name = "UJANG" }, event.PerluTinjau, "", "nama_berbeda", 1},
	{"BirthDate", "hidup", func(p *event.PersonIdentity) { p.BirthDate = "1990-01-02" }, event.PerluTinjau, "", "tanggal_lahir_berbeda", 1},
	{"Deceased", "meninggal", func(*event.PersonIdentity) {}, event.TidakPadan, "11", "meninggal", 1},
	{"Duplicate", "ganda", func(*event.PersonIdentity) {}, event.PerluTinjau, "12", "ganda", 1},
	{"Unknown", "hidup", func(p *event.PersonIdentity) { p.NIK = "3204100101909999" }, event.TidakPadan, "13", "tidak_ditemukan", 1},
	{"Inactive", "nonaktif", func(*event.PersonIdentity) {}, event.PerluTinjau, "14", "nonaktif", 1},
	{"Unprocessed", "tidak_diproses", func(*event.PersonIdentity) {}, event.PerluTinjau, "08", "tidak_diproses", 1},
	{"NoNIK", "hidup", func(p *event.PersonIdentity) { p.NIK = "" }, event.TidakPadan, "", "tanpa_nik", 0},
	{"Malformed", "hidup", func(p *event.PersonIdentity) { p.NIK = "12345" }, event.TidakPadan, "", "format_nik", 0},
}

// Each kind of answer gives its verdict, once, and the registry's later word about the same version asks nobody again.
func TestFlow_Verdicts(t *testing.T) {
	t.Parallel()
	var lines []string
	var people []event.PersonIdentity
	for i, tt := range answers {
		p := member(i)
		lines = append(lines, civil(p, tt.status))
		tt.change(&p)
		people = append(people, p)
	}
	h := newHarness(t, newSimulator(t, lines))
	family := h.propose(1, people...)
	for i, tt := range answers {
		got := h.decided(people[i], 1)
		if got.Verdict != tt.verdict || got.Evidence.Code != tt.code || got.Evidence.Finding != tt.finding {
			t.Errorf("%s: got %s %s %s, want %s %s %s", tt.name, got.Verdict, got.Evidence.Code, got.Evidence.Finding, tt.verdict, tt.code, tt.finding)
		}
		if calls := count(t, h.store.db, `SELECT count(*) FROM call WHERE person_id = $1`, got.PersonID); calls != int64(tt.calls) {
			t.Errorf("%s: got %d calls, want %d", tt.name, calls, tt.calls)
		}
	}
	events := h.broker.Events(t, decisions, len(answers))
	for _, e := range events {
		d := payload[event.MatchDecided](t, e)
		if e.Envelope.Version != 1 || d.FamilyID != family || d.Area != village || d.IdentityVersion != 1 || d.State != "" || e.Envelope.Cause == "" {
			t.Errorf("got event %+v version %d cause %q", d, e.Envelope.Version, e.Envelope.Cause)
		}
	}
	h.register(1, village, family, people...)
	h.propose(1, people...)
	testkit.Eventually(t, "both were consumed", func() bool {
		return count(t, h.store.db, `SELECT count(*) FROM applied WHERE aggregate_key NOT LIKE '%.key.%'`) == int64(2+len(people))
	})
	if all := h.broker.Quiet(t, decisions, 300*time.Millisecond); len(all) != len(answers) {
		t.Errorf("got %d events after nothing changed, want %d", len(all), len(answers))
	}
	if c := h.sim.counts(); c.Received != int64(len(answers)-2) {
		t.Errorf("got %d calls, want one for each person that can be asked about", c.Received)
	}
	if kept := count(t, h.store.db, `SELECT count(*) FROM match WHERE identity IS NOT NULL`); kept != 0 {
		t.Errorf("got matched fields of %d persons kept after their verdict", kept)
	}
	h.mustHold()
}

// A person that came without a proposal is asked about from the registrant event, a sleeping one is not.
func TestFlow_Registrant(t *testing.T) {
	t.Parallel()
	a, b, c := member(1), member(2), member(3)
	h := newHarness(t, newSimulator(t, []string{civil(a, "hidup"), civil(b, "hidup"), civil(c, "hidup")}))
	h.registry.Emit(t, outbox.Draft{Type: event.TypeRegistrantUpdated, Filter: event.Person, Area: event.AreaOf(village), ID: b.PersonID,
		Data: event.RegistrantUpdated{State: event.Inactive, Area: village, FamilyID: uuid.NewString(), IdentityVersion: 4}, Seal: map[event.Class]any{event.Identity: b}})
	h.register(4, village, uuid.NewString(), a, c)
	if got := h.decided(a, 4); got.Verdict != event.Padan {
		t.Errorf("got %s, want padan", got.Verdict)
	}
	h.decided(c, 4)
	if n := count(t, h.store.db, `SELECT count(*) FROM match`); n != 2 {
		t.Errorf("got %d jobs, want none for the sleeping person", n)
	}
	h.mustHold()
}

// A verdict moves with its person: two versions across a regency's border, one within it.
func TestFlow_Move(t *testing.T) {
	t.Parallel()
	p := member(1)
	h := newHarness(t, newSimulator(t, []string{civil(p, "meninggal")}))
	family := h.propose(1, p)
	h.decided(p, 1)
	h.register(1, village, family, p)
	h.register(1, "32.04.11.2002", family, p) // within the regency
	h.broker.Events(t, decisions, 2)
	h.registry.Emit(t, outbox.Draft{Type: event.TypeRegistrantUpdated, Filter: event.Person, Area: event.AreaOf(village), ID: p.PersonID,
		Data: event.RegistrantUpdated{State: event.Moved}})
	h.register(1, "33.74.01.1001", family, p)
	other := uuid.NewString()
	events := h.broker.Events(t, decisions, 4)
	h.register(1, "33.74.01.1001", other, p) // into another family
	events = append(events, h.broker.Events(t, decisions, 5)[4])
	type seen struct {
		Subject, State, Area string
		Version, Identity    int64
		Verdict              event.Verdict
		Sealed               bool
	}
	var got []seen
	for _, e := range events {
		d := payload[event.MatchDecided](t, e)
		got = append(got, seen{e.Subject, string(d.State), d.Area, e.Envelope.Version, d.IdentityVersion, d.Verdict, len(d.Sealed) == 1})
	}
	old, now := "nik-match.match.decided.v1.all.32.04."+p.PersonID, "nik-match.match.decided.v1.all.33.74."+p.PersonID
	want := []seen{
		{old, "", village, 1, 1, event.TidakPadan, true},
		{old, "", "32.04.11.2002", 2, 1, event.TidakPadan, true},
		{old, "moved", "", 3, 0, "", false},
		{now, "", "33.74.01.1001", 4, 1, event.TidakPadan, true},
		{now, "", "33.74.01.1001", 5, 1, event.TidakPadan, true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if calls := h.sim.counts().Received; calls != 1 {
		t.Errorf("got %d calls, want 1: a move asks nobody", calls)
	}
	h.mustHold()
}

// The move comes first, the verdict of the proposal that was made before it later: it is published in the new place.
func TestFlow_MoveBeforeVerdict(t *testing.T) {
	t.Parallel()
	p := member(1)
	h := newHarness(t, newSimulator(t, []string{civil(p, "hidup")}, "latency=400ms"))
	family := h.propose(1, p)
	testkit.Eventually(t, "the call", func() bool { return h.sim.counts().Received == 1 })
	h.register(1, "33.74.01.1001", family, p)
	events := h.broker.Events(t, decisions, 1)
	if d := payload[event.MatchDecided](t, events[0]); d.Area != "33.74.01.1001" || events[0].Subject != "nik-match.match.decided.v1.all.33.74."+p.PersonID {
		t.Errorf("got %s in %s, want the new place", d.Area, events[0].Subject)
	}
	h.mustHold()
}

// An older identity version is never published after a newer one, but keeps its own answer.
func TestFlow_NewerOvertakes(t *testing.T) {
	t.Parallel()
	p := member(1)
	h := newHarness(t, newSimulator(t, []string{civil(p, "hidup")}, "fault=hang", "fault_times=1"), func(c *config) { c.Timeout = 1500 * time.Millisecond })
	h.propose(1, p)
	testkit.Eventually(t, "the first call hangs", func() bool { return h.sim.counts().Received == 1 })
	h.worker.gate.mu.Lock()
	h.worker.gate.limit = 4 // so that the hanging call does not hold up the second
	h.worker.gate.mu.Unlock()
	newer := p
	newer.BirthDate = "1991-01-01"
	h.propose(2, newer)
	if got := h.decided(p, 2); got.Verdict != event.PerluTinjau {
		t.Errorf("got %s for version 2, want perlu_ditinjau", got.Verdict)
	}
	testkit.Eventually(t, "version 1 has its own verdict", func() bool {
		return count(t, h.store.db, `SELECT count(*) FROM match WHERE verdict = 'padan' AND identity_version = 1`) == 1
	})
	all := h.broker.Quiet(t, decisions, 500*time.Millisecond)
	if len(all) != 1 || payload[event.MatchDecided](t, all[0]).IdentityVersion != 2 {
		t.Errorf("got %d events, want that of version 2 alone", len(all))
	}
	if n := count(t, h.store.db, `SELECT count(*) FROM call WHERE outcome = 'timeout'`); n != 1 {
		t.Errorf("got %d time-outs in the ledger, want 1", n)
	}
	h.mustHold()
}

// One identity version never stands for two sets of fields.
func TestFlow_VersionReused(t *testing.T) {
	t.Parallel()
	p := member(1)
	h := newHarness(t, newSimulator(t, []string{civil(p, "hidup")}))
	h.propose(1, p)
	h.decided(p, 1)
	p.Name = "SOMEONE CONTOH"
	h.propose(1, p)
	testkit.Eventually(t, "a dead letter", func() bool {
		return count(t, h.store.db, `SELECT count(*) FROM dead_letter WHERE code = 'identity_version_reused' AND NOT parked`) == 1
	})
	h.mustHold()
}
