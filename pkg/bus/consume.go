package bus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go/jetstream"

	"dtks/pkg/app"
	"dtks/pkg/event"
	"dtks/pkg/seal"
)

// BatchMax is the most messages applied in one transaction.
const BatchMax = 500

// Consumer is a service as a reader of others' events.
type Consumer struct {
	Name  string        // of the service; its durables and its rows in applied bear it
	DB    *pgxpool.Pool // its own database
	Keys  *seal.Keys    // nil when it reads nothing sealed
	After func()        // called after each commit; nil = nothing (outbox.Wake for a service that publishes)
}

// Consume returns one part per stream that the routes need. Each pulls from the durable that provisioning made.
func (c *Conn) Consume(cs Consumer, routes ...Route) []app.Part {
	byOwner := map[string]map[event.Type]Route{}
	for _, r := range routes {
		owner := r.Type.Service()
		if byOwner[owner] == nil {
			byOwner[owner] = map[event.Type]Route{}
		}
		byOwner[owner][r.Type] = r
	}
	var parts []app.Part
	for _, owner := range Owners {
		if len(byOwner[owner]) == 0 {
			continue
		}
		if cs.Keys != nil {
			r := On(event.KeyGrantedType(owner), cs.storeGrants(owner))
			byOwner[owner][r.Type] = r
		}
		w := &worker{conn: c, Consumer: cs, stream: event.StreamOf(owner), routes: byOwner[owner]}
		parts = append(parts, app.Part{Name: "consume " + w.stream, Run: w.run})
	}
	return parts
}

// worker applies the messages of one stream.
type worker struct {
	Consumer
	conn   *Conn
	stream string
	routes map[event.Type]Route
	meter  meters
}

// run pulls until ctx ends, then finishes the batch in hand. A broker or database that is away is waited for.
func (w *worker) run(ctx context.Context) error {
	if err := w.checkRoutes(); err != nil {
		return err
	}
	w.meter = newMeters(w.Name, w.stream)
	stop := w.observe(ctx)
	defer stop()
	for ctx.Err() == nil {
		if err := w.pull(ctx); err != nil && ctx.Err() == nil {
			slog.Warn("consuming", "stream", w.stream, "error", err.Error())
			wait(ctx, time.Second)
		}
	}
	return nil
}

// checkRoutes refuses a service whose handlers differ from its subscriptions: it would lose events silently.
func (w *worker) checkRoutes() error {
	for _, t := range Subscriptions[w.Name] {
		if t.Stream() != w.stream {
			continue
		}
		if _, ok := w.routes[t]; !ok {
			return fmt.Errorf("%s subscribes to %s but has no handler for it", w.Name, t)
		}
	}
	for t := range w.routes {
		if t.Noun() != "key" && !slices.Contains(Subscriptions[w.Name], t) {
			return fmt.Errorf("%s handles %s but does not subscribe to it", w.Name, t)
		}
	}
	return nil
}

func (w *worker) pull(ctx context.Context) error {
	consumer, err := w.conn.JS.Consumer(ctx, w.stream, w.Name)
	if err != nil {
		return fmt.Errorf("finding the durable: %w", err)
	}
	queue := make(chan jetstream.Msg, BatchMax)
	broken := make(chan error, 1)
	sub, err := consumer.Consume(func(m jetstream.Msg) {
		select {
		case queue <- m:
		case <-ctx.Done():
			_ = m.Nak()
		}
	}, jetstream.PullMaxMessages(2*BatchMax), jetstream.PullExpiry(5*time.Second),
		jetstream.ConsumeErrHandler(func(_ jetstream.ConsumeContext, err error) {
			if errors.Is(err, jetstream.ErrConsumerDeleted) || errors.Is(err, jetstream.ErrConsumerNotFound) {
				select {
				case broken <- err:
				default:
				}
			}
		}))
	if err != nil {
		return fmt.Errorf("pulling: %w", err)
	}
	defer giveBack(sub, queue)
	before := 0 // size of the last batch
	for {
		var first jetstream.Msg
		select {
		case <-ctx.Done():
			return nil
		case err := <-broken:
			return err
		case first = <-queue:
		}
		// What has begun is finished: a stop between effect and acknowledgement would only cause redelivery.
		batch := gather(first, queue, before)
		before = len(batch)
		w.apply(context.WithoutCancel(ctx), ctx, batch)
	}
}

// giveBack returns at once what was fetched but not begun: another replica, or the next start, need not wait for AckWait.
func giveBack(sub jetstream.ConsumeContext, queue <-chan jetstream.Msg) {
	sub.Drain()
	late := time.After(2 * time.Second)
	for open := true; open; {
		select {
		case m := <-queue:
			_ = m.Nak()
		case <-sub.Closed():
			open = false
		case <-late:
			open = false
		}
	}
	for len(queue) > 0 {
		_ = (<-queue).Nak()
	}
}

// busy is the size from which a batch tells that there is traffic: the next one may wait linger for company.
const (
	busy   = 8
	linger = 10 * time.Millisecond
)

// gather takes what is there already. A lone message is never held up; in traffic (the batch before had several) a
// small batch waits a moment, because a transaction costs about the same for ten messages as for one.
func gather(first jetstream.Msg, queue <-chan jetstream.Msg, before int) []jetstream.Msg {
	batch := []jetstream.Msg{first}
	var late <-chan time.Time
	if before >= busy {
		late = time.After(linger)
	}
	for len(batch) < BatchMax {
		select {
		case m := <-queue:
			batch = append(batch, m)
			continue
		default:
		}
		if late == nil {
			return batch
		}
		select {
		case m := <-queue:
			batch = append(batch, m)
		case <-late:
			late = nil
		}
	}
	return batch
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
