package main

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// digests identify the derived state, whatever the order in which it came about.
type digests struct {
	Families  int64  `json:"families"`
	Inputs    string `json:"inputs"` // families, and the verdicts on their members as in force
	Decisions int64  `json:"decisions"`
	Decided   string `json:"decided"`
	Release   string `json:"release"`
}

// digests reads the digests of the whole state under one snapshot.
func (s *store) digests(ctx context.Context) (digests, error) {
	var d digests
	err := pgx.BeginTxFunc(ctx, s.db, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, `SELECT release_id FROM release_in_force`).Scan(&d.Release); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, `
			SELECT coalesce(sum(n), 0)::bigint, encode(sha256(coalesce(string_agg(h, '' ORDER BY shard), '')), 'hex')
			FROM (
				SELECT substr(uuid_send(family_id), 1, 1) AS shard, count(*) AS n, sha256(string_agg(sha256(convert_to(
					(f.family_id, f.version, f.recorded_at, f.active, f.area, f.facts, f.model, f.score, v.said)::text, 'UTF8')),
					'' ORDER BY f.family_id)) AS h
				FROM family f
				LEFT JOIN LATERAL (
					SELECT string_agg((v.person_id, v.identity_version, v.version, v.verdict)::text, ' ' ORDER BY v.person_id, v.identity_version) AS said
					FROM verdict v
					WHERE v.family_id = f.family_id AND v.version > 0
				) v ON true
				GROUP BY 1
			) AS t`).Scan(&d.Families, &d.Inputs); err != nil {
			return err
		}
		return tx.QueryRow(ctx, `
			SELECT coalesce(sum(n), 0)::bigint, encode(sha256(coalesce(string_agg(h, '' ORDER BY shard), '')), 'hex')
			FROM (
				SELECT substr(uuid_send(family_id), 1, 1) AS shard, count(*) AS n, sha256(string_agg(content, '' ORDER BY family_id)) AS h
				FROM decision
				GROUP BY 1
			) AS t`).Scan(&d.Decisions, &d.Decided)
	})
	if err != nil {
		return d, fmt.Errorf("reading digests: %w", err)
	}
	return d, nil
}

// undecided finds families that have no decisions.
func undecided(ctx context.Context, db *pgxpool.Pool, violated func(invariant, text string)) error {
	rows, err := db.Query(ctx, `
		SELECT family_id
		FROM family
		LEFT JOIN decision USING (family_id)
		WHERE sheet IS NULL
		LIMIT 1000`)
	if err != nil {
		return fmt.Errorf("looking for families without decisions: %w", err)
	}
	var family uuid.UUID
	_, err = pgx.ForEachRow(rows, []any{&family}, func() error {
		violated("I8", fmt.Sprintf("family %s has no decisions", family))
		return nil
	})
	return err
}

// everything hands out each family with its verdicts and decisions.
func (s *store) everything(ctx context.Context, tx pgx.Tx, each func(kept *stored) error) error {
	rows, err := tx.Query(ctx, `
		SELECT `+prefixed("f", familyColumns)+`, d.sheet, d.told, d.decided_at, v.*
		FROM family f
		JOIN decision d USING (family_id)
		CROSS JOIN LATERAL (SELECT `+verdictsOf+` FROM verdict v WHERE v.family_id = f.family_id) v`)
	if err != nil {
		return fmt.Errorf("reading families: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		k := new(stored)
		var c verdictColumns
		if k.family, err = scanFamily(rows, append([]any{&k.sheet, &k.told, &k.decidedAt}, c.into()...)...); err != nil {
			return err
		}
		k.verdicts = c.byIdentity()
		if err := each(k); err != nil {
			return err
		}
	}
	return rows.Err()
}

// snapshot runs do under one snapshot.
func (s *store) snapshot(ctx context.Context, do func(tx pgx.Tx) error) error {
	return pgx.BeginTxFunc(ctx, s.db, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, do)
}

// standing is what a snapshot says of the release in force.
type standing struct {
	no       int32
	working  bool // families wait to be decided by it
	families int64
}

func (s *store) standing(ctx context.Context, tx pgx.Tx) (st standing, err error) {
	err = tx.QueryRow(ctx, `
		SELECT no, `+workOpen+`, (SELECT count(*) FROM decision)
		FROM release_in_force
		JOIN release USING (release_id)`).Scan(&st.no, &st.working, &st.families)
	if err != nil {
		err = fmt.Errorf("reading the release in force: %w", err)
	}
	return st, err
}
