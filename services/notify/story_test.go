package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"dtks/pkg/bus"
	"dtks/pkg/event"
	"dtks/pkg/outbox"
	"dtks/pkg/testkit"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
)

func newCase(id string, status event.CaseStatus) outbox.Draft {
	return outbox.Draft{Type: event.TypeCaseUpdated, Area: event.AreaOf(village), ID: id, Data: event.CaseUpdated{
		ProposalID: newID(), ProposalVersion: 1, FamilyID: newID(), Kind: event.Usulan, Status: status, Area: village,
		Proposer: newID(), OpenedAt: at}}
}

func TestNotification_FollowsTheCase(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false, "verification")
	verifier, approver := w.person(t, "32.04", "verifier"), w.person(t, "32.04.10", "approver")
	list := func(token, query string) []notificationView {
		return must[notifications](t, w, token, "GET", "/v1/notifications"+query, nil).Items
	}
	id := newID()
	w.owners["verification"].Emit(t, newCase(id, event.CaseOpened))
	testkit.Eventually(t, "a notification for the verifier", func() bool { return len(list(verifier, "")) == 1 })
	got := list(verifier, "")[0]
	if got.Rule != "case-to-verify" || !strings.Contains(got.Text.ID, id) || got.Link != "/cases/"+id || got.Done || got.Read {
		t.Errorf("got %+v, want an open, unread case-to-verify with its link", got)
	}
	if !strings.Contains(got.Text.EN, "Bandung") {
		t.Errorf("got text %q, want the area's name", got.Text.EN)
	}
	for name, token := range map[string]string{"approver": approver, "neighbour": w.person(t, "32.05", "verifier"), "other village": w.person(t, "32.04.10.2002", "verifier")} {
		if n := len(list(token, "")); n != 0 {
			t.Errorf("%s: got %d notifications, want 0", name, n)
		}
		if status, _ := w.do(t, token, "POST", "/v1/notifications/"+got.ID+"/read", struct{}{}); status != http.StatusNotFound {
			t.Errorf("%s marks it read: got %d, want 404", name, status)
		}
	}
	if status, body := w.do(t, verifier, "POST", "/v1/notifications/"+got.ID+"/read", struct{}{}); status != http.StatusNoContent {
		t.Fatalf("marking read: got %d %s, want 204", status, body)
	}
	if !list(verifier, "")[0].Read || list(w.person(t, "00", "verifier"), "")[0].Read {
		t.Error("reading is each person's own")
	}

	w.owners["verification"].Emit(t, newCase(id, event.CaseVerified))
	testkit.Eventually(t, "a notification for the approver", func() bool { return len(list(approver, "")) == 1 })
	if n := len(list(verifier, "")); n != 0 {
		t.Errorf("got %d for the verifier after the decision, want 0", n)
	}
	if all := list(verifier, "?state=all"); len(all) != 1 || !all[0].Done {
		t.Errorf("got %+v, want one that is done", all)
	}
	w.owners["verification"].Emit(t, newCase(id, event.CaseApproved))
	testkit.Eventually(t, "the approver has nothing left", func() bool { return len(list(approver, "")) == 0 })
	if got := w.broker.Quiet(t, "notify.>", 300*time.Millisecond); len(got) != 0 {
		t.Errorf("got %d events, want 0: nothing left the system", len(got))
	}
}

func TestMail_SentOnceAndPublished(t *testing.T) {
	t.Parallel()
	w := newWorld(t, true, "registry")
	d := newReturned()
	recorded := w.owners["registry"].Emit(t, d)
	w.delivered(t, sent)
	got := w.mail.got()
	if len(got) != 1 {
		t.Fatalf("got %d messages, want 1", len(got))
	}
	for _, want := range []string{"To: <operator-3204@petugas.example>", d.ID, "berkas_kurang", "Auto-Submitted: auto-generated"} {
		if !strings.Contains(strings.ReplaceAll(got[0], "=\r\n", ""), want) {
			t.Errorf("the message lacks %q:\n%s", want, got[0])
		}
	}
	e := w.broker.Events(t, "notify.delivery.updated.v1.email.32.04.*", 1)[0].Envelope
	var said event.DeliveryUpdated
	if err := json.Unmarshal(e.Data, &said); err != nil {
		t.Fatalf("decoding an event: %v", err)
	}
	if said.State != sent || said.Channel != email || said.EventID != recorded[0].ID || e.Cause != recorded[0].ID {
		t.Errorf("got %+v caused by %s, want sent for %s", said, e.Cause, recorded[0].ID)
	}
	w.redeliver(t, "registry")
	if got := w.mail.got(); len(got) != 1 {
		t.Errorf("got %d messages after redelivery, want 1", len(got))
	}
	if got := w.broker.Quiet(t, "notify.>", 300*time.Millisecond); len(got) != 1 {
		t.Errorf("got %d events after redelivery, want 1", len(got))
	}
}

