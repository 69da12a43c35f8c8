package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"dtks/pkg/app"
	"dtks/pkg/outbox"
	"dtks/pkg/pg"
	"dtks/services/eligibility/decision"
	"dtks/services/eligibility/pmt"
	"dtks/services/eligibility/rules"
)

// Kinds of artefacts.
const (
	kindModel     = "model"
	kindRules     = "rules"
	kindProgramme = "programme"
)

// artefact is a file, or a programme, that decisions name.
type artefact struct {
	kind, id string
	body     []byte
}

// files are the models and rule sets of this process, shipped and configured.
type files struct {
	models     pmt.Models
	sets       *rules.Sets
	programmes []string // switched on
	artefacts  []artefact
}

// load reads the shipped files and those that the settings name; every one that does not load is named.
func (c config) load() (*files, error) {
	f := &files{models: pmt.Models{}, sets: rules.NewSets(), programmes: c.Programmes}
	var all []error
	add := func(kind, name string, body []byte) {
		if err := f.add(kind, body); err != nil {
			all = append(all, fmt.Errorf("%s: %w", name, err))
		}
	}
	for name, body := range pmt.Files() {
		add(kindModel, name, body)
	}
	for name, body := range rules.Files() {
		add(kindRules, name, body)
	}
	for kind, names := range map[string][]string{kindModel: c.ModelFiles, kindRules: c.RuleFiles} {
		for _, name := range names {
			body, err := os.ReadFile(name)
			if err != nil {
				all = append(all, err)
				continue
			}
			add(kind, name, body)
		}
	}
	if _, ok := f.models[c.Model]; !ok {
		all = append(all, fmt.Errorf("MODEL: %q is not loaded", c.Model))
	}
	if len(all) == 0 {
		all = append(all, f.sets.Ready())
	}
	for _, p := range c.Programmes {
		if !slices.Contains(f.sets.Programmes(), p) {
			all = append(all, fmt.Errorf("there are no rules for programme %q", p))
		}
	}
	if err := errors.Join(all...); err != nil {
		return nil, app.Usage(err)
	}
	for _, p := range f.sets.Programmes() {
		f.artefacts = append(f.artefacts, artefact{kindProgramme, p, []byte{}})
	}
	return f, nil
}

func (f *files) add(kind string, body []byte) (err error) {
	var named struct {
		ID string `json:"id"`
	}
	if kind == kindModel {
		_, err = f.models.Add(body)
	} else {
		err = f.sets.Add(body)
	}
	if err == nil {
		err = json.Unmarshal(body, &named)
	}
	if err == nil {
		f.artefacts = append(f.artefacts, artefact{kind, named.ID, body})
	}
	return err
}

