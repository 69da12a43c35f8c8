package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"dtks/pkg/event"
	"dtks/pkg/fault"
	"dtks/pkg/outbox"
	"dtks/services/nik-match/judge"
)

// store is all SQL of jobs and verdicts. Statements take whole batches; rows are always touched in key order: match,
// then person, then the outbox.
type store struct {
	db  *pgxpool.Pool
	out *outbox.Outbox
	now func() time.Time
}

// identity names one identity version of one person.
type identity struct {
	Person  uuid.UUID
	Version int64
}

func (a identity) compare(b identity) int {
	if c := slices.Compare(a.Person[:], b.Person[:]); c != 0 {
		return c
	}
	return int(min(max(a.Version-b.Version, -1), 1))
}

// asking is one identity version that an event brought.
type asking struct {
	identity
	Family uuid.UUID
	Area   string
	Fields event.PersonIdentity
	Cause  event.Cause
}

// verdict is a decided identity version.
type verdict struct {
	identity
	Family   uuid.UUID
	Area     string
	Verdict  event.Verdict
	Evidence event.MatchEvidence
	At       time.Time
	Cause    event.Cause
}

var errReused = fault.New(fault.Conflict, "identity_version_reused",
	"Versi identitas ini sudah dipakai untuk data lain.", "This identity version already stands for other fields.")

// ask writes jobs for identity versions that have neither job nor verdict. Those that cannot be asked about (no NIK, or
// a malformed one) get their verdict at once.
func (s *store) ask(ctx context.Context, tx pgx.Tx, asked []asking) error {
	if len(asked) == 0 {
		return nil
	}
	slices.SortFunc(asked, func(a, b asking) int { return a.compare(b.identity) })
	asked = slices.CompactFunc(asked, func(a, b asking) bool {
		return a.identity == b.identity && slices.Equal(judge.Digest(a.Fields), judge.Digest(b.Fields))
	})
	now := s.now().UTC()
	jobs, err := newJobs(asked)
	if err != nil {
		return err
	}
	rows, err := tx.Query(ctx, `
		INSERT INTO match (person_id, identity_version, family_id, area, state, digest, identity, due_at,
			verdict, evidence, decided_at, cause_id, trace_parent, created_at)
		SELECT person, version, family, area, CASE WHEN verdict IS NULL THEN 'waiting' ELSE 'decided' END, digest, fields::json, $11::timestamptz,
			verdict, evidence::json, CASE WHEN verdict IS NOT NULL THEN $11::timestamptz END, cause, trace, $11::timestamptz
		FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::text[], $5::bytea[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[])
			AS t (person, version, family, area, digest, fields, verdict, evidence, cause, trace)
		ON CONFLICT DO NOTHING
		RETURNING person_id, identity_version`,
		jobs.person, jobs.version, jobs.family, jobs.area, jobs.digest, jobs.fields, jobs.verdict, jobs.evidence, jobs.cause, jobs.trace, now)
	if err != nil {
		return fmt.Errorf("writing jobs: %w", err)
	}
	written, err := pgx.CollectRows(rows, pgx.RowToStructByPos[identity])
	if err != nil {
		return fmt.Errorf("writing jobs: %w", err)
	}
	if len(written) < len(asked) {
		if err := s.refuseReuse(ctx, tx, jobs); err != nil {
			return err
		}
	}
	var ready []verdict
	for _, id := range written {
		if v, ok := jobs.without[id]; ok {
			v.At = now
			ready = append(ready, v)
		}
	}
	return s.publish(ctx, tx, ready)
}

// newRows are the arrays of one insert into match.
type newRows struct {
	person, family            []uuid.UUID
	version                   []int64
	area, cause, trace        []string
	digest                    [][]byte
	fields, verdict, evidence []*string // fields or verdict and evidence

	without map[identity]verdict // those that nobody is asked about
}

