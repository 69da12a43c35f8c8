package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"dtks/pkg/event"
	"dtks/pkg/fault"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// store holds all SQL of the service. Methods that change something take the transaction that bus, the API or the
// sender opened.
type store struct{ db *pgxpool.Pool }

// notification is something that a role in an area should act on.
type notification struct {
	ID        string
	EventID   string
	Rule      string
	Role      string
	Area      string
	About     string
	Params    map[string]string
	CreatedAt time.Time
	Done      bool
	Read      bool
}

// end closes what earlier states of these aggregates asked for. It reaches them by index even where the plan was made
// and kept while the table was small.
func (s *store) end(ctx context.Context, tx pgx.Tx, about []string, at time.Time) error {
	if len(about) == 0 {
		return nil
	}
	if _, err := tx.Exec(ctx, `SET LOCAL enable_seqscan = off`); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `
		UPDATE notification
		SET done_at = $2
		WHERE about = ANY($1)
		  AND done_at IS NULL`, about, at)
	if err != nil {
		return fmt.Errorf("ending notifications: %w", err)
	}
	return nil
}

// add writes notifications in one statement. One that is there already stays as it is.
func (s *store) add(ctx context.Context, tx pgx.Tx, all []notification, at time.Time) error {
	if len(all) == 0 {
		return nil
	}
	n := len(all)
	ids, events, rules, roles := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	areas, regencies, about, params := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	for i, x := range all {
		raw, err := event.Marshal(x.Params)
		if err != nil {
			return err
		}
		ids[i], events[i], rules[i], roles[i] = x.ID, x.EventID, x.Rule, x.Role
		areas[i], regencies[i], about[i], params[i] = x.Area, event.AreaOf(x.Area).String(), x.About, string(raw)
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO notification (notification_id, event_id, rule, role, area, regency, about, params, created_at)
		SELECT u.id, u.event_id, u.rule, u.role, u.area, u.regency, u.about, u.params::json, $9
		FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
		  AS u (id, event_id, rule, role, area, regency, about, params)
		ON CONFLICT ON CONSTRAINT notification_once DO NOTHING`,
		ids, events, rules, roles, areas, regencies, about, params, at)
	if err != nil {
		return fmt.Errorf("writing notifications: %w", err)
	}
	return nil
}

// intend writes deliveries that are to be made. One that is there already stays as it is: it may have been sent.
func (s *store) intend(ctx context.Context, tx pgx.Tx, all []delivery, at time.Time) error {
	if len(all) == 0 {
		return nil
	}
	n := len(all)
	text := make([][]string, 8)
	for i := range text {
		text[i] = make([]string, n)
	}
	for i, d := range all {
		for k, v := range []string{d.ID, d.EventID, d.Rule, d.Channel, d.Recipient, d.Area, d.Subject, d.Body} {
			text[k][i] = v
		}
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO delivery (delivery_id, event_id, rule, channel, recipient, area, subject, body,
			state, attempts, code, next_at, created_at)
		SELECT u.id, u.event_id, u.rule, u.channel, u.recipient, u.area, u.subject, u.body, 'pending', 0, '', $9, $9
		FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
		  AS u (id, event_id, rule, channel, recipient, area, subject, body)
		ON CONFLICT ON CONSTRAINT delivery_once DO NOTHING`,
		text[0], text[1], text[2], text[3], text[4], text[5], text[6], text[7], at)
	if err != nil {
		return fmt.Errorf("writing deliveries: %w", err)
	}
	return nil
}

// inbox asks for one page of a person's notifications, newest first.
type inbox struct {
	Person string
	Roles  []string
	Area   string
	Open   bool   // only what still waits for somebody
	Before string // id of the last row seen; "" for the newest
	Limit  int
}

// mine reads the notifications for roles in an area. A caller who has one regency or less is served by its index.
func (s *store) mine(ctx context.Context, in inbox) ([]notification, error) {
	from, to, regency := "", ":", ""
	if in.Area != "00" {
		from, to = in.Area, in.Area+"/" // half-open range of codes in byte order: '/' follows '.'
	}
	if len(in.Area) >= 5 {
		regency = in.Area[:5]
	}
	if in.Before == "" {
		in.Before = "ffffffff-ffff-ffff-ffff-ffffffffffff"
	}
	rows, err := s.db.Query(ctx, `
		SELECT n.notification_id, n.event_id, n.rule, n.role, n.area, n.about, n.params, n.created_at,
			n.done_at IS NOT NULL, r.person_id IS NOT NULL
		FROM notification n
		LEFT JOIN notification_read r ON r.notification_id = n.notification_id AND r.person_id = @person::uuid
		WHERE n.role = ANY(@roles)
		  AND (@regency = '' OR n.regency = @regency)
		  AND n.area >= @from AND n.area < @to
		  AND n.notification_id < @before::uuid
		  AND (NOT @open OR n.done_at IS NULL)
		ORDER BY n.notification_id DESC
		LIMIT @limit`,
		pgx.StrictNamedArgs{"person": in.Person, "roles": in.Roles, "regency": regency, "from": from, "to": to,
			"before": in.Before, "open": in.Open, "limit": in.Limit})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (notification, error) {
		var n notification
		err := row.Scan(&n.ID, &n.EventID, &n.Rule, &n.Role, &n.Area, &n.About, &n.Params, &n.CreatedAt, &n.Done, &n.Read)
		return n, err
	})
}

var errNoNotification = fault.New(fault.NotFound, "notification_not_found", "pemberitahuan tidak ditemukan", "no such notification")

// address reads whom a notification is for.
func (s *store) address(ctx context.Context, id string) (role, area string, err error) {
	err = s.db.QueryRow(ctx, `
		SELECT role, area
		FROM notification
		WHERE notification_id = @id::uuid`, pgx.StrictNamedArgs{"id": id}).Scan(&role, &area)
	if errors.Is(err, pgx.ErrNoRows) {
		err = errNoNotification
	}
	return role, area, err
}

// markRead says that a person has read a notification; saying it twice changes nothing.
func (s *store) markRead(ctx context.Context, id, person string, at time.Time) error {
	_, err := s.db.Exec(ctx, `
		INSERT INTO notification_read (notification_id, person_id, read_at)
		VALUES (@id::uuid, @person::uuid, @at)
		ON CONFLICT DO NOTHING`, pgx.StrictNamedArgs{"id": id, "person": person, "at": at})
	return err
}
