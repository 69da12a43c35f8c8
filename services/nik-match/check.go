package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"dtks/pkg/app"
	"dtks/pkg/pg"
)

// facts is what check prints: this service's share of invariant I8, for the program that checks the whole system.
type facts struct {
	Service    string           `json:"service"`
	Invariant  string           `json:"invariant"`
	OK         bool             `json:"ok"`
	Violations map[string]int64 `json:"violations"` // by rule; every rule is listed, 0 = holds
	Counts     map[string]int64 `json:"counts"`
}

// check prints JSON facts about invariant I8 and leaves with 1 when one is violated.
func check(ctx context.Context, getenv func(string) string, _ []string) error {
	url := getenv("DATABASE_URL")
	if url == "" {
		return app.Usage(errors.New("DATABASE_URL is required"))
	}
	db, err := pg.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer db.Close()
	out, err := (&store{db: db}).facts(ctx)
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(out); err != nil {
		return err
	}
	if !out.OK {
		return errors.New("invariant I8 does not hold")
	}
	return nil
}

// redrive makes parked jobs due again, after what they were parked for has been mended.
func redrive(ctx context.Context, getenv func(string) string, _ []string) error {
	url := getenv("DATABASE_URL")
	if url == "" {
		return app.Usage(errors.New("DATABASE_URL is required"))
	}
	db, err := pg.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer db.Close()
	tag, err := db.Exec(ctx, `UPDATE match SET state = 'waiting', due_at = now() WHERE state = 'parked'`)
	if err != nil {
		return fmt.Errorf("making parked jobs due: %w", err)
	}
	fmt.Println(tag.RowsAffected())
	return nil
}
