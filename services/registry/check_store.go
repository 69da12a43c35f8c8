package main

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// invariant is something that must not be found: a query for the ids that break it, at most 20, under one snapshot.
type invariant struct{ name, text, sql string }

var invariants = []invariant{
	{"I1", "an answer 2xx names a proposal that is not there", `
		SELECT coalesce(id, 'none') FROM (
			SELECT convert_from(body, 'UTF8')::jsonb ->> 'proposal_id' AS id
			FROM idempotency
			WHERE route = 'POST /v1/proposals'
			UNION ALL
			SELECT item ->> 'id'
			FROM idempotency, jsonb_array_elements(convert_from(body, 'UTF8')::jsonb -> 'items') AS item
			WHERE route = 'POST /v1/proposals/batch' AND (item ->> 'status')::int BETWEEN 200 AND 299
		) AS answered
		WHERE NOT EXISTS (SELECT FROM proposal p WHERE p.proposal_id = answered.id::uuid)
		LIMIT 20`},
	{"I1", "a proposal belongs to no family on record", `
		SELECT proposal_id::text FROM proposal p
		WHERE NOT EXISTS (
			SELECT FROM family_source s
			WHERE s.source = p.source AND s.source_id = p.source_id AND s.family_id = p.family_id)
		LIMIT 20`},
	{"I1", "an applied proposal left no family", `
		SELECT proposal_id::text FROM proposal p
		WHERE status = 'applied' AND NOT EXISTS (SELECT FROM family f WHERE f.family_id = p.family_id)
		LIMIT 20`},
	{"I2", "a proposal's row is not at the version announced", `
		SELECT p.proposal_id::text FROM proposal p
		LEFT JOIN aggregate a ON a.aggregate_key = 'registry.proposal.all.' || p.proposal_id
		WHERE a.version IS DISTINCT FROM p.version
		LIMIT 20`},
	{"I2", "a family's row is not at the version announced", `
		SELECT f.family_id::text FROM family f
		LEFT JOIN aggregate a ON a.aggregate_key = 'registry.registrant.family.' || f.family_id
		WHERE a.version IS DISTINCT FROM f.version
		LIMIT 20`},
	{"I2", "a person's row is not at the version announced", `
		SELECT p.person_id::text FROM person p
		LEFT JOIN aggregate a ON a.aggregate_key = 'registry.registrant.person.' || p.person_id
		WHERE a.version IS DISTINCT FROM p.version
		LIMIT 20`},
	{"I6", "a family in force rests on a proposal that was not applied", `
		SELECT f.family_id::text FROM family f
		LEFT JOIN proposal p ON p.proposal_id = f.proposal_id
		WHERE p.status IS DISTINCT FROM 'applied'
		LIMIT 20`},
	{"I6", "a verdict about the identity in force was not applied", `
		SELECT p.person_id::text FROM person p
		JOIN verdict v ON v.person_id = p.person_id AND v.identity_version = p.identity_version
		WHERE p.verdict IS DISTINCT FROM v.verdict
		LIMIT 20`},
	{"I8", "a person carries the verdict of another identity version", `
		SELECT person_id::text FROM person
		WHERE verdict IS NOT NULL AND verdict_identity <> identity_version
		LIMIT 20`},
}

// checkRegistry reports what breaks an invariant of this service's own tables, by id.
func checkRegistry(ctx context.Context, db *pgxpool.Pool, violated func(invariant, text string)) error {
	for _, i := range invariants {
		rows, err := db.Query(ctx, i.sql)
		if err != nil {
			return fmt.Errorf("checking that %s: %w", i.text, err)
		}
		ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return fmt.Errorf("checking that %s: %w", i.text, err)
		}
		for _, id := range ids {
			violated(i.name, i.text+": "+id)
		}
	}
	return nil
}
