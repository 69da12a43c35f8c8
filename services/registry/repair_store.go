package main

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// openRepairs queues new work; a finding that is open already stays as it is, a closed one opens again.
func (s *store) openRepairs(b *pgx.Batch, all []repair) {
	if len(all) == 0 {
		return
	}
	n := len(all)
	person, family, area, code := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	identity, at := make([]int64, n), make([]time.Time, n)
	for i, r := range all {
		person[i], family[i], area[i], code[i] = r.PersonID, r.FamilyID, r.Area, r.Code
		identity[i], at[i] = r.IdentityVersion, r.OpenedAt
	}
	b.Queue(`
		INSERT INTO repair AS r (person_id, identity_version, code, family_id, area, opened_at)
		SELECT DISTINCT person::uuid, identity, code, family::uuid, area, opened_at
		FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::timestamptz[])
			AS t (person, identity, code, family, area, opened_at)
		ON CONFLICT (person_id, identity_version, code) DO UPDATE
		SET opened_at = EXCLUDED.opened_at, closed_at = NULL, closed_by = NULL
		WHERE r.closed_at IS NOT NULL`, person, identity, code, family, area, at)
}

// closeRepairs queues the end of work that is settled. That the civil registry knows an identity does not tell which of
// two persons who have its NIK it belongs to: a duplicate stays until this identity changes.
func (s *store) closeRepairs(b *pgx.Batch, all []mended, at time.Time) {
	if len(all) == 0 {
		return
	}
	n := len(all)
	person, identity, why := make([]string, n), make([]int64, n), make([]string, n)
	for i, m := range all {
		person[i], identity[i], why[i] = m.person, m.identity, m.why
	}
	b.Queue(`
		UPDATE repair r
		SET closed_at = $4, closed_by = t.why
		FROM unnest($1::text[], $2::bigint[], $3::text[]) AS t (person, identity, why)
		WHERE r.person_id = t.person::uuid AND r.identity_version <= t.identity AND r.closed_at IS NULL
			AND NOT (t.why = $5 AND r.code = $6)`,
		person, identity, why, at, closedPadan, codeDuplicate)
}

// moveRepairs queues that the open work about persons belongs to their new area.
func (s *store) moveRepairs(b *pgx.Batch, persons, areas []string) {
	if len(persons) == 0 {
		return
	}
	b.Queue(`
		UPDATE repair r
		SET area = t.area
		FROM unnest($1::text[], $2::text[]) AS t (person, area)
		WHERE r.person_id = t.person::uuid AND r.closed_at IS NULL`, persons, areas)
}

// repairs pages through open work of an area in the order of the index, from after on.
func (s *store) repairs(ctx context.Context, area string, after repair, limit int) ([]repair, error) {
	low, high := span(area)
	if after.PersonID == "" {
		after.PersonID = "00000000-0000-0000-0000-000000000000"
	}
	rows, err := s.db.Query(ctx, `
		SELECT person_id::text, identity_version, code, family_id::text, area, opened_at, closed_at
		FROM repair
		WHERE closed_at IS NULL AND area >= $1 AND area < $2
			AND (area, person_id, identity_version, code) > ($3, $4::text::uuid, $5, $6)
		ORDER BY area, person_id, identity_version, code
		LIMIT $7`, low, high, after.Area, after.PersonID, after.IdentityVersion, after.Code, limit)
	if err != nil {
		return nil, fmt.Errorf("reading repairs: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[repair])
}
