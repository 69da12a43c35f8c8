package main

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"dtks/pkg/event"
	"dtks/pkg/pg"
	"dtks/services/nik-match/match"
)

// due is a person to be compared.
type due struct {
	residence
	Fields *event.PersonIdentity // nil = no longer in force
	Keys   []int64               // under which they stand in duplicate_key
	Ticket int64
	Cause  event.Cause

	record match.Record
	now    []int64 // keys under which they belong
}

// dupLock is the first half of the advisory lock under which pairs are compared, by one replica at a time: two that
// compared two new persons at once would each miss the other.
const dupLock = 0x44555041

// compareDue compares up to most due persons, oldest change first, with everybody they share a key with, and publishes
// what has changed, all in one transaction. It returns how many there were; none also while another replica is at it.
func (s *store) compareDue(ctx context.Context, c *comparer, most int) (n int, err error) {
	err = pg.InTx(ctx, s.db, func(tx pgx.Tx) error {
		n = 0
		var mine bool
		if err := tx.QueryRow(ctx, `SELECT pg_try_advisory_xact_lock($1)`, dupLock).Scan(&mine); err != nil || !mine {
			return err
		}
		batch, err := s.due(ctx, tx, c, most)
		if err != nil || len(batch) == 0 {
			return err
		}
		n = len(batch)
		return s.compareBatch(ctx, tx, c, batch)
	})
	if err == nil && n > 0 {
		s.out.Wake()
	}
	return n, err
}

func (s *store) compareBatch(ctx context.Context, tx pgx.Tx, c *comparer, batch []*due) error {
	under, again, err := s.file(ctx, tx, c.most, batch)
	if err != nil {
		return err
	}
	others, err := s.others(ctx, tx, c, batch, under)
	if err != nil {
		return err
	}
	before, err := s.pairsOf(ctx, tx, batch)
	if err != nil {
		return err
	}
	now := c.pairs(batch, under, others)
	if err := s.publishPairs(ctx, tx, batch, before, now); err != nil {
		return err
	}
	return s.compared(ctx, tx, batch, again)
}

