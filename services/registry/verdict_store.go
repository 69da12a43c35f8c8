package main

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"dtks/pkg/event"
)

// holdOpenProposals keeps the open proposals of these families from being applied until this transaction ends.
func (s *store) holdOpenProposals(ctx context.Context, tx pgx.Tx, families []string) error {
	_, err := tx.Exec(ctx, `
		SELECT FROM proposal
		WHERE family_id = ANY ($1::text[]::uuid[]) AND status IN ('open', 'returned')
		ORDER BY proposal_id
		FOR SHARE`, families)
	if err != nil {
		return fmt.Errorf("holding proposals: %w", err)
	}
	return nil
}

// saveVerdicts keeps the newest verdict about each person.
func (s *store) saveVerdicts(ctx context.Context, tx pgx.Tx, persons []string, verdicts map[string]event.VerdictState) error {
	identity, verdict, match := verdictColumns(persons, verdicts)
	_, err := tx.Exec(ctx, `
		INSERT INTO verdict AS v (person_id, identity_version, verdict, match_version)
		SELECT person::uuid, identity, verdict, match
		FROM unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[]) AS t (person, identity, verdict, match)
		ORDER BY person
		ON CONFLICT (person_id) DO UPDATE
		SET identity_version = EXCLUDED.identity_version, verdict = EXCLUDED.verdict, match_version = EXCLUDED.match_version
		WHERE v.match_version < EXCLUDED.match_version`, persons, identity, verdict, match)
	if err != nil {
		return fmt.Errorf("keeping verdicts: %w", err)
	}
	return nil
}

// familiesAwaiting lists the families of persons in force for whom a verdict is news, in the order of their ids.
func (s *store) familiesAwaiting(ctx context.Context, tx pgx.Tx, persons []string, verdicts map[string]event.VerdictState) ([]string, error) {
	identity, verdict, _ := verdictColumns(persons, verdicts)
	rows, err := tx.Query(ctx, `
		SELECT DISTINCT p.family_id::text AS id
		FROM unnest($1::text[], $2::bigint[], $3::text[]) AS t (person, identity, verdict)
		JOIN person p ON p.person_id = t.person::uuid
		WHERE p.identity_version = t.identity AND p.verdict IS DISTINCT FROM t.verdict
		ORDER BY id`, persons, identity, verdict)
	if err != nil {
		return nil, fmt.Errorf("finding judged persons: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

func verdictColumns(persons []string, verdicts map[string]event.VerdictState) (identity []int64, verdict []string, match []int64) {
	identity, verdict, match = make([]int64, len(persons)), make([]string, len(persons)), make([]int64, len(persons))
	for i, id := range persons {
		v := verdicts[id]
		identity[i], verdict[i], match[i] = v.IdentityVersion, string(v.Verdict), v.MatchVersion
	}
	return identity, verdict, match
}

// raiseVersions queues new versions of families and persons, and the persons' verdicts.
func (s *store) raiseVersions(b *pgx.Batch, r *raise) {
	if len(r.families) == 0 {
		return
	}
	b.Queue(`
		UPDATE family f
		SET version = t.version
		FROM unnest($1::text[], $2::bigint[]) AS t (id, version)
		WHERE f.family_id = t.id::uuid`, r.families, r.familyVersions)
	b.Queue(`
		UPDATE person p
		SET version = t.version, verdict = t.verdict, verdict_identity = p.identity_version, match_version = t.match
		FROM unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[]) AS t (id, version, verdict, match)
		WHERE p.person_id = t.id::uuid`, r.persons, r.personVersions, r.verdicts, r.matchVersions)
}
