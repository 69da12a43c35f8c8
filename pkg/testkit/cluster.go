// Package testkit gives tests the real parts: a PostgreSQL database per test, a broker with production's streams and
// rights, keys, an OpenID issuer. Only tests import it. What a test needs and the machine lacks makes the test fail;
// nothing is ever skipped.
package testkit

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"dtks/pkg/pg"
	"dtks/pkg/pgdev"
)

// testRole owns every test database. It is no superuser, as services are not, so that privileges and row-level
// security work in tests as they do in production.
const (
	testRole     = "dtks_test"
	testPassword = "dtks_test"
)

// cluster is the private PostgreSQL of this test binary, started when first needed.
type cluster struct {
	*pgdev.Cluster
	admin *pgxpool.Pool

	mu        sync.Mutex
	templates map[string]string // digest of migrations -> template database
	next      int
}

var started struct {
	sync.Once
	cluster *cluster
	err     error
}

func theCluster(t testing.TB) *cluster {
	t.Helper()
	started.Do(func() { started.cluster, started.err = startCluster() })
	if started.err != nil {
		t.Fatalf("tests need PostgreSQL: %v", started.err)
	}
	return started.cluster
}

func startCluster() (*cluster, error) {
	dir, err := os.MkdirTemp("", "dtks-test-")
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(dir, 0o755); err != nil { // PostgreSQL may have to run as another user
		return nil, err
	}
	pg.AllowUnsafe = true
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c, err := pgdev.Start(ctx, pgdev.Options{
		Dir: dir + "/pg", Bin: os.Getenv("PGDEV_BIN"), Cache: "/var/tmp/dtks-postgres-programs", Unsafe: true,
	})
	if err != nil {
		_ = os.RemoveAll(dir)
		return nil, err
	}
	if err := sweep(c.PID(), dir); err != nil {
		return nil, err
	}
	admin, err := pgxpool.New(ctx, c.URL(pgdev.Superuser)+"&pool_max_conns=4")
	if err != nil {
		return nil, err
	}
	_, err = admin.Exec(ctx, "CREATE ROLE "+testRole+" LOGIN PASSWORD '"+testPassword+"'")
	if err != nil {
		return nil, fmt.Errorf("making the test role: %w", err)
	}
	return &cluster{Cluster: c, admin: admin, templates: map[string]string{}}, nil
}

// sweep starts a process that waits for the end of this one (its standard input closes then, however the end came),
// stops the server and removes its folder.
func sweep(pid int, dir string) error {
	const script = `cat >/dev/null
kill -INT "$1" 2>/dev/null
n=0
while kill -0 "$1" 2>/dev/null && [ $n -lt 100 ]; do n=$((n+1)); sleep 0.05; done
rm -rf "$2"`
	ours, err := heldPipe()
	if err != nil {
		return err
	}
	cmd := exec.Command("/bin/sh", "-c", script, "sweep", strconv.Itoa(pid), dir)
	cmd.Stdin = ours
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a terminal's Ctrl-C is for the test, not for this
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting the sweeper: %w", err)
	}
	return ours.Close()
}

// held keeps the write end open for the life of the process; a finalizer would close it.
var held []*os.File

func heldPipe() (*os.File, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	held = append(held, write)
	return read, nil
}

// exec runs one administrative statement.
func (c *cluster) exec(ctx context.Context, sql string) error {
	_, err := c.admin.Exec(ctx, sql, pgx.QueryExecModeSimpleProtocol)
	return err
}
