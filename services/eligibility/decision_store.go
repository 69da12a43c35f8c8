package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"dtks/services/eligibility/decision"
)

// queueFamilies stores families as they are now.
func queueFamilies(b *pgx.Batch, families []*family) {
	n := len(families)
	ids, versions, at := make([]uuid.UUID, n), make([]int64, n), make([]time.Time, n)
	active, areas, facts := make([]bool, n), make([]string, n), make([][]byte, n)
	models, scores, sizes := make([]string, n), make([]*int64, n), make([]int16, n)
	for i, f := range families {
		ids[i], versions[i], at[i], active[i], areas[i] = f.ID, f.Version, f.RecordedAt, f.Active, f.Area
		facts[i], models[i], scores[i], sizes[i] = f.Facts.Encode(), f.Model, f.Score, int16(f.Facts.Living())
	}
	b.Queue(`
		INSERT INTO family (`+familyColumns+`)
		SELECT *
		FROM unnest($1::uuid[], $2::bigint[], $3::timestamptz[], $4::boolean[], $5::text[], $6::bytea[], $7::text[],
			$8::bigint[], $9::smallint[])
		ON CONFLICT (family_id) DO UPDATE
		SET version = EXCLUDED.version, recorded_at = EXCLUDED.recorded_at, active = EXCLUDED.active, area = EXCLUDED.area,
			facts = EXCLUDED.facts, model = EXCLUDED.model, score = EXCLUDED.score, size = EXCLUDED.size`,
		ids, versions, at, active, areas, facts, models, scores, sizes)
}

// queueScores stores scores by a new model.
func queueScores(b *pgx.Batch, families []*family) {
	ids, models, scores := make([]uuid.UUID, len(families)), make([]string, len(families)), make([]*int64, len(families))
	for i, f := range families {
		ids[i], models[i], scores[i] = f.ID, f.Model, f.Score
	}
	b.Queue(`
		UPDATE family
		SET model = t.model, score = t.score
		FROM unnest($1::uuid[], $2::text[], $3::bigint[]) AS t (id, model, score)
		WHERE family_id = t.id`, ids, models, scores)
}

// written is a row of decisions to be stored.
type written struct {
	id    uuid.UUID
	sheet []byte
	kept
	recheckOn int32
}

// queueDecisions stores decisions.
func queueDecisions(b *pgx.Batch, rows []written) {
	n := len(rows)
	ids, sheets, contents, told := make([]uuid.UUID, n), make([][]byte, n), make([][]byte, n), make([][]byte, n)
	recheck := make([]*time.Time, n)
	for i, w := range rows {
		ids[i], sheets[i], contents[i], told[i] = w.id, w.sheet, w.Content, w.Told
		recheck[i] = dateOrNull(w.recheckOn)
	}
	b.Queue(`
		INSERT INTO decision (family_id, sheet, content, told, recheck_on)
		SELECT *
		FROM unnest($1::uuid[], $2::bytea[], $3::bytea[], $4::bytea[], $5::date[])
		ON CONFLICT (family_id) DO UPDATE
		SET sheet = EXCLUDED.sheet, content = EXCLUDED.content, told = EXCLUDED.told, recheck_on = EXCLUDED.recheck_on,
			decided_at = now()`, ids, sheets, contents, told, recheck)
}

func dateOrNull(day int32) *time.Time {
	if day == 0 {
		return nil
	}
	date := decision.Date(day)
	return &date
}

// queueTouched notes families that a ranking under way may not have read as they are now.
func queueTouched(b *pgx.Batch, ids []uuid.UUID) {
	b.Queue(`INSERT INTO release_touched (family_id) SELECT unnest($1::uuid[]) ON CONFLICT DO NOTHING`, ids)
}

// save sends what was queued. Nothing queued is nothing sent.
func (s *store) save(ctx context.Context, tx pgx.Tx, b *pgx.Batch) error {
	if b.Len() == 0 {
		return nil
	}
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return fmt.Errorf("storing decisions: %w", err)
	}
	return nil
}

// stored is a family with its decisions as they are kept.
type stored struct {
	family    *family
	verdicts  map[identity]verdict
	sheet     []byte // nil: not decided yet
	told      []byte
	decidedAt time.Time
}

// stored reads a family and its decisions as of one moment; nil when there is no such family.
func (s *store) stored(ctx context.Context, id uuid.UUID) (*stored, error) {
	out := &stored{verdicts: map[identity]verdict{}}
	b := &pgx.Batch{}
	b.Queue(`
		SELECT `+prefixed("f", familyColumns)+`, d.sheet, coalesce(d.told, ''), coalesce(d.decided_at, 'epoch')
		FROM family f
		LEFT JOIN decision d USING (family_id)
		WHERE family_id = $1`, id).QueryRow(func(row pgx.Row) error {
		var err error
		out.family, err = scanFamily(row, &out.sheet, &out.told, &out.decidedAt)
		return err
	})
	b.Queue(`
		SELECT person_id, identity_version, version, recorded_at, verdict
		FROM verdict
		WHERE family_id = $1`, id).Query(func(rows pgx.Rows) error {
		sit := &situation{verdicts: out.verdicts}
		return sit.readVerdicts(rows)
	})
	err := pgx.BeginTxFunc(ctx, s.db, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		return tx.SendBatch(ctx, b).Close()
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading a family's decisions: %w", err)
	}
	if len(out.sheet) == 0 { // only who was told is known, from before an upgrade
		out.sheet = nil
	}
	return out, nil
}

// familyOf finds the family that a family id or a person id belongs to; the id itself where it is none of them.
func (s *store) familyOf(ctx context.Context, id uuid.UUID) (uuid.UUID, error) {
	family := id
	err := s.db.QueryRow(ctx, `
		SELECT family_id
		FROM verdict
		WHERE person_id = $1 AND family_id IS NOT NULL
		ORDER BY identity_version DESC
		LIMIT 1`, id).Scan(&family)
	if errors.Is(err, pgx.ErrNoRows) {
		return id, nil
	}
	return family, err
}
