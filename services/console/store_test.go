package main

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"dtks/pkg/fault"
	"dtks/pkg/pg"
	"dtks/pkg/testkit"
)

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func mustSnapshot(t *testing.T, db *pgxpool.Pool, area string, now time.Time) *snapshot {
	t.Helper()
	snap, err := (&store{db}).snapshot(t.Context(), area, now)
	if err != nil {
		t.Fatal(err)
	}
	return snap
}

func TestRecord_CountsFollowTheAggregate(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t, migrations)
	now := time.Now().Truncate(time.Millisecond)
	id := newID()
	opened := mark{Noun: nounCase, Filter: "usulan", ID: id, Area: "32.04", State: "opened", Version: 1, At: now.Add(-time.Minute)}
	moved := mark{Noun: nounCase, Filter: "usulan", ID: id, Area: "33.74", State: "verified", Version: 3, At: now.Add(-30 * time.Second)}
	put(t, db, []mark{opened, moved, opened, moved}, now) // the older and the same again change nothing

	key := func(state string) countKey { return countKey{nounCase, "usulan", state} }
	for area, want := range map[string]counts{
		"00": {key("verified"): 1}, "32": {}, "32.04": {}, "33": {key("verified"): 1}, "33.74": {key("verified"): 1}, "91": {},
	} {
		if diff := cmp.Diff(want, mustSnapshot(t, db, area, now).Counts); diff != "" {
			t.Errorf("counts of %s (-want +got):\n%s", area, diff)
		}
	}
	snap := mustSnapshot(t, db, "00", now)
	if got := snap.Volume.total(nounCase); got != 3 { // three versions are three events, also where one was skipped
		t.Errorf("got %d events, want 3", got)
	}
}

func TestRecord_Durations(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t, migrations)
	now := time.Now()
	at := now.Add(-5 * time.Minute)
	cause, origin := at.Add(-200*time.Millisecond), at.Add(-8*time.Second)
	kase, fam, old := newID(), newID(), newID()
	put(t, db, []mark{
		{Noun: nounCase, ID: kase, Area: "32.04", State: "opened", Version: 1, At: at, Stage: stageOpened, Cause: &cause},
		{Noun: nounFamily, ID: fam, Area: "32.04", State: "active", Version: 1, At: at, Stage: stageFamily, Cause: &cause, Origin: &origin},
		{Noun: nounFamily, ID: old, Area: "32.04", State: "active", Version: 1, At: now.Add(-2 * time.Hour), Stage: stageFamily, Cause: &cause},
	}, now)
	put(t, db, []mark{
		{Noun: nounCase, ID: kase, Area: "32.04", State: "verified", Version: 2, At: at.Add(3 * time.Second), Stage: stageVerified},
		{Noun: nounEntitlement, Filter: "pkh", ID: fam, Area: "32.04", State: "entitled", Version: 1, At: at, Stage: stageDecision, Cause: &cause},
	}, now)
	lapses := mustSnapshot(t, db, "32.04", now).Lapses
	for stage, want := range map[string]time.Duration{
		stageOpened: 200 * time.Millisecond, stageVerified: 3 * time.Second, stageFamily: 200 * time.Millisecond,
		stageDecision: 200 * time.Millisecond, stageWhole: 8 * time.Second,
	} {
		got := lapses[stage]
		if off := float64(got.P50-want) / float64(want); got.N != 1 || off > 0.06 || off < -0.06 {
			t.Errorf("%s: got %d of about %v, want 1 of %v", stage, got.N, got.P50, want)
		}
	}
	if other := mustSnapshot(t, db, "33.74", now).Lapses; len(other) != 0 {
		t.Errorf("another regency has %v, want nothing", other)
	}
}

func TestRecord_ErrID(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t, migrations)
	err := pg.InTx(t.Context(), db, func(tx pgx.Tx) error {
		return record(t.Context(), tx, []mark{{Noun: nounCase, ID: "no-uuid", Area: "00", State: "opened", Version: 1, At: time.Now()}}, time.Now())
	})
	if fault.KindOf(err) != fault.Invalid {
		t.Errorf("got %v, want an invalid fault: the message can never be applied", err)
	}
}

func TestStore_Prune(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t, migrations)
	now := time.Now()
	cause := now.Add(-time.Second)
	put(t, db, []mark{{Noun: nounCase, ID: newID(), Area: "32.04", State: "opened", Version: 1, At: now, Stage: stageOpened, Cause: &cause}}, now)
	s := &store{db}
	rows := func() (n int) {
		if err := db.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM volume) + (SELECT count(*) FROM lapse)`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if err := s.prune(t.Context(), now); err != nil || rows() != 6 {
		t.Errorf("within the hour: %v, %d rows, want 6", err, rows())
	}
	if err := s.prune(t.Context(), now.Add(2*time.Hour)); err != nil || rows() != 0 {
		t.Errorf("past the hour: %v, %d rows, want 0", err, rows())
	}
	if got := mustSnapshot(t, db, "00", now).Counts.of(nounCase); got != 1 {
		t.Errorf("counts after pruning: got %d, want 1", got)
	}
}

func TestSessions(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t, migrations)
	s := &sessions{db}
	now := time.Now()
	secret, err := s.open(t.Context(), "the token", now, now.Add(48*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if token, err := s.token(t.Context(), secret, now); err != nil || token != "the token" {
		t.Errorf("got %q, %v; want the token", token, err)
	}
	var leaked bool
	if err := db.QueryRow(t.Context(), `SELECT sealed::text LIKE '%' || encode('the token', 'hex') || '%' FROM session`).Scan(&leaked); err != nil || leaked {
		t.Errorf("the table holds the token in the clear: %v, %v", leaked, err)
	}
	for _, wrong := range []string{"", "x", secret[:42] + "!", newID()} {
		if _, err := s.token(t.Context(), wrong, now); !errors.Is(err, errNoSession) {
			t.Errorf("secret %q: got %v, want no session", wrong, err)
		}
	}
	if _, err := s.token(t.Context(), secret, now.Add(sessionMax+time.Second)); !errors.Is(err, errNoSession) {
		t.Errorf("past its end: got %v, want no session", err)
	}
	if err := s.end(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	if _, err := s.token(t.Context(), secret, now); !errors.Is(err, errNoSession) {
		t.Errorf("after its end: got %v, want no session", err)
	}
}
