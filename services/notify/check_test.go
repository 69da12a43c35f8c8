package main

import (
	"testing"

	"dtks/pkg/testkit"
)

// Planted: a delivery that ended unpublished, and one that nobody sends or lists.
func TestCheck_FindsWhatIsPlanted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, true, "registry")
	w.owners["registry"].Emit(t, newReturned())
	w.delivered(t, sent)
	found := func() (n int) {
		err := check(t.Context(), w.db, func(invariant, text string) {
			if invariant != "I7" {
				t.Errorf("got %s %s, want I7", invariant, text)
			}
			n++
		})
		if err != nil {
			t.Fatalf("checking: %v", err)
		}
		return n
	}
	if n := found(); n != 0 {
		t.Fatalf("got %d violations on sound data, want 0", n)
	}
	db := testkit.DB(t, migrations) // no service runs here that would mend it
	w.db = db
	const row = `INSERT INTO delivery (delivery_id, event_id, rule, channel, recipient, area, subject, body, state, attempts, code,
		next_at, created_at, claimed_at, ended_at) VALUES (gen_random_uuid(), gen_random_uuid(), 'r', 'email', 'm', '00', '', '', `
	for n, planted := range []string{
		row + `'sent', 1, '', now(), now(), NULL, now())`,
		row + `'sending', 1, '', now(), now(), now() - interval '3 minutes', NULL)`,
	} {
		if _, err := db.Exec(t.Context(), planted); err != nil {
			t.Fatalf("planting: %v", err)
		}
		if got := found(); got != n+1 {
			t.Errorf("got %d violations, want %d", got, n+1)
		}
	}
}
