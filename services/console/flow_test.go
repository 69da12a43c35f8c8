package main

import (
	"math"
	"testing"
	"time"

	"github.com/google/uuid"

	"dtks/pkg/event"
	"dtks/pkg/testkit"
)

func TestLayers(t *testing.T) {
	t.Parallel()
	allowed := map[string][]string{}
	for path, files := range testkit.House { // a rebuild reads streams and writes tables, and nothing else does both
		allowed[path] = append([]string{"rebuild.go"}, files...)
	}
	testkit.Layers(t, allowed)
}

func TestNewLapse(t *testing.T) {
	t.Parallel()
	slotOf := func(ms float64) int16 { return int16(math.Floor(8 * math.Log2(ms+1))) }
	var bars []slotCount
	for ms := 1.0; ms <= 1000; ms++ {
		if n := len(bars); n > 0 && bars[n-1].Slot == slotOf(ms) {
			bars[n-1].N++
			continue
		}
		bars = append(bars, slotCount{slotOf(ms), 1})
	}
	l := newLapse(bars)
	if l.N != 1000 {
		t.Errorf("got %d durations, want 1000", l.N)
	}
	for _, tt := range []struct {
		name string
		got  time.Duration
		want float64
	}{{"p50", l.P50, 500}, {"p95", l.P95, 950}} {
		if off := math.Abs(float64(tt.got.Milliseconds())-tt.want) / tt.want; off > 0.06 {
			t.Errorf("%s: got %v, want about %v ms", tt.name, tt.got, tt.want)
		}
	}
	if empty := newLapse(nil); empty != (lapse{}) {
		t.Errorf("no durations: got %+v, want nothing", empty)
	}
}

func TestVolume(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 15, 0, time.UTC)
	v := newVolume(now)
	v.add(nounCase, now.Truncate(step).Add(-step), 30)
	v.add(nounCase, now.Truncate(step).Add(-window), 6)
	v.add(nounCase, now, 1000)                                // still filling
	v.add(nounCase, v.From.Add(-time.Nanosecond), 1000)       // past
	if got, want := v.perSecond(nounCase), 0.5; got != want { // 30 in the last minute
		t.Errorf("got %v a second, want %v", got, want)
	}
	minutes := v.minutes()
	var sum int64
	for _, m := range minutes {
		sum += m.N[nounCase]
	}
	if sum != 36 || !minutes[0].At.After(minutes[1].At) {
		t.Errorf("got %d events in minutes, newest first %v; want 36, true", sum, minutes[0].At.After(minutes[1].At))
	}
}

func TestTimeOf(t *testing.T) {
	t.Parallel()
	before := time.Now().Add(-time.Millisecond)
	at, ok := timeOf(uuid.Must(uuid.NewV7()).String())
	if !ok || at.Before(before) || at.After(time.Now().Add(time.Millisecond)) {
		t.Errorf("got %v, %v; want the time just now", at, ok)
	}
	for _, id := range []string{"", "no id", uuid.NewString()} {
		if _, ok := timeOf(id); ok {
			t.Errorf("%q tells a time, want none", id)
		}
	}
}

func TestAreaOf(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{"32.04.10.2001": "32.04", "32": "32", "00": "00", "": "00"} {
		if got := areaOf(event.AreaOf(code)); got != want {
			t.Errorf("%q: got %s, want %s", code, got, want)
		}
	}
	for code, want := range map[string]string{"32.04.10.2001": "32.04", "32.04": "32.04", "32": "32", "00": "00", "": "none", "3": "none"} {
		if got := areaShown(code); got != want {
			t.Errorf("shown to %q: got %s, want %s", code, got, want)
		}
	}
}

func TestLocalPath(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "https://elsewhere.example", "//elsewhere.example", `/\elsewhere.example`, "masuk", "/a\r\nSet-Cookie: x"} {
		if got := localPath(bad); got != "/" {
			t.Errorf("%q: got %q, want /", bad, got)
		}
	}
	if got := localPath("/menunggu"); got != "/menunggu" {
		t.Errorf("got %q, want /menunggu", got)
	}
}
