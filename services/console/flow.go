package main

import (
	"math"
	"time"

	"dtks/pkg/event"
)

// window and step of the chart of rates; the newest slot is still filling and is left out.
const (
	window = 15 * time.Minute
	step   = 10 * time.Second
)

// snapshot is what a screen of one area shows at one moment.
type snapshot struct {
	At        time.Time
	Area      string
	Counts    counts
	Volume    volume
	Lapses    map[string]lapse // by stage
	Regencies []regency
	Release   *release // newest one in force, nil before the first
	Deciles   *deciles // nil where eligibility has not told
	Services  []serviceState
}

// countKey addresses a count; a zero field in a query matches all.
type countKey struct{ Noun, Filter, State string }

// counts holds how many aggregates are where.
type counts map[countKey]int64

// of sums the counts of noun in the given states; none given means all.
func (c counts) of(noun string, states ...string) int64 { return c.in(noun, "", states...) }

// in is of for one filter only: a programme, a kind or a channel.
func (c counts) in(noun, filter string, states ...string) int64 {
	var n int64
	for k, v := range c {
		if k.Noun == noun && (filter == "" || k.Filter == filter) && (len(states) == 0 || contains(states, k.State)) {
			n += v
		}
	}
	return n
}

func contains(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}

// volume is the events of the last quarter of an hour in ten-second slots, oldest first.
type volume struct {
	From   time.Time
	Series map[string][]int64 // by noun; all of one length
}

// slots is the length of every series.
const slots = int(window / step)

// newVolume makes empty series that end before now.
func newVolume(now time.Time) volume {
	return volume{From: now.Truncate(step).Add(-window), Series: map[string][]int64{}}
}

// add puts n events of noun into the slot of at, if it is shown.
func (v volume) add(noun string, at time.Time, n int64) {
	i := int(at.Sub(v.From) / step)
	if at.Before(v.From) || i >= slots {
		return
	}
	if v.Series[noun] == nil {
		v.Series[noun] = make([]int64, slots)
	}
	v.Series[noun][i] += n
}

// perSecond is the rate of noun over the last minute.
func (v volume) perSecond(noun string) float64 {
	series := v.Series[noun]
	if len(series) == 0 {
		return 0
	}
	var sum int64
	const minute = int(time.Minute / step)
	for _, n := range series[len(series)-minute:] {
		sum += n
	}
	return float64(sum) / 60
}

// total sums noun over the window.
func (v volume) total(noun string) int64 {
	var sum int64
	for _, n := range v.Series[noun] {
		sum += n
	}
	return sum
}

// lapse is how long a stage took over the last hour.
type lapse struct {
	N        int64
	P50, P95 time.Duration
}

// slotCount is one bar of a histogram of durations.
type slotCount struct {
	Slot int16
	N    int64
}

// newLapse takes percentiles from a histogram whose bars come in ascending order.
func newLapse(bars []slotCount) lapse {
	var l lapse
	for _, b := range bars {
		l.N += b.N
	}
	l.P50, l.P95 = percentile(bars, l.N, 0.50), percentile(bars, l.N, 0.95)
	return l
}

// percentile gives the middle of the bar that holds the q-th of n durations: at most 4.5 % off.
func percentile(bars []slotCount, n int64, q float64) time.Duration {
	rank, seen := int64(math.Ceil(q*float64(n))), int64(0)
	for _, b := range bars {
		seen += b.N
		if seen >= rank && b.N > 0 {
			return time.Duration((math.Exp2((float64(b.Slot)+0.5)/8) - 1) * float64(time.Millisecond))
		}
	}
	return 0
}

// regency is the entitlements of one regency by programme.
type regency struct {
	Area      string
	Name      string
	Families  int64            // in force
	Entitled  map[string]int64 // by programme
	Decisions int64            // of any outcome
}

// release is a rank release as its event tells it.
type release struct {
	ID         string
	Version    int64
	Model      string
	Cutoffs    []int64
	Families   int64
	Changed    int64
	Complete   bool
	ReleasedAt time.Time
}

func newRelease(e event.Envelope, d event.RankReleased) release {
	return release{
		ID: e.Subject, Version: e.Version, Model: d.Model, Cutoffs: d.Cutoffs, Families: d.Families,
		Changed: d.Changed, Complete: d.Complete, ReleasedAt: d.ReleasedAt,
	}
}

// deciles counts families by decile, poorest first, under the release in force.
type deciles struct {
	Release  string
	N        [10]int64
	Unscored int64 // families with too few answers for a score
}

// max is the tallest bar, at least 1.
func (d deciles) max() int64 {
	top := int64(1)
	for _, n := range d.N {
		top = max(top, n)
	}
	return top
}

func (d deciles) total() int64 {
	var sum int64
	for _, n := range d.N {
		sum += n
	}
	return sum
}
