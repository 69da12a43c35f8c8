package bus_test

import (
	"context"

	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go/jetstream"

	"dtks/pkg/bus"
	"dtks/pkg/event"
	"dtks/pkg/fault"
	"dtks/pkg/outbox"
	"dtks/pkg/pg"
	"dtks/pkg/testkit"
)

const consumer = "eligibility"

var tables = fstest.MapFS{"migrations/0001_handled.sql": {Data: []byte(
	"-- +goose Up\nCREATE TABLE handled (person text PRIMARY KEY, version bigint NOT NULL, times int NOT NULL);\n")}}

type verdict = bus.Msg[event.MatchDecided]

// world is a broker and one consumer of verdicts that writes what it was handed into a table.
type world struct {
	*testkit.Broker
	t  *testing.T
	db *pgxpool.Pool
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return &world{testkit.Bus(t), t, testkit.DB(t, tables)}
}

// consume starts the consumer; judge may fail or panic for a message, after its effect.
func (w *world) consume(judge func(m verdict) error) (stop func()) {
	w.t.Helper()
	parts := w.Connect(w.t, consumer).Consume(bus.Consumer{Name: consumer, DB: w.db}, w.route(judge))
	ctx, cancel := context.WithCancel(context.WithoutCancel(w.t.Context()))
	done := make(chan error, 1)
	go func() { done <- parts[0].Run(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			w.t.Errorf("consuming: %v", err)
		}
	}
	w.t.Cleanup(stop)
	return stop
}

func (w *world) route(judge func(m verdict) error) bus.Route {
	return bus.On(event.TypeMatchDecided, func(ctx context.Context, tx pgx.Tx, msgs []verdict) error {
		for _, m := range msgs {
			_, err := tx.Exec(ctx, `INSERT INTO handled VALUES ($1, $2, 1)
				ON CONFLICT (person) DO UPDATE SET version = EXCLUDED.version, times = handled.times + 1`, m.At.ID, m.Version)
			if err != nil {
				return err
			}
			if err := judge(m); err != nil {
				return err
			}
		}
		return nil
	})
}

func fine(verdict) error { return nil }

func at(person string) string {
	return event.Subject{Type: event.TypeMatchDecided, Filter: event.All, Area: event.AreaOf("32.04"), ID: person}.String()
}

// put stores an event as its owner would; change may spoil the envelope.
func (w *world) put(person string, version int64, change ...func(*event.Envelope)) (id string) {
	w.t.Helper()
	env := event.Envelope{SpecVersion: "1.0", ID: uuid.NewString(), Source: event.SourceOf("nik-match"), Type: event.TypeMatchDecided,
		Subject: person, Time: time.Now().UTC(), Version: version, Data: []byte(`{"verdict":"padan"}`)}
	for _, c := range change {
		c(&env)
	}
	raw, err := event.Marshal(env)
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.JS.Publish(w.t.Context(), at(person), raw); err != nil {
		w.t.Fatal(err)
	}
	return env.ID
}

