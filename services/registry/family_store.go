package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"dtks/pkg/event"
)

const familyColumns = `f.family_id::text, f.version, f.content_version, f.state, f.area, f.source, f.source_id, f.kk, f.address,
	f.instrument, f.answers::text, f.proposal_id::text, f.actor, f.reason_code, f.updated_at`

func scanFamily(row pgx.CollectableRow) (*family, error) {
	var f family
	var answers []byte
	err := row.Scan(&f.ID, &f.Version, &f.ContentVersion, &f.State, &f.Area, &f.Source, &f.SourceID, &f.KK, &f.Address,
		&f.Survey.Instrument, &answers, &f.ProposalID, &f.Actor, &f.ReasonCode, &f.UpdatedAt)
	if err != nil {
		return nil, err
	}
	if err := event.Unmarshal(answers, &f.Survey.Answers); err != nil {
		return nil, fmt.Errorf("decoding answers: %w", err)
	}
	return &f, nil
}

const personColumns = `p.person_id::text, p.family_id::text, p.position, p.member_id, p.version, p.identity_version, p.state,
	p.nik, p.kk, p.name, p.birth_place, p.birth_date, p.sex, p.mother, p.coded::text,
	coalesce(p.verdict, ''), coalesce(p.match_version, 0)`

func scanPerson(row pgx.CollectableRow) (*person, error) {
	var p person
	var coded []byte
	var verdict event.Verdict
	var matchVersion int64
	err := row.Scan(&p.ID, &p.FamilyID, &p.Position, &p.MemberID, &p.Version, &p.Identity, &p.State, &p.NIK, &p.KK, &p.Name,
		&p.BirthPlace, &p.BirthDate, &p.Sex, &p.Mother, &coded, &verdict, &matchVersion)
	if err != nil {
		return nil, err
	}
	if err := event.Unmarshal(coded, &p.Coded); err != nil {
		return nil, fmt.Errorf("decoding coded answers: %w", err)
	}
	if verdict != "" {
		p.Verdict = &event.VerdictState{Verdict: verdict, IdentityVersion: p.Identity, MatchVersion: matchVersion}
	}
	return &p, nil
}

// families reads families in force with their persons. lock takes the families' rows for update, in the order of ids;
// their persons are only ever written under that lock.
func (s *store) families(ctx context.Context, q querier, ids []string, lock bool) (map[string]*family, error) {
	found := make(map[string]*family, len(ids))
	if len(ids) == 0 {
		return found, nil
	}
	sql := `SELECT ` + familyColumns + ` FROM family f WHERE f.family_id = ANY ($1::text[]::uuid[]) ORDER BY f.family_id`
	if lock {
		sql += ` FOR UPDATE`
	}
	rows, err := q.Query(ctx, sql, ids)
	if err != nil {
		return nil, fmt.Errorf("reading families: %w", err)
	}
	all, err := pgx.CollectRows(rows, scanFamily)
	if err != nil || len(all) == 0 {
		return found, err
	}
	for _, f := range all {
		found[f.ID] = f
	}
	rows, err = q.Query(ctx, `SELECT `+personColumns+` FROM person p WHERE p.family_id = ANY ($1::text[]::uuid[])`, ids)
	if err != nil {
		return nil, fmt.Errorf("reading persons: %w", err)
	}
	persons, err := pgx.CollectRows(rows, scanPerson)
	if err != nil {
		return nil, err
	}
	for _, p := range persons {
		found[p.FamilyID].Persons = append(found[p.FamilyID].Persons, p)
	}
	for _, f := range found {
		slices.SortFunc(f.Persons, func(a, b *person) int {
			if (a.Position < 0) != (b.Position < 0) {
				return b.Position - a.Position
			}
			return a.Position - b.Position
		})
	}
	return found, nil
}

// verdicts reads the newest verdict about each of these persons.
func (s *store) verdicts(ctx context.Context, tx pgx.Tx, persons []string) (map[string]event.VerdictState, error) {
	rows, err := tx.Query(ctx, `
		SELECT person_id::text, verdict, identity_version, match_version
		FROM verdict
		WHERE person_id = ANY ($1::text[]::uuid[])`, persons)
	if err != nil {
		return nil, fmt.Errorf("reading verdicts: %w", err)
	}
	found := make(map[string]event.VerdictState, len(persons))
	var id string
	var v event.VerdictState
	_, err = pgx.ForEachRow(rows, []any{&id, &v.Verdict, &v.IdentityVersion, &v.MatchVersion}, func() error { found[id] = v; return nil })
	return found, err
}

