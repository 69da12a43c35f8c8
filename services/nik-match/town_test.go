package main

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"dtks/pkg/event"
	"dtks/pkg/pg"
)

// change is one word of the registry about a person.
type change struct {
	person  uuid.UUID
	version int64
	area    string
	fields  *event.PersonIdentity // nil = asleep
}

// town is changes of a population with people entered twice, corrections, moves, sleep and one crowded key, and the state
// that they lead to.
func town(seed uint64, people int) (changes [][]change, state map[uuid.UUID]change) {
	r := rand.New(rand.NewPCG(seed, 1))
	pick := func(all []string) string { return all[r.IntN(len(all))] }
	given := []string{"AGUS", "SITI", "BUDI", "DEWI", "RATNA", "HENDRA", "YUSUF", "WAHYUNI", "MADE", "KETUT", "LILIS", "TOGAR", "ASEP", "NURHAYATI", "MARIA", "JOKO"}
	more := []string{"CONTOHWAN", "CONTOHWATI", "TELADAN", "SAMPEL", "UMPAMA", "MISALNYA", "PERMISALAN", "TIRUAN", "PERAGA", "UJIAN", "COBA", "LATIHAN"}
	areas := []string{village, "32.04.11.2002", "33.74.01.1001", "91.71.01.1001"}
	state = map[uuid.UUID]change{}
	fresh := func() event.PersonIdentity {
		year, month, day, female := 1950+r.IntN(60), 1+r.IntN(12), 1+r.IntN(28), r.IntN(2)
		return event.PersonIdentity{NIK: fmt.Sprintf("320410%02d%02d%02d%04d", day+40*female, month, year%100, 8000+r.IntN(1999)),
			KK: fmt.Sprintf("320410%02d%02d15%04d", day, month, 8000+r.IntN(1999)), Name: pick(given) + " " + pick(more), BirthPlace: pick([]string{"BANDUNG", "GARUT", "SEMARANG"}),
			BirthDate: fmt.Sprintf("%d-%02d-%02d", year, month, day), Sex: []string{"L", "P"}[female], Mother: pick(given) + " " + pick(more)}
	}
	var known []event.PersonIdentity
	for range people {
		p := fresh()
		switch n := r.IntN(10); {
		case n < 3 && len(known) > 0: // entered a second time
			p = known[r.IntN(len(known))]
			if r.IntN(2) == 0 {
				p.NIK = ""
			}
			if r.IntN(3) == 0 {
				p.Name = p.Name[:len(p.Name)-1]
			}
		case n == 3: // a place where everybody bears one name and was born on 1 January
			p.Name, p.BirthDate, p.Mother, p.Sex = "SUPARMAN", "1970-01-01", "SUPARMI", "L"
		}
		known = append(known, p)
		id := uuid.UUID{}
		for i := range id {
			id[i] = byte(r.IntN(256))
		}
		all := []change{{id, 1, pick(areas), &p}}
		for all[len(all)-1].version < int64(1+r.IntN(3)) {
			next := all[len(all)-1]
			next.version++
			switch r.IntN(4) {
			case 0:
				next.area = pick(areas)
			case 1:
				next.fields = nil
			case 2:
				other := fresh()
				next.fields = &other
			default:
				next.fields = &p
			}
			all = append(all, next)
		}
		changes = append(changes, all)
		state[id] = all[len(all)-1]
	}
	return changes, state
}

// expected compares everybody with everybody under the rule of keys, from nothing.
func expected(c *comparer, state map[uuid.UUID]change) map[couple]event.Verdict {
	under := map[int64][]*due{}
	for id, now := range state {
		if now.fields == nil {
			continue
		}
		d := &due{residence: residence{Person: id, Area: now.area}, Fields: now.fields, record: c.read(id, *now.fields, now.area)}
		for _, k := range c.keys(&d.record) {
			under[k] = append(under[k], d)
		}
	}
	out := map[couple]event.Verdict{}
	for _, persons := range under {
		if len(persons) > c.most {
			continue
		}
		for i, a := range persons {
			for _, b := range persons[:i] {
				if p := c.pair(a, b); p != nil {
					out[p.couple()] = p.Outcome
				}
			}
		}
	}
	return out
}

// take applies changes in batches of random size, comparing after some of them.
func take(t testing.TB, s *store, c *comparer, r *rand.Rand, order []change) {
	t.Helper()
	for len(order) > 0 {
		n := min(1+r.IntN(40), len(order))
		mustEnforce(t, s, order[:n])
		order = order[n:]
		if r.IntN(2) == 0 {
			if _, err := s.compareDue(t.Context(), c, 1+r.IntN(60)); err != nil {
				t.Fatal(err)
			}
		}
	}
	settle(t, s, c)
}

func mustEnforce(t testing.TB, s *store, changes []change) {
	t.Helper()
	newest := map[uuid.UUID]inForce{} // a batch holds each person once, as the consumer's gate sees to
	for _, c := range changes {
		if newest[c.person].Event < c.version {
			newest[c.person] = inForce{registered: registered{identity: identity{c.person, c.version}, Area: c.area}, Event: c.version, Fields: c.fields}
		}
	}
	var batch []inForce
	for _, p := range newest {
		batch = append(batch, p)
	}
	if err := pg.InTx(t.Context(), s.db, func(tx pgx.Tx) error { return s.enforce(t.Context(), tx, batch) }); err != nil {
		t.Fatal(err)
	}
}

// settle compares until nobody is due.
func settle(t testing.TB, s *store, c *comparer) {
	t.Helper()
	for {
		n, err := s.compareDue(t.Context(), c, seekMost)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
}

// onRecord reads all pairs, through the list that the API shows.
func onRecord(t testing.TB, s *store) map[couple]event.Verdict {
	t.Helper()
	out := map[couple]event.Verdict{}
	for after := (listed{}); ; {
		page, err := s.pairsIn(t.Context(), "00", after, 50)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range page {
			if _, twice := out[p.pair.couple()]; twice {
				t.Error("a pair is listed twice")
			}
			out[p.pair.couple()] = p.pair.Outcome
		}
		if len(page) < 50 {
			return out
		}
		after = page[len(page)-1].at
	}
}

// shuffled mixes the persons' changes; where stale is set also versions of one person, so that older ones come late.
func shuffled(r *rand.Rand, changes [][]change, stale bool) []change {
	var order []change
	for _, all := range changes {
		order = append(order, all...)
	}
	r.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	if stale {
		return order
	}
	at := map[uuid.UUID][]int{}
	for i, c := range order {
		at[c.person] = append(at[c.person], i)
	}
	for _, all := range changes {
		for i, place := range at[all[0].person] {
			order[place] = all[i]
		}
	}
	return order
}
