package matching

import (
	"os"
	"strconv"
	"strings"
)

// PeakMemory is the most memory this process has held so far, in bytes; 0 where the system does not tell (it is read from
// /proc).
func PeakMemory() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return kib << 10
		}
	}
	return 0
}