// redeliver hands the service every event of a stream again, and forgets that it saw them: only the intents' own
// uniqueness is left to keep things single.
func (w *world) redeliver(t *testing.T, owner string) {
	t.Helper()
	stream := event.StreamOf(owner)
	if _, err := w.db.Exec(t.Context(), `DELETE FROM applied`); err != nil {
		t.Fatalf("forgetting what was applied: %v", err)
	}
	if err := w.broker.JS.DeleteConsumer(t.Context(), stream, name); err != nil {
		t.Fatalf("deleting the durable: %v", err)
	}
	if _, err := w.broker.JS.CreateConsumer(t.Context(), stream, bus.ConsumerConfig(name, bus.Filters(name, owner))); err != nil {
		t.Fatalf("making the durable: %v", err)
	}
	testkit.Eventually(t, "the redelivered events", func() bool {
		c, err := w.broker.JS.Consumer(t.Context(), stream, name)
		if err != nil {
			return false
		}
		info, err := c.Info(t.Context())
		return err == nil && info.NumPending == 0 && info.NumAckPending == 0
	})
}

// What an SMTP server may do, and what that makes of the delivery. A retry is due later, never at once.
func TestMail_Outcomes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, command, answer string
		state, code           string
		arrived               int
	}{
		{"taken", "", "", sent, "smtp_250", 1},
		{"busy before the text", "RCPT", "451 later", pending, "smtp_451", 0},
		{"no such mailbox", "RCPT", "550 unknown", failed, "smtp_550", 0},
		{"sender refused", "MAIL", "553 no", failed, "smtp_553", 0},
		{"gone before the text", "DATA", "drop", pending, "no_answer", 0},
		{"busy after the text", "END", "452 full", pending, "smtp_452", 0},
		{"text refused", "END", "554 spam", failed, "smtp_554", 0},
		{"taken, but the answer is lost", "END", "drop", unknown, "no_answer", 1},
		{"taken, gone before the reset", "RSET", "drop", sent, "smtp_250", 1},
		{"greeting refused", "EHLO", "drop", pending, "not_reached", 0},
	}
	mail := map[string]*smtpServer{}
	for _, tt := range tests {
		mail[tt.name] = newSMTP(t)
		mail[tt.name].on(tt.command, tt.answer)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m, err := newMailer(config{SMTPAddr: mail[tt.name].addr, MailFrom: "dtks@dtks.example"})
			if err != nil {
				t.Fatalf("the mailer: %v", err)
			}
			got := m.send(t.Context(), delivery{ID: newID(), Recipient: "operator-3204@petugas.example", Subject: "x", Body: "x", CreatedAt: at})
			if diff := cmp.Diff(outcome{tt.state, tt.code}, got); diff != "" {
				t.Errorf("outcome (-want +got):\n%s", diff)
			}
			if n := len(mail[tt.name].got()); n != tt.arrived {
				t.Errorf("got %d messages, want %d", n, tt.arrived)
			}
		})
	}
	t.Run("nobody listens", func(t *testing.T) {
		t.Parallel()
		m, err := newMailer(config{SMTPAddr: "127.0.0.1:1", MailFrom: "dtks@dtks.example"})
		if err != nil {
			t.Fatalf("the mailer: %v", err)
		}
		if got := m.send(t.Context(), delivery{ID: newID(), Recipient: "a@petugas.example", CreatedAt: at}); got != (outcome{pending, "not_reached"}) {
			t.Errorf("got %v, want pending, not_reached", got)
		}
	})
}

