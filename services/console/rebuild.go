package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go/jetstream"

	"dtks/pkg/bus"
	"dtks/pkg/event"
	"dtks/pkg/pg"
)

// rebuild empties the read models and folds all events again, while the service runs or not. It holds the gate of the
// consumer meanwhile: the live service waits, its pages keep showing the old figures until the new ones are complete,
// and what the streams receive in between is applied afterwards.
func rebuild(ctx context.Context, getenv func(string) string, _ []string) error {
	cfg, err := loadConfig(getenv)
	if err != nil {
		return err
	}
	db, err := pg.Open(ctx, cfg.DatabaseURL, migrations)
	if err != nil {
		return err
	}
	defer db.Close()
	conn, err := bus.Connect(ctx, cfg.NATSURL, cfg.NATSKeyFile, "console")
	if err != nil {
		return err
	}
	defer conn.Close()
	events, err := (&rebuilding{db: db, conn: conn, now: time.Now}).run(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stdout, "read models rebuilt from %d events\n", events)
	return nil
}

// rebuilding is one rebuild.
type rebuilding struct {
	db   *pgxpool.Pool
	conn *bus.Conn
	now  func() time.Time
}

// folded is one event ready to be recorded: a mark or a release.
type folded struct {
	key     string
	version int64
	id      string
	mark    *mark
	release *release
}

// folds decode each type that the console follows. Releases come first: decisions look for them.
var folds = []struct {
	kind event.Type
	of   func(e event.Envelope, at event.Subject) (folded, error)
}{
	{event.TypeRankReleased, foldRelease},
	{event.TypeProposalUpdated, folding(proposalMark)},
	{event.TypeCaseUpdated, folding(caseMark)},
	{event.TypeMatchDecided, folding(matchMark)},
	{event.TypeRegistrantUpdated, folding(registrantMark)},
	{event.TypeEntitlementChanged, folding(entitlementMark)},
	{event.TypeDeliveryUpdated, folding(deliveryMark)},
}

func folding[T any](of marker[T]) func(e event.Envelope, at event.Subject) (folded, error) {
	return func(e event.Envelope, at event.Subject) (folded, error) {
		f := folded{key: at.Key(), version: e.Version, id: e.ID}
		var data T
		if err := event.Unmarshal(e.Data, &data); err != nil {
			return f, errors.New("payload cannot be read")
		}
		if m, ok := of(e, at, data); ok {
			f.mark = &m
		}
		_, err := uuid.Parse(e.Subject)
		return f, err
	}
}

func foldRelease(e event.Envelope, at event.Subject) (folded, error) {
	f := folded{key: at.Key(), version: e.Version, id: e.ID}
	var data event.RankReleased
	if err := event.Unmarshal(e.Data, &data); err != nil {
		return f, errors.New("payload cannot be read")
	}
	r := newRelease(e, data)
	f.release = &r
	return f, nil
}

// run folds everything in one transaction and returns how many events there were.
func (r *rebuilding) run(ctx context.Context) (events int64, err error) {
	err = pgx.BeginFunc(ctx, r.db, func(tx pgx.Tx) error {
		// The live consumer writes here before anything else, so that it waits; readers of the pages do not.
		if _, err := tx.Exec(ctx, `LOCK TABLE applied IN SHARE ROW EXCLUSIVE MODE`); err != nil {
			return fmt.Errorf("holding the consumer: %w", err)
		}
		for _, table := range []string{"item", "tally", "volume", "lapse", "release"} {
			if _, err := tx.Exec(ctx, `DELETE FROM `+table); err != nil {
				return fmt.Errorf("emptying %s: %w", table, err)
			}
		}
		for _, f := range folds {
			n, err := r.fold(ctx, tx, f.kind, f.of)
			if err != nil {
				return fmt.Errorf("folding %s: %w", f.kind, err)
			}
			events += n
		}
		return nil
	})
	return events, err
}

