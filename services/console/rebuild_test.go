package main

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgxpool"

	"dtks/pkg/event"
	"dtks/pkg/outbox"
	"dtks/pkg/testkit"
)

func TestRebuild(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t, migrations)
	o, b := newPipeline(t, db)
	o.eligibility.Emit(t, outbox.Draft{Type: event.TypeRankReleased, Area: event.National, ID: "r1",
		Data: event.RankReleased{Model: "pmt-contoh", Cutoffs: []int64{1, 2, 3, 4, 5, 6, 7, 8, 9}, Complete: true, ReleasedAt: time.Now()}})
	o.verification.Emit(t, outbox.Draft{Type: event.TypeCaseUpdated, Area: event.AreaOf(village), ID: "no-uuid", // a dead letter
		Data: event.CaseUpdated{Kind: event.Usulan, Status: event.CaseOpened, Area: village}})
	for range 5 {
		family := o.pass(t)
		o.move(t, family)
	}
	settled := func(db *pgxpool.Pool) bool {
		snap := mustSnapshot(t, db, "33.74", time.Now())
		return snap.Counts.of(nounFamily) == 5 && snap.Counts.of(nounEntitlement, "entitled") == 5 && snap.Release != nil &&
			mustSnapshot(t, db, "00", time.Now()).Counts.of(nounDelivery) == 5 &&
			mustSnapshot(t, db, "00", time.Now()).Counts.of(nounCase, "approved") == 5
	}
	testkit.Eventually(t, "the live read models", func() bool { return settled(db) })

	// The live one, damaged: a rebuild mends it. One that was dropped: a rebuild fills it.
	if _, err := db.Exec(t.Context(), `UPDATE tally SET n = n + 7; DELETE FROM item WHERE noun = 'person'`); err != nil {
		t.Fatal(err)
	}
	if found := recount(t, db); len(found) == 0 {
		t.Fatal("the recount does not see the damage")
	}
	empty := testkit.DB(t, migrations)
	conn := b.Connect(t, "console")
	for name, target := range map[string]*pgxpool.Pool{"damaged": db, "dropped": empty} {
		r := &rebuilding{db: target, conn: conn, now: time.Now}
		events, err := r.run(t.Context())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if want := int64(1 + 1 + 5*10 + 5*4); events != want {
			t.Errorf("%s: folded %d events, want %d", name, events, want)
		}
		if !settled(target) {
			t.Errorf("%s: got %v", name, mustSnapshot(t, target, "00", time.Now()).Counts)
		}
		if found := recount(t, target); len(found) > 0 {
			t.Errorf("%s: after the rebuild %v", name, found)
		}
	}
	for _, area := range []string{"00", "32.04", "33.74"} {
		if diff := cmp.Diff(mustSnapshot(t, db, area, time.Now()).Counts, mustSnapshot(t, empty, area, time.Now()).Counts); diff != "" {
			t.Errorf("counts of %s differ (-live +dropped):\n%s", area, diff)
		}
	}
	o.pass(t) // the live service goes on from where the rebuild left it
	testkit.Eventually(t, "the next family", func() bool {
		return mustSnapshot(t, db, "00", time.Now()).Counts.of(nounDelivery) == 6
	})
	if found := recount(t, db); len(found) > 0 {
		t.Errorf("afterwards %v", found)
	}
}

// recount lists what the check would report.
func recount(t *testing.T, db *pgxpool.Pool) (found []string) {
	t.Helper()
	err := miscounted(context.WithoutCancel(t.Context()), db, func(invariant, text string) { found = append(found, invariant+" "+text) })
	if err != nil {
		t.Fatal(err)
	}
	return found
}
