// Package bench measures the system against ceilings of the same machine in the same run: ceiling, candidate, ceiling.
// Everything is durable while it is measured: fsync on, sync_interval always. A figure without its ceiling says nothing
// here, because the disk's speed changes by the minute.
package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Result is one measurement and what it is compared with.
type Result struct {
	Name      string             `json:"name"`
	Ratio     float64            `json:"ratio"`     // candidate / baseline
	Candidate float64            `json:"candidate"` // per second
	Baseline  float64            `json:"baseline"`  // per second, median of before and after
	Before    float64            `json:"baseline_before"`
	After     float64            `json:"baseline_after"`
	N         int                `json:"n"`
	P50       time.Duration      `json:"p50_ns"`
	P99       time.Duration      `json:"p99_ns"`
	Beside    map[string]float64 `json:"beside,omitempty"` // further figures, with their unit in the name
	Notes     []string           `json:"notes,omitempty"`  // what a reader must know to read the figure
}

// Against fills baseline and ratio from the ceiling taken before and after.
func (r *Result) Against(before, after float64) {
	r.Before, r.After = before, after
	r.Baseline = (before + after) / 2
	if r.Baseline > 0 {
		r.Ratio = r.Candidate / r.Baseline
	}
	if hi, lo := max(before, after), min(before, after); lo > 0 && hi/lo > 1.2 {
		r.Notes = append(r.Notes, fmt.Sprintf("the ceiling moved by %.0f %% during the run: repeat on a quieter machine", 100*(hi/lo-1)))
	}
}

// Print writes what a person reads and then the line that machines collect.
func (r *Result) Print(out io.Writer) {
	fmt.Fprintf(out, "\n%s\n", r.Name)
	fmt.Fprintf(out, "  candidate  %10.0f /s\n  ceiling    %10.0f /s   (before %.0f, after %.0f)\n", r.Candidate, r.Baseline, r.Before, r.After)
	names := make([]string, 0, len(r.Beside))
	for name := range r.Beside {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(out, "  %-32s %12.1f\n", name, r.Beside[name])
	}
	for _, note := range r.Notes {
		fmt.Fprintf(out, "  note: %s\n", note)
	}
	fmt.Fprintf(out, "bench %s ratio=%.3f candidate=%.0f/s baseline=%.0f/s n=%d p50=%s p99=%s\n",
		r.Name, r.Ratio, r.Candidate, r.Baseline, r.N, short(r.P50), short(r.P99))
}

// JSON writes the result as one line.
func (r *Result) JSON(out io.Writer) error { return json.NewEncoder(out).Encode(r) }

func short(d time.Duration) string {
	if d == 0 {
		return "-"
	}
	return strings.Replace(d.Round(10*time.Microsecond).String(), "µ", "u", 1)
}
