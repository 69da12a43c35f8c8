// Verification keeps the cases: one for each proposal version, judged by a verifier and then an approver. It shows them
// what is proposed, what it would change and what the civil registry says; it never changes a record itself.
package main

import (
	"context"
	"embed"
	"time"

	"dtks/pkg/app"
	"dtks/pkg/audit"
	"dtks/pkg/auth"
	"dtks/pkg/bus"
	"dtks/pkg/outbox"
	"dtks/pkg/pg"
	"dtks/pkg/seal"
	"dtks/pkg/web"
)

const name = "verification"

//go:embed migrations/*.sql
var migrations embed.FS

func main() { app.Main(name, app.Commands(run, audit.Commands(nil, check))) }

// run wires the service and blocks until ctx ends or one part fails.
func run(ctx context.Context, getenv func(string) string) error {
	cfg, err := loadConfig(getenv)
	if err != nil {
		return err
	}
	stop, err := app.Telemetry(ctx, name, cfg.Common)
	if err != nil {
		return err
	}
	defer func() { _ = stop(context.WithoutCancel(ctx)) }() // the last spans may be lost; there is nobody left to tell
	db, err := pg.Open(ctx, cfg.DatabaseURL, migrations)
	if err != nil {
		return err
	}
	defer db.Close()
	keys, err := seal.Open(ctx, db, name, cfg.SealKeyFile, cfg.SealKEKFile, cfg.SealRecipientsFile)
	if err != nil {
		return err
	}
	nats, err := bus.Connect(ctx, cfg.NATSURL, cfg.NATSKeyFile, name)
	if err != nil {
		return err
	}
	defer nats.Close()

	box := outbox.New(name, db, keys)
	s := &service{store: &store{db}, outbox: box, now: time.Now}
	http := newServer(s, auth.NewVerifier(ctx, cfg.OIDCIssuer, cfg.OIDCAudience), db.Ping, nats.Ready)
	parts := box.Relays(nats)
	parts = append(parts, nats.Consume(bus.Consumer{Name: name, DB: db, Keys: keys, After: box.Wake}, s.routes()...)...)
	return app.Run(ctx, append(parts, http.Part(cfg.Addr))...)
}

// newServer serves the endpoints of s.
func newServer(s *service, v *auth.Verifier, ready ...func(context.Context) error) *web.Server {
	server := web.New(name, v, ready...)
	s.register(server)
	return server
}
