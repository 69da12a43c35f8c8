package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// newSim serves the test register and returns its address.
func newSim(t *testing.T, settings ...string) (*simulator, string) {
	t.Helper()
	s, err := newSimulator(slog.New(slog.DiscardHandler), "testdata/civil.csv")
	if err != nil {
		t.Fatal(err)
	}
	mustChange(t, s, settings...)
	server := httptest.NewServer(s.routes())
	t.Cleanup(server.Close)
	return s, server.URL
}

func mustChange(t *testing.T, s *simulator, settings ...string) {
	t.Helper()
	given, err := pairs(settings)
	if err == nil {
		err = s.change(given)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// ask sends a question about the first person of the file, changed by with.
func ask(t *testing.T, base string, with map[string]string) (int, map[string]any) {
	t.Helper()
	status, body := askRaw(t, base, with)
	var page struct {
		Content []map[string]any `json:"content"`
		Quota   float64          `json:"quotaLimiter"`
	}
	if err := json.Unmarshal(body, &page); err != nil || len(page.Content) != 1 {
		t.Fatalf("got %d bytes that are no answer: %v", len(body), err)
	}
	page.Content[0]["quota"] = page.Quota
	return status, page.Content[0]
}

func askRaw(t *testing.T, base string, with map[string]string) (int, []byte) {
	t.Helper()
	q := map[string]string{"USER_ID": "u", "PASSWORD": "p", "IP_USER": "10.0.0.1", "TRESHOLD": "80",
		"NIK": "3204100101909001", "NO_KK": "3204100101209001", "NAMA_LGKP": "HERMAWAN CONTOH", "TMPT_LHR": "BANDUNG",
		"TGL_LHR": "01-01-1990", "JENIS_KLMIN": "Laki-laki", "NAMA_LGKP_IBU": "SITI CONTOH"}
	for key, value := range with {
		q[key] = value
	}
	body, err := json.Marshal(q)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post(base+"/dukcapil/get_json/DTKS/CALL_VERIFY_BY_ELEMEN", "application/json", bytes.NewReader(body))
	if err != nil {
		return 0, nil
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, text
}

func TestVerify_Fields(t *testing.T) {
	t.Parallel()
	_, base := newSim(t)
	status, got := ask(t, base, map[string]string{"NAMA_LGKP": "Wawan Contoh", "NO_KK": "", "TGL_LHR": "02-01-1990"})
	want := map[string]any{"NIK": "Sesuai", "NAMA_LGKP": "Sesuai (81)", "TMPT_LHR": "Sesuai (100)", "TGL_LHR": "Tidak Sesuai",
		"JENIS_KLMIN": "Sesuai", "NAMA_LGKP_IBU": "Sesuai (100)", "quota": 999999999.0}
	if diff := cmp.Diff(want, got); diff != "" || status != http.StatusOK {
		t.Errorf("status %d, answer differs (-want +got):\n%s", status, diff)
	}
	if _, strict := ask(t, base, map[string]string{"NAMA_LGKP": "Wawan Contoh", "TRESHOLD": "95"}); strict["NAMA_LGKP"] != "Tidak Sesuai (81)" {
		t.Errorf("got %v at threshold 95, want Tidak Sesuai (81)", strict["NAMA_LGKP"])
	}
}

func TestVerify_Codes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, want string
		settings   []string
		question   map[string]string
	}{
		{"Login", "03", []string{"user=other"}, nil},
		{"WrongIP", "04", []string{"ip=10.0.0.9"}, nil},
		{"Quota", "05", []string{"quota=0"}, nil},
		{"Hours", "06", []string{"hours=closed"}, nil},
		{"NoThreshold", "07", nil, map[string]string{"TRESHOLD": ""}},
		{"NoNIK", "07", nil, map[string]string{"NIK": ""}},
		{"Unprocessed", "08", nil, map[string]string{"NIK": "3204100505809006"}},
		{"Empty", "09", nil, map[string]string{"PASSWORD": ""}},
		{"NoIP", "10", nil, map[string]string{"IP_USER": "here"}},
		{"Deceased", "11", nil, map[string]string{"NIK": "3204100202509003"}},
		{"Duplicate", "12", nil, map[string]string{"NIK": "3204100303809004"}},
		{"Unknown", "13", nil, map[string]string{"NIK": "3204100101909999"}},
		{"Inactive", "14", nil, map[string]string{"NIK": "3204100404809005"}},
		{"Format", "15", nil, map[string]string{"NIK": "3204109901909001"}},
		{"Instansi", "16", []string{"instansi=OTHER"}, nil},
		{"User", "17", []string{"code=17"}, nil},
		{"Ok00", "00", []string{"success_code=00"}, nil},
		{"Ok01", "01", []string{"success_code=01"}, nil},
		{"SyntheticKeepsFile", "11", []string{"synthetic=true"}, map[string]string{"NIK": "3204100202509003"}},
		{"SyntheticKeepsFormat", "15", []string{"synthetic=true"}, map[string]string{"NIK": "123"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, base := newSim(t, tt.settings...)
			status, got := ask(t, base, tt.question)
			if got["RESPONSE_CODE"] != tt.want || status != http.StatusOK {
				t.Errorf("got HTTP %d code %v, want 200 and %s", status, got["RESPONSE_CODE"], tt.want)
			}
		})
	}
}

func TestVerify_Synthetic(t *testing.T) {
	t.Parallel()
	_, base := newSim(t, "synthetic=true", "answer_key=RESPONSE_DESC")
	_, got := ask(t, base, map[string]string{"NIK": "3374014101859123", "NAMA_LGKP": "WAYAN CONTOH"})
	if got["NAMA_LGKP"] != "Sesuai (100)" || got["NO_KK"] != "Sesuai" {
		t.Errorf("got %v, want everything to agree", got)
	}
	_, got = ask(t, base, map[string]string{"NIK": "1"})
	if _, ok := got["RESPONSE_DESC"]; !ok {
		t.Errorf("got keys %v, want the text under RESPONSE_DESC", sorted(got))
	}
}

func TestQuota(t *testing.T) {
	t.Parallel()
	s, base := newSim(t, "quota=2")
	day := time.Date(2026, 1, 31, 16, 59, 0, 0, time.UTC) // 23:59 WIB
	s.now = func() time.Time { return day }
	s.quota.day.Store(dayOf(day))
	for i, want := range []float64{1, 0, 0} {
		_, got := ask(t, base, nil)
		if got["quota"] != want || (got["RESPONSE_CODE"] == "05") != (i == 2) {
			t.Errorf("call %d: got %v, want %v left", i+1, got, want)
		}
	}
	day = day.Add(2 * time.Minute)
	if _, got := ask(t, base, nil); got["quota"] != 1.0 {
		t.Errorf("after midnight WIB got %v, want a full quota", got)
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	s, base := newSim(t)
	tests := []struct {
		fault  string
		status int
		prefix string
	}{
		{"refuse", 0, ""}, {"500", 500, "Internal"}, {"503", 503, "Service"}, {"429", 429, "Too Many"},
		{"html", 200, "<html>"}, {"truncated", 200, `{"content"`}, {"wrong_nik", 200, `{"content":[{"NIK":"0`}, {"schema", 200, `{"status"`},
		{"huge", 200, `{"content"`}, {"flap", 503, "Service"},
	}
	for _, tt := range tests {
		mustChange(t, s, "fault="+tt.fault, "fault_times=1", "flap=1h")
		status, body := askRaw(t, base, nil)
		if status != tt.status || !strings.HasPrefix(string(body), tt.prefix) {
			t.Errorf("%s: got HTTP %d and %.20q, want %d and %q", tt.fault, status, body, tt.status, tt.prefix)
		}
		if tt.fault == "truncated" && json.Valid(body) {
			t.Error("truncated: got valid JSON")
		}
		if tt.fault == "huge" && len(body) < 50<<20 {
			t.Errorf("huge: got %d bytes, want 50 MB", len(body))
		}
		if _, got := ask(t, base, nil); got["NIK"] != "Sesuai" {
			t.Errorf("%s: second call got %v, want the fault to be over", tt.fault, got)
		}
	}
}

// A late answer is what was true when the question came.
func TestFaults_Late(t *testing.T) {
	t.Parallel()
	s, base := newSim(t, "fault=late", "late=300ms", "fault_times=1")
	first := make(chan map[string]any, 1)
	go func() { _, got := ask(t, base, nil); first <- got }()
	for s.counts.received.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(20 * time.Millisecond)
	rows, err := readCivil(strings.NewReader("nik,name,birth_date,status\n3204100101909001,HERMAWAN CONTOH,1990-01-01,meninggal\n"))
	if err != nil {
		t.Fatal(err)
	}
	s.people.add(rows)
	if _, got := ask(t, base, nil); got["RESPONSE_CODE"] != "11" {
		t.Errorf("second call got %v, want 11", got)
	}
	if got := <-first; got["NIK"] != "Sesuai" {
		t.Errorf("late call got %v, want the fields as they were", got)
	}
}

func TestFaults_HangAndDrip(t *testing.T) {
	t.Parallel()
	for _, fault := range []string{"hang", "drip"} {
		s, base := newSim(t, "fault="+fault)
		ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
		defer cancel()
		call, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/dukcapil/get_json/DTKS/CALL_VERIFY_BY_ELEMEN", strings.NewReader(`{"NIK":"1"}`))
		if err != nil {
			t.Fatal(err)
		}
		if resp, err := http.DefaultClient.Do(call); err == nil {
			if body, err := io.ReadAll(resp.Body); err == nil {
				t.Errorf("%s: got a whole answer of %d bytes", fault, len(body))
			}
			resp.Body.Close()
		}
		for start := time.Now(); s.counts.abandoned.Load() == 0; time.Sleep(time.Millisecond) {
			if time.Since(start) > 5*time.Second {
				t.Fatalf("%s: the abandoned call was not counted", fault)
			}
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	s, err := newSimulator(slog.New(slog.DiscardHandler), "testdata/civil.csv")
	if err != nil {
		b.Fatal(err)
	}
	m := s.mode.Load()
	q := question{User: "u", Password: "p", IP: "10.0.0.1", Threshold: "80", NIK: "3204100101909001", KK: "3204100101209001",
		Name: "HERMAWAN CONTOH", Place: "BANDUNG", Date: "01-01-1990", Sex: "Laki-laki", Mother: "SITI CONTOH"}
	buf := make([]byte, 0, 1024)
	for b.Loop() {
		buf = s.answer(buf[:0], m, "DTKS", &q)
	}
}

func get(url string, into io.Writer) error {
	resp, err := http.Get(url)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(into, resp.Body)
	return err
}
