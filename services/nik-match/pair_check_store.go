package main

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// pairLaws are what must hold of pairs, invariant I6 as far as this database alone shows it, by name. Each query gives the
// pairs or persons for which it does not. That pairs are those that comparing everybody anew would give is shown by doing
// so: nik-match duplicates --rebuild.
var pairLaws = map[string]string{
	// Who is compared and no longer in force is in no pair, and nobody keeps their fields' keys.
	"pair_of_nobody": `
		SELECT d.pair_id
		FROM duplicate d
		JOIN registrant r ON r.person_id IN (d.first_id, d.second_id)
		WHERE r.identity IS NULL AND r.due IS NULL`,
	"key_of_nobody": `
		SELECT person_id
		FROM registrant
		WHERE identity IS NULL AND due IS NULL AND keys <> '{}'`,
	// Persons stand under the keys that they are said to stand under.
	"keys_differ": `
		SELECT COALESCE(r.person_id, k.person_id)
		FROM (SELECT person_id, unnest(keys) AS key FROM registrant) r
		FULL JOIN duplicate_key k USING (person_id, key)
		WHERE r.person_id IS NULL OR k.person_id IS NULL`,
	// A pair speaks of where its persons are and of the fields they have, once they have been compared.
	"pair_of_other_times": `
		SELECT d.pair_id
		FROM duplicate d
		JOIN registrant a ON a.person_id = d.first_id
		JOIN registrant b ON b.person_id = d.second_id
		WHERE a.due IS NULL AND b.due IS NULL
			AND (d.first_family, d.first_area, d.first_identity, d.second_family, d.second_area, d.second_identity)
				IS DISTINCT FROM (a.family_id, a.area, a.identity_version, b.family_id, b.area, b.identity_version)`,
	// What was published last of each side of a pair is what is on record.
	"pair_unpublished": `
		SELECT d.pair_id
		FROM duplicate d
		LEFT JOIN (` + lastTold + `) e ON e.pair_id = d.pair_id AND e.side = 'first'
		WHERE (e.state IN ('found', 'changed') AND e.outcome = d.outcome AND e.model = d.model) IS NOT TRUE`,
	"published_without_pair": `
		SELECT e.pair_id
		FROM (` + lastTold + `) e
		LEFT JOIN duplicate d USING (pair_id)
		WHERE e.state IN ('found', 'changed') AND (d.pair_id IS NULL OR e.side = 'second' AND left(d.first_area, 5) = left(d.second_area, 5))`,
	"second_unpublished": `
		SELECT d.pair_id
		FROM duplicate d
		LEFT JOIN (` + lastTold + `) e ON e.pair_id = d.pair_id AND e.side = 'second'
		WHERE left(d.first_area, 5) <> left(d.second_area, 5) AND (e.state IN ('found', 'changed') AND e.outcome = d.outcome) IS NOT TRUE`,
}

// lastTold reads the newest event of each side of each pair from the archive.
const lastTold = `
	SELECT (j ->> 'subject')::uuid AS pair_id, side, j -> 'data' ->> 'state' AS state, j -> 'data' ->> 'outcome' AS outcome, j -> 'data' ->> 'model' AS model
	FROM (
		SELECT DISTINCT ON (aggregate_key) split_part(subject, '.', 5) AS side, convert_from(payload, 'UTF8')::json AS j
		FROM event
		WHERE type = 'nik-match.duplicate.found.v1'
		ORDER BY aggregate_key, version DESC) newest`

// checkPairs reports each pair or person for whom a law does not hold.
func checkPairs(ctx context.Context, db *pgxpool.Pool, violated func(invariant, text string)) error {
	return pgx.BeginTxFunc(ctx, db, snapshot, func(tx pgx.Tx) error {
		for law, query := range pairLaws {
			rows, err := tx.Query(ctx, query)
			if err != nil {
				return fmt.Errorf("checking %s: %w", law, err)
			}
			var id uuid.UUID
			if _, err := pgx.ForEachRow(rows, []any{&id}, func() error {
				violated("I6", law+": "+id.String())
				return nil
			}); err != nil {
				return fmt.Errorf("checking %s: %w", law, err)
			}
		}
		return nil
	})
}