// inForce names what decides: the files, and the programmes that are switched on.
func (f *files) inForce() []string {
	var out []string
	for _, a := range f.artefacts {
		if a.kind != kindProgramme {
			out = append(out, a.id)
		}
	}
	for _, p := range f.programmes {
		out = append(out, "+"+p)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// engine makes what decides. Files that are loaded for the first time are kept in the database; one that has another
// content than under the same id before is refused.
func (f *files) engine(ctx context.Context, s *store) (*decision.Engine, error) {
	numbers, archived, err := s.register(ctx, f.artefacts)
	if err != nil {
		return nil, err
	}
	for _, a := range archived { // no longer a file, but older decisions rest on it
		switch a.kind {
		case kindModel:
			_, err = f.models.Add(a.body)
		case kindRules:
			err = f.sets.Archive(a.body)
		}
		if err != nil {
			return nil, fmt.Errorf("%s %s as it was kept: %w", a.kind, a.id, err)
		}
	}
	return decision.NewEngine(f.models, f.sets, f.programmes, decision.NewNames(numbers))
}

// newDecider makes a decider of these files. out may be nil where nothing is published.
func newDecider(ctx context.Context, f *files, s *store, out *outbox.Outbox) (*decider, error) {
	e, err := f.engine(ctx, s)
	if err != nil {
		return nil, err
	}
	s.files = f.inForce()
	return &decider{engine: e, store: s, outbox: out, now: time.Now}, nil
}

// register keeps artefacts and returns the numbers of all there are, with those that were not given.
func (s *store) register(ctx context.Context, given []artefact) (numbers map[string]int32, others []artefact, err error) {
	kinds, ids, bodies := make([]string, len(given)), make([]string, len(given)), make([][]byte, len(given))
	known := make(map[string]artefact, len(given))
	for i, a := range given {
		kinds[i], ids[i], bodies[i] = a.kind, a.id, a.body
		known[a.id] = a
	}
	numbers = map[string]int32{}
	b := &pgx.Batch{}
	b.Queue(`
		INSERT INTO artefact (kind, id, body)
		SELECT *
		FROM unnest($1::text[], $2::text[], $3::bytea[])
		ORDER BY 2
		ON CONFLICT (id) DO NOTHING`, kinds, ids, bodies)
	b.Queue(`SELECT no, kind, id, body FROM artefact`).Query(func(rows pgx.Rows) error {
		var no int32
		var a artefact
		_, err := pgx.ForEachRow(rows, []any{&no, &a.kind, &a.id, &a.body}, func() error {
			numbers[a.id] = no
			now, ok := known[a.id]
			switch {
			case !ok:
				others = append(others, artefact{a.kind, a.id, slices.Clone(a.body)})
			case now.kind != a.kind || !slices.Equal(now.body, a.body):
				return app.Usage(fmt.Errorf("%s %s is not the file that was loaded under this id before: give the new one a new id", a.kind, a.id))
			}
			return nil
		})
		return err
	})
	if err := s.db.SendBatch(ctx, b).Close(); err != nil {
		return nil, nil, fmt.Errorf("keeping models and rule sets: %w", err)
	}
	return numbers, others, nil
}

// takeForce makes this process's files the ones that decide, and lists every family to be decided anew when they are
// others than before. Processes that run with other files stop deciding from here on. Unless atOnce, it leaves the force
// to a process that still holds it.
func (d *decider) takeForce(ctx context.Context, atOnce bool) error {
	return pgx.BeginFunc(ctx, d.store.db, func(tx pgx.Tx) error {
		if err := d.store.lockRelease(ctx, tx); err != nil {
			return err
		}
		var before []string
		var held bool
		err := tx.QueryRow(ctx, `SELECT files, held_until > now() FROM engine_in_force`).Scan(&before, &held)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			_, err = tx.Exec(ctx, `INSERT INTO engine_in_force (files, held_until) VALUES ($1, now() + $2)`, d.store.files, holdFor)
			return err
		case err != nil:
			return fmt.Errorf("reading what decides: %w", err)
		case slices.Equal(before, d.store.files), held && !atOnce:
			return nil
		}
		if _, err := tx.Exec(ctx, `UPDATE engine_in_force SET files = $1, held_until = now() + $2`, d.store.files, holdFor); err != nil {
			return err
		}
		return d.store.listEveryone(ctx, tx)
	})
}

const (
	holdFor   = 30 * time.Second // without a sign of life of any process with the files in force
	holdEvery = 10 * time.Second
)

// hold tells, as long as the service, that a process with its files is alive; and takes the force back when those that
// had taken it are gone, as after a rollout that was broken off.
func (d *decider) hold() app.Part {
	return app.Part{Name: "rules in force", Run: func(ctx context.Context) error {
		for ctx.Err() == nil {
			if err := d.holdOn(ctx); err != nil && ctx.Err() == nil {
				slog.Warn("holding the rules in force", "error", pg.Safe(err))
			}
			select {
			case <-ctx.Done():
			case <-time.After(holdEvery):
			}
		}
		return nil
	}}
}

func (d *decider) holdOn(ctx context.Context) error {
	tag, err := d.store.db.Exec(ctx, `UPDATE engine_in_force SET held_until = now() + $2 WHERE files = $1`, d.store.files, holdFor)
	if err != nil || tag.RowsAffected() > 0 {
		return err
	}
	return d.takeForce(ctx, false)
}
