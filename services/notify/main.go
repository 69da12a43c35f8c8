// Notify tells people and systems that something awaits them: in-app, by e-mail and by signed webhooks, each exactly
// once or listed as unknown for a person to decide. What it writes holds ids, codes and area names; it is granted no
// sealed class and knows no personal data.
package main

import (
	"context"
	"embed"
	"strings"
	"time"

	"dtks/pkg/app"
	"dtks/pkg/audit"
	"dtks/pkg/auth"
	"dtks/pkg/bus"
	"dtks/pkg/outbox"
	"dtks/pkg/pg"
	"dtks/pkg/web"
)

const name = "notify"

//go:embed migrations/*.sql
var migrations embed.FS

func main() { app.Main(name, app.Commands(run, audit.Commands(nil, check))) }

// run wires the service and blocks until ctx ends or one part fails.
func run(ctx context.Context, getenv func(string) string) error {
	cfg, rules, err := loadConfig(getenv)
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
	nats, err := bus.Connect(ctx, cfg.NATSURL, cfg.NATSKeyFile, name)
	if err != nil {
		return err
	}
	defer nats.Close()

	box := outbox.New(name, db, nil)
	s := &service{store: &store{db}, outbox: box, rules: rules, console: strings.TrimSuffix(cfg.ConsoleURL, "/"),
		hooks: newHooks(cfg.HookLoopback, time.Now), now: time.Now}
	var mail *mailer
	if cfg.SMTPAddr != "" {
		if mail, err = newMailer(cfg); err != nil {
			return app.Usage(err)
		}
		s.mailTo = cfg.MailTo
	}
	s.logRules()
	send := newSender(s, mail, cfg)
	http := newServer(s, send, auth.NewVerifier(ctx, cfg.OIDCIssuer, cfg.OIDCAudience), db.Ping, nats.Ready)
	parts := append(box.Relays(nats), send.part())
	parts = append(parts, nats.Consume(bus.Consumer{Name: name, DB: db, After: send.Wake}, s.routes()...)...)
	return app.Run(ctx, append(parts, http.Part(cfg.Addr))...)
}

// newServer serves the endpoints of s; send is woken when a delivery is to be made again.
func newServer(s *service, send *sender, v *auth.Verifier, ready ...func(context.Context) error) *web.Server {
	server := web.New(name, v, ready...)
	s.register(server, send.Wake)
	return server
}
