package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"dtks/cmd/dtks/stack"
	"dtks/cmd/dtks/supervise"
)

// LogsCmd shows a part's log.
type LogsCmd struct {
	Service string `arg:"" help:"Part: a service, broker, issuer, mail, dukcapil-sim, postgres, or up (when detached)."`
	Follow  bool   `short:"f" help:"Go on with what is written from now on."`
	Lines   int    `short:"n" help:"How many lines of the past." default:"50"`
}

// Run prints the last lines and, with -f, follows until it is interrupted.
func (c *LogsCmd) Run(ctx context.Context, g *Globals) error {
	s, err := stack.New(g.Data, 0)
	if err != nil {
		return err
	}
	if c.Service != filepath.Base(c.Service) {
		return fmt.Errorf("%q is not the name of a part", c.Service)
	}
	path := s.LogFile(c.Service)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no log of %s here; there are: %s", c.Service, strings.Join(logNames(s), ", "))
	}
	if err != nil {
		return fmt.Errorf("reading the log: %w", err)
	}
	defer f.Close()
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return fmt.Errorf("reading the log: %w", err)
	}
	if past := supervise.Tail(path, c.Lines); past != "" && c.Lines > 0 {
		fmt.Println(past)
	}
	if !c.Follow {
		return nil
	}
	if _, err := f.Seek(end, io.SeekStart); err != nil {
		return fmt.Errorf("reading the log: %w", err)
	}
	for {
		if _, err := io.Copy(os.Stdout, f); err != nil {
			return fmt.Errorf("reading the log: %w", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func logNames(s *stack.Stack) []string {
	found, _ := filepath.Glob(s.LogFile("*")) // the pattern is well formed
	var names []string
	for _, path := range found {
		names = append(names, strings.TrimSuffix(filepath.Base(path), ".log"))
	}
	if len(names) == 0 {
		return []string{"none"}
	}
	return names
}
