package main

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"dtks/pkg/event"
	"dtks/services/nik-match/judge"
)

func newClient(t testing.TB, url string, env ...string) *dukcapil {
	t.Helper()
	values := map[string]string{"DATABASE_URL": "unused", "DUKCAPIL_URL": url}
	for _, pair := range env {
		key, value, _ := strings.Cut(pair, "=")
		values[key] = value
	}
	cfg, rules, err := load(func(name string) string { return values[name] })
	if err != nil {
		t.Fatal(err)
	}
	d, err := newDukcapil(cfg, rules)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDukcapil_Read(t *testing.T) {
	t.Parallel()
	d := newClient(t, "http://localhost")
	asked := event.PersonIdentity{NIK: "3204100101909001", Name: "HERMAWAN CONTOH"}
	tests := []struct {
		name, body string
		outcome    outcome
		code       string
	}{
		{"Fields", `{"content":[{"NIK":"Sesuai","NAMA_LGKP":"Sesuai (100)"}],"quotaLimiter":5}`, decided, ""},
		{"FieldsWithCode", `{"content":[{"RESPONSE_CODE":"00","NIK":"Sesuai","NAMA_LGKP":"Sesuai (100)"}]}`, decided, "00"},
		{"CodeAsNumber", `{"content":[{"RESPONSE_CODE":11}]}`, decided, "11"},
		{"CodeOneDigit", `{"content":[{"RESPONSE_CODE":5}]}`, noQuota, "05"},
		{"CodeNull", `{"content":[{"RESPONSE_CODE":null,"NIK":"Sesuai","NAMA_LGKP":"Sesuai (90)"}]}`, decided, ""},
		{"Hours", `{"content":[{"RESPONSE_CODE":"06","RESPON":"x"}]}`, noHours, "06"},
		{"Setup", `{"content":[{"RESPONSE_CODE":"16","RESPONSE":"x"}]}`, noSetup, "16"},
		{"Incomplete", `{"content":[{"RESPONSE_CODE":"07","RESPONSE_DESC":"x"}]}`, incomplete, "07"},
		{"NeverSeen", `{"content":[{"RESPONSE_CODE":"02"}]}`, unknown, "02"},
		{"CodeTooLong", `{"content":[{"RESPONSE_CODE":"3204100101909001"}]}`, unknown, "??"},
		{"CodeLetters", `{"content":[{"RESPONSE_CODE":"SI"}]}`, unknown, "??"},
		{"CodeLetter", `{"content":[{"RESPONSE_CODE":"x"}]}`, unknown, "??"},
		{"CodeNegative", `{"content":[{"RESPONSE_CODE":-1}]}`, unknown, "??"},
		{"CodeSpace", `{"content":[{"RESPONSE_CODE":"1 "}]}`, unknown, "??"},
		{"CodeOtherDigit", `{"content":[{"RESPONSE_CODE":"\u0661"}]}`, unknown, "??"},
		{"CodeTwoBytes", `{"content":[{"RESPONSE_CODE":"é"}]}`, unknown, "??"},
		{"CodeNotUTF8", "{\"content\":[{\"RESPONSE_CODE\":\"1\xff\"}]}", unknown, "??"},
		{"CodeZeroByte", "{\"content\":[{\"RESPONSE_CODE\":\"1\\u0000\"}]}", unknown, "??"},
		{"CodeUnknownWithFields", `{"content":[{"RESPONSE_CODE":"OK","NIK":"Sesuai","NAMA_LGKP":"Sesuai (100)"}]}`, unknown, "??"},
		{"TextOnly", `{"content":[{"RESPON":"Kuota  Akses Hari ini telah HABIS"}]}`, noQuota, "05"},
		{"TextOnlyTwoSpaces", `{"content":[{"RESPONSE":"IP Client  Tidak terdaftar"}]}`, noSetup, "10"},
		{"TextUnknown", `{"content":[{"RESPON":"Sistem sibuk"}]}`, malformed, ""},
		{"FoundWithoutFields", `{"content":[{"RESPONSE_CODE":"00"}]}`, malformed, ""},
		{"NoContent", `{"content":[]}`, malformed, ""},
		{"Two", `{"content":[{"RESPONSE_CODE":"11"},{"RESPONSE_CODE":"13"}]}`, malformed, ""},
		{"OtherShape", `{"status":"success"}`, malformed, ""},
		{"NotJSON", `<html>`, malformed, ""},
		{"Empty", ``, malformed, ""},
		{"NIKAsNumber", `{"content":[{"NIK":3204100101909002,"NAMA_LGKP":"Sesuai (100)"}]}`, malformed, ""},
		{"FieldAsObject", `{"content":[{"NIK":"Sesuai","NAMA_LGKP":{}}]}`, malformed, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := d.read(asked, judge.Own{}, []byte(tt.body))
			if got.outcome != tt.outcome || got.code != tt.code || (got.result.Verdict != "") != (tt.outcome == decided) {
				t.Errorf("got %s code %q verdict %q, want %s %q", got.outcome, got.code, got.result.Verdict, tt.outcome, tt.code)
			}
		})
	}
}

