// Console is the web app: it shows the pipeline live and what waits for whoever is signed in.
//
// It owns read models only, built from the events of all services, and publishes nothing. It holds no names, no NIK and
// no key that opens a sealed field; its database can be dropped and built anew from the streams (console rebuild).
package main

import (
	"context"
	"embed"
	"time"

	"dtks/pkg/app"
	"dtks/pkg/audit"
	"dtks/pkg/bus"
	"dtks/pkg/pg"
	"dtks/pkg/web"
)

//go:embed migrations
var migrations embed.FS

func main() {
	app.Main("console", app.Commands(run, audit.Commands(map[string]app.Command{"rebuild": rebuild}, miscounted)))
}

// run wires the service and blocks until ctx ends or one part fails.
func run(ctx context.Context, getenv func(string) string) error {
	cfg, err := loadConfig(getenv)
	if err != nil {
		return err
	}
	shutdown, err := app.Telemetry(ctx, "console", cfg.Common)
	if err != nil {
		return err
	}
	defer shutdown(context.WithoutCancel(ctx)) //nolint:errcheck // spans not yet sent are all that can be lost
	db, err := pg.Open(ctx, cfg.DatabaseURL, migrations)
	if err != nil {
		return err
	}
	defer db.Close()
	nats, err := bus.Connect(ctx, cfg.NATSURL, cfg.NATSKeyFile, "console")
	if err != nil {
		return err
	}
	defer nats.Close()

	c := &consumer{now: time.Now}
	s := newSite(ctx, cfg, db)
	server := web.New("console", s.verifier, db.Ping, nats.Ready)
	s.routes(server)
	parts := nats.Consume(bus.Consumer{Name: "console", DB: db}, c.routes()...)
	parts = append(parts,
		app.Part{Name: "watch", Run: s.watcher.run},
		app.Part{Name: "live", Run: s.hub.run},
		server.Part(cfg.Addr))
	return app.Run(ctx, parts...)
}
