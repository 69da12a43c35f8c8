package main

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"dtks/pkg/event"
	"dtks/pkg/testkit"
)

// crowd is n people and their civil lines.
func crowd(n int, status string) (people []event.PersonIdentity, lines []string) {
	for i := range n {
		people = append(people, member(i))
		lines = append(lines, civil(people[i], status))
	}
	return people, lines
}

// Whatever the connection does, each person ends with the true verdict, and no failure is taken for one.
func TestFaults_Connection(t *testing.T) {
	t.Parallel()
	want := map[string]outcome{"refuse": noNetwork, "hang": timedOut, "drip": timedOut, "500": badStatus, "503": badStatus, "429": badStatus,
		"html": malformed, "truncated": malformed, "wrong_nik": malformed, "schema": malformed, "huge": malformed}
	for fault, outcome := range want {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			people, lines := crowd(6, "meninggal")
			h := newHarness(t, newSimulator(t, lines, "fault="+fault, "fault_times=2"), func(c *config) { c.Timeout = 700 * time.Millisecond })
			h.propose(1, people...)
			for _, p := range people {
				if got := h.decided(p, 1); got.Evidence.Finding != "meninggal" {
					t.Errorf("got %s, want meninggal", got.Evidence.Finding)
				}
			}
			if n := count(t, h.store.db, `SELECT count(*) FROM call WHERE outcome = $1`, string(outcome)); n != 2 {
				t.Errorf("got %d calls with outcome %s, want 2", n, outcome)
			}
			if n := len(h.broker.Events(t, decisions, len(people))); n != len(people) {
				t.Errorf("got %d events, want %d", n, len(people))
			}
			h.mustHold()
		})
	}
}

// A quota is kept to, the refused try again when there is a new one, and nobody loses an attempt by it.
func TestFaults_Quota(t *testing.T) {
	t.Parallel()
	people, lines := crowd(12, "hidup")
	h := newHarness(t, newSimulator(t, lines, "quota=5"))
	h.propose(1, people...)
	testkit.Eventually(t, "the quota to be used up", func() bool {
		return h.worker.gate.state().Held == heldQuota && count(t, h.store.db, `SELECT count(*) FROM match WHERE state = 'decided'`) == 5
	})
	if n := count(t, h.store.db, `SELECT COALESCE(max(failures), 0) FROM match`); n != 0 {
		t.Errorf("got %d failures counted, want none", n)
	}
	if n := count(t, h.store.db, `SELECT remain FROM quota_day`); n != 0 {
		t.Errorf("got %d left in the quota ledger, want 0", n)
	}
	h.sim.mode("quota=-1")
	for _, p := range people {
		h.decided(p, 1)
	}
	if state := h.worker.gate.state(); state.Held != "" {
		t.Errorf("got held by %s after the quota came back", state.Held)
	}
	h.mustHold()
}

// Hours and set-up stop all calls but a rare try; the queue waits unharmed.
func TestFaults_Held(t *testing.T) {
	t.Parallel()
	for held, settings := range map[string][2]string{heldHours: {"hours=closed", "hours=always"}, heldSetup: {"user=other", "user="}} {
		t.Run(held, func(t *testing.T) {
			t.Parallel()
			people, lines := crowd(8, "hidup")
			h := newHarness(t, newSimulator(t, lines, settings[0]), func(c *config) { c.Probe = 300 * time.Millisecond })
			h.propose(1, people...)
			testkit.Eventually(t, "the hold", func() bool { return h.worker.gate.state().Held == held })
			time.Sleep(700 * time.Millisecond)
			if calls := h.sim.counts().Received; calls > 4 {
				t.Errorf("got %d calls while held, want a try now and then", calls)
			}
			h.sim.mode(settings[1])
			for _, p := range people {
				h.decided(p, 1)
			}
			if n := count(t, h.store.db, `SELECT max(failures) FROM match`); n != 0 {
				t.Errorf("got %d failures counted, want none", n)
			}
			h.mustHold()
		})
	}
}

