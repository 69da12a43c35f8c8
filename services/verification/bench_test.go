package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"dtks/pkg/auth"
	"dtks/pkg/bus"
	"dtks/pkg/event"
	"dtks/pkg/outbox"
	"dtks/pkg/testkit"
	"dtks/pkg/web"

	"github.com/jackc/pgx/v5"
)

// newBatch is n messages of open proposals, without sealed parts: unsealing is measured by package seal.
func newBatch(n int) []bus.Msg[event.ProposalUpdated] {
	msgs := make([]bus.Msg[event.ProposalUpdated], n)
	for i := range msgs {
		d := newProposal()
		msgs[i] = bus.Msg[event.ProposalUpdated]{Data: d.Data.(event.ProposalUpdated),
			Envelope: event.Envelope{ID: newID(), Subject: d.ID, Version: 1, Type: event.TypeProposalUpdated},
			At:       event.Subject{Type: event.TypeProposalUpdated, Filter: event.All, Area: d.Area, ID: d.ID}}
	}
	return msgs
}

// One operation is one case: opened by the consumer, in batches of 500, or decided by an officer, in batches of 500.
func BenchmarkCase(b *testing.B) {
	db := testkit.DB(b, migrations)
	s := &service{store: &store{db}, outbox: outbox.New(name, db, nil), now: time.Now}
	inBatches := func(b *testing.B, do func(tx pgx.Tx, n int) error) {
		b.Helper()
		for left := b.N; left > 0; left -= web.MaxItems {
			if err := pgx.BeginFunc(b.Context(), db, func(tx pgx.Tx) error { return do(tx, min(left, web.MaxItems)) }); err != nil {
				b.Fatalf("a batch: %v", err)
			}
		}
	}
	open := func(tx pgx.Tx, n int) error { return s.onProposalUpdated(b.Context(), tx, newBatch(n)) }
	b.Run("open", func(b *testing.B) { inBatches(b, open) })
	b.Run("decide", func(b *testing.B) {
		if _, err := db.Exec(b.Context(), `TRUNCATE case_file CASCADE`); err != nil {
			b.Fatalf("emptying: %v", err)
		}
		inBatches(b, open)
		rows, err := db.Query(b.Context(), `SELECT case_id::text FROM case_file WHERE status = 'opened'`)
		if err != nil {
			b.Fatalf("listing: %v", err)
		}
		ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			b.Fatalf("listing: %v", err)
		}
		var requests [][]byte
		for len(ids) > 0 {
			n := min(len(ids), web.MaxItems)
			var batch batchBody
			for _, id := range ids[:n] {
				batch.Items = append(batch.Items, decision{id, verify, 1, ""})
			}
			raw, err := json.Marshal(batch)
			if err != nil {
				b.Fatalf("encoding: %v", err)
			}
			requests, ids = append(requests, raw), ids[n:]
		}
		ctx := auth.With(b.Context(), auth.Principal{Account: "a", Person: newID(), Roles: []string{"verifier"}, Area: "32.04"})
		b.ResetTimer()
		for _, raw := range requests {
			out, err := s.decideBatch(ctx, &web.BatchInput{RawBody: raw})
			if err != nil || strings.Contains(string(out.Body), "problem") {
				b.Fatalf("deciding: %v %.200s", err, out.Body)
			}
		}
	})
}
