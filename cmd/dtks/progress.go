package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// progress prints what is being done, one line a step, from several goroutines.
type progress struct {
	mu    sync.Mutex
	out   io.Writer
	began time.Time
}

func newProgress(out io.Writer) *progress { return &progress{out: out, began: time.Now()} }

// say prints one line.
func (p *progress) say(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(p.out, format+"\n", args...)
}

// step does something and prints what it was and how long it took. A failure is left to the caller to print.
func (p *progress) step(what string, do func() error) error {
	began := time.Now()
	if err := do(); err != nil {
		if !errors.Is(err, context.Canceled) { // given up because another step has failed
			p.say("  ✗ %s", what)
		}
		return err
	}
	p.say("  ✓ %-42s %5.1f s", what, time.Since(began).Seconds())
	return nil
}
