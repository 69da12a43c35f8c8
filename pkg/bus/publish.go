package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Out is one event on its way out. Payload is the whole envelope.
type Out struct {
	ID      string // event id, also Nats-Msg-Id
	Subject string
	Payload []byte
}

// AtomicMin is the number of waiting events from which an atomic batch costs less than single publishes: a batch has
// a fixed price of some milliseconds for staging, but one file sync for all of it.
const AtomicMin = 50

// AtomicMax is the most events in one atomic batch that the server takes.
const AtomicMax = 1000

// errDuplicate is the server's refusal of a whole batch in which one id was seen before (err_code 10201).
const errDuplicate = 10201

// Publish stores events durably and in order, and returns when the server has confirmed the sync to disk. On an error
// nothing is known about the events: the caller publishes them again with the same ids.
func (c *Conn) Publish(ctx context.Context, stream string, events []Out) error {
	if len(events) < AtomicMin {
		return c.publishSingly(ctx, stream, events)
	}
	for start := 0; start < len(events); start += AtomicMax {
		part := events[start:min(start+AtomicMax, len(events))]
		err := c.publishBatch(ctx, stream, part)
		var api *jetstream.APIError
		if errors.As(err, &api) && api.ErrorCode == errDuplicate {
			err = c.publishSingly(ctx, stream, part)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// publishBatch sends one atomic batch (NATS ADR-50): all or nothing, one sync.
func (c *Conn) publishBatch(ctx context.Context, stream string, events []Out) error {
	batch := uuid.NewString()
	for i, e := range events {
		msg := e.msg(stream)
		msg.Header["Nats-Batch-Id"] = []string{batch}
		msg.Header["Nats-Batch-Sequence"] = []string{strconv.Itoa(i + 1)}
		if i < len(events)-1 {
			if err := c.NATS.PublishMsg(msg); err != nil {
				return err
			}
			continue
		}
		msg.Header["Nats-Batch-Commit"] = []string{"1"}
		ctx, cancel := context.WithTimeout(ctx, confirmWithin)
		defer cancel()
		reply, err := c.NATS.RequestMsgWithContext(ctx, msg)
		if err != nil {
			return fmt.Errorf("committing a batch of %d: %w", len(events), err)
		}
		return checkBatchAck(reply.Data, len(events))
	}
	return nil
}

func checkBatchAck(data []byte, want int) error {
	var ack struct {
		Error *jetstream.APIError `json:"error"`
		Count int                 `json:"count"`
		Seq   uint64              `json:"seq"`
	}
	if err := json.Unmarshal(data, &ack); err != nil {
		return fmt.Errorf("reading a batch ack: %w", err)
	}
	if ack.Error != nil {
		return ack.Error
	}
	if ack.Count != want || ack.Seq == 0 {
		return fmt.Errorf("batch ack counts %d of %d", ack.Count, want)
	}
	return nil
}

// publishSingly sends one by one but does not wait between different aggregates: two events of one aggregate are
// never in flight together, or a lost first and a stored second would leave the older state as the newest.
func (c *Conn) publishSingly(ctx context.Context, stream string, events []Out) error {
	var flight []jetstream.PubAckFuture
	inFlight := map[string]bool{}
	flush := func() error {
		for _, f := range flight {
			select {
			case <-f.Ok():
			case err := <-f.Err():
				return err
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		flight = flight[:0]
		clear(inFlight)
		return nil
	}
	for _, e := range events {
		key := aggregateOf(e.Subject)
		if inFlight[key] || len(flight) >= 256 {
			if err := flush(); err != nil {
				return err
			}
		}
		f, err := c.JS.PublishMsgAsync(e.msg(stream), jetstream.WithStallWait(10*time.Second))
		if err != nil {
			return err
		}
		inFlight[key] = true
		flight = append(flight, f)
	}
	return flush()
}

func (e Out) msg(stream string) *nats.Msg {
	return &nats.Msg{
		Subject: e.Subject,
		Data:    e.Payload,
		Header: nats.Header{
			"Nats-Msg-Id":          []string{e.ID},
			"Nats-Expected-Stream": []string{stream},
		},
	}
}

// aggregateOf is the last token: within one service's lane an id is as good as the whole key, and cheaper.
func aggregateOf(subject string) string {
	for i := len(subject) - 1; i >= 0; i-- {
		if subject[i] == '.' {
			return subject[i+1:]
		}
	}
	return subject
}
