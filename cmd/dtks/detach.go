package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"dtks/cmd/dtks/stack"
	"dtks/cmd/dtks/supervise"
)

// detach starts the supervisor in a session of its own, from a copy that outlives `go run`, shows its lines until the stack
// is ready, and returns.
func (c *UpCmd) detach(ctx context.Context, s *stack.Stack) error {
	lock, err := lockFolder(s)
	if err != nil {
		return err
	}
	lock.Close() // the supervisor takes it; if somebody else is faster, it says so
	self, err := copySelf(s.Dir("bin"))
	if err != nil {
		return err
	}
	path := s.LogFile("up")
	if err := os.MkdirAll(s.Dir("log"), 0o755); err != nil {
		return fmt.Errorf("creating the log folder: %w", err)
	}
	log, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644)
	if err != nil {
		return fmt.Errorf("opening the log: %w", err)
	}
	defer log.Close()
	cmd := exec.Command(self, c.arguments(s)...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting in the background: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	return follow(ctx, s, path, cmd.Process.Pid, ended)
}

// arguments repeats this command without --detach.
func (c *UpCmd) arguments(s *stack.Stack) []string {
	args := []string{"up", "--data", s.Data, "--port", strconv.Itoa(s.Port), "--families", strconv.Itoa(c.Families)}
	if c.NoSample {
		args = append(args, "--no-sample")
	}
	if c.Yes {
		args = append(args, "--yes")
	}
	for _, service := range c.Without {
		args = append(args, "--without", service)
	}
	return args
}

// follow shows the supervisor's lines until it is ready or has ended. Interrupting it stops the supervisor too, for it is
// not yet what was asked for.
func follow(ctx context.Context, s *stack.Stack, path string, pid int, ended <-chan error) error {
	log, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("following the log: %w", err)
	}
	defer log.Close()
	me := stack.Process{PID: pid, Start: supervise.StartOf(pid)}
	for {
		run, runErr := stack.ReadRun(s.RunFile())
		ready := runErr == nil && run.State == stack.Ready && run.Supervisor.PID == pid
		if ready {
			time.Sleep(100 * time.Millisecond) // the lines that follow "ready" are written by then
		}
		_, _ = io.Copy(os.Stdout, log) // all that is new
		if ready {
			fmt.Println("It runs in the background: `dtks status`, `dtks logs up`, `dtks down`.")
			return nil
		}
		select {
		case err := <-ended:
			_, _ = io.Copy(os.Stdout, log)
			if err != nil {
				return exitCode{1, nil} // the lines above say why
			}
			return nil
		case <-ctx.Done():
			supervise.Signal(me, syscall.SIGTERM)
			return errors.Join(ctx.Err(), <-ended)
		case <-time.After(100 * time.Millisecond):
		}
	}
}
