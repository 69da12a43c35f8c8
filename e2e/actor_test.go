package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"dtks/pkg/event"
)

// call sends one request as a sample person and returns status and body.
func (w *world) call(t *testing.T, method, service, path, account string, body any, header ...string) (int, []byte) {
	t.Helper()
	status, raw, err := w.try(method, service, path, account, body, header...)
	if err != nil {
		t.Fatal(err)
	}
	return status, raw
}

func (w *world) try(method, service, path, account string, body any, header ...string) (int, []byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	token, err := w.Token(ctx, account)
	if err != nil {
		return 0, nil, err
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return 0, nil, err
	}
	if text, ok := body.(string); ok {
		raw = []byte(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, w.URL(service)+path, bytes.NewReader(raw))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	return resp.StatusCode, answer, err
}

// insist repeats a request with the same Idempotency-Key until it is answered: what a client does when a service dies.
func (w *world) insist(t *testing.T, service, path, account string, body any) []byte {
	t.Helper()
	key := uuid.NewString()
	var answer []byte
	eventually(t, service+path+" answered", time.Minute, func() bool {
		status, raw, err := w.try(http.MethodPost, service, path, account, body, "Idempotency-Key", key)
		answer = raw
		if err == nil && status >= 400 && status < 500 && status != http.StatusTooManyRequests {
			t.Fatalf("%s%s answers %d: %s", service, path, status, raw)
		}
		return err == nil && status < 300
	})
	return answer
}

// family is one proposal on its way.
type family struct {
	ProposalID string `json:"proposal_id"`
	FamilyID   string `json:"family_id"`
	Version    int64  `json:"version"`
	Persons    []struct {
		PersonID string `json:"person_id"`
	} `json:"persons"`
}

// input is a poor family of one woman of 40 in village area, whom the synthetic simulator finds under her NIK.
func input(area string) map[string]any {
	n := serial.Add(1)
	return map[string]any{
		"kind": "usulan", "source": "e2e", "source_id": fmt.Sprintf("e2e-%d-%s", n, uuid.NewString()[:8]), "area": area,
		"kk": fmt.Sprintf("%s01012090%02d", digits(area)[:6], n%100), "address": "JL. CONTOH NO. 1",
		"survey": map[string]any{"instrument": "REGSOSEK2022.K", "answers": poor()},
		"members": []map[string]any{{
			"member_id": "1", "nik": nik(area, n), "name": "SITI CONTOH", "birth_place": "CONTOH",
			"birth_date": "1986-03-10", "sex": "P", "mother": "AMINAH CONTOH", "relation": 1, "marital": 4, "school": 3, "work": 0,
			"pregnant": true,
		}},
	}
}

// nik is well-formed and synthetic: serial 9000-9999, a day and a month that vary with n.
func nik(area string, n int64) string {
	return fmt.Sprintf("%s%02d%02d86%04d", digits(area)[:6], 41+n%28, 1+n/28%12, 9000+n%1000)
}

func digits(code string) string {
	var out []byte
	for i := range len(code) {
		if code[i] != '.' {
			out = append(out, code[i])
		}
	}
	return string(out)
}

// propose enters a family and fails the test unless it is taken.
func (w *world) propose(t *testing.T, in map[string]any) family {
	t.Helper()
	var f family
	decode(t, w.insist(t, "registry", "/v1/proposals", "operator1.00", in), &f)
	return f
}

// sendBack has the verifier return a proposal.
func (w *world) sendBack(t *testing.T, f family) {
	t.Helper()
	var waiting []waitingCase
	eventually(t, "case of "+f.ProposalID, 60*time.Second, func() bool {
		waiting = w.cases(t, "opened", f.ProposalID)
		return len(waiting) == 1
	})
	w.insist(t, "verification", "/v1/cases/"+waiting[0].CaseID+"/decisions", "verifier1.00",
		map[string]any{"decision": "return", "proposal_version": waiting[0].ProposalVersion, "reason_code": "incomplete"})
}

// decide takes a proposal's case through verifier and approver, after all verdicts are there.
func (w *world) decide(t *testing.T, f family) {
	t.Helper()
	for _, step := range []struct{ status, decision, account string }{
		{"opened", "verify", "verifier1.00"}, {"verified", "approve", "approver1.00"},
	} {
		var waiting []waitingCase
		eventually(t, "case "+step.status+" of "+f.ProposalID, 60*time.Second, func() bool {
			waiting = w.cases(t, step.status, f.ProposalID)
			return len(waiting) == 1 && waiting[0].Pending == 0
		})
		w.insist(t, "verification", "/v1/cases/"+waiting[0].CaseID+"/decisions", step.account,
			map[string]any{"decision": step.decision, "proposal_version": waiting[0].ProposalVersion})
	}
}

type waitingCase struct {
	CaseID          string `json:"case_id"`
	ProposalVersion int64  `json:"proposal_version"`
	Pending         int    `json:"verdicts_pending"`
	Status          string `json:"status"`
}

// cases lists the cases of a proposal in a state; none while the service is away.
func (w *world) cases(t *testing.T, status, proposal string) []waitingCase {
	t.Helper()
	code, raw, err := w.try(http.MethodGet, "verification", "/v1/cases?status="+status+"&proposal_id="+proposal, "verifier1.00", nil)
	if err != nil || code != http.StatusOK {
		return nil
	}
	var page struct {
		Items []waitingCase `json:"items"`
	}
	decode(t, raw, &page)
	var out []waitingCase
	for _, c := range page.Items {
		if c.Status == status {
			out = append(out, c)
		}
	}
	return out
}

// complete takes a new family from entry to its decision.
func (w *world) complete(t *testing.T, in map[string]any) family {
	t.Helper()
	f := w.propose(t, in)
	w.decide(t, f)
	return f
}

// entitlement is the newest entitlement event of a family for a programme, version 0 while there is none.
func (w *world) entitlement(t *testing.T, programme, familyID string) (event.Envelope, event.EntitlementChanged) {
	t.Helper()
	var data event.EntitlementChanged
	env := w.newest(t, "eligibility", string(event.TypeEntitlementChanged)+"."+programme+".*.*."+familyID)
	if env.Version > 0 {
		decode(t, env.Data, &data)
	}
	return env, data
}

// newest reads the last event on subjects that match a filter; zero where there is none.
func (w *world) newest(t *testing.T, owner, filter string) event.Envelope {
	t.Helper()
	var newest event.Envelope
	stream, err := w.js.Stream(t.Context(), event.StreamOf(owner))
	if err == nil {
		var msg *jetstream.RawStreamMsg
		if msg, err = stream.GetLastMsgForSubject(t.Context(), filter); err == nil {
			decode(t, msg.Data, &newest)
		}
	}
	if err != nil && !errors.Is(err, jetstream.ErrMsgNotFound) && !away(err) {
		t.Fatal(err)
	}
	return newest
}

// away reports whether the broker was only not there at the moment, as after a kill.
func away(err error) bool {
	return errors.Is(err, nats.ErrTimeout) || errors.Is(err, nats.ErrNoResponders) || errors.Is(err, nats.ErrDisconnected) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, nats.ErrConnectionReconnecting) || errors.Is(err, jetstream.ErrJetStreamNotEnabled)
}

// events reads every event on subjects that match a filter, in stream order.
func (w *world) events(t *testing.T, owner, filter string) []event.Envelope {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	stream := event.StreamOf(owner)
	consumer, err := w.js.CreateConsumer(ctx, stream, jetstream.ConsumerConfig{FilterSubject: filter, AckPolicy: jetstream.AckNonePolicy})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.js.DeleteConsumer(context.WithoutCancel(ctx), stream, consumer.CachedInfo().Name) }()
	var out []event.Envelope
	for want := int(consumer.CachedInfo().NumPending); len(out) < want; {
		batch, err := consumer.FetchNoWait(500)
		if err != nil {
			t.Fatal(err)
		}
		for msg := range batch.Messages() {
			var env event.Envelope
			decode(t, msg.Data(), &env)
			out = append(out, env)
		}
		if ctx.Err() != nil {
			t.Fatalf("read %d of %d events of %s", len(out), want, filter)
		}
	}
	return out
}

func decode(t *testing.T, raw []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatalf("%v in %.300s", err, raw)
	}
}
