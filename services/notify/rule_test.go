package main

import (
	"encoding/base64"
	"net/netip"
	"strings"
	"testing"
	"time"

	"dtks/pkg/event"
	"dtks/pkg/testkit"

	"github.com/google/go-cmp/cmp"
)

var at = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func TestLayers(t *testing.T) {
	t.Parallel()
	allowed := map[string][]string{}
	for path, files := range testkit.House {
		allowed[path] = files
	}
	// The sender is where effects leave the system: it claims and records in transactions of its own.
	for _, path := range []string{"github.com/jackc/pgx/...", "dtks/pkg/outbox"} {
		allowed[path] = append([]string{"sender.go"}, allowed[path]...)
	}
	testkit.Layers(t, allowed)
}

func TestRules_BuiltIn(t *testing.T) {
	t.Parallel()
	rules, err := parseRules(builtInRules)
	if err != nil {
		t.Fatalf("the built-in rules: %v", err)
	}
	hooked := map[event.Type]bool{}
	for _, r := range rules {
		if r.Channels[0] == webhook {
			hooked[r.Event] = true
		}
	}
	if !hooked[event.TypeEntitlementChanged] {
		t.Error("programme systems cannot subscribe to entitlements")
	}
}

func TestRules_Parse(t *testing.T) {
	t.Parallel()
	const good = `{"id":"a","event":"verification.case.updated.v1","roles":["verifier"],"channels":["inapp"],
		"title":{"id":"x","en":"x"},"text":{"id":"x","en":"x"}}`
	tests := []struct{ name, text, want string }{
		{"OK", good, ""},
		{"no JSON", `{`, "reading the notification rules"},
		{"unknown event", strings.Replace(good, "case.updated", "case.closed", 1), "event type"},
		{"a field that could hold a name", strings.Replace(good, `"text":{"id":"x"`, `"text":{"id":"{name}"`, 1), "unknown field name"},
		{"condition on nothing known", strings.Replace(good, `"roles"`, `"when":{"nik":["1"]},"roles"`, 1), "unknown field nik"},
		{"unknown channel", strings.Replace(good, `"inapp"`, `"pigeon"`, 1), "unknown channel pigeon"},
		{"no English", strings.Replace(good, `"text":{"id":"x","en":"x"}`, `"text":{"id":"x","en":""}`, 1), "both languages"},
		{"same id twice", good + "," + good, "used twice"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := parseRules([]byte("[" + tt.text + "]"))
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestRule_Matches(t *testing.T) {
	t.Parallel()
	r := rule{Event: event.TypeCaseUpdated, When: map[string][]string{"status": {"opened", "verified"}, "kind": {"usulan"}}}
	o := occurrence{Type: event.TypeCaseUpdated, Fields: map[string]string{"status": "opened", "kind": "usulan"}}
	if !r.matches(o) {
		t.Error("got no match, want one")
	}
	for field, value := range map[string]string{"status": "approved", "kind": "pindah"} {
		other := o
		other.Fields = map[string]string{"status": "opened", "kind": "usulan", field: value}
		if r.matches(other) {
			t.Errorf("%s %s: got a match, want none", field, value)
		}
	}
	o.Type = event.TypeProposalUpdated
	if r.matches(o) {
		t.Error("another event: got a match, want none")
	}
}

func TestFill(t *testing.T) {
	t.Parallel()
	fields := map[string]string{"id": "c-1", "area_name": "Contoh"}
	if got, want := fill("{id} di {area_name}: {reason_code} {", fields), "c-1 di Contoh: - {"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestDelivery_Settle(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		attempts int
		o        outcome
		state    string
		next     time.Duration
	}{
		{"OK", 1, outcome{sent, "smtp_250"}, sent, 0},
		{"first retry", 1, outcome{pending, "not_reached"}, pending, 5 * time.Second},
		{"third retry", 3, outcome{pending, "not_reached"}, pending, 20 * time.Second},
		{"long outage", 40, outcome{pending, "not_reached"}, pending, 15 * time.Minute},
		{"given up", maxAttempts, outcome{pending, "not_reached"}, failed, 0},
		{"may have arrived", 1, outcome{unknown, "no_answer"}, unknown, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d, next := settle(delivery{Attempts: tt.attempts}, tt.o, at)
			if d.State != tt.state || next.Sub(at) != tt.next || (d.EndedAt == nil) != (tt.state == pending) {
				t.Errorf("got %s after %v, ended %v; want %s after %v", d.State, next.Sub(at), d.EndedAt, tt.state, tt.next)
			}
		})
	}
}

func TestMailbox(t *testing.T) {
	t.Parallel()
	for area, want := range map[string]string{"32.04.10.2001": "operator-3204@petugas.example", "00": "operator-0000@petugas.example"} {
		if got := mailbox("{role}-{area}@petugas.example", "operator", area); got != want {
			t.Errorf("%s: got %s, want %s", area, got, want)
		}
	}
}

// A worked example that implementations of Standard Webhooks share.
func TestSign(t *testing.T) {
	t.Parallel()
	const text = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	secret, err := base64.StdEncoding.DecodeString(text)
	if err != nil || secretText(secret) != "whsec_"+text {
		t.Fatalf("got secret %s (%v), want whsec_%s", secretText(secret), err, text)
	}
	got := sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), `{"test": 2432232314}`)
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestSubscription_Wants(t *testing.T) {
	t.Parallel()
	s := subscription{Events: []string{string(event.TypeEntitlementChanged)}, Filter: "pkh", Area: "32.04", Active: true}
	o := occurrence{Type: event.TypeEntitlementChanged, Filter: "pkh", Area: "32.04.10.2001"}
	if !s.wants(o) {
		t.Error("got no, want yes")
	}
	for name, change := range map[string]func(*subscription, *occurrence){
		"other programme": func(_ *subscription, o *occurrence) { o.Filter = "sembako" },
		"other regency":   func(_ *subscription, o *occurrence) { o.Area = "32.05.10.2001" },
		"similar regency": func(_ *subscription, o *occurrence) { o.Area = "32.040.10" },
		"other event":     func(_ *subscription, o *occurrence) { o.Type = event.TypeCaseUpdated },
		"switched off":    func(s *subscription, _ *occurrence) { s.Active = false },
	} {
		s, o := s, o
		change(&s, &o)
		if s.wants(o) {
			t.Errorf("%s: got yes, want no", name)
		}
	}
}

func TestHooks_Reachable(t *testing.T) {
	t.Parallel()
	strict, local := newHooks(false, time.Now), newHooks(true, time.Now)
	for addr, want := range map[string]bool{
		"8.8.8.8": true, "2606:4700::1111": true,
		"127.0.0.1": false, "10.0.0.1": false, "172.16.0.1": false, "192.168.1.1": false, "169.254.169.254": false,
		"100.64.0.1": false, "0.0.0.0": false, "224.0.0.1": false, "255.255.255.255": false, "::1": false, "fe80::1": false,
		"fd00::1": false, "64:ff9b::a00:1": false, "2002:a00:1::": false, "198.18.0.1": false, "240.0.0.1": false,
	} {
		if got := strict.reachable(netip.MustParseAddr(addr)); got != want {
			t.Errorf("%s: got %v, want %v", addr, got, want)
		}
	}
	if !local.reachable(netip.MustParseAddr("127.0.0.1")) || local.reachable(netip.MustParseAddr("10.0.0.1")) {
		t.Error("the local stack may reach this machine, and nothing else inside")
	}
	got := map[string]string{}
	for _, u := range []string{"https://hook.example/x", "http://hook.example/x", "http://127.0.0.1:9/x", "https://10.0.0.1/", "https://a:b@hook.example/", "ftp://x", "https://[::ffff:127.0.0.1]/", "https://localhost/"} {
		if f := strict.checkURL(u); f != nil {
			got[u] = f.Details[0].Code
		}
	}
	want := map[string]string{"http://hook.example/x": "url_scheme", "http://127.0.0.1:9/x": "url_scheme",
		"https://10.0.0.1/": "url_not_public", "https://a:b@hook.example/": "url_credentials", "ftp://x": "url_scheme",
		"https://[::ffff:127.0.0.1]/": "url_not_public", "https://localhost/": "url_not_public"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("refused (-want +got):\n%s", diff)
	}
	if f := local.checkURL("http://127.0.0.1:9/x"); f != nil {
		t.Errorf("got %v for this machine in the local stack, want none", f)
	}
}
