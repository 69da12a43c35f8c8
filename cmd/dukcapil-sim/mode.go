package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
)

// mode is everything that can be switched while the simulator runs. A mode is never edited: a change replaces it.
type mode struct {
	Quota       int64    `json:"quota"`        // calls a day (WIB); -1 = no limit
	Hours       hours    `json:"hours"`        // WIB: always, closed or 08:00-18:00
	Latency     latency  `json:"latency"`      // 0, 20ms, uniform:10ms:50ms, exp:20ms or lognormal:MEDIAN:P99
	Fault       string   `json:"fault"`        // one of faults
	FaultRate   float64  `json:"fault_rate"`   // share of calls hit, 0..1
	FaultTimes  int64    `json:"fault_times"`  // how many calls are hit before it ends; -1 = no end
	RetryAfter  duration `json:"retry_after"`  // sent with 429 and 503; 0 = header left out
	Late        duration `json:"late"`         // how long fault=late holds back an answer already decided
	Flap        duration `json:"flap"`         // length of each down and up phase of fault=flap, down first
	Code        string   `json:"code"`         // forces this RESPONSE_CODE on every call
	SuccessCode string   `json:"success_code"` // RESPONSE_CODE beside compared fields: none, 00 or 01
	AnswerKey   string   `json:"answer_key"`   // RESPON, RESPONSE, RESPONSE_DESC, or mixed
	DateFormat  string   `json:"date_format"`  // of TGL_LHR: dd-mm-yyyy or yyyy-mm-dd
	User        string   `json:"user"`         // the only USER_ID accepted; "" = any
	Password    string   `json:"-"`            // the only PASSWORD accepted; "" = any
	IP          string   `json:"ip"`           // the only IP_USER accepted; "" = any well-formed
	Instansi    string   `json:"instansi"`     // the only customer id in the path; "" = any
	Synthetic   bool     `json:"synthetic"`    // NIK not on file but well-formed: found, all fields agree

	since time.Time // when this mode began: the start of flapping
}

func defaultMode() mode {
	return mode{Quota: -1, Hours: hours{0, 24 * 60}, Fault: "none", FaultRate: 1, FaultTimes: -1,
		Late: duration(5 * time.Second), Flap: duration(2 * time.Second), SuccessCode: "none", AnswerKey: "RESPON",
		DateFormat: "dd-mm-yyyy"}
}

// faults in the order the README lists them.
var faults = []string{"none", "refuse", "hang", "drip", "500", "503", "429", "html", "truncated", "wrong_nik", "schema", "huge", "flap", "late"}

// setters spell each setting once for the command line, PUT /admin/mode and serve.
var setters = map[string]func(*mode, string) error{
	"quota":        func(m *mode, v string) error { return integer(&m.Quota, v) },
	"hours":        func(m *mode, v string) (err error) { m.Hours, err = parseHours(v); return },
	"latency":      func(m *mode, v string) (err error) { m.Latency, err = parseLatency(v); return },
	"fault":        func(m *mode, v string) error { return oneOf(&m.Fault, v, faults...) },
	"fault_rate":   func(m *mode, v string) (err error) { m.FaultRate, err = strconv.ParseFloat(v, 64); return },
	"fault_times":  func(m *mode, v string) error { return integer(&m.FaultTimes, v) },
	"retry_after":  func(m *mode, v string) error { return span(&m.RetryAfter, v) },
	"late":         func(m *mode, v string) error { return span(&m.Late, v) },
	"flap":         func(m *mode, v string) error { return span(&m.Flap, v) },
	"code":         func(m *mode, v string) error { return oneOf(&m.Code, v, append(codes(), "")...) },
	"success_code": func(m *mode, v string) error { return oneOf(&m.SuccessCode, v, "none", "00", "01") },
	"answer_key":   func(m *mode, v string) error { return oneOf(&m.AnswerKey, v, append(answerKeys[:], "mixed")...) },
	"date_format":  func(m *mode, v string) error { return oneOf(&m.DateFormat, v, "dd-mm-yyyy", "yyyy-mm-dd") },
	"user":         func(m *mode, v string) error { m.User = v; return nil },
	"password":     func(m *mode, v string) error { m.Password = v; return nil },
	"ip":           func(m *mode, v string) error { m.IP = v; return nil },
	"instansi":     func(m *mode, v string) error { m.Instansi = v; return nil },
	"synthetic":    func(m *mode, v string) (err error) { m.Synthetic, err = strconv.ParseBool(v); return },
}

// with returns m changed by settings, or an error that names the first setting that does not hold.
func (m mode) with(settings map[string]string) (mode, error) {
	for _, key := range sorted(settings) {
		set, ok := setters[key]
		if !ok {
			return m, fmt.Errorf("unknown setting %q (known: %s)", key, strings.Join(sorted(setters), ", "))
		}
		if err := set(&m, settings[key]); err != nil {
			return m, fmt.Errorf("setting %s: %w", key, err)
		}
	}
	if m.FaultRate < 0 || m.FaultRate > 1 {
		return m, fmt.Errorf("setting fault_rate: %v is not between 0 and 1", m.FaultRate)
	}
	if m.Flap <= 0 {
		return m, fmt.Errorf("setting flap: must be longer than 0")
	}
	return m, nil
}

