package main

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"
)

// Why no calls are made. "" = calls are made.
const (
	heldQuota   = "quota"   // used up: until it fills up again
	heldHours   = "hours"   // outside the access window
	heldSetup   = "setup"   // credentials or address: somebody must act
	heldBusy    = "busy"    // 429 or 503 said when to come back
	heldBreaker = "breaker" // too many failures of the connection
)

// gate decides whether a call may be made now, and how many at once.
//
// Concurrency starts at one, doubles while all goes well, and is halved when a call fails, so that after an outage the
// backlog does not fall on Dukcapil at once. While something holds, one call is let through from time to time: the
// first good answer lifts the hold.
type gate struct {
	mu       sync.Mutex
	free     *sync.Cond
	breaker  circuitbreaker.CircuitBreaker[any]
	probe    time.Duration
	most     int
	limit    float64   // calls at once, 1..most
	easy     float64   // below it the limit grows by one a call, above it by one a round
	eased    time.Time // when the limit was halved last: once a second, for failures come in swarms
	inFlight int
	held     string
	since    time.Time
	until    time.Time // when the next single call is let through
	tries    int       // single calls let through since the hold began
	closed   bool
}

func newGate(cfg config) *gate {
	g := &gate{probe: cfg.Probe, most: cfg.Concurrency, limit: 1, easy: float64(cfg.Concurrency)}
	g.free = sync.NewCond(&g.mu)
	g.breaker = circuitbreaker.NewBuilder[any]().
		WithFailureThresholdRatio(5, 10).
		WithSuccessThreshold(2).
		WithDelay(cfg.BreakerDelay).
		WithJitterFactor(0.3).
		Build()
	return g
}

// room is how many calls may be under way now; 0 while held.
func (g *gate) room() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed || g.breaker.IsOpen() && g.breaker.RemainingDelay() > 0 {
		return 0
	}
	if g.held != "" {
		if time.Now().Before(g.until) {
			return 0
		}
		return 1
	}
	if !g.breaker.IsClosed() {
		return 1
	}
	return int(g.limit)
}

// shut is how long no call will be made, as far as is known now.
func (g *gate) shut() time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	d := g.breaker.RemainingDelay()
	if g.held != "" {
		d = max(d, time.Until(g.until))
	}
	return max(d, time.Millisecond)
}

// enter waits for a place. False: no call may be made now, give the job back. After true, leave must follow.
func (g *gate) enter() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for {
		if g.closed {
			return false
		}
		places := int(g.limit)
		if g.held != "" {
			if time.Now().Before(g.until) {
				return false
			}
			places = 1
		}
		if g.inFlight < places && g.breaker.TryAcquirePermit() {
			break
		}
		if g.inFlight == 0 {
			return false // the breaker is open, and nobody is about to close it
		}
		g.free.Wait()
	}
	g.inFlight++
	return true
}

// leave takes a call's outcome into account.
func (g *gate) leave(r reply) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inFlight--
	now := time.Now()
	if r.failed() {
		g.breaker.RecordFailure()
		g.fail(r, now)
	} else {
		g.breaker.RecordSuccess()
		g.answer(r, now)
	}
	g.free.Broadcast()
}

// fail halves the limit; a Retry-After is kept to.
func (g *gate) fail(r reply, now time.Time) {
	if now.Sub(g.eased) > time.Second {
		g.eased = now
		g.limit = max(1, g.limit/2)
		g.easy = g.limit
	}
	switch {
	case r.retryAfter > 0:
		g.hold(heldBusy, now, r.retryAfter)
	case g.held != "" && !now.Before(g.until):
		g.pause(g.held, now)
	}
}

// slowest is the longest time between two tries while something holds.
const slowest = 15 * time.Minute

// pause holds until the next try. Tries get rarer as long as they fail; a quota is tried again when its day begins.
// Calls that were under way when the hold began do not count as tries.
func (g *gate) pause(why string, now time.Time) {
	if g.held == why && now.Before(g.until) {
		return
	}
	if g.held != why {
		g.tries = 0
	}
	next := min(g.probe<<min(g.tries, 10), max(slowest, g.probe))
	if why == heldQuota {
		next = min(next, untilMidnight(now))
	}
	g.tries++
	g.hold(why, now, jitter(next))
}

// wib is Western Indonesian Time, in which Dukcapil counts days.
var wib = time.FixedZone("WIB", 7*60*60)

// untilMidnight is how long the quota's day still lasts, and a minute for clocks that differ.
func untilMidnight(now time.Time) time.Duration {
	year, month, day := now.In(wib).Date()
	return time.Date(year, month, day+1, 0, 1, 0, 0, wib).Sub(now)
}

// answer lifts or sets a hold by what Dukcapil said.
func (g *gate) answer(r reply, now time.Time) {
	switch r.outcome {
	case noQuota:
		g.pause(heldQuota, now)
	case noHours:
		g.pause(heldHours, now)
	case noSetup:
		g.pause(heldSetup, now)
	case decided:
		if r.remain != nil && *r.remain <= 0 {
			g.pause(heldQuota, now) // this was the last one: do not spend a call on hearing so
			return
		}
		if g.held != "" && !now.Before(g.until) {
			g.held, g.tries, g.limit, g.easy = "", 0, 1, float64(g.most)
		}
		if g.limit < g.easy {
			g.limit++
		} else {
			g.limit += 1 / g.limit
		}
		g.limit = min(g.limit, float64(g.most))
	}
}

func (g *gate) hold(why string, now time.Time, wait time.Duration) {
	if g.held != why {
		g.held, g.since = why, now
	}
	g.limit = 1
	g.until = now.Add(wait)
}

// close lets nobody in any more.
func (g *gate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	g.free.Broadcast()
}

// gateState is what people are shown.
type gateState struct {
	Held     string     `json:"held,omitempty" doc:"Why no calls are made: quota, hours, setup, busy, breaker"`
	Since    *time.Time `json:"since,omitempty"`
	NextTry  *time.Time `json:"next_try,omitempty"`
	Limit    int        `json:"limit" doc:"Calls at once that are allowed now"`
	InFlight int        `json:"in_flight"`
}

func (g *gate) state() gateState {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := gateState{Held: g.held, Limit: int(g.limit), InFlight: g.inFlight}
	if g.held != "" {
		since, until := g.since, g.until
		s.Since, s.NextTry = &since, &until
	} else if g.breaker.IsOpen() {
		until := time.Now().Add(g.breaker.RemainingDelay())
		s.Held, s.NextTry = heldBreaker, &until
	}
	return s
}

// wait blocks until ctx ends or d has passed.
func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// jitter spreads d by 20 % to both sides, so that replicas do not come back together.
func jitter(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.8 + 0.4*rand.Float64()))
}

// backoff is how long a job waits after its n-th failure: from a second, doubling, at most ten minutes, with half of it
// by chance.
func backoff(n int) time.Duration {
	d := min(time.Second<<min(n, 10), 10*time.Minute)
	return d/2 + rand.N(d/2)
}
