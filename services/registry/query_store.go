package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// proposals reads proposals by id.
func (s *store) proposals(ctx context.Context, ids []string) (map[string]*proposal, error) {
	found := make(map[string]*proposal, len(ids))
	if len(ids) == 0 {
		return found, nil
	}
	rows, err := s.db.Query(ctx, `
		SELECT `+proposalColumns+`
		FROM proposal p
		WHERE p.proposal_id = ANY ($1::text[]::uuid[])`, ids)
	if err != nil {
		return nil, fmt.Errorf("reading proposals: %w", err)
	}
	all, err := pgx.CollectRows(rows, scanProposal)
	for _, p := range all {
		found[p.ID] = p
	}
	return found, err
}

// proposalsOf reads the proposal that a family in force rests on and the one that waits, which may not be there.
func (s *store) proposalsOf(ctx context.Context, f *family) ([]*proposal, error) {
	rows, err := s.db.Query(ctx, `
		SELECT `+proposalColumns+`
		FROM proposal p
		WHERE p.proposal_id = $1::text::uuid
		UNION ALL
		SELECT `+proposalColumns+`
		FROM proposal p
		WHERE p.family_id = $2::text::uuid AND p.status IN ('open', 'returned')`, f.ProposalID, f.ID)
	if err != nil {
		return nil, fmt.Errorf("reading a family's proposals: %w", err)
	}
	return pgx.CollectRows(rows, scanProposal)
}

// person reads one person in force and the village of the family; nil where there is none.
func (s *store) person(ctx context.Context, id string) (*person, string, error) {
	var familyID, area string
	err := s.db.QueryRow(ctx, `
		SELECT f.family_id::text, f.area
		FROM person p
		JOIN family f USING (family_id)
		WHERE p.person_id = $1::text::uuid`, id).Scan(&familyID, &area)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", fmt.Errorf("finding a person: %w", err)
	}
	rows, err := s.db.Query(ctx, `SELECT `+personColumns+` FROM person p WHERE p.person_id = $1::text::uuid`, id)
	if err != nil {
		return nil, "", fmt.Errorf("reading a person: %w", err)
	}
	p, err := pgx.CollectExactlyOneRow(rows, scanPerson)
	return p, area, err
}

// familyLines pages through the families of an area in the order of the index.
func (s *store) familyLines(ctx context.Context, area, afterArea, afterID string, limit int) ([]FamilyLine, error) {
	low, high := span(area)
	if afterID == "" {
		afterID = "00000000-0000-0000-0000-000000000000"
	}
	rows, err := s.db.Query(ctx, `
		SELECT family_id::text, area, state, version, updated_at
		FROM family
		WHERE area >= $1 AND area < $2 AND (area, family_id) > ($3, $4::text::uuid)
		ORDER BY area, family_id
		LIMIT $5`, low, high, afterArea, afterID, limit)
	if err != nil {
		return nil, fmt.Errorf("listing families: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[FamilyLine])
}
