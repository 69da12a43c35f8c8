package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"dtks/pkg/event"
	"dtks/pkg/outbox"
	"dtks/pkg/testkit"
)

const pairsFound = "nik-match.duplicate.found.v1.>"

// twice is one person entered twice: the second time without a number and by another hand.
func twice(n int) (a, b event.PersonIdentity) {
	a = member(n, func(p *event.PersonIdentity) {
		p.Name, p.BirthDate, p.Mother, p.BirthPlace = "MUHAMMAD RIZKI CONTOHWAN", "1987-03-17", "ZUBAIDAH CONTOHWATI", "GARUT"
		p.NIK = fmt.Sprintf("320410170387%04d", 9000+n)
	})
	b = a
	b.PersonID, b.NIK, b.Name, b.KK = uuid.NewString(), "", "MOH RIZKI CONTOHWAN", "3374010101209002"
	return a, b
}

// told are the events of pairs in short: side, regency, state.
func told(t *testing.T, events []testkit.Received) []string {
	t.Helper()
	var out []string
	for _, e := range events {
		d := payload[event.DuplicateFound](t, e)
		tokens := strings.Split(e.Subject, ".")
		out = append(out, strings.Join(append(tokens[4:7], string(d.State)), " "))
		alike := d.Outcome == event.Padan || d.Outcome == event.PerluTinjau
		if known := d.State == event.DuplicateNew || d.State == event.DuplicateChanged; known != alike {
			t.Errorf("got outcome %q of a pair that is %s", d.Outcome, d.State)
		}
	}
	return out
}

// A person entered in two regencies is found, told of in both, follows a move, and is cleared when a correction or the end
// of a registration parts the two.
func TestDuplicates_Flow(t *testing.T) {
	t.Parallel()
	a, b := twice(1)
	other := member(2)
	h := newHarness(t, newSimulator(t, []string{civil(a, "hidup"), civil(other, "hidup")}))
	families := []string{uuid.NewString(), uuid.NewString()}
	first, second := a, b
	if first.PersonID > second.PersonID {
		first, second = b, a
	}
	h.register(1, village, families[0], first, other)
	h.register(1, "33.74.01.1001", families[1], second)
	events := h.broker.Events(t, pairsFound, 2)
	d := payload[event.DuplicateFound](t, events[0])
	want := []event.DuplicatePerson{{PersonID: first.PersonID, FamilyID: families[0], Area: village, IdentityVersion: 1},
		{PersonID: second.PersonID, FamilyID: families[1], Area: "33.74.01.1001", IdentityVersion: 1}}
	if diff := cmp.Diff(want, d.Persons); diff != "" || d.FoundAt.IsZero() || d.Model != standardComparer().model.Version {
		t.Errorf("got %+v (-want +got):\n%s", d, diff)
	}
	if id := event.PairID(uuid.MustParse(a.PersonID), uuid.MustParse(b.PersonID)).String(); events[0].Envelope.Subject != id || events[1].Envelope.Subject != id {
		t.Error("the events are not about the pair")
	}
	h.sealedEvidence(a, b)

	h.register(1, "32.04.11.2002", families[1], second) // moves to the regency of the first
	h.broker.Events(t, pairsFound, 4)
	corrected := second
	corrected.Name, corrected.BirthDate, corrected.Mother, corrected.BirthPlace, corrected.Sex = "YOSEFINA TELADAN", "1961-11-02", "MARTHA TELADAN", "KUPANG", "P"
	corrected.NIK = "5371014211619001"
	h.register(2, "32.04.11.2002", families[1], corrected)
	h.broker.Events(t, pairsFound, 5)
	h.register(3, "32.04.11.2002", families[1], second)
	h.broker.Events(t, pairsFound, 6)
	h.registry.Emit(t, outbox.Draft{Type: event.TypeRegistrantUpdated, Filter: event.Person, Area: event.AreaOf(village), ID: first.PersonID,
		Data: event.RegistrantUpdated{State: event.Inactive, Area: village, FamilyID: families[0], IdentityVersion: 1}, Seal: map[event.Class]any{event.Identity: first}})
	events = h.broker.Events(t, pairsFound, 7)
	if diff := cmp.Diff([]string{"first 32 04 found", "second 33 74 found", "first 32 04 changed", "second 33 74 moved",
		"first 32 04 cleared", "first 32 04 found", "first 32 04 cleared"}, told(t, events)); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if n := count(t, h.store.db, `SELECT count(*) FROM registrant WHERE person_id = $1 AND identity IS NOT NULL`, first.PersonID); n != 0 {
		t.Error("fields of who is no longer in force are kept")
	}
	if all := h.broker.Quiet(t, pairsFound, 300*time.Millisecond); len(all) != 7 {
		t.Errorf("got %d events, want 7", len(all))
	}
	h.mustHold()
	mustPair(t, h.store)
}

