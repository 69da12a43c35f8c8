package main

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"dtks/pkg/event"
	"dtks/pkg/nik"
	"dtks/services/nik-match/judge"
	"dtks/services/nik-match/match"
)

// sharedMost is how many others with the same NIK are looked at; where one is somebody else, more say no more.
const sharedMost = 5

// know fills in what our own records say of each job's identity: its NIK's digits, others in force who bear the same NIK,
// and the version before, where that was padan. It is a state of the moment at which Dukcapil is asked, kept as findings
// in the verdict's evidence.
func (s *store) know(ctx context.Context, tx pgx.Tx, c *comparer, jobs []job) error {
	person, version, number := make([]uuid.UUID, len(jobs)), make([]int64, len(jobs)), make([]string, len(jobs))
	for i := range jobs {
		jobs[i].Own = judge.Digits(jobs[i].Fields, jobs[i].Area)
		parsed, _ := nik.Parse(jobs[i].Fields.NIK)
		person[i], version[i], number[i] = jobs[i].Person, jobs[i].Version, string(parsed)
	}
	rows, err := tx.Query(ctx, `
		SELECT t.ord, r.person_id, r.area, r.identity::text, 0::bigint
		FROM unnest($3::text[]) WITH ORDINALITY AS t (nik, ord)
		JOIN unnest($1::uuid[]) WITH ORDINALITY AS p (person, ord) USING (ord)
		CROSS JOIN LATERAL (
			SELECT o.person_id, o.area, o.identity FROM registrant o WHERE o.nik = t.nik AND o.nik <> '' AND o.person_id <> p.person LIMIT $4) r
		UNION ALL
		SELECT t.ord, r.person_id, r.area, r.identity::text, r.identity_version
		FROM unnest($1::uuid[], $2::bigint[]) WITH ORDINALITY AS t (person, version, ord)
		JOIN registrant r ON r.person_id = t.person AND r.identity_version < t.version AND r.identity IS NOT NULL
		JOIN match m ON m.person_id = r.person_id AND m.identity_version = r.identity_version AND m.verdict = 'padan'`,
		person, version, number, sharedMost)
	if err != nil {
		return fmt.Errorf("reading what is known: %w", err)
	}
	var ord, earlier int64
	var id uuid.UUID
	var village string
	var raw []byte
	_, err = pgx.ForEachRow(rows, []any{&ord, &id, &village, &raw, &earlier}, func() error {
		var fields event.PersonIdentity
		if err := event.Unmarshal(raw, &fields); err != nil {
			return err
		}
		j := &jobs[ord-1]
		theirs, ours := c.read(id, fields, village), c.read(j.Person, j.Fields, j.Area)
		outcome := c.model.Compare(&theirs, &ours).Outcome
		switch {
		case earlier > 0:
			j.Own.Earlier = event.Verdict(outcome)
		case outcome == match.Padan && j.Own.Shared == "":
			j.Own.Shared = judge.SamePerson
		case outcome != match.Padan:
			j.Own.Shared = judge.Somebody
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("reading what is known: %w", err)
	}
	return nil
}
