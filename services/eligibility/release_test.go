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

func (s *service) mustRelease() string {
	s.t.Helper()
	r, err := s.rankAll(s.t.Context(), testModel)
	if err != nil {
		s.t.Fatal(err)
	}
	var id string
	if err := pgx.BeginFunc(s.t.Context(), s.db, func(tx pgx.Tx) error {
		id, err = s.release(s.t.Context(), tx, r, "", time.Now())
		return err
	}); err != nil {
		s.t.Fatal(err)
	}
	s.outbox.Wake()
	return id
}

// putOut tries to put a ranking into force.
func (s *service) putOut(r *ranking) error {
	return pgx.BeginFunc(s.t.Context(), s.db, func(tx pgx.Tx) error {
		_, err := s.release(s.t.Context(), tx, r, "", time.Now())
		return err
	})
}

// stale counts decisions that differ from what the release in force says.
func (s *service) stale() int {
	s.t.Helper()
	rel, err := s.store.inForce(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	rows, err := s.db.Query(s.t.Context(), `SELECT score, decile, release FROM decision WHERE score IS NOT NULL`)
	if err != nil {
		s.t.Fatal(err)
	}
	n := 0
	var score int64
	var decile int
	var release string
	if _, err := pgx.ForEachRow(rows, []any{&score, &decile, &release}, func() error {
		if rel.Cutoffs.Decile(score) != decile || release != rel.ID {
			n++
		}
		return nil
	}); err != nil {
		s.t.Fatal(err)
	}
	return n
}

func TestRelease_DecilesEqualSQL(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.populate(237)
	s.mustRelease()
	rel, err := s.store.inForce(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	rows, err := s.db.Query(t.Context(), `
		SELECT score, min(tile)
		FROM (SELECT score, ntile(10) OVER (ORDER BY score) AS tile FROM family WHERE active AND score IS NOT NULL) AS t
		GROUP BY score`)
	if err != nil {
		t.Fatal(err)
	}
	var score int64
	var tile, seen int
	if _, err := pgx.ForEachRow(rows, []any{&score, &tile}, func() error {
		seen++
		if got := rel.Cutoffs.Decile(score); got != tile {
			return fmt.Errorf("score %d: decile %d, SQL says %d", score, got, tile)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
	_, families, unscored, err := s.store.countDeciles(t.Context(), "00")
	if err != nil || unscored != 0 {
		t.Errorf("unscored %d %v", unscored, err)
	}
	want := make([]int64, 10)
	all, err := s.db.Query(t.Context(), `SELECT score FROM family WHERE active`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pgx.ForEachRow(all, []any{&score}, func() error { want[rel.Cutoffs.Decile(score)-1]++; return nil }); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, families); diff != "" {
		t.Errorf("counted by SQL: %s", diff)
	}
	if seen < 50 {
		t.Errorf("only %d different scores", seen)
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
	// The second is cut off after its work and before its commit; a new process goes on from the stored position.
	killed := errors.New("killed")
	if err := pgx.BeginFunc(t.Context(), s.db, func(tx pgx.Tx) error {
		sh, err := s.store.nextShard(t.Context(), tx)
		if err != nil || sh.regency == "" {
			return fmt.Errorf("no second shard: %w", err)
		}
		return errors.Join(s.fanout.decideShard(t.Context(), tx, sh), killed)
	}); !errors.Is(err, killed) {
		t.Fatal(err)
	}
	second, err := s.rankAll(t.Context(), testModel)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.putOut(second); !errors.Is(err, errFanoutRunning) {
		t.Errorf("a second release meanwhile: got %v, want %v", err, errFanoutRunning)
	}
	restarted := &fanout{decider: s.decider, wake: make(chan struct{}, 1), now: time.Now}
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
		t.Errorf("%d decisions do not follow the release", n)
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
		ranks[0].Envelope.Subject != id || last.Families != 60 || int(last.Changed) != len(after)-len(before) {
		t.Errorf("got %+v then %+v with %d new entitlement events", first, last, len(after)-len(before))
	}
	for _, e := range after[len(before):] {
		if e.Envelope.Cause != ranks[0].Envelope.ID {
			t.Errorf("%s is caused by %q, want the release", e.Subject, e.Envelope.Cause)
		}
	}
}

// TestFanout_WhileFamiliesArrive lets families come in during a fan-out: in the end all follow the release.
func TestFanout_WhileFamiliesArrive(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.populate(50)
	s.mustRelease()
	more := make([]outbox.Draft, 40)
	for i := range more {
		h := newHousehold()
		h.area = "53.71.01.1001"
		more[i] = h.draft()
	}
	s.registry.Emit(t, more...)
	s.passOn()
	s.settle()
	if n := s.stale(); n != 0 {
		t.Errorf("%d decisions do not follow the release", n)
	}
}

// TestRelease_RefusesOlderRanking counts once, lets another release come and go, and then puts the old count out.
func TestRelease_RefusesOlderRanking(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.populate(20)
	old, err := s.rankAll(t.Context(), testModel)
	if err != nil {
		t.Fatal(err)
	}
	newer := s.mustRelease()
	s.passOn()
	if err := s.putOut(old); !errors.Is(err, errRankingOld) {
		t.Errorf("got %v, want %v", err, errRankingOld)
	}
	if rel, err := s.store.inForce(t.Context()); err != nil || rel.ID != newer {
		t.Errorf("in force is %+v %v, want %s", rel, err, newer)
	}
	s.mustRelease() // a new count goes through
}

func TestRelease_Immutable(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.populate(20)
	id := s.mustRelease()
	for _, sql := range []string{`UPDATE release SET families = 1 WHERE release_id = $1`, `DELETE FROM release WHERE release_id = $1`} {
		if _, err := s.db.Exec(t.Context(), sql, id); err == nil {
			t.Errorf("%s went through", sql)
		}
	}
}

// TestEngine_OtherModel decides by a release whose model is another than the stored scores'.
func TestEngine_OtherModel(t *testing.T) {
	t.Parallel()
	cfg := config{Programmes: []string{"sembako"}, Model: testModel}
	e, err := cfg.engine()
	if err != nil {
		t.Fatal(err)
	}
	f := &family{ID: uuid.New(), Area: "32.04.10.2001", Model: "lama", Score: new(int64)}
	rel := &release{ID: "r", Model: testModel}
	if err := e.score(rel, f); err != nil || f.Model != testModel || f.Score != nil {
		t.Errorf("got model %s score %v %v, want no score by %s", f.Model, f.Score, err, testModel)
	}
	if err := e.score(&release{ID: "r", Model: "hilang"}, f); err == nil {
		t.Error("a model that is not loaded gave a score")
	}
	want := []decision{{FamilyID: f.ID, Programme: "sembako", Outcome: event.NotEntitled, Reasons: []string{"family_inactive"},
		Clauses: "f----", Release: "r", Model: testModel, RuleSet: "sembako-2021-1", DecidedOn: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}}
	f.RecordedAt = time.Date(2025, 12, 31, 17, 30, 0, 0, time.UTC) // past midnight in Bandung
	if diff := cmp.Diff(want, e.decide(rel, f, nil)); diff != "" {
		t.Error(diff)
	}
}
