package main

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"dtks/pkg/event"
	"dtks/pkg/fault"
	"dtks/pkg/pg"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// store holds all SQL of the service. Methods that change something take the transaction that bus or the API opened.
type store struct{ db *pgxpool.Pool }

// planned has PostgreSQL plan a query for its arguments each time, about 0.2 ms. A plan that was kept from the time when
// the tables were small would go on scanning them whole as they grow.
const planned = pgx.QueryExecModeCacheDescribe

// byKey is the first statement of transactions that change cases: they reach every row by its key, and the plans that are
// kept for them (see planned) must say so even if they were made on an empty table.
func (s *store) byKey(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, `SET LOCAL enable_seqscan = off`)
	return err
}

// proposed is what a case is about: the part of a proposal that only the detail page reads.
type proposed struct {
	BaseVersion int64
	ToArea      string
	Reason      string
	Warnings    []string
	Persons     []event.ProposedPerson
	Identity    *string // JSON of event.ProposalIdentity; nil where the proposal has none
	Survey      *string // JSON of event.FamilySurvey
}

const caseColumns = `case_id, version, proposal_id, proposal_version, family_id, kind, status, area, proposer,
	coalesce(verifier::text, ''), coalesce(approver::text, ''), reason_code, opened_at, decided_at`

func scanCase(row pgx.CollectableRow) (caseFile, error) {
	var c caseFile
	err := row.Scan(&c.ID, &c.Version, &c.ProposalID, &c.ProposalVersion, &c.FamilyID, &c.Kind, &c.Status, &c.Area,
		&c.Proposer, &c.Verifier, &c.Approver, &c.ReasonCode, &c.OpenedAt, &c.DecidedAt)
	return c, err
}

// lockCases reads the named cases and holds them until the transaction ends. Always in id order: two batches that share
// cases wait for each other instead of deadlocking. Unknown ids are simply missing from the answer.
func (s *store) lockCases(ctx context.Context, tx pgx.Tx, ids []string) ([]caseFile, error) {
	rows, err := tx.Query(ctx, `
		SELECT `+caseColumns+`
		FROM case_file
		WHERE case_id = ANY($1::uuid[])
		ORDER BY case_id
		FOR UPDATE`, ids)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanCase)
}

// lockWaiting reads, in id order, the cases of these proposals that still wait for somebody.
func (s *store) lockWaiting(ctx context.Context, tx pgx.Tx, proposals []string) ([]caseFile, error) {
	rows, err := tx.Query(ctx, `
		SELECT `+caseColumns+`
		FROM case_file
		WHERE proposal_id = ANY($1::uuid[])
		  AND status IN ('opened', 'verified')
		ORDER BY case_id
		FOR UPDATE`, proposals)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanCase)
}

// save writes what decisions changed, in one statement.
func (s *store) save(ctx context.Context, tx pgx.Tx, cases []caseFile) error {
	n := len(cases)
	ids, versions, statuses, reasons := make([]string, n), make([]int64, n), make([]string, n), make([]string, n)
	verifiers, approvers, decided := make([]*string, n), make([]*string, n), make([]*time.Time, n)
	for i, c := range cases {
		ids[i], versions[i], statuses[i], reasons[i] = c.ID, c.Version, string(c.Status), c.ReasonCode
		verifiers[i], approvers[i], decided[i] = optional(c.Verifier), optional(c.Approver), c.DecidedAt
	}
	_, err := tx.Exec(ctx, `
		UPDATE case_file c
		SET version = u.version, status = u.status, reason_code = u.reason_code,
		    verifier = u.verifier, approver = u.approver, decided_at = u.decided_at
		FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::uuid[], $6::uuid[], $7::timestamptz[])
		  AS u (case_id, version, status, reason_code, verifier, approver, decided_at)
		WHERE c.case_id = u.case_id`,
		ids, versions, statuses, reasons, verifiers, approvers, decided)
	return ruleOf(err)
}

