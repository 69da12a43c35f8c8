package supervise

import (
	"os"
	"strconv"
	"strings"
)

// Memory reads the process table once and gives a function that tells the proportional set size in bytes of a process,
// with all its descendants where asked (PostgreSQL is a family of processes). What may not be read counts zero.
func Memory() func(pid int, descendants bool) int64 {
	children := map[int][]int{}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return func(int, bool) int64 { return 0 }
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if parent := parentOf(pid); parent > 0 {
			children[parent] = append(children[parent], pid)
		}
	}
	var sum func(pid int, descendants bool) int64
	sum = func(pid int, descendants bool) int64 {
		n := pss(pid)
		if descendants {
			for _, child := range children[pid] {
				n += sum(child, true)
			}
		}
		return n
	}
	return sum
}

func parentOf(pid int) int {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0
	}
	_, rest, _ := cutLast(string(b), ')')
	if fields := strings.Fields(rest); len(fields) > 1 {
		parent, _ := strconv.Atoi(fields[1])
		return parent
	}
	return 0
}

func pss(pid int) int64 {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/smaps_rollup")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "Pss:"); ok {
			kib, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return kib << 10
		}
	}
	return 0
}
