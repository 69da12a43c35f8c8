package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"dtks/pkg/event"
	"dtks/pkg/pg"
	"dtks/services/nik-match/judge"
)

// job is one call to be made. It is on record as calling before anybody sees it.
type job struct {
	identity
	Calls    int
	Failures int
	Area     string // village
	Fields   event.PersonIdentity
	Own      judge.Own // what our own records say
	CauseID  string
	Trace    string
}

// done is a job after its call.
type done struct {
	job
	reply
	started, ended time.Time
	trace          string // traceparent of the call, for the verdict's event
	refused        bool   // the database did not take what came of the call
}

// unrecorded is d without what came of it: the call is lost, and its job waits for a next one.
func (d done) unrecorded() done {
	if d.outcome != notSent {
		d.reply = reply{outcome: lost}
	}
	d.refused = true
	return d
}

// claim writes down that worker calls for up to n due jobs, oldest first, and returns them with what is known of each.
func (s *store) claim(ctx context.Context, worker int32, n int) (jobs []job, err error) {
	err = pg.InTx(ctx, s.db, func(tx pgx.Tx) error {
		if jobs, err = s.take(ctx, tx, worker, n); err != nil || len(jobs) == 0 {
			return err
		}
		return s.know(ctx, tx, standardComparer(), jobs)
	})
	if err != nil {
		return nil, err
	}
	return jobs, nil
}

func (s *store) take(ctx context.Context, tx pgx.Tx, worker int32, n int) ([]job, error) {
	rows, err := tx.Query(ctx, `
		UPDATE match m
		SET state = 'calling', worker = $1, calls = m.calls + 1
		FROM (
			SELECT person_id, identity_version
			FROM match
			WHERE state = 'waiting' AND due_at <= $2
			ORDER BY due_at
			LIMIT $3
			FOR UPDATE SKIP LOCKED) due
		WHERE m.person_id = due.person_id AND m.identity_version = due.identity_version
		RETURNING m.person_id, m.identity_version, m.calls, m.failures, m.area, m.identity::text, m.cause_id, m.trace_parent`,
		worker, s.now().UTC(), n)
	if err != nil {
		return nil, fmt.Errorf("claiming jobs: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (job, error) {
		var j job
		var raw []byte
		if err := row.Scan(&j.Person, &j.Version, &j.Calls, &j.Failures, &j.Area, &raw, &j.CauseID, &j.Trace); err != nil {
			return j, err
		}
		return j, event.Unmarshal(raw, &j.Fields)
	})
}

// record writes the outcomes of calls in one transaction: verdicts with their events, jobs to be tried again, the
// ledger, the quota. A job that is no longer this worker's call (it was given up for lost) keeps its ledger row only.
func (s *store) record(ctx context.Context, worker int32, all []done) error {
	slices.SortFunc(all, func(a, b done) int { return a.compare(b.identity) })
	err := pg.InTx(ctx, s.db, func(tx pgx.Tx) error {
		if err := s.decide(ctx, tx, worker, all); err != nil {
			return err
		}
		if err := s.again(ctx, tx, worker, all); err != nil {
			return err
		}
		return s.account(ctx, tx, all)
	})
	if err == nil {
		s.out.Wake()
	}
	return err
}

// decide turns answered calls into verdicts.
func (s *store) decide(ctx context.Context, tx pgx.Tx, worker int32, all []done) error {
	var person []uuid.UUID
	var version []int64
	var calls []int
	var result, evidence []string
	at := make(map[identity]int)
	for i, d := range all {
		if d.outcome != decided {
			continue
		}
		raw, err := event.Marshal(d.result.Evidence)
		if err != nil {
			return err
		}
		person, version, calls = append(person, d.Person), append(version, d.Version), append(calls, d.Calls)
		result, evidence = append(result, string(d.result.Verdict)), append(evidence, string(raw))
		at[d.identity] = i
	}
	if len(person) == 0 {
		return nil
	}
	now := s.now().UTC().Truncate(time.Microsecond)
	// The odd conditions keep the planner from match_calling: that index is full of rows long decided until the next
	// vacuum, and joining by it would compare each verdict with all of them.
	rows, err := tx.Query(ctx, `
		UPDATE match m
		SET state = 'decided', verdict = t.verdict, evidence = t.evidence::json, decided_at = $7,
			identity = NULL, worker = NULL, reason = NULL
		FROM unnest($1::uuid[], $2::bigint[], $3::int[], $4::text[], $5::text[]) AS t (person, version, calls, verdict, evidence)
		WHERE m.person_id = t.person AND m.identity_version = t.version
			AND m.state || '' = 'calling' AND m.worker + 0 = $6 AND m.calls = t.calls
		RETURNING m.person_id, m.identity_version, m.family_id, m.area`,
		person, version, calls, result, evidence, worker, now)
	if err != nil {
		return fmt.Errorf("writing verdicts: %w", err)
	}
	ready := make([]verdict, 0, len(person))
	var v verdict
	if _, err := pgx.ForEachRow(rows, []any{&v.Person, &v.Version, &v.Family, &v.Area}, func() error {
		d := &all[at[v.identity]]
		v.Verdict, v.Evidence, v.At = d.result.Verdict, d.result.Evidence, now
		v.Cause = event.Cause{ID: d.CauseID, TraceParent: d.trace}
		ready = append(ready, v)
		return nil
	}); err != nil {
		return fmt.Errorf("writing verdicts: %w", err)
	}
	return s.publish(ctx, tx, ready)
}

