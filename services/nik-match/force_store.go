package main

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"dtks/pkg/event"
	"dtks/pkg/nik"
)

// inForce is a person as the registry's newest event has them, to be compared with others.
type inForce struct {
	registered
	Event  int64                 // version of the registry's event
	Fields *event.PersonIdentity // nil = no longer in force
	Kept   bool                  // the fields on record are those in force: only the place has changed
}

// enforce records persons in force and those who no longer are, and makes each due to be compared. Fields of who is no
// longer in force go at once; what rests on them follows when the comparison gets there, moments later.
func (s *store) enforce(ctx context.Context, tx pgx.Tx, persons []inForce) error {
	if len(persons) == 0 {
		return nil
	}
	n := len(persons)
	person, family := make([]uuid.UUID, n), make([]uuid.UUID, n)
	area, number, cause, trace := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	version, identity := make([]int64, n), make([]int64, n)
	fields, kept := make([]*string, n), make([]bool, n)
	for i, p := range persons {
		person[i], family[i], area[i], version[i], identity[i] = p.Person, p.Family, p.Area, p.Event, p.Version
		kept[i], cause[i], trace[i] = p.Kept, p.Cause.ID, p.Cause.TraceParent
		if p.Fields == nil {
			continue
		}
		raw, err := text(p.Fields)
		if err != nil {
			return err
		}
		parsed, _ := nik.Parse(p.Fields.NIK)
		fields[i], number[i] = raw, string(parsed)
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO registrant AS r (person_id, family_id, area, version, identity_version, identity, nik, cause_id, trace_parent, due)
		SELECT person, family, area, version, identity_version, fields::json, nik, cause, trace, nextval('registrant_ticket')
		FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::text[], $9::text[])
			AS t (person, family, area, version, identity_version, fields, nik, cause, trace)
		ORDER BY person
		ON CONFLICT (person_id) DO UPDATE
		SET family_id = EXCLUDED.family_id, area = EXCLUDED.area, version = EXCLUDED.version, identity_version = EXCLUDED.identity_version,
			identity = CASE WHEN EXCLUDED.person_id = ANY ($10) THEN r.identity ELSE EXCLUDED.identity END,
			nik = CASE WHEN EXCLUDED.person_id = ANY ($10) THEN r.nik ELSE EXCLUDED.nik END,
			cause_id = EXCLUDED.cause_id, trace_parent = EXCLUDED.trace_parent, due = EXCLUDED.due
		WHERE r.version < EXCLUDED.version`, person, family, area, version, identity, fields, number, cause, trace, only(person, kept))
	if err != nil {
		return fmt.Errorf("writing persons in force: %w", err)
	}
	return nil
}

// only gives the ids for which the flag is set.
func only(ids []uuid.UUID, flag []bool) []uuid.UUID {
	out := []uuid.UUID{}
	for i, id := range ids {
		if flag[i] {
			out = append(out, id)
		}
	}
	return out
}
