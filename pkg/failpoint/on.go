//go:build failpoint

package failpoint

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

var mu sync.Mutex

// Hit ends this process with SIGKILL when the step is armed for it and this is the armed hit.
func Hit(step string) {
	dir := os.Getenv("FAILPOINT_DIR")
	if dir == "" {
		return
	}
	mu.Lock()
	defer mu.Unlock()
	file := filepath.Join(dir, filepath.Base(os.Args[0])+"@"+step)
	raw, err := os.ReadFile(file)
	if err != nil {
		return
	}
	left, err := strconv.Atoi(strings.TrimSpace(string(raw)))
	if err == nil && left > 1 {
		_ = os.WriteFile(file, []byte(strconv.Itoa(left-1)), 0o644)
		return
	}
	_ = os.Remove(file)
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {} // nothing may run on between the signal and the end
}
