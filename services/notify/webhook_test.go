package main

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"dtks/pkg/event"
	"dtks/pkg/outbox"

	"github.com/google/go-cmp/cmp"
)

// receiver is a subscriber's system: it keeps what arrived and answers as it is told.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	got    []*http.Request
	bodies []string
	answer http.HandlerFunc
}

func newReceiver(t *testing.T, answer http.HandlerFunc) *receiver {
	t.Helper()
	r := &receiver{answer: answer}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		r.mu.Lock()
		r.got, r.bodies = append(r.got, req), append(r.bodies, string(body))
		r.mu.Unlock()
		r.answer(w, req)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.got)
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func newEntitlement(area string) outbox.Draft {
	return outbox.Draft{Type: event.TypeEntitlementChanged, Filter: "pkh", Area: event.AreaOf(area), ID: newID(),
		Data: event.EntitlementChanged{Programme: "pkh", Outcome: event.Entitled, Area: area, Release: "r", RuleSet: "v1", Model: "m", DecidedOn: "2026-03-02"},
		Seal: map[event.Class]any{event.Survey: event.EntitlementBasis{Decile: 1, Reasons: []string{"x"}}}}
}

func TestWebhook_SignedAndOpenPartOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t, true, "eligibility")
	ops := w.person(t, "00", "ops")
	r := newReceiver(t, status(http.StatusNoContent))
	body := map[string]any{"url": r.URL + "/hook", "events": []string{string(event.TypeEntitlementChanged)}, "filter": "pkh", "area": "32.04"}
	made := must[hookView](t, w, ops, "PUT", "/v1/webhooks/pkh-bandung", body)
	if !strings.HasPrefix(made.Secret, "whsec_") {
		t.Fatalf("got secret %q, want whsec_…", made.Secret)
	}
	if again := must[hookView](t, w, ops, "PUT", "/v1/webhooks/pkh-bandung", body); again.Secret != "" {
		t.Error("the secret is shown again")
	}
	d := newEntitlement(village)
	w.owners["eligibility"].Emit(t, d, newEntitlement("33.74.01.1001"))
	if code := w.delivered(t, sent); code != "http_204" {
		t.Errorf("got code %s, want http_204", code)
	}
	if n := r.count(); n != 1 {
		t.Fatalf("got %d calls, want 1: the other area is not subscribed", n)
	}
	req, payload := r.got[0], r.bodies[0]
	secret, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(made.Secret, "whsec_"))
	if err != nil {
		t.Fatalf("decoding the secret: %v", err)
	}
	stamp, err := strconv.ParseInt(req.Header.Get("Webhook-Timestamp"), 10, 64)
	if err != nil || time.Since(time.Unix(stamp, 0)) > time.Minute {
		t.Errorf("got timestamp %q, want now", req.Header.Get("Webhook-Timestamp"))
	}
	if got, want := req.Header.Get("Webhook-Signature"), sign(secret, req.Header.Get("Webhook-Id"), time.Unix(stamp, 0), payload); got != want {
		t.Errorf("got signature %s, want %s", got, want)
	}
	var said struct {
		Type event.Type     `json:"type"`
		ID   string         `json:"id"`
		Data map[string]any `json:"data"`
	}
	if err := json.Unmarshal([]byte(payload), &said); err != nil {
		t.Fatalf("decoding the call: %v", err)
	}
	if said.Type != event.TypeEntitlementChanged || said.ID != d.ID || said.Data["outcome"] != "entitled" || said.Data["sealed"] != nil {
		t.Errorf("got %s, want the open part of the event and nothing sealed", payload)
	}
	w.redeliver(t, "eligibility")
	if n := r.count(); n != 1 {
		t.Errorf("got %d calls after redelivery, want 1", n)
	}
}

