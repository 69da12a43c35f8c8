package pg_test

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"dtks/pkg/fault"
	"dtks/pkg/pg"
	"dtks/pkg/pgdev"
	"dtks/pkg/testkit"
)

// A cluster without fsync is refused; one with it is accepted, unless the role commits without waiting.
func TestAssertDurable(t *testing.T) {
	t.Parallel()
	unsafe := testkit.DB(t, nil) // test clusters run without fsync
	if err := pg.AssertDurable(t.Context(), unsafe); err == nil || !strings.Contains(err.Error(), "fsync") {
		t.Errorf("without fsync: got %v", err)
	}
	dir, err := os.MkdirTemp("", "dtks-durable-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	cluster, err := pgdev.Start(t.Context(), pgdev.Options{Dir: dir + "/pg", Bin: os.Getenv("PGDEV_BIN"), Cache: "/var/tmp/dtks-postgres-programs"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cluster.Stop(); err != nil {
			t.Errorf("stopping the cluster: %v", err)
		}
	})
	open := func() *pgxpool.Pool {
		db, err := pg.Connect(t.Context(), cluster.URL(pgdev.Superuser))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(db.Close)
		return db
	}
	durable := open()
	if err := pg.AssertDurable(t.Context(), durable); err != nil {
		t.Fatalf("a durable cluster: %v", err)
	}
	if _, err := durable.Exec(t.Context(), `ALTER ROLE `+pgdev.Superuser+` SET synchronous_commit = off`); err != nil {
		t.Fatal(err)
	}
	if err := pg.AssertDurable(t.Context(), open()); err == nil || !strings.Contains(err.Error(), "synchronous_commit") {
		t.Errorf("a role that does not wait for its commits: got %v", err)
	}
}

// Two transactions that cannot be put in an order are both done in the end, each once.
func TestInTx_RetriesSerializationFailure(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t, fstest.MapFS{"migrations/0001_n.sql": {Data: []byte("-- +goose Up\nCREATE TABLE n (v int);\n")}})
	var read sync.WaitGroup
	read.Add(2)
	errs := make(chan error, 2)
	tries := make([]int, 2)
	for i := range 2 {
		go func() {
			errs <- pg.InTx(t.Context(), db, func(tx pgx.Tx) error {
				tries[i]++
				if _, err := tx.Exec(t.Context(), `SET TRANSACTION ISOLATION LEVEL SERIALIZABLE`); err != nil {
					return err
				}
				var n int
				if err := tx.QueryRow(t.Context(), `SELECT count(*) FROM n`).Scan(&n); err != nil {
					return err
				}
				if tries[i] == 1 { // both have read before either writes
					read.Done()
					read.Wait()
				}
				_, err := tx.Exec(t.Context(), `INSERT INTO n VALUES ($1)`, n)
				return err
			})
		}()
	}
	for range 2 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	var got string
	if err := db.QueryRow(t.Context(), `SELECT string_agg(v::text, ' ' ORDER BY v) FROM n`).Scan(&got); err != nil {
		t.Fatal(err)
	}
	if got != "0 1" || tries[0]+tries[1] != 3 {
		t.Errorf("rows %q after %v tries, want 0 1 after three in all", got, tries)
	}
}

func TestInTx_GivesUp(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t, nil)
	for _, tt := range []struct {
		name  string
		err   error
		tries int
	}{
		{"Deadlock", fmt.Errorf("wrapped: %w", &pgconn.PgError{Code: "40P01"}), 5},
		{"InAFault", fault.New(fault.Internal, "x", "x", "x").Because(&pgconn.PgError{Code: "40001"}), 5},
		{"Other", &pgconn.PgError{Code: "23505"}, 1},
	} {
		tries := 0
		err := pg.InTx(t.Context(), db, func(pgx.Tx) error { tries++; return tt.err })
		if !errors.Is(err, tt.err) || tries != tt.tries {
			t.Errorf("%s: %d tries, %v; want %d", tt.name, tries, err, tt.tries)
		}
	}
}

