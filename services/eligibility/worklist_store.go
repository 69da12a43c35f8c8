package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// listEveryone adds all families to the work list of the release in force.
func (s *store) listEveryone(ctx context.Context, tx pgx.Tx) error {
	var id string
	if err := tx.QueryRow(ctx, `SELECT release_id FROM release_in_force`).Scan(&id); err != nil {
		return fmt.Errorf("reading the release in force: %w", err)
	}
	b := &pgx.Batch{}
	queueList(b, id, `SELECT family_id FROM family`)
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return fmt.Errorf("listing families: %w", err)
	}
	return nil
}

// queueList adds families to a release's work list, by regency, as many to a part as one step of the fan-out decides.
func queueList(b *pgx.Batch, release, families string) {
	b.Queue(fmt.Sprintf(`
		INSERT INTO release_part (release_id, part, regency, families, count)
		SELECT $1, coalesce((SELECT max(part) FROM release_part WHERE release_id = $1), 0) + row_number() OVER (ORDER BY regency, chunk),
			regency, string_agg(uuid_send(family_id), ''::bytea ORDER BY family_id), count(*)
		FROM (
			SELECT regency, family_id, (row_number() OVER (PARTITION BY regency ORDER BY family_id) - 1) / %d AS chunk
			FROM family
			WHERE family_id IN (%s)
		) AS t
		GROUP BY regency, chunk`, partSize, families), release)
}

// partSize is how many families are decided in one transaction.
const partSize = 500

// nextPart finds and locks work of the release in force. done reports that there is none left but the release has not
// been completed; nil without done: there is nothing to do.
func (s *store) nextPart(ctx context.Context, tx pgx.Tx) (p *part, done string, err error) {
	p = new(part)
	var packed []byte
	err = tx.QueryRow(ctx, `
		SELECT release_id, part, families
		FROM release_part
		JOIN release_in_force USING (release_id)
		WHERE NOT done
		ORDER BY part
		LIMIT 1
		FOR UPDATE OF release_part`).Scan(&p.release, &p.no, &packed)
	if err == nil {
		p.families, err = unpackIDs(packed)
		return p, "", err
	}
	if !errors.Is(err, pgx.ErrNoRows) {
		return nil, "", err
	}
	err = tx.QueryRow(ctx, `
		SELECT release_id
		FROM release_in_force p
		WHERE event_id <> '' AND NOT EXISTS (SELECT FROM release_complete c WHERE c.release_id = p.release_id)`).Scan(&done)
	if errors.Is(err, pgx.ErrNoRows) {
		err = nil
	}
	return nil, done, err
}

func unpackIDs(packed []byte) ([]uuid.UUID, error) {
	if len(packed)%16 != 0 {
		return nil, errors.New("a work list is damaged")
	}
	out := make([]uuid.UUID, len(packed)/16)
	for i := range out {
		copy(out[i][:], packed[16*i:])
	}
	return out, nil
}

// partDone marks a part as done.
func (s *store) partDone(ctx context.Context, tx pgx.Tx, p *part, changed int) error {
	_, err := tx.Exec(ctx, `UPDATE release_part SET done = true, changed = $3 WHERE release_id = $1 AND part = $2`, p.release, p.no, changed)
	return err
}
