package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"dtks/pkg/event"
	"dtks/pkg/outbox"
	"dtks/services/eligibility/rules"

	"github.com/google/go-cmp/cmp"
)

// altered writes a shipped rule set with some text replaced, in order old, new.
func altered(t *testing.T, name string, replace ...string) string {
	t.Helper()
	file := string(rules.Files()["sets/"+name+".json"])
	for i := 0; i < len(replace); i += 2 {
		if !strings.Contains(file, replace[i]) {
			t.Fatalf("%s has no %q", name, replace[i])
		}
		file = strings.ReplaceAll(file, replace[i], replace[i+1])
	}
	path := filepath.Join(t.TempDir(), "set.json")
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestEngine_NewRules starts a process with one more rule set: exactly the decisions that it changes are made anew, each
// once, and the process before does not decide any more.
func TestEngine_NewRules(t *testing.T) {
	t.Parallel()
	s := newService(t)
	homes := s.populate(60)
	s.mustRelease()
	s.passOn()
	before := len(s.broker.Quiet(t, string(event.TypeEntitlementChanged)+".>", 200*time.Millisecond))
	entitled := 0
	for _, h := range homes {
		if s.decision(h, "sembako").Outcome == event.Entitled {
			entitled++
		}
	}
	// The same programme at another amount: who is entitled is told once, the others nothing.
	path := altered(t, "sembako-2021-2", "sembako-2021-2", "sembako-2026-1", `"valid_from": "2021-01-01"`, `"valid_from": "2026-01-01"`,
		`2400000`, `3000000`)
	d := decides(t, config{Programmes: []string{"sembako"}, Model: testModel, RuleFiles: []string{path}}, s.db, s.outbox)
	if err := s.fanoutStepWith(s.decider); !errors.Is(err, errReplaced) {
		t.Errorf("the process before: got %v, want %v", err, errReplaced)
	}
	f := &fanout{decider: d, wake: make(chan struct{}, 1)}
	for {
		more, err := f.step(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !more {
			break
		}
	}
	s.outbox.Wake()
	after := len(s.broker.Events(t, string(event.TypeEntitlementChanged)+".>", before+entitled))
	if after != before+entitled || entitled == 0 || entitled == len(homes) {
		t.Errorf("%d events after %d, want one for each of the %d families entitled", after, before, entitled)
	}
	s.decider = d
	if got := s.decision(homes[0], "sembako"); got.RuleSet != "sembako-2026-1" {
		t.Errorf("decided by %s", got.RuleSet)
	}
	if err := d.takeForce(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	if pending, err := s.store.workPending(t.Context()); err != nil || pending {
		t.Errorf("starting again lists families: %v %v", pending, err)
	}
}

// TestEngine_RulesAhead loads a rule set that begins later: nothing changes for anybody until its first day, and then it
// does by itself.
func TestEngine_RulesAhead(t *testing.T) {
	t.Parallel()
	s := newService(t)
	now := time.Date(2026, 11, 30, 5, 0, 0, 0, time.UTC)
	s.now = func() time.Time { return now }
	homes := s.populate(20)
	at := slices.IndexFunc(homes, func(h *household) bool { return s.decision(h, "sembako").Outcome == event.Entitled })
	before := len(s.told(homes[at]))
	path := altered(t, "sembako-2021-2", "sembako-2021-2", "sembako-2027-1", `"valid_from": "2021-01-01"`, `"valid_from": "2027-01-01"`,
		`2400000`, `3000000`, `2026-`, `2027-`)
	d := decides(t, config{Programmes: []string{"sembako"}, Model: testModel, RuleFiles: []string{path}}, s.db, s.outbox)
	d.now = s.now
	s.decider, s.fanout = d, &fanout{decider: d, wake: make(chan struct{}, 1)}
	s.passOn()
	s.verify(func(invariant, text string) { t.Errorf("%s: %s", invariant, text) })
	if got := s.decision(homes[at], "sembako"); got.RecheckOn != "2027-01-01" || len(s.told(homes[at])) != before {
		t.Errorf("before its first day: %+v", got)
	}
	now = time.Date(2027, 1, 1, 5, 0, 0, 0, time.UTC)
	if n, err := (&recheck{d}).step(t.Context()); err != nil || n == 0 {
		t.Fatalf("on its first day %d families are due %v", n, err)
	}
	if got := s.decision(homes[at], "sembako"); got.Amount != 3000000 || got.RuleSet != "sembako-2027-1" {
		t.Errorf("on its first day: %+v", got)
	}
}

// TestEngine_NewRulesWhileRanking lets new rules take force between the ranking of a release and its taking force.
func TestEngine_NewRulesWhileRanking(t *testing.T) {
	t.Parallel()
	s := newService(t)
	homes := s.populate(60)
	s.mustRelease()
	s.passOn()
	if _, err := s.ask(testModel, byFamily); err != nil {
		t.Fatal(err)
	}
	path := altered(t, "sembako-2021-2", "sembako-2021-2", "sembako-2026-1", `"valid_from": "2021-01-01"`, `"valid_from": "2026-01-01"`, `2400000`, `3000000`)
	d := decides(t, config{Programmes: []string{"sembako"}, Model: testModel, RuleFiles: []string{path}}, s.db, s.outbox)
	s.decider, s.fanout = d, &fanout{decider: d, wake: make(chan struct{}, 1)}
	if did, err := (&ranker{decider: d, wake: make(chan struct{}, 1), fanout: s.fanout}).step(t.Context()); err != nil || !did {
		t.Fatalf("ranking: %v %v", did, err)
	}
	working := s.verify(func(invariant, text string) { t.Errorf("while new rules are passed on: %s: %s", invariant, text) })
	if working.Waiting != 60 {
		t.Errorf("%d families wait for the new rules, want 60", working.Waiting)
	}
	s.passOn()
	for _, h := range homes {
		if got := s.decision(h, "sembako"); got.RuleSet != "sembako-2026-1" {
			t.Fatalf("still decided by %s", got.RuleSet)
		}
	}
}

// TestEngine_BrokenRollout lets a process with other rules take force and die: the one before goes on after a while.
func TestEngine_BrokenRollout(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.populate(10)
	path := altered(t, "sembako-2021-2", "sembako-2021-2", "sembako-2026-1", `"valid_from": "2021-01-01"`, `"valid_from": "2026-01-01"`, `2400000`, `3000000`)
	decides(t, config{Programmes: []string{"sembako"}, Model: testModel, RuleFiles: []string{path}}, s.db, s.outbox)
	if err := s.holdOn(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.fanoutStepWith(s.decider); !errors.Is(err, errReplaced) {
		t.Errorf("while the other holds on: got %v, want %v", err, errReplaced)
	}
	if _, err := s.db.Exec(t.Context(), `UPDATE engine_in_force SET held_until = now() - interval '1 second'`); err != nil {
		t.Fatal(err)
	}
	if err := s.holdOn(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.passOn()
	s.verify(func(invariant, text string) { t.Errorf("%s: %s", invariant, text) })
}

// TestEngine_ProgrammeOff switches a programme off: it is told once that nobody is entitled any more.
func TestEngine_ProgrammeOff(t *testing.T) {
	t.Parallel()
	s := newService(t, "pkh", "sembako")
	h := newHousehold()
	s.nikMatch.Emit(t, h.verdict(event.Padan))
	s.registry.Emit(t, h.draft())
	s.settle()
	d := decides(t, config{Programmes: []string{"sembako"}, Model: testModel}, s.db, s.outbox)
	s.decider, s.fanout = d, &fanout{decider: d, wake: make(chan struct{}, 1)}
	s.passOn()
	s.registry.Emit(t, h.draft()) // the old consumer refuses it, and nothing is told twice
	var pkh []told
	for _, e := range s.broker.Events(t, string(event.TypeEntitlementChanged)+".pkh.>", 2) {
		var data event.EntitlementChanged
		if err := json.Unmarshal(e.Envelope.Data, &data); err != nil {
			t.Fatal(err)
		}
		pkh = append(pkh, told{Version: e.Envelope.Version, Outcome: data.Outcome})
	}
	want := []told{{Version: 1, Outcome: event.Entitled}, {Version: 2, Outcome: event.NotEntitled}}
	if diff := cmp.Diff(want, pkh); diff != "" {
		t.Error(diff)
	}
}

// fanoutStepWith tries to decide a part with a decider.
func (s *service) fanoutStepWith(d *decider) error {
	_, err := (&fanout{decider: d, wake: make(chan struct{}, 1)}).step(s.t.Context())
	return err
}

// TestEngine_FileChanged refuses a rule set whose content is another than was loaded under its id.
func TestEngine_FileChanged(t *testing.T) {
	t.Parallel()
	s := newService(t)
	if _, err := s.db.Exec(t.Context(), `UPDATE artefact SET body = body || ' '::bytea WHERE id = 'sembako-2021-2'`); err != nil {
		t.Fatal(err)
	}
	f, err := config{Programmes: []string{"sembako"}, Model: testModel}.load()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := newDecider(t.Context(), f, newStore(s.db), outbox.New("eligibility", s.db, s.keys)); err == nil || !strings.Contains(err.Error(), "sembako-2021-2") {
		t.Errorf("got %v, want an error that names the set", err)
	}
}

// TestRecheck decides a family again on the day on which a pupil comes of age, in the family's own time zone.
func TestRecheck_Due(t *testing.T) {
	t.Parallel()
	s := newService(t, "yapi")
	now := time.Date(2026, 3, 9, 12, 0, 0, 0, time.UTC)
	s.now = func() time.Time { return now }
	east, west := newHousehold(), newHousehold()
	east.area, west.area = "91.03.01.1001", "32.04.10.2001"
	for _, h := range []*household{east, west} {
		h.members[0].BirthDate, h.members[0].Orphan = "2008-03-11", 4 // 18 on 11 March 2026
		s.nikMatch.Emit(t, h.verdict(event.Padan), h.verdictOn(h.members[0].PersonID, 1, event.Padan))
		s.settle()
		s.registry.Emit(t, h.draft())
		s.settle()
		if d := s.decision(h, "yapi"); d.Outcome != event.Entitled || d.RecheckOn != "2026-03-11" || d.Day != "2026-03-09" {
			t.Fatalf("got %+v", d)
		}
	}
	r := &recheck{s.decider}
	step := func(want int) {
		t.Helper()
		if n, err := r.step(t.Context()); err != nil || n != want {
			t.Fatalf("%s: %d decided %v, want %d", now, n, err, want)
		}
	}
	step(0)
	now = time.Date(2026, 3, 10, 15, 30, 0, 0, time.UTC) // past midnight in the east only
	step(1)
	step(0)
	if d := s.decision(east, "yapi"); d.Outcome != event.NotEntitled || d.Day != "2026-03-11" {
		t.Errorf("in the east: %+v", d)
	}
	if d := s.decision(west, "yapi"); d.Outcome != event.Entitled {
		t.Errorf("in the west: %+v", d)
	}
	now = now.Add(48 * time.Hour) // the job was away for a day: nothing is lost
	step(1)
	step(0)
	want := []told{{"yapi 32.04", 1, "", event.Entitled}, {"yapi 32.04", 2, "", event.NotEntitled}}
	if got := s.told(west); len(got) != 2 || got[1] != want[1] {
		t.Errorf("got %v, want %v", got, want)
	}
	if _, err := s.ask(testModel, byFamily); err != nil {
		t.Error(err)
	}
}