func newJobs(asked []asking) (*newRows, error) {
	r := &newRows{without: make(map[identity]verdict)}
	for _, a := range asked {
		var fields, result, evidence *string
		var err error
		if finding := unaskable(a.Fields.NIK); finding != "" {
			found := judge.Without(finding)
			r.without[a.identity] = verdict{identity: a.identity, Family: a.Family, Area: a.Area,
				Verdict: found.Verdict, Evidence: found.Evidence, Cause: a.Cause}
			result = (*string)(&found.Verdict)
			evidence, err = text(found.Evidence)
		} else {
			fields, err = text(a.Fields)
		}
		if err != nil {
			return nil, err
		}
		r.person, r.version, r.family = append(r.person, a.Person), append(r.version, a.Version), append(r.family, a.Family)
		r.area, r.cause, r.trace = append(r.area, a.Area), append(r.cause, a.Cause.ID), append(r.trace, a.Cause.TraceParent)
		r.digest, r.fields = append(r.digest, judge.Digest(a.Fields)), append(r.fields, fields)
		r.verdict, r.evidence = append(r.verdict, result), append(r.evidence, evidence)
	}
	return r, nil
}

// refuseReuse fails when an identity version that is known stands for other fields than those that just came: a verdict
// would be held against fields it was never about.
func (s *store) refuseReuse(ctx context.Context, tx pgx.Tx, jobs *newRows) error {
	var reused bool
	err := tx.QueryRow(ctx, `
		SELECT EXISTS (
			SELECT FROM unnest($1::uuid[], $2::bigint[], $3::bytea[]) AS t (person, version, digest)
			JOIN match m ON m.person_id = t.person AND m.identity_version = t.version
			WHERE m.digest <> t.digest)`, jobs.person, jobs.version, jobs.digest).Scan(&reused)
	if err != nil {
		return fmt.Errorf("comparing digests: %w", err)
	}
	if reused {
		return errReused
	}
	return nil
}

// publish records verdicts as published and drafts their events, but never one of an older identity version after a
// newer one: that verdict stays on record unpublished.
func (s *store) publish(ctx context.Context, tx pgx.Tx, ready []verdict) error {
	if len(ready) == 0 {
		return nil
	}
	slices.SortFunc(ready, func(a, b verdict) int { return a.compare(b.identity) })
	newest := ready[:0:0]
	for i, v := range ready {
		if i+1 == len(ready) || ready[i+1].Person != v.Person {
			newest = append(newest, v)
		}
	}
	n := len(newest)
	person, version, family, area := make([]uuid.UUID, n), make([]int64, n), make([]uuid.UUID, n), make([]string, n)
	at := make(map[uuid.UUID]int, n)
	for i, v := range newest {
		person[i], version[i], family[i], area[i] = v.Person, v.Version, v.Family, v.Area
		at[v.Person] = i
	}
	rows, err := tx.Query(ctx, `
		INSERT INTO person AS p (person_id, family_id, area, identity_version)
		SELECT person, family, area, version
		FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[]) AS t (person, family, area, version)
		ON CONFLICT (person_id) DO UPDATE SET identity_version = EXCLUDED.identity_version
		WHERE p.identity_version < EXCLUDED.identity_version
		RETURNING person_id, family_id, area`, person, family, area, version)
	if err != nil {
		return fmt.Errorf("writing persons: %w", err)
	}
	drafts := make([]outbox.Draft, 0, n)
	var id, familyID uuid.UUID
	var village string
	if _, err := pgx.ForEachRow(rows, []any{&id, &familyID, &village}, func() error {
		v := newest[at[id]]
		v.Family, v.Area = familyID, village // where the registry has the person now
		drafts = append(drafts, v.draft(v.Cause))
		return nil
	}); err != nil {
		return fmt.Errorf("writing persons: %w", err)
	}
	_, err = s.out.Add(ctx, tx, drafts...)
	return err
}

// draft is the event of a verdict.
func (v verdict) draft(cause event.Cause) outbox.Draft {
	return outbox.Draft{
		Type:  event.TypeMatchDecided,
		Area:  event.AreaOf(v.Area),
		ID:    v.Person.String(),
		Data:  event.MatchDecided{FamilyID: v.Family.String(), Area: v.Area, IdentityVersion: v.Version, Verdict: v.Verdict, DecidedAt: v.At},
		Seal:  map[event.Class]any{event.Identity: v.Evidence},
		Cause: cause,
	}
}

// text encodes a value for a json column.
func text(v any) (*string, error) {
	raw, err := event.Marshal(v)
	if err != nil {
		return nil, err
	}
	s := string(raw)
	return &s, nil
}
