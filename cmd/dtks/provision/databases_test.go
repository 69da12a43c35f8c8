package provision

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"dtks/pkg/bus"
	"dtks/pkg/pgdev"
)

// newCluster runs a private PostgreSQL and gives its administrator's address.
func newCluster(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "provision-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil { // as root PostgreSQL runs as another user, who must get in
		t.Fatal(err)
	}
	c, err := pgdev.Start(t.Context(), pgdev.Options{Dir: filepath.Join(dir, "pg"), Unsafe: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	return c.URL(pgdev.Superuser)
}

func TestDatabases(t *testing.T) {
	t.Parallel()
	s, admin := newSecrets(t), newCluster(t)
	for range 2 { // the second time must change nothing and not fail
		if err := Databases(t.Context(), s, admin); err != nil {
			t.Fatal(err)
		}
	}
	addresses := map[string]string{}
	for _, service := range bus.Services() {
		b, err := os.ReadFile(s.path(service, "database.url"))
		if err != nil {
			t.Fatal(err)
		}
		addresses[service] = strings.TrimSpace(string(b))
		conn, err := pgx.Connect(t.Context(), addresses[service])
		if err != nil {
			t.Fatalf("%s: %v", service, err)
		}
		if _, err := conn.Exec(t.Context(), "CREATE TABLE own (id int)"); err != nil {
			t.Errorf("%s cannot make its tables: %v", service, err)
		}
		conn.Close(t.Context())
	}
	neighbour := strings.Replace(addresses["notify"], "/dtks_notify", "/dtks_registry", 1)
	if conn, err := pgx.Connect(t.Context(), neighbour); err == nil {
		conn.Close(t.Context())
		t.Error("notify can connect to the database of registry")
	}
}

// An address with a password must not come back in an error.
func TestDatabases_ErrNoServer(t *testing.T) {
	t.Parallel()
	err := Databases(t.Context(), newSecrets(t), "postgres://admin:hunter2@127.0.0.1:1/postgres?connect_timeout=2")
	if err == nil || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "no server there") {
		t.Errorf("got %v, want a sentence without the password", err)
	}
}