// text is one value; sessions that a test has cut are replaced.
func (w *world) text(sql string) (out string) {
	w.t.Helper()
	err := w.db.QueryRow(w.t.Context(), sql).Scan(&out)
	for try := 0; err != nil && pg.Down(err) && try < 50; try++ {
		err = w.db.QueryRow(w.t.Context(), sql).Scan(&out)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

// handled is person:version×times of all.
func (w *world) handled() string {
	return w.text(`SELECT coalesce(string_agg(format('%s:%s×%s', person, version, times), ' ' ORDER BY person), '') FROM handled`)
}

// letters is person kind code parked of what is buried.
func (w *world) letters() string {
	return w.text(`SELECT coalesce(string_agg(format('%s %s %s %s', split_part(aggregate_key, '.', 4), kind, code, parked), E'\n'
		ORDER BY aggregate_key, code), '') FROM dead_letter WHERE redriven_at IS NULL`)
}

// totals is applied, superseded, parked, dead.
func (w *world) totals() string {
	return w.text(`SELECT coalesce(max(format('%s %s %s %s', applied, superseded, parked, dead)), '') FROM consumed`)
}

func (w *world) eventually(what, want string, get func() string) {
	w.t.Helper()
	var got string
	defer func() {
		if w.t.Failed() {
			w.t.Logf("%s: got %q, want %q", what, got, want)
		}
	}()
	testkit.Eventually(w.t, what, func() bool { got = get(); return got == want })
}

func kindly(kind fault.Kind) error {
	e := fault.New(kind, "because_"+string(kind), "Sebab.", "Reason.")
	e.RetryAfter = time.Millisecond
	return e
}

// One bad message in a batch of hundreds: all the others are applied, once.
func TestConsume_PoisonIsIsolated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const n = 300
	for i := range n {
		w.put(fmt.Sprintf("p%03d", i), 1)
	}
	w.consume(func(m verdict) error {
		switch m.At.ID {
		case "p007":
			return kindly(fault.Invalid)
		case "p150":
			panic("planted")
		case "p299":
			return fmt.Errorf("wrapped: %w", kindly(fault.Conflict))
		}
		return nil
	})
	w.eventually("the bad ones are dead, the panicking one is tried again", "p007 invalid because_invalid f\np299 conflict because_conflict f", w.letters)
	w.eventually("the others are applied", "297 0 0 2", w.totals)
	if got := w.text(`SELECT format('%s %s', count(*), max(times)) FROM handled`); got != "297 1" {
		t.Errorf("handled and most often: %s", got)
	}
}

func TestConsume_FateByKind(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var tries [5]atomic.Int64
	kinds := []fault.Kind{fault.Internal, fault.Limited, fault.Unavailable, fault.NotYet}
	final := []fault.Kind{fault.Invalid, fault.Forbidden, fault.NotFound, fault.Conflict, fault.Unauthenticated, fault.Precondition}
	var heals atomic.Bool
	w.consume(func(m verdict) error {
		if m.At.ID == "recovers" {
			if tries[4].Add(1) < 4 {
				return kindly(fault.NotYet)
			}
			return nil
		}
		for i, k := range kinds {
			if m.At.ID == string(k) && !heals.Load() {
				tries[i].Add(1)
				return kindly(k)
			}
		}
		for _, k := range final {
			if m.At.ID == string(k) && !heals.Load() {
				return kindly(k)
			}
		}
		return nil
	})
	w.put("recovers", 1)
	want := []string{}
	for _, k := range append(append([]fault.Kind{}, kinds...), final...) {
		w.put(string(k), 1)
		want = append(want, fmt.Sprintf("%s %s because_%s %s", k, k, k, map[bool]string{true: "t", false: "f"}[k.Retryable()]))
	}
	slices.Sort(want)
	w.eventually("each fault has its fate", strings.Join(want, "\n"), w.letters)
	w.eventually("the one that recovers is applied", "recovers:1×1", w.handled)
	if got := w.text(`SELECT format('%s %s', min(tries), max(tries)) FROM dead_letter WHERE parked`); got != "12 12" {
		t.Errorf("parked after %s tries, want 12", got)
	}
	w.eventually("totals", "1 0 4 6", w.totals)
	w.Settled(t, consumer) // nothing comes again by itself

	// Redriving: with its cause still there a message stays, without it, it is applied.
	redrive := func() {
		if _, err := w.db.Exec(t.Context(), `UPDATE dead_letter SET redrive = true WHERE redriven_at IS NULL`); err != nil {
			t.Fatal(err)
		}
	}
	redrive()
	w.eventually("failed redrives are given up", "0", func() string { return w.text(`SELECT count(*)::text FROM dead_letter WHERE redrive`) })
	if got := w.letters(); got != strings.Join(want, "\n") {
		t.Errorf("after a failed redrive: %s", got)
	}
	heals.Store(true)
	w.put("invalid", 2) // meanwhile a newer version has come
	redrive()
	w.eventually("all are redriven", "", w.letters)
	if got := w.text(`SELECT format('%s %s', count(*), max(times)) FROM handled`); got != "11 1" {
		t.Errorf("handled and most often: %s, want 11 1", got)
	}
}

// A redriven message whose handler panics must not end the service.
func TestConsume_RedriveSurvivesPanic(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var worse atomic.Bool
	w.consume(func(m verdict) error {
		if m.At.ID != "bad" {
			return nil
		}
		if worse.Load() {
			panic("planted")
		}
		return kindly(fault.Invalid)
	})
	w.put("bad", 1)
	w.eventually("buried", "bad invalid because_invalid f", w.letters)
	worse.Store(true)
	if _, err := w.db.Exec(t.Context(), `UPDATE dead_letter SET redrive = true`); err != nil {
		t.Fatal(err)
	}
	w.eventually("the redrive is given up", "0", func() string { return w.text(`SELECT count(*)::text FROM dead_letter WHERE redrive`) })
	w.put("good", 1)
	w.eventually("life goes on", "good:1×1", w.handled)
}

// Older versions are dropped, inside a batch and against what was applied; gaps are nothing special.
func TestConsume_Superseded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, v := range []int64{1, 3, 2} {
		w.put("a", v)
	}
	stop := w.consume(fine)
	w.eventually("the newest of the batch", "a:3×1", w.handled)
	w.put("a", 2)
	w.put("a", 3)
	w.put("a", 7)
	w.eventually("the newer one", "a:7×2", w.handled)
	w.eventually("totals", "2 4 0 0", w.totals)
	stop()
	if got := w.text(`SELECT format('%s %s', version, effects) FROM applied`); got != "7 2" {
		t.Errorf("the gate says %s", got)
	}
}

