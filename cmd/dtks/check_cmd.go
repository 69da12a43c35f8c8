package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"dtks/cmd/dtks/check"
	"dtks/cmd/dtks/stack"
	"dtks/pkg/bus"
)

// CheckCmd proves the invariants on the running stack.
type CheckCmd struct {
	JSON    bool          `help:"Print violations as JSON lines."`
	Timeout time.Duration `help:"How long to wait for consumers to catch up." default:"60s"`
	Skip    []string      `help:"What to leave out: replay, or a service that does not run."`
}

// Help is the long text of the command.
func (CheckCmd) Help() string {
	return "Fixes the end of every stream, waits until every consumer has passed it, then compares streams, event tables, " +
		"consumers, stored answers and rebuilt state (I1-I6, I8, I9 of docs/architecture.md). Reads only. " +
		"Exit status: 0 all hold, 1 a violation was found, 3 the system could not be checked."
}

// Run checks once.
func (c *CheckCmd) Run(ctx context.Context, g *Globals) error {
	s, err := stack.Open(g.Data)
	if err != nil {
		return exitCode{3, err}
	}
	violations, err := c.run(ctx, s)
	if err != nil {
		return exitCode{3, fmt.Errorf("the system could not be checked: %w", err)}
	}
	for _, v := range violations {
		if c.JSON {
			_ = json.NewEncoder(os.Stdout).Encode(v)
			continue
		}
		fmt.Println(v)
	}
	if len(violations) > 0 {
		return exitCode{1, fmt.Errorf("%d violations", len(violations))}
	}
	fmt.Println("all invariants hold: I1 I2 I3 I4 I5 I6 I8 I9")
	return nil
}

func (c *CheckCmd) run(ctx context.Context, s *stack.Stack) ([]check.Violation, error) {
	js, closeNATS, err := adminJetStream(s)
	if err != nil {
		return nil, err
	}
	defer closeNATS()
	sys := check.System{Services: map[string]check.Facts{}, Streams: map[string][]check.Logged{}}
	if sys.Marks, err = check.Marks(ctx, js); err != nil {
		return nil, err
	}
	waiting, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	say := func(text string) { fmt.Fprintln(os.Stderr, text) }
	services := slices.DeleteFunc(slices.Clone(stack.All), func(name string) bool { return slices.Contains(c.Skip, name) })
	if err := check.Wait(waiting, js, services, sys.Marks, say); err != nil {
		return nil, err
	}
	applied := 0
	for _, name := range services {
		out, err := runService(ctx, s, name, "check")
		if err != nil {
			return nil, err
		}
		facts, err := check.ReadFacts(name, bytes.NewReader(out))
		if err != nil {
			return nil, err
		}
		sys.Services[name] = facts
		applied += len(facts.Applied)
	}
	until, err := check.Marks(ctx, js)
	if err != nil {
		return nil, err
	}
	events := 0
	for _, owner := range bus.Owners {
		if sys.Streams[owner], err = check.ReadStream(ctx, js, owner, until[owner]); err != nil {
			return nil, err
		}
		events += len(sys.Streams[owner])
	}
	say(fmt.Sprintf("compared %d events in %d streams with %d services, %d aggregates applied", events, len(sys.Streams), len(sys.Services), applied))
	violations := check.Compare(sys)
	if !slices.Contains(c.Skip, "replay") {
		if out, err := runService(ctx, s, "eligibility", "replay"); err != nil {
			if len(out) == 0 {
				return nil, err
			}
			violations = append(violations, check.Violation{Invariant: "I6", Where: "eligibility", Text: strings.TrimSpace(lastLine(out))})
		}
	}
	return violations, nil
}

func lastLine(out []byte) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return lines[len(lines)-1]
}

// adminJetStream connects with the operator's credential: reading whole streams is no service's right.
func adminJetStream(s *stack.Stack) (jetstream.JetStream, func(), error) {
	opt, err := nats.NkeyOptionFromSeed(s.NKeyFile("admin"))
	if err != nil {
		return nil, nil, fmt.Errorf("the admin's key: %w", err)
	}
	nc, err := nats.Connect(s.NATSURL(), opt, nats.CustomInboxPrefix(bus.InboxPrefix("admin")))
	if err != nil {
		return nil, nil, fmt.Errorf("connecting to the broker: %w", err)
	}
	js, err := jetstream.New(nc)
	if err != nil {
		nc.Close()
		return nil, nil, err
	}
	return js, nc.Close, nil
}

// runService runs a subcommand of a service's own binary with that service's configuration: whatever needs a service's
// tables is its own affair. Its log lines pass through to standard error.
func runService(ctx context.Context, s *stack.Stack, service string, args ...string) ([]byte, error) {
	var out bytes.Buffer
	err := streamService(ctx, s, &out, service, args...)
	return out.Bytes(), err
}

func streamService(ctx context.Context, s *stack.Stack, out io.Writer, service string, args ...string) error {
	env, err := serviceEnv(s, service)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, filepath.Join(programFolder(s), service), args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = childEnv(env), out, os.Stderr
	err = cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return fmt.Errorf("%s %s ended with status %d", service, strings.Join(args, " "), exit.ExitCode())
	}
	return err
}

// programFolder is where the running stack's programs are.
func programFolder(s *stack.Stack) string {
	if dir := os.Getenv("DTKS_BIN"); dir != "" {
		return dir
	}
	return s.Dir("bin")
}
