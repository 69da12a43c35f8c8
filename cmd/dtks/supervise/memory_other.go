//go:build !linux

package supervise

// Memory is not told on this system.
func Memory() func(pid int, descendants bool) int64 { return func(int, bool) int64 { return 0 } }
