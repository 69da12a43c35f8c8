package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"dtks/cmd/dtks/provision"
	"dtks/cmd/dtks/stack"
	"dtks/cmd/dtks/supervise"
	"dtks/pkg/bus"
)

// UpCmd starts the whole stack and supervises it until it is told to stop.
type UpCmd struct {
	Port     int  `help:"Base port: the console's; all others follow it." default:"8400"`
	Families int  `help:"Size of the sample, in families." default:"2000"`
	NoSample bool `help:"Start empty: no sample data."`
	Detach   bool `help:"Return once the stack is ready; it runs on until dtks down."`
	Yes      bool `help:"Install PostgreSQL without asking where it is missing."`

	Without []string `help:"Services to leave out; for measuring." hidden:""`
}

// Help is shown by --help.
func (c *UpCmd) Help() string {
	return `Builds the services, starts a NATS server, a private PostgreSQL, the development issuer, a mail catcher, the Dukcapil
simulator and all services, and loads sample data, once. Everything is kept below the data folder; Ctrl-C stops it in
order, and the next "up" goes on with the same data.

Ports, from the base:  +0 console  +1 registry  +2 verification  +3 nik-match  +4 eligibility  +5 notify
                       +6 issuer  +7 Dukcapil simulator  +8 SMTP  +9 mail page  +10 NATS  +11 NATS monitor  +12 PostgreSQL

DATABASE_URL  use this PostgreSQL (its user must be allowed to create databases and roles) instead of a private one.
DTKS_BIN      folder of ready service programs; nothing is built then.
LOG_LEVEL, TRACE_RATIO, OTEL_EXPORTER_OTLP_ENDPOINT, GOMEMLIMIT, GOMAXPROCS are passed on to the services.

  dtks up                          start; Ctrl-C stops
  dtks up --detach --no-sample     start empty, in the background
  dtks up --data /srv/dtks --port 9400 --families 20000`
}

// Run prepares the folder, then starts everything and stays until ctx ends.
func (c *UpCmd) Run(ctx context.Context, g *Globals) error {
	s, err := stack.New(g.Data, c.Port)
	if err != nil {
		return err
	}
	if err := prepareFolder(s.Data); err != nil {
		return err
	}
	if c.Detach {
		return c.detach(ctx, s)
	}
	lock, err := lockFolder(s)
	if err != nil {
		return err
	}
	defer lock.Close()
	signal.Ignore(syscall.SIGPIPE) // a closed terminal must not keep us from stopping the children in order
	u := &launch{cmd: c, stack: s, say: newProgress(os.Stdout)}
	u.group = supervise.NewGroup(u.changed)
	return u.run(ctx)
}

// launch is one run of the stack.
type launch struct {
	cmd      *UpCmd
	stack    *stack.Stack
	say      *progress
	group    *supervise.Group
	self     string // this program, in the data folder
	programs string // folder of the services' programs

	mu    sync.Mutex
	state string
	local *postgres // the private PostgreSQL, nil with DATABASE_URL
}

// run starts, waits and stops. Whatever happens, what was started is stopped.
func (u *launch) run(ctx context.Context) (err error) {
	u.clearLeftovers()
	if err := portsFree(u.stack); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, u.stop()) }()
	u.setState(stack.Starting)
	u.say.say("Starting DTKS in %s", u.stack.Data)
	if err := u.start(ctx); err != nil {
		if ctx.Err() != nil {
			return nil // stopped while starting: as asked
		}
		return err
	}
	u.setState(stack.Ready)
	u.printReady()
	if !u.cmd.NoSample {
		u.loadSample(ctx)
	}
	<-ctx.Done()
	return nil
}

// clearLeftovers ends what a killed supervisor left running; the same data is then opened again.
func (u *launch) clearLeftovers() {
	run, err := stack.ReadRun(u.stack.RunFile())
	if err != nil {
		return // nothing was left, or a damaged file: then the port check speaks
	}
	if n := supervise.Clear(run.Children, 10*time.Second); n > 0 {
		u.say.say("Cleared %d processes that an earlier run left behind", n)
	}
}

