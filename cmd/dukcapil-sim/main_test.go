package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// program is a running simulator that commands are given to, as a person types them.
type program struct {
	t    *testing.T
	base string
	stop func() (log string) // ends it and gives what it logged
}

func newProgram(t *testing.T, args ...string) *program {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	reader, logs := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, append([]string{"--addr", "127.0.0.1:0"}, args...), func(string) string { return "" }, io.Discard, logs)
	}()
	lines := bufio.NewScanner(reader)
	var started struct{ Addr string }
	if !lines.Scan() || json.Unmarshal(lines.Bytes(), &started) != nil {
		t.Fatal("it did not say where it listens")
	}
	var said strings.Builder
	silent := make(chan struct{})
	go func() {
		defer close(silent)
		for lines.Scan() {
			said.WriteString(lines.Text())
		}
	}()
	p := &program{t: t, base: "http://" + started.Addr}
	p.stop = sync.OnceValue(func() string {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(5 * time.Second):
			t.Error("did not stop")
		}
		_ = logs.Close() // a pipe's never fails
		<-silent
		return said.String()
	})
	t.Cleanup(func() { p.stop() })
	return p
}

func (p *program) command(args ...string) string {
	p.t.Helper()
	var out bytes.Buffer
	env := func(key string) string { return map[string]string{"DUKCAPIL_SIM_URL": p.base}[key] }
	if err := run(context.Background(), args, env, &out, io.Discard); err != nil {
		return err.Error()
	}
	return out.String()
}

// One run through the commands a person types, on the real program's own loop.
func TestRun(t *testing.T) {
	t.Parallel()
	p := newProgram(t, "--civil", "testdata/civil.csv", "quota=5")
	if got := p.command("mode", "hours=22:00-05:00", "latency=uniform:1ms:2ms"); !strings.Contains(got, `"22:00-05:00"`) || !strings.Contains(got, `"remaining": 5`) {
		t.Errorf("mode got %s", got)
	}
	if got := p.command("mode", "fault=unheard"); !strings.Contains(got, "fault") || !strings.Contains(got, "wrong_nik") {
		t.Errorf("a wrong mode got %q, want it to say what is known", got)
	}
	p.command("mode", "hours=always", "latency=0")
	extra := filepath.Join(t.TempDir(), "more.csv")
	if err := os.WriteFile(extra, []byte("nik,name,birth_date,status\n3204100101909999,BARU CONTOH,1990-01-01,meninggal\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.command("append", extra)
	for range 2 {
		if _, got := ask(t, p.base, map[string]string{"NIK": "3204100101909999"}); got["RESPONSE_CODE"] != "11" {
			t.Errorf("after append got %v, want 11", got)
		}
	}
	if got := p.command("counts"); !strings.Contains(got, `"repeats": 1`) {
		t.Errorf("counts got %s, want one repeat", got)
	}
	if n := mustCalls(t, p.base, fmt.Sprintf("%016x", digest("3204100101909999"))); n != 2 {
		t.Errorf("got %d calls for the person, want 2", n)
	}
	p.command("reload")
	if _, got := ask(t, p.base, map[string]string{"NIK": "3204100101909999"}); got["RESPONSE_CODE"] != "13" {
		t.Errorf("after reload got %v, want the added person gone", got)
	}
	if got := p.command("counts", "--reset") + p.command("counts"); !strings.Contains(got, `"received": 0`) {
		t.Errorf("counts after --reset got %s", got)
	}
	if strings.Contains(p.stop(), "32041001") {
		t.Error("a NIK reached the log")
	}
}

func mustCalls(t *testing.T, base, digest string) int {
	t.Helper()
	var out bytes.Buffer
	if err := get(base+"/admin/counts?digest="+digest, &out); err != nil {
		t.Fatal(err)
	}
	var n struct{ Calls int }
	if err := json.Unmarshal(out.Bytes(), &n); err != nil {
		t.Fatal(err)
	}
	return n.Calls
}

func TestReadCivil(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"NoHeader", "", "header"},
		{"NoStatus", "nik,name,birth_date\n", "no column status"},
		{"BadDate", "nik,name,birth_date,status\n1,A,01-02-1990,hidup\n", "line 2: birth_date"},
		{"BadStatus", "nik,name,birth_date,status\n1,A,1990-01-01,entah\n", "line 2: unknown status"},
		{"Ragged", "nik,name,birth_date,status\n1,A\n", "line 2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, err := readCivil(strings.NewReader(tt.in)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
	rows, err := readCivil(strings.NewReader("\ufeffNIK,nama,extra,birth_date,status\n1, a  b ,x,1990-01-01,\n"))
	if err != nil || rows["1"].name != "A B" || rows["1"].status != alive {
		t.Errorf("got %v, %v, want other header names and spaces understood", rows, err)
	}
}

func TestSimilarity(t *testing.T) {
	t.Parallel()
	tests := []struct {
		a, b string
		want int
	}{{"SITI AMINAH", "SITI AISYAH", 82}, {"SUPARMAN", "SUPARMIN", 88}, {"HERMAWAN", "WAWAN", 62}, {"A", "B", 0}, {"", "", 100}, {"", "A", 0}}
	for _, tt := range tests {
		if got := similarity(tt.a, tt.b); got != tt.want {
			t.Errorf("similarity(%s, %s): got %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}

func TestWellFormed(t *testing.T) {
	t.Parallel()
	for nik, want := range map[string]bool{"3204100101909001": true, "9103015003879002": true, "3204107102909001": false,
		"3204103002909001": false, "3204100113909001": false, "3204100101900000": false, "320410010190900": false, "32041001019090O1": false} {
		if got := wellFormed(nik); got != want {
			t.Errorf("wellFormed of case ending %s: got %v, want %v", nik[12:], got, want)
		}
	}
}

func TestHours(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 31, 16, 30, 0, 0, time.UTC) // 23:30 WIB
	for spelt, want := range map[string]bool{"always": true, "closed": false, "08:00-18:00": false, "22:00-05:00": true, "23:30-23:31": true} {
		h, err := parseHours(spelt)
		if text, _ := h.MarshalText(); err != nil || h.open(at) != want || string(text) != spelt {
			t.Errorf("%s: got open %v, spelt %s, %v; want %v", spelt, h.open(at), text, err, want)
		}
	}
	for _, wrong := range []string{"8-18", "08:00", "25:00-26:00"} {
		if _, err := parseHours(wrong); err == nil {
			t.Errorf("%s: got no error", wrong)
		}
	}
}

func TestLatency(t *testing.T) {
	t.Parallel()
	for _, wrong := range []string{"", "x", "uniform:1ms", "lognormal:0s:1s", "lognormal:2s:1s", "-1s", "gamma:1s"} {
		if _, err := parseLatency(wrong); err == nil {
			t.Errorf("%q: got no error", wrong)
		}
	}
	l, err := parseLatency("lognormal:20ms:200ms")
	if err != nil {
		t.Fatal(err)
	}
	below, above, n := 0, 0, 20000
	for range n {
		d := l.draw()
		if d < 20*time.Millisecond {
			below++
		}
		if d > 200*time.Millisecond {
			above++
		}
	}
	if share := float64(below) / float64(n); share < 0.47 || share > 0.53 {
		t.Errorf("got %.2f below the median, want a half", share)
	}
	if share := float64(above) / float64(n); share < 0.005 || share > 0.016 {
		t.Errorf("got %.3f above the 99th percentile, want 0.01", share)
	}
}
