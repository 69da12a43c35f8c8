package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"dtks/pkg/event"
	"dtks/pkg/outbox"
	"dtks/services/eligibility/rank"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// populate brings n families of different welfare, in three regencies, all with a verdict.
func (s *service) populate(n int) []*household {
	s.t.Helper()
	r := rand.New(rand.NewPCG(3, uint64(n)))
	homes := make([]*household, n)
	var families, verdicts []outbox.Draft
	for i := range homes {
		h := newHousehold()
		h.area = []string{"32.04.10.2001", "33.74.01.1001", "91.03.01.1001"}[i%3]
		h.answers = map[string]int{"lantai": 1 + r.IntN(9), "dinding": 1 + r.IntN(7), "atap": 1 + r.IntN(8),
			"daya": 1 + r.IntN(5), "jamban": 1 + r.IntN(6), "mobil": 1 + r.IntN(2), "motor": 1 + r.IntN(2)}
		homes[i] = h
		families, verdicts = append(families, h.draft()), append(verdicts, h.verdict(event.Padan))
	}
	s.nikMatch.Emit(s.t, verdicts...)
	s.settle()
	s.registry.Emit(s.t, families...)
	s.settle()
	return homes
}

// ask asks for a release.
func (s *service) ask(model string, by weights) (id string, err error) {
	s.t.Helper()
	err = pgx.BeginFunc(s.t.Context(), s.db, func(tx pgx.Tx) error {
		id, err = s.request(s.t.Context(), tx, model, by, "")
		return err
	})
	return id, err
}

// mustRelease makes a release and lets it take force.
func (s *service) mustRelease() string {
	s.t.Helper()
	id, err := s.ask(testModel, byFamily)
	if err != nil {
		s.t.Fatal(err)
	}
	if did, err := s.ranker.step(s.t.Context()); err != nil || !did {
		s.t.Fatalf("ranking: %v %v", did, err)
	}
	return id
}