// start brings everything up: what does not depend on each other, at the same time.
func (u *launch) start(ctx context.Context) error {
	var err error
	if u.self, err = copySelf(u.stack.Dir("bin")); err != nil {
		return err
	}
	for _, name := range []string{"log", "trace"} {
		if err := os.MkdirAll(u.stack.Dir(name), 0o755); err != nil {
			return fmt.Errorf("creating a folder: %w", err)
		}
	}
	secrets := provision.Secrets(u.stack.Secret())
	if err := provision.Keys(secrets); err != nil {
		return err
	}
	err = together(ctx,
		func(ctx context.Context) error { return u.findPrograms(ctx) },
		func(ctx context.Context) error { return u.startDatabase(ctx, secrets) },
		func(ctx context.Context) error { return u.startBroker(ctx, secrets) },
		func(ctx context.Context) error { return u.startOwn(ctx) },
		func(ctx context.Context) error { return u.prepareSample(ctx) },
	)
	if err != nil {
		return err
	}
	if err := u.say.step("Dukcapil simulator", func() error { return u.group.Start(ctx, u.simulatorSpec()) }); err != nil {
		return err
	}
	var services []func(context.Context) error
	for _, service := range stack.Services {
		if slices.Contains(u.cmd.Without, service) {
			continue
		}
		services = append(services, func(ctx context.Context) error { return u.startService(ctx, service) })
	}
	if err := together(ctx, services...); err != nil {
		return err
	}
	if slices.Contains(u.cmd.Without, "console") {
		return nil
	}
	return u.startService(ctx, "console")
}

// together runs all at once; the first failure ends the others' waiting and is the one reported.
func together(ctx context.Context, all ...func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	failed := make(chan error, len(all))
	for _, f := range all {
		go func() { failed <- f(ctx) }()
	}
	var first error
	for range all {
		if err := <-failed; err != nil && first == nil {
			first = err
			cancel()
		}
	}
	return first
}

func (u *launch) findPrograms(ctx context.Context) error {
	return u.say.step("programs", func() (err error) {
		u.programs, err = findPrograms(ctx, u.stack, func(line string) { u.say.say("    %s", line) })
		return err
	})
}

// startDatabase starts PostgreSQL and makes databases and roles.
func (u *launch) startDatabase(ctx context.Context, secrets provision.Secrets) error {
	admin := os.Getenv("DATABASE_URL")
	if admin == "" {
		err := u.say.step("PostgreSQL", func() error {
			local, err := startPostgres(ctx, u)
			u.mu.Lock()
			u.local = local
			u.mu.Unlock()
			return err
		})
		if err != nil {
			return err
		}
		admin = u.local.adminURL()
	}
	return u.say.step("databases and roles", func() error { return provision.Databases(ctx, secrets, admin) })
}

// startBroker writes the broker's configuration, starts it and makes the streams.
func (u *launch) startBroker(ctx context.Context, secrets provision.Secrets) error {
	s, ports := u.stack, u.stack.Ports()
	opts := bus.ServerOptions{
		Name: "dtks", Host: "127.0.0.1", Port: ports["broker"], MonitorPort: ports["broker-monitor"],
		StoreDir: filepath.Join(s.Dir("nats"), "store"),
	}
	if err := provision.BrokerConfig(secrets, s.NATSConfig(), opts); err != nil {
		return err
	}
	err := u.say.step("broker (NATS JetStream)", func() error {
		return u.group.Start(ctx, u.tell(ownSpec(s, u.self, "broker", s.URL("broker-monitor")+"/healthz", "--config", s.NATSConfig())))
	})
	if err != nil {
		return err
	}
	return u.say.step("streams and consumers", func() error { return provision.Streams(ctx, secrets, s.NATSURL()) })
}

