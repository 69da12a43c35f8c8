package main

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// verdictRow is a verdict as it is kept: one per identity version of a person.
type verdictRow struct {
	PersonID        string
	IdentityVersion int64
	Verdict         string
	MatchVersion    int64
	Evidence        *string // JSON of event.MatchEvidence
	DecidedAt       time.Time
}

// saveVerdicts keeps verdicts; a newer one for the same identity version replaces the older.
func (s *store) saveVerdicts(ctx context.Context, tx pgx.Tx, rows []verdictRow) error {
	n := len(rows)
	persons, verdicts, evidence := make([]string, n), make([]string, n), make([]*string, n)
	identityVersions, matchVersions, decided := make([]int64, n), make([]int64, n), make([]time.Time, n)
	for i, r := range rows {
		persons[i], verdicts[i], evidence[i] = r.PersonID, r.Verdict, r.Evidence
		identityVersions[i], matchVersions[i], decided[i] = r.IdentityVersion, r.MatchVersion, r.DecidedAt
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO verdict (person_id, identity_version, verdict, match_version, evidence, decided_at)
		SELECT u.person_id, u.identity_version, u.verdict, u.match_version, u.evidence::json, u.decided_at
		FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::bigint[], $5::text[], $6::timestamptz[])
		  AS u (person_id, identity_version, verdict, match_version, evidence, decided_at)
		ON CONFLICT (person_id, identity_version) DO UPDATE
		SET verdict = excluded.verdict, match_version = excluded.match_version,
		    evidence = excluded.evidence, decided_at = excluded.decided_at
		WHERE verdict.match_version < excluded.match_version`,
		persons, identityVersions, verdicts, matchVersions, evidence, decided)
	return err
}

// recordRow is the state in force of a family or a person.
type recordRow struct {
	ID       string
	Unit     string // event.Family or event.Person
	FamilyID string
	Version  int64
	State    string
	Area     string
	Identity *string
	Survey   *string
}

// saveRecords keeps the newest state of each registrant.
func (s *store) saveRecords(ctx context.Context, tx pgx.Tx, rows []recordRow) error {
	n := len(rows)
	ids, units, families, states, areas := make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	versions, identities, surveys := make([]int64, n), make([]*string, n), make([]*string, n)
	for i, r := range rows {
		ids[i], units[i], families[i], states[i], areas[i] = r.ID, r.Unit, r.FamilyID, r.State, r.Area
		versions[i], identities[i], surveys[i] = r.Version, r.Identity, r.Survey
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO record (record_id, unit, family_id, version, state, area, identity, survey)
		SELECT u.record_id, u.unit, u.family_id, u.version, u.state, u.area, u.identity::json, u.survey::json
		FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[])
		  AS u (record_id, unit, family_id, version, state, area, identity, survey)
		ON CONFLICT (record_id) DO UPDATE
		SET family_id = excluded.family_id, version = excluded.version, state = excluded.state, area = excluded.area,
		    identity = excluded.identity, survey = excluded.survey
		WHERE record.version < excluded.version`,
		ids, units, families, versions, states, areas, identities, surveys)
	return err
}