// due reads the persons whose turn it is, without locking them: who changes meanwhile keeps a newer ticket.
func (s *store) due(ctx context.Context, tx pgx.Tx, c *comparer, most int) ([]*due, error) {
	rows, err := tx.Query(ctx, `
		SELECT person_id, family_id, area, identity_version, identity::text, keys, due, cause_id, trace_parent
		FROM registrant
		WHERE due IS NOT NULL
		ORDER BY due
		LIMIT $1`, most)
	if err != nil {
		return nil, fmt.Errorf("reading who is to be compared: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (*due, error) { return scanDue(row, c) })
}

func scanDue(row pgx.CollectableRow, c *comparer) (*due, error) {
	var d due
	var raw []byte
	if err := row.Scan(&d.Person, &d.Family, &d.Area, &d.Identity, &raw, &d.Keys, &d.Ticket, &d.Cause.ID, &d.Cause.TraceParent); err != nil {
		return nil, err
	}
	if raw == nil {
		return &d, nil
	}
	d.Fields = new(event.PersonIdentity)
	if err := event.Unmarshal(raw, d.Fields); err != nil {
		return nil, err
	}
	d.record = c.read(d.Person, *d.Fields, d.Area)
	d.now = c.keys(&d.record)
	return &d, nil
}

// file puts the batch under its keys and gives who stands under each, keys that say nothing left out. again are persons
// outside the batch for whom a key began or ceased to say something.
func (s *store) file(ctx context.Context, tx pgx.Tx, most int, batch []*due) (under map[int64][]uuid.UUID, again []uuid.UUID, err error) {
	var gone, come keyRows
	added := map[int64]int{} // persons that the batch puts under a key, less those it takes away
	var all []int64
	for _, d := range batch {
		for _, k := range d.Keys {
			if !slices.Contains(d.now, k) {
				gone.add(k, d.Person)
				added[k]--
			}
		}
		for _, k := range d.now {
			if !slices.Contains(d.Keys, k) {
				come.add(k, d.Person)
				added[k]++
			}
		}
		all = append(all, d.now...)
	}
	if err := s.move(ctx, tx, gone, come); err != nil {
		return nil, nil, err
	}
	if under, err = s.under(ctx, tx, most, distinct(append(all, gone.key...)), added); err != nil {
		return nil, nil, err
	}
	var crossed []int64
	for k, n := range added {
		if now := len(under[k]); (now-n > most) != (now > most) {
			crossed = append(crossed, k)
		}
	}
	for k, persons := range under {
		if len(persons) > most {
			delete(under, k)
		}
	}
	again, err = s.standingUnder(ctx, tx, crossed)
	return under, again, err
}

// move takes persons from under keys and puts them under others.
func (s *store) move(ctx context.Context, tx pgx.Tx, gone, come keyRows) error {
	if len(gone.key) > 0 {
		_, err := tx.Exec(ctx, `
			DELETE FROM duplicate_key d
			USING unnest($1::bigint[], $2::uuid[]) AS t (key, person)
			WHERE d.key = t.key AND d.person_id = t.person`, gone.key, gone.person)
		if err != nil {
			return fmt.Errorf("taking persons from under keys: %w", err)
		}
	}
	if len(come.key) > 0 {
		_, err := tx.Exec(ctx, `
			INSERT INTO duplicate_key (key, person_id)
			SELECT *
			FROM unnest($1::bigint[], $2::uuid[])
			ON CONFLICT DO NOTHING`, come.key, come.person)
		if err != nil {
			return fmt.Errorf("putting persons under keys: %w", err)
		}
	}
	return nil
}

// keyRows are columns of duplicate_key.
type keyRows struct {
	key    []int64
	person []uuid.UUID
}

func (r *keyRows) add(key int64, person uuid.UUID) {
	r.key, r.person = append(r.key, key), append(r.person, person)
}

func distinct[T int64](all []T) []T {
	slices.Sort(all)
	return slices.Compact(all)
}

// under reads who stands under keys: all where they are few, else more than most by what the batch has added, which is
// enough to know on which side of the limit the key was before.
func (s *store) under(ctx context.Context, tx pgx.Tx, most int, keys []int64, added map[int64]int) (map[int64][]uuid.UUID, error) {
	out := make(map[int64][]uuid.UUID, len(keys))
	if len(keys) == 0 {
		return out, nil
	}
	limits := make([]int, len(keys))
	for i, k := range keys {
		limits[i] = most + 1 + max(added[k], 0)
	}
	rows, err := tx.Query(ctx, `
		SELECT few.key, few.person_id
		FROM unnest($1::bigint[], $2::int[]) AS t (key, most)
		CROSS JOIN LATERAL (SELECT d.key, d.person_id FROM duplicate_key d WHERE d.key = t.key LIMIT t.most) few`, keys, limits)
	if err != nil {
		return nil, fmt.Errorf("reading who stands under keys: %w", err)
	}
	var key int64
	var person uuid.UUID
	if _, err := pgx.ForEachRow(rows, []any{&key, &person}, func() error { out[key] = append(out[key], person); return nil }); err != nil {
		return nil, fmt.Errorf("reading who stands under keys: %w", err)
	}
	return out, nil
}

// standingUnder reads everybody under keys that have just passed the limit; that bounds them.
func (s *store) standingUnder(ctx context.Context, tx pgx.Tx, keys []int64) ([]uuid.UUID, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	rows, err := tx.Query(ctx, `SELECT DISTINCT person_id FROM duplicate_key WHERE key = ANY ($1)`, keys)
	if err != nil {
		return nil, fmt.Errorf("reading who stands under keys: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
}

// others reads whom the batch is to be compared with: those under its keys and in force, the batch included.
func (s *store) others(ctx context.Context, tx pgx.Tx, c *comparer, batch []*due, under map[int64][]uuid.UUID) (map[uuid.UUID]*due, error) {
	all := make(map[uuid.UUID]*due, len(batch))
	for _, d := range batch {
		all[d.Person] = d
	}
	var missing []uuid.UUID
	for _, persons := range under {
		for _, id := range persons {
			if _, ok := all[id]; !ok {
				all[id] = nil
				missing = append(missing, id)
			}
		}
	}
	if len(missing) == 0 {
		return all, nil
	}
	rows, err := tx.Query(ctx, `
		SELECT person_id, family_id, area, identity_version, identity::text, keys, 0::bigint, cause_id, trace_parent
		FROM registrant
		WHERE person_id = ANY ($1) AND identity IS NOT NULL`, missing)
	if err != nil {
		return nil, fmt.Errorf("reading whom to compare with: %w", err)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (*due, error) { return scanDue(row, c) })
	if err != nil {
		return nil, fmt.Errorf("reading whom to compare with: %w", err)
	}
	for _, d := range found {
		all[d.Person] = d
	}
	return all, nil
}

// compared takes the batch off the list, but for those who changed meanwhile, and puts again on it. Rows are locked in
// order of id, as the consumer locks them.
func (s *store) compared(ctx context.Context, tx pgx.Tx, batch []*due, again []uuid.UUID) error {
	slices.SortFunc(batch, func(a, b *due) int { return bytes.Compare(a.Person[:], b.Person[:]) })
	ids, tickets := make([]uuid.UUID, len(batch)), make([]int64, len(batch))
	start, stop := make([]int, len(batch)), make([]int, len(batch)) // where each one's keys lie among all
	keys := []int64{}
	mine := make(map[uuid.UUID]bool, len(batch))
	for i, d := range batch {
		ids[i], tickets[i], start[i] = d.Person, d.Ticket, len(keys)+1
		keys = append(keys, d.now...)
		stop[i] = len(keys)
		mine[d.Person] = true
	}
	again = slices.DeleteFunc(again, func(id uuid.UUID) bool { return mine[id] })
	if _, err := tx.Exec(ctx, `
		SELECT FROM registrant WHERE person_id = ANY ($1) ORDER BY person_id FOR UPDATE`, append(slices.Clone(ids), again...)); err != nil {
		return fmt.Errorf("locking persons: %w", err)
	}
	if _, err := tx.Exec(ctx, `
		UPDATE registrant r
		SET due = NULLIF(r.due, t.ticket), keys = ($5::bigint[])[t.start:t.stop]
		FROM unnest($1::uuid[], $2::bigint[], $3::int[], $4::int[]) AS t (person, ticket, start, stop)
		WHERE r.person_id = t.person`, ids, tickets, start, stop, keys); err != nil {
		return fmt.Errorf("taking persons off the list: %w", err)
	}
	if len(again) == 0 {
		return nil
	}
	if _, err := tx.Exec(ctx, `
		UPDATE registrant SET due = nextval('registrant_ticket') WHERE person_id = ANY ($1) AND due IS NULL`, again); err != nil {
		return fmt.Errorf("putting persons on the list: %w", err)
	}
	return nil
}