// again puts back what has no verdict. Refusals (quota, hours, set-up) leave the job due; failures, also to
// record what came of the call, make it wait longer each time; code 07 parks it.
func (s *store) again(ctx context.Context, tx pgx.Tx, worker int32, all []done) error {
	var person []uuid.UUID
	var version []int64
	var calls, unsent, failures []int
	var state, reason []string
	var due []time.Time
	now := s.now().UTC()
	for _, d := range all {
		if d.outcome == decided {
			continue
		}
		to, failed, back, at := "waiting", 0, 0, now
		if d.outcome == notSent {
			back = 1
		}
		switch {
		case d.outcome == incomplete:
			to = "parked"
		case d.failed(), d.outcome == unknown, d.refused:
			failed, at = 1, now.Add(backoff(d.Failures))
		}
		person, version, calls = append(person, d.Person), append(version, d.Version), append(calls, d.Calls)
		unsent, failures, state = append(unsent, back), append(failures, failed), append(state, to)
		reason, due = append(reason, string(d.outcome)), append(due, at)
	}
	if len(person) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `
		UPDATE match m
		SET state = t.state, calls = m.calls - t.unsent, failures = m.failures + t.failures, worker = NULL,
			reason = NULLIF(t.reason, ''), due_at = t.due
		FROM unnest($1::uuid[], $2::bigint[], $3::int[], $4::int[], $5::int[], $6::text[], $7::text[], $8::timestamptz[])
			AS t (person, version, calls, unsent, failures, state, reason, due)
		WHERE m.person_id = t.person AND m.identity_version = t.version
			AND m.state || '' = 'calling' AND m.worker + 0 = $9 AND m.calls = t.calls`,
		person, version, calls, unsent, failures, state, reason, due, worker)
	if err != nil {
		return fmt.Errorf("putting jobs back: %w", err)
	}
	return nil
}

// account writes the ledger and the quota of the day.
func (s *store) account(ctx context.Context, tx pgx.Tx, all []done) error {
	var person []uuid.UUID
	var version []int64
	var calls []int
	var started, ended []time.Time
	var outcomes, codes []string
	var verdicts int64
	var remain *int64
	var asked time.Time // when the first of those calls began
	last := 0
	for i, d := range all {
		if d.outcome == notSent {
			continue
		}
		if d.outcome == decided {
			verdicts++
		}
		if d.remain != nil && (remain == nil || *d.remain < *remain) {
			remain = d.remain
		}
		if asked.IsZero() || d.started.Before(asked) {
			asked = d.started
		}
		if !d.ended.Before(all[last].ended) {
			last = i
		}
		person, version, calls = append(person, d.Person), append(version, d.Version), append(calls, d.Calls)
		started, ended = append(started, d.started), append(ended, d.ended)
		outcomes, codes = append(outcomes, string(d.outcome)), append(codes, d.code)
	}
	if len(person) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO call (person_id, identity_version, call, started_at, ended_at, outcome, code)
		SELECT *
		FROM unnest($1::uuid[], $2::bigint[], $3::int[], $4::timestamptz[], $5::timestamptz[], $6::text[], $7::text[])
		ON CONFLICT DO NOTHING`, person, version, calls, started, ended, outcomes, codes)
	if err != nil {
		return fmt.Errorf("writing the ledger: %w", err)
	}
	now := s.now()
	// Answers overtake each other: of calls that were under way together the lowest number is the newest.
	_, err = tx.Exec(ctx, `
		INSERT INTO quota_day AS q (day, calls, verdicts, remain, seen_at, last_at, last_outcome, last_code)
		VALUES ($1::date, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (day) DO UPDATE
		SET calls = q.calls + EXCLUDED.calls, verdicts = q.verdicts + EXCLUDED.verdicts,
			remain = CASE WHEN q.last_at > $9 THEN LEAST(EXCLUDED.remain, q.remain) ELSE COALESCE(EXCLUDED.remain, q.remain) END,
			seen_at = EXCLUDED.seen_at,
			last_at = EXCLUDED.last_at, last_outcome = EXCLUDED.last_outcome, last_code = EXCLUDED.last_code`,
		now.In(wib).Format(time.DateOnly), len(person), verdicts, remain, now.UTC(),
		all[last].ended.UTC(), string(all[last].outcome), all[last].code, asked.UTC())
	if err != nil {
		return fmt.Errorf("writing the quota: %w", err)
	}
	return nil
}
