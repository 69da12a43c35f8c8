package outbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go/jetstream"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"dtks/pkg/app"
	"dtks/pkg/bus"
	"dtks/pkg/event"
	"dtks/pkg/failpoint"
	"dtks/pkg/pg"
	"dtks/pkg/seal"
)

// Lanes: a release's fan-out has a relay of its own, so that millions of changed decisions never delay a live event.
const (
	laneLive    = 0
	laneRelease = 1
)

// batchMax is the most events read and published at once.
const batchMax = 1000

// busy is the number of events from which a round tells that there is traffic, and linger how long the next one may then
// wait for company: reading, publishing and marking cost about the same for ten events as for one.
const (
	busy   = 8
	linger = 5 * time.Millisecond
)

// pollEvery is the net below the wake-ups.
const pollEvery = 200 * time.Millisecond

// Relays returns the parts that publish this service's events: one per lane, and one that keeps day keys and the
// archive's partitions ahead of time. Of all replicas one relays a lane at a time; the others wait for its lock.
func (o *Outbox) Relays(nats *bus.Conn) []app.Part {
	part := func(name string, lane int) app.Part {
		r := &relay{Outbox: o, nats: nats, lane: lane, stream: event.StreamOf(o.service)}
		return app.Part{Name: "relay " + name, Run: r.run}
	}
	return []app.Part{
		{Name: "upkeep", Run: o.upkeep},
		part("live", laneLive),
		part("release", laneRelease),
	}
}

// upkeep makes tomorrow's keys and next month's partition before they are needed.
func (o *Outbox) upkeep(ctx context.Context) error {
	for ctx.Err() == nil {
		now := o.now()
		err := o.EnsureKeys(ctx, seal.Day(now))
		if err == nil {
			err = o.EnsureKeys(ctx, seal.Day(now.Add(2*time.Hour)))
		}
		if err == nil {
			_, err = o.db.Exec(ctx, `SELECT event_partition(now()), event_partition(now() + interval '1 month')`)
		}
		every := time.Hour
		if err != nil && ctx.Err() == nil {
			slog.Warn("upkeep", "error", pg.Safe(err))
			every = 5 * time.Second
		}
		o.Wake()
		pause(ctx, every)
	}
	return nil
}

// relay publishes one lane.
type relay struct {
	*Outbox
	nats   *bus.Conn
	lane   int
	stream string

	at    progress
	fresh bool // the lock has just been taken: look what the stream already has
}

// run holds the lane's lock and publishes until ctx ends. Every failure gives the lock up and starts over.
func (r *relay) run(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := r.hold(ctx); err != nil && ctx.Err() == nil {
			slog.Warn("relay", "lane", r.lane, "error", pg.Safe(err))
		}
		pause(ctx, 500*time.Millisecond)
	}
	return nil
}