func TestDelivery_UnknownIsForAPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t, true, "registry")
	ops := w.person(t, "00", "ops")
	w.mail.on("END", "drop")
	w.owners["registry"].Emit(t, newReturned())
	w.delivered(t, unknown)
	open := must[deliveries](t, w, ops, "GET", "/v1/deliveries", nil).Items
	if len(open) != 1 || open[0].Code != "no_answer" {
		t.Fatalf("got %+v, want one unknown delivery", open)
	}
	time.Sleep(2 * idle)
	if n := len(w.mail.got()); n != 1 {
		t.Errorf("got %d messages, want 1: an unknown one is not sent again by itself", n)
	}
	path := "/v1/deliveries/" + open[0].ID + "/resolve"
	if status, _ := w.do(t, w.person(t, "32.04", "operator"), "POST", path, map[string]string{"resolution": "sent"}); status != http.StatusForbidden {
		t.Errorf("an operator resolves: got %d, want 403", status)
	}
	w.mail.on("END", "")
	must[deliveryView](t, w, ops, "POST", path, map[string]string{"resolution": "resend"})
	w.delivered(t, sent)
	if status, _ := w.do(t, ops, "POST", path, map[string]string{"resolution": "resend"}); status != http.StatusConflict {
		t.Errorf("resolving a sent one: got %d, want 409", status)
	}
	if n := len(w.mail.got()); n != 2 {
		t.Errorf("got %d messages after resending, want 2", n)
	}
	var states []string
	for _, e := range w.broker.Events(t, "notify.>", 2) {
		var d event.DeliveryUpdated
		if err := json.Unmarshal(e.Envelope.Data, &d); err != nil {
			t.Fatalf("decoding an event: %v", err)
		}
		states = append(states, d.State)
	}
	if diff := cmp.Diff([]string{unknown, sent}, states); diff != "" {
		t.Errorf("published (-want +got):\n%s", diff)
	}
}

// A sender that died with a delivery in hand: after the lease it is a question, and nothing goes out again.
func TestSender_DiedInBetween(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false, "registry")
	w.owners["registry"].Emit(t, newReturned())
	w.delivered(t, pending)
	err := pgx.BeginFunc(t.Context(), w.db, func(tx pgx.Tx) error {
		claimed, err := w.service.store.claim(t.Context(), tx, email, 8)
		if len(claimed) != 1 {
			t.Errorf("claimed %d, want 1", len(claimed))
		}
		return err
	})
	if err != nil {
		t.Fatalf("claiming: %v", err)
	}
	if err := w.sender.sweep(t.Context()); err != nil {
		t.Fatalf("sweeping: %v", err)
	}
	if state, _ := w.state(t); state != sending {
		t.Errorf("got %s within the lease, want sending", state)
	}
	if _, err := w.db.Exec(t.Context(), `UPDATE delivery SET claimed_at = claimed_at - interval '61 seconds'`); err != nil {
		t.Fatalf("ageing the claim: %v", err)
	}
	testkit.Run(t, w.sender.part())
	if code := w.delivered(t, unknown); code != "sender_lost" {
		t.Errorf("got code %s, want sender_lost", code)
	}
	w.broker.Events(t, "notify.delivery.updated.v1.email.>", 1)
	if n := len(w.mail.got()); n != 0 {
		t.Errorf("got %d messages, want 0", n)
	}
}

func TestSender_TriesAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, true, "registry")
	w.mail.on("RCPT", "451 later")
	w.owners["registry"].Emit(t, newReturned())
	testkit.Eventually(t, "a first attempt", func() bool { _, code := w.state(t); return code == "smtp_451" })
	w.mail.on("RCPT", "")
	if _, err := w.db.Exec(t.Context(), `UPDATE delivery SET next_at = now()`); err != nil {
		t.Fatalf("making it due: %v", err)
	}
	w.delivered(t, sent)
	if n := len(w.mail.got()); n != 1 {
		t.Errorf("got %d messages, want 1", n)
	}
}
