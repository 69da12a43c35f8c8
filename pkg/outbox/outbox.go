// Package outbox is the only way to publish: events are rows written in the business transaction, and a relay takes
// them to the bus afterwards.
//
// The table event is outbox and archive in one: append-only, never updated, never deleted, so a lost stream can be
// rebuilt from it. Per aggregate the versions are 1..n without gap, because they are drawn under the aggregate's row
// lock; per lane the sequence is drawn under that same lock, so an aggregate's events are published in order.
package outbox

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.opentelemetry.io/otel/trace"

	"dtks/pkg/bus"
	"dtks/pkg/event"
	"dtks/pkg/failpoint"
	"dtks/pkg/fault"
	"dtks/pkg/seal"
)

// Draft is an event before it has a version.
type Draft struct {
	Type    event.Type
	Filter  string // "" = all
	Area    event.Area
	ID      string              // aggregate id
	Data    any                 // payload struct of package event, its Sealed left empty
	Seal    map[event.Class]any // plaintext per class, sealed by Add
	Cause   event.Cause         // zero for a request
	Release bool                // the lane of a release's fan-out, which never delays live events
}

// Recorded is what an event became.
type Recorded struct {
	ID      string
	Version int64
	Time    time.Time
}

// Outbox writes one service's events. Safe for concurrent use.
type Outbox struct {
	service string
	db      *pgxpool.Pool
	keys    *seal.Keys
	wake    [2]chan struct{}
	now     func() time.Time
}

// New makes the outbox of a service. keys may be nil when it seals nothing.
func New(service string, db *pgxpool.Pool, keys *seal.Keys) *Outbox {
	return &Outbox{
		service: service,
		db:      db,
		keys:    keys,
		wake:    [2]chan struct{}{make(chan struct{}, 1), make(chan struct{}, 1)},
		now:     time.Now,
	}
}

// payloadMax keeps an event below what the bus takes (1 MiB with headers): a row that can never be published would
// hold up its aggregate for ever.
const payloadMax = 900 << 10

var errTooLarge = fault.New(fault.Invalid, "event_too_large",
	"Data terlalu besar untuk satu peristiwa.", "The data is too large for one event.")

// Add writes drafts in the caller's transaction and returns what they became, in their order. Several drafts of one
// aggregate get consecutive versions. Aggregates are locked in key order, so two transactions cannot deadlock here.
func (o *Outbox) Add(ctx context.Context, tx pgx.Tx, drafts ...Draft) ([]Recorded, error) {
	if len(drafts) == 0 {
		return nil, nil
	}
	now := o.now().UTC().Truncate(time.Microsecond)
	if err := o.haveKeys(ctx, drafts, now); err != nil {
		return nil, err
	}
	rows, err := o.draw(ctx, tx, drafts)
	if err != nil {
		return nil, err
	}
	out := make([]Recorded, len(drafts))
	trace := bus.TraceParent(trace.SpanContextFromContext(ctx))
	for i := range drafts {
		id, err := uuid.NewV7()
		if err != nil {
			return nil, err
		}
		rows.id[i], rows.at[i] = id, now
		if rows.payload[i], err = o.encode(&drafts[i], id.String(), rows.subject[i], rows.version[i], now, trace); err != nil {
			return nil, err
		}
		out[i] = Recorded{ID: id.String(), Version: rows.version[i], Time: now}
	}
	_, err = tx.Exec(ctx, insertEvents, rows.lane, rows.id, rows.typ, rows.key, rows.version, rows.subject, rows.at, rows.payload)
	if err != nil {
		return nil, fmt.Errorf("writing events: %w", err)
	}
	failpoint.Hit("outbox.before_commit")
	return out, nil
}

// insertEvents also keeps an aggregate in the lane in which events of it still wait: a lane that was faster would bring
// its newer state before the older one, and the older would stay the last on its subject. The aggregates' locks are
// held, so nothing joins the other lane meanwhile; a lane without anything waiting costs no lookup.
const insertEvents = `
	WITH waiting AS MATERIALIZED (
		SELECT r.lane, r.high, r.gaps
		FROM relay r
		JOIN (
			SELECT 0, last_value, is_called FROM event_live_seq
			UNION ALL
			SELECT 1, last_value, is_called FROM event_release_seq
		) s (lane, last_value, is_called) USING (lane)
		WHERE s.is_called AND (s.last_value > r.high OR r.gaps <> '{}')
	), routed AS (
		SELECT coalesce((
				SELECT e.lane
				FROM waiting w
				JOIN event e ON e.lane = w.lane
				WHERE w.lane <> t.lane AND e.aggregate_key = t.key AND (e.seq > w.high OR e.seq = ANY (w.gaps))
				LIMIT 1), t.lane) AS lane, id, type, key, version, subject, at, payload
		FROM unnest($1::smallint[], $2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::timestamptz[], $8::bytea[])
			AS t (lane, id, type, key, version, subject, at, payload)
	)
	INSERT INTO event (lane, seq, event_id, type, aggregate_key, version, subject, recorded_at, payload)
	SELECT lane, CASE lane WHEN 0 THEN nextval('event_live_seq') ELSE nextval('event_release_seq') END,
		id, type, key, version, subject, at, payload
	FROM routed`

