package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"dtks/pkg/bus"
	"dtks/pkg/event"
	"dtks/pkg/pg"
)

// BenchmarkProposeBatch enters batches of 500 families of one person; the metric is families a second.
func BenchmarkProposeBatch(b *testing.B) {
	w := newWorld(b)
	bodies := make([][]byte, b.N)
	for i := range bodies {
		bodies[i] = batchBody(b, i)
	}
	b.ResetTimer()

	for _, body := range bodies {
		if r := w.call(w.operator, http.MethodPost, "/v1/proposals/batch", body, "Idempotency-Key", uuid.NewString()); r.status != http.StatusOK {
			b.Fatalf("got %d", r.status)
		}
	}
	b.ReportMetric(float64(b.N*500)/b.Elapsed().Seconds(), "families/s")
}

// BenchmarkApply brings 500 families into force in one transaction, as the consumer does.
func BenchmarkApply(b *testing.B) {
	w := newWorld(b)
	for i := range b.N {
		if r := w.call(w.operator, http.MethodPost, "/v1/proposals/batch", batchBody(b, i)); r.status != http.StatusOK {
			b.Fatalf("got %d", r.status)
		}
	}
	rows, err := w.db.Query(b.Context(), "SELECT proposal_id::text FROM proposal ORDER BY 1")
	if err != nil {
		b.Fatal(err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		b.Fatal(err)
	}
	now := time.Now()
	b.ResetTimer()

	for at := 0; at < len(ids); at += 500 {
		msgs := make([]bus.Msg[event.CaseUpdated], 0, 500)
		for _, id := range ids[at : at+500] {
			m := bus.Msg[event.CaseUpdated]{Data: event.CaseUpdated{ProposalID: id, ProposalVersion: 1, Status: event.CaseApproved,
				Verifier: "v", Approver: "s", DecidedAt: &now}}
			m.Subject = uuid.NewString()
			msgs = append(msgs, m)
		}
		if err := pg.InTx(b.Context(), w.db, func(tx pgx.Tx) error { return w.s.onCaseUpdated(b.Context(), tx, msgs) }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*500)/b.Elapsed().Seconds(), "families/s")
}

func batchBody(tb testing.TB, batch int) []byte {
	tb.Helper()
	items := make([]ProposalInput, 500)
	for i := range items {
		n := batch*500 + i
		items[i] = newFamily(fmt.Sprintf("bench-%d", n), func(in *ProposalInput) {
			in.Members[0].NIK = fmt.Sprintf("320437%02d0387%04d", 41+n/9000%31, 1+n%9000)
			in.Survey.Answers = map[string]int{"lantai": 8, "penerangan": 2, "dinding": 4, "atap": 3, "air_minum": 5, "daya": 1,
				"bahan_bakar": 10, "jamban": 6, "motor": 2, "kulkas": 2, "tv": 1, "lahan": 2, "luas_lantai": 30, "status_bangunan": 1}
		})
	}
	body, err := json.Marshal(map[string]any{"items": items})
	if err != nil {
		tb.Fatal(err)
	}
	return body
}