// saveFamilies queues the new state of families and of all persons given.
func (s *store) saveFamilies(b *pgx.Batch, families []*family, persons []*person) error {
	if len(families) == 0 {
		return nil
	}
	n := len(families)
	id, state, area, source, sourceID, kk := make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	address, instrument, answers, proposalID, actor, reason := make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	version, contentVersion, at := make([]int64, n), make([]int64, n), make([]time.Time, n)
	for i, f := range families {
		data, err := event.Marshal(f.Survey.Answers)
		if err != nil {
			return fmt.Errorf("encoding answers: %w", err)
		}
		id[i], version[i], contentVersion[i], state[i], area[i] = f.ID, f.Version, f.ContentVersion, string(f.State), f.Area
		source[i], sourceID[i], kk[i], address[i] = f.Source, f.SourceID, f.KK, f.Address
		instrument[i], answers[i], proposalID[i] = f.Survey.Instrument, string(data), f.ProposalID
		actor[i], reason[i], at[i] = f.Actor, f.ReasonCode, f.UpdatedAt
	}
	b.Queue(`
		INSERT INTO family AS f (family_id, version, content_version, state, area, source, source_id, kk, address, instrument,
			answers, proposal_id, actor, reason_code, updated_at)
		SELECT id::uuid, version, content_version, state, area, source, source_id, kk, address, instrument,
			answers::json, proposal_id::uuid, actor, reason_code, updated_at
		FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
			$9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::timestamptz[])
			AS t (id, version, content_version, state, area, source, source_id, kk, address, instrument, answers,
				proposal_id, actor, reason_code, updated_at)
		ON CONFLICT (family_id) DO UPDATE
		SET version = EXCLUDED.version, content_version = EXCLUDED.content_version, state = EXCLUDED.state,
			area = EXCLUDED.area, kk = EXCLUDED.kk, address = EXCLUDED.address, instrument = EXCLUDED.instrument,
			answers = EXCLUDED.answers, proposal_id = EXCLUDED.proposal_id, actor = EXCLUDED.actor,
			reason_code = EXCLUDED.reason_code, updated_at = EXCLUDED.updated_at`,
		id, version, contentVersion, state, area, source, sourceID, kk, address, instrument, answers, proposalID, actor, reason, at)
	return s.savePersons(b, persons)
}

func (s *store) savePersons(b *pgx.Batch, persons []*person) error {
	if len(persons) == 0 {
		return nil
	}
	n := len(persons)
	id, family, memberID, state, nik := make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	kk, name, birthPlace, birthDate, sex := make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	mother, coded, verdict := make([]string, n), make([]string, n), make([]*string, n)
	position, version, identity, match := make([]int32, n), make([]int64, n), make([]int64, n), make([]*int64, n)
	for i, p := range persons {
		data, err := event.Marshal(p.Coded)
		if err != nil {
			return fmt.Errorf("encoding coded answers: %w", err)
		}
		id[i], family[i], position[i], memberID[i], version[i] = p.ID, p.FamilyID, int32(p.Position), p.MemberID, p.Version
		identity[i], state[i], nik[i], kk[i], name[i] = p.Identity, string(p.State), p.NIK, p.KK, p.Name
		birthPlace[i], birthDate[i], sex[i], mother[i], coded[i] = p.BirthPlace, p.BirthDate, p.Sex, p.Mother, string(data)
		if p.Verdict != nil {
			verdict[i], match[i] = (*string)(&p.Verdict.Verdict), &p.Verdict.MatchVersion
		}
	}
	b.Queue(`
		INSERT INTO person AS p (person_id, family_id, position, member_id, version, identity_version, state, nik, kk, name,
			birth_place, birth_date, sex, mother, coded, verdict, verdict_identity, match_version)
		SELECT id::uuid, family_id::uuid, position, member_id, version, identity_version, state, nik, kk, name,
			birth_place, birth_date, sex, mother, coded::json, verdict, CASE WHEN verdict IS NOT NULL THEN identity_version END, match_version
		FROM unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::bigint[], $6::bigint[], $7::text[], $8::text[],
			$9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[], $17::bigint[])
			AS t (id, family_id, position, member_id, version, identity_version, state, nik, kk, name,
				birth_place, birth_date, sex, mother, coded, verdict, match_version)
		ON CONFLICT (person_id) DO UPDATE
		SET position = EXCLUDED.position, member_id = EXCLUDED.member_id, version = EXCLUDED.version,
			identity_version = EXCLUDED.identity_version, state = EXCLUDED.state, nik = EXCLUDED.nik, kk = EXCLUDED.kk,
			name = EXCLUDED.name, birth_place = EXCLUDED.birth_place, birth_date = EXCLUDED.birth_date, sex = EXCLUDED.sex,
			mother = EXCLUDED.mother, coded = EXCLUDED.coded, verdict = EXCLUDED.verdict,
			verdict_identity = EXCLUDED.verdict_identity, match_version = EXCLUDED.match_version`,
		id, family, position, memberID, version, identity, state, nik, kk, name, birthPlace, birthDate, sex, mother, coded, verdict, match)
	return nil
}