// sealedEvidence opens the newest evidence of a pair: findings and weights that add up, and no value of either person.
func (h *harness) sealedEvidence(people ...event.PersonIdentity) {
	h.t.Helper()
	id := event.PairID(uuid.MustParse(people[0].PersonID), uuid.MustParse(people[1].PersonID))
	archive, err := h.store.out.History(h.t.Context(), event.Subject{Type: event.TypeDuplicateFound, Filter: event.First, ID: id.String()})
	if err != nil || len(archive) == 0 {
		h.t.Fatalf("no archive: %v", err)
	}
	newest := archive[len(archive)-1]
	var open event.DuplicateFound
	if err := event.Unmarshal(newest.Data, &open); err != nil {
		h.t.Fatal(err)
	}
	var evidence event.DuplicateEvidence
	if err := h.store.out.Open(h.t.Context(), newest, open.Sealed, event.Identity, &evidence); err != nil {
		h.t.Fatal(err)
	}
	if evidence.Likelihood <= 0.3 || len(evidence.Lines) < 4 {
		h.t.Errorf("got evidence %+v", evidence)
	}
	raw, err := event.Marshal(evidence)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, p := range people {
		for _, value := range []string{p.NIK, p.KK, p.Name, p.BirthDate, p.Mother, p.BirthPlace} {
			if value != "" && bytes.Contains(raw, []byte(value)) {
				h.t.Error("a value is in the evidence")
			}
		}
	}
}

// mustPair runs the service's own checks of pairs.
func mustPair(t testing.TB, s *store) {
	t.Helper()
	if err := checkPairs(t.Context(), s.db, func(invariant, text string) { t.Errorf("%s %s", invariant, text) }); err != nil {
		t.Fatal(err)
	}
}

// Whatever the order in which the registry's words arrive, the pairs are those of comparing everybody from nothing, also
// where a key becomes crowded and empties again, and also after a rebuild that was stopped half way.
func TestDuplicates_OrderOfArrival(t *testing.T) {
	t.Parallel()
	changes, state := town(7, 250)
	c := *standardComparer()
	c.most = 6
	want := expected(&c, state)
	if len(want) < 30 {
		t.Fatalf("the town has %d pairs; the test would show little", len(want))
	}
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 2))
			s := newStore(t)
			take(t, s, &c, r, shuffled(r, changes, seed%2 == 0))
			if diff := cmp.Diff(want, onRecord(t, s)); diff != "" {
				t.Errorf("pairs (-from nothing +as they came):\n%s", diff)
			}
			mustPair(t, s)
			rebuild(t, s, &c)
			if diff := cmp.Diff(want, onRecord(t, s)); diff != "" {
				t.Errorf("pairs (-from nothing +rebuilt):\n%s", diff)
			}
			mustPair(t, s)
		})
	}
}

