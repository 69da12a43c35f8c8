package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"dtks/cmd/dtks/bench"
	"dtks/cmd/dtks/stack"
)

// BenchCmd measures: the running system by default, or the matcher alone.
type BenchCmd struct {
	Stack BenchStackCmd `cmd:"" default:"withargs" help:"Measure the system against ceilings of this machine."`
	Rules BenchRulesCmd `cmd:"" help:"Measure how many families a CPU-second the shipped rules decide."`
	Match BenchMatchCmd `cmd:"" help:"Measure the matcher: how right it is, on synthetic and on labelled lists, and how fast."`
	Rank  BenchRankCmd  `cmd:"" help:"Measure the ranking of a whole population beside PostgreSQL's ntile."`
	Score BenchScoreCmd `cmd:"" help:"Measure scoring from columns, beside adding up the same columns."`
}

// Help is the long text of the command.
func (BenchCmd) Help() string {
	return "dtks bench NAME… measures pipeline, pipeline-single, relay, import, replay, explain, recovery or all of them; dtks bench stack --help " +
		"lists the flags. dtks bench match measures the matcher and needs no stack."
}

// BenchStackCmd measures. Each benchmark runs on a stack of its own, made for it and removed afterwards.
type BenchStackCmd struct {
	Names    []string      `arg:"" help:"pipeline, pipeline-single, relay, import, replay, explain, recovery, or all." enum:"pipeline,pipeline-single,relay,import,replay,explain,recovery,all"`
	JSON     bool          `help:"Print results as JSON lines only."`
	Families int           `help:"Families taken through; 0 = the benchmark's own number."`
	Span     time.Duration `help:"Length of each ceiling." default:"4s"`
	Port     int           `help:"Base port of the benchmark's stack." default:"9600"`
	Dir      string        `help:"Folder for the benchmark's data; a temporary one by default." type:"path"`
	Keep     bool          `help:"Leave the stack running afterwards."`
}

// Help is the long text of the command.
func (BenchStackCmd) Help() string {
	return "Takes the ceiling, the candidate and the ceiling again in one run, everything durable, and prints a line " +
		"`bench NAME ratio=R candidate=N/s baseline=N/s n=N p50=… p99=…`. Only ratios can be compared between runs."
}

// benchmark is one measurement and the services it does without.
type benchmark struct {
	families int
	without  []string
	run      func(ctx context.Context, t *bench.Target, c *BenchStackCmd, families int) (*bench.Result, error)
}

var benchmarks = map[string]benchmark{
	"pipeline": {20000, []string{"notify", "console"}, func(ctx context.Context, t *bench.Target, c *BenchStackCmd, n int) (*bench.Result, error) {
		return bench.Pipeline(ctx, t, n, c.Span)
	}},
	"pipeline-single": {4000, []string{"notify", "console"}, func(ctx context.Context, t *bench.Target, c *BenchStackCmd, n int) (*bench.Result, error) {
		return bench.PipelineSingle(ctx, t, n, c.Span)
	}},
	"relay": {0, stack.All, func(ctx context.Context, t *bench.Target, c *BenchStackCmd, _ int) (*bench.Result, error) {
		return bench.Relay(ctx, t, c.Span)
	}},
	"import": {15000, []string{"verification", "nik-match", "eligibility", "notify", "console"}, func(ctx context.Context, t *bench.Target, _ *BenchStackCmd, n int) (*bench.Result, error) {
		return bench.Import(ctx, t, n)
	}},
	"replay": {20000, []string{"notify", "console"}, func(ctx context.Context, t *bench.Target, _ *BenchStackCmd, n int) (*bench.Result, error) {
		return bench.Replay(ctx, t, n, func(ctx context.Context) ([]byte, error) {
			out, err := runService(ctx, t.Stack, "eligibility", "replay")
			return []byte(lastLine(out)), err
		})
	}},
	"explain": {2000, []string{"notify", "console"}, func(ctx context.Context, t *bench.Target, _ *BenchStackCmd, n int) (*bench.Result, error) {
		return bench.Explain(ctx, t, n)
	}},
	"recovery": {8000, []string{"nik-match", "notify", "console"}, func(ctx context.Context, t *bench.Target, _ *BenchStackCmd, n int) (*bench.Result, error) {
		return bench.Recovery(ctx, t, n, recoveryHooks(t.Stack))
	}},
}

