package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"dtks/pkg/event"
	"dtks/pkg/outbox"
)

// pairColumns are those that scanPair reads first.
const pairColumns = `first_id, first_family, first_area, first_identity, second_id, second_family, second_area, second_identity,
	outcome, evidence::text, model, found_at`

func scanPair(row pgx.CollectableRow, more ...any) (*pair, error) {
	var p pair
	var evidence []byte
	err := row.Scan(append([]any{&p.First.Person, &p.First.Family, &p.First.Area, &p.First.Identity,
		&p.Second.Person, &p.Second.Family, &p.Second.Area, &p.Second.Identity, &p.Outcome, &evidence, &p.Model, &p.FoundAt}, more...)...)
	if err != nil {
		return nil, err
	}
	p.FoundAt = p.FoundAt.UTC()
	return &p, event.Unmarshal(evidence, &p.Evidence)
}

// pairsOf reads the pairs on record of a batch's persons.
func (s *store) pairsOf(ctx context.Context, tx pgx.Tx, batch []*due) (map[couple]*pair, error) {
	ids := make([]uuid.UUID, len(batch))
	for i, d := range batch {
		ids[i] = d.Person
	}
	rows, err := tx.Query(ctx, `
		SELECT `+pairColumns+` FROM duplicate WHERE first_id = ANY ($1)
		UNION ALL
		SELECT `+pairColumns+` FROM duplicate WHERE second_id = ANY ($1) AND first_id <> ALL ($1)`, ids)
	if err != nil {
		return nil, fmt.Errorf("reading pairs: %w", err)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (*pair, error) { return scanPair(row) })
	if err != nil {
		return nil, fmt.Errorf("reading pairs: %w", err)
	}
	out := make(map[couple]*pair, len(found))
	for _, p := range found {
		out[p.couple()] = p
	}
	return out, nil
}

// publishPairs brings the pairs on record from before to now and drafts their events.
func (s *store) publishPairs(ctx context.Context, tx pgx.Tx, batch []*due, before, now map[couple]*pair) error {
	at := s.now().UTC().Truncate(time.Microsecond)
	causes := make(map[uuid.UUID]event.Cause, len(batch))
	for _, d := range batch {
		causes[d.Person] = d.Cause
	}
	var gone []uuid.UUID
	var write []*pair
	var told []notice
	for couple, old := range before {
		if now[couple] == nil {
			old.Cause = causeOf(causes, couple)
			gone = append(gone, old.id())
			told = append(told, notices(old, nil)...)
		}
	}
	for couple, p := range now {
		old := before[couple]
		p.FoundAt = at
		if old != nil {
			p.FoundAt = old.FoundAt
		}
		if changed := notices(old, p); changed != nil {
			p.Cause = causeOf(causes, couple)
			write = append(write, p)
			told = append(told, changed...)
		}
	}
	if len(told) == 0 {
		return nil
	}
	if len(gone) > 0 {
		if _, err := tx.Exec(ctx, `DELETE FROM duplicate WHERE pair_id = ANY ($1)`, gone); err != nil {
			return fmt.Errorf("dropping pairs: %w", err)
		}
	}
	if err := s.writePairs(ctx, tx, write); err != nil {
		return err
	}
	drafts := make([]outbox.Draft, len(told))
	for i, n := range told {
		drafts[i] = n.draft()
	}
	_, err := s.out.Add(ctx, tx, drafts...)
	return err
}

// draft is the event of a notice. It takes the lane that never delays verdicts: a new model may change many pairs.
func (n notice) draft() outbox.Draft {
	d := outbox.Draft{Type: event.TypeDuplicateFound, Filter: n.Side, Area: n.Area, ID: n.Pair.id().String(), Data: n.data(),
		Seal: n.sealed(), Release: true}
	d.Cause = n.Pair.Cause
	return d
}

// causeOf is the change that a pair was compared for: that of its first person where both were due.
func causeOf(causes map[uuid.UUID]event.Cause, c couple) event.Cause {
	if cause, ok := causes[c[0]]; ok {
		return cause
	}
	return causes[c[1]]
}

func (s *store) writePairs(ctx context.Context, tx pgx.Tx, pairs []*pair) error {
	if len(pairs) == 0 {
		return nil
	}
	slices.SortFunc(pairs, func(a, b *pair) int { return slices.Compare(a.First.Person[:], b.First.Person[:]) })
	n := len(pairs)
	id := make([]uuid.UUID, n)
	person, family := [2][]uuid.UUID{make([]uuid.UUID, n), make([]uuid.UUID, n)}, [2][]uuid.UUID{make([]uuid.UUID, n), make([]uuid.UUID, n)}
	area, identity := [2][]string{make([]string, n), make([]string, n)}, [2][]int64{make([]int64, n), make([]int64, n)}
	outcome, evidence, model, found := make([]string, n), make([]*string, n), make([]string, n), make([]time.Time, n)
	for i, p := range pairs {
		id[i] = p.id()
		for side, r := range [2]residence{p.First, p.Second} {
			person[side][i], family[side][i], area[side][i], identity[side][i] = r.Person, r.Family, r.Area, r.Identity
		}
		raw, err := text(p.Evidence)
		if err != nil {
			return err
		}
		outcome[i], evidence[i], model[i], found[i] = string(p.Outcome), raw, p.Model, p.FoundAt
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO duplicate (pair_id, first_id, first_family, first_area, first_identity, second_id, second_family, second_area, second_identity,
			outcome, evidence, model, found_at)
		SELECT pair_id, first_id, first_family, first_area, first_identity, second_id, second_family, second_area, second_identity,
			outcome, evidence::json, model, found_at
		FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::bigint[], $6::uuid[], $7::uuid[], $8::text[], $9::bigint[],
				$10::text[], $11::text[], $12::text[], $13::timestamptz[])
			AS t (pair_id, first_id, first_family, first_area, first_identity, second_id, second_family, second_area, second_identity,
				outcome, evidence, model, found_at)
		ON CONFLICT (pair_id) DO UPDATE
		SET first_family = EXCLUDED.first_family, first_area = EXCLUDED.first_area, first_identity = EXCLUDED.first_identity,
			second_family = EXCLUDED.second_family, second_area = EXCLUDED.second_area, second_identity = EXCLUDED.second_identity,
			outcome = EXCLUDED.outcome, evidence = EXCLUDED.evidence, model = EXCLUDED.model`,
		id, person[0], family[0], area[0], identity[0], person[1], family[1], area[1], identity[1], outcome, evidence, model, found)
	if err != nil {
		return fmt.Errorf("writing pairs: %w", err)
	}
	return nil
}