// rebuildBatch is how many events are recorded at a time.
const rebuildBatch = 1000

// fold reads all events of one type, in order.
func (r *rebuilding) fold(
	ctx context.Context, tx pgx.Tx, kind event.Type, of func(e event.Envelope, at event.Subject) (folded, error),
) (int64, error) {
	stream, name := kind.Stream(), bus.ReplayName("console")
	forget := func() error { return r.conn.JS.DeleteConsumer(context.WithoutCancel(ctx), stream, name) }
	if err := forget(); err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
		return 0, err
	}
	consumer, err := r.conn.JS.CreateConsumer(ctx, stream, jetstream.ConsumerConfig{
		Name: name, FilterSubject: string(kind) + ".>", DeliverPolicy: jetstream.DeliverAllPolicy,
		AckPolicy: jetstream.AckNonePolicy, MemoryStorage: true,
		InactiveThreshold: 5 * time.Minute, // one that was killed leaves nothing behind for long
	})
	if err != nil {
		return 0, err
	}
	defer func() { _ = forget() }() // it goes by itself
	var events int64
	left := consumer.CachedInfo().NumPending
	for left > 0 {
		batch, err := consumer.Fetch(int(min(left, rebuildBatch)), jetstream.FetchMaxWait(10*time.Second))
		if err != nil {
			return events, err
		}
		var read []folded
		got := uint64(0)
		for msg := range batch.Messages() {
			got++
			if f, ok := readEvent(msg, of); ok {
				read = append(read, f)
			}
		}
		if err := batch.Error(); err != nil {
			return events, err
		}
		if got == 0 {
			return events, errors.New("the stream stopped answering")
		}
		if err := r.record(ctx, tx, read); err != nil {
			return events, err
		}
		events, left = events+int64(got), left-min(left, got)
	}
	return events, nil
}

// readEvent decodes a message. What the live service put among its dead letters is passed over.
func readEvent(msg jetstream.Msg, of func(e event.Envelope, at event.Subject) (folded, error)) (folded, bool) {
	at, err := event.ParseSubject(msg.Subject())
	if err != nil {
		return folded{}, false
	}
	var e event.Envelope
	if err := event.Unmarshal(msg.Data(), &e); err != nil {
		return folded{}, false
	}
	f, err := of(e, at)
	return f, err == nil
}

// record takes events in order; a batch of marks holds each aggregate once.
func (r *rebuilding) record(ctx context.Context, tx pgx.Tx, read []folded) error {
	for len(read) > 0 {
		seen := map[string]bool{}
		var marks []mark
		var keys []string
		var versions []int64
		var later []folded
		for _, f := range read {
			if seen[f.key] {
				later = append(later, f)
				continue
			}
			seen[f.key] = true
			keys, versions = append(keys, f.key), append(versions, f.version)
			if f.mark != nil {
				marks = append(marks, *f.mark)
			}
			if f.release != nil {
				if err := recordRelease(ctx, tx, *f.release, f.id); err != nil {
					return err
				}
			}
		}
		if err := record(ctx, tx, marks, r.now()); err != nil {
			return err
		}
		if err := r.gate(ctx, tx, keys, versions); err != nil {
			return err
		}
		read = later
	}
	return nil
}

// gate notes what has been applied, so that the live service passes it over.
func (r *rebuilding) gate(ctx context.Context, tx pgx.Tx, keys []string, versions []int64) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO applied AS a (consumer, aggregate_key, version)
		SELECT 'console', k, v
		FROM unnest(@keys::text[], @versions::bigint[]) AS t (k, v)
		ON CONFLICT (consumer, aggregate_key) DO UPDATE
		SET version = excluded.version, effects = a.effects + 1
		WHERE a.version < excluded.version`, pgx.StrictNamedArgs{"keys": keys, "versions": versions})
	if err != nil {
		return fmt.Errorf("noting what has been applied: %w", err)
	}
	return nil
}