// Code 07 is a defect of ours: the job is set aside with its reason until somebody makes it due again.
func TestFaults_Incomplete(t *testing.T) {
	t.Parallel()
	p := member(1)
	h := newHarness(t, newSimulator(t, []string{civil(p, "hidup")}, "code=07"))
	h.propose(1, p)
	testkit.Eventually(t, "the job is parked", func() bool {
		return count(t, h.store.db, `SELECT count(*) FROM match WHERE state = 'parked' AND reason = 'incomplete'`) == 1
	})
	h.sim.mode("code=")
	url := h.store.db.Config().ConnString()
	if err := redrive(t.Context(), func(string) string { return url }, nil); err != nil {
		t.Fatal(err)
	}
	h.decided(p, 1)
	h.mustHold()
}

// Dukcapil answers after our time-out ("alive"), and a second call says something else: one decision, both on record,
// the late answer used by nobody.
func TestFaults_Late(t *testing.T) {
	t.Parallel()
	p := member(1)
	h := newHarness(t, newSimulator(t, []string{civil(p, "hidup")}, "fault=late", "late=1200ms", "fault_times=1"), func(c *config) { c.Timeout = 400 * time.Millisecond })
	h.propose(1, p)
	testkit.Eventually(t, "the first call", func() bool { return h.sim.counts().Received == 1 })
	time.Sleep(50 * time.Millisecond)
	h.sim.append(civil(p, "meninggal"))
	if got := h.decided(p, 1); got.Evidence.Finding != "meninggal" {
		t.Errorf("got %s, want what the answered call said", got.Evidence.Finding)
	}
	time.Sleep(time.Second) // past the late answer
	if got := h.decided(p, 1); got.Evidence.Finding != "meninggal" {
		t.Errorf("got %s after the late answer, want no change", got.Evidence.Finding)
	}
	if n := count(t, h.store.db, `SELECT count(*) FROM call WHERE (call = 1 AND outcome = 'timeout') OR (call = 2 AND outcome = 'verdict')`); n != 2 {
		t.Errorf("got %d of the two calls in the ledger", n)
	}
	if n := len(h.broker.Quiet(t, decisions, 200*time.Millisecond)); n != 1 {
		t.Errorf("got %d events, want 1", n)
	}
	h.mustHold()
}

// A worker that died with calls under way: they are asked again, and the ledger says that the first were lost.
func TestFaults_WorkerDied(t *testing.T) {
	t.Parallel()
	people, lines := crowd(3, "hidup")
	s := newStore(t)
	const dead, alive = 17, 18
	ctx := t.Context()
	for _, p := range people {
		mustAsk(t, s, asking{identity{uuid.MustParse(p.PersonID), 1}, uuid.New(), village, p, event.Cause{}})
	}
	first, err := s.claim(ctx, dead, 2)
	if err != nil || len(first) != 2 {
		t.Fatalf("got %d jobs, %v", len(first), err)
	}
	number := s.session(alive)
	if err := number.hold(ctx); err != nil {
		t.Fatal(err)
	}
	defer number.close(ctx)
	if _, err := s.claim(ctx, alive, 1); err != nil {
		t.Fatal(err)
	}
	lost, err := s.recover(ctx, 19)
	if err != nil || lost != 2 {
		t.Errorf("got %d lost calls (%v), want the dead worker's two and not the living one's", lost, err)
	}
	again, err := s.claim(ctx, 19, 10)
	if err != nil || len(again) != 2 || again[0].Calls != 2 {
		t.Fatalf("got %d jobs to ask again (%v), want 2", len(again), err)
	}
	// The dead worker was only cut off: what it comes back with is not taken.
	w := newTestWorker(t, s, newSimulator(t, lines))
	late := done{job: first[0], reply: w.dukcapil.verify(ctx, first[0].Fields, first[0].Own), started: time.Now(), ended: time.Now()}
	if late.outcome != decided {
		t.Fatalf("got outcome %s", late.outcome)
	}
	if err := s.record(ctx, dead, []done{late}); err != nil {
		t.Fatal(err)
	}
	if n := count(t, s.db, `SELECT count(*) FROM match WHERE state = 'decided'`); n != 0 {
		t.Error("an answer to a call given up for lost became a verdict")
	}
	if n := count(t, s.db, `SELECT count(*) FROM call WHERE outcome = 'lost' AND call = 1`); n != 2 {
		t.Errorf("got %d lost calls in the ledger, want 2", n)
	}
}

