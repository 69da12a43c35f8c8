package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"dtks/pkg/event"
)

// personVerdict gathers what is known about a person; nil when nothing is.
func (s *store) personVerdict(ctx context.Context, id uuid.UUID) (*personVerdict, error) {
	rows, err := s.db.Query(ctx, `
		SELECT m.identity_version, m.state, COALESCE(m.reason, ''), m.calls, m.due_at, COALESCE(m.verdict, ''), m.evidence::text, m.decided_at,
			COALESCE(p.family_id, m.family_id)::text, COALESCE(p.area, m.area)
		FROM match m
		LEFT JOIN person p USING (person_id)
		WHERE person_id = $1
		ORDER BY m.identity_version DESC`, id)
	if err != nil {
		return nil, fmt.Errorf("reading a verdict: %w", err)
	}
	var out *personVerdict
	var q openQuestion
	var verdict string
	var evidence []byte
	var due time.Time
	var decidedAt *time.Time
	var family, area string
	_, err = pgx.ForEachRow(rows, []any{&q.IdentityVersion, &q.State, &q.Reason, &q.Calls, &due, &verdict, &evidence, &decidedAt, &family, &area}, func() error {
		if out == nil {
			out = &personVerdict{PersonID: id.String(), FamilyID: family, Area: area}
		}
		switch {
		case q.State != "decided":
			open := q
			if next := due; open.State == "waiting" {
				open.NextTry = &next
			}
			out.Asking = append(out.Asking, open)
		case out.Verdict == "":
			at := *decidedAt
			out.IdentityVersion, out.Verdict, out.DecidedAt = q.IdentityVersion, event.Verdict(verdict), &at
			out.Evidence = new(event.MatchEvidence)
			return event.Unmarshal(evidence, out.Evidence)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading a verdict: %w", err)
	}
	return out, nil
}

// status counts the queue and reads the last call.
func (s *store) status(ctx context.Context) (status, error) {
	var out status
	err := s.db.QueryRow(ctx, `
		SELECT (SELECT count(*) FROM match WHERE state = 'waiting'),
			(SELECT count(*) FROM match WHERE state = 'calling'),
			(SELECT count(*) FROM match WHERE state = 'parked'),
			(SELECT count(*) FROM registrant WHERE due IS NOT NULL),
			(SELECT min(created_at) FROM match WHERE state = 'waiting')`).Scan(&out.Waiting, &out.Calling, &out.Parked, &out.Compare, &out.Oldest)
	if err != nil {
		return out, fmt.Errorf("counting jobs: %w", err)
	}
	var day quotaDay
	var last lastCall
	err = s.db.QueryRow(ctx, `
		SELECT day::text, calls, verdicts, remain, seen_at, last_at, last_outcome, last_code
		FROM quota_day
		ORDER BY day DESC
		LIMIT 1`).Scan(&day.Day, &day.Calls, &day.Verdicts, &day.Remain, &day.SeenAt, &last.At, &last.Outcome, &last.Code)
	if errors.Is(err, pgx.ErrNoRows) {
		return out, nil
	}
	if err != nil {
		return out, fmt.Errorf("reading the quota: %w", err)
	}
	out.LastCall = &last
	if day.Day == s.now().In(wib).Format(time.DateOnly) {
		out.Quota = &day
	}
	return out, nil
}
