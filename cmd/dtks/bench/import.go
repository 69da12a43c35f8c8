package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"dtks/pkg/event"
	"dtks/pkg/pg"
)

// Import measures entering families in bulk through the registry's public API, with all indexes, checks and events
// committed, against an index-free COPY of the same rows and of the same event bytes.
func Import(ctx context.Context, t *Target, families int) (*Result, error) {
	database, err := t.Stack.DatabaseURL("registry")
	if err != nil {
		return nil, err
	}
	db, err := pg.Connect(ctx, database)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	c := newClient(t.Stack)
	warm, _, err := t.proposals(1000, false)
	if err != nil {
		return nil, err
	}
	if err := t.enter(ctx, c, warm, pushOptions{batch: 500, entries: 2}); err != nil {
		return nil, err
	}
	items, rows, err := t.proposals(families, false)
	if err != nil {
		return nil, err
	}
	if err := t.drained(ctx, db); err != nil {
		return nil, err
	}
	start, err := t.counts(ctx)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	if err := t.enter(ctx, c, items, pushOptions{batch: 500, entries: 4}); err != nil {
		return nil, err
	}
	took := time.Since(began)
	if err := t.drained(ctx, db); err != nil {
		return nil, err
	}
	drained := time.Since(began)
	payloads, err := t.payloads(ctx, "registry", start["registry"]+1)
	if err != nil {
		return nil, err
	}
	if len(payloads) < families {
		return nil, fmt.Errorf("%d events for %d families", len(payloads), families)
	}
	var bodies [][]byte // one body a row: what one member takes of its family's entry
	for _, item := range items {
		n := max(1, rows/len(items))
		for i := range n {
			bodies = append(bodies, item[i*len(item)/n:(i+1)*len(item)/n])
		}
	}
	before, err := copyInto(ctx, database, bodies, payloads)
	if err != nil {
		return nil, err
	}
	after, err := copyInto(ctx, database, bodies, payloads)
	if err != nil {
		return nil, err
	}
	r := &Result{Name: "import", N: rows, Candidate: float64(rows) / took.Seconds()}
	r.Against(before, after)
	r.Beside = map[string]float64{
		"families_per_s":              float64(families) / took.Seconds(),
		"relay_drained_after_seconds": drained.Seconds(),
		"committed_after_seconds":     took.Seconds(),
		"events":                      float64(len(payloads)),
	}
	r.Notes = []string{"a row is one member with its share of the family; both ceilings are taken after, because they copy the very bytes that the import wrote"}
	return r, nil
}

// payloads reads a stream's events from a sequence on.
func (t *Target) payloads(ctx context.Context, owner string, from uint64) ([][]byte, error) {
	marks, err := t.counts(ctx)
	if err != nil || marks[owner] < from {
		return nil, err
	}
	consumer, err := t.JS.OrderedConsumer(ctx, event.StreamOf(owner), jetstream.OrderedConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: from})
	if err != nil {
		return nil, err
	}
	it, err := consumer.Messages(jetstream.PullMaxMessages(2000))
	if err != nil {
		return nil, err
	}
	defer it.Stop()
	var out [][]byte
	for {
		msg, err := it.Next(jetstream.NextContext(ctx))
		if err != nil {
			return nil, err
		}
		out = append(out, msg.Data())
		meta, err := msg.Metadata()
		if err != nil {
			return nil, err
		}
		if meta.Sequence.Stream >= marks[owner] {
			return out, nil
		}
	}
}
