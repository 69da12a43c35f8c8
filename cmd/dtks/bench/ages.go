package bench

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// histogram is the sum of all consumers' dtks_event_age_seconds: upper bound -> cumulative count.
type histogram map[float64]float64

// ages reads the histogram of every service that decides.
func (t *Target) ages(ctx context.Context) (histogram, error) {
	sum := histogram{}
	for _, service := range []string{"registry", "verification", "nik-match", "eligibility"} {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, t.Stack.URL(service)+"/metrics", nil)
		if err != nil {
			return nil, err
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return nil, fmt.Errorf("metrics of %s: %w", service, err)
		}
		lines := bufio.NewScanner(resp.Body)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			sum.add(lines.Text())
		}
		resp.Body.Close()
		if err := lines.Err(); err != nil {
			return nil, err
		}
	}
	return sum, nil
}

// add takes one line of the exposition: name{labels} value.
func (h histogram) add(line string) {
	if !strings.HasPrefix(line, "dtks_event_age_seconds_bucket{") || strings.Contains(line, ".key.granted.") {
		return
	}
	_, rest, ok := strings.Cut(line, `le="`)
	if !ok {
		return
	}
	bound, _, _ := strings.Cut(rest, `"`)
	value := line[strings.LastIndexByte(line, ' ')+1:]
	le, err1 := strconv.ParseFloat(bound, 64) // +Inf parses
	n, err2 := strconv.ParseFloat(value, 64)
	if err1 == nil && err2 == nil {
		h[le] += n
	}
}

func (h histogram) minus(old histogram) histogram {
	out := histogram{}
	for le, n := range h {
		out[le] = n - old[le]
	}
	return out
}

// quantile is the upper bound of the bucket that holds q: never better than the truth.
func (h histogram) quantile(q float64) time.Duration {
	bounds := make([]float64, 0, len(h))
	total := 0.0
	for le, n := range h {
		bounds = append(bounds, le)
		total = max(total, n)
	}
	slices.Sort(bounds)
	for _, le := range bounds {
		if total > 0 && h[le] >= q*total {
			return time.Duration(min(le, 3600) * float64(time.Second))
		}
	}
	return 0
}
