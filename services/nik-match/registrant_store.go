package main

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"dtks/pkg/event"
	"dtks/pkg/outbox"
)

// registered is a person as the registry has them in force.
type registered struct {
	identity
	Family uuid.UUID
	Area   string
	Cause  event.Cause
}

// standing is what is already known about a registered person.
type standing struct {
	Known  bool // the identity version has a job or a verdict
	Same   bool // family and village are those on record
	Area   string
	Newest int64 // identity version published last, 0 = none

	InForce   int64 // identity version whose fields are compared with others', 0 = none
	SamePlace bool  // and with them the family and village
}

// standings looks up a batch, in its order.
func (s *store) standings(ctx context.Context, tx pgx.Tx, persons []registered) ([]standing, error) {
	person, version, family, area := columnsOf(persons)
	rows, err := tx.Query(ctx, `
		SELECT m.person_id IS NOT NULL, (p.family_id = t.family AND p.area = t.area) IS TRUE, COALESCE(p.area, ''), COALESCE(p.identity_version, 0),
			CASE WHEN r.identity IS NULL THEN 0 ELSE r.identity_version END, (r.family_id = t.family AND r.area = t.area) IS TRUE
		FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::text[]) WITH ORDINALITY AS t (person, version, family, area, ord)
		LEFT JOIN match m ON m.person_id = t.person AND m.identity_version = t.version
		LEFT JOIN person p ON p.person_id = t.person
		LEFT JOIN registrant r ON r.person_id = t.person
		ORDER BY ord`, person, version, family, area)
	if err != nil {
		return nil, fmt.Errorf("looking up persons: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[standing])
}

func columnsOf(persons []registered) (person []uuid.UUID, version []int64, family []uuid.UUID, area []string) {
	for _, p := range persons {
		person, version = append(person, p.Person), append(version, p.Version)
		family, area = append(family, p.Family), append(area, p.Area)
	}
	return person, version, family, area
}

// place records where persons now are. A verdict already published moves along: two versions where the regency changes
// (the old subject is closed, the new one opened), one where only the village or the family does.
func (s *store) place(ctx context.Context, tx pgx.Tx, persons []registered) error {
	if len(persons) == 0 {
		return nil
	}
	person, _, family, area := columnsOf(persons)
	cause := make(map[uuid.UUID]event.Cause, len(persons))
	for _, p := range persons {
		cause[p.Person] = p.Cause
	}
	was, err := s.villages(ctx, tx, persons)
	if err != nil {
		return err
	}
	rows, err := tx.Query(ctx, `
		WITH placed AS (
			UPDATE person p
			SET family_id = t.family, area = t.area
			FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS t (person, family, area)
			WHERE p.person_id = t.person AND (p.family_id, p.area) IS DISTINCT FROM (t.family, t.area)
			RETURNING p.person_id, p.family_id, p.area, p.identity_version)
		SELECT m.person_id, m.identity_version, p.family_id, p.area, m.verdict, m.evidence, m.decided_at
		FROM placed p
		JOIN match m ON m.person_id = p.person_id AND m.identity_version = p.identity_version
		ORDER BY m.person_id`, person, family, area)
	if err != nil {
		return fmt.Errorf("placing persons: %w", err)
	}
	var drafts []outbox.Draft
	var v verdict
	if _, err := pgx.ForEachRow(rows, []any{&v.Person, &v.Version, &v.Family, &v.Area, &v.Verdict, &v.Evidence, &v.At}, func() error {
		if from := event.AreaOf(was[v.Person]); from != event.AreaOf(v.Area) {
			drafts = append(drafts, outbox.Draft{Type: event.TypeMatchDecided, Area: from, ID: v.Person.String(),
				Data: event.MatchDecided{State: event.Moved}, Cause: cause[v.Person]})
		}
		drafts = append(drafts, v.draft(cause[v.Person]))
		v.Evidence = event.MatchEvidence{} // the next row's is decoded into it
		return nil
	}); err != nil {
		return fmt.Errorf("placing persons: %w", err)
	}
	_, err = s.out.Add(ctx, tx, drafts...)
	return err
}

// villages puts persons on record who are not yet, locks all, and gives the village each had so far.
func (s *store) villages(ctx context.Context, tx pgx.Tx, persons []registered) (map[uuid.UUID]string, error) {
	person, _, family, area := columnsOf(persons)
	// Those not yet on record first: another transaction may be publishing their first verdict, and only after it has
	// ended is it certain where that verdict's subject is.
	_, err := tx.Exec(ctx, `
		INSERT INTO person (person_id, family_id, area, identity_version)
		SELECT person, family, area, 0
		FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS t (person, family, area)
		ORDER BY person
		ON CONFLICT DO NOTHING`, person, family, area)
	if err != nil {
		return nil, fmt.Errorf("writing persons: %w", err)
	}
	rows, err := tx.Query(ctx, `
		SELECT person_id, area
		FROM person
		WHERE person_id = ANY ($1)
		ORDER BY person_id
		FOR UPDATE`, person)
	if err != nil {
		return nil, fmt.Errorf("locking persons: %w", err)
	}
	was := make(map[uuid.UUID]string, len(persons))
	var id uuid.UUID
	var village string
	if _, err := pgx.ForEachRow(rows, []any{&id, &village}, func() error { was[id] = village; return nil }); err != nil {
		return nil, fmt.Errorf("locking persons: %w", err)
	}
	return was, nil
}
