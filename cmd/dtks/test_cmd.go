package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"dtks/pkg/pgdev"
)

// TestCmd runs the project's own tests on this machine.
type TestCmd struct {
	Yes bool `help:"Install PostgreSQL and Chromium without asking where they are missing."`
}

// Help is the long text of the command.
func (TestCmd) Help() string {
	return "Makes sure that PostgreSQL's programs and Chromium are there, then runs go vet and, with the race detector on, the tests " +
		"of every module; the end-to-end tests come last and have the machine to themselves, but for those that are too large for the race detector. Nothing is skipped and nothing is " +
		"taken from the cache. CHROMIUM names another browser program, PGDEV_BIN another folder with PostgreSQL's. " +
		"Exit status: that of go test."
}

const (
	// programsCache is where tests keep PostgreSQL programs that npm has fetched; package testkit knows the same folder.
	programsCache = "/var/tmp/dtks-postgres-programs"
	// testTimeout is how long one package may take: many times what the slowest needs on two cores.
	testTimeout = "-timeout=20m"
	// large has tests that take the full number of records only without the race detector.
	large = "dtks/cmd/dtks/matching"
	// testsAtOnce bounds how many packages run at the same time: each has a PostgreSQL and a broker of its own.
	testsAtOnce = "-p=2"
)

// Run prepares the machine and runs the tests.
func (c *TestCmd) Run(ctx context.Context) error {
	source := findSource()
	if source == "" {
		return errors.New("the tests are run from a checkout of the source")
	}
	say := func(line string) { fmt.Println("    " + line) }
	if err := c.needPostgres(ctx, say); err != nil {
		return err
	}
	chromium, err := c.needChromium(ctx, say)
	if err != nil {
		return err
	}
	t := &testRun{source: source, env: append(os.Environ(), "CHROMIUM="+chromium)}
	packages, last, err := t.packages(ctx)
	if err != nil {
		return err
	}
	flags := []string{"-race", "-count=1", "-vet=off", testsAtOnce, testTimeout} // vetted just before
	steps := []struct {
		shown string // in place of a hundred package names
		args  []string
	}{
		{"go vet work", []string{"vet", "work"}},
		{"all packages but " + strings.Join(last, " "), append(append([]string{"test"}, flags...), packages...)},
		{strings.Join(last, " "), append(append([]string{"test"}, flags...), last...)},
		{large, []string{"test", "-count=1", "-vet=off", testTimeout, "-run", "HundredThousand", large}},
	}
	failed := 0
	for i, step := range steps {
		shown := step.shown
		if i > 0 {
			shown = "go test " + strings.Join(flags, " ") + "   # " + shown
		}
		if i == len(steps)-1 {
			shown = "go " + strings.Join(step.args, " ")
		}
		code, err := t.goCommand(ctx, shown, step.args)
		if err != nil {
			return err
		}
		if code != 0 && failed == 0 {
			failed = code
		}
		if code != 0 && i == 0 {
			break // what cannot be vetted cannot be built: its tests would only repeat it
		}
	}
	if failed != 0 {
		return exitCode{failed, nil}
	}
	return nil
}

// needPostgres finds PostgreSQL's programs or installs them.
func (c *TestCmd) needPostgres(ctx context.Context, say func(string)) error {
	found, err := pgdev.Find(ctx, os.Getenv("PGDEV_BIN"), programsCache, say)
	if errors.Is(err, pgdev.ErrNone) {
		if err = pgdev.Install(ctx, c.Yes, ask, say); err != nil {
			return err
		}
		found, err = pgdev.Find(ctx, "", programsCache, say)
	}
	if err != nil {
		return err
	}
	fmt.Printf("PostgreSQL %d: %s\n", found.Major, found.Dir)
	return nil
}

// browsers by the names under which distributions install Chromium.
var browsers = []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"}

var errNoChromium = errors.New("no Chromium on this machine, which the tests of the console's pages need: " +
	"install it (Debian: apt-get install chromium) or name the program in CHROMIUM")

// needChromium finds the browser or installs it, and gives its path.
func (c *TestCmd) needChromium(ctx context.Context, say func(string)) (string, error) {
	path := findChromium()
	if path == "" {
		if err := c.installChromium(ctx, say); err != nil {
			return "", err
		}
		if path = findChromium(); path == "" {
			return "", errNoChromium
		}
	}
	fmt.Printf("Chromium: %s\n", path)
	return path, nil
}

func findChromium() string {
	if path := os.Getenv("CHROMIUM"); path != "" {
		return path
	}
	for _, name := range browsers {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// installChromium asks, unless --yes, and lets Debian's package manager do it; other systems are told what is missing.
func (c *TestCmd) installChromium(ctx context.Context, say func(string)) error {
	line := "apt-get update && apt-get install -y chromium"
	if _, err := exec.LookPath("apt-get"); err != nil {
		return errNoChromium
	}
	if os.Geteuid() != 0 {
		if _, err := exec.LookPath("sudo"); err != nil {
			return errNoChromium
		}
		line = "sudo apt-get update && sudo apt-get install -y chromium"
	}
	if !c.Yes && !ask("Chromium is missing. Install it now? ("+line+")") {
		return errNoChromium
	}
	say("running " + line)
	cmd := exec.CommandContext(ctx, "sh", "-c", line)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%q did not succeed (%w): %s", line, err, lastLine(out))
	}
	return nil
}

// testRun is one run of the go command's checks over the workspace.
type testRun struct {
	source string
	env    []string
}

// packages lists the workspace's packages: those whose tests share the machine, and the end-to-end tests, which do not.
func (t *testRun) packages(ctx context.Context) (all, last []string, err error) {
	cmd := exec.CommandContext(ctx, "go", "list", "work")
	cmd.Dir, cmd.Env = t.source, t.env
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		return nil, nil, fmt.Errorf("listing the packages: %w\n%s", err, said.String())
	}
	for _, name := range strings.Fields(out.String()) {
		if strings.HasPrefix(name, "dtks/e2e") {
			last = append(last, name)
		} else {
			all = append(all, name)
		}
	}
	return all, last, nil
}

// goCommand runs the go command, shows its lines as they come, and gives its exit status.
func (t *testRun) goCommand(ctx context.Context, shown string, args []string) (int, error) {
	fmt.Printf("\n$ %s\n", shown)
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = t.source, t.env, os.Stdout, os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // tests stop what they have started
	cmd.WaitDelay = 30 * time.Second
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() > 0 {
		return exit.ExitCode(), nil
	}
	return 0, err
}
