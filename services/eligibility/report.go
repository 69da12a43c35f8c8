package main

import (
	"context"
	"encoding/json"
	"os"

	"dtks/pkg/app"
	"dtks/pkg/audit"
	"dtks/pkg/pg"
)

// commands are the subcommands of the program: what needs this service's tables is its own affair.
var commands = audit.Commands(map[string]app.Command{
	"check":   checkCommand,
	"digest":  digestCommand,
	"explain": explainCommand,
	"replay":  replayCommand,
	"verify":  verifyCommand,
})

// checkCommand prints the facts of this database for `dtks check`, violations of I8 among them.
func checkCommand(ctx context.Context, getenv func(string) string, args []string) error {
	cfg, err := loadConfig(getenv)
	if err != nil {
		return err
	}
	f, err := cfg.load()
	if err != nil {
		return err
	}
	return audit.Check(undecided, recompute(f))(ctx, getenv, args)
}

// digestCommand prints the digests of inputs and decisions as JSON.
func digestCommand(ctx context.Context, getenv func(string) string, _ []string) error {
	db, err := pg.Connect(ctx, getenv("DATABASE_URL"))
	if err != nil {
		return err
	}
	defer db.Close()
	d, err := newStore(db).digests(ctx)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(d)
}

// withDecider runs do with the service's files on its database; nothing is published.
func withDecider(ctx context.Context, getenv func(string) string, do func(*decider) error) error {
	cfg, err := loadConfig(getenv)
	if err != nil {
		return err
	}
	f, err := cfg.load()
	if err != nil {
		return err
	}
	db, err := pg.Connect(ctx, cfg.DatabaseURL)
	if err != nil {
		return err
	}
	defer db.Close()
	d, err := newDecider(ctx, f, newStore(db), nil)
	if err != nil {
		return err
	}
	return do(d)
}
