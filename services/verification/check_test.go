package main

import (
	"strings"
	"testing"
	"time"

	"dtks/pkg/outbox"
	"dtks/pkg/testkit"

	"github.com/jackc/pgx/v5"
)

// Planted: a case whose row went on without an event, and one that lost its event's version.
func TestCheck_FindsWhatIsPlanted(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t, migrations)
	s := &service{store: &store{db}, outbox: outbox.New(name, db, nil), now: time.Now}
	if err := pgx.BeginFunc(t.Context(), db, func(tx pgx.Tx) error { return s.onProposalUpdated(t.Context(), tx, newBatch(3)) }); err != nil {
		t.Fatalf("opening cases: %v", err)
	}
	found := func() (all []string) {
		err := check(t.Context(), db, func(invariant, text string) {
			all = append(all, invariant+" "+text)
		})
		if err != nil {
			t.Fatalf("checking: %v", err)
		}
		return all
	}
	if got := found(); len(got) != 0 {
		t.Fatalf("got %v on sound data, want nothing", got)
	}
	for n, planted := range []string{
		`UPDATE case_file SET version = 2 WHERE case_id = (SELECT min(case_id::text)::uuid FROM case_file)`,
		`UPDATE case_file SET status = 'outdated' WHERE case_id = (SELECT max(case_id::text)::uuid FROM case_file)`,
	} {
		if _, err := db.Exec(t.Context(), planted); err != nil {
			t.Fatalf("planting: %v", err)
		}
		if got := found(); len(got) != n+1 || !strings.HasPrefix(got[0], "I2 case ") {
			t.Errorf("got %v, want %d violations of I2", got, n+1)
		}
	}
}
