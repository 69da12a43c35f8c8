package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"dtks/pkg/event"
	"dtks/pkg/fault"
	"dtks/pkg/outbox"
	"dtks/pkg/pg"
	"dtks/pkg/testkit"
)

var bandung = event.AreaOf("32.04.10.2001")

// draft is an event of nik-match about a person.
func draft(person string) outbox.Draft {
	return outbox.Draft{Type: event.TypeMatchDecided, Area: bandung, ID: person,
		Data: event.MatchDecided{Area: "32.04.10.2001", Verdict: event.Padan}}
}

func subject(person string) event.Subject {
	return event.Subject{Type: event.TypeMatchDecided, Filter: event.All, Area: bandung, ID: person}
}

func add(t *testing.T, db *pgxpool.Pool, o *outbox.Outbox, drafts ...outbox.Draft) []outbox.Recorded {
	t.Helper()
	var out []outbox.Recorded
	err := pg.InTx(t.Context(), db, func(tx pgx.Tx) (err error) {
		out, err = o.Add(t.Context(), tx, drafts...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func count(t *testing.T, db *pgxpool.Pool, sql string, args ...any) (n int64) {
	t.Helper()
	if err := db.QueryRow(t.Context(), sql, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// Aggregates that are locked in opposite orders must neither deadlock nor get a version twice or not at all. The
// transactions are not repeated here, so that a deadlock shows.
func TestAdd_ConcurrentOppositeOrders(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t, nil)
	o := outbox.New("nik-match", db, nil)
	people := []string{"a", "B", "c-1", "Cé", "d", "e"} // collations and bytes sort them differently
	const rounds, workers = 20, 6
	var wg sync.WaitGroup
	errs := make(chan error, workers)
	for w := range workers {
		mine := slices.Clone(people)
		if w%2 == 1 {
			slices.Reverse(mine)
		}
		wg.Go(func() {
			for range rounds {
				errs <- pgx.BeginFunc(t.Context(), db, func(tx pgx.Tx) error {
					if w < 2 { // some look before they draft
						locks := make([]event.Subject, len(mine))
						for i, p := range mine {
							locks[i] = subject(p)
						}
						if _, err := o.Lock(t.Context(), tx, locks...); err != nil {
							return err
						}
					}
					drafts := make([]outbox.Draft, len(mine))
					for i, p := range mine {
						drafts[i] = draft(p)
					}
					_, err := o.Add(t.Context(), tx, drafts...)
					return err
				})
			}
		})
	}
	go func() { wg.Wait(); close(errs) }()
	for err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
	for _, p := range people {
		history, err := o.History(t.Context(), subject(p))
		if err != nil {
			t.Fatal(err)
		}
		if len(history) != rounds*workers {
			t.Errorf("%s has %d versions, want %d", p, len(history), rounds*workers)
		}
		for i, h := range history {
			if h.Version != int64(i+1) {
				t.Fatalf("%s: version %d at place %d", p, h.Version, i+1)
			}
		}
	}
	// The lane's order is each aggregate's order.
	if n := count(t, db, `
		SELECT count(*)
		FROM (SELECT version - lag(version, 1, 0::bigint) OVER (PARTITION BY aggregate_key ORDER BY seq) AS step FROM event) AS s
		WHERE step <> 1`); n != 0 {
		t.Errorf("%d events are out of order in their lane", n)
	}
}

func TestAdd_ConsecutiveInOneCall(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t, nil)
	o := outbox.New("nik-match", db, nil)
	add(t, db, o, draft("a"))
	got := add(t, db, o, draft("a"), draft("b"), draft("a"))
	var versions []int64
	for _, r := range got {
		versions = append(versions, r.Version)
	}
	if d := cmp.Diff([]int64{2, 1, 3}, versions); d != "" {
		t.Error(d)
	}
	err := pg.InTx(t.Context(), db, func(tx pgx.Tx) error {
		locked, err := o.Lock(t.Context(), tx, subject("b"), subject("none"), subject("a"))
		if d := cmp.Diff([]int64{1, 0, 3}, locked); d != "" {
			t.Error(d)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAdd_RollbackLeavesNothing(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t, nil)
	o := outbox.New("nik-match", db, nil)
	undo := errors.New("undo")
	err := pg.InTx(t.Context(), db, func(tx pgx.Tx) error {
		if _, err := o.Add(t.Context(), tx, draft("a"), draft("a")); err != nil {
			return err
		}
		return undo
	})
	if !errors.Is(err, undo) {
		t.Fatal(err)
	}
	if n := count(t, db, `SELECT (SELECT count(*) FROM event) + (SELECT count(*) FROM aggregate)`); n != 0 {
		t.Errorf("%d rows are left", n)
	}
	if got := add(t, db, o, draft("a")); got[0].Version != 1 {
		t.Errorf("the first version is %d", got[0].Version)
	}
}

func TestAdd_Refuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		draft func() outbox.Draft
		kind  fault.Kind
	}{
		{"TooLarge", func() outbox.Draft {
			d := draft("a")
			d.Data = map[string]string{"text": strings.Repeat("x", 1<<20)}
			return d
		}, fault.Invalid},
		{"OthersType", func() outbox.Draft {
			d := draft("a")
			d.Type = event.TypeCaseUpdated
			return d
		}, fault.Internal},
		{"DotInID", func() outbox.Draft { return draft("a.b") }, fault.Internal},
		{"BlankInID", func() outbox.Draft { return draft("a b") }, fault.Internal},
		{"WildcardInID", func() outbox.Draft { return draft("*") }, fault.Internal},
		{"NoID", func() outbox.Draft { return draft("") }, fault.Internal},
		{"SealWithoutKeys", func() outbox.Draft {
			d := draft("a")
			d.Seal = map[event.Class]any{event.Identity: event.MatchEvidence{}}
			return d
		}, fault.Internal},
	}
	db := testkit.DB(t, nil)
	o := outbox.New("nik-match", db, nil)
	for _, tt := range tests {
		err := pg.InTx(t.Context(), db, func(tx pgx.Tx) error {
			_, err := o.Add(t.Context(), tx, draft("good"), tt.draft())
			return err
		})
		if err == nil || fault.KindOf(err) != tt.kind {
			t.Errorf("%s: got %v, want kind %s", tt.name, err, tt.kind)
		}
	}
	if n := count(t, db, `SELECT count(*) FROM event`); n != 0 {
		t.Errorf("%d events are left", n)
	}
}

// The first sealed events of a process need keys while all of the pool's connections are in transactions.
func TestAdd_KeysWhenThePoolIsExhausted(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t, nil)
	o := outbox.New("nik-match", db, testkit.Keys(t).Open(t, db, "nik-match"))
	n := int(db.Config().MaxConns)
	var begun, done sync.WaitGroup
	begun.Add(n)
	errs := make(chan error, n)
	for i := range n {
		done.Go(func() {
			errs <- pg.InTx(t.Context(), db, func(tx pgx.Tx) error {
				begun.Done()
				begun.Wait()
				d := draft(fmt.Sprint("p", i))
				d.Seal = map[event.Class]any{event.Identity: event.MatchEvidence{Finding: "sesuai"}}
				_, err := o.Add(t.Context(), tx, d)
				return err
			})
		})
	}
	done.Wait()
	for range n {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

// begin starts a transaction that the test ends itself.
func begin(t *testing.T, db *pgxpool.Pool) pgx.Tx {
	t.Helper()
	tx, err := db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tx.Rollback(context.WithoutCancel(t.Context())) })
	return tx
}
