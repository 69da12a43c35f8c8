package supervise

import (
	"syscall"
	"time"

	"dtks/cmd/dtks/stack"
)

// Alive reports whether exactly this process still runs.
func Alive(p stack.Process) bool {
	return p.PID > 0 && p.Start != "" && StartOf(p.PID) == p.Start
}

// Signal sends sig to exactly this process; nothing happens when it is gone.
func Signal(p stack.Process, sig syscall.Signal) {
	if Alive(p) {
		_ = syscall.Kill(p.PID, sig)
	}
}

// Clear ends processes that a killed supervisor left behind, last started first, and reports how many there were. SIGINT
// is a fast stop for PostgreSQL (SIGTERM would wait for its clients) and an ordinary stop for all others.
func Clear(left []stack.Process, grace time.Duration) int {
	n := 0
	for i := len(left) - 1; i >= 0; i-- {
		if !Alive(left[i]) {
			continue
		}
		n++
		Signal(left[i], syscall.SIGINT)
		if !awaitEnd(left[i], grace) {
			Signal(left[i], syscall.SIGKILL)
			awaitEnd(left[i], grace)
		}
	}
	return n
}

func awaitEnd(p stack.Process, limit time.Duration) bool {
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(pollEvery) {
		if !Alive(p) {
			return true
		}
	}
	return !Alive(p)
}