// startOwn starts the parts that are only for a developer's machine.
func (u *launch) startOwn(ctx context.Context) error {
	s := u.stack
	err := u.say.step("issuer", func() error {
		return u.group.Start(ctx, u.tell(ownSpec(s, u.self, "issuer", s.URL("issuer")+"/readyz",
			"--addr", s.Addr("issuer"), "--audience", audience, "--key", s.Secret("issuer", "key.json"),
			"--secret", s.Secret("issuer", "cli.secret"),
			"--redirect", s.ConsoleURL(), "--redirect", s.URL("console"))))
	})
	if err != nil {
		return err
	}
	return u.say.step("mail catcher", func() error {
		return u.group.Start(ctx, u.tell(ownSpec(s, u.self, "mail", s.URL("mail")+"/readyz",
			"--smtp", s.Addr("smtp"), "--addr", s.Addr("mail"), "--dir", s.Dir("mail"))))
	})
}

func (u *launch) startService(ctx context.Context, service string) error {
	spec, err := serviceSpec(u.stack, u.programs, service)
	if err != nil {
		return err
	}
	return u.say.step(service, func() error { return u.group.Start(ctx, u.tell(spec)) })
}

func (u *launch) simulatorSpec() supervise.Spec {
	s := u.stack
	env := map[string]string{"ADDR": s.Addr("dukcapil-sim"), "SYNTHETIC": "true"}
	if civil := sampleCivil(s); civil != "" {
		// With a civil registry of its own the sample's truth is known: who is not in it is unmatched.
		env["CIVIL_FILE"], env["SYNTHETIC"] = civil, "false"
	}
	return u.tell(supervise.Spec{
		Name: "dukcapil-sim", Path: filepath.Join(u.programs, "dukcapil-sim"), Env: childEnv(env), Dir: s.Data,
		Log: s.LogFile("dukcapil-sim"), Ready: answers(s.URL("dukcapil-sim") + "/admin/mode"),
	})
}

// tell lets a child's deaths and restarts be printed.
func (u *launch) tell(spec supervise.Spec) supervise.Spec {
	spec.Event = func(name string, what supervise.Happening) {
		u.say.say("  ! %s %s; its log: dtks logs %s", name, what, name)
	}
	return spec
}

// setState and changed keep the state file true.
func (u *launch) setState(state string) {
	u.mu.Lock()
	u.state = state
	u.mu.Unlock()
	u.changed(u.group.Running())
}

func (u *launch) changed(children []stack.Process) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.state == "" {
		return
	}
	if u.local != nil {
		children = append([]stack.Process{u.local.process()}, children...)
	}
	me := stack.Process{Name: "up", PID: os.Getpid(), Start: supervise.StartOf(os.Getpid())}
	run := stack.Run{Port: u.stack.Port, State: u.state, Supervisor: me, Children: children}
	if err := stack.WriteRun(u.stack.RunFile(), run); err != nil {
		u.say.say("  ! %v", err)
	}
}

// stopOrder ends clients before what they need: from its end the console, the services, the parts they call, the broker.
// PostgreSQL comes after all of them.
var stopOrder = []string{"broker", "issuer", "mail", "dukcapil-sim", "registry", "nik-match", "verification", "eligibility", "notify", "console"}

// stop ends everything that was started, and forgets the run.
func (u *launch) stop() error {
	u.setState(stack.Stopping)
	u.say.say("\nStopping")
	u.group.Arrange(func(name string) int { return slices.Index(stopOrder, name) })
	u.group.Stop(func(name string) { u.say.say("  · %s", name) })
	if u.local != nil {
		u.say.say("  · postgres")
		if err := u.local.stop(); err != nil {
			return err
		}
	}
	if err := os.Remove(u.stack.RunFile()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("removing the state file: %w", err)
	}
	u.say.say("Stopped. The data stays in %s", u.stack.Data)
	return nil
}