// ledgerCode is what may stand in the ledger and in a metric's label.
var ledgerCode = regexp.MustCompile(`^([0-9]{2}|\?\?)?$`)

// Whatever comes back, only a readable answer to the question is a verdict.
func FuzzDukcapil_Read(f *testing.F) {
	f.Add([]byte(`{"content":[{"NIK":"Sesuai","NAMA_LGKP":"Sesuai (100)"}],"quotaLimiter":5}`))
	f.Add([]byte(`{"content":[{"RESPONSE_CODE":"11"}]}`))
	f.Add([]byte(`{"content":[{"RESPONSE_CODE":"1`))
	d := newClient(f, "http://localhost")
	asked := event.PersonIdentity{NIK: "3204100101909001", Name: "HERMAWAN CONTOH"}
	f.Fuzz(func(t *testing.T, body []byte) {
		got := d.read(asked, judge.Own{}, body)
		if got.outcome == "" || (got.outcome == decided) != (got.result.Verdict != "") || !ledgerCode.MatchString(got.code) {
			t.Errorf("got %+v", got)
		}
		if got.result.Verdict == event.Padan && !strings.Contains(string(body), "Sesuai") {
			t.Error("padan out of nothing")
		}
	})
}

func TestDukcapil_Sent(t *testing.T) {
	t.Parallel()
	d := newClient(t, "http://localhost")
	got := d.sent(event.PersonIdentity{NIK: " 3204100101909001", BirthDate: "1987-03-10", Sex: "P", Name: "A"})
	if got.NIK != "3204100101909001" || got.BirthDate != "10-03-1987" || got.Sex != "Perempuan" {
		t.Errorf("got %+v", got)
	}
	other := newClient(t, "http://localhost", "DUKCAPIL_DATE_FORMAT=2006-01-02")
	if got := other.sent(event.PersonIdentity{BirthDate: "1987-03-10"}); got.BirthDate != "1987-03-10" {
		t.Errorf("got %s in the other format", got.BirthDate)
	}
	if got := d.sent(event.PersonIdentity{BirthDate: "1987-13-10", Sex: "X"}); got.BirthDate != "" || got.Sex != "" {
		t.Errorf("got %+v, want what cannot be said left out", got)
	}
}

func TestDukcapil_Unreachable(t *testing.T) {
	t.Parallel()
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	if got := newClient(t, closed.URL).verify(t.Context(), member(1), judge.Own{}); got.outcome != noNetwork {
		t.Errorf("closed port: got %s, want network", got.outcome)
	}
	tls := httptest.NewTLSServer(http.NotFoundHandler()) // a certificate nobody vouches for
	t.Cleanup(tls.Close)
	if got := newClient(t, tls.URL).verify(t.Context(), member(1), judge.Own{}); got.outcome != noNetwork {
		t.Errorf("unknown certificate: got %s, want network", got.outcome)
	}
	away := httptest.NewServer(http.RedirectHandler("http://localhost/login", http.StatusFound))
	t.Cleanup(away.Close)
	if got := newClient(t, away.URL).verify(t.Context(), member(1), judge.Own{}); got.outcome != badStatus {
		t.Errorf("redirect: got %s, want status: identities are not sent elsewhere", got.outcome)
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	for header, want := range map[string]time.Duration{"": 0, "7": 7 * time.Second, "-7": 0, "soon": 0, "99999999": time.Hour,
		"Sat, 31 Jan 2026 12:00:30 GMT": 30 * time.Second, "Sat, 31 Jan 2026 11:00:00 GMT": 0} {
		if got := retryAfter(header, now); got != want {
			t.Errorf("%q: got %v, want %v", header, got, want)
		}
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	for name, env := range map[string]map[string]string{
		"Missing":     {},
		"Concurrency": {"DATABASE_URL": "x", "DUKCAPIL_URL": "x", "DUKCAPIL_CONCURRENCY": "0"},
		"Timeout":     {"DATABASE_URL": "x", "DUKCAPIL_URL": "x", "DUKCAPIL_TIMEOUT": "-1s"},
		"RulesFile":   {"DATABASE_URL": "x", "DUKCAPIL_URL": "x", "MATCH_RULES_FILE": "/nonexistent"},
		"Password":    {"DATABASE_URL": "x", "DUKCAPIL_URL": "x", "DUKCAPIL_PASSWORD_FILE": "/nonexistent"},
	} {
		if _, _, err := load(func(key string) string { return env[key] }); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
	if _, err := newDukcapil(config{URL: "nowhere"}, judge.Standard()); err == nil {
		t.Error("an address without host: got no error")
	}
}