// pairs reads key=value arguments.
func pairs(args []string) (map[string]string, error) {
	settings := make(map[string]string, len(args))
	for _, arg := range args {
		key, value, ok := strings.Cut(arg, "=")
		if !ok {
			return nil, fmt.Errorf("%q is not key=value", arg)
		}
		settings[key] = value
	}
	return settings, nil
}

func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}

func integer(into *int64, v string) (err error) {
	*into, err = strconv.ParseInt(v, 10, 64)
	return err
}

func oneOf(into *string, v string, allowed ...string) error {
	if !slices.Contains(allowed, v) {
		return fmt.Errorf("%q is none of %s", v, strings.Join(allowed, ", "))
	}
	*into = v
	return nil
}

// duration reads and writes 1m30s.
type duration time.Duration

// MarshalText spells the duration.
func (d duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

func span(into *duration, v string) error {
	d, err := time.ParseDuration(v)
	if err == nil && d < 0 {
		err = fmt.Errorf("%s is negative", v)
	}
	*into = duration(d)
	return err
}

// wib is Western Indonesian Time: the quota's day and the access hours are counted in it.
var wib = time.FixedZone("WIB", 7*60*60)

// hours is the access window in minutes after midnight WIB. To before from spans midnight; both equal means closed.
type hours struct{ from, to int }

func parseHours(v string) (hours, error) {
	switch v {
	case "always":
		return hours{0, 24 * 60}, nil
	case "closed":
		return hours{}, nil
	}
	var h hours
	from, to, ok := strings.Cut(v, "-")
	for i, part := range []string{from, to} {
		at, err := time.Parse("15:04", part)
		if err != nil || !ok {
			return h, fmt.Errorf("%q is neither always, closed nor 08:00-18:00", v)
		}
		*[]*int{&h.from, &h.to}[i] = at.Hour()*60 + at.Minute()
	}
	return h, nil
}

func (h hours) open(now time.Time) bool {
	if h.to-h.from == 24*60 {
		return true
	}
	now = now.In(wib)
	minute := now.Hour()*60 + now.Minute()
	if h.from <= h.to {
		return h.from <= minute && minute < h.to
	}
	return minute >= h.from || minute < h.to
}

// MarshalText spells the window.
func (h hours) MarshalText() ([]byte, error) {
	switch {
	case h.to-h.from == 24*60:
		return []byte("always"), nil
	case h.from == h.to:
		return []byte("closed"), nil
	}
	return fmt.Appendf(nil, "%02d:%02d-%02d:%02d", h.from/60, h.from%60, h.to/60, h.to%60), nil
}

// latency is a distribution of answer times.
type latency struct {
	spelt string
	draw  func() time.Duration // nil: at once
}

// MarshalText spells the distribution as it was given.
func (l latency) MarshalText() ([]byte, error) { return []byte(either(l.spelt, "0")), nil }

func parseLatency(v string) (latency, error) {
	parts := strings.Split(v, ":")
	kind, args := parts[0], parts[1:]
	if len(parts) == 1 {
		kind, args = "fixed", parts
	}
	want := map[string]int{"fixed": 1, "exp": 1, "uniform": 2, "lognormal": 2}[kind]
	if want != len(args) {
		return latency{}, fmt.Errorf("%q is none of 20ms, exp:MEAN, uniform:LOW:HIGH, lognormal:MEDIAN:P99", v)
	}
	d := [2]float64{}
	for i, arg := range args {
		each, err := time.ParseDuration(arg)
		if err != nil || each < 0 {
			return latency{}, fmt.Errorf("%q is not a duration", arg)
		}
		d[i] = float64(each)
	}
	l := latency{spelt: v}
	switch {
	case kind == "fixed" && d[0] > 0:
		l.draw = func() time.Duration { return time.Duration(d[0]) }
	case kind == "exp":
		l.draw = func() time.Duration { return time.Duration(rand.ExpFloat64() * d[0]) }
	case kind == "uniform":
		l.draw = func() time.Duration { return time.Duration(d[0] + rand.Float64()*(d[1]-d[0])) }
	case kind == "lognormal" && d[0] > 0 && d[1] >= d[0]:
		const z99 = 2.3263478740408408 // 99th percentile of the standard normal
		sigma := math.Log(d[1]/d[0]) / z99
		l.draw = func() time.Duration { return time.Duration(d[0] * math.Exp(sigma*rand.NormFloat64())) }
	case kind == "lognormal":
		return l, fmt.Errorf("%q: the median must be above 0 and the 99th percentile not below it", v)
	}
	return l, nil
}
