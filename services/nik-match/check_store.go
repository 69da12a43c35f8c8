package main

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"dtks/pkg/pg"
)

// violations are queries that count violations. Each comment says what must hold.
var violations = map[string]string{
	// A verdict that was asked for rests on a call that ended in a verdict, namely on its last one.
	"verdict_without_answer": `
		SELECT count(*)
		FROM match m
		WHERE m.state = 'decided' AND m.calls > 0 AND NOT EXISTS (
			SELECT FROM call c
			WHERE c.person_id = m.person_id AND c.identity_version = m.identity_version AND c.call = m.calls AND c.outcome = 'verdict')`,
	// One that was not asked for is about an identity that cannot be asked about.
	"verdict_without_call": `
		SELECT count(*)
		FROM match
		WHERE state = 'decided' AND calls = 0 AND evidence ->> 'finding' NOT IN ('tanpa_nik', 'format_nik')`,
	// A call that ended in a verdict gave one: an answer is never dropped while its job waits on.
	"answer_without_verdict": `
		SELECT count(*)
		FROM call c
		JOIN match m USING (person_id, identity_version)
		WHERE c.outcome = 'verdict' AND m.state <> 'decided'`,
	// Nobody is asked about again once there is a verdict.
	"called_after_verdict": `
		SELECT count(*)
		FROM call c
		JOIN match m USING (person_id, identity_version)
		WHERE m.state = 'decided' AND c.call > m.calls`,
	// What is published is the newest identity version decided.
	"newest_unpublished": `
		SELECT count(*)
		FROM (SELECT person_id, max(identity_version) AS newest FROM match WHERE state = 'decided' GROUP BY person_id) m
		LEFT JOIN person p USING (person_id)
		WHERE p.identity_version IS DISTINCT FROM m.newest`,
	// Each published event is a verdict on record, of that identity version, and versions never go back.
	"event_without_verdict": `
		SELECT count(*)
		FROM (` + published + `) e
		LEFT JOIN match m ON m.person_id = e.person_id AND m.identity_version = e.identity_version
		WHERE m.verdict IS DISTINCT FROM e.verdict`,
	"published_backwards": `
		SELECT count(*)
		FROM (SELECT identity_version, lag(identity_version) OVER (PARTITION BY person_id ORDER BY version) AS before FROM (` + published + `) e) e
		WHERE identity_version < before`,
	// Every person's verdict has been announced.
	"verdict_without_event": `
		SELECT count(*)
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

const counting = `
	SELECT 'persons', count(*) FROM person WHERE identity_version > 0
	UNION ALL SELECT state, count(*) FROM match GROUP BY state
	UNION ALL SELECT verdict, count(*) FROM match WHERE verdict IS NOT NULL GROUP BY verdict
	UNION ALL SELECT 'calls_' || outcome, count(*) FROM call GROUP BY outcome`

// snapshot is one read-only view for all queries.
var snapshot = pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}

// facts runs the queries on one snapshot.
func (s *store) facts(ctx context.Context) (facts, error) {
	out := facts{Service: service, Invariant: "I8", OK: true, Violations: map[string]int64{}, Counts: map[string]int64{}}
	tx, err := s.db.BeginTx(ctx, snapshot)
	if err != nil {
		return out, err
	}
	defer func() { _ = tx.Rollback(ctx) }()
	for name, query := range violations {
		var n int64
		if err := tx.QueryRow(ctx, query).Scan(&n); err != nil {
			return out, fmt.Errorf("checking %s: %s", name, pg.Safe(err))
		}
		out.Violations[name] = n
		out.OK = out.OK && n == 0
	}
	rows, err := tx.Query(ctx, counting)
	if err != nil {
		return out, fmt.Errorf("counting: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var n int64
		if err := rows.Scan(&name, &n); err != nil {
			return out, err
		}
		out.Counts[name] = n
	}
	return out, rows.Err()
}
