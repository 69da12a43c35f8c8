package bus

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/nats-io/nats.go/jetstream"

	"dtks/pkg/event"
	"dtks/pkg/fault"
	"dtks/pkg/pg"
)

func sortTypes(types []event.Type) { slices.Sort(types) }

// bury keeps a reference to what could not be applied, never the payload.
func (w *worker) bury(ctx context.Context, m *incoming, kind fault.Kind, code string, parked bool) error {
	id := m.env.ID
	if id == "" {
		id = m.msg.Headers().Get("Nats-Msg-Id")
	}
	if id == "" {
		id = fmt.Sprintf("%s-%d", w.stream, m.seq)
	}
	key := ""
	if m.at.ID != "" {
		key = m.at.Key()
	}
	return pg.InTx(ctx, w.DB, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `
			INSERT INTO dead_letter (consumer, event_id, stream, stream_seq, subject, aggregate_key, version, kind, code, parked, tries)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
			ON CONFLICT (consumer, event_id) DO NOTHING`,
			w.Name, strings.ToValidUTF8(id, "?"), w.stream, int64(m.seq), strings.ToValidUTF8(m.msg.Subject(), "?"),
			strings.ToValidUTF8(key, "?"), m.env.Version, string(kind), code, parked, int64(m.tries))
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		column := "dead"
		if parked {
			column = "parked"
		}
		_, err = tx.Exec(ctx, `
			INSERT INTO consumed AS c (consumer, stream, `+column+`)
			VALUES ($1, $2, 1)
			ON CONFLICT (consumer, stream) DO UPDATE SET `+column+` = c.`+column+` + 1`, w.Name, w.stream)
		return err
	})
}

// Redrive applies again what was parked or dead in one consumer's database: the newest event of each buried
// aggregate is read back from its stream and goes through the same gate and handler. It returns how many were applied
// and how many failed again. read is a connection that may get messages of the streams by subject.
func (c *Conn) Redrive(ctx context.Context, cs Consumer, read jetstream.JetStream, routes ...Route) (applied, failed int, err error) {
	rows, err := cs.DB.Query(ctx, `
		SELECT event_id, stream, subject
		FROM dead_letter
		WHERE consumer = $1 AND redriven_at IS NULL
		ORDER BY failed_at`, cs.Name)
	if err != nil {
		return 0, 0, err
	}
	type letter struct{ EventID, Stream, Subject string }
	letters, err := pgx.CollectRows(rows, pgx.RowToStructByPos[letter])
	if err != nil {
		return 0, 0, err
	}
	byType := map[event.Type]Route{}
	for _, r := range routes {
		byType[r.Type] = r
	}
	for _, l := range letters {
		w := &worker{conn: c, Consumer: cs, stream: l.Stream, routes: byType}
		w.meter = newMeters(cs.Name, l.Stream)
		if err := w.redrive(ctx, read, l.EventID, l.Subject); err != nil {
			failed++
			continue
		}
		applied++
	}
	return applied, failed, nil
}

func (w *worker) redrive(ctx context.Context, read jetstream.JetStream, eventID, subject string) error {
	stream, err := read.Stream(ctx, w.stream)
	if err != nil {
		return err
	}
	raw, err := stream.GetLastMsgForSubject(ctx, subject)
	if err != nil {
		return err
	}
	m := &incoming{msg: rawMsg{subject: raw.Subject, data: raw.Data}, stream: w.stream, seq: raw.Sequence}
	if err := w.parse(m); err != nil {
		return err
	}
	return pg.InTx(ctx, w.DB, func(tx pgx.Tx) error {
		newest, err := w.gate(ctx, tx, []*incoming{m})
		if err != nil {
			return err
		}
		for _, t := range order(newest) {
			if err := w.routes[t].handle(ctx, tx, newest[t], w.Keys); err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, `UPDATE dead_letter SET redriven_at = now() WHERE consumer = $1 AND event_id = $2`, w.Name, eventID)
		return err
	})
}

// rawMsg is a message read back from a stream: it has nobody to acknowledge to.
type rawMsg struct {
	jetstream.Msg
	subject string
	data    []byte
}

func (m rawMsg) Subject() string { return m.subject }
func (m rawMsg) Data() []byte    { return m.data }

// storeGrants keeps day keys that an owner granted to this service.
func (cs Consumer) storeGrants(owner string) func(context.Context, pgx.Tx, []Msg[event.KeyGranted]) error {
	return func(ctx context.Context, tx pgx.Tx, msgs []Msg[event.KeyGranted]) error {
		grants := make([]event.KeyGranted, len(msgs))
		for i, m := range msgs {
			grants[i] = m.Data
		}
		return cs.Keys.Store(ctx, tx, owner, grants)
	}
}
