package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"dtks/pkg/event"

	"github.com/jackc/pgx/v5"
)

// waiting is a case as the queue shows it: without a personal value.
type waiting struct {
	caseFile
	Warnings []string
	Persons  int
	Pending  int // persons whose verdict is due and not there yet
}

// page asks for one page of the queue, by village and then age.
type page struct {
	Status    string // opened or verified
	Area      string // "" or 00 = national; a case lies in it when its village does
	AfterArea string // the last row seen; both "" for the first page
	AfterID   string
	Complete  bool // only cases with no verdict pending
	Limit     int
}

// areaRange gives the half-open range of village codes that lie in area, in byte order: '/' follows '.', and ':' all
// digits.
func areaRange(area string) (from, to string) {
	if area == "" || area == "00" {
		return "", ":"
	}
	return area, area + "/"
}

// pendingOf counts the persons of a case whose verdict is due and missing.
const pendingOf = `(
	SELECT count(*)
	FROM unnest(c.person_ids, c.identity_versions, c.matches) AS p (person_id, identity_version, due)
	WHERE p.due
	  AND NOT EXISTS (
		SELECT FROM verdict v WHERE v.person_id = p.person_id AND v.identity_version = p.identity_version))`

// queue reads one page of cases that wait for somebody.
func (s *store) queue(ctx context.Context, p page) ([]waiting, error) {
	from, to := areaRange(p.Area)
	if p.AfterID == "" {
		p.AfterID = "00000000-0000-0000-0000-000000000000"
	}
	rows, err := s.db.Query(ctx, `
		SELECT `+caseColumns+`, warnings, cardinality(person_ids), pending
		FROM (
			SELECT c.*, `+pendingOf+` AS pending
			FROM case_file c
			WHERE c.status = @status
			  AND c.status IN ('opened', 'verified')
			  AND c.area >= @from AND c.area < @to
			  AND (c.area, c.case_id) > (@after_area, @after_id::uuid)
			ORDER BY c.area, c.case_id
		) c
		WHERE NOT @complete OR pending = 0
		ORDER BY area, case_id
		LIMIT @limit`,
		planned, pgx.StrictNamedArgs{"status": p.Status, "from": from, "to": to, "after_area": p.AfterArea, "after_id": p.AfterID,
			"complete": p.Complete, "limit": p.Limit})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanWaiting)
}

// ofProposal reads all cases of one proposal, newest version first.
func (s *store) ofProposal(ctx context.Context, proposalID string) ([]waiting, error) {
	rows, err := s.db.Query(ctx, `
		SELECT `+caseColumns+`, warnings, cardinality(person_ids), `+pendingOf+`
		FROM case_file c
		WHERE proposal_id = @proposal::uuid
		ORDER BY proposal_version DESC`,
		planned, pgx.StrictNamedArgs{"proposal": proposalID})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanWaiting)
}

func scanWaiting(row pgx.CollectableRow) (waiting, error) {
	var w waiting
	err := row.Scan(&w.ID, &w.Version, &w.ProposalID, &w.ProposalVersion, &w.FamilyID, &w.Kind, &w.Status, &w.Area,
		&w.Proposer, &w.Verifier, &w.Approver, &w.ReasonCode, &w.OpenedAt, &w.DecidedAt, &w.Warnings, &w.Persons, &w.Pending)
	return w, err
}

// personVerdict is a person of a case and the verdict for the identity version that the case would bring.
type personVerdict struct {
	PersonID        string
	IdentityVersion int64
	Due             bool
	Verdict         string // "" = none yet
	Evidence        *event.MatchEvidence
	DecidedAt       *time.Time
}

// detail is everything an officer sees of one case.
type detail struct {
	waiting
	BaseVersion int64
	ToArea      string
	Reason      string
	Identity    *event.ProposalIdentity
	Survey      *event.FamilySurvey
	Verdicts    []personVerdict
	InForce     inForce
}

