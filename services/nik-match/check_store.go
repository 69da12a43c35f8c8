package main

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// laws are what must hold of verdicts, invariant I8, by name. Each query gives the persons for whom it does not.
var laws = map[string]string{
	// A verdict that was asked for rests on a call that ended in a verdict, namely on its last one.
	"verdict_without_answer": `
		SELECT m.person_id
		FROM match m
		WHERE m.state = 'decided' AND m.calls > 0 AND NOT EXISTS (
			SELECT FROM call c
			WHERE c.person_id = m.person_id AND c.identity_version = m.identity_version AND c.call = m.calls AND c.outcome = 'verdict')`,
	// One that was not asked for is about an identity that cannot be asked about.
	"verdict_without_call": `
		SELECT person_id
		FROM match
		WHERE state = 'decided' AND calls = 0 AND evidence ->> 'finding' NOT IN ('tanpa_nik', 'format_nik')`,
	// A call that ended in a verdict gave one: an answer is never dropped while its job waits on.
	"answer_without_verdict": `
		SELECT person_id
		FROM call c
		JOIN match m USING (person_id, identity_version)
		WHERE c.outcome = 'verdict' AND m.state <> 'decided'`,
	// Nobody is asked about again once there is a verdict.
	"called_after_verdict": `
		SELECT person_id
		FROM call c
		JOIN match m USING (person_id, identity_version)
		WHERE m.state = 'decided' AND c.call > m.calls`,
	// What is published is the newest identity version decided.
	"newest_unpublished": `
		SELECT m.person_id
		FROM (SELECT person_id, max(identity_version) AS newest FROM match WHERE state = 'decided' GROUP BY person_id) m
		LEFT JOIN person p USING (person_id)
		WHERE p.identity_version IS DISTINCT FROM m.newest`,
	// Each published event is a verdict on record, of that identity version, and versions never go back.
	"event_without_verdict": `
		SELECT e.person_id
		FROM (` + published + `) e
		LEFT JOIN match m ON m.person_id = e.person_id AND m.identity_version = e.identity_version
		WHERE m.verdict IS DISTINCT FROM e.verdict`,
	"published_backwards": `
		SELECT person_id
		FROM (SELECT person_id, identity_version, lag(identity_version) OVER (PARTITION BY person_id ORDER BY version) AS before FROM (` + published + `) e) e
		WHERE identity_version < before`,
	// Every person's verdict has been announced.
	"verdict_without_event": `
		SELECT p.person_id
		FROM person p
		WHERE p.identity_version > 0 AND NOT EXISTS (
			SELECT FROM (` + published + `) e
			WHERE e.person_id = p.person_id AND e.identity_version = p.identity_version)`,
}

// published reads the archive's open parts; moved closes a subject and says nothing of a verdict.
const published = `
	SELECT (j ->> 'subject')::uuid AS person_id, version, (j -> 'data' ->> 'identity_version')::bigint AS identity_version, j -> 'data' ->> 'verdict' AS verdict
	FROM (SELECT version, convert_from(payload, 'UTF8')::json AS j FROM event WHERE type = 'nik-match.match.decided.v1') raw
	WHERE j -> 'data' ->> 'state' IS NULL`

// snapshot is one read-only view for all queries.
var snapshot = pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}

// checkVerdicts reports each person for whom invariant I8 does not hold, as far as this database alone shows.
func checkVerdicts(ctx context.Context, db *pgxpool.Pool, violated func(invariant, text string)) error {
	return pgx.BeginTxFunc(ctx, db, snapshot, func(tx pgx.Tx) error {
		for law, query := range laws {
			rows, err := tx.Query(ctx, query)
			if err != nil {
				return fmt.Errorf("checking %s: %w", law, err)
			}
			var person uuid.UUID
			if _, err := pgx.ForEachRow(rows, []any{&person}, func() error {
				violated("I8", law+": person "+person.String())
				return nil
			}); err != nil {
				return fmt.Errorf("checking %s: %w", law, err)
			}
		}
		return nil
	})
}

// redrive makes parked jobs due again, after what they were parked for has been mended, and says how many.
func (s *store) redrive(ctx context.Context) (int64, error) {
	tag, err := s.db.Exec(ctx, `UPDATE match SET state = 'waiting', due_at = $1 WHERE state = 'parked'`, s.now().UTC())
	if err != nil {
		return 0, fmt.Errorf("making parked jobs due: %w", err)
	}
	return tag.RowsAffected(), nil
}
