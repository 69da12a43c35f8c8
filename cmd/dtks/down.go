package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"dtks/cmd/dtks/stack"
	"dtks/cmd/dtks/supervise"
)

// DownCmd stops the stack.
type DownCmd struct {
	Timeout time.Duration `help:"How long stopping in order may take before what is left is killed." default:"90s"`
}

// Help is shown by --help.
func (c *DownCmd) Help() string {
	return `Asks the supervisor to stop everything in order: console, services, broker, PostgreSQL last. The data stays; to begin
anew, remove the data folder. It also clears what a killed "up" left. Nothing is done when no stack runs (exit status 0).`
}

// Run stops what the state file names, and nothing else.
func (c *DownCmd) Run(ctx context.Context, g *Globals) error {
	s, err := stack.New(g.Data, 0)
	if err != nil {
		return err
	}
	run, err := stack.ReadRun(s.RunFile())
	if errors.Is(err, stack.ErrNotRunning) {
		fmt.Println("No stack runs in", s.Data)
		return nil
	}
	if err != nil {
		return err
	}
	if supervise.Alive(run.Supervisor) {
		fmt.Println("Stopping")
		supervise.Signal(run.Supervisor, syscall.SIGTERM)
		if err := c.await(ctx, run.Supervisor); err != nil {
			return err
		}
	}
	if supervise.Alive(run.Supervisor) {
		supervise.Signal(run.Supervisor, syscall.SIGKILL)
	}
	if now, err := stack.ReadRun(s.RunFile()); err == nil {
		run = now // children may have been restarted since
		if n := supervise.Clear(run.Children, 10*time.Second); n > 0 {
			fmt.Printf("Cleared %d processes that were left behind\n", n)
		}
		if err := os.Remove(s.RunFile()); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("removing the state file: %w", err)
		}
	}
	fmt.Println("Stopped. The data stays in", s.Data)
	return nil
}

// await gives the supervisor its time.
func (c *DownCmd) await(ctx context.Context, supervisor stack.Process) error {
	limit := time.After(c.Timeout)
	for supervise.Alive(supervisor) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-limit:
			return nil
		case <-time.After(50 * time.Millisecond):
		}
	}
	return nil
}
