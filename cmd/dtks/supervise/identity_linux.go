package supervise

import (
	"os"
	"strconv"
	"strings"
)

// StartOf tells when a process started, in clock ticks since boot together with the boot's id, so that neither a reused
// number nor a reboot can be mistaken for it. Empty when there is no such process, or only its zombie.
func StartOf(pid int) string {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return ""
	}
	// The program's name is in brackets and may itself hold blanks and brackets: count from the last one.
	_, rest, ok := cutLast(string(b), ')')
	fields := strings.Fields(rest)
	if !ok || len(fields) < 20 || fields[0] == "Z" || fields[0] == "X" {
		return ""
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		boot = nil
	}
	return fields[19] + "@" + strings.TrimSpace(string(boot))
}

func cutLast(s string, sep byte) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}
