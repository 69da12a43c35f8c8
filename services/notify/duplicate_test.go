package main

import (
	"strings"
	"testing"
	"time"

	"dtks/pkg/event"
	"dtks/pkg/outbox"
	"dtks/pkg/testkit"
)

// A probable duplicate awaits the verifiers of both places, each of the person who lives there, until it is cleared or
// its side is closed. What happens on one side does not end the other's.
func TestNotification_Duplicate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false, "nik-match")
	const elsewhere = "33.74.01.1001"
	pair, first, second := newID(), newID(), newID()
	emit := func(side string, state event.DuplicateState, place string) {
		t.Helper()
		d := event.DuplicateFound{State: state}
		if state != event.DuplicateMoved {
			d.Outcome, d.Model, d.FoundAt = event.Padan, "contoh", at
			d.Persons = []event.DuplicatePerson{{PersonID: first, FamilyID: newID(), Area: village, IdentityVersion: 1},
				{PersonID: second, FamilyID: newID(), Area: elsewhere, IdentityVersion: 1}}
		}
		w.owners["nik-match"].Emit(t, outbox.Draft{Type: event.TypeDuplicateFound, Filter: side, Area: event.AreaOf(place), ID: pair, Data: d,
			Seal: map[event.Class]any{event.Identity: event.DuplicateEvidence{Likelihood: 0.99}}})
	}
	open := func(token string) []notificationView {
		return must[notifications](t, w, token, "GET", "/v1/notifications", nil).Items
	}
	here, there := w.person(t, "32.04", "verifier"), w.person(t, "33.74", "verifier")
	emit(event.First, event.DuplicateNew, village)
	emit(event.Second, event.DuplicateNew, elsewhere)
	testkit.Eventually(t, "one for each place", func() bool { return len(open(here)) == 1 && len(open(there)) == 1 })
	if got := open(here)[0]; got.Rule != "duplicate-to-review" || got.Link != "/persons/"+first || strings.Contains(got.Text.ID, second) {
		t.Errorf("first place: got %+v, want its own person alone", got)
	}
	if got := open(there)[0]; got.Link != "/persons/"+second || strings.Contains(got.Text.EN, first) {
		t.Errorf("second place: got %+v, want its own person alone", got)
	}
	emit(event.First, event.DuplicateChanged, village)
	testkit.Eventually(t, "a new one in place of the old", func() bool {
		return len(must[notifications](t, w, here, "GET", "/v1/notifications?state=all", nil).Items) == 2 && len(open(here)) == 1
	})
	emit(event.Second, event.DuplicateMoved, elsewhere)
	testkit.Eventually(t, "nothing is left in the second place", func() bool { return len(open(there)) == 0 })
	if n := len(open(here)); n != 1 {
		t.Errorf("got %d in the first place, want 1: the pair is still one", n)
	}
	emit(event.First, event.DuplicateCleared, village)
	testkit.Eventually(t, "nothing is left in the first place", func() bool { return len(open(here)) == 0 })
	if got := w.broker.Quiet(t, "notify.>", 100*time.Millisecond); len(got) != 0 {
		t.Errorf("got %d events, want 0: nothing left the system", len(got))
	}
}
