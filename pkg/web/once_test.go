package web_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"dtks/pkg/fault"
	"dtks/pkg/testkit"
	"dtks/pkg/web"
)

var effects = fstest.MapFS{"migrations/0001_effect.sql": {
	Data: []byte("-- +goose Up\nCREATE TABLE effect (id bigint GENERATED ALWAYS AS IDENTITY);\n"),
}}

func write(ctx context.Context) func(pgx.Tx) (int, []byte, error) {
	return func(tx pgx.Tx) (int, []byte, error) {
		var id int64
		err := tx.QueryRow(ctx, "INSERT INTO effect DEFAULT VALUES RETURNING id").Scan(&id)
		return 201, fmt.Appendf(nil, `{"id":%d}`, id), err
	}
}

func countEffects(t *testing.T, db *pgxpool.Pool) int {
	t.Helper()
	var n int
	if err := db.QueryRow(t.Context(), "SELECT count(*) FROM effect").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func key(name, body string) web.OnceKey {
	return web.OnceKey{Principal: "a-1", Route: "POST /v1/x", Key: name, BodyHash: web.HashBody([]byte(body))}
}

// A hundred requests with one key at once: one effect, one answer.
func TestOnce_Concurrent(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t, effects)
	var wg sync.WaitGroup
	var mu sync.Mutex
	answers, fresh := map[string]int{}, 0
	for range 100 {
		wg.Go(func() {
			status, body, replayed, err := web.Once(t.Context(), db, key("k", "body"), write(t.Context()))
			mu.Lock()
			defer mu.Unlock()
			if err != nil || status != 201 {
				t.Errorf("got %d, %v, want 201", status, err)
			}
			answers[string(body)]++
			if !replayed {
				fresh++
			}
		})
	}
	wg.Wait()
	if len(answers) != 1 || fresh != 1 || countEffects(t, db) != 1 {
		t.Errorf("got answers %v, %d fresh, %d effects, want one of each", answers, fresh, countEffects(t, db))
	}
}

func TestOnce(t *testing.T) {
	t.Parallel()
	t.Run("OtherBodyIsConflict", func(t *testing.T) {
		t.Parallel()
		db := testkit.DB(t, effects)
		if _, _, _, err := web.Once(t.Context(), db, key("k", "one"), write(t.Context())); err != nil {
			t.Fatal(err)
		}
		_, _, _, err := web.Once(t.Context(), db, key("k", "two"), write(t.Context()))
		if fault.KindOf(err) != fault.Conflict || countEffects(t, db) != 1 {
			t.Errorf("got %v and %d effects, want conflict and 1", err, countEffects(t, db))
		}
	})
	t.Run("OtherPrincipalOrRouteIsAnother", func(t *testing.T) {
		t.Parallel()
		db := testkit.DB(t, effects)
		other, route := key("k", "body"), key("k", "body")
		other.Principal, route.Route = "a-2", "POST /v1/y"
		for _, k := range []web.OnceKey{key("k", "body"), other, route} {
			if _, _, replayed, err := web.Once(t.Context(), db, k, write(t.Context())); err != nil || replayed {
				t.Errorf("got replayed %t, %v, want a fresh answer", replayed, err)
			}
		}
	})
	t.Run("RefusalLeavesNothing", func(t *testing.T) {
		t.Parallel()
		db := testkit.DB(t, effects)
		boom := errors.New("boom")
		refuse := func(status int, err error) func(pgx.Tx) (int, []byte, error) {
			return func(tx pgx.Tx) (int, []byte, error) {
				if _, _, err := write(t.Context())(tx); err != nil {
					return 0, nil, err
				}
				return status, []byte("no"), err
			}
		}
		if status, body, _, err := web.Once(t.Context(), db, key("k", "body"), refuse(409, nil)); err != nil || status != 409 || string(body) != "no" {
			t.Errorf("got %d %s %v, want 409 no", status, body, err)
		}
		if _, _, _, err := web.Once(t.Context(), db, key("k", "body"), refuse(0, boom)); !errors.Is(err, boom) {
			t.Errorf("got %v, want boom", err)
		}
		if n := countEffects(t, db); n != 0 {
			t.Errorf("got %d effects of refused requests, want 0", n)
		}
		if _, _, replayed, err := web.Once(t.Context(), db, key("k", "body"), write(t.Context())); err != nil || replayed {
			t.Errorf("after a refusal: got replayed %t, %v, want a fresh answer", replayed, err)
		}
	})
	t.Run("NoKeyIsPlain", func(t *testing.T) {
		t.Parallel()
		db := testkit.DB(t, effects)
		for range 2 {
			if _, _, replayed, err := web.Once(t.Context(), db, key("", "body"), write(t.Context())); err != nil || replayed {
				t.Errorf("got replayed %t, %v", replayed, err)
			}
		}
		if n := countEffects(t, db); n != 2 {
			t.Errorf("got %d effects, want 2", n)
		}
	})
	t.Run("ErrKeyTooLong", func(t *testing.T) {
		t.Parallel()
		_, _, _, err := web.Once(t.Context(), testkit.DB(t, effects), key(string(make([]byte, 256)), "body"), write(t.Context()))
		if fault.KindOf(err) != fault.Invalid {
			t.Errorf("got %v, want invalid", err)
		}
	})
}
