package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"dtks/cmd/dtks/stack"
	"dtks/pkg/bus"
)

// programs are the folder of the built programs, with failpoints.
var programs string

// shared is the stack that most tests use, one after the other; those that damage streams start their own.
var shared *world

func TestMain(m *testing.M) {
	log.SetFlags(0)
	dir, err := os.MkdirTemp("", "dtks-e2e-")
	if err != nil {
		log.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil { // PostgreSQL may run as another user
		log.Fatal(err)
	}
	programs = filepath.Join(dir, "bin")
	code := 1
	if err := buildPrograms(programs); err != nil {
		log.Println(err)
	} else if shared, err = start(filepath.Join(dir, "shared"), 9700); err != nil {
		log.Println(err)
	} else {
		code = m.Run()
	}
	if shared != nil {
		shared.stop()
	}
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

func buildPrograms(dir string) error {
	root, err := filepath.Abs("..")
	if err != nil {
		return err
	}
	args := []string{"build", "-tags", "failpoint", "-o", dir + "/"}
	if os.Getenv("E2E_RACE") != "" {
		args = append(args, "-race")
	}
	args = append(args, "./cmd/dtks", "./cmd/dukcapil-sim")
	for _, service := range stack.All {
		args = append(args, "./services/"+service)
	}
	cmd := exec.Command("go", args...)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building the programs: %w\n%s", err, out)
	}
	return nil
}

// world is one running stack.
type world struct {
	*stack.Stack
	failpoints string // folder in which steps are armed
	js         jetstream.JetStream
	nats       *nats.Conn
}

// start runs `dtks up --detach` without sample and connects with the operator's credential.
func start(dir string, port int, env ...string) (*world, error) {
	w := &world{failpoints: filepath.Join(dir, "failpoints")}
	if err := os.MkdirAll(w.failpoints, 0o755); err != nil {
		return nil, err
	}
	for ; ; port += 20 { // another program may sit on a port
		l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port))
		if err == nil {
			l.Close()
			break
		}
	}
	env = append(env, "FAILPOINT_DIR="+w.failpoints, "TRACE_RATIO=1", "DTKS_BIN="+programs)
	out, err := command(env, "up", "--no-sample", "--detach", "--data", dir, "--port", strconv.Itoa(port))
	if err != nil {
		return nil, fmt.Errorf("dtks up: %w\n%s", err, out)
	}
	if w.Stack, err = stack.Open(dir); err != nil {
		return nil, err
	}
	return w, w.connect()
}

func (w *world) connect() error {
	opt, err := nats.NkeyOptionFromSeed(w.NKeyFile("admin"))
	if err != nil {
		return err
	}
	if w.nats, err = nats.Connect(w.NATSURL(), opt, nats.CustomInboxPrefix(bus.InboxPrefix("admin")), nats.MaxReconnects(-1), nats.ReconnectWait(100*time.Millisecond)); err != nil {
		return err
	}
	w.js, err = jetstream.New(w.nats)
	return err
}

func (w *world) stop() {
	if w.nats != nil {
		w.nats.Close()
	}
	if w.Stack == nil {
		return
	}
	if out, err := command(nil, "down", "--data", w.Data); err != nil {
		log.Printf("dtks down: %v\n%s", err, out)
	}
}

// own starts a stack for one test that leaves its streams damaged.
func own(t *testing.T, env ...string) *world {
	t.Helper()
	dir, err := os.MkdirTemp("", "dtks-e2e-own-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	w, err := start(dir, 9800, env...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.stop)
	return w
}

// command runs the dtks program and returns everything it said.
func command(env []string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(programs, "dtks"), args...)
	cmd.Env = append(os.Environ(), env...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

// dtks runs a command on the world's stack.
func (w *world) dtks(args ...string) (string, error) {
	return command([]string{"DTKS_BIN=" + programs}, append(args, "--data", w.Data)...)
}

// mustHold lets the checker judge: every invariant must hold.
func (w *world) mustHold(t *testing.T) {
	t.Helper()
	out, err := w.dtks("check", "--timeout", "90s")
	if err != nil {
		t.Fatalf("dtks check: %v\n%s", err, out)
	}
}

// violations runs the checker on a damaged system and returns the invariants that it names.
func (w *world) violations(t *testing.T) map[string]int {
	t.Helper()
	out, err := w.dtks("check", "--timeout", "60s", "--skip", "replay")
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Fatalf("dtks check found nothing or could not run: %v\n%s", err, out)
	}
	found := map[string]int{}
	for _, line := range strings.Split(out, "\n") {
		if len(line) > 2 && line[0] == 'I' && line[1] >= '1' && line[1] <= '9' {
			found[line[:2]]++
		}
	}
	return found
}

// pid is the process of a part of the stack.
func (w *world) pid(t *testing.T, name string) int {
	t.Helper()
	run, err := stack.ReadRun(w.RunFile())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range run.Children {
		if p.Name == name {
			return p.PID
		}
	}
	return 0
}

// eventually waits for a condition: nothing here sleeps for a fixed time.
func eventually(t *testing.T, what string, limit time.Duration, cond func() bool) {
	t.Helper()
	deadline := time.Now().Add(limit)
	for !cond() {
		if time.Now().After(deadline) {
			t.Fatalf("not within %s: %s", limit, what)
		}
		<-time.After(20 * time.Millisecond)
	}
}

// serial numbers make every family of a run another one.
var serial atomic.Int64

func init() { serial.Store(time.Now().Unix() % 1000 * 100) }
