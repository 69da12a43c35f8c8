// Eligibility decides which programmes a family may receive, and says why.
//
// It scores families by a proxy-means-test model, places them in deciles by the release in force, and evaluates each
// programme's rules. It keeps no names and no NIK. A decision rests only on a verdict of the same identity version, is
// a pure function of the newest inputs, and is published when it changes something for the family, and only then.
package main

import (
	"context"
	"embed"

	"dtks/pkg/app"
	"dtks/pkg/auth"
	"dtks/pkg/bus"
	"dtks/pkg/outbox"
	"dtks/pkg/pg"
	"dtks/pkg/seal"
	"dtks/pkg/web"
)

//go:embed migrations/*.sql
var migrations embed.FS

func main() { app.Main("eligibility", app.Commands(run, commands)) }

// run wires the service and blocks until ctx ends or one part fails.
func run(ctx context.Context, getenv func(string) string) error {
	cfg, err := loadConfig(getenv)
	if err != nil {
		return err
	}
	f, err := cfg.load()
	if err != nil {
		return err
	}
	stop, err := app.Telemetry(ctx, "eligibility", cfg.Common)
	if err != nil {
		return err
	}
	defer func() { _ = stop(context.WithoutCancel(ctx)) }()
	db, err := pg.Open(ctx, cfg.DatabaseURL, migrations)
	if err != nil {
		return err
	}
	defer db.Close()
	keys, err := seal.Open(ctx, db, "eligibility", cfg.SealKeyFile, cfg.SealKEKFile, cfg.SealRecipientsFile)
	if err != nil {
		return err
	}
	nats, err := bus.Connect(ctx, cfg.NATSURL, cfg.NATSKeyFile, "eligibility")
	if err != nil {
		return err
	}
	defer nats.Close()

	out := outbox.New("eligibility", db, keys)
	d, err := newDecider(ctx, f, newStore(db), out)
	if err != nil {
		return err
	}
	if err := d.ensureRelease(ctx, cfg.Model); err != nil {
		return err
	}
	if err := d.takeForce(ctx, true); err != nil {
		return err
	}
	anew := &fanout{decider: d, wake: make(chan struct{}, 1)}
	ranks := &ranker{decider: d, wake: make(chan struct{}, 1), fanout: anew}
	server := web.New("eligibility", auth.NewVerifier(ctx, cfg.OIDCIssuer, cfg.OIDCAudience), db.Ping, nats.Ready)
	(&api{decider: d, ranker: ranks, model: cfg.Model}).register(server)

	parts := append([]app.Part{server.Part(cfg.Addr)}, out.Relays(nats)...)
	parts = append(parts, anew.part(), ranks.part(), (&recheck{d}).part(), d.hold())
	parts = append(parts, nats.Consume(bus.Consumer{Name: "eligibility", DB: db, Keys: keys, After: out.Wake}, d.routes()...)...)
	return app.Run(ctx, parts...)
}
