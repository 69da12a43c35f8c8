package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"dtks/pkg/event"
)

// arm lets a program die, as by kill -9, at the nth hit of a step.
func (w *world) arm(t *testing.T, program, step string, nth int) string {
	t.Helper()
	file := filepath.Join(w.failpoints, program+"@"+step)
	if err := os.WriteFile(file, []byte(strconv.Itoa(nth)), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// steps are all failpoints of outbox and consumer, and who passes them.
var steps = map[string][]string{
	"outbox.before_commit":  {"registry", "verification", "nik-match", "eligibility", "notify"},
	"relay.before_publish":  {"registry", "verification", "nik-match", "eligibility", "notify"},
	"relay.after_publish":   {"registry", "verification", "nik-match", "eligibility", "notify"},
	"relay.after_mark":      {"registry", "verification", "nik-match", "eligibility", "notify"},
	"consume.before_tx":     {"registry", "verification", "nik-match", "eligibility", "notify", "console"},
	"consume.before_commit": {"registry", "verification", "nik-match", "eligibility", "notify", "console"},
	"consume.after_commit":  {"registry", "verification", "nik-match", "eligibility", "notify", "console"},
	"consume.after_ack":     {"registry", "verification", "nik-match", "eligibility", "notify", "console"},
}

// TestKill_EveryStep kills every service at every step of outbox and consumer while a family is on its way; each time
// the family must arrive and, at the end of a step, every invariant hold.
func TestKill_EveryStep(t *testing.T) {
	w := shared
	kills := 0
	for step, programs := range steps {
		t.Run(step, func(t *testing.T) {
			var armed []string
			for _, program := range programs {
				armed = append(armed, w.arm(t, program, step, 1))
			}
			f := w.complete(t, input(bandung))
			w.wantOutcome(t, f, "sembako", event.Entitled)
			w.sendBack(t, w.propose(t, input(bandung))) // notify tells its operator by e-mail, and the bus that it did
			for _, file := range armed {
				eventually(t, "fired: "+filepath.Base(file), 30*time.Second, func() bool { _, err := os.Stat(file); return err != nil })
				kills++
			}
			w.mustHold(t)
		})
	}
	t.Logf("%d kills at %d steps", kills, len(steps))
}

// entry is a load of families that several hands enter at once.
type entry struct {
	answered atomic.Int64
	done     chan []family
}

// underWay waits until some, and not all, have been answered: the fault that follows strikes in the middle.
func (e *entry) underWay(t *testing.T, all int64) {
	t.Helper()
	eventually(t, "entry is under way", 20*time.Second, func() bool { return e.answered.Load() >= 5 })
	if n := e.answered.Load(); n >= all {
		t.Fatalf("all %d families were in before the fault", n)
	}
}

// load enters families in the background.
func (w *world) load(t *testing.T, hands, each int) *entry {
	t.Helper()
	e := &entry{done: make(chan []family, 1)}
	go func() { e.done <- w.enterAll(t, e, hands, each) }()
	return e
}

func (w *world) enterAll(t *testing.T, e *entry, hands, each int) []family {
	var mu sync.Mutex
	var all []family
	var wg sync.WaitGroup
	for range hands {
		wg.Go(func() {
			for range each {
				f := w.propose(t, input(bandung))
				e.answered.Add(1)
				mu.Lock()
				all = append(all, f)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return all
}

// TestBroker_Restarted kills NATS while families are entered; entry goes on without it, and nothing is lost.
func TestBroker_Restarted(t *testing.T) {
	w := shared
	old := w.pid(t, "broker")
	entry := w.load(t, 4, 25)
	entry.underWay(t, 100)
	if err := syscall.Kill(old, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	families := <-entry.done
	eventually(t, "the broker is back", 30*time.Second, func() bool { p := w.pid(t, "broker"); return p != 0 && p != old })
	for _, f := range families {
		w.decide(t, f)
	}
	for _, f := range families {
		w.wantOutcome(t, f, "sembako", event.Entitled)
	}
	w.mustHold(t)
}

// TestPostgres_Immediate stops PostgreSQL with -m immediate (no checkpoint, clients cut off) in the middle of entry.
func TestPostgres_Immediate(t *testing.T) {
	w := shared
	entry := w.load(t, 4, 25)
	pid := w.postmaster(t)
	entry.underWay(t, 100)
	if err := syscall.Kill(pid, syscall.SIGQUIT); err != nil { // what pg_ctl stop -m immediate sends
		t.Fatal(err)
	}
	families := <-entry.done
	eventually(t, "PostgreSQL is back", 60*time.Second, func() bool {
		code, _, err := w.try("GET", "registry", "/readyz", "operator1.00", nil)
		return err == nil && code == 200
	})
	for _, f := range families {
		w.decide(t, f)
	}
	for _, f := range families {
		w.wantOutcome(t, f, "sembako", event.Entitled)
	}
	w.mustHold(t)
}

func (w *world) postmaster(t *testing.T) int {
	t.Helper()
	for _, name := range []string{"postgres"} {
		if pid := w.pid(t, name); pid != 0 {
			return pid
		}
	}
	t.Fatal("no PostgreSQL among the stack's processes: is DATABASE_URL set?")
	return 0
}

// TestReplay_EqualsLive rebuilds eligibility's state from the streams beside the live one and compares digests.
func TestReplay_EqualsLive(t *testing.T) {
	w := shared
	f := w.complete(t, input(bandung))
	w.wantOutcome(t, f, "sembako", event.Entitled)
	out, err := w.dtks("replay", "--service", "eligibility")
	if err != nil {
		t.Fatalf("dtks replay: %v\n%s", err, out)
	}
	t.Log(out)
}

// TestStream_Rebuilt deletes a stream, makes it anew and has its owner publish its archive again.
func TestStream_Rebuilt(t *testing.T) {
	w := own(t)
	var families []family
	for range 3 {
		families = append(families, w.complete(t, input(bandung)))
	}
	for _, f := range families {
		w.wantOutcome(t, f, "sembako", event.Entitled)
	}
	w.mustHold(t)
	if err := w.js.DeleteStream(t.Context(), "REGISTRY"); err != nil {
		t.Fatal(err)
	}
	if out, err := w.dtks("rebuild-stream", "--service", "registry"); err != nil {
		t.Fatalf("dtks rebuild-stream: %v\n%s", err, out)
	}
	last := w.complete(t, input(bandung))
	w.wantOutcome(t, last, "sembako", event.Entitled)
	w.mustHold(t)
	for _, f := range families {
		if env, _ := w.entitlement(t, "sembako", f.FamilyID); env.Version != 1 {
			t.Errorf("the rebuilt stream led to another decision: version %d, want 1", env.Version)
		}
	}
}

// TestDeliveries_DuplicateReorderedPoison puts into a stream what must never be there. The services must not be moved
// by it, and the checker must name it.
func TestDeliveries_DuplicateReorderedPoison(t *testing.T) {
	w := own(t)
	f := w.complete(t, input(bandung))
	w.wantOutcome(t, f, "sembako", event.Entitled)
	fix := w.propose(t, map[string]any{"kind": "perbaikan", "family_id": f.FamilyID, "base_version": w.familyVersion(t, f),
		"survey": map[string]any{"instrument": "REGSOSEK2022.K", "answers": rich()}})
	w.decide(t, fix)
	w.wantOutcome(t, f, "sembako", event.NotEntitled)
	w.mustHold(t)
	before := len(w.events(t, "eligibility", "eligibility.entitlement.>"))

	subject := fmt.Sprintf("%s.family.32.04.%s", event.TypeRegistrantUpdated, f.FamilyID)
	versions := w.events(t, "registry", subject)
	for range 2 { // the newest again, then the oldest after it: duplicate and reorder, outside the duplicate window
		for _, env := range []event.Envelope{versions[len(versions)-1], versions[0]} {
			raw, err := event.Marshal(env)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.js.Publish(t.Context(), subject, raw); err != nil {
				t.Fatal(err)
			}
		}
	}
	poison := []string{"", "{", "null", `{"version":-1}`, `{"version":9223372036854775807,"type":"registry.registrant.updated.v1"}`, "\xff\xfe",
		string(make([]byte, 500_000)), `{"data":` + nested(10_000) + `}`}
	for i, body := range poison {
		if _, err := w.js.Publish(t.Context(), fmt.Sprintf("%s.family.32.04.poison%d", event.TypeRegistrantUpdated, i), []byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	next := w.complete(t, input(bandung)) // others flow on
	w.wantOutcome(t, next, "sembako", event.Entitled)
	if _, data := w.entitlement(t, "sembako", f.FamilyID); data.Outcome != event.NotEntitled {
		t.Errorf("an old version came back to life: %s", data.Outcome)
	}
	if after := len(w.events(t, "eligibility", "eligibility.entitlement.>")); after != before+2 {
		t.Errorf("%d entitlement events, want the next family's two more than %d", after, before)
	}
	if found := w.violations(t); found["I3"] < len(poison) {
		t.Errorf("the checker names %v; want I3 for every planted message", found)
	}
}

func nested(depth int) string {
	b := make([]byte, 0, 2*depth)
	for range depth {
		b = append(b, '[')
	}
	for range depth {
		b = append(b, ']')
	}
	return string(b)
}

// TestCheck_PlantedDamage proves the checker on real databases: a planted loss, a planted double and a planted stale
// version are each named, and nothing is once they are undone.
func TestCheck_PlantedDamage(t *testing.T) {
	w := own(t)
	f := w.complete(t, input(bandung))
	w.wantOutcome(t, f, "sembako", event.Entitled)
	w.mustHold(t)
	key := "registry.proposal.all." + f.ProposalID // open, then applied: two versions
	plants := []struct{ name, service, plant, undo, want string }{
		{"Loss", "verification", `DELETE FROM applied WHERE aggregate_key = $1`,
			`INSERT INTO applied (consumer, aggregate_key, version, effects) VALUES ('verification', $1, 2, 2)`, "I9"},
		{"Double", "verification", `UPDATE applied SET effects = effects + 3 WHERE aggregate_key = $1`,
			`UPDATE applied SET effects = effects - 3 WHERE aggregate_key = $1`, "I4"},
		{"Stale", "verification", `UPDATE applied SET version = 1 WHERE aggregate_key = $1`,
			`UPDATE applied SET version = 2 WHERE aggregate_key = $1`, "I5"},
		{"LostRow", "registry", `UPDATE event SET aggregate_key = aggregate_key || 'x' WHERE aggregate_key = $1 AND version = 2`,
			`UPDATE event SET aggregate_key = $1 WHERE aggregate_key = $1 || 'x'`, "I3"},
	}
	for _, p := range plants {
		w.exec(t, p.service, p.plant, key)
		if found := w.violations(t); found[p.want] == 0 {
			t.Errorf("%s: the checker names %v, want %s", p.name, found, p.want)
		}
		w.exec(t, p.service, p.undo, key)
	}
	w.mustHold(t)
}

// exec changes one row of a service's database behind its back.
func (w *world) exec(t *testing.T, service, sql string, args ...any) {
	t.Helper()
	url, err := w.DatabaseURL(service)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	tag, err := conn.Exec(t.Context(), sql, args...)
	if err != nil || tag.RowsAffected() != 1 {
		t.Fatalf("planting in %s: %v, %d rows", service, err, tag.RowsAffected())
	}
}
