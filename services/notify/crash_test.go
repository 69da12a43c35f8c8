package main

import (
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"dtks/pkg/pg"
	"dtks/pkg/pgdev"
	"dtks/pkg/testkit"
)

// program is the service as a process of its own, in a build whose failpoints work.
type program struct {
	path string
	env  []string
	url  string
}

func newProgram(t *testing.T, database, smtp string, b *testkit.Broker, keys *testkit.KeyFiles, issuer *testkit.OpenID) *program {
	t.Helper()
	p := &program{path: filepath.Join(t.TempDir(), name)}
	if out, err := exec.Command("go", "build", "-tags", "failpoint", "-o", p.path, ".").CombinedOutput(); err != nil {
		t.Fatalf("building the service: %v\n%s", err, out)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("finding a port: %v", err)
	}
	address := l.Addr().String()
	l.Close()
	p.url = "http://" + address
	env := testkit.Getenv(name, database, b, keys, issuer, map[string]string{"ADDR": address, "SMTP_ADDR": smtp})
	for _, key := range []string{"DATABASE_URL", "ADDR", "NATS_URL", "NATS_NKEY_FILE", "OIDC_ISSUER", "OIDC_AUDIENCE", "SMTP_ADDR"} {
		p.env = append(p.env, key+"="+env(key))
	}
	return p
}

// start runs the program with an environment beyond its own, and returns once it is ready.
func (p *program) start(t *testing.T, more ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(p.path)
	cmd.Env, cmd.Stderr = append(append([]string(nil), p.env...), more...), t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatalf("starting the service: %v", err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	testkit.Eventually(t, "the service is ready", func() bool {
		res, err := http.Get(p.url + "/readyz")
		if err != nil {
			return false
		}
		res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
	return cmd
}

// durable is a cluster of the test's own: a real program refuses the fast and unsafe ones of other tests.
func durable(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "dtks-notify-")
	if err == nil {
		err = os.Chmod(dir, 0o755) // PostgreSQL may have to run as another user
	}
	if err != nil {
		t.Fatalf("making a folder: %v", err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	c, err := pgdev.Start(t.Context(), pgdev.Options{Dir: filepath.Join(dir, "pg"), Bin: os.Getenv("PGDEV_BIN"), Cache: "/var/tmp/dtks-postgres-programs"})
	if err != nil {
		t.Fatalf("tests need PostgreSQL: %v", err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Errorf("stopping PostgreSQL: %v", err)
		}
	})
	return c.URL(pgdev.Superuser)
}

// The service is killed with a delivery in hand, before and after the message went out. Either way the next one lists it
// as unknown, publishes that, and sends nothing by itself; a delivery that is only intended is made as if nothing was.
func TestProgram_KilledWhileSending(t *testing.T) {
	t.Parallel()
	b, keys, issuer, mail := testkit.Bus(t), testkit.Keys(t), testkit.Issuer(t), newSMTP(t)
	url := durable(t)
	p := newProgram(t, url, mail.addr, b, keys, issuer)
	registry := testkit.NewOwner(t, b, keys, "registry")
	db, err := pg.Connect(t.Context(), url)
	if err != nil {
		t.Fatalf("connecting to the database: %v", err)
	}
	t.Cleanup(db.Close)
	count := func(state string) (n int) {
		if err := db.QueryRow(t.Context(), `SELECT count(*) FROM delivery WHERE state = $1`, state).Scan(&n); err != nil {
			return -1
		}
		return n
	}
	armed := t.TempDir()
	arrived := 0
	for i, at := range []string{"notify.before_send", "notify.after_send"} {
		if err := os.WriteFile(filepath.Join(armed, name+"@"+at), []byte("1"), 0o600); err != nil {
			t.Fatalf("arming %s: %v", at, err)
		}
		cmd := p.start(t, "FAILPOINT_DIR="+armed)
		registry.Emit(t, newReturned())
		late := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Signal(syscall.SIGTERM) })
		err := cmd.Wait()
		late.Stop()
		if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
			t.Fatalf("%s: got %v, want the service killed", at, err)
		}
		arrived += i // after_send: the message is out
		if n := count(sending); n != 1 {
			t.Fatalf("%s: got %d deliveries in sending, want 1", at, n)
		}
		if _, err := db.Exec(t.Context(), `UPDATE delivery SET claimed_at = claimed_at - interval '61 seconds' WHERE state = 'sending'`); err != nil {
			t.Fatalf("%s: ageing the claim: %v", at, err)
		}
		cmd = p.start(t)
		testkit.Eventually(t, "the delivery is unknown", func() bool { return count(unknown) == i+1 })
		registry.Emit(t, newReturned()) // life goes on
		arrived++
		testkit.Eventually(t, "the next delivery is sent", func() bool { return count(sent) == i+1 })
		if n := len(mail.got()); n != arrived {
			t.Errorf("%s: got %d messages, want %d", at, n, arrived)
		}
		b.Events(t, "notify.delivery.updated.v1.email.>", 2*(i+1)) // one unknown, one sent
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatalf("%s: stopping: %v", at, err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s: the service ended with %v, want a clean end", at, err)
		}
	}
}
