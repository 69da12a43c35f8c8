package main

import (
	"testing"
	"time"

	"dtks/pkg/event"
	"dtks/pkg/outbox"
	"dtks/pkg/testkit"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

func TestFamily_Entitled(t *testing.T) {
	t.Parallel()
	s := newService(t, "pkh", "sembako")
	h := newHousehold()
	s.nikMatch.Emit(t, h.verdict(event.Padan))
	s.settle()
	s.registry.Emit(t, h.draft())
	want := []told{{"pkh 32.04", 1, "", event.Entitled}, {"sembako 32.04", 1, "", event.Entitled}}
	if diff := cmp.Diff(want, s.told(h)); diff != "" {
		t.Error(diff)
	}
	d := s.decision(h, "pkh")
	if d.Amount != 900000 || d.Components != "sd" || d.Decile != 1 || !d.Scored || !d.HasDistance ||
		d.Release != "awal-"+testModel || d.RuleSet != "pkh-2021-2" || d.Verdict != 1 || d.Version != 1 {
		t.Errorf("got %+v", d)
	}

	// A version that changes nothing for eligibility is stored, and published to nobody.
	s.registry.Emit(t, h.draft())
	if diff := cmp.Diff(want, s.told(h)); diff != "" {
		t.Error(diff)
	}
	if d := s.decision(h, "pkh"); d.Version != 2 {
		t.Errorf("decision rests on version %d, want 2", d.Version)
	}
}

func TestFamily_VerdictArrivesLater(t *testing.T) {
	t.Parallel()
	s := newService(t)
	h := newHousehold()
	s.registry.Emit(t, h.draft())
	if got := s.told(h); got != nil {
		t.Errorf("a first undetermined decision was published: %v", got)
	}
	if d := s.decision(h, "sembako"); d.Outcome != event.Undetermined || d.Reasons != "verdict_missing" {
		t.Errorf("got %s %s, want undetermined verdict_missing", d.Outcome, d.Reasons)
	}
	s.nikMatch.Emit(t, h.verdict(event.Padan))
	s.settle()
	// The civil registry is asked again and now disagrees: the entitlement is withdrawn until somebody repairs it.
	s.nikMatch.Emit(t, h.verdict(event.TidakPadan))
	want := []told{{"sembako 32.04", 1, "", event.Entitled}, {"sembako 32.04", 2, "", event.Undetermined}}
	if diff := cmp.Diff(want, s.told(h)); diff != "" {
		t.Error(diff)
	}
}

func TestFamily_VerdictOfAnotherIdentity(t *testing.T) {
	t.Parallel()
	s := newService(t)
	h := newHousehold()
	s.nikMatch.Emit(t, h.verdict(event.Padan))
	s.settle()
	s.registry.Emit(t, h.draft())
	s.settle()
	// A correction is proposed: its identity is checked before it is in force, and the one in force keeps its verdict.
	h.identity = 2
	s.nikMatch.Emit(t, h.verdict(event.TidakPadan))
	s.settle()
	if d := s.decision(h, "sembako"); d.Outcome != event.Entitled || d.Identity != 1 {
		t.Errorf("got %s by identity %d, want entitled by 1", d.Outcome, d.Identity)
	}
	s.registry.Emit(t, h.draft())
	s.settle()
	if d := s.decision(h, "sembako"); d.Outcome != event.Undetermined || d.Reasons != "verdict_tidak_padan" || d.Identity != 2 {
		t.Errorf("got %s %s by identity %d, want undetermined verdict_tidak_padan by 2", d.Outcome, d.Reasons, d.Identity)
	}
	h.identity = 3
	s.registry.Emit(t, h.draft())
	s.settle()
	if d := s.decision(h, "sembako"); d.Outcome != event.Undetermined || d.Reasons != "verdict_missing" || d.Verdict != 0 {
		t.Errorf("got %s %s, want undetermined verdict_missing", d.Outcome, d.Reasons)
	}
}

func TestFamily_CorrectedMovedAsleep(t *testing.T) {
	t.Parallel()
	s := newService(t)
	h := newHousehold()
	s.nikMatch.Emit(t, h.verdict(event.Padan))
	s.settle()
	s.registry.Emit(t, h.draft())
	s.settle()
	h.rich()
	s.registry.Emit(t, h.draft())
	s.settle()
	// A move is two versions of the family: the old subject is closed, the new one carries the state.
	left := h.draft()
	left.Data, left.Seal = event.RegistrantUpdated{State: event.Moved}, nil
	leftVerdict := h.verdict("")
	leftVerdict.Data = event.MatchDecided{State: event.Moved}
	h.area = "33.74.01.1001"
	s.registry.Emit(t, left, h.draft())
	s.nikMatch.Emit(t, leftVerdict, h.verdict(event.Padan))
	s.settle()
	h.state = event.Inactive
	s.registry.Emit(t, h.draft())
	want := []told{
		{"sembako 32.04", 1, "", event.Entitled},
		{"sembako 32.04", 2, "", event.NotEntitled},
		{"sembako 32.04", 3, event.Moved, ""},
		{"sembako 33.74", 4, "", event.NotEntitled},
		{"sembako 33.74", 5, "", event.NotEntitled},
	}
	if diff := cmp.Diff(want, s.told(h)); diff != "" {
		t.Error(diff)
	}
	if d := s.decision(h, "sembako"); d.Reasons != "family_inactive" || d.Verdict != 3 {
		t.Errorf("got reasons %q by verdict %d, want family_inactive by 3", d.Reasons, d.Verdict)
	}
	// Each version alone, too: a consumer that sees only the closing one changes nothing.
	s.nikMatch.Emit(t, leftVerdict)
	s.settle()
	var dead int
	if err := s.db.QueryRow(t.Context(), `SELECT count(*) FROM dead_letter`).Scan(&dead); err != nil || dead != 0 {
		t.Errorf("%d dead letters %v", dead, err)
	}
	if r, err := s.replay(replayFlags{}); err != nil || !r.Comparison.Equal {
		t.Errorf("replay: %+v %v", r.Comparison, err)
	}
}

// TestFamily_BothAtOnce lets families and their verdicts race: neither transaction may miss the other's row.
func TestFamily_BothAtOnce(t *testing.T) {
	t.Parallel()
	s := newService(t)
	const n = 300
	homes := make([]*household, n)
	families, verdicts := make([]outbox.Draft, n), make([]outbox.Draft, n)
	for i := range homes {
		homes[i] = newHousehold()
		families[i], verdicts[i] = homes[i].draft(), homes[i].verdict(event.Padan)
	}
	for i := 0; i < n; i += 20 {
		done := make(chan struct{})
		go func() { defer close(done); s.nikMatch.Emit(t, verdicts[i:i+20]...) }()
		s.registry.Emit(t, families[i:i+20]...)
		<-done
	}
	s.settle()
	entitled := 0
	for _, h := range homes {
		if s.decision(h, "sembako").Outcome == event.Entitled {
			entitled++
		}
	}
	if entitled != n {
		t.Errorf("%d of %d families are entitled", entitled, n)
	}
	if events := s.broker.Quiet(t, string(event.TypeEntitlementChanged)+".>", 300*time.Millisecond); len(events) != n {
		t.Errorf("%d entitlement events, want %d", len(events), n)
	}
}

// TestHandlers_Redelivered delivers each event again after it has been applied: state and published events stay.
func TestHandlers_Redelivered(t *testing.T) {
	t.Parallel()
	s := newService(t, "pkh", "sembako")
	h := newHousehold()
	s.registry.Emit(t, h.draft())
	s.nikMatch.Emit(t, h.verdict(event.Padan))
	before := s.told(h)
	want := s.decision(h, "pkh")
	for _, stream := range []string{"REGISTRY", "NIK_MATCH"} {
		republish(t, s.broker, stream)
	}
	if diff := cmp.Diff(before, s.told(h)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want, s.decision(h, "pkh")); diff != "" {
		t.Error(diff)
	}
}

// TestRegistrant_Malformed shows that an event nobody can read is set aside alone.
func TestRegistrant_Malformed(t *testing.T) {
	t.Parallel()
	s := newService(t)
	bad, good := newHousehold(), newHousehold()
	broken := bad.draft()
	broken.Data = event.RegistrantUpdated{State: event.Active, Area: "32"}
	person := outbox.Draft{Type: event.TypeRegistrantUpdated, Filter: event.Person, Area: event.National, ID: uuid.NewString(),
		Data: event.RegistrantUpdated{State: event.Active}}
	s.registry.Emit(t, broken, person, good.draft())
	s.settle()
	var dead int
	var code string
	if err := s.db.QueryRow(t.Context(), `SELECT count(*), min(code) FROM dead_letter`).Scan(&dead, &code); err != nil {
		t.Fatal(err)
	}
	if dead != 1 || code != "family_malformed" {
		t.Errorf("got %d dead letters %q, want 1 family_malformed", dead, code)
	}
	if d := s.decision(good, "sembako"); d.Outcome != event.Undetermined {
		t.Errorf("the family beside it got %q", d.Outcome)
	}
	if r, err := s.replay(replayFlags{}); err != nil || r.Unreadable != 1 || !r.Comparison.Equal {
		t.Errorf("replay: %+v %+v %v", r, r.Comparison, err)
	}
}

// republish puts every event of a stream on it once more, as a broker that delivers twice would.
func republish(t *testing.T, b *testkit.Broker, stream string) {
	t.Helper()
	js, err := b.JS.Stream(t.Context(), stream)
	if err != nil {
		t.Fatal(err)
	}
	info, err := js.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for seq := uint64(1); seq <= info.State.LastSeq; seq++ {
		msg, err := js.GetMsg(t.Context(), seq)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.JS.Publish(t.Context(), msg.Subject, msg.Data); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLayers(t *testing.T) {
	t.Parallel()
	house := map[string][]string{}
	for path, files := range testkit.House {
		house[path] = files
	}
	// Jobs that run beside the events: they open transactions and publish, as handlers do.
	for _, path := range []string{"github.com/jackc/pgx/...", "github.com/nats-io/...", "dtks/pkg/outbox", "dtks/pkg/bus"} {
		house[path] = append(append([]string(nil), house[path]...), "engine.go", "publish.go", "release.go", "fanout.go", "recheck.go", "verify.go", "replay.go", "*_replay.go")
	}
	testkit.Layers(t, house)
}
