package pgdev

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// clearOld waits for, or ends, a server that a killed predecessor left on the same folder. One that still has a parent
// belongs to somebody and is left alone.
func clearOld(ctx context.Context, data string) error {
	deadline := time.Now().Add(10 * time.Second)
	asked := false
	for {
		pid := running(ctx, data)
		if pid == 0 {
			return nil
		}
		if !asked && orphan(ctx, pid) {
			asked = true
			if err := syscall.Kill(pid, syscall.SIGINT); err != nil && !errors.Is(err, syscall.ESRCH) {
				return fmt.Errorf("another PostgreSQL (pid %d) uses %s and cannot be stopped: %w", pid, data, err)
			}
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("another PostgreSQL (pid %d) uses %s: stop it first (kill -INT %d)", pid, data, pid)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// running returns the process id of the server on a data folder, 0 where there is none. The lock file alone says
// little: after a crash its number may belong to another program by now.
func running(ctx context.Context, data string) int {
	raw, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(raw), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(first))
	if err != nil || pid <= 1 {
		return 0
	}
	out, err := exec.CommandContext(ctx, "ps", "-o", "stat=,args=", "-p", strconv.Itoa(pid)).Output()
	if err != nil || strings.HasPrefix(strings.TrimSpace(string(out)), "Z") || !bytes.Contains(out, []byte("postgres")) {
		return 0
	}
	return pid
}

// orphan reports whether a process has lost the one that started it.
func orphan(ctx context.Context, pid int) bool {
	out, err := exec.CommandContext(ctx, "ps", "-o", "ppid=", "-p", strconv.Itoa(pid)).Output()
	return err == nil && strings.TrimSpace(string(out)) == "1"
}
