package bus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/nats-io/nats.go/jetstream"

	"dtks/pkg/event"
	"dtks/pkg/failpoint"
	"dtks/pkg/fault"
	"dtks/pkg/pg"
)

// maxTries is how often a message is tried before it is parked: with the delays below about five minutes.
const maxTries = 12

// apply takes one batch to its end: every message is acknowledged, told to come again, parked or dead.
func (w *worker) apply(ctx, stopping context.Context, msgs []jetstream.Msg) {
	failpoint.Hit("consume.before_tx")
	in := w.read(ctx, msgs)
	// Day keys first and on their own: the rest of the batch may need them.
	grants, rest := splitGrants(in)
	for _, part := range [][]*incoming{grants, rest} {
		if len(part) > 0 {
			w.applyPart(ctx, stopping, part)
		}
	}
}

func (w *worker) applyPart(ctx, stopping context.Context, in []*incoming) {
	spans := startSpans(ctx, w.Name, in)
	defer spans.end()
	err := w.inTx(ctx, in)
	for pause := 200 * time.Millisecond; err != nil && pg.Down(err) && stopping.Err() == nil; pause = min(2*pause, 5*time.Second) {
		// The database is away: nothing is known about any one message. Keep them, and keep the broker from
		// handing them out again.
		slog.Warn("database away, waiting", "stream", w.stream, "error", pg.Safe(err))
		wait(stopping, pause)
		for _, m := range in {
			_ = m.msg.InProgress()
		}
		err = w.inTx(ctx, in)
	}
	if err == nil {
		failpoint.Hit("consume.after_commit")
		w.ack(in)
		return
	}
	w.isolate(ctx, in, err)
}

// isolate finds what is at fault by applying halves, so that a poison message costs its batch some twenty transactions.
func (w *worker) isolate(ctx context.Context, in []*incoming, err error) {
	if len(in) == 1 {
		w.fail(ctx, in[0], err)
		return
	}
	half := len(in) / 2
	for _, part := range [][]*incoming{in[:half], in[half:]} {
		if err := w.inTx(ctx, part); err != nil {
			w.isolate(ctx, part, err)
		} else {
			w.ack(part)
		}
	}
}

// read parses subjects and payloads. What cannot be read is dead at once.
func (w *worker) read(ctx context.Context, msgs []jetstream.Msg) []*incoming {
	in := make([]*incoming, 0, len(msgs))
	for _, msg := range msgs {
		m := &incoming{msg: msg, stream: w.stream}
		if meta, err := msg.Metadata(); err == nil {
			m.seq, m.tries = meta.Sequence.Stream, meta.NumDelivered
		}
		if err := w.parse(m); err != nil {
			w.fail(ctx, m, err)
			continue
		}
		in = append(in, m)
	}
	return in
}

var (
	errSubject  = fault.New(fault.Invalid, "subject_malformed", "Subjek peristiwa tidak terbaca.", "The event's subject cannot be read.")
	errUnknown  = fault.New(fault.Invalid, "type_unknown", "Jenis peristiwa tidak dikenal.", "The event type is not known.")
	errPayload  = fault.New(fault.Invalid, "payload_malformed", "Isi peristiwa tidak terbaca.", "The event's payload cannot be read.")
	errEnvelope = fault.New(fault.Invalid, "envelope_mismatch", "Amplop peristiwa tidak cocok dengan subjeknya.", "The event's envelope does not fit its subject.")
)

func (w *worker) parse(m *incoming) (err error) {
	defer func() {
		if p := recover(); p != nil { // a decoder must not end the service, whatever arrives
			err = errPayload
		}
	}()
	m.at, err = event.ParseSubject(m.msg.Subject())
	if err != nil {
		return errSubject
	}
	route, ok := w.routes[m.at.Type]
	if !ok {
		return errUnknown
	}
	m.env, m.sealed, m.data, err = route.decode(m.msg.Data())
	if err != nil {
		return errPayload
	}
	if m.env.Type != m.at.Type || m.env.Subject != m.at.ID || m.env.Source != event.SourceOf(m.at.Type.Service()) ||
		m.env.Version < 1 || m.env.ID == "" {
		return errEnvelope
	}
	return nil
}

func splitGrants(in []*incoming) (grants, rest []*incoming) {
	for _, m := range in {
		if m.at.Type.Noun() == "key" {
			grants = append(grants, m)
		} else {
			rest = append(rest, m)
		}
	}
	return grants, rest
}

// inTx applies messages in one transaction: gate, effects, own events, totals.
func (w *worker) inTx(ctx context.Context, in []*incoming) error {
	var newest map[event.Type][]*incoming
	err := pg.InTx(ctx, w.DB, func(tx pgx.Tx) (err error) {
		if newest, err = w.handle(ctx, tx, in); err != nil {
			return err
		}
		if err := w.count(ctx, tx, len(in), newest); err != nil {
			return err
		}
		failpoint.Hit("consume.before_commit")
		return nil
	})
	if err != nil {
		return err
	}
	w.meter.applied(ctx, newest, len(in))
	if w.After != nil {
		w.After()
	}
	return nil
}

