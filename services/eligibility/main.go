// Eligibility decides which programmes a family may receive, and says why.
//
// It scores families by a proxy-means-test model, places them in deciles by the release in force, and evaluates each
// programme's rules. It keeps no names and no NIK. A decision rests only on a verdict of the same identity version, is
// a pure function of the newest inputs, and is published when it changes something for the family, and only then.
package main

import (
	"context"
	"embed"
	"time"

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
	e, err := cfg.engine()
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
	d := &decider{engine: e, store: &store{db}, outbox: out}
	if err := d.ensureRelease(ctx, cfg.Model); err != nil {
		return err
	}
	f := &fanout{decider: d, wake: make(chan struct{}, 1), now: time.Now}
	server := web.New("eligibility", auth.NewVerifier(ctx, cfg.OIDCIssuer, cfg.OIDCAudience), db.Ping, nats.Ready)
	(&api{decider: d, fanout: f, model: cfg.Model, now: time.Now}).register(server)

	parts := append([]app.Part{server.Part(cfg.Addr)}, out.Relays(nats)...)
	parts = append(parts, f.part())
	parts = append(parts, nats.Consume(bus.Consumer{Name: "eligibility", DB: db, Keys: keys, After: out.Wake}, d.routes()...)...)
	return app.Run(ctx, parts...)
}