func TestDown(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		err  error
		down bool
	}{
		{"Nil", nil, false},
		{"AdminShutdown", &pgconn.PgError{Code: "57P01"}, true},
		{"TooManyConnections", fmt.Errorf("x: %w", &pgconn.PgError{Code: "53300"}), true},
		{"DiskFull", &pgconn.PgError{Code: "53100"}, true},
		{"ReadOnly", &pgconn.PgError{Code: "25006"}, true},
		{"StatementCancelled", &pgconn.PgError{Code: "57014"}, false},
		{"Unique", &pgconn.PgError{Code: "23505"}, false},
		{"Deadlock", &pgconn.PgError{Code: "40P01"}, false},
		{"NoCode", &pgconn.PgError{}, false},
		{"Broken", io.ErrUnexpectedEOF, true},
		{"Fault", fault.New(fault.Invalid, "x", "x", "x"), false},
		{"Plain", errors.New("plain"), false},
	} {
		if got := pg.Down(tt.err); got != tt.down {
			t.Errorf("%s: got %t", tt.name, got)
		}
	}
}

// The errors that a real database gives when a session is cut and when nobody is there.
func TestDown_Real(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t, nil)
	err := pgx.BeginFunc(t.Context(), db, func(tx pgx.Tx) error {
		var pid int
		if err := tx.QueryRow(t.Context(), `SELECT pg_backend_pid()`).Scan(&pid); err != nil {
			return err
		}
		if _, err := db.Exec(t.Context(), `SELECT pg_terminate_backend($1, 5000)`, pid); err != nil {
			return err
		}
		_, err := tx.Exec(t.Context(), `SELECT 1`)
		return err
	})
	if err == nil || !pg.Down(err) {
		t.Errorf("a cut session: %v", err)
	}
	config := db.Config().ConnConfig.Copy()
	config.Host = t.TempDir()
	if _, err = pgx.ConnectConfig(t.Context(), config); err == nil || !pg.Down(err) {
		t.Errorf("nobody there: %v", err)
	}
	config = db.Config().ConnConfig.Copy()
	config.Password = "wrong"
	if conn, err := pgx.ConnectConfig(t.Context(), config); err == nil {
		_ = conn.Close(t.Context()) // the socket may trust everybody
	} else if !pg.Down(err) {
		t.Errorf("a wrong password: %v", err)
	}
	_, err = db.Exec(t.Context(), `SELECT 1/0`)
	if err == nil || pg.Down(err) {
		t.Errorf("an ordinary error: %v", err)
	}
}

// Replicas that start at the same moment on an empty database all come up, and everything is migrated once.
func TestOpen_FiveReplicasOnAnEmptyDatabase(t *testing.T) {
	t.Parallel()
	at, err := url.Parse(testkit.DatabaseURL(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), at.String())
	if err != nil {
		t.Fatal(err)
	}
	// A schema of its own stands for an empty database.
	if _, err := conn.Exec(t.Context(), `CREATE SCHEMA empty`); err != nil {
		t.Fatal(err)
	}
	_ = conn.Close(t.Context())
	query := at.Query()
	query.Set("search_path", "empty")
	at.RawQuery = query.Encode()
	service := fstest.MapFS{"migrations/0001_once.sql": {Data: []byte("-- +goose Up\nCREATE TABLE once (v int);\nINSERT INTO once VALUES (1);\n")}}
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			db, err := pg.Open(t.Context(), at.String(), service)
			if err != nil {
				t.Errorf("a replica did not start: %v", err)
				return
			}
			defer db.Close()
			var n int
			if err := db.QueryRow(t.Context(), `SELECT count(*) FROM empty.once`).Scan(&n); err != nil || n != 1 {
				t.Errorf("%d rows of the migration, %v", n, err)
			}
		})
	}
	wg.Wait()
}
