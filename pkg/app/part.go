package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// drain is how long one part may take to finish after it was told to stop. A part that takes longer is left behind:
// everything it holds is a transaction or an unacknowledged message, which the next start takes up again.
const drain = 20 * time.Second

// Part is something that runs as long as the program: a server, a relay, a consumer.
type Part struct {
	Name string
	Run  func(ctx context.Context) error // blocks until ctx ends, then drains and returns nil
}

type running struct {
	Part
	stop context.CancelFunc
	done chan error // holds the result once Run has returned
}

// Run starts all parts and blocks until ctx ends or one fails; then it stops them one after the other in reverse order,
// so that what was started first (and is used by the others) ends last. It returns the first failure. A part that
// returns nil before ctx ends has done its work; when all have, Run returns nil.
func Run(ctx context.Context, parts ...Part) error {
	type ended struct {
		index int
		err   error
	}
	ends := make(chan ended, len(parts))
	all := make([]running, len(parts))
	for i, part := range parts {
		// A part must not see the end of ctx itself, or all would stop at once instead of in order.
		partCtx, stop := context.WithCancel(context.WithoutCancel(ctx))
		all[i] = running{part, stop, make(chan error, 1)}
		go func() {
			err := part.Run(partCtx)
			all[i].done <- err
			ends <- ended{i, err}
		}()
	}

	var first error
	for left := len(parts); left > 0 && first == nil && ctx.Err() == nil; {
		select {
		case <-ctx.Done():
		case end := <-ends:
			left--
			if end.err != nil {
				first = fmt.Errorf("%s: %w", parts[end.index].Name, end.err)
			}
		}
	}
	for i := len(all) - 1; i >= 0; i-- {
		if err := all[i].end(); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// end stops one part and waits for it.
func (r *running) end() error {
	r.stop()
	late := time.NewTimer(drain)
	defer late.Stop()
	select {
	case err := <-r.done:
		if err == nil || errors.Is(err, context.Canceled) {
			return nil
		}
		return fmt.Errorf("%s: %w", r.Name, err)
	case <-late.C:
		slog.Warn("part did not drain in time", "part", r.Name, "limit", drain)
		return nil
	}
}