// hold takes the advisory lock on a connection of its own, which also listens for other replicas' wake-ups: when the
// connection dies the lock is gone, and so is this relay's right to publish.
func (r *relay) hold(ctx context.Context) error {
	conn, err := r.db.Acquire(ctx)
	if err != nil {
		return err
	}
	defer func() { // never back into the pool: the session's lock and LISTEN end with it
		raw := conn.Hijack()
		closing, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = raw.Close(closing)
	}()
	var held bool
	if err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock(47010, $1)`, r.lane).Scan(&held); err != nil {
		return err
	}
	if !held {
		return r.standBy(ctx, conn)
	}
	if _, err := conn.Exec(ctx, `LISTEN outbox_wake`); err != nil {
		return err
	}
	if err := r.load(ctx); err != nil {
		return err
	}
	r.fresh = true
	ctx, cancel := context.WithCancelCause(ctx)
	listening := make(chan struct{})
	defer func() { // the connection has one user at a time: listen must have let go before it is closed
		cancel(nil)
		<-listening
	}()
	go func() {
		defer close(listening)
		cancel(r.listen(ctx, conn))
	}()
	err = r.publishAll(ctx)
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return cause
	}
	return err
}

// standBy passes this replica's wake-ups on to whoever holds the lock, at most twenty a second and never inside a
// business transaction (NOTIFY takes a lock over the whole cluster at commit). It tries for the lock each second.
func (r *relay) standBy(ctx context.Context, conn *pgxpool.Conn) error {
	timer := time.NewTimer(time.Second)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
			return nil
		case <-r.wake[r.lane]:
			if _, err := conn.Exec(ctx, `NOTIFY outbox_wake`); err != nil {
				return err
			}
			pause(ctx, 50*time.Millisecond)
		}
	}
}

func (r *relay) listen(ctx context.Context, conn *pgxpool.Conn) error {
	for {
		if _, err := conn.Conn().WaitForNotification(ctx); err != nil {
			return fmt.Errorf("lost the relay's lock: %w", err)
		}
		select {
		case r.wake[r.lane] <- struct{}{}:
		default:
		}
	}
}

func (r *relay) load(ctx context.Context) error {
	var gaps []int64
	if err := r.db.QueryRow(ctx, `SELECT high, gaps FROM relay WHERE lane = $1`, r.lane).Scan(&r.at.high, &gaps); err != nil {
		return err
	}
	r.at.gaps = nil
	if len(gaps) == 0 {
		return nil
	}
	// The horizon of an inherited gap is not known any more: a transaction that begins now is newer than all that count.
	var now string
	if err := r.db.QueryRow(ctx, `SELECT pg_current_xact_id()::text`).Scan(&now); err != nil {
		return err
	}
	horizon, err := strconv.ParseUint(now, 10, 64)
	if err != nil {
		return err
	}
	for _, g := range gaps {
		r.at.gaps = append(r.at.gaps, gap{g, horizon})
	}
	return nil
}

// publishAll publishes until nothing waits, then sleeps until woken.
func (r *relay) publishAll(ctx context.Context) error {
	waiting, _ := otel.Meter("dtks/outbox").Int64Gauge("dtks_outbox_unpublished", metric.WithDescription("Events read for publishing in the last round"))
	published, _ := otel.Meter("dtks/outbox").Int64Counter("dtks_published", metric.WithDescription("Events confirmed durable by the bus"))
	lane := metric.WithAttributes(attribute.Int("lane", r.lane))
	for ctx.Err() == nil {
		rows, next, err := r.read(ctx)
		if err != nil {
			return err
		}
		waiting.Record(ctx, int64(len(rows)), lane)
		if err := r.publish(ctx, rows); err != nil {
			return err
		}
		if err := r.mark(ctx, next); err != nil {
			return err
		}
		published.Add(ctx, int64(len(rows)), lane)
		if len(rows) >= batchMax {
			continue
		}
		select {
		case <-ctx.Done():
		case <-r.wake[r.lane]:
			// In traffic a short wait makes one batch of many wake-ups; a lone event is not held up.
			if len(rows) >= busy {
				pause(ctx, linger)
			}
		case <-time.After(pollEvery):
		}
	}
	return nil
}

// row is one event to publish.
type row struct {
	Seq     int64
	ID      uuid.UUID
	Subject string
	Version int64
	Payload []byte
}

// read takes what is unpublished under one snapshot, whose horizon decides which gaps are dead.
func (r *relay) read(ctx context.Context) ([]row, progress, error) {
	first, last := r.at.gapRanges()
	batch := &pgx.Batch{}
	batch.Queue(`
		SELECT pg_snapshot_xmin(pg_current_snapshot())::text, high
		FROM relay
		WHERE lane = $1`, r.lane)
	batch.Queue(`
		SELECT seq, event_id, subject, version, payload
		FROM (
			(SELECT late.*
			FROM unnest($2::bigint[], $3::bigint[]) AS gap (first, last)
			CROSS JOIN LATERAL (
				SELECT seq, event_id, subject, version, payload
				FROM event
				WHERE lane = $1 AND seq BETWEEN gap.first AND gap.last) AS late)
			UNION ALL
			(SELECT seq, event_id, subject, version, payload FROM event WHERE lane = $1 AND seq > $4 ORDER BY seq LIMIT $5)
		) AS waiting
		ORDER BY seq`, r.lane, first, last, r.at.high, batchMax)
	tx, err := r.db.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return nil, r.at, err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	results := tx.SendBatch(ctx, batch)
	var xmin string
	var marked int64
	if err := results.QueryRow().Scan(&xmin, &marked); err != nil {
		_ = results.Close()
		return nil, r.at, fmt.Errorf("reading the horizon: %w", err)
	}
	if marked != r.at.high {
		_ = results.Close()
		return nil, r.at, errReset
	}
	found, err := results.Query()
	if err != nil {
		_ = results.Close()
		return nil, r.at, fmt.Errorf("reading events: %w", err)
	}
	rows, err := pgx.CollectRows(found, pgx.RowToStructByPos[row])
	if err != nil {
		_ = results.Close()
		return nil, r.at, fmt.Errorf("reading events: %w", err)
	}
	if err := results.Close(); err != nil {
		return nil, r.at, err
	}
	oldest, err := strconv.ParseUint(xmin, 10, 64)
	if err != nil {
		return nil, r.at, err
	}
	seqs := make([]int64, len(rows))
	for i := range rows {
		seqs[i] = rows[i].Seq
	}
	return rows, r.at.advance(seqs, oldest), nil
}

// errReset says that somebody else moved the mark: rebuild-stream, or a relay that took over. Start from what is stored.
var errReset = errors.New("the lane's mark was moved")

// publish sends rows in order and returns once they are durable.
func (r *relay) publish(ctx context.Context, rows []row) error {
	if len(rows) == 0 {
		return nil
	}
	if r.fresh {
		left, err := r.unseen(ctx, rows)
		if err != nil {
			return err
		}
		// As long as the stream is ahead, look on: after a restart that is one batch, after rebuild-stream on a
		// stream that was not lost it is the whole archive.
		r.fresh = len(left) < len(rows)
		if rows = left; len(rows) == 0 {
			return nil
		}
	}
	out := make([]bus.Out, len(rows))
	for i, w := range rows {
		out[i] = bus.Out{ID: w.ID.String(), Subject: w.Subject, Payload: w.Payload}
	}
	failpoint.Hit("relay.before_publish")
	if err := r.nats.Publish(ctx, r.stream, out); err != nil {
		r.fresh = true
		return fmt.Errorf("publishing: %w", err)
	}
	failpoint.Hit("relay.after_publish")
	return nil
}

// unseen leaves out what the stream has already: a relay that died between the stream's confirmation and its mark
// must not publish again once the duplicate window has closed.
func (r *relay) unseen(ctx context.Context, rows []row) ([]row, error) {
	stream, err := r.nats.JS.Stream(ctx, r.stream)
	if err != nil {
		return nil, fmt.Errorf("finding the stream: %w", err)
	}
	newest := map[string]int64{}
	var out []row
	for _, w := range rows {
		have, asked := newest[w.Subject]
		if !asked {
			msg, err := stream.GetLastMsgForSubject(ctx, w.Subject)
			switch {
			case errors.Is(err, jetstream.ErrMsgNotFound):
			case err != nil:
				return nil, fmt.Errorf("reading the stream's newest: %w", err)
			default:
				var env event.Envelope
				if err := event.Unmarshal(msg.Data, &env); err != nil {
					return nil, fmt.Errorf("reading the stream's newest: %w", err)
				}
				have = env.Version
			}
			newest[w.Subject] = have
		}
		if w.Version > have {
			out = append(out, w)
		}
	}
	return out, nil
}

// mark records how far the lane is, unless somebody else has moved the mark since. Only a change costs a write.
func (r *relay) mark(ctx context.Context, next progress) error {
	if next.high != r.at.high || len(next.gaps) != len(r.at.gaps) {
		var by string
		err := r.db.QueryRow(ctx, `
			UPDATE relay
			SET high = $2, gaps = $3
			WHERE lane = $1 AND high = $4
			RETURNING pg_current_xact_id()::text`, r.lane, next.high, next.gapSeqs(), r.at.high).Scan(&by)
		if errors.Is(err, pgx.ErrNoRows) {
			return errReset
		}
		if err != nil {
			return fmt.Errorf("marking: %w", err)
		}
		xid, err := strconv.ParseUint(by, 10, 64)
		if err != nil {
			return err
		}
		next = next.marked(xid)
		failpoint.Hit("relay.after_mark")
	}
	r.at = next
	return nil
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
