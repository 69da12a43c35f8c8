package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
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

// BenchmarkDuplicates is what comparing costs for a person who comes to a registry of so many: the price must not grow
// with the registry.
func BenchmarkDuplicates(b *testing.B) {
	for _, people := range []int{1_000, 10_000} {
		b.Run(fmt.Sprint(people), func(b *testing.B) {
			s, c := newStore(b), standardComparer()
			here := arrivals(3, people)
			for part := range slices.Chunk(here, 500) {
				mustEnforce(b, s, part)
			}
			settle(b, s, c)
			if _, err := s.db.Exec(b.Context(), `VACUUM ANALYZE registrant, duplicate_key, duplicate`); err != nil {
				b.Fatal(err)
			}
			more := arrivals(4, b.N)
			b.ResetTimer()
			var written time.Duration
			for part := range slices.Chunk(more, 500) {
				start := time.Now()
				mustEnforce(b, s, part)
				written += time.Since(start)
				settle(b, s, c)
			}
			b.StopTimer()
			b.ReportMetric(float64(written.Microseconds())/float64(b.N), "consumer-µs/person") // the part that events wait for
			b.ReportMetric(float64(count(b, s.db, `SELECT count(*) FROM duplicate_key`))/float64(people+b.N), "keys/person")
			b.ReportMetric(float64(count(b, s.db, `SELECT count(*) FROM duplicate`)), "pairs")
		})
	}
}

// arrivals is people as they first come: names of many parts, one in fifty entered a second time.
func arrivals(seed uint64, people int) []change {
	r := rand.New(rand.NewPCG(seed, 3))
	part := func() string {
		syllables := []string{"SU", "PAR", "MA", "RI", "NUR", "HA", "DI", "WAH", "YU", "NI", "TO", "SA", "LI", "KA", "JO", "DE", "WI", "AN", "RA", "TI"}
		out := ""
		for range 2 + r.IntN(2) {
			out += syllables[int(float64(len(syllables))*r.Float64()*r.Float64())] // some far more often than others
		}
		return out
	}
	out := make([]change, people)
	for i := range out {
		year, month, day := 1950+r.IntN(70), 1+r.IntN(12), 1+r.IntN(28)
		family := r.IntN(max(people/3, 1)) // three on a card
		p := event.PersonIdentity{NIK: fmt.Sprintf("320410%02d%02d%02d%04d", day, month, year%100, 8000+r.IntN(1999)),
			KK: fmt.Sprintf("320410%02d%02d15%04d", 1+family/2000%28, 1+family/56000%12, 8000+family%2000), Name: part() + " " + part(), BirthPlace: "BANDUNG",
			BirthDate: fmt.Sprintf("%d-%02d-%02d", year, month, day), Sex: "L", Mother: part() + " " + part()}
		if i > 0 && r.IntN(50) == 0 {
			p = *out[r.IntN(i)].fields
		}
		var id uuid.UUID
		for j := range id {
			id[j] = byte(r.IntN(256))
		}
		out[i] = change{id, 1, fmt.Sprintf("32.04.%02d.20%02d", 1+r.IntN(30), 1+r.IntN(10)), &p}
	}
	return out
}
