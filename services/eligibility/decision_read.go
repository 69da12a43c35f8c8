package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"dtks/pkg/event"
)

// storedDecision is a decision as it is kept.
type storedDecision struct {
	Programme       string
	Outcome         event.Outcome
	Reasons         string
	Clauses         string
	Components      string
	Amount          int64
	Decile          int16
	Score           *int64
	Cutoff          *int64
	Release         string
	Model           string
	RuleSet         string
	FamilyVersion   int64
	VerdictIdentity int64
	VerdictVersion  int64
	DecidedOn       time.Time
	DecidedAt       time.Time
	Digest          string
}

// decisions reads a family's village and its decisions; an empty village when there is no such family.
func (s *store) decisions(ctx context.Context, family uuid.UUID) (area string, out []storedDecision, err error) {
	err = s.db.QueryRow(ctx, `SELECT area FROM family WHERE family_id = $1`, family).Scan(&area)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", nil, nil
	}
	if err != nil {
		return "", nil, fmt.Errorf("reading a family: %w", err)
	}
	rows, err := s.db.Query(ctx, `
		SELECT programme, outcome, reasons, clauses, components, amount, decile, score, cutoff, release, model, rule_set,
			family_version, verdict_identity, verdict_version, decided_on, decided_at, encode(digest, 'hex')
		FROM decision
		WHERE family_id = $1
		ORDER BY programme`, family)
	if err != nil {
		return "", nil, fmt.Errorf("reading decisions: %w", err)
	}
	out, err = pgx.CollectRows(rows, pgx.RowToStructByPos[storedDecision])
	return area, out, err
}
