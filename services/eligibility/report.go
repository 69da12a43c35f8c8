package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"github.com/google/uuid"

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
})

// checkCommand prints the facts of this database for `dtks check`, violations of I8 among them.
func checkCommand(ctx context.Context, getenv func(string) string, args []string) error {
	cfg, err := loadConfig(getenv)
	if err != nil {
		return err
	}
	e, err := cfg.engine()
	if err != nil {
		return err
	}
	return audit.Check(unsound, e.recompute)(ctx, getenv, args)
}

// digestCommand prints the digests of inputs and decisions as JSON.
func digestCommand(ctx context.Context, getenv func(string) string, _ []string) error {
	return withStore(ctx, getenv, func(s *store) error {
		d, err := s.digests(ctx)
		if err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(d)
	})
}

// explainCommand prints a family's decisions, and the contribution of each variable to its score.
func explainCommand(ctx context.Context, getenv func(string) string, args []string) error {
	if len(args) != 1 {
		return app.Usage(errors.New("usage: eligibility explain FAMILY"))
	}
	id, err := uuid.Parse(args[0])
	if err != nil {
		return app.Usage(errors.New("FAMILY is not a family id"))
	}
	cfg, err := loadConfig(getenv)
	if err != nil {
		return err
	}
	e, err := cfg.engine()
	if err != nil {
		return err
	}
	return withStore(ctx, getenv, func(s *store) error { return explain(ctx, os.Stdout, e, s, id) })
}

func withStore(ctx context.Context, getenv func(string) string, do func(*store) error) error {
	db, err := pg.Connect(ctx, getenv("DATABASE_URL"))
	if err != nil {
		return err
	}
	defer db.Close()
	return do(&store{db})
}

func explain(ctx context.Context, out io.Writer, e *engine, s *store, id uuid.UUID) error {
	f, err := s.family(ctx, id)
	if err != nil {
		return err
	}
	_, decisions, err := s.decisions(ctx, id)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	if model := e.models[f.Model]; model != nil {
		fmt.Fprintf(w, "score by %s\tbase %d\n", model.ID, model.BaseIn(f.Area))
		for _, c := range model.Explain(&f.Facts, f.Area, f.day()) {
			note := ""
			if c.Missing {
				note = "not answered: what the model states for that"
			}
			fmt.Fprintf(w, "  %s\t%+d\t%s\n", c.Variable, c.Value, note)
		}
	}
	for _, d := range decisions {
		fmt.Fprintf(w, "%s\t%s\tRp%d a year %s\n", d.Programme, d.Outcome, d.Amount, d.Components)
		fmt.Fprintf(w, "  decile\t%d\trelease %s, rules %s, on %s\n", d.Decile, d.Release, d.RuleSet, d.DecidedOn.Format("2006-01-02"))
		if d.Score != nil && d.Cutoff != nil {
			fmt.Fprintf(w, "  score\t%d\tcut-off %d, distance %d\n", *d.Score, *d.Cutoff, *d.Cutoff-*d.Score)
		}
		set := e.sets.ByID(d.RuleSet)
		for _, code := range split(d.Reasons) {
			text := ""
			if set != nil {
				message, _ := set.Text(code)
				text = message.ID + " / " + message.EN
			}
			fmt.Fprintf(w, "  %s\t\t%s\n", code, text)
		}
	}
	return w.Flush()
}
