package outbox_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go/jetstream"

	"dtks/pkg/app"
	"dtks/pkg/bus"
	"dtks/pkg/event"
	"dtks/pkg/outbox"
	"dtks/pkg/testkit"
)

const verdicts = string(event.TypeMatchDecided) + ".>"

// holder waits for the process that relays a lane and returns it.
func holder(t *testing.T, db *pgxpool.Pool, lane int) (pid int) {
	t.Helper()
	testkit.Eventually(t, "somebody holds the lane's lock", func() bool {
		err := db.QueryRow(t.Context(), `
			SELECT pid
			FROM pg_locks
			WHERE locktype = 'advisory' AND classid = 47010 AND objid = $1 AND granted
				AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`, lane).Scan(&pid)
		return err == nil
	})
	return pid
}

func marked(t *testing.T, db *pgxpool.Pool, high int64) {
	t.Helper()
	testkit.Eventually(t, fmt.Sprint("the live lane is marked at ", high), func() bool {
		return count(t, db, `SELECT high FROM relay WHERE lane = 0`) >= high
	})
}

// stored is what the stream holds of each person, in its order: person and version.
func stored(t *testing.T, b *testkit.Broker) []string {
	t.Helper()
	info, err := b.JS.Stream(t.Context(), "NIK_MATCH")
	if err != nil {
		t.Fatal(err)
	}
	n := int(info.CachedInfo().State.Msgs)
	var out []string
	if n > 0 {
		for _, e := range b.Events(t, "nik-match.>", n) {
			out = append(out, fmt.Sprint(e.Envelope.Subject, " ", e.Envelope.Version))
		}
	}
	return out
}

// run starts one part and returns what stops it.
func run(t *testing.T, part app.Part) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- part.Run(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Errorf("%s: %v", part.Name, err)
		}
	}
	t.Cleanup(stop)
	return stop
}

// An event whose transaction ends after later ones were published is published all the same, also when that
// transaction is younger than the others (its id lies above all that have ended).
func TestRelay_SlowTransaction(t *testing.T) {
	t.Parallel()
	for _, slowIsYounger := range []bool{false, true} {
		t.Run(fmt.Sprint("Younger=", slowIsYounger), func(t *testing.T) {
			t.Parallel()
			b, db := testkit.Bus(t), testkit.DB(t, nil)
			o := outbox.New("nik-match", db, nil)
			run(t, o.Live(b.Connect(t, "nik-match")))
			quick, slow, undone := begin(t, db), begin(t, db), begin(t, db)
			if slowIsYounger {
				if _, err := quick.Exec(t.Context(), `SELECT pg_current_xact_id()`); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := o.Add(t.Context(), slow, draft("slow")); err != nil {
				t.Fatal(err)
			}
			if _, err := o.Add(t.Context(), undone, draft("undone")); err != nil {
				t.Fatal(err)
			}
			if _, err := o.Add(t.Context(), quick, draft("quick")); err != nil {
				t.Fatal(err)
			}
			if err := quick.Commit(t.Context()); err != nil {
				t.Fatal(err)
			}
			marked(t, db, 3)
			for i := range 3 { // transactions go by, each one marked
				add(t, db, o, draft(fmt.Sprint("later", i)))
				o.Wake()
				marked(t, db, int64(4+i))
			}
			if err := undone.Rollback(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := slow.Commit(t.Context()); err != nil {
				t.Fatal(err)
			}
			want := []string{"quick 1", "later0 1", "later1 1", "later2 1", "slow 1"}
			b.Events(t, verdicts, len(want))
			if d := cmp.Diff(want, stored(t, b)); d != "" {
				t.Error(d)
			}
			// What was rolled back is not waited for for ever.
			testkit.Eventually(t, "no gap is left", func() bool {
				add(t, db, o, draft("more"))
				return count(t, db, `SELECT cardinality(gaps) FROM relay WHERE lane = 0`) == 0
			})
		})
	}
}

// Of two replicas one relays; when its session is cut the other goes on, and nothing is stored twice.
func TestRelay_TakesOver(t *testing.T) {
	t.Parallel()
	b, db := testkit.Bus(t), testkit.DB(t, nil)
	first, second := outbox.New("nik-match", db, nil), outbox.New("nik-match", db, nil)
	stopFirst := run(t, first.Live(b.Connect(t, "nik-match")))
	before := holder(t, db, 0)
	run(t, second.Live(b.Connect(t, "nik-match")))
	add(t, db, second, draft("a")) // woken through the other replica
	second.Wake()
	marked(t, db, 1)
	if now := holder(t, db, 0); now != before {
		t.Fatalf("the lock went from %d to %d without need", before, now)
	}
	for i := range 3 {
		cut := holder(t, db, 0)
		if _, err := db.Exec(t.Context(), `SELECT pg_terminate_backend($1)`, cut); err != nil {
			t.Fatal(err)
		}
		add(t, db, first, draft("a"), draft("b"))
		marked(t, db, int64(3+2*i))
		if holder(t, db, 0) == cut {
			t.Fatal("a session that was cut holds the lock")
		}
	}
	stopFirst()
	add(t, db, second, draft("a"))
	marked(t, db, 8)
	if d := cmp.Diff([]string{"a 1", "a 2", "b 1", "a 3", "b 2", "a 4", "b 3", "a 5"}, stored(t, b)); d != "" {
		t.Error(d)
	}
}

// A relay that died between the stream's confirmation and its mark publishes nothing twice, even when the broker has
// forgotten the ids.
func TestRelay_CrashBeforeMark(t *testing.T) {
	t.Parallel()
	for _, n := range []int{3, 120} { // singly, and as an atomic batch
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			b, db := testkit.Bus(t), testkit.DB(t, nil)
			forgetIDs(t, b)
			o := outbox.New("nik-match", db, nil)
			stop := run(t, o.Live(b.Connect(t, "nik-match")))
			var drafts []outbox.Draft
			for i := range n {
				drafts = append(drafts, draft(fmt.Sprint("p", i%40)))
			}
			add(t, db, o, drafts...)
			o.Wake()
			marked(t, db, int64(n))
			stop()
			if got := len(stored(t, b)); got != n {
				t.Fatalf("%d events are stored, want %d", got, n)
			}
			waitForgotten(t, b)
			if _, err := db.Exec(t.Context(), `UPDATE relay SET high = 1 WHERE lane = 0`); err != nil {
				t.Fatal(err)
			}
			run(t, o.Live(b.Connect(t, "nik-match")))
			add(t, db, o, draft("p0"))
			marked(t, db, int64(n+1))
			if got := len(stored(t, b)); got != n+1 {
				t.Errorf("%d events are stored, want %d", got, n+1)
			}
		})
	}
}