// recoveryHooks run nik-match outside the supervisor, which would start it again at once.
func recoveryHooks(s *stack.Stack) bench.RecoveryHooks {
	return bench.RecoveryHooks{
		Start: func(ctx context.Context) (func() error, error) {
			env, err := serviceEnv(s, "nik-match")
			if err != nil {
				return nil, err
			}
			cmd := exec.Command(filepath.Join(programFolder(s), "nik-match"))
			cmd.Env, cmd.Stderr = childEnv(env), os.Stderr
			if err := cmd.Start(); err != nil {
				return nil, err
			}
			kill := func() error {
				err := cmd.Process.Kill()
				_ = cmd.Wait()
				return err
			}
			return kill, ready(ctx, s.URL("nik-match")+"/readyz")
		},
		Check: func(ctx context.Context) error {
			violations, err := (&CheckCmd{Timeout: time.Minute, Skip: []string{"replay", "console", "notify"}}).run(ctx, s)
			if err == nil && len(violations) > 0 {
				err = fmt.Errorf("%d violations, the first: %s", len(violations), violations[0])
			}
			return err
		},
	}
}

// ready waits until an address answers 200.
func ready(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for check := answers(url); ; {
		err := check(ctx)
		if err == nil || ctx.Err() != nil {
			return err
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// Run measures each in turn.
func (c *BenchStackCmd) Run(ctx context.Context) error {
	names := c.Names
	if len(names) == 1 && names[0] == "all" {
		names = []string{"pipeline", "pipeline-single", "relay", "import", "replay", "explain", "recovery"}
	}
	for _, name := range names {
		if err := c.measure(ctx, name); err != nil {
			return fmt.Errorf("bench %s: %w", name, err)
		}
	}
	return nil
}

func (c *BenchStackCmd) measure(ctx context.Context, name string) (err error) {
	b := benchmarks[name]
	dir := c.Dir
	if dir == "" {
		if dir, err = os.MkdirTemp("", "dtks-bench-"); err != nil {
			return err
		}
		if err := os.Chmod(dir, 0o755); err != nil { // PostgreSQL may run as another user
			return err
		}
		if !c.Keep {
			defer func() { _ = os.RemoveAll(dir) }()
		}
	}
	say := func(format string, args ...any) {
		if !c.JSON {
			fmt.Printf("  "+format+"\n", args...)
		}
	}
	s, err := c.startStack(ctx, dir, name, b.without)
	if err != nil {
		return err
	}
	if !c.Keep {
		defer func() { _ = c.self(context.WithoutCancel(ctx), "down", "--data", dir) }()
	}
	js, closeNATS, err := adminJetStream(s)
	if err != nil {
		return err
	}
	defer closeNATS()
	families := b.families
	if c.Families > 0 {
		families = c.Families
	}
	result, err := b.run(ctx, &bench.Target{Stack: s, JS: js, Say: say}, c, families)
	if err != nil {
		return err
	}
	if c.JSON {
		return result.JSON(os.Stdout)
	}
	result.Print(os.Stdout)
	return nil
}

// startStack starts an empty stack with one programme switched on, so that a family of one person gives one decision; with
// all of them where explanations are measured.
func (c *BenchStackCmd) startStack(ctx context.Context, dir, name string, without []string) (*stack.Stack, error) {
	args := []string{"up", "--no-sample", "--detach", "--data", dir, "--port", strconv.Itoa(c.Port)}
	for _, service := range without {
		args = append(args, "--without", service)
	}
	programmes := map[string]string{"explain": bench.ExplainProgrammes}[name]
	// Of this process too: services' subcommands that a benchmark runs must decide by the same configuration.
	for name, value := range map[string]string{"PROGRAMMES": cmp.Or(programmes, "sembako"), "TRACE_RATIO": "0", "LOG_LEVEL": "warn"} {
		if err := os.Setenv(name, value); err != nil {
			return nil, err
		}
	}
	if err := c.self(ctx, args...); err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "log", "up.log"))
		return nil, fmt.Errorf("starting the stack: %w\n%s", err, strings.TrimSpace(string(log)))
	}
	return stack.Open(dir)
}

// self runs another command of this program.
func (c *BenchStackCmd) self(ctx context.Context, args ...string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Stderr = os.Stderr
	return cmd.Run()
}
