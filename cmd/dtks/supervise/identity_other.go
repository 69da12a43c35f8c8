//go:build !linux

package supervise

import (
	"os/exec"
	"strconv"
	"strings"
)

// StartOf tells when a process started, as ps spells it. Empty when there is no such process, or only its zombie.
func StartOf(pid int) string {
	out, err := exec.Command("ps", "-o", "stat=,lstart=", "-p", strconv.Itoa(pid)).Output()
	state, start, ok := strings.Cut(strings.TrimSpace(string(out)), " ")
	if err != nil || !ok || strings.HasPrefix(state, "Z") {
		return ""
	}
	return strings.TrimSpace(start)
}