// handle hands what passes the gate to its handlers. A panic is a fault like any other.
func (w *worker) handle(ctx context.Context, tx pgx.Tx, in []*incoming) (newest map[event.Type][]*incoming, err error) {
	defer func() {
		if p := recover(); p != nil {
			slog.Error("handler panicked", "stream", w.stream, "stack", string(debug.Stack()))
			err = fault.New(fault.Internal, "handler_panic", "Kesalahan dalam layanan.", "A defect in the service.")
		}
	}()
	if newest, err = w.gate(ctx, tx, in); err != nil {
		return nil, err
	}
	for _, t := range order(newest) {
		if err := w.routes[t].handle(ctx, tx, newest[t], w.Keys); err != nil {
			return nil, err
		}
	}
	return newest, nil
}

// gate keeps of each aggregate the newest version, if it is newer than what was applied, and records it. The recorded
// row is the inbox: a redelivery finds its version there.
func (w *worker) gate(ctx context.Context, tx pgx.Tx, in []*incoming) (map[event.Type][]*incoming, error) {
	newest := make(map[string]*incoming, len(in))
	keys := make([]string, 0, len(in))
	for _, m := range in {
		key := m.at.Key()
		if old, ok := newest[key]; !ok {
			keys = append(keys, key)
		} else if old.env.Version >= m.env.Version {
			continue
		}
		newest[key] = m
	}
	versions := make([]int64, len(keys))
	for i, key := range keys {
		versions[i] = newest[key].env.Version
	}
	rows, err := tx.Query(ctx, `
		INSERT INTO applied AS a (consumer, aggregate_key, version)
		SELECT $1, k, v
		FROM unnest($2::text[], $3::bigint[]) AS t (k, v)
		ORDER BY k
		ON CONFLICT (consumer, aggregate_key) DO UPDATE
		SET version = EXCLUDED.version, effects = a.effects + 1
		WHERE a.version < EXCLUDED.version
		RETURNING aggregate_key`, w.Name, keys, versions)
	if err != nil {
		return nil, fmt.Errorf("gate: %w", err)
	}
	fresh, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("gate: %w", err)
	}
	isFresh := make(map[string]bool, len(fresh))
	for _, key := range fresh {
		isFresh[key] = true
	}
	byType := map[event.Type][]*incoming{}
	for _, key := range keys { // in order of arrival
		if isFresh[key] {
			m := newest[key]
			byType[m.at.Type] = append(byType[m.at.Type], m)
		}
	}
	return byType, nil
}

// order makes the sequence of handlers the same in every replica.
func order(byType map[event.Type][]*incoming) []event.Type {
	types := make([]event.Type, 0, len(byType))
	for t := range byType {
		types = append(types, t)
	}
	sortTypes(types)
	return types
}

func (w *worker) count(ctx context.Context, tx pgx.Tx, arrived int, newest map[event.Type][]*incoming) error {
	applied := total(newest)
	_, err := tx.Exec(ctx, `
		INSERT INTO consumed AS c (consumer, stream, applied, superseded)
		VALUES ($1, $2, $3, $4)
		ON CONFLICT (consumer, stream) DO UPDATE
		SET applied = c.applied + EXCLUDED.applied, superseded = c.superseded + EXCLUDED.superseded`,
		w.Name, w.stream, applied, arrived-applied)
	return err
}

func total(newest map[event.Type][]*incoming) int {
	n := 0
	for _, msgs := range newest {
		n += len(msgs)
	}
	return n
}

func (w *worker) ack(in []*incoming) {
	for _, m := range in {
		if err := m.msg.Ack(); err != nil {
			slog.Debug("ack", "error", err.Error()) // it comes again, and finds its version applied
		}
	}
	failpoint.Hit("consume.after_ack")
}

// fail decides by the fault's kind what becomes of one message.
func (w *worker) fail(ctx context.Context, m *incoming, err error) {
	kind := fault.KindOf(err)
	if pg.Down(err) {
		kind = fault.Unavailable
	}
	slog.Warn("event not applied", "stream", w.stream, "stream_seq", m.seq, "event_id", identify(m),
		"kind", kind, "code", code(err), "try", m.tries, "cause", pg.Safe(err))
	if kind.Retryable() && m.tries < maxTries {
		w.meter.failed(ctx, m.at.Type, "retried")
		_ = m.msg.NakWithDelay(delay(err, m.tries))
		return
	}
	if dberr := w.bury(ctx, m, kind, code(err), kind.Retryable()); dberr != nil {
		slog.Error("dead letter not stored", "error", pg.Safe(dberr))
		_ = m.msg.NakWithDelay(5 * time.Second)
		return
	}
	w.meter.failed(ctx, m.at.Type, "buried")
	_ = m.msg.TermWithReason(code(err))
}

// delay grows with the tries; a fault may name its own.
func delay(err error, tries uint64) time.Duration {
	var f *fault.Error
	if errors.As(err, &f) && f.RetryAfter > 0 {
		return f.RetryAfter
	}
	steps := []time.Duration{100 * time.Millisecond, 250 * time.Millisecond, time.Second, 3 * time.Second,
		10 * time.Second, 20 * time.Second, 40 * time.Second}
	return steps[min(int(max(tries, 1))-1, len(steps)-1)]
}

func code(err error) string {
	var f *fault.Error
	if errors.As(err, &f) {
		return f.Code
	}
	return "internal"
}
