package main

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"dtks/pkg/event"
	"dtks/pkg/outbox"
)

// BenchmarkFlow is persons from waiting job to published verdict, with real calls to the simulator: what a backlog drains
// at. The simulator is a process of its own on the same machine.
func BenchmarkFlow(b *testing.B) {
	sim := newSimulator(b, nil, "synthetic=true")
	h := newHarness(b, sim)
	for start := 0; start < b.N; start += 200 {
		var drafts []outbox.Draft
		for n := start; n < min(start+200, b.N); n++ {
			p := member(n % 1000)
			drafts = append(drafts, outbox.Draft{Type: event.TypeProposalUpdated, Area: event.AreaOf(village), ID: uuid.NewString(),
				Data: event.ProposalUpdated{FamilyID: uuid.NewString(), Kind: event.Usulan, Status: event.ProposalOpen, Area: village,
					Persons: []event.ProposedPerson{{PersonID: p.PersonID, IdentityVersion: 1, Match: true}}},
				Seal: map[event.Class]any{event.Identity: event.ProposalIdentity{Members: []event.PersonIdentity{p}}}})
		}
		h.registry.Emit(b, drafts...)
	}
	b.ResetTimer()
	for count(b, h.store.db, `SELECT count(*) FROM match WHERE state = 'decided'`) < int64(b.N) {
		time.Sleep(20 * time.Millisecond)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "verdicts/s")
}
