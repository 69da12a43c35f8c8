package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/jackc/pgx/v5"

	"dtks/pkg/pg"
)

// checkFacts are counts that an intact registry has as zero, and totals beside them. dtks check compares the totals
// with the streams.
type checkFacts struct {
	Service    string           `json:"service"`
	Violations map[string]int64 `json:"violations"` // by name; zero = holds
	Totals     map[string]int64 `json:"totals"`
}

// violations are what must not be found, each a query that counts.
var violations = map[string]string{
	// Every version 1..n of every aggregate has its event, and no event is of a version not drawn.
	"aggregate_versions_without_event": `
		SELECT count(*) FROM aggregate a
		LEFT JOIN (SELECT aggregate_key, count(*) AS n, max(version) AS high, count(DISTINCT version) AS distinct_n FROM event GROUP BY 1) e
			USING (aggregate_key)
		WHERE e.n IS DISTINCT FROM a.version OR e.high <> a.version OR e.distinct_n <> e.n`,
	"events_without_aggregate": `SELECT count(*) FROM event e WHERE NOT EXISTS (SELECT FROM aggregate a WHERE a.aggregate_key = e.aggregate_key)`,
	// Rows are at the version that was announced.
	"proposals_at_other_version": `
		SELECT count(*) FROM proposal p
		LEFT JOIN aggregate a ON a.aggregate_key = 'registry.proposal.all.' || p.proposal_id
		WHERE a.version IS DISTINCT FROM p.version`,
	"families_at_other_version": `
		SELECT count(*) FROM family f
		LEFT JOIN aggregate a ON a.aggregate_key = 'registry.registrant.family.' || f.family_id
		WHERE a.version IS DISTINCT FROM f.version`,
	"persons_at_other_version": `
		SELECT count(*) FROM person p
		LEFT JOIN aggregate a ON a.aggregate_key = 'registry.registrant.person.' || p.person_id
		WHERE a.version IS DISTINCT FROM p.version`,
	// Every answer 2xx names a proposal that exists, and every proposal belongs to exactly one family on record.
	"answers_without_proposal": `
		SELECT count(*) FROM (
			SELECT convert_from(body, 'UTF8')::jsonb ->> 'proposal_id' AS id FROM idempotency WHERE route = 'POST /v1/proposals' AND status BETWEEN 200 AND 299
			UNION ALL
			SELECT item ->> 'id' FROM idempotency, jsonb_array_elements(convert_from(body, 'UTF8')::jsonb -> 'items') AS item
			WHERE route = 'POST /v1/proposals/batch' AND (item ->> 'status')::int BETWEEN 200 AND 299
		) answered
		WHERE NOT EXISTS (SELECT FROM proposal p WHERE p.proposal_id = answered.id::uuid)`,
	"proposals_without_family": `SELECT count(*) FROM proposal p WHERE NOT EXISTS (
		SELECT FROM family_source s WHERE s.source = p.source AND s.source_id = p.source_id AND s.family_id = p.family_id)`,
	"applied_without_family":       `SELECT count(*) FROM proposal p WHERE p.status = 'applied' AND NOT EXISTS (SELECT FROM family f WHERE f.family_id = p.family_id)`,
	"families_on_unapplied":        `SELECT count(*) FROM family f LEFT JOIN proposal p USING (proposal_id) WHERE p.status IS DISTINCT FROM 'applied'`,
	"verdicts_of_another_identity": `SELECT count(*) FROM person WHERE verdict IS NOT NULL AND verdict_identity <> identity_version`,
	// A verdict that is there for the identity in force has been applied.
	"verdicts_not_applied": `
		SELECT count(*) FROM person p
		JOIN verdict v USING (person_id, identity_version)
		WHERE p.verdict IS DISTINCT FROM v.verdict`,
}

var totals = map[string]string{
	"events":         `SELECT count(*) FROM event`,
	"aggregates":     `SELECT count(*) FROM aggregate`,
	"proposals":      `SELECT count(*) FROM proposal`,
	"proposals_open": `SELECT count(*) FROM proposal WHERE status = 'open'`,
	"families":       `SELECT count(*) FROM family`,
	"persons":        `SELECT count(*) FROM person`,
	"repairs_open":   `SELECT count(*) FROM repair WHERE closed_at IS NULL`,
}

// check prints checkFacts of one consistent moment as JSON. It only reads.
func check(ctx context.Context, getenv func(string) string, _ []string) error {
	cfg, err := loadConfig(getenv)
	if err != nil {
		return err
	}
	db, err := pg.Connect(ctx, cfg.DatabaseURL)
	if err != nil {
		return err
	}
	defer db.Close()
	facts, err := (&store{db}).facts(ctx)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(facts)
}

func (s *store) facts(ctx context.Context) (checkFacts, error) {
	f := checkFacts{Service: name, Violations: map[string]int64{}, Totals: map[string]int64{}}
	once := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err := pgx.BeginTxFunc(ctx, s.db, once, func(tx pgx.Tx) error {
		for _, part := range []struct {
			queries map[string]string
			into    map[string]int64
		}{{violations, f.Violations}, {totals, f.Totals}} {
			for name, sql := range part.queries {
				var n int64
				if err := tx.QueryRow(ctx, sql).Scan(&n); err != nil {
					return fmt.Errorf("checking %s: %w", name, err)
				}
				part.into[name] = n
			}
		}
		return nil
	})
	return f, err
}
