package pgdev

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// childDir tells the test binary to be the process that a test kills.
const childDir = "PGDEV_TEST_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		c, err := Start(context.Background(), Options{Dir: dir, Unsafe: true})
		if err != nil {
			panic(err)
		}
		fmt.Println(c.URL(Superuser))
		select {}
	}
	os.Exit(m.Run())
}

func newDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "pgdev-test-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil { // t.TempDir is closed to other users
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "pg")
}

func mustStart(t *testing.T, o Options) *Cluster {
	t.Helper()
	c, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func mustExec(t *testing.T, address, sql string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	var out string
	if err := conn.QueryRow(t.Context(), sql).Scan(&out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestCluster_KeepsDataAndIsDurable(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	c := mustStart(t, Options{Dir: dir, Port: 5999})
	for _, setting := range []string{"fsync", "full_page_writes", "synchronous_commit", "data_checksums"} {
		if got := mustExec(t, c.URL(Superuser), "SHOW "+setting); got != "on" {
			t.Errorf("%s: got %q, want on", setting, got)
		}
	}
	conn, err := pgx.Connect(t.Context(), c.URL(Superuser))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), "CREATE TABLE kept AS SELECT 'yes'::text AS value"); err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.Stop(); err != nil {
		t.Fatal(err)
	}
	again := mustStart(t, Options{Dir: dir, Port: 5999})
	if got := mustExec(t, again.URL(Superuser), "SELECT value FROM kept"); got != "yes" {
		t.Errorf("got %q, want yes", got)
	}
}

func TestCluster_OtherRolesNeedTheirPassword(t *testing.T) {
	t.Parallel()
	c := mustStart(t, Options{Dir: newDir(t), Unsafe: true})
	conn, err := pgx.Connect(t.Context(), c.URL(Superuser))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), "CREATE ROLE sample LOGIN PASSWORD 'right'"); err != nil {
		t.Fatal(err)
	}
	right := c.URLFor(url.UserPassword("sample", "right"), Superuser)
	if got := mustExec(t, right, "SELECT current_user::text"); got != "sample" {
		t.Errorf("got %q, want sample", got)
	}
	for _, wrong := range []*url.Userinfo{url.User("sample"), url.UserPassword("sample", "wrong")} {
		if conn, err := pgx.Connect(t.Context(), c.URLFor(wrong, Superuser)); err == nil {
			conn.Close(t.Context())
			t.Errorf("connected without the password")
		}
	}
}

func TestCluster_LongFolder(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(filepath.Dir(newDir(t)), strings.Repeat("long", 30), "pg")
	c := mustStart(t, Options{Dir: dir, Unsafe: true})
	t.Cleanup(func() { os.RemoveAll(c.Socket) })
	if c.Socket == c.Dir || len(c.Socket) > maxSocket {
		t.Errorf("socket folder %q does not fit", c.Socket)
	}
}

// Killed with SIGKILL, a process leaves no server behind that the next one could not clear.
func TestStart_AfterKill(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childDir+"="+dir)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 1)); err != nil { // it prints once the server answers
		t.Fatal(err)
	}
	pid := running(t.Context(), filepath.Join(dir, "cluster"))
	if pid == 0 {
		t.Fatal("no server runs before the kill")
	}
	if err := child.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait()
	c := mustStart(t, Options{Dir: dir, Unsafe: true})
	if c.PID() == pid {
		t.Errorf("the old server still runs")
	}
}

func TestStart_Refuses(t *testing.T) {
	t.Parallel()
	t.Run("ErrInUse", func(t *testing.T) {
		t.Parallel()
		dir := newDir(t)
		mustStart(t, Options{Dir: dir, Unsafe: true})
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		if c, err := Start(ctx, Options{Dir: dir, Unsafe: true}); err == nil {
			_ = c.Stop()
			t.Error("two servers on one folder")
		}
	})
	t.Run("ErrOtherVersion", func(t *testing.T) {
		t.Parallel()
		dir := newDir(t)
		c := mustStart(t, Options{Dir: dir, Unsafe: true})
		if err := c.Stop(); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "cluster", "PG_VERSION"), []byte("9\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Start(t.Context(), Options{Dir: dir, Unsafe: true})
		if err == nil || !strings.Contains(err.Error(), "was made by PostgreSQL 9") {
			t.Errorf("got %v, want it to name the version", err)
		}
	})
	t.Run("ErrNotOurs", func(t *testing.T) {
		t.Parallel()
		dir := newDir(t)
		if err := os.Mkdir(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		if _, err := Start(t.Context(), Options{Dir: dir, Unsafe: true}); err == nil || !strings.Contains(err.Error(), "mode 0700") {
			t.Errorf("got %v, want it to ask for mode 0700", err)
		}
	})
	t.Run("ErrNoPrograms", func(t *testing.T) {
		t.Parallel()
		_, err := Start(t.Context(), Options{Dir: newDir(t), Bin: t.TempDir()})
		if err == nil || !strings.Contains(err.Error(), "holds no program initdb") {
			t.Errorf("got %v, want it to name initdb", err)
		}
	})
}

func TestUnpack(t *testing.T) {
	t.Parallel()
	write := func(t *testing.T, names ...string) string {
		t.Helper()
		var raw bytes.Buffer
		zipped := gzip.NewWriter(&raw)
		out := tar.NewWriter(zipped)
		for _, name := range names {
			content := []byte(`[{"source":"native/lib/x.so.1","target":"native/lib/x.so"}]`)
			if err := out.WriteHeader(&tar.Header{Name: name, Size: int64(len(content)), Mode: 0o600}); err != nil {
				t.Fatal(err)
			}
			if _, err := out.Write(content); err != nil {
				t.Fatal(err)
			}
		}
		if err := out.Close(); err != nil {
			t.Fatal(err)
		}
		if err := zipped.Close(); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "x.tgz")
		if err := os.WriteFile(path, raw.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	t.Run("OK", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		archive := write(t, "package/native/bin/postgres", "package/native/lib/x.so.1", "package/native/pg-symlinks.json")
		if err := unpack(archive, dir); err != nil {
			t.Fatal(err)
		}
		if err := link(filepath.Join(dir, "package")); err != nil {
			t.Fatal(err)
		}
		if got, err := os.Readlink(filepath.Join(dir, "package/native/lib/x.so")); err != nil || got != "x.so.1" {
			t.Errorf("got %q, %v, want x.so.1", got, err)
		}
		if info, err := os.Stat(filepath.Join(dir, "package/native/bin/postgres")); err != nil || info.Mode().Perm() != 0o755 {
			t.Errorf("postgres is not executable: %v, %v", info, err)
		}
	})
	t.Run("ErrOutside", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		if err := unpack(write(t, "../outside"), dir); err == nil {
			t.Error("a path out of the folder was accepted")
		}
		if _, err := os.Stat(filepath.Join(dir, "..", "outside")); err == nil {
			t.Error("a file was written outside of the folder")
		}
	})
}