// columns are the arrays of one insert.
type columns struct {
	lane    []int16
	id      []uuid.UUID
	typ     []string
	key     []string
	version []int64
	subject []string
	at      []time.Time
	payload [][]byte
}

// draw raises the aggregates' versions, which locks them, and gives each draft its own.
func (o *Outbox) draw(ctx context.Context, tx pgx.Tx, drafts []Draft) (*columns, error) {
	n := len(drafts)
	c := &columns{make([]int16, n), make([]uuid.UUID, n), make([]string, n), make([]string, n),
		make([]int64, n), make([]string, n), make([]time.Time, n), make([][]byte, n)}
	count, live := make(map[string]int64, n), make(map[string]bool, n)
	for i := range drafts {
		d := &drafts[i]
		if d.Filter == "" {
			d.Filter = event.All
		}
		if d.Type.Service() != o.service {
			return nil, fmt.Errorf("%s may not publish %s", o.service, d.Type)
		}
		at := event.Subject{Type: d.Type, Filter: d.Filter, Area: d.Area, ID: d.ID}
		c.typ[i], c.key[i], c.subject[i] = string(d.Type), at.Key(), at.String()
		if _, err := event.ParseSubject(c.subject[i]); err != nil || strings.ContainsAny(c.subject[i], " *>\t\r\n") {
			return nil, fmt.Errorf("%s: the draft's filter, area or id is no token of a subject", d.Type)
		}
		if !d.Release {
			live[c.key[i]] = true
		}
		count[c.key[i]]++
	}
	for i, key := range c.key {
		if !live[key] {
			c.lane[i] = laneRelease
		}
	}
	keys := make([]string, 0, len(count))
	for key := range count {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	steps := make([]int64, len(keys))
	for i, key := range keys {
		steps[i] = count[key]
	}
	rows, err := tx.Query(ctx, `
		INSERT INTO aggregate AS a (aggregate_key, version)
		SELECT k, n
		FROM unnest($1::text[], $2::bigint[]) AS t (k, n)
		ON CONFLICT (aggregate_key) DO UPDATE SET version = a.version + EXCLUDED.version
		RETURNING aggregate_key, version`, keys, steps)
	if err != nil {
		return nil, fmt.Errorf("drawing versions: %w", err)
	}
	next := make(map[string]int64, len(keys))
	var key string
	var version int64
	if _, err := pgx.ForEachRow(rows, []any{&key, &version}, func() error {
		next[key] = version - count[key] + 1
		return nil
	}); err != nil {
		return nil, fmt.Errorf("drawing versions: %w", err)
	}
	for i, key := range c.key {
		c.version[i] = next[key]
		next[key]++
	}
	return c, nil
}

// Lock takes the aggregates' locks in key order and returns their versions, 0 where there is none yet (those are not
// locked: the first Add decides). For handlers that must read before they draft.
func (o *Outbox) Lock(ctx context.Context, tx pgx.Tx, aggregates ...event.Subject) ([]int64, error) {
	keys := make([]string, len(aggregates))
	for i, a := range aggregates {
		if a.Filter == "" {
			a.Filter = event.All
		}
		keys[i] = a.Key()
	}
	rows, err := tx.Query(ctx, `
		SELECT aggregate_key, version
		FROM aggregate
		WHERE aggregate_key = ANY ($1)
		ORDER BY aggregate_key COLLATE "C" -- the order in which Add takes them
		FOR UPDATE`, keys)
	if err != nil {
		return nil, fmt.Errorf("locking aggregates: %w", err)
	}
	found := map[string]int64{}
	var key string
	var version int64
	if _, err := pgx.ForEachRow(rows, []any{&key, &version}, func() error { found[key] = version; return nil }); err != nil {
		return nil, fmt.Errorf("locking aggregates: %w", err)
	}
	out := make([]int64, len(keys))
	for i, key := range keys {
		out[i] = found[key]
	}
	return out, nil
}

// encode writes the envelope around the open payload and its sealed parts.
func (o *Outbox) encode(d *Draft, id, subject string, version int64, at time.Time, trace string) ([]byte, error) {
	data, err := event.Marshal(d.Data)
	if err != nil {
		return nil, fmt.Errorf("encoding %s: %w", d.Type, err)
	}
	if len(d.Seal) > 0 {
		if data, err = o.splice(data, d, seal.AD(id, subject, version), seal.Day(at)); err != nil {
			return nil, err
		}
	}
	env := event.Envelope{
		SpecVersion:     "1.0",
		ID:              id,
		Source:          event.SourceOf(o.service),
		Type:            d.Type,
		Subject:         d.ID,
		Time:            at,
		DataContentType: "application/json",
		DataSchema:      event.SchemaOf(d.Type),
		Version:         version,
		Cause:           d.Cause.ID,
		TraceParent:     d.Cause.TraceParent,
		Data:            data,
	}
	if env.TraceParent == "" {
		env.TraceParent = trace
	}
	payload, err := event.Marshal(env)
	if err != nil {
		return nil, fmt.Errorf("encoding the envelope of %s: %w", d.Type, err)
	}
	if len(payload) > payloadMax {
		return nil, errTooLarge
	}
	return payload, nil
}

// splice puts the sealed parts into the encoded payload as its last member, classes in order.
func (o *Outbox) splice(data []byte, d *Draft, ad []byte, day string) ([]byte, error) {
	if o.keys == nil {
		return nil, errors.New("sealed payload without keys")
	}
	sealed := make(event.Sealed, len(d.Seal))
	for class, plain := range d.Seal {
		raw, err := event.Marshal(plain)
		if err != nil {
			return nil, fmt.Errorf("encoding %s of %s: %w", class, d.Type, err)
		}
		if sealed[class], err = o.keys.Seal(class, day, ad, raw); err != nil {
			return nil, fmt.Errorf("sealing %s of %s: %w", class, d.Type, err)
		}
	}
	raw, err := event.Marshal(sealed)
	if err != nil {
		return nil, err
	}
	out := make([]byte, 0, len(data)+len(raw)+12)
	out = append(out, data[:len(data)-1]...)
	if len(data) > 2 {
		out = append(out, ',')
	}
	out = append(out, `"sealed":`...)
	out = append(out, raw...)
	return append(out, '}'), nil
}

// haveKeys makes the day's keys on the day's first sealed event. Outside the caller's transaction: a key that was
// granted must not disappear with a rollback after others have used it.
func (o *Outbox) haveKeys(ctx context.Context, drafts []Draft, now time.Time) error {
	if o.keys == nil || o.keys.Holds(seal.Day(now)) {
		return nil
	}
	if !slices.ContainsFunc(drafts, func(d Draft) bool { return len(d.Seal) > 0 }) {
		return nil
	}
	return o.EnsureKeys(ctx, seal.Day(now))
}

// EnsureKeys makes the keys of a day and publishes what is still to be granted. It has a connection of its own: callers
// may hold all of the pool's in transactions that wait for these keys.
func (o *Outbox) EnsureKeys(ctx context.Context, day string) error {
	if o.keys == nil || len(o.keys.Classes()) == 0 {
		return nil
	}
	config := o.db.Config()
	conn, err := pgx.ConnectConfig(ctx, config.ConnConfig)
	if err != nil {
		return fmt.Errorf("making day keys: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if config.AfterConnect != nil {
		if err := config.AfterConnect(ctx, conn); err != nil {
			return fmt.Errorf("making day keys: %w", err)
		}
	}
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		grants, err := o.keys.Ensure(ctx, tx, day)
		if err != nil {
			return err
		}
		drafts := make([]Draft, len(grants))
		for i, g := range grants {
			drafts[i] = Draft{
				Type:   event.KeyGrantedType(o.service),
				Filter: g.Recipient,
				Area:   event.National,
				ID:     string(g.Class) + "-" + g.Day,
				Data:   g,
			}
		}
		_, err = o.Add(ctx, tx, drafts...)
		return err
	})
	if err != nil {
		return fmt.Errorf("making day keys: %w", err)
	}
	return o.keys.LoadOwn(ctx, conn, day)
}

