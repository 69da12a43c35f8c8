package main

import (
	"context"
	"log/slog"
	"time"

	"dtks/pkg/pg"
)

// seeker looks for duplicates among registrants: whoever the registry's events changed is compared with those who share
// a key. It runs beside the consumer, so that no verdict waits for it, and one replica at a time.
type seeker struct {
	store    *store
	comparer *comparer
	wakeup   chan struct{}
}

// Batches and waits of the seeker.
const (
	seekMost  = 200                    // persons compared in one transaction
	markMost  = 500                    // persons put on the list at a time by a pass
	seekEvery = 500 * time.Millisecond // net below the wake-ups, and how soon another replica takes over
)

func newSeeker(s *store) *seeker {
	return &seeker{store: s, comparer: standardComparer(), wakeup: make(chan struct{}, 1)}
}

// wake tells the seeker that there is somebody to compare. Never blocks.
func (k *seeker) wake() {
	select {
	case k.wakeup <- struct{}{}:
	default:
	}
}

// run compares until ctx ends. A database that is away is waited for.
func (k *seeker) run(ctx context.Context) error {
	for ctx.Err() == nil {
		n, err := k.step(context.WithoutCancel(ctx))
		if err != nil {
			slog.Warn("looking for duplicates", "error", pg.Safe(err))
			wait(ctx, time.Second)
			continue
		}
		if n == 0 {
			k.idle(ctx)
		}
	}
	return nil
}

// step compares who is due; while nobody is, it puts the next persons of an unfinished pass on the list. So what comes
// in is never behind a pass, and a pass goes on where it stopped. It returns how many persons it dealt with.
func (k *seeker) step(ctx context.Context) (int, error) {
	n, err := k.store.compareDue(ctx, k.comparer, seekMost)
	if err != nil || n > 0 {
		return n, err
	}
	return k.store.markPass(ctx, k.comparer.model.Version, markMost)
}

func (k *seeker) idle(ctx context.Context) {
	timer := time.NewTimer(seekEvery)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-k.wakeup:
	}
}

// finish compares until nobody is due and no pass is unfinished; told says now and then how many are on the list.
func (k *seeker) finish(ctx context.Context, told func(due int64)) error {
	last := time.Now()
	for ctx.Err() == nil {
		n, err := k.step(ctx)
		if err != nil {
			return err
		}
		if n > 0 && time.Since(last) < 2*time.Second {
			continue
		}
		due, unfinished, err := k.store.passLeft(ctx, k.comparer.model.Version)
		if err != nil {
			return err
		}
		told(due)
		last = time.Now()
		if due == 0 && !unfinished {
			return nil
		}
		if n == 0 {
			wait(ctx, 50*time.Millisecond) // the service is at it
		}
	}
	return ctx.Err()
}
