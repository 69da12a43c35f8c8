package bench

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"dtks/pkg/app"
	"dtks/pkg/bus"
	"dtks/pkg/event"
	"dtks/pkg/outbox"
	"dtks/pkg/pg"
	"dtks/pkg/seal"
)

// Relay measures whether the relay keeps up with writers that commit as fast as the database lets them: events
// confirmed durable by the bus against events committed, in the same span. The registry service must not run: its
// database, its NATS user and its relay's lock are used here.
func Relay(ctx context.Context, t *Target, span time.Duration) (r *Result, err error) {
	database, err := t.Stack.DatabaseURL("registry")
	if err != nil {
		return nil, err
	}
	db, err := pg.Open(ctx, database, nil)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	keys, err := seal.Open(ctx, db, "registry", t.Stack.Secret("registry", "seal.key"), t.Stack.Secret("registry", "seal.kek"), t.Stack.Secret("recipients.json"))
	if err != nil {
		return nil, err
	}
	nats, err := bus.Connect(ctx, t.Stack.NATSURL(), t.Stack.NKeyFile("registry"), "registry")
	if err != nil {
		return nil, err
	}
	defer nats.Close()
	box := outbox.New("registry", db, keys)
	if err := box.EnsureKeys(ctx, seal.Day(time.Now())); err != nil {
		return nil, err
	}
	w := &writers{box: box, clients: 8}
	before, err := w.write(ctx, db, span)
	if err != nil {
		return nil, err
	}
	t.Say("ceiling without relay: %.0f events committed/s", before)
	relaying, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- app.Run(relaying, box.Relays(nats)...) }()
	defer func() { stop(); err = errors.Join(err, <-ended) }()
	if err := t.drained(ctx, db); err != nil { // what the ceiling left
		return nil, err
	}
	start, err := t.counts(ctx)
	if err != nil {
		return nil, err
	}
	committed, err := w.write(ctx, db, span)
	if err != nil {
		return nil, err
	}
	end, err := t.counts(ctx)
	if err != nil {
		return nil, err
	}
	acked := float64(end["registry"]-start["registry"]) / span.Seconds()
	dry := time.Now()
	if err := t.drained(ctx, db); err != nil {
		return nil, err
	}
	r = &Result{Name: "relay", N: int(committed * span.Seconds()), Candidate: acked}
	r.Against(committed, committed)
	r.Beside = map[string]float64{
		"committed_per_s_without_relay": before,
		"drained_after_last_commit_ms":  float64(time.Since(dry).Milliseconds()),
		"committed_with_over_without":   committed / before,
	}
	r.Notes = []string{"both figures are of the same span: the ceiling is what was committed meanwhile; each transaction writes one sealed event of about 1 KiB, 8 clients"}
	return r, nil
}

// writers commit one event a transaction, as many clients as there are.
type writers struct {
	box     *outbox.Outbox
	clients int
}

func (w *writers) write(ctx context.Context, db interface {
	Begin(ctx context.Context) (pgx.Tx, error)
}, span time.Duration) (float64, error) {
	var done atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	start := time.Now()
	for range w.clients {
		group.Go(func() error {
			for time.Since(start) < span {
				if err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error { return w.one(ctx, tx) }); err != nil {
					return err
				}
				w.box.Wake()
				done.Add(1)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return 0, fmt.Errorf("writing: %w", err)
	}
	return float64(done.Load()) / time.Since(start).Seconds(), nil
}

func (w *writers) one(ctx context.Context, tx pgx.Tx) error {
	id := uuid.NewString()
	_, err := w.box.Add(ctx, tx, outbox.Draft{
		Type: event.TypeRegistrantUpdated, Filter: event.Person, Area: event.Area{Province: "32", Regency: "04"}, ID: id,
		Data: event.RegistrantUpdated{State: event.Active, Area: "32.04.10.2001", FamilyID: id, IdentityVersion: 1},
		Seal: map[event.Class]any{event.Identity: event.PersonIdentity{PersonID: id, NIK: "3204101010909001", KK: "3204101010909001",
			Name: "CONTOH", BirthPlace: "BANDUNG", BirthDate: "1990-10-10", Sex: "L", Mother: "CONTOH"}},
	})
	return err
}

// drained waits until the live lane has nothing more to publish.
func (t *Target) drained(ctx context.Context, db interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}) error {
	for {
		var waiting bool
		if err := db.QueryRow(ctx, `
			SELECT EXISTS (SELECT FROM event e JOIN relay r USING (lane) WHERE e.lane = 0 AND (e.seq > r.high OR e.seq = ANY (r.gaps)))`).Scan(&waiting); err != nil {
			return err
		}
		if !waiting {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
}