// What a receiver may do, and what that makes of the call.
func TestWebhook_Outcomes(t *testing.T) {
	t.Parallel()
	elsewhere := newReceiver(t, status(http.StatusOK))
	tests := []struct {
		name   string
		answer http.HandlerFunc
		want   outcome
	}{
		{"taken", status(200), outcome{sent, "http_200"}},
		{"not now", status(503), outcome{pending, "http_503"}},
		{"slow down", status(429), outcome{pending, "http_429"}},
		{"refused", status(400), outcome{failed, "http_400"}},
		{"gone", status(410), outcome{failed, "http_410"}},
		{"gateway lost it", status(504), outcome{unknown, "http_504"}},
		{"redirect", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
		}, outcome{failed, "http_307"}},
		{"breaks off", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, outcome{unknown, "no_answer"}},
		{"never answers", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, outcome{unknown, "no_answer"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newReceiver(t, tt.answer)
			got := newHooks(true, time.Now).call(t.Context(), subscription{URL: r.URL, Secret: make([]byte, 32)}, delivery{ID: newID(), Body: "{}"})
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("outcome (-want +got):\n%s", diff)
			}
			if n := r.count(); n != 1 {
				t.Errorf("got %d calls, want 1", n)
			}
		})
	}
	t.Run("nobody listens", func(t *testing.T) {
		t.Parallel()
		got := newHooks(true, time.Now).call(t.Context(), subscription{URL: "http://127.0.0.1:1/"}, delivery{ID: newID()})
		if got != (outcome{pending, "not_reached"}) {
			t.Errorf("got %v, want pending, not_reached", got)
		}
	})
	t.Run("a name that leads inside", func(t *testing.T) {
		t.Parallel()
		// Whatever a name resolves to, the guard sees the address that is dialled.
		res, err := newHooks(false, time.Now).client.Get(elsewhere.URL)
		if err == nil {
			res.Body.Close()
		}
		if !errors.Is(err, errInside) {
			t.Errorf("got %v, want a refusal to dial", err)
		}
	})
	if n := elsewhere.count(); n != 0 {
		t.Errorf("a redirect was followed %d times", n)
	}
}

func TestWebhook_Rights(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false)
	body := map[string]any{"url": "https://hook.example/x", "events": []string{string(event.TypeEntitlementChanged)}}
	for _, tt := range []struct {
		name, token string
		change      map[string]any
		want        int
	}{
		{"verifier", w.person(t, "32.04", "verifier"), nil, 403},
		{"ops of one province, nation", w.person(t, "32", "ops"), nil, 403},
		{"ops of one province, its regency", w.person(t, "32", "ops"), map[string]any{"area": "32.04"}, 201},
		{"inside address", w.person(t, "00", "ops"), map[string]any{"url": "https://169.254.169.254/latest"}, 422},
		{"event without calls", w.person(t, "00", "ops"), map[string]any{"events": []string{"registry.proposal.updated.v1"}}, 422},
	} {
		b := map[string]any{}
		for _, m := range []map[string]any{body, tt.change} {
			for k, v := range m {
				b[k] = v
			}
		}
		if got, answer := w.do(t, tt.token, "PUT", "/v1/webhooks/x-"+strconv.Itoa(tt.want), b); got != tt.want {
			t.Errorf("%s: got %d %s, want %d", tt.name, got, answer, tt.want)
		}
	}
}

// A subscription belongs to the area it is of: whoever has another one can neither take it over nor learn of it.
func TestWebhook_OtherArea(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false)
	jabar, jateng := w.person(t, "32", "ops"), w.person(t, "33", "ops")
	const path = "/v1/webhooks/pkh-bandung"
	body := func(url, area string) map[string]any {
		return map[string]any{"url": url, "events": []string{string(event.TypeEntitlementChanged)}, "area": area}
	}
	must[hookView](t, w, jabar, "PUT", path, body("https://jabar.example/x", "32.04"))
	for _, tt := range []struct {
		name, token, method string
		want                int
	}{
		{"put", jateng, "PUT", 404},
		{"get", jateng, "GET", 404},
		{"delete", jateng, "DELETE", 404},
		{"get without the right", w.person(t, "32", "verifier"), "GET", 403},
	} {
		if got, answer := w.do(t, tt.token, tt.method, path, body("https://jateng.example/x", "33.74")); got != tt.want {
			t.Errorf("%s: got %d %s, want %d", tt.name, got, answer, tt.want)
		}
	}
	if got := must[hookView](t, w, jabar, "GET", path, nil); got.URL != "https://jabar.example/x" || got.Area != "32.04" {
		t.Errorf("got %s in %s, want the subscription as its owner left it", got.URL, got.Area)
	}
	// Its owner may change it, and somebody over both areas may move it.
	if got := must[hookView](t, w, jabar, "PUT", path, body("https://jabar.example/y", "32.04")); got.Secret != "" {
		t.Error("a change shows the secret")
	}
	must[hookView](t, w, w.person(t, "00", "ops"), "PUT", path, body("https://jateng.example/x", "33.74"))
	if got, answer := w.do(t, jabar, "GET", path, nil); got != 404 {
		t.Errorf("got %d %s for the former owner, want 404", got, answer)
	}
	if got, answer := w.do(t, jateng, "DELETE", path, nil); got != 204 {
		t.Errorf("got %d %s for the new owner, want 204", got, answer)
	}
}
