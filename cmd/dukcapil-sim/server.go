package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/goccy/go-json"
)

// simulator is one running stand-in.
type simulator struct {
	log    *slog.Logger
	now    func() time.Time
	file   string // civil CSV for reload; "" = none
	people register
	counts ledger
	quota  quota

	changing sync.Mutex // one change of mode at a time; readers take the pointer
	mode     atomic.Pointer[mode]
	hits     atomic.Int64 // calls the present fault may still hit
}

func newSimulator(log *slog.Logger, civil string) (*simulator, error) {
	s := &simulator{log: log, now: time.Now, file: civil}
	s.people.byID = make(map[string]person)
	m := defaultMode()
	m.since = s.now()
	s.mode.Store(&m)
	if civil == "" {
		return s, nil
	}
	_, err := s.people.load(civil)
	return s, err
}

// change replaces the mode. A new quota starts full, a new number of faults starts from the beginning.
func (s *simulator) change(settings map[string]string) error {
	s.changing.Lock()
	defer s.changing.Unlock()
	next, err := s.mode.Load().with(settings)
	if err != nil {
		return err
	}
	next.since = s.now()
	if _, ok := settings["quota"]; ok {
		s.quota.fill(&next, next.since)
	}
	s.hits.Store(next.FaultTimes)
	s.mode.Store(&next)
	return nil
}

// quota counts down what is left of the day.
type quota struct {
	day    atomic.Int64
	remain atomic.Int64
}

func (q *quota) fill(m *mode, now time.Time) {
	q.day.Store(dayOf(now))
	q.remain.Store(m.Quota)
}

// take uses one call of the quota and reports whether there was one. It fills up at midnight WIB.
func (q *quota) take(m *mode, now time.Time) bool {
	if m.Quota < 0 {
		return true
	}
	today := dayOf(now)
	if was := q.day.Load(); was != today && q.day.CompareAndSwap(was, today) {
		q.remain.Store(m.Quota)
	}
	if q.remain.Add(-1) >= 0 {
		return true
	}
	q.remain.Add(1)
	return false
}

// left is what quotaLimiter shows; without a limit a large constant.
func (q *quota) left(m *mode) int64 {
	if m.Quota < 0 {
		return 999_999_999
	}
	return max(q.remain.Load(), 0)
}

// routes serves the protocol and, beside it, the switches. {region} is the older form of the address.
func (s *simulator) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /dukcapil/get_json/{instansi}/CALL_VERIFY_BY_ELEMEN", s.verify)
	mux.HandleFunc("POST /dukcapil/get_json/{region}/{instansi}/CALL_VERIFY_BY_ELEMEN", s.verify)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { say(w, "ok\n") })
	s.admin(mux)
	return mux
}

// bodies are the buffers of calls; a question is small.
var bodies = sync.Pool{New: func() any { b := make([]byte, 0, 4<<10); return &b }}

// maxQuestion bounds a request body in bytes.
const maxQuestion = 64 << 10

func (s *simulator) verify(w http.ResponseWriter, r *http.Request) {
	pooled := bodies.Get().(*[]byte)
	defer bodies.Put(pooled)
	body, err := readInto((*pooled)[:0], io.LimitReader(r.Body, maxQuestion))
	*pooled = body
	var q question
	if err != nil || json.Unmarshal(body, &q) != nil {
		http.Error(w, "Bad Request", http.StatusBadRequest)
		return
	}
	m := s.mode.Load()
	s.counts.note(q.NIK)
	fault := s.fault(m)
	wait := time.Duration(0)
	if m.Latency.draw != nil {
		wait = m.Latency.draw()
	}
	switch fault {
	case "none", "truncated", "drip":
	case "late":
		wait += time.Duration(m.Late)
	default:
		if s.pause(r.Context(), wait) {
			s.breakDown(w, r, m, fault)
		}
		return
	}
	// The answer is decided on arrival and sent after the wait: what is changed meanwhile comes too late for it.
	out := s.answer(body[:0], m, r.PathValue("instansi"), &q)
	*pooled = out
	if !s.pause(r.Context(), wait) {
		return
	}
	s.send(w, r, out, fault)
}