// open inserts cases and what they are about; the two slices are parallel.
func (s *store) open(ctx context.Context, tx pgx.Tx, cases []caseFile, about []proposed) error {
	n := len(cases)
	text := make([][]string, 12)
	for i := range text {
		text[i] = make([]string, n)
	}
	proposalVersions, baseVersions, opened := make([]int64, n), make([]int64, n), make([]time.Time, n)
	identities, surveys := make([]*string, n), make([]*string, n)
	for i, c := range cases {
		a := about[i]
		persons, versions, matches := literals(a.Persons)
		for k, v := range []string{
			c.ID, c.ProposalID, c.FamilyID, string(c.Kind), c.Area, a.ToArea, c.Proposer, a.Reason,
			arrayLiteral(a.Warnings), persons, versions, matches,
		} {
			text[k][i] = v
		}
		proposalVersions[i], baseVersions[i], opened[i] = c.ProposalVersion, a.BaseVersion, c.OpenedAt
		identities[i], surveys[i] = a.Identity, a.Survey
	}
	_, err := tx.Exec(ctx, `
		WITH u AS (
			SELECT * FROM unnest(
				$1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::uuid[], $8::text[],
				$9::text[], $10::text[], $11::text[], $12::text[], $13::bigint[], $14::bigint[], $15::timestamptz[],
				$16::text[], $17::text[])
			AS u (case_id, proposal_id, family_id, kind, area, to_area, proposer, reason,
				warnings, persons, identity_versions, matches, proposal_version, base_version, opened_at, identity, survey)
		), opened AS (
			INSERT INTO case_file (case_id, version, proposal_id, proposal_version, family_id, base_version, kind, status,
				area, to_area, proposer, proposal_reason, reason_code, warnings, person_ids, identity_versions, matches, opened_at)
			SELECT case_id, 1, proposal_id, proposal_version, family_id, base_version, kind, 'opened',
				area, to_area, proposer, reason, '', warnings::text[], persons::uuid[],
				identity_versions::bigint[], matches::boolean[], opened_at
			FROM u
		)
		INSERT INTO case_value (case_id, identity, survey)
		SELECT case_id, identity::json, survey::json FROM u`,
		text[0], text[1], text[2], text[3], text[4], text[5], text[6], text[7], text[8], text[9], text[10], text[11],
		proposalVersions, baseVersions, opened, identities, surveys)
	return ruleOf(err)
}

// literals spells the persons of a proposal as three PostgreSQL arrays: ragged arrays cannot travel as one parameter.
func literals(persons []event.ProposedPerson) (ids, versions, matches string) {
	id, version, match := make([]string, len(persons)), make([]string, len(persons)), make([]string, len(persons))
	for i, p := range persons {
		id[i], version[i], match[i] = p.PersonID, strconv.FormatInt(p.IdentityVersion, 10), "f"
		if p.Match {
			match[i] = "t"
		}
	}
	return arrayLiteral(id), arrayLiteral(version), arrayLiteral(match)
}

var arrayEscape = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// arrayLiteral spells a one-dimensional PostgreSQL array.
func arrayLiteral(items []string) string {
	var b strings.Builder
	b.WriteByte('{')
	for i, item := range items {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('"')
		b.WriteString(arrayEscape.Replace(item))
		b.WriteByte('"')
	}
	b.WriteByte('}')
	return b.String()
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// ruleOf turns the violation of a rule of law into the fault that the pure rule gives for it. Everything else stays as
// it is: a defect.
func ruleOf(err error) error {
	switch pg.Constraint(err) {
	case "case_verifier_not_proposer", "case_approver_not_proposer", "case_approver_not_verifier":
		return errSamePerson.Because(errors.New("refused by the database"))
	case "case_one_per_proposal_version", "case_one_waiting_per_proposal":
		return fault.New(fault.Conflict, "case_exists", "berkas untuk usulan ini sudah ada", "this proposal has a case already")
	}
	return err
}
