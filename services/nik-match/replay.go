package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/nats-io/nats.go/jetstream"

	"dtks/pkg/bus"
	"dtks/pkg/event"
	"dtks/pkg/fault"
	"dtks/pkg/pg"
	"dtks/pkg/seal"
)

// replay reads the registry's persons from the first event on and records who is in force, for a registry whose events
// were consumed before this service kept anybody's fields, or whose record was lost. Beside the running service: a newer
// version that it has recorded stays. Started again it begins again, to the same end.
type replay struct {
	conn  *bus.Conn
	keys  *seal.Keys
	store *store
}

// replayBatch is how many events are recorded in one transaction.
const replayBatch = 500

// run returns how many events it read.
func (r *replay) run(ctx context.Context) (events int64, err error) {
	stream, name := event.TypeRegistrantUpdated.Stream(), bus.ReplayName(service)
	forget := func() error { return r.conn.JS.DeleteConsumer(context.WithoutCancel(ctx), stream, name) }
	if err := forget(); err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
		return 0, fmt.Errorf("clearing the replay consumer: %w", err)
	}
	consumer, err := r.conn.JS.CreateConsumer(ctx, stream, jetstream.ConsumerConfig{
		Name: name, FilterSubject: string(event.TypeRegistrantUpdated) + "." + event.Person + ".>", DeliverPolicy: jetstream.DeliverAllPolicy,
		AckPolicy: jetstream.AckNonePolicy, MemoryStorage: true,
		InactiveThreshold: 5 * time.Minute, // one that was killed leaves nothing behind for long
	})
	if err != nil {
		return 0, fmt.Errorf("making the replay consumer: %w", err)
	}
	defer func() { _ = forget() }() // it goes by itself
	for left := consumer.CachedInfo().NumPending; left > 0; {
		batch, err := consumer.Fetch(int(min(left, replayBatch)), jetstream.FetchMaxWait(10*time.Second))
		if err != nil {
			return events, fmt.Errorf("reading the stream: %w", err)
		}
		got, err := r.take(ctx, batch.Messages())
		if err == nil {
			err = batch.Error()
		}
		if err == nil && got == 0 {
			err = errors.New("the stream stopped answering")
		}
		if err != nil {
			return events, err
		}
		events, left = events+int64(got), left-min(left, uint64(got))
	}
	return events, nil
}

// take records a batch, of each person the newest version.
func (r *replay) take(ctx context.Context, msgs <-chan jetstream.Msg) (got int, err error) {
	newest := map[uuid.UUID]inForce{}
	for msg := range msgs {
		got++
		p, ok, err := r.read(ctx, msg)
		if err != nil {
			if !fault.KindOf(err).Retryable() {
				continue // among the dead letters of the live service
			}
			return got, err
		}
		if ok && newest[p.Person].Event < p.Event {
			newest[p.Person] = p
		}
	}
	batch := make([]inForce, 0, len(newest))
	for _, p := range newest {
		batch = append(batch, p)
	}
	return got, pg.InTx(ctx, r.store.db, func(tx pgx.Tx) error { return r.store.enforce(ctx, tx, batch) })
}

var errUnreadable = fault.New(fault.Invalid, "payload_malformed", "Isi peristiwa tidak terbaca.", "The event's payload cannot be read.")

// read decodes one event; ok is false for one that says nothing of who is in force.
func (r *replay) read(ctx context.Context, msg jetstream.Msg) (p inForce, ok bool, err error) {
	var e event.Envelope
	var data event.RegistrantUpdated
	if event.Unmarshal(msg.Data(), &e) != nil || event.Unmarshal(e.Data, &data) != nil {
		return p, false, errUnreadable
	}
	if data.State == event.Moved {
		return p, false, nil
	}
	person, err1 := uuid.Parse(e.Subject)
	family, err2 := uuid.Parse(data.FamilyID)
	if err1 != nil || err2 != nil || data.IdentityVersion < 1 {
		return p, false, errIDs
	}
	p = inForce{registered: registered{identity{person, data.IdentityVersion}, family, data.Area, event.Cause{ID: e.ID}}, Event: e.Version}
	if data.State != event.Active {
		return p, true, nil
	}
	box, there := data.Sealed[event.Identity]
	if !there {
		return p, false, errUnreadable
	}
	plain, err := r.keys.Open(ctx, event.TypeRegistrantUpdated.Service(), event.Identity, box, seal.AD(e.ID, msg.Subject(), e.Version))
	if err != nil {
		return p, false, err
	}
	p.Fields = new(event.PersonIdentity)
	if event.Unmarshal(plain, p.Fields) != nil {
		return p, false, errUnreadable
	}
	p.Fields.PersonID = e.Subject
	return p, true, nil
}
