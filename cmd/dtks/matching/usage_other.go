//go:build !unix

package matching

import "time"

// CPU is not told on this system.
func CPU() time.Duration { return 0 }
