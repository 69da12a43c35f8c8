package testkit

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go"

	"dtks/pkg/bus"
	"dtks/pkg/event"
)

// Settled waits until a service has dealt with everything in its durables, at most 15 s.
func (b *Broker) Settled(t testing.TB, service string) {
	t.Helper()
	quiet := 0
	Eventually(t, service+" has dealt with all its messages", func() bool {
		for _, owner := range bus.Owners {
			if len(bus.Filters(service, owner)) == 0 {
				continue
			}
			consumer, err := b.JS.Consumer(t.Context(), event.StreamOf(owner), service)
			if err != nil {
				t.Fatalf("looking at the durable of %s on %s: %v", service, event.StreamOf(owner), err)
			}
			if i := consumer.CachedInfo(); i.NumPending > 0 || i.NumAckPending > 0 {
				quiet = 0
				return false
			}
		}
		quiet++ // twice in a row: an event may just be on its way from one durable to the next
		return quiet > 1
	})
}

// Redeliver proves that a service applies each event once. The events have been applied when it is called; it publishes
// them all again, three times over, from two sides at once and partly in reverse, without the ids by which the broker
// would know them. state must then return what it returned before: the service's tables that matter, and its own events.
func Redeliver(t testing.TB, b *Broker, service string, events []Received, state func() string) {
	t.Helper()
	if len(events) == 0 {
		t.Fatal("there are no events to deliver again")
	}
	b.Settled(t, service)
	before := state()
	forth := slices.Concat(events, events)
	back := slices.Clone(events)
	slices.Reverse(back)
	var wg sync.WaitGroup
	errs := make(chan error, 2)
	for _, list := range [][]Received{forth, back} {
		wg.Go(func() {
			for _, e := range list {
				if _, err := b.JS.PublishMsg(t.Context(), &nats.Msg{Subject: e.Subject, Data: e.Data}); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	wg.Wait()
	select {
	case err := <-errs:
		t.Fatalf("publishing an event again: %v", err)
	default:
	}
	b.Settled(t, service)
	if d := cmp.Diff(before, state()); d != "" {
		t.Errorf("%s applied an event more than once (-before +after):\n%s", service, d)
	}
}

// Interrupt runs during while it cuts every session on db a dozen times, so that transactions end by rollback at
// arbitrary points.
func Interrupt(t testing.TB, db *pgxpool.Pool, during func()) {
	t.Helper()
	c := theCluster(t)
	name := db.Config().ConnConfig.Database
	done := make(chan error, 1)
	go func() {
		var err error
		for range 12 {
			_, err = c.admin.Exec(t.Context(), `
				SELECT pg_terminate_backend(pid)
				FROM pg_stat_activity
				WHERE datname = $1`, name)
			if err != nil {
				break
			}
			time.Sleep(15 * time.Millisecond)
		}
		done <- err
	}()
	during()
	if err := <-done; err != nil {
		t.Fatalf("cutting sessions: %v", err)
	}
	db.Reset() // idle sessions that were cut last would fail the next query, which is the test's
}
