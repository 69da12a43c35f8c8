package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"dtks/cmd/dtks/stack"
)

// prepareFolder makes the data folder usable or says in one sentence why it is not.
func prepareFolder(dir string) error {
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return fmt.Errorf("the data folder %s is a file; name another with --data", dir)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("the data folder %s cannot be made (%w); name another with --data", dir, reason(err))
	}
	probe, err := os.CreateTemp(dir, ".probe")
	if err != nil {
		return fmt.Errorf("the data folder %s cannot be written to (%w); name another with --data, or change its owner", dir, reason(err))
	}
	probe.Close()
	if err := os.Remove(probe.Name()); err != nil {
		return fmt.Errorf("the data folder %s does not let files be removed (%w); name another with --data", dir, reason(err))
	}
	return nil
}

// reason is what the operating system said, without the path that the sentence names already.
func reason(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// lockFolder makes sure that one supervisor at most works in a folder; the lock ends with the process.
func lockFolder(s *stack.Stack) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(s.Data, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("opening the lock of the data folder: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if run, err := stack.ReadRun(s.RunFile()); err == nil {
			return nil, fmt.Errorf("a stack runs in this folder already (process %d, console http://localhost:%d); "+
				"`dtks status` shows it, `dtks down` stops it", run.Supervisor.PID, run.Port)
		}
		return nil, errors.New("a stack is being started or stopped in this folder; wait a moment and try again")
	}
	return f, nil
}

// portsFree says which port is taken, if one is. PostgreSQL listens on a socket and is not asked here.
func portsFree(s *stack.Stack) error {
	all := s.Ports()
	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return all[a] - all[b] })
	var taken []string
	for _, name := range names {
		if name == "postgres" {
			continue
		}
		l, err := net.Listen("tcp", s.Addr(name))
		if err != nil {
			taken = append(taken, fmt.Sprintf("%d (%s)", all[name], name))
			continue
		}
		l.Close()
	}
	if len(taken) == 0 {
		return nil
	}
	if len(taken) > 3 {
		taken = append(taken[:2], fmt.Sprintf("%d others", len(taken)-2))
	}
	return fmt.Errorf("port %s is in use by another program; end it, or choose another base port, such as --port %d",
		strings.Join(taken, ", "), s.Port+100)
}