// An outcome that the database refuses is lost for its own job alone, which waits for another call; the others of its
// batch are recorded.
func TestFaults_Refused(t *testing.T) {
	t.Parallel()
	people, lines := crowd(5, "hidup")
	s := newStore(t)
	w := newTestWorker(t, s, newSimulator(t, lines))
	for _, p := range people {
		mustAsk(t, s, asking{identity{uuid.MustParse(p.PersonID), 1}, uuid.New(), village, p, event.Cause{}})
	}
	if _, err := s.db.Exec(t.Context(), fmt.Sprintf(
		`ALTER TABLE match ADD CONSTRAINT refused CHECK (person_id <> '%s' OR verdict IS NULL)`, people[2].PersonID)); err != nil {
		t.Fatal(err)
	}
	round := func(want int) {
		t.Helper()
		jobs, err := s.claim(t.Context(), w.id, 10)
		if err != nil || len(jobs) != want {
			t.Fatalf("got %d jobs (%v), want %d", len(jobs), err, want)
		}
		w.results = make(chan done, len(jobs))
		for _, j := range jobs {
			w.results <- w.call(t.Context(), j)
		}
		close(w.results)
		w.recordAll(t.Context())
	}
	round(5)
	if n := count(t, s.db, `SELECT count(*) FROM match WHERE state = 'decided'`); n != 4 {
		t.Errorf("got %d verdicts, want those of the other 4", n)
	}
	if n := count(t, s.db, `SELECT count(*) FROM match JOIN call USING (person_id) WHERE person_id = $1 AND state = 'waiting' AND reason = 'lost'
		AND failures = 1 AND due_at > now() AND outcome = 'lost' AND worker IS NULL`, people[2].PersonID); n != 1 {
		t.Error("got no job that waits again with its call lost in the ledger")
	}
	if n := count(t, s.db, `SELECT sum(calls) FROM quota_day`); n != 5 {
		t.Errorf("got %d calls counted, want 5", n)
	}
	if _, err := s.db.Exec(t.Context(), `ALTER TABLE match DROP CONSTRAINT refused`); err != nil {
		t.Fatal(err)
	}
	if _, err := s.db.Exec(t.Context(), `UPDATE match SET due_at = now() WHERE state = 'waiting'`); err != nil {
		t.Fatal(err)
	}
	round(1)
	if n := count(t, s.db, `SELECT count(*) FROM match WHERE state = 'decided'`); n != 5 {
		t.Errorf("got %d verdicts, want all 5", n)
	}
	for law, persons := range broken8(t, s.db) {
		t.Errorf("invariant I8: %s for %d persons", law, persons)
	}
}