// find reads one case as the queue would show it.
func (s *store) find(ctx context.Context, id string) (waiting, error) {
	rows, err := s.db.Query(ctx, `
		SELECT `+caseColumns+`, warnings, cardinality(person_ids), `+pendingOf+`
		FROM case_file c
		WHERE case_id = @case_id::uuid`,
		pgx.StrictNamedArgs{"case_id": id})
	if err != nil {
		return waiting{}, err
	}
	w, err := pgx.CollectExactlyOneRow(rows, scanWaiting)
	if errors.Is(err, pgx.ErrNoRows) {
		return w, errNoCase
	}
	return w, err
}

// detail reads what lies behind w: values, verdicts and the record in force.
func (s *store) detail(ctx context.Context, w waiting) (detail, error) {
	d := detail{waiting: w}
	var identity, survey *string
	err := s.db.QueryRow(ctx, `
		SELECT c.base_version, c.to_area, c.proposal_reason, v.identity, v.survey
		FROM case_file c
		JOIN case_value v USING (case_id)
		WHERE c.case_id = @case_id::uuid`,
		pgx.StrictNamedArgs{"case_id": w.ID}).Scan(&d.BaseVersion, &d.ToArea, &d.Reason, &identity, &survey)
	if err != nil {
		return d, fmt.Errorf("reading the values of a case: %w", err)
	}
	if err := decode(identity, &d.Identity); err != nil {
		return d, err
	}
	if err := decode(survey, &d.Survey); err != nil {
		return d, err
	}
	if d.Verdicts, err = s.verdicts(ctx, w.ID); err != nil {
		return d, fmt.Errorf("reading verdicts: %w", err)
	}
	if d.InForce, err = s.inForce(ctx, w.FamilyID); err != nil {
		return d, fmt.Errorf("reading the record in force: %w", err)
	}
	return d, nil
}

func (s *store) verdicts(ctx context.Context, caseID string) ([]personVerdict, error) {
	rows, err := s.db.Query(ctx, `
		SELECT p.person_id, p.identity_version, p.due, coalesce(v.verdict, ''), v.evidence, v.decided_at
		FROM case_file c
		CROSS JOIN LATERAL unnest(c.person_ids, c.identity_versions, c.matches)
			WITH ORDINALITY AS p (person_id, identity_version, due, place)
		LEFT JOIN verdict v ON v.person_id = p.person_id AND v.identity_version = p.identity_version
		WHERE c.case_id = @case_id::uuid
		ORDER BY p.place`,
		pgx.StrictNamedArgs{"case_id": caseID})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (personVerdict, error) {
		var v personVerdict
		var evidence *string
		if err := row.Scan(&v.PersonID, &v.IdentityVersion, &v.Due, &v.Verdict, &evidence, &v.DecidedAt); err != nil {
			return v, err
		}
		return v, decode(evidence, &v.Evidence)
	})
}

// inForce reads a family and those who belong to it.
func (s *store) inForce(ctx context.Context, familyID string) (inForce, error) {
	var out inForce
	rows, err := s.db.Query(ctx, `
		SELECT unit, version, state, area, identity, survey
		FROM record
		WHERE family_id = @family::uuid
		ORDER BY unit, record_id -- the family first`,
		pgx.StrictNamedArgs{"family": familyID})
	if err != nil {
		return out, err
	}
	var unit, state, area string
	var version int64
	var identity, survey *string
	_, err = pgx.ForEachRow(rows, []any{&unit, &version, &state, &area, &identity, &survey}, func() error {
		out.areas = append(out.areas, area)
		if unit == event.Family {
			out.State, out.Area, out.Version = event.RegistrantState(state), area, version
			if err := decode(identity, &out.Family); err != nil {
				return err
			}
			return decode(survey, &out.Survey)
		}
		var person *event.PersonIdentity
		if err := decode(identity, &person); err != nil || person == nil {
			return err
		}
		if event.RegistrantState(state) == event.Inactive && !out.asleep(person.PersonID) {
			return nil // left the family
		}
		out.Persons = append(out.Persons, *person)
		return nil
	})
	return out, err
}

// decode fills into from stored JSON and leaves it nil where nothing is stored. The error never repeats the text.
func decode[T any](text *string, into **T) error {
	if text == nil {
		return nil
	}
	*into = new(T)
	if err := event.Unmarshal([]byte(strings.TrimSpace(*text)), *into); err != nil {
		return errors.New("a stored value is not readable JSON")
	}
	return nil
}