// send writes an answer, whole, cut short or a byte a second.
func (s *simulator) send(w http.ResponseWriter, r *http.Request, out []byte, fault string) {
	header := w.Header()
	header["Content-Type"] = jsonType
	switch fault {
	case "truncated":
		say(w, string(out[:len(out)*2/3]))
		return
	case "drip":
		s.drip(w, r, out)
		return
	}
	header["Content-Length"] = []string{strconv.Itoa(len(out))}
	if _, err := w.Write(out); err != nil {
		s.counts.abandoned.Add(1)
		return
	}
	s.counts.answered.Add(1)
}

var jsonType = []string{"application/json"}

// fault decides whether this call is hit.
func (s *simulator) fault(m *mode) string {
	fault := m.Fault
	if fault == "none" {
		return fault
	}
	if fault == "flap" {
		if s.now().Sub(m.since)/time.Duration(m.Flap)%2 == 1 {
			return "none"
		}
		fault = "503"
	}
	if m.FaultRate < 1 && rand.Float64() >= m.FaultRate {
		return "none"
	}
	if m.FaultTimes >= 0 && s.hits.Add(-1) < 0 {
		return "none"
	}
	s.counts.faulty.Add(1)
	return fault
}

// pause waits; false when the caller or the simulator has gone.
func (s *simulator) pause(ctx context.Context, wait time.Duration) bool {
	if wait <= 0 {
		return true
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		s.counts.abandoned.Add(1)
		return false
	}
}

// breakDown answers with something that is no answer.
func (s *simulator) breakDown(w http.ResponseWriter, r *http.Request, m *mode, fault string) {
	switch fault {
	case "refuse":
		reset(w)
		return
	case "hang":
		<-r.Context().Done()
		s.counts.abandoned.Add(1)
		return
	case "500", "503", "429":
		status, _ := strconv.Atoi(fault)
		if m.RetryAfter > 0 && status != http.StatusInternalServerError {
			w.Header().Set("Retry-After", strconv.Itoa(int(time.Duration(m.RetryAfter).Seconds())))
		}
		http.Error(w, http.StatusText(status), status)
		return
	case "html":
		w.Header().Set("Content-Type", "text/html")
		say(w, "<html><head><title>Sistem sedang dalam pemeliharaan</title></head><body>Mohon maaf</body></html>")
		return
	}
	w.Header()["Content-Type"] = jsonType
	switch fault {
	case "wrong_nik": // the record of somebody else: an impossible region, so that it is nobody's
		say(w, `{"content":[{"NIK":"0000000101900001","NAMA_LGKP":"Sesuai (100)","TGL_LHR":"Sesuai"}],"quotaLimiter":1}`)
	case "schema":
		say(w, `{"status":"success","data":{"result":"MATCH","score":0.98}}`)
	case "huge":
		s.huge(w)
	}
}

// huge sends 50 MB of well-formed JSON.
func (s *simulator) huge(w io.Writer) {
	filler := make([]byte, 1<<20)
	for i := range filler {
		filler[i] = 'A'
	}
	say(w, `{"content":[{"NIK":"Sesuai","CATATAN":"`)
	for range 50 {
		if _, err := w.Write(filler); err != nil {
			s.counts.abandoned.Add(1)
			return
		}
	}
	say(w, `"}],"quotaLimiter":1}`)
}

// drip sends a byte a second until the caller has had enough.
func (s *simulator) drip(w http.ResponseWriter, r *http.Request, out []byte) {
	out = append([]byte(nil), out...) // outlives the pooled buffer's other uses
	control := http.NewResponseController(w)
	for i := range out {
		say(w, string(out[i:i+1]))
		if control.Flush() != nil || !s.pause(r.Context(), time.Second) {
			return
		}
	}
}

// reset closes the connection with RST, as a refused or killed peer looks.
func reset(w http.ResponseWriter) {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	if tcp, ok := connection.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	connection.Close()
}

// say writes what no caller needs whole: whoever has gone meanwhile misses nothing.
func say(w io.Writer, text string) { _, _ = io.WriteString(w, text) }

// readInto reads all of in into buf, growing it where needed.
func readInto(buf []byte, in io.Reader) ([]byte, error) {
	for {
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n, err := in.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if errors.Is(err, io.EOF) {
			return buf, nil
		}
		if err != nil {
			return buf, err
		}
	}
}
