package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"dtks/pkg/event"

	"github.com/google/go-cmp/cmp"
)

// replay runs the subcommand's work in process.
func (s *service) replay(f replayFlags) (replayReport, error) {
	s.t.Helper()
	f.wait = 15 * time.Second
	r := &replay{engine: s.engine, store: s.store, keys: s.keys, conn: s.conn, out: s.t.Output(), now: s.now}
	return r.run(s.t.Context(), f, s.decider)
}

func TestReplay_EqualsLive(t *testing.T) {
	t.Parallel()
	s := newService(t, "pkh", "sembako")
	homes := s.populate(120)
	for i, h := range homes[:40] {
		h.rich()
		switch i % 4 {
		case 1:
			h.state = event.Inactive
		case 2:
			h.identity = 2 // without a verdict
		case 3:
			s.nikMatch.Emit(t, h.verdict(event.PerluTinjau))
		}
		s.registry.Emit(t, h.draft())
	}
	s.settle()
	s.mustRelease()
	s.passOn()
	before, err := s.store.digests(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	report, err := s.replay(replayFlags{})
	if err != nil {
		t.Fatal(err)
	}
	c := report.Comparison
	if !c.Equal || c.Decisions != 120 || c.Ahead != 0 || report.Families != 120 || report.Events != 120+120+40+10 {
		t.Errorf("got %+v %+v", report, c)
	}
	after, err := s.store.digests(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("the replay has changed the live state: %s", diff)
	}
	if report, err := s.replay(replayFlags{readOnly: true}); err != nil || report.Events != 290 {
		t.Errorf("read-only: got %+v %v", report, err)
	}
}

// TestReplay_WhileLiveGoesOn replays up to the marks while more families and verdicts arrive.
func TestReplay_WhileLiveGoesOn(t *testing.T) {
	t.Parallel()
	s := newService(t)
	homes := s.populate(60)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, h := range homes {
			h.rich()
			s.registry.Emit(t, h.draft())
			s.registry.Emit(t, newHousehold().draft())
		}
	}()
	report, err := s.replay(replayFlags{})
	<-done
	if err != nil || !report.Comparison.Equal {
		t.Errorf("got %+v %v", report.Comparison, err)
	}
}

func TestReplay_FindsDamageAndSwitches(t *testing.T) {
	t.Parallel()
	s := newService(t)
	homes := s.populate(30)
	want, err := s.store.digests(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// The first is one that a programme has been told of.
	at := slices.IndexFunc(homes, func(h *household) bool { return s.decision(h, "sembako").Outcome == event.Entitled })
	homes[0], homes[at] = homes[at], homes[0]
	told := s.told(homes[0])
	damage := []string{
		`UPDATE decision SET sheet = '\x00', content = substr(sha256('x'), 1, 16) WHERE family_id = $1`,
		`UPDATE family SET facts = (SELECT facts FROM family WHERE family_id <> $1 LIMIT 1), score = 1 WHERE family_id = $1`,
		`DELETE FROM verdict WHERE family_id = $1`,
		`DELETE FROM decision WHERE family_id = $1`,
	}
	for i, sql := range damage {
		if _, err := s.db.Exec(t.Context(), sql, homes[i].id); err != nil {
			t.Fatal(err)
		}
	}
	report, err := s.replay(replayFlags{})
	if !errors.Is(err, errDiffer) || report.Comparison.DecisionsDiffer != 2 || report.Comparison.FamiliesDiffer != 1 ||
		report.Comparison.VerdictsDiffer != 1 {
		t.Fatalf("got %+v %v", report.Comparison, err)
	}
	var violations []string
	collect := func(_, text string) { violations = append(violations, text) }
	s.verify(collect)
	for _, h := range []*household{homes[0], homes[1], homes[2], homes[3]} {
		if !strings.Contains(strings.Join(violations, "\n"), h.id.String()) {
			t.Errorf("the check does not name family %s", h.id)
		}
	}

	report, err = s.replay(replayFlags{change: true})
	if err != nil || !report.Comparison.Equal || report.Switched != 4 {
		t.Fatalf("switch: got %+v %+v %v", report, report.Comparison, err)
	}
	got, err := s.store.digests(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	// What was published differs from what was damaged: it is said again, as the next version.
	last := s.told(homes[0])
	if len(last) != len(told)+1 || last[len(last)-1].Version != told[len(told)-1].Version+1 {
		t.Errorf("got %v after %v", last, told)
	}
}

// passOn runs the fan-out to its end.
func (s *service) passOn() {
	s.t.Helper()
	for {
		more, err := s.fanout.step(s.t.Context())
		if err != nil {
			s.t.Fatal(err)
		}
		if !more {
			s.settle()
			return
		}
	}
}

// verify works every decision out again and returns what it says.
func (s *service) verify(violated func(invariant, text string)) verified {
	s.t.Helper()
	v := &verification{engine: s.engine, store: s.store, violated: violated, progress: func(int64, int64) {}}
	report, err := v.run(s.t.Context())
	if err := errors.Join(err, undecided(s.t.Context(), s.db, violated)); err != nil {
		s.t.Fatal(err)
	}
	return report
}

func TestVerify_EveryDecision(t *testing.T) {
	t.Parallel()
	s := newService(t, "pkh", "sembako", "pbi-jk", "pip", "yapi", "listrik", "blt-desa")
	s.populate(30)
	s.mustRelease()
	s.passOn()
	report := s.verify(func(invariant, text string) { t.Errorf("%s: %s", invariant, text) })
	// Seven programmes and the two findings that they rest on.
	if report.Families != 30 || report.Decisions < 30*8 || report.Differ != 0 || report.Bytes <= 0 {
		t.Errorf("got %+v", report)
	}
	t.Logf("%.1f bytes a decision", report.Bytes)
}

// TestEntitlement_NothingPersonal looks at what is published: the open part has neither decile nor reasons nor persons.
func TestEntitlement_NothingPersonal(t *testing.T) {
	t.Parallel()
	s := newService(t)
	h := newHousehold()
	s.nikMatch.Emit(t, h.verdict(event.Padan))
	s.registry.Emit(t, h.draft())
	s.settle()
	for _, e := range s.broker.Events(t, string(event.TypeEntitlementChanged)+".>", 1) {
		var open map[string]json.RawMessage
		if err := json.Unmarshal(e.Envelope.Data, &open); err != nil {
			t.Fatal(err)
		}
		for _, field := range []string{"decile", "reasons", "components", "amount"} {
			if _, ok := open[field]; ok {
				t.Errorf("%s is open", field)
			}
		}
		if bytes.Contains(e.Envelope.Data, []byte(h.head.String())) || open["sealed"] == nil {
			t.Errorf("got %s", e.Envelope.Data)
		}
		history, err := s.outbox.History(t.Context(), event.Subject{Type: event.TypeEntitlementChanged, Filter: "sembako", ID: h.id.String()})
		if err != nil || len(history) != 1 {
			t.Fatalf("history: %d %v", len(history), err)
		}
		var data event.EntitlementChanged
		var basis event.EntitlementBasis
		if err := json.Unmarshal(history[0].Data, &data); err != nil {
			t.Fatal(err)
		}
		if err := s.outbox.Open(t.Context(), history[0], data.Sealed, event.Survey, &basis); err != nil {
			t.Fatal(err)
		}
		if basis.Decile != 1 || basis.Amount != 2400000 || len(basis.Reasons) != 7 {
			t.Errorf("got basis %+v", basis)
		}
	}
}
