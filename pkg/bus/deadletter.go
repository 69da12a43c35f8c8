package bus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/nats-io/nats.go/jetstream"

	"dtks/pkg/event"
	"dtks/pkg/fault"
	"dtks/pkg/pg"
	"dtks/pkg/seal"
)

func sortTypes(types []event.Type) { slices.Sort(types) }

// identify names a message by its event id, where that is one: a foreign message may carry anything, of any length.
func identify(m *incoming) string {
	for _, id := range []string{m.env.ID, m.msg.Headers().Get("Nats-Msg-Id")} {
		if _, err := uuid.Parse(id); err == nil {
			return id
		}
	}
	return fmt.Sprintf("%s-%d", m.stream, m.seq)
}

// storable is text as PostgreSQL takes it.
func storable(s string) string { return strings.ReplaceAll(strings.ToValidUTF8(s, "?"), "\x00", "?") }

// bury keeps a reference to what could not be applied, never the payload.
func (w *worker) bury(ctx context.Context, m *incoming, kind fault.Kind, code string, parked bool) error {
	id := identify(m)
	key := ""
	if m.at.ID != "" {
		key = m.at.Key()
	}
	return pg.InTx(ctx, w.DB, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `
			INSERT INTO dead_letter (consumer, event_id, stream, stream_seq, subject, aggregate_key, version, kind, code, parked, tries)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
			ON CONFLICT (consumer, event_id) DO NOTHING`,
			w.Name, id, w.stream, int64(m.seq), storable(m.msg.Subject()),
			storable(key), m.env.Version, string(kind), code, parked, int64(m.tries))
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

// redriveAll tries again what an operator asked for: the newest event of each buried aggregate is read back from the
// stream and goes through the same gate and handler, in the running service. What fails again stays where it is.
func (w *worker) redriveAll(ctx context.Context) error {
	rows, err := w.DB.Query(ctx, `
		SELECT event_id, subject
		FROM dead_letter
		WHERE consumer = $1 AND stream = $2 AND redrive AND redriven_at IS NULL
		ORDER BY failed_at`, w.Name, w.stream)
	if err != nil {
		return err
	}
	type letter struct{ EventID, Subject string }
	letters, err := pgx.CollectRows(rows, pgx.RowToStructByPos[letter])
	if err != nil {
		return err
	}
	for _, l := range letters {
		err := w.redrive(ctx, l.EventID, l.Subject)
		if errors.Is(err, errNotRead) || pg.Down(err) {
			return err // it stays asked for
		}
		if err != nil {
			slog.Warn("redriven event failed again", "stream", w.stream, "event_id", l.EventID, "code", code(err), "cause", pg.Safe(err))
			if _, err := w.DB.Exec(ctx, `UPDATE dead_letter SET redrive = false WHERE consumer = $1 AND event_id = $2`, w.Name, l.EventID); err != nil {
				return err
			}
		}
	}
	return nil
}

// errNotRead says that the stream could not be asked.
var errNotRead = errors.New("the stream does not answer")

func (w *worker) redrive(ctx context.Context, eventID, subject string) error {
	stream, err := w.conn.JS.Stream(ctx, w.stream)
	if err != nil {
		return fmt.Errorf("%w: %w", errNotRead, err)
	}
	raw, err := stream.GetLastMsgForSubject(ctx, subject)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return err
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errNotRead, err)
	}
	m := &incoming{msg: rawMsg{subject: raw.Subject, data: raw.Data}, stream: w.stream, seq: raw.Sequence}
	if err := w.parse(m); err != nil {
		return err
	}
	err = pg.InTx(ctx, w.DB, func(tx pgx.Tx) error {
		if _, err := w.handle(ctx, tx, []*incoming{m}); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE dead_letter SET redriven_at = now() WHERE consumer = $1 AND event_id = $2`, w.Name, eventID)
		return err
	})
	if err == nil && w.After != nil {
		w.After()
	}
	return err
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
		if err := cs.Keys.Store(ctx, tx, owner, grants); err != nil {
			return err
		}
		// What was parked for want of a key can be read now.
		_, err := tx.Exec(ctx, `
			UPDATE dead_letter
			SET redrive = true
			WHERE consumer = $1 AND stream = $2 AND code = $3 AND parked AND redriven_at IS NULL`,
			cs.Name, event.StreamOf(owner), seal.CodeMissing)
		return err
	}
}