// Envelopes that do not fit their subject, and payloads that are none, are dead at once; what they hold is not kept.
func TestConsume_ForeignEnvelopes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.consume(fine)
	w.put("source", 1, func(e *event.Envelope) { e.Source = event.SourceOf("registry") })
	w.put("type", 1, func(e *event.Envelope) { e.Type = event.TypeCaseUpdated })
	w.put("subject", 1, func(e *event.Envelope) { e.Subject = "another" })
	w.put("version", 0)
	w.put("noid", 1, func(e *event.Envelope) { e.ID = "" })
	for person, raw := range map[string]string{"text": "SECRET", "deep": strings.Repeat("[", 100_000), "wrong": `{"version":"x"}`, "list": `[]`} {
		if _, err := w.JS.Publish(t.Context(), at(person), []byte(raw)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.JS.Publish(t.Context(), string(event.TypeMatchDecided)+".too.short", []byte(`{}`)); err != nil {
		t.Fatal(err)
	}
	w.put("good", 1)
	w.eventually("the good one is applied", "good:1×1", w.handled)
	w.eventually("all bad ones are dead", "1 0 0 10", w.totals)
	codes := w.text(`SELECT string_agg(format('%s %s', code, n), ', ' ORDER BY code)
		FROM (SELECT code, count(*) AS n FROM dead_letter GROUP BY code) AS c`)
	if codes != "envelope_mismatch 6, payload_malformed 3, subject_malformed 1" && codes != "envelope_mismatch 5, payload_malformed 4, subject_malformed 1" {
		t.Error(codes)
	}
	if got := w.text(`SELECT count(*)::text FROM dead_letter d WHERE d::text LIKE '%SECRET%'`); got != "0" {
		t.Error("a dead letter repeats the payload")
	}
}

// A process that dies between commit and acknowledgement gets the message again; the effect stays one.
func TestConsume_RedeliveryAfterCommit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cfg := bus.ConsumerConfig(consumer, bus.Filters(consumer, "nik-match"))
	cfg.AckWait = 200 * time.Millisecond
	stream, err := w.JS.Stream(t.Context(), "NIK_MATCH")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.UpdateConsumer(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	w.put("a", 1)
	// The first process commits and is gone before it acknowledges: After ends its connection.
	conn := w.Connect(t, consumer)
	died := make(chan struct{})
	parts := conn.Consume(bus.Consumer{Name: consumer, DB: w.db, After: func() { conn.Close(); close(died) }}, w.route(fine))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- parts[0].Run(ctx) }()
	<-died
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got := w.handled(); got != "a:1×1" {
		t.Fatalf("before the redelivery: %s", got)
	}
	w.consume(fine)
	w.eventually("the redelivery is superseded", "1 1 0 0", w.totals)
	w.Settled(t, consumer)
	if got := w.handled(); got != "a:1×1" {
		t.Errorf("after the redelivery: %s", got)
	}
}

// Sessions cut again and again: nothing is lost, parked or applied twice.
func TestConsume_DatabaseAwayAndBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.consume(fine)
	const n = 400
	testkit.Interrupt(t, w.db, func() {
		for i := range n {
			w.put(fmt.Sprint("p", i), 1)
		}
	})
	w.eventually("all are applied once", fmt.Sprintf("%d 1", n), func() string {
		return w.text(`SELECT format('%s %s', count(*), max(times)) FROM handled`)
	})
	if got := w.letters(); got != "" {
		t.Errorf("buried: %s", got)
	}
}

// The broker restarts, and the durable is deleted and made anew: consuming goes on, the gate drops what comes again.
func TestConsume_ConsumerMadeAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.consume(fine)
	w.put("a", 1)
	w.eventually("consuming", "a:1×1", w.handled)
	if err := w.JS.DeleteConsumer(t.Context(), "NIK_MATCH", consumer); err != nil {
		t.Fatal(err)
	}
	w.put("b", 1)
	if err := bus.Provision(t.Context(), w.Admin); err != nil {
		t.Fatal(err)
	}
	w.eventually("consuming goes on", "a:1×1 b:1×1", w.handled)
	w.Restart(t)
	testkit.Eventually(t, "the broker takes an event again", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		_, err := w.JS.Stream(ctx, "NIK_MATCH")
		return err == nil
	})
	w.put("c", 1)
	w.eventually("consuming goes on after a restart", "a:1×1 b:1×1 c:1×1", w.handled)
}

