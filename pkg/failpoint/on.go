//go:build failpoint

package failpoint

import (
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

var (
	mu    sync.Mutex
	count = map[string]int{}
)

// Hit kills this process with SIGKILL when the environment says FAILPOINT=name:n and this is the n-th hit of name.
func Hit(name string) {
	want, nth, _ := strings.Cut(os.Getenv("FAILPOINT"), ":")
	if want != name {
		return
	}
	n, err := strconv.Atoi(nth)
	if err != nil {
		n = 1
	}
	mu.Lock()
	defer mu.Unlock()
	count[name]++
	if count[name] == n {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {} // never run on between the signal and the end
	}
}
