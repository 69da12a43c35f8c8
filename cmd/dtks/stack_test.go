package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"

	"dtks/cmd/dtks/provision"
	"dtks/cmd/dtks/stack"
	"dtks/pkg/app"
)

// newStack is a stack in a folder of the test's own, with its keys.
func newStack(t *testing.T) *stack.Stack {
	t.Helper()
	s, err := stack.New(t.TempDir(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := provision.Keys(provision.Secrets(s.Secret())); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestCommands_Parse(t *testing.T) {
	t.Parallel()
	for line, ok := range map[string]bool{
		"up --port 9400 --families 10 --detach --yes --no-sample": true,
		"down":                            true,
		"status --json":                   true,
		"logs registry -f -n 5":           true,
		"token operator1.3204":            true,
		"people --role verifier":          true,
		"provision --secrets x --nats y":  true,
		"provision":                       false, // --secrets is missing
		"up --nonsense":                   false,
		"logs":                            false,
		"issuer --key k --redirect a":     true,
		"mail --dir d":                    true,
		"broker --config ../dtks/main.go": true,
	} {
		parser, err := kong.New(&cli{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parser.Parse(strings.Fields(line)); (err == nil) != ok {
			t.Errorf("dtks %s: got %v, want accepted %v", line, err, ok)
		}
	}
}

func TestPrepareFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := prepareFolder(filepath.Join(dir, "new", "folder")); err != nil {
		t.Errorf("a new folder: %v", err)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{"file": file, "below a file": filepath.Join(file, "x"), "not writable": "/proc/dtks"} {
		if err := prepareFolder(path); err == nil || !strings.Contains(err.Error(), "--data") {
			t.Errorf("%s: got %v, want a sentence that names the way out", name, err)
		}
	}
}

func TestLockFolder_OnceOnly(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	lock, err := lockFolder(s)
	if err != nil {
		t.Fatal(err)
	}
	run := stack.Run{Port: 8400, State: stack.Ready, Supervisor: stack.Process{PID: 4711}}
	if err := stack.WriteRun(s.RunFile(), run); err != nil {
		t.Fatal(err)
	}
	if _, err := lockFolder(s); err == nil || !strings.Contains(err.Error(), "4711") || !strings.Contains(err.Error(), "dtks down") {
		t.Errorf("got %v, want who runs and how to stop it", err)
	}
	lock.Close()
	again, err := lockFolder(s)
	if err != nil {
		t.Fatalf("after the first has ended: %v", err)
	}
	again.Close()
}

func TestPortsFree_NamesTheTaken(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	taken := l.Addr().(*net.TCPAddr).Port
	s, err := stack.New(t.TempDir(), taken-2) // verification's port is the taken one
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("%d (verification)", taken)
	if err := portsFree(s); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "--port") {
		t.Errorf("got %v, want %q and the way out", err, want)
	}
}

// Every service is given all that package app knows, and secrets that exist.
func TestServiceEnv_FitsApp(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	for _, service := range stack.All {
		address := filepath.Join(s.Secret(service), "database.url")
		if err := os.WriteFile(address, []byte("postgres://x/"+service+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		env, err := serviceEnv(s, service)
		if err != nil {
			t.Fatal(err)
		}
		var c app.Common
		if err := app.Load(func(name string) string { return env[name] }, &c); err != nil {
			t.Errorf("%s: %v", service, err)
		}
		if c.DatabaseURL != "postgres://x/"+service || c.Addr != s.Addr(service) || c.OIDCIssuer != s.URL("issuer") {
			t.Errorf("%s: got %+v", service, c)
		}
		for _, file := range []string{c.NATSKeyFile, c.SealKeyFile, c.SealKEKFile, c.SealRecipientsFile} {
			if _, err := os.Stat(file); err != nil {
				t.Errorf("%s: %v", service, err)
			}
		}
	}
}

// Nothing of our own environment reaches a child unless it is meant to.
func TestChildEnv_PassesLittle(t *testing.T) {
	t.Setenv("DATABASE_URL", "postgres://admin:secret@x/y")
	t.Setenv("LOG_LEVEL", "debug")
	env := childEnv(map[string]string{"ADDR": "a:1"})
	joined := strings.Join(env, "\n")
	if strings.Contains(joined, "secret") || !strings.Contains(joined, "LOG_LEVEL=debug") || !strings.Contains(joined, "ADDR=a:1") {
		t.Errorf("got %v", env)
	}
}

func TestRun_RoundTrip(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "run.json")
	if _, err := stack.ReadRun(path); !errors.Is(err, stack.ErrNotRunning) {
		t.Errorf("got %v, want that nothing runs", err)
	}
	want := stack.Run{Port: 9, State: stack.Ready, Supervisor: stack.Process{Name: "up", PID: 1, Start: "2"},
		Children: []stack.Process{{Name: "a", PID: 3, Start: "4"}}}
	if err := stack.WriteRun(path, want); err != nil {
		t.Fatal(err)
	}
	got, err := stack.ReadRun(path)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("got %v\n%s", err, diff)
	}
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := stack.ReadRun(path); err == nil || errors.Is(err, stack.ErrNotRunning) {
		t.Errorf("got %v of a damaged file, want an error of its own", err)
	}
}

// An interrupted step is done again; a completed one is not.
func TestRunSample_GoesOn(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	if err := os.MkdirAll(s.Dir("sample"), 0o755); err != nil {
		t.Fatal(err)
	}
	var did []string
	broken := errors.New("interrupted")
	step := func(name string, fail *error) sampleStep {
		return sampleStep{name: name, what: name, do: func(context.Context, *launch) error {
			did = append(did, name)
			return *fail
		}}
	}
	var fine error
	steps := []sampleStep{step("import", &fine), step("decide", &broken)}
	u := &launch{cmd: &UpCmd{Families: 3}, stack: s, say: newProgress(new(strings.Builder))}
	if err := u.runSample(t.Context(), steps); !errors.Is(err, broken) {
		t.Errorf("got %v, want the step's own error", err)
	}
	broken = nil
	for range 2 {
		if err := u.runSample(t.Context(), steps); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"import", "decide", "decide"}, did); diff != "" {
		t.Errorf("steps done:\n%s", diff)
	}
}