// What a replica has fetched but not begun is there for the next one at once, not after AckWait (30 s).
func TestConsume_StopGivesBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	begun, release := make(chan struct{}), make(chan struct{})
	var once atomic.Bool
	stop := w.consume(func(verdict) error {
		if once.CompareAndSwap(false, true) {
			close(begun)
			<-release
		}
		return nil
	})
	w.put("first", 1)
	<-begun
	const n = 700
	for i := range n {
		w.put(fmt.Sprint("p", i), 1)
	}
	stopped := make(chan struct{})
	go func() { defer close(stopped); stop() }()
	close(release)
	<-stopped
	w.consume(fine)
	w.eventually("all are applied once", fmt.Sprintf("%d 1", n+1), func() string {
		return w.text(`SELECT format('%s %s', count(*), max(times)) FROM handled`)
	})
}

// A service whose handlers differ from its subscriptions does not start.
func TestConsume_RoutesMustFitSubscriptions(t *testing.T) {
	t.Parallel()
	b := testkit.Bus(t)
	match := bus.On(event.TypeMatchDecided, func(context.Context, pgx.Tx, []verdict) error { return nil })
	kase := bus.On(event.TypeCaseUpdated, func(context.Context, pgx.Tx, []bus.Msg[event.CaseUpdated]) error { return nil })
	proposal := bus.On(event.TypeProposalUpdated, func(context.Context, pgx.Tx, []bus.Msg[event.ProposalUpdated]) error { return nil })
	tests := []struct {
		service string
		route   bus.Route
		ok      bool
	}{
		{"eligibility", match, true},
		{"eligibility", kase, false},      // not subscribed
		{"verification", proposal, false}, // registrant.updated has no handler
	}
	for _, tt := range tests {
		parts := b.Connect(t, tt.service).Consume(bus.Consumer{Name: tt.service, DB: testkit.DB(t, nil)}, tt.route)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- parts[0].Run(ctx) }()
		if tt.ok {
			cancel()
		}
		if err := <-done; (err == nil) != tt.ok {
			t.Errorf("%s with %s: got %v", tt.service, tt.route.Type, err)
		}
		cancel()
	}
}

// A key that is missing means another try; when it arrives the event is read, also one that was parked meanwhile.
func TestConsume_MissingKey(t *testing.T) {
	t.Parallel()
	b, files := testkit.Bus(t), testkit.Keys(t)
	ownerDB, db := testkit.DB(t, nil), testkit.DB(t, nil)
	o := outbox.New("nik-match", ownerDB, files.Open(t, ownerDB, "nik-match"))
	var misses atomic.Int64
	got := make(chan string, 10)
	on := bus.On(event.TypeMatchDecided, func(ctx context.Context, _ pgx.Tx, msgs []verdict) error {
		for _, m := range msgs {
			var e event.MatchEvidence
			if err := m.Open(ctx, event.Identity, &e); err != nil {
				misses.Add(1)
				return err
			}
			got <- m.At.ID + " " + e.Finding
		}
		return nil
	})
	testkit.Run(t, b.Connect(t, "registry").Consume(bus.Consumer{Name: "registry", DB: db, Keys: files.Open(t, db, "registry")}, on)...)
	// The event is on the bus before the grant is.
	tx, err := ownerDB.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	recorded, err := o.Add(t.Context(), tx, outbox.Draft{Type: event.TypeMatchDecided, Area: event.AreaOf("32.04"), ID: "a",
		Data: event.MatchDecided{Verdict: event.Padan}, Seal: map[event.Class]any{event.Identity: event.MatchEvidence{Finding: "sesuai"}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	history, err := o.History(t.Context(), event.Subject{Type: event.TypeMatchDecided, Filter: event.All, Area: event.AreaOf("32.04"), ID: "a"})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := event.Marshal(history[0].Envelope)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.JS.Publish(t.Context(), history[0].Subject, raw, jetstream.WithMsgID(recorded[0].ID)); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "it was tried twice without the key", func() bool { return misses.Load() >= 2 })
	// As after the last try:
	if _, err := db.Exec(t.Context(), `INSERT INTO dead_letter (consumer, event_id, stream, stream_seq, subject, aggregate_key, version, kind, code, parked, tries)
		VALUES ('registry', $1, 'NIK_MATCH', 1, $2, 'nik-match.match.all.a', 1, 'unavailable', 'seal_key_missing', true, 12)`, recorded[0].ID, history[0].Subject); err != nil {
		t.Fatal(err)
	}
	testkit.Run(t, o.Relays(b.Connect(t, "nik-match"))...) // brings the grants
	select {
	case what := <-got:
		if d := cmp.Diff("a sesuai", what); d != "" {
			t.Error(d)
		}
	case <-time.After(15 * time.Second):
		t.Fatal("never read")
	}
	testkit.Eventually(t, "what was parked for want of the key is redriven", func() bool {
		var open int
		err := db.QueryRow(t.Context(), `SELECT count(*) FROM dead_letter WHERE redriven_at IS NULL`).Scan(&open)
		return err == nil && open == 0
	})
	if n := len(got); n != 0 {
		t.Errorf("handed over %d times more", n)
	}
}