// rebuild loses the pairs and starts a pass, which is stopped and taken up again.
func rebuild(t testing.TB, s *store, c *comparer) {
	t.Helper()
	ctx := t.Context()
	if _, err := s.db.Exec(ctx, `DELETE FROM duplicate WHERE outcome = 'padan'`); err != nil {
		t.Fatal(err)
	}
	if err := s.startPass(ctx, c.model.Version); err != nil {
		t.Fatal(err)
	}
	if n, err := s.markPass(ctx, c.model.Version, 60); err != nil || n != 60 {
		t.Fatalf("marked %d: %v", n, err)
	}
	if _, err := s.compareDue(ctx, c, 20); err != nil {
		t.Fatal(err)
	}
	k := &seeker{store: s, comparer: c}
	if err := k.finish(ctx, func(int64) {}); err != nil {
		t.Fatal(err)
	}
	if due, unfinished, err := s.passLeft(ctx, c.model.Version); due != 0 || unfinished || err != nil {
		t.Errorf("got %d due, unfinished %v (%v) after the end", due, unfinished, err)
	}
}

// Two replicas that compare at once miss nothing that one would find.
func TestDuplicates_Replicas(t *testing.T) {
	t.Parallel()
	changes, state := town(11, 120)
	c := standardComparer()
	s := newStore(t)
	r := rand.New(rand.NewPCG(1, 1))
	order := shuffled(r, changes, false)
	errs := make(chan error, 3)
	for range 3 {
		go func() {
			for range 60 {
				if _, err := s.compareDue(t.Context(), c, 7); err != nil {
					errs <- err
					return
				}
				time.Sleep(2 * time.Millisecond)
			}
			errs <- nil
		}()
	}
	for part := range slices.Chunk(order, 10) {
		mustEnforce(t, s, part)
	}
	for range 3 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	settle(t, s, c)
	if diff := cmp.Diff(expected(c, state), onRecord(t, s)); diff != "" {
		t.Errorf("pairs (-from nothing +as they came):\n%s", diff)
	}
	mustPair(t, s)
}

// What is on record is lost: reading the registry's stream again brings back the same persons and pairs, and publishes
// nothing where nothing has changed.
func TestDuplicates_Replay(t *testing.T) {
	t.Parallel()
	a, b := twice(1)
	asleep := member(3)
	broker, keys := testkit.Bus(t), testkit.Keys(t)
	h := newHarnessOn(t, newSimulator(t, []string{civil(a, "hidup")}), broker, keys)
	family := uuid.NewString()
	h.register(1, village, family, a, b, asleep)
	h.broker.Events(t, pairsFound, 1)
	h.registry.Emit(t, outbox.Draft{Type: event.TypeRegistrantUpdated, Filter: event.Person, Area: event.AreaOf(village), ID: asleep.PersonID,
		Data: event.RegistrantUpdated{State: event.Inactive, Area: village, FamilyID: family, IdentityVersion: 1}, Seal: map[event.Class]any{event.Identity: asleep}})
	h.register(2, "32.04.11.2002", family, b)
	h.broker.Events(t, pairsFound, 2)
	state := `SELECT string_agg(person_id || area || identity_version || COALESCE(identity::text, '') || nik, ',' ORDER BY person_id) FROM registrant`
	var before, after string
	if err := h.store.db.QueryRow(t.Context(), state).Scan(&before); err != nil {
		t.Fatal(err)
	}
	if _, err := h.store.db.Exec(t.Context(), `DELETE FROM registrant; DELETE FROM duplicate_key`); err != nil {
		t.Fatal(err)
	}
	environment := testkit.Getenv(service, h.store.db.Config().ConnString(), broker, keys, testkit.Issuer(t), nil)
	if err := duplicates(t.Context(), environment, []string{"--replay", "--rebuild"}); err != nil {
		t.Fatal(err)
	}
	if err := h.store.db.QueryRow(t.Context(), state).Scan(&after); err != nil || after != before {
		t.Errorf("got other persons in force than before (%v)", err)
	}
	if all := h.broker.Quiet(t, pairsFound, 300*time.Millisecond); len(all) != 2 {
		t.Errorf("got %d events, want no third", len(all))
	}
	mustPair(t, h.store)
	if err := duplicates(t.Context(), environment, []string{"--all"}); err == nil {
		t.Error("an unknown flag is no error")
	}
}
