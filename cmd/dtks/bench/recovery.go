package bench

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"dtks/pkg/event"
)

// RecoveryHooks start and kill the consumer and let the checker judge.
type RecoveryHooks struct {
	Start func(ctx context.Context) (kill func() error, err error)
	Check func(ctx context.Context) error
}

// outage is how long the consumer is dead.
const outage = 10 * time.Second

// Recovery measures how fast a consumer catches up: families keep coming at half the rate the pipeline takes, nik-match
// is killed for ten seconds and started again. Its rate until nothing waits, against its rate before the kill. Cases
// that wait for no verdict are held back by the officers, so what waits is its own backlog.
func Recovery(ctx context.Context, t *Target, families int, hooks RecoveryHooks) (*Result, error) {
	kill, err := hooks.Start(ctx)
	if err != nil {
		return nil, err
	}
	if err := t.warm(ctx, 500); err != nil {
		return nil, err
	}
	full, err := t.push(ctx, pushOptions{families: families, batch: 500, entries: 2})
	if err != nil {
		return nil, err
	}
	half := float64(families) / full.took.Seconds() / 2
	t.Say("the pipeline takes %.0f families/s; entry goes on at %.0f", 2*half, half)

	const steady = 10 * time.Second
	total := int(half * (2*steady + outage + 20*time.Second).Seconds() / 2)
	group, running := errgroup.WithContext(ctx)
	group.Go(func() error {
		_, err := t.push(running, pushOptions{families: total, batch: max(1, int(half/10)), entries: 4, pace: half})
		return err
	})
	begin := time.Now()
	from, err := t.standing(ctx)
	if err != nil {
		return nil, err
	}
	if err := pass(ctx, steady); err != nil {
		return nil, err
	}
	to, err := t.standing(ctx)
	if err != nil {
		return nil, err
	}
	before := float64(to.done-from.done) / time.Since(begin).Seconds()
	if err := kill(); err != nil {
		return nil, err
	}
	if err := pass(ctx, outage); err != nil {
		return nil, err
	}
	down, err := t.standing(ctx)
	if err != nil {
		return nil, err
	}
	restarted := time.Now()
	kill, err = hooks.Start(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = kill() }()
	up, err := t.caughtUp(ctx)
	if err != nil {
		return nil, err
	}
	took := time.Since(restarted)
	if err := group.Wait(); err != nil {
		return nil, err
	}
	r := &Result{Name: "recovery", N: int(up.done - down.done), Candidate: float64(up.done-down.done) / took.Seconds()}
	r.Against(before, before)
	r.Beside = map[string]float64{"backlog_events": float64(down.waiting), "caught_up_after_s": took.Seconds(), "half_load_families_per_s": half}
	if err := hooks.Check(ctx); err != nil {
		return nil, fmt.Errorf("after the recovery: %w", err)
	}
	r.Notes = []string{"the consumer is nik-match; its time to start counts; lost 0, doubled 0: dtks check passed afterwards"}
	return r, nil
}

// standing is how far nik-match is: verdicts published in all, registry events that wait for it or are in its hands.
type standing struct{ done, waiting uint64 }

func (t *Target) standing(ctx context.Context) (standing, error) {
	counts, err := t.counts(ctx)
	if err != nil {
		return standing{}, err
	}
	consumer, err := t.JS.Consumer(ctx, event.StreamOf("registry"), "nik-match")
	if err != nil {
		return standing{}, err
	}
	info := consumer.CachedInfo()
	return standing{done: counts["nik-match"], waiting: info.NumPending + uint64(info.NumAckPending)}, nil
}

// caughtUp waits until hardly anything waits: under steady entry it is never exactly nothing. What the killed process
// had in its hands counts until the broker has handed it out again.
func (t *Target) caughtUp(ctx context.Context) (standing, error) {
	for {
		s, err := t.standing(ctx)
		if err != nil || s.waiting < 100 {
			return s, err
		}
		if err := pass(ctx, 10*time.Millisecond); err != nil {
			return s, err
		}
	}
}

func pass(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
