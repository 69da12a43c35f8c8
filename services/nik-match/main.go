// Nik-match asks the civil registry (Dukcapil) whether a person's identity holds, once per identity version, and
// announces the verdict.
//
// It owns match jobs, verdicts with their evidence, the ledger of calls, and pairs of registrants who look like one
// person. It never turns a time-out, a refusal or an answer to another question into a verdict, keeps the matched fields
// of a job only until there is one and those of a registrant only while they are in force, and never says who is entitled
// to anything.
package main

import (
	"context"
	"embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"dtks/pkg/app"
	"dtks/pkg/audit"
	"dtks/pkg/auth"
	"dtks/pkg/bus"
	"dtks/pkg/event"
	"dtks/pkg/outbox"
	"dtks/pkg/pg"
	"dtks/pkg/seal"
	"dtks/pkg/web"
)

const service = "nik-match"

//go:embed migrations/*.sql
var migrations embed.FS

func main() {
	app.Main(service, app.Commands(run, audit.Commands(map[string]app.Command{"redrive": redrive, "duplicates": duplicates}, checkVerdicts, checkPairs)))
}

// run wires the service and blocks until ctx ends or one part fails.
func run(ctx context.Context, getenv func(string) string) error {
	cfg, rules, err := load(getenv)
	if err != nil {
		return err
	}
	shutdown, err := app.Telemetry(ctx, service, cfg.Common)
	if err != nil {
		return err
	}
	defer func() { _ = shutdown(context.WithoutCancel(ctx)) }()
	db, err := pg.Open(ctx, cfg.DatabaseURL, migrations)
	if err != nil {
		return err
	}
	defer db.Close()
	keys, err := seal.Open(ctx, db, service, cfg.SealKeyFile, cfg.SealKEKFile, cfg.SealRecipientsFile)
	if err != nil {
		return err
	}
	nats, err := bus.Connect(ctx, cfg.NATSURL, cfg.NATSKeyFile, service)
	if err != nil {
		return err
	}
	defer nats.Close()
	client, err := newDukcapil(cfg, rules)
	if err != nil {
		return app.Usage(err)
	}
	s := &store{db: db, out: outbox.New(service, db, keys), now: time.Now}
	w := newWorker(s, client)
	if err := w.gate.observe(); err != nil {
		return err
	}
	server := web.New(service, auth.NewVerifier(ctx, cfg.OIDCIssuer, cfg.OIDCAudience), db.Ping, nats.Ready)
	(&api{s, w.gate}).routes(server)
	return app.Run(ctx, append(parts(s, w, newSeeker(s), nats, keys), server.Part(cfg.Addr))...)
}

// parts are what runs beside HTTP, in the order of starting.
func parts(s *store, w *worker, k *seeker, nats *bus.Conn, keys *seal.Keys) []app.Part {
	all := append(s.out.Relays(nats), app.Part{Name: "worker", Run: w.run}, app.Part{Name: "duplicates", Run: k.run})
	consumer := bus.Consumer{Name: service, DB: s.db, Keys: keys, After: func() { s.out.Wake(); w.wake(); k.wake() }}
	return append(all, nats.Consume(consumer,
		bus.On(event.TypeProposalUpdated, s.onProposal), bus.On(event.TypeRegistrantUpdated, s.onRegistrant))...)
}

// redrive is the subcommand that tries again what was given up: events, and jobs that wait for a repair.
func redrive(ctx context.Context, getenv func(string) string, args []string) error {
	if getenv("DATABASE_URL") == "" {
		return app.Usage(errors.New("DATABASE_URL is required"))
	}
	if err := audit.Redrive(ctx, getenv, args); err != nil {
		return err
	}
	db, err := pg.Connect(ctx, getenv("DATABASE_URL"))
	if err != nil {
		return err
	}
	defer db.Close()
	n, err := (&store{db: db, now: time.Now}).redrive(ctx)
	if err == nil {
		fmt.Printf("%d jobs are due again\n", n)
	}
	return err
}

// duplicates is the subcommand that compares whoever is still to be compared; with --rebuild everybody on record anew, with
// --replay everybody whom the registry's stream has. It may be stopped and started again, and run beside the service:
// both take turns at the same list, and the service publishes.
func duplicates(ctx context.Context, getenv func(string) string, args []string) error {
	flags := flag.NewFlagSet("duplicates", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	rebuild := flags.Bool("rebuild", false, "compare everybody on record anew")
	fromStream := flags.Bool("replay", false, "record everybody from the registry's stream first")
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 {
		return app.Usage(errors.New("duplicates takes --rebuild, --replay and nothing else"))
	}
	var cfg app.Common
	if err := app.Load(getenv, &cfg); err != nil {
		return err
	}
	db, err := pg.Open(ctx, cfg.DatabaseURL, migrations)
	if err != nil {
		return err
	}
	defer db.Close()
	keys, err := seal.Open(ctx, db, service, cfg.SealKeyFile, cfg.SealKEKFile, cfg.SealRecipientsFile)
	if err != nil {
		return err
	}
	s := &store{db: db, out: outbox.New(service, db, keys), now: time.Now}
	if *fromStream {
		nats, err := bus.Connect(ctx, cfg.NATSURL, cfg.NATSKeyFile, service)
		if err != nil {
			return err
		}
		defer nats.Close()
		read, err := (&replay{nats, keys, s}).run(ctx)
		if err != nil {
			return err
		}
		fmt.Printf("%d events read\n", read)
	}
	if *rebuild {
		if err := s.startPass(ctx, standardComparer().model.Version); err != nil {
			return err
		}
	}
	return newSeeker(s).finish(ctx, func(due int64) { fmt.Printf("%d persons wait to be compared\n", due) })
}
