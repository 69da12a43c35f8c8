// Package pg opens a service's PostgreSQL database: pool, start-up assertions, migrations; and runs transactions.
package pg

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed backbone/*.sql
var backbone embed.FS

// Open connects to url, refuses a database that may lose what it confirmed, and applies the backbone's migrations and
// then those in the folder migrations of service (nil = none). Several replicas may start at once.
func Open(ctx context.Context, url string, service fs.FS) (*pgxpool.Pool, error) {
	pool, err := Connect(ctx, url)
	if err != nil {
		return nil, err
	}
	if !AllowUnsafe {
		if err := assertDurable(ctx, pool); err != nil {
			pool.Close()
			return nil, err
		}
	}
	if err := Migrate(ctx, pool, service); err != nil {
		pool.Close()
		return nil, err
	}
	return pool, nil
}

// Connect opens a pool and waits until the database answers, at most 30 s.
func Connect(ctx context.Context, url string) (*pgxpool.Pool, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, errors.New("DATABASE_URL cannot be read") // the parser's text may hold the password
	}
	cfg.MaxConns = max(cfg.MaxConns, 12)
	cfg.ConnConfig.RuntimeParams["application_name"] = "dtks"
	cfg.ConnConfig.RuntimeParams["idle_in_transaction_session_timeout"] = "60s"
	cfg.ConnConfig.RuntimeParams["timezone"] = "UTC"
	cfg.ConnConfig.RuntimeParams["jit"] = "off" // short statements: compiling costs more than it saves
	// A statement's plan is kept for as long as its connection lives. Made while the tables were small, it would read all
	// of them, batch after batch, when they have grown: reach rows through indexes from the start.
	cfg.ConnConfig.RuntimeParams["enable_seqscan"] = "off"
	// And plan once: with arrays for parameters PostgreSQL would often plan anew for each execution, which costs more
	// than executing (docs/decisions/0009 has the measurement).
	cfg.ConnConfig.RuntimeParams["plan_cache_mode"] = "force_generic_plan"
	cfg.AfterConnect = func(_ context.Context, conn *pgx.Conn) error {
		registerUUID(conn.TypeMap())
		return nil
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("opening the pool: %w", err)
	}
	deadline := time.Now().Add(30 * time.Second)
	for {
		if err = pool.Ping(ctx); err == nil {
			return pool, nil
		}
		if time.Now().After(deadline) || ctx.Err() != nil {
			pool.Close()
			return nil, fmt.Errorf("reaching the database: %w", err)
		}
		time.Sleep(200 * time.Millisecond)
	}
}

// assertDurable refuses settings under which a committed transaction can be lost (docs/architecture.md 4.9). Test
// clusters say so with the build-time variable AllowUnsafe.
func assertDurable(ctx context.Context, pool *pgxpool.Pool) error {
	for _, name := range []string{"fsync", "full_page_writes", "synchronous_commit"} {
		var value string
		if err := pool.QueryRow(ctx, "SELECT current_setting($1)", name).Scan(&value); err != nil {
			return fmt.Errorf("reading %s: %w", name, err)
		}
		if value == "off" {
			return fmt.Errorf("the database runs with %s = off and may lose confirmed data; switch it on", name)
		}
	}
	return nil
}

// AllowUnsafe lets Open accept a cluster without fsync. Only package testkit sets it, at start.
var AllowUnsafe bool

// Migrate applies the backbone's and the service's migrations under a lock that one replica holds at a time.
func Migrate(ctx context.Context, pool *pgxpool.Pool, service fs.FS) error {
	sub, err := fs.Sub(backbone, "backbone")
	if err != nil {
		return err
	}
	if err := migrate(ctx, pool, sub, "backbone_migrations", 47001); err != nil {
		return fmt.Errorf("migrating the backbone: %w", err)
	}
	if _, err := pool.Exec(ctx, `SELECT event_partition(now()), event_partition(now() + interval '1 month')`); err != nil {
		return fmt.Errorf("making event partitions: %w", err)
	}
	if service == nil {
		return nil
	}
	if sub, err = fs.Sub(service, "migrations"); err != nil {
		return err
	}
	if err := migrate(ctx, pool, sub, "schema_migrations", 47002); err != nil {
		return fmt.Errorf("migrating: %w", err)
	}
	return nil
}

func migrate(ctx context.Context, pool *pgxpool.Pool, files fs.FS, table string, lockID int64) error {
	db := stdlib.OpenDBFromPool(pool)
	defer db.Close()
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockID(lockID), lock.WithLockTimeout(1, 120))
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files,
		goose.WithSessionLocker(locker), goose.WithTableName(table), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	pending, err := provider.HasPending(ctx)
	if err == nil && !pending {
		return nil // a warm start needs no lock
	}
	_, err = provider.Up(ctx)
	return err
}

// InTx runs do in one transaction and commits. Serialization failures and deadlocks are tried again, five times.
func InTx(ctx context.Context, pool *pgxpool.Pool, do func(tx pgx.Tx) error) error {
	for try := 1; ; try++ {
		err := pgx.BeginFunc(ctx, pool, do)
		var pgErr *pgconn.PgError
		again := errors.As(err, &pgErr) && (pgErr.Code == "40001" || pgErr.Code == "40P01")
		if !again || try == 5 {
			return err
		}
		time.Sleep(time.Duration(rand.IntN(10*try)+1) * time.Millisecond)
	}
}

// Down reports whether err says that the database cannot be reached or is not taking work: trying the same again
// later is right, and nothing is known about one statement in particular.
func Down(err error) bool {
	var connErr *pgconn.ConnectError
	if errors.As(err, &connErr) {
		return true
	}
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) {
		switch pgErr.Code {
		case "57014": // one statement was cancelled or took too long
			return false
		case "25006": // a standby, or a primary that was demoted
			return true
		}
		return slices.Contains([]string{"08", "53", "57", "58"}, pgErr.Code[:min(2, len(pgErr.Code))])
	}
	var netErr net.Error
	return errors.As(err, &netErr) || pgconn.SafeToRetry(err) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, context.DeadlineExceeded) || isClosed(err)
}

func isClosed(err error) bool {
	return err != nil && (err.Error() == "conn closed" || errors.Is(err, pgx.ErrTxClosed) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF))
}

// Constraint is the name of the constraint that err violated, "" where there is none.
func Constraint(err error) string {
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) {
		return pgErr.ConstraintName
	}
	return ""
}

// Safe describes err for logs without any value from a row: PostgreSQL repeats values in some messages.
func Safe(err error) string {
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) {
		return fmt.Sprintf("SQLSTATE %s table %q column %q constraint %q routine %s",
			pgErr.Code, pgErr.TableName, pgErr.ColumnName, pgErr.ConstraintName, pgErr.Routine)
	}
	return err.Error()
}