// Two replicas share the jobs: nobody is asked about twice, and one that is stopped in the middle of its calls leaves
// nothing behind.
func TestFaults_Replicas(t *testing.T) {
	t.Parallel()
	people, lines := crowd(150, "hidup")
	h := newHarness(t, newSimulator(t, lines, "latency=uniform:1ms:20ms"))
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	second := newTestWorker(t, h.store, h.sim)
	go func() { ended <- second.run(ctx) }()
	h.propose(1, people...)
	testkit.Eventually(t, "half of the verdicts", func() bool { return count(t, h.store.db, `SELECT count(*) FROM match WHERE state = 'decided'`) > 75 })
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if n := count(t, h.store.db, `SELECT count(*) FROM match WHERE worker = $1`, second.id); n != 0 {
		t.Errorf("got %d jobs left behind by the stopped worker", n)
	}
	for _, p := range people {
		h.decided(p, 1)
	}
	if c := h.sim.counts(); c.Repeats != 0 || c.Persons != 150 {
		t.Errorf("got %d persons asked about and %d repeats, want 150 and none", c.Persons, c.Repeats)
	}
	h.mustHold()
}

// A service that is stopped while a call hangs cuts it off after a while and leaves the job due.
func TestFaults_StoppedInCall(t *testing.T) {
	t.Parallel()
	p := member(1)
	s := newStore(t)
	mustAsk(t, s, asking{identity{uuid.MustParse(p.PersonID), 1}, uuid.New(), village, p, event.Cause{}})
	w := newTestWorker(t, s, newSimulator(t, []string{civil(p, "hidup")}, "fault=hang"), func(c *config) { c.Timeout = time.Minute })
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.run(ctx) }()
	testkit.Eventually(t, "the call", func() bool { return w.gate.state().InFlight == 1 })
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if n := count(t, s.db, `SELECT count(*) FROM match JOIN call USING (person_id) WHERE state = 'waiting' AND failures = 0 AND calls = 1 AND outcome = 'lost'`); n != 1 {
		t.Error("got no job that waits again and no lost call in the ledger")
	}
}

// After an outage the backlog comes back slowly: never more calls at once than the gate has learnt.
func TestFaults_Flapping(t *testing.T) {
	t.Parallel()
	people, lines := crowd(40, "hidup")
	h := newHarness(t, newSimulator(t, lines, "fault=flap", "flap=1s", "latency=5ms"))
	h.propose(1, people...)
	for _, p := range people {
		h.decided(p, 1)
	}
	c := h.sim.counts()
	if c.Received > 40*4 {
		t.Errorf("got %d calls for 40 persons through a flapping connection, want fewer", c.Received)
	}
	if n := len(h.broker.Events(t, decisions, 40)); n != 40 {
		t.Errorf("got %d events, want 40", n)
	}
	h.mustHold()
}

// The check finds what is planted: a verdict nobody answered, and a published event without a verdict on record.
func TestCheck_Plants(t *testing.T) {
	t.Parallel()
	people, lines := crowd(6, "hidup")
	h := newHarness(t, newSimulator(t, lines))
	h.propose(1, people...)
	for _, p := range people {
		h.decided(p, 1)
	}
	h.mustHold()
	plants := map[string]string{
		"verdict_without_answer": `UPDATE call SET outcome = 'timeout' WHERE person_id = '%s'`,
		"event_without_verdict":  `UPDATE match SET verdict = 'tidak_padan' WHERE person_id = '%s'`,
		"newest_unpublished":     `UPDATE person SET identity_version = 7 WHERE person_id = '%s'`,
		"answer_without_verdict": `UPDATE match SET state = 'waiting', verdict = NULL, evidence = NULL, decided_at = NULL, identity = '{}' WHERE person_id = '%s'`,
		"called_after_verdict":   `INSERT INTO call SELECT person_id, 1, 2, now(), now(), 'timeout', '' FROM person WHERE person_id = '%s'`,
		"verdict_without_call":   `UPDATE match SET calls = 0 WHERE person_id = '%s'`,
	}
	i := 0
	for law, plant := range plants {
		if _, err := h.store.db.Exec(t.Context(), fmt.Sprintf(plant, people[i].PersonID)); err != nil {
			t.Fatal(err)
		}
		i++
		if got := broken8(t, h.store.db); got[law] == 0 {
			t.Errorf("%s: got %v, want it found", law, got)
		}
	}
}
