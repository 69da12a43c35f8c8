package main

import (
	"testing"
	"time"

	"dtks/services/nik-match/judge"
)

func newTestGate(change ...func(*config)) *gate {
	cfg := config{Concurrency: 8, Probe: 40 * time.Millisecond, BreakerDelay: 40 * time.Millisecond}
	for _, c := range change {
		c(&cfg)
	}
	return newGate(cfg)
}

// pass lets one call through with an outcome.
func pass(t *testing.T, g *gate, r reply) {
	t.Helper()
	if !g.enter() {
		t.Fatalf("the gate is shut: %+v", g.state())
	}
	g.leave(r)
}

func good(remain int64) reply {
	return reply{outcome: decided, result: judge.Without("x"), remain: &remain}
}

func TestGate_Concurrency(t *testing.T) {
	t.Parallel()
	g := newTestGate()
	if g.room() != 1 {
		t.Errorf("got %d at the start, want 1", g.room())
	}
	for range 20 {
		pass(t, g, good(100))
	}
	if g.room() != 8 {
		t.Errorf("got %d after good calls, want 8", g.room())
	}
	pass(t, g, reply{outcome: timedOut})
	if g.room() != 4 {
		t.Errorf("got %d after a time-out, want half", g.room())
	}
	pass(t, g, reply{outcome: timedOut})
	if g.room() != 4 {
		t.Errorf("got %d after the next of the same swarm, want no further halving", g.room())
	}
	pass(t, g, good(100))
	if g.room() != 4 {
		t.Errorf("got %d after one good call, want a slow rise", g.room())
	}
}

func TestGate_Breaker(t *testing.T) {
	t.Parallel()
	g := newTestGate()
	for range 10 {
		pass(t, g, good(100))
	}
	for range 5 {
		pass(t, g, reply{outcome: noNetwork})
	}
	if g.enter() || g.room() != 0 || g.state().Held != heldBreaker {
		t.Errorf("got %+v after five failures, want the breaker open", g.state())
	}
	time.Sleep(70 * time.Millisecond)
	if g.room() != 1 {
		t.Errorf("got %d, want a single try after the delay", g.room())
	}
	pass(t, g, good(100))
	pass(t, g, good(100))
	if g.state().Held != "" {
		t.Errorf("got %+v after two good calls, want it closed", g.state())
	}
}

func TestGate_Hold(t *testing.T) {
	t.Parallel()
	tests := map[string]reply{heldQuota: {outcome: noQuota}, heldHours: {outcome: noHours}, heldSetup: {outcome: noSetup},
		heldBusy: {outcome: badStatus, retryAfter: 40 * time.Millisecond}}
	for held, r := range tests {
		t.Run(held, func(t *testing.T) {
			t.Parallel()
			g := newTestGate()
			for range 10 {
				pass(t, g, good(100))
			}
			if !g.enter() {
				t.Fatal("no second call")
			}
			pass(t, g, r)
			g.leave(good(99)) // was under way when the hold began
			if g.enter() || g.state().Held != held {
				t.Errorf("got %+v, want held", g.state())
			}
			time.Sleep(60 * time.Millisecond)
			if g.room() != 1 {
				t.Errorf("got %d, want a single try", g.room())
			}
			pass(t, g, good(98))
			if g.state().Held != "" {
				t.Errorf("got %+v after a good try", g.state())
			}
		})
	}
}

// The answer that says nothing is left is the last call; tries then get rarer.
func TestGate_LastOfQuota(t *testing.T) {
	t.Parallel()
	g := newTestGate()
	pass(t, g, good(0))
	if g.enter() || g.state().Held != heldQuota {
		t.Errorf("got %+v, want held without another call", g.state())
	}
	time.Sleep(60 * time.Millisecond)
	pass(t, g, reply{outcome: noQuota})
	if next := time.Until(*g.state().NextTry); next < 50*time.Millisecond {
		t.Errorf("got the next try in %v, want it later than the first", next)
	}
}

func TestGate_Close(t *testing.T) {
	t.Parallel()
	g := newTestGate()
	if !g.enter() {
		t.Fatal("no call")
	}
	waiting := make(chan bool)
	go func() { waiting <- g.enter() }()
	time.Sleep(10 * time.Millisecond)
	g.close()
	if <-waiting || g.room() != 0 {
		t.Error("a closed gate let a call in")
	}
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	for n, most := range map[int]time.Duration{0: time.Second, 3: 8 * time.Second, 12: 10 * time.Minute, 1000: 10 * time.Minute} {
		for range 50 {
			if got := backoff(n); got < most/2 || got > most {
				t.Errorf("failure %d: got %v, want %v to %v", n, got, most/2, most)
			}
		}
	}
}

func TestUntilMidnight(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 31, 16, 0, 0, 0, time.UTC) // 23:00 WIB
	if got := untilMidnight(at); got != 61*time.Minute {
		t.Errorf("got %v, want an hour and a minute", got)
	}
}