// Wake tells the relays that a transaction with events has committed. Never blocks.
func (o *Outbox) Wake() {
	for _, c := range o.wake {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// History returns every version of an aggregate from the archive, oldest first, each with its subject.
func (o *Outbox) History(ctx context.Context, aggregate event.Subject) ([]Archived, error) {
	rows, err := o.db.Query(ctx, `
		SELECT subject, payload
		FROM event
		WHERE aggregate_key = $1
		ORDER BY version`, aggregate.Key())
	if err != nil {
		return nil, fmt.Errorf("reading history: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (Archived, error) {
		var a Archived
		var payload []byte
		if err := row.Scan(&a.Subject, &payload); err != nil {
			return a, err
		}
		return a, event.Unmarshal(payload, &a.Envelope)
	})
}

// Archived is an event as the archive holds it.
type Archived struct {
	event.Envelope
	Subject string // the NATS subject; Envelope.Subject is the aggregate id
}

// Open opens a sealed part of one of the service's own events.
func (o *Outbox) Open(ctx context.Context, a Archived, sealed event.Sealed, class event.Class, into any) error {
	box, ok := sealed[class]
	if !ok {
		return fault.New(fault.NotFound, "class_absent", "Bagian data ini tidak ada.", "This part of the data is not there.")
	}
	plain, err := o.keys.Open(ctx, o.service, class, box, seal.AD(a.ID, a.Subject, a.Version))
	if err != nil {
		return err
	}
	return event.Unmarshal(plain, into)
}