// forgetIDs makes the broker's memory of ids the shortest that it takes.
func forgetIDs(t *testing.T, b *testkit.Broker) {
	t.Helper()
	cfg := bus.StreamConfig("nik-match")
	cfg.Duplicates = 100 * time.Millisecond
	if _, err := b.JS.UpdateStream(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
}

// waitForgotten waits until the broker stores one id a second time, then takes the proof away again.
func waitForgotten(t *testing.T, b *testkit.Broker) {
	t.Helper()
	at := subject("probe").String()
	put := func() uint64 {
		ack, err := b.JS.Publish(t.Context(), at, []byte(`{}`), jetstream.WithMsgID("probe"))
		if err != nil {
			t.Fatal(err)
		}
		return ack.Sequence
	}
	first := put()
	testkit.Eventually(t, "the broker has forgotten an id", func() bool { return put() != first })
	stream, err := b.JS.Stream(t.Context(), "NIK_MATCH")
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Purge(t.Context(), jetstream.WithPurgeSubject(at)); err != nil {
		t.Fatal(err)
	}
}

// One id that the stream knows makes the server refuse a whole batch; the rest must arrive all the same.
func TestRelay_BatchWithDuplicate(t *testing.T) {
	t.Parallel()
	b, db := testkit.Bus(t), testkit.DB(t, nil)
	o := outbox.New("nik-match", db, nil)
	var drafts []outbox.Draft
	var want []string
	for i := range bus.AtomicMin + 10 {
		drafts = append(drafts, draft(fmt.Sprintf("p%02d", i)))
		want = append(want, fmt.Sprintf("p%02d 1", i))
	}
	recorded := add(t, db, o, drafts...)
	// The broker knows one of the ids, though nothing is stored on that event's own subject.
	if _, err := b.JS.Publish(t.Context(), subject("elsewhere").String(), []byte(`{"subject":"elsewhere"}`), jetstream.WithMsgID(recorded[7].ID)); err != nil {
		t.Fatal(err)
	}
	run(t, o.Live(b.Connect(t, "nik-match")))
	marked(t, db, int64(len(drafts)))
	want = append([]string{"elsewhere 0"}, append(want[:7:7], want[8:]...)...)
	if d := cmp.Diff(want, stored(t, b)); d != "" {
		t.Error(d)
	}
}

// rebuild is what the subcommand rebuild-stream does.
func rebuild(t *testing.T, db *pgxpool.Pool) {
	t.Helper()
	if _, err := db.Exec(t.Context(), `UPDATE relay SET high = 0, gaps = '{}'`); err != nil {
		t.Fatal(err)
	}
}

func TestRelay_Rebuild(t *testing.T) {
	t.Parallel()
	b, db := testkit.Bus(t), testkit.DB(t, nil)
	o := outbox.New("nik-match", db, nil)
	run(t, o.Live(b.Connect(t, "nik-match")))
	const n = 1100 // more than one round of the relay
	for i := range 11 {
		var drafts []outbox.Draft
		for j := range 100 {
			drafts = append(drafts, draft(fmt.Sprint("p", (100*i+j)%150)))
		}
		add(t, db, o, drafts...)
	}
	o.Wake()
	marked(t, db, n)
	before := stored(t, b)

	rebuild(t, db) // nothing was lost: nothing is published
	marked(t, db, n)
	if d := cmp.Diff(before, stored(t, b)); d != "" {
		t.Fatalf("a rebuild changed an intact stream:\n%s", d)
	}
	if err := b.JS.DeleteStream(t.Context(), "NIK_MATCH"); err != nil {
		t.Fatal(err)
	}
	if err := bus.Provision(t.Context(), b.Admin); err != nil {
		t.Fatal(err)
	}
	rebuild(t, db)
	add(t, db, o, draft("p0")) // life goes on meanwhile
	marked(t, db, n+1)
	if d := cmp.Diff(append(before, "p0 9"), stored(t, b)); d != "" {
		t.Errorf("the rebuilt stream differs:\n%s", d)
	}
}

// An aggregate with events waiting in one lane stays in it: a faster lane would bring the newer state first and leave
// the older one as the last on the subject.
func TestRelay_LanesKeepAnAggregatesOrder(t *testing.T) {
	t.Parallel()
	b, db := testkit.Bus(t), testkit.DB(t, nil)
	o := outbox.New("nik-match", db, nil)
	release := func(person string) outbox.Draft {
		d := draft(person)
		d.Release = true
		return d
	}
	add(t, db, o, release("a"), release("b"))
	add(t, db, o, draft("a"))               // waits behind its own release
	add(t, db, o, draft("c"))               // does not
	add(t, db, o, release("c"), draft("d")) // and the other way round
	add(t, db, o, release("d"), draft("d")) // both at once
	conn := b.Connect(t, "nik-match")
	stopLive := run(t, o.Live(conn))
	b.Events(t, verdicts, 5)
	if d := cmp.Diff([]string{"c 1", "c 2", "d 1", "d 2", "d 3"}, stored(t, b)); d != "" {
		t.Fatal(d)
	}
	stopLive()
	run(t, o.Release(conn))
	b.Events(t, verdicts, 8)
	run(t, o.Live(conn))
	add(t, db, o, draft("a")) // nothing of it waits any more, so it is live again
	b.Events(t, verdicts, 9)
	if d := cmp.Diff([]string{"a 1", "b 1", "a 2", "a 3"}, stored(t, b)[5:]); d != "" {
		t.Error(d)
	}
	if n := count(t, db, `SELECT count(*) FROM event WHERE lane = 1`); n != 3 {
		t.Errorf("%d events went through the release lane, want 3", n)
	}
}

// The broker away for a while: everything arrives, once, in order.
func TestRelay_BrokerAway(t *testing.T) {
	t.Parallel()
	b, db := testkit.Bus(t), testkit.DB(t, nil)
	o := outbox.New("nik-match", db, nil)
	run(t, o.Live(b.Connect(t, "nik-match")))
	add(t, db, o, draft("a"))
	marked(t, db, 1)
	b.Stop()
	add(t, db, o, draft("a"), draft("b"))
	o.Wake()
	b.Restart(t)
	marked(t, db, 3)
	testkit.Eventually(t, "the admin is back", func() bool { return b.Admin.IsConnected() })
	if d := cmp.Diff([]string{"a 1", "a 2", "b 1"}, stored(t, b)); d != "" {
		t.Error(d)
	}
}

// What an envelope says must be what the archive says.
func TestRelay_EnvelopeOnTheWire(t *testing.T) {
	t.Parallel()
	b, db := testkit.Bus(t), testkit.DB(t, nil)
	o := outbox.New("nik-match", db, nil)
	run(t, o.Live(b.Connect(t, "nik-match")))
	d := draft("a")
	d.Cause = event.Cause{ID: uuid.NewString(), TraceParent: "00-" + strings.Repeat("1", 32) + "-" + strings.Repeat("2", 16) + "-01"}
	recorded := add(t, db, o, d)[0]
	got := b.Events(t, verdicts, 1)[0]
	if got.Subject != subject("a").String() {
		t.Errorf("subject %s", got.Subject)
	}
	want := event.Envelope{
		SpecVersion: "1.0", ID: recorded.ID, Source: event.SourceOf("nik-match"), Type: d.Type, Subject: "a", Time: recorded.Time,
		DataContentType: "application/json", DataSchema: event.SchemaOf(d.Type), Version: 1, Cause: d.Cause.ID, TraceParent: d.Cause.TraceParent,
	}
	got.Envelope.Data = nil
	if diff := cmp.Diff(want, got.Envelope); diff != "" {
		t.Error(diff)
	}
	history, err := o.History(t.Context(), subject("a"))
	if err != nil {
		t.Fatal(err)
	}
	history[0].Data = nil
	if diff := cmp.Diff([]outbox.Archived{{Envelope: want, Subject: got.Subject}}, history); diff != "" {
		t.Error(diff)
	}
}