// stale counts families whose decisions are not what the release in force gives.
func (s *service) stale() int {
	s.t.Helper()
	rel, err := s.store.inForce(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	n := 0
	if err := s.store.snapshot(s.t.Context(), func(tx pgx.Tx) error {
		return s.store.everything(s.t.Context(), tx, func(kept *stored) error {
			sheet, err := s.engine.Decode(kept.sheet)
			if err != nil {
				return err
			}
			now, err := s.engine.Decide(rel, kept.family.input(kept.verdicts), sheet.Day)
			if err == nil && now.Content() != sheet.Content() {
				n++
			}
			return err
		})
	}); err != nil {
		s.t.Fatal(err)
	}
	return n
}

func TestRelease_PlacesEqualSQL(t *testing.T) {
	t.Parallel()
	s := newService(t)
	homes := s.populate(237)
	s.mustRelease()
	s.passOn()
	rows, err := s.db.Query(t.Context(), `
		SELECT family_id, ntile(10) OVER (ORDER BY score, family_id), ntile(10) OVER (PARTITION BY left(area, 2) ORDER BY score, family_id),
			ntile(10) OVER (PARTITION BY regency ORDER BY score, family_id), ntile(100) OVER (ORDER BY score, family_id)
		FROM family
		WHERE active AND score IS NOT NULL`)
	if err != nil {
		t.Fatal(err)
	}
	var id uuid.UUID
	var nation, province, regency, hundredth uint8
	want := map[uuid.UUID][4]uint8{}
	if _, err := pgx.ForEachRow(rows, []any{&id, &nation, &province, &regency, &hundredth}, func() error {
		want[id] = [4]uint8{nation, province, regency, hundredth}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	count := make([]int64, 10)
	for _, h := range homes {
		kept, err := s.store.stored(t.Context(), h.id)
		if err != nil {
			t.Fatal(err)
		}
		sheet, err := s.engine.Decode(kept.sheet)
		if err != nil {
			t.Fatal(err)
		}
		p := sheet.Places
		// A sheet that was not written anew keeps the percentile of its own release; its deciles are those of this one.
		if got := [4]uint8{p.Decile[0], p.Decile[1], p.Decile[2], want[h.id][3]}; got != want[h.id] {
			t.Errorf("family %s: got %v, SQL says %v", h.id, got, want[h.id])
		}
		count[p.Decile[0]-1]++
	}
	_, families, unscored, err := s.store.countDeciles(t.Context(), "00")
	if diff := cmp.Diff(count, families); diff != "" || unscored != 0 || err != nil {
		t.Errorf("counted by SQL: %d without a score, %v\n%s", unscored, err, diff)
	}
}

func TestFanout_KilledInTheMiddle(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.populate(60)
	before := s.broker.Quiet(t, string(event.TypeEntitlementChanged)+".>", 200*time.Millisecond)
	id := s.mustRelease()
	if s.stale() == 0 {
		t.Fatal("the release changes nothing: the test shows nothing")
	}

	if more, err := s.fanout.step(t.Context()); err != nil || !more {
		t.Fatalf("first step: %v %v", more, err)
	}
	// The second is cut off after its work and before its commit; a new process goes on with the list.
	killed := errors.New("killed")
	if err := pgx.BeginFunc(t.Context(), s.db, func(tx pgx.Tx) error {
		p, _, err := s.store.nextPart(t.Context(), tx)
		if err != nil || p == nil {
			return fmt.Errorf("no second part: %w", err)
		}
		return errors.Join(s.fanout.decidePart(t.Context(), tx, p), killed)
	}); !errors.Is(err, killed) {
		t.Fatal(err)
	}
	if _, err := s.ask(testModel, byFamily); !errors.Is(err, errFanoutRunning) {
		t.Errorf("a second release meanwhile: got %v, want %v", err, errFanoutRunning)
	}
	restarted := &fanout{decider: s.decider, wake: make(chan struct{}, 1)}
	for {
		more, err := restarted.step(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !more {
			break
		}
	}
	s.settle()
	if n := s.stale(); n != 0 {
		t.Errorf("%d families' decisions do not follow the release", n)
	}
	after := s.broker.Quiet(t, string(event.TypeEntitlementChanged)+".>", 200*time.Millisecond)
	ranks := s.broker.Quiet(t, string(event.TypeRankReleased)+".>", 200*time.Millisecond)
	if len(ranks) != 2 {
		t.Fatalf("%d rank events, want 2", len(ranks))
	}
	var first, last event.RankReleased
	if err := errors.Join(json.Unmarshal(ranks[0].Envelope.Data, &first), json.Unmarshal(ranks[1].Envelope.Data, &last)); err != nil {
		t.Fatal(err)
	}
	if first.Complete || !last.Complete || first.InputDigest != last.InputDigest || ranks[1].Envelope.Version != 2 ||
		ranks[0].Envelope.Subject != id || last.Families != 60 || int(last.Changed) != len(after)-len(before) || last.Changed == 0 {
		t.Errorf("got %+v then %+v with %d new entitlement events", first, last, len(after)-len(before))
	}
	for _, e := range after[len(before):] {
		if e.Envelope.Cause != ranks[0].Envelope.ID {
			t.Errorf("%s is caused by %q, want the release", e.Subject, e.Envelope.Cause)
		}
	}
}

// TestRelease_WhileFamiliesArrive lets families come in and change while a ranking reads and is passed on: in the end all
// follow the release.
func TestRelease_WhileFamiliesArrive(t *testing.T) {
	t.Parallel()
	s := newService(t)
	homes := s.populate(50)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i, h := range homes {
			if i%2 == 0 {
				h.rich()
			}
			s.registry.Emit(t, h.draft())
			fresh := newHousehold()
			fresh.area = "53.71.01.1001"
			s.registry.Emit(t, fresh.draft())
		}
	}()
	s.mustRelease()
	s.passOn()
	<-done
	s.settle()
	s.passOn()
	if n := s.stale(); n != 0 {
		t.Errorf("%d families' decisions do not follow the release", n)
	}
}

// TestRelease_Interrupted breaks off a ranking that has been stored and does not yet rule; the next attempt makes it anew.
func TestRelease_Interrupted(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.populate(20)
	id, err := s.ask(testModel, byPerson)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.ask(testModel, byFamily); !errors.Is(err, errFanoutRunning) {
		t.Errorf("a second one meanwhile: got %v, want %v", err, errFanoutRunning)
	}
	if err := s.store.startRanking(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if _, err := s.db.Exec(t.Context(), `
		INSERT INTO release (release_id, model, weights, cutoffs, input_digest, families, released_at, released_by)
		VALUES ($1, $2, 'person', '{1,2,3,4,5,6,7,8,9}', '', 1, now(), '')`, id, testModel); err != nil {
		t.Fatal(err)
	}
	if did, err := s.ranker.step(t.Context()); err != nil || !did {
		t.Fatalf("second attempt: %v %v", did, err)
	}
	rel, err := s.store.inForce(t.Context())
	if err != nil || rel.ID != id || rel.Table.Area(rank.Nation).Weight != 40 {
		t.Errorf("in force is %+v %v, want %s of 40 people", rel, err, id)
	}
	for _, sql := range []string{`UPDATE release SET families = 1 WHERE release_id = $1`, `DELETE FROM release WHERE release_id = $1`} {
		if _, err := s.db.Exec(t.Context(), sql, id); err == nil {
			t.Errorf("%s went through", sql)
		}
	}
}

// TestRelease_OtherModel ranks by another model: every score is by it in the end.
func TestRelease_OtherModel(t *testing.T) {
	t.Parallel()
	const other = "pendapatan-per-kapita-2020-1"
	s := newService(t)
	homes := s.populate(30)
	for i, h := range homes {
		h.answers["pendapatan"] = 500 + 100*i
		switch i {
		case 10:
			delete(h.answers, "pendapatan") // no score by the other model
		case 11:
			h.state = event.Inactive
		}
		s.registry.Emit(t, h.draft())
	}
	s.settle()
	if _, err := s.ask(other, byFamily); err != nil {
		t.Fatal(err)
	}
	if did, err := s.ranker.step(t.Context()); err != nil || !did {
		t.Fatalf("ranking: %v %v", did, err)
	}
	s.passOn()
	var n int
	if err := s.db.QueryRow(t.Context(), `SELECT count(*) FROM family WHERE model = $1 AND (score IS NOT NULL OR family_id = $2)`, other, homes[10].id).Scan(&n); err != nil || n != 30 {
		t.Errorf("%d of 30 families are scored by %s %v", n, other, err)
	}
	if d := s.decision(homes[10], "sembako"); d.Outcome == event.Entitled || d.Scored {
		t.Errorf("a family that the model cannot score: %+v", d)
	}
	if r, err := s.replay(replayFlags{}); err != nil || !r.Comparison.Equal {
		t.Errorf("replay: %+v %v", r.Comparison, err)
	}
	if first, last := s.decision(homes[0], "sembako"), s.decision(homes[29], "sembako"); first.Decile != 1 || last.Decile != 10 {
		t.Errorf("deciles %d and %d, want 1 and 10", first.Decile, last.Decile)
	}
	if n := s.stale(); n != 0 {
		t.Errorf("%d families' decisions do not follow the release", n)
	}
}

func TestRelease_Refused(t *testing.T) {
	t.Parallel()
	s := newService(t)
	if _, err := s.ask("hilang", byFamily); !errors.Is(err, errModelUnknown) {
		t.Errorf("got %v, want %v", err, errModelUnknown)
	}
	id, err := s.ask(testModel, byFamily) // there is nobody
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.ranker.step(t.Context()); err != nil {
		t.Fatal(err)
	}
	rows, err := s.store.releaseRows(t.Context(), id)
	if err != nil || len(rows) != 1 || rows[0].Phase != "refused" || rows[0].Refused != "nothing_to_rank" || rows[0].InForce {
		t.Errorf("got %+v %v", rows, err)
	}
	s.populate(20)
	s.mustRelease() // a refused one is in nobody's way
	s.passOn()

	// One that cannot be made is given up.
	if _, err := s.db.Exec(t.Context(), `UPDATE family SET score = 1 << 40`); err != nil {
		t.Fatal(err)
	}
	if id, err = s.ask(testModel, byFamily); err != nil {
		t.Fatal(err)
	}
	for range maxAttempts {
		if _, err := s.ranker.step(t.Context()); err == nil {
			t.Fatal("a score that no model gives was ranked")
		}
	}
	if rows, err = s.store.releaseRows(t.Context(), id); err != nil || rows[0].Refused != "ranking_failed" {
		t.Errorf("got %+v %v", rows, err)
	}
}
