// Command dtks is the one command people type: it runs the whole stack on one machine, provisions a deployment, loads
// and follows data, and checks the system's promises.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// cli lists the commands; each is a struct in a file of its own with Run(context.Context, *Globals) error.
type cli struct {
	Globals

	Up        UpCmd            `cmd:"" group:"stack" help:"Start everything on this machine: broker, PostgreSQL, services, sample data."`
	Down      DownCmd          `cmd:"" group:"stack" help:"Stop the stack, in order; its data stays."`
	Status    StatusCmd        `cmd:"" group:"stack" help:"Show what runs, and whether it is ready."`
	Logs      LogsCmd          `cmd:"" group:"stack" help:"Show the log of one part."`
	Token     TokenCmd         `cmd:"" group:"stack" help:"Print a bearer token of a sample person, for curl."`
	People    PeopleCmd        `cmd:"" group:"stack" help:"List the sample people who can sign in."`
	Sample    SampleCmd        `cmd:"" group:"work" help:"Write a synthetic population: families, civil registry, and the truth."`
	Import    ImportCmd        `cmd:"" group:"work" help:"Load families from a CSV through the registry's public API."`
	Officers  OfficersCmd      `cmd:"" group:"work" help:"Let simulated officers decide open cases through the public API."`
	Subscribe SubscribeCmd     `cmd:"" group:"work" help:"Follow events as an external subscriber: one kind, one area."`
	Match     MatchCmd         `cmd:"" group:"work" help:"Find records of one person in a list or two, with the evidence; explain a pair."`
	Pmt       PmtCmd           `cmd:"" group:"work" help:"Estimate a proxy-means-test model from a survey; write an invented survey to try it on."`
	Rules     RulesCmd         `cmd:"" group:"work" help:"Check rule sets, compare their versions, list the facts that rules may name."`
	Check     CheckCmd         `cmd:"" group:"proof" help:"Prove the invariants on the running stack; name each violation."`
	Bench     BenchCmd         `cmd:"" group:"proof" help:"Measure against ceilings of this machine."`
	Test      TestCmd          `cmd:"" group:"proof" help:"Run the project's own tests, on real parts."`
	Replay    ReplayCmd        `cmd:"" group:"proof" help:"Rebuild a service's derived state from the streams and compare it with the live one."`
	Explain   ExplainCmd       `cmd:"" group:"work" help:"Tell why a family is entitled to a programme, or is not."`
	Redrive   RedriveCmd       `cmd:"" group:"proof" help:"Try a service's parked and dead messages once more."`
	Rebuild   RebuildStreamCmd `cmd:"" name:"rebuild-stream" group:"proof" help:"Make a lost stream anew and fill it from its owner's archive."`
	Provision ProvisionCmd     `cmd:"" group:"deploy" help:"Create keys, broker configuration, databases, streams and consumers."`
	Broker    BrokerCmd        `cmd:"" group:"parts" help:"Run the NATS server from its configuration file."`
	Issuer    IssuerCmd        `cmd:"" group:"parts" help:"Run the development OpenID issuer (never in a deployment)."`
	Mail      MailCmd          `cmd:"" group:"parts" help:"Run the mail catcher: SMTP in, a web page out (never in a deployment)."`

	VerifyDecisions VerifyDecisionsCmd `cmd:"" group:"proof" help:"Work every stored decision out again and compare it bit for bit."`
}

// Globals are the flags that every command knows.
type Globals struct {
	Data string `help:"Folder of the stack's data." default:"./data" type:"path" env:"DTKS_DATA"`
}

// exitCode lets a command choose the exit status without printing twice: 2 is for wrong use (kong), 1 for all other failures.
type exitCode struct {
	code int
	err  error
}

func (e exitCode) Error() string {
	if e.err == nil { // all has been said already
		return fmt.Sprintf("exit status %d", e.code)
	}
	return e.err.Error()
}

func (e exitCode) Unwrap() error { return e.err }

func main() {
	os.Exit(run())
}

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	context.AfterFunc(ctx, stop) // from the first signal on, the second has its ordinary effect
	defer stop()
	var c cli
	parser, err := kong.New(&c, kong.Name("dtks"), kong.Description(description),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 110}),
		kong.ExplicitGroups(groups),
		kong.BindTo(ctx, (*context.Context)(nil)))
	if err != nil {
		fmt.Fprintln(os.Stderr, "dtks:", err)
		return 1
	}
	cmd, err := parser.Parse(os.Args[1:])
	if err != nil {
		fmt.Fprintf(os.Stderr, "dtks: %v; see dtks --help\n", err)
		return 2
	}
	err = cmd.Run(&c.Globals)
	var chosen exitCode
	switch {
	case err == nil:
		return 0
	case errors.As(err, &chosen):
		if chosen.err != nil {
			fmt.Fprintln(os.Stderr, "dtks:", chosen.err)
		}
		return chosen.code
	}
	fmt.Fprintln(os.Stderr, "dtks:", err)
	return 1
}

const description = `DTKS: one family's data, from entry to entitlement.

Start with "dtks up"; it prints where to look and who can sign in. Every command takes --help.
Exit status: 0 done, 1 something failed (one sentence says what), 2 wrong use.`

// groups order the commands in the help text.
var groups = []kong.Group{
	{Key: "stack", Title: "The stack on this machine"},
	{Key: "work", Title: "Working with data"},
	{Key: "proof", Title: "Proof and measurement"},
	{Key: "deploy", Title: "Deployment"},
	{Key: "parts", Title: "Parts of the stack (started by up; rarely typed)"},
}
