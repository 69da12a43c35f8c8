package main

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// digests identify the derived state, whatever the order in which it came about.
type digests struct {
	Families   int64  `json:"families"`
	Inputs     string `json:"inputs"` // families, and the verdicts on their heads as in force
	Decisions  int64  `json:"decisions"`
	Decided    string `json:"decided"`
	Release    string `json:"release"`
	Programmes int64  `json:"programmes"`
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
					(f.family_id, f.version, f.recorded_at, f.active, f.area, f.head, f.head_identity, f.facts, f.model, f.score,
						v.version, v.recorded_at, v.verdict)::text, 'UTF8')), '' ORDER BY f.family_id)) AS h
				FROM family f
				LEFT JOIN verdict v ON v.person_id = f.head AND v.identity_version = f.head_identity AND v.version > 0
				GROUP BY 1
			) AS t`).Scan(&d.Families, &d.Inputs); err != nil {
			return err
		}
		return tx.QueryRow(ctx, `
			SELECT coalesce(sum(n), 0)::bigint, (SELECT count(DISTINCT programme) FROM decision),
				encode(sha256(coalesce(string_agg(h, '' ORDER BY shard), '')), 'hex')
			FROM (
				SELECT substr(uuid_send(family_id), 1, 1) AS shard, count(*) AS n,
					sha256(string_agg(digest, '' ORDER BY family_id, programme)) AS h
				FROM decision
				GROUP BY 1
			) AS t`).Scan(&d.Decisions, &d.Programmes, &d.Decided)
	})
	if err != nil {
		return d, fmt.Errorf("reading digests: %w", err)
	}
	return d, nil
}

// unsound finds decisions that do not rest on what is in force (invariant I8), judged by the rows alone.
func unsound(ctx context.Context, db *pgxpool.Pool, violated func(invariant, text string)) error {
	rows, err := db.Query(ctx, `
		SELECT family_id, programme, CASE
				WHEN d.verdict_version = 0 AND d.outcome = 'entitled' THEN 'is entitled without a verdict'
				WHEN d.outcome = 'entitled' AND v.verdict IS DISTINCT FROM 'padan' THEN 'is entitled though the verdict is not padan'
				WHEN (d.verdict_person, d.verdict_identity) <> (f.head, f.head_identity) THEN 'rests on another identity version'
				WHEN d.verdict_version <> coalesce(v.version, 0) THEN 'rests on an older verdict'
				WHEN d.family_version <> f.version THEN 'rests on an older version of the family'
				ELSE 'rests on a release that is not in force'
			END
		FROM decision d
		JOIN family f USING (family_id)
		LEFT JOIN verdict v ON v.person_id = f.head AND v.identity_version = f.head_identity AND v.version > 0
		WHERE d.verdict_version <> coalesce(v.version, 0)
			OR (d.verdict_person, d.verdict_identity) <> (f.head, f.head_identity)
			OR d.family_version <> f.version
			OR d.outcome = 'entitled' AND v.verdict IS DISTINCT FROM 'padan'
			OR d.release <> (SELECT release_id FROM release_in_force) AND NOT EXISTS (`+fanoutOpen+`)
		LIMIT 1000`)
	if err != nil {
		return fmt.Errorf("looking for unsound decisions: %w", err)
	}
	var family uuid.UUID
	var programme, text string
	_, err = pgx.ForEachRow(rows, []any{&family, &programme, &text}, func() error {
		violated("I8", fmt.Sprintf("decision %s of family %s %s", programme, family, text))
		return nil
	})
	return err
}

// everything hands out each family with the verdict on its head as in force and the digests of its decisions, under
// one snapshot with the release in force.
func (s *store) everything(ctx context.Context, each func(rel *release, f *family, v *verdict, programmes []string, digests [][]byte) error) error {
	return pgx.BeginTxFunc(ctx, s.db, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		rel, err := scanRelease(tx.QueryRow(ctx, selectRelease+` JOIN release_in_force USING (release_id)`))
		if err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `
			SELECT `+prefixed("f", familyColumns)+`, coalesce(v.version, 0), coalesce(v.recorded_at, 'epoch'), coalesce(v.verdict, ''),
				coalesce(d.programmes, '{}'), coalesce(d.digests, '{}')
			FROM family f
			LEFT JOIN verdict v ON v.person_id = f.head AND v.identity_version = f.head_identity
			LEFT JOIN (
				SELECT family_id, array_agg(programme) AS programmes, array_agg(digest) AS digests
				FROM decision
				WHERE release = $1
				GROUP BY family_id
			) d USING (family_id)`, rel.ID)
		if err != nil {
			return fmt.Errorf("reading families: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			var v verdict
			var programmes []string
			var digests [][]byte
			f, err := scanFamily(rows, &v.Version, &v.RecordedAt, &v.Verdict, &programmes, &digests)
			if err != nil {
				return err
			}
			v.Person, v.Identity = f.Head, f.HeadIdentity
			if err := each(rel, f, &v, programmes, digests); err != nil {
				return err
			}
		}
		return rows.Err()
	})
}

// recompute decides every family again from its stored inputs and names each decision that comes out differently.
func (e *engine) recompute(ctx context.Context, db *pgxpool.Pool, violated func(invariant, text string)) error {
	s := &store{db}
	return s.everything(ctx, func(rel *release, f *family, v *verdict, programmes []string, digests [][]byte) error {
		if err := e.score(rel, f); err != nil {
			return err
		}
		for _, d := range e.decide(rel, f, v) {
			// A programme that is missing is not decided yet by this release: the fan-out will.
			if i := slices.Index(programmes, d.Programme); i >= 0 && !bytes.Equal(digests[i], d.digest()) {
				violated("I8", fmt.Sprintf("decision %s of family %s is not what its inputs give", d.Programme, f.ID))
			}
		}
		return nil
	})
}
