package main

import (
	"context"
	"errors"
	"time"

	"dtks/pkg/fault"

	"github.com/jackc/pgx/v5"
)

const deliveryColumns = `d.delivery_id, d.event_id, d.rule, d.channel, d.recipient, d.area, d.subject, d.body, d.state,
	d.attempts, d.code, d.created_at, d.ended_at`

func fieldsOfDelivery(d *delivery) []any {
	return []any{&d.ID, &d.EventID, &d.Rule, &d.Channel, &d.Recipient, &d.Area, &d.Subject, &d.Body, &d.State,
		&d.Attempts, &d.Code, &d.CreatedAt, &d.EndedAt}
}

func scanDelivery(row pgx.CollectableRow) (delivery, error) {
	var d delivery
	err := row.Scan(fieldsOfDelivery(&d)...)
	return d, err
}

// attempt is a delivery that this process has claimed, with the subscription it goes to.
type attempt struct {
	delivery
	hook *subscription // nil for e-mail, and when the subscription is gone or switched off
}

// claim takes up to n due deliveries of a channel. The attempt is counted before it is made.
func (s *store) claim(ctx context.Context, tx pgx.Tx, channel string, n int) ([]attempt, error) {
	rows, err := tx.Query(ctx, `
		WITH d AS (
			UPDATE delivery
			SET state = 'sending', attempts = attempts + 1, claimed_at = clock_timestamp()
			WHERE delivery_id IN (
				SELECT delivery_id
				FROM delivery
				WHERE state = 'pending'
				  AND channel = @channel
				  AND next_at <= clock_timestamp()
				ORDER BY next_at
				LIMIT @n
				FOR UPDATE SKIP LOCKED)
			RETURNING *
		)
		SELECT `+deliveryColumns+`, w.webhook_id, w.url, w.secret
		FROM d
		LEFT JOIN webhook w ON d.channel = 'webhook' AND w.webhook_id = d.recipient AND w.active`,
		pgx.StrictNamedArgs{"channel": channel, "n": n})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (attempt, error) {
		var a attempt
		var id, url *string
		var secret []byte
		if err := row.Scan(append(fieldsOfDelivery(&a.delivery), &id, &url, &secret)...); err != nil {
			return a, err
		}
		if id != nil {
			a.hook = &subscription{ID: *id, URL: *url, Secret: secret, Active: true}
		}
		return a, nil
	})
}

// settle writes the outcome of an attempt; false when the delivery is not in this attempt's hands any more.
func (s *store) settle(ctx context.Context, tx pgx.Tx, d delivery, next time.Time) (bool, error) {
	tag, err := tx.Exec(ctx, `
		UPDATE delivery
		SET state = @state, code = @code, next_at = @next, ended_at = @ended, claimed_at = NULL
		WHERE delivery_id = @id::uuid
		  AND state = 'sending'
		  AND attempts = @attempts`,
		pgx.StrictNamedArgs{"state": d.State, "code": d.Code, "next": next, "ended": d.EndedAt, "id": d.ID, "attempts": d.Attempts})
	return tag.RowsAffected() == 1, err
}

// lose makes unknown what has been in sending for longer than the lease.
func (s *store) lose(ctx context.Context, tx pgx.Tx, lease time.Duration) ([]delivery, error) {
	rows, err := tx.Query(ctx, `
		UPDATE delivery d
		SET state = 'unknown', code = 'sender_lost', ended_at = date_trunc('microseconds', clock_timestamp()), claimed_at = NULL
		WHERE d.delivery_id IN (
			SELECT delivery_id
			FROM delivery
			WHERE state = 'sending'
			  AND claimed_at < clock_timestamp() - @lease::interval
			ORDER BY delivery_id
			LIMIT 500
			FOR UPDATE SKIP LOCKED)
		RETURNING `+deliveryColumns, pgx.StrictNamedArgs{"lease": lease})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanDelivery)
}

// deliveries reads one page of deliveries in a state, oldest first.
func (s *store) deliveries(ctx context.Context, state, after string, limit int) ([]delivery, error) {
	if after == "" {
		after = "00000000-0000-0000-0000-000000000000"
	}
	rows, err := s.db.Query(ctx, `
		SELECT `+deliveryColumns+`
		FROM delivery d
		WHERE d.state = @state
		  AND d.delivery_id > @after::uuid
		ORDER BY d.delivery_id
		LIMIT @limit`, pgx.StrictNamedArgs{"state": state, "after": after, "limit": limit})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanDelivery)
}

// lock reads one delivery and holds it.
func (s *store) lock(ctx context.Context, tx pgx.Tx, id string) (delivery, error) {
	rows, err := tx.Query(ctx, `
		SELECT `+deliveryColumns+`
		FROM delivery d
		WHERE d.delivery_id = @id::uuid
		FOR UPDATE`, pgx.StrictNamedArgs{"id": id})
	if err != nil {
		return delivery{}, err
	}
	d, err := pgx.CollectExactlyOneRow(rows, scanDelivery)
	if errors.Is(err, pgx.ErrNoRows) {
		err = fault.New(fault.NotFound, "delivery_not_found", "pengiriman tidak ditemukan", "no such delivery")
	}
	return d, err
}

// resolve writes what a person decided about a delivery.
func (s *store) resolve(ctx context.Context, tx pgx.Tx, d delivery, person string, at time.Time) error {
	_, err := tx.Exec(ctx, `
		UPDATE delivery
		SET state = @state, code = @code, next_at = @at, ended_at = @ended, resolved_by = @person::uuid
		WHERE delivery_id = @id::uuid`,
		pgx.StrictNamedArgs{"state": d.State, "code": d.Code, "at": at, "ended": d.EndedAt, "person": person, "id": d.ID})
	return err
}

// subscriptions reads the active webhooks: few, so they are read once per batch.
func (s *store) subscriptions(ctx context.Context, tx pgx.Tx) ([]subscription, error) {
	rows, err := tx.Query(ctx, `
		SELECT webhook_id, url, secret, events, filter, area, active
		FROM webhook
		WHERE active
		ORDER BY webhook_id`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanSubscription)
}

func scanSubscription(row pgx.CollectableRow) (subscription, error) {
	var w subscription
	err := row.Scan(&w.ID, &w.URL, &w.Secret, &w.Events, &w.Filter, &w.Area, &w.Active)
	return w, err
}

var errNoWebhook = fault.New(fault.NotFound, "webhook_not_found", "langganan tidak ditemukan", "no such subscription")

// subscription reads one webhook, active or not.
func (s *store) subscription(ctx context.Context, id string) (subscription, error) {
	rows, err := s.db.Query(ctx, `
		SELECT webhook_id, url, secret, events, filter, area, active
		FROM webhook
		WHERE webhook_id = @id`, pgx.StrictNamedArgs{"id": id})
	if err != nil {
		return subscription{}, err
	}
	w, err := pgx.CollectExactlyOneRow(rows, scanSubscription)
	if errors.Is(err, pgx.ErrNoRows) {
		err = errNoWebhook
	}
	return w, err
}

// subscribe stores a new webhook; false when there is one of this name already.
func (s *store) subscribe(ctx context.Context, tx pgx.Tx, w subscription, person string, at time.Time) (bool, error) {
	tag, err := tx.Exec(ctx, `
		INSERT INTO webhook (webhook_id, url, secret, events, filter, area, active, created_by, created_at)
		VALUES (@id, @url, @secret, @events, @filter, @area, @active, @person::uuid, @at)
		ON CONFLICT (webhook_id) DO NOTHING`,
		pgx.StrictNamedArgs{"id": w.ID, "url": w.URL, "secret": w.Secret, "events": w.Events, "filter": w.Filter,
			"area": w.Area, "active": w.Active, "person": person, "at": at})
	return tag.RowsAffected() == 1, err
}

// lockSubscription holds a webhook and reads the area it is of.
func (s *store) lockSubscription(ctx context.Context, tx pgx.Tx, id string) (area string, err error) {
	err = tx.QueryRow(ctx, `
		SELECT area
		FROM webhook
		WHERE webhook_id = @id
		FOR UPDATE`, pgx.StrictNamedArgs{"id": id}).Scan(&area)
	if errors.Is(err, pgx.ErrNoRows) {
		err = errNoWebhook
	}
	return area, err
}

// resubscribe changes a webhook, which keeps its secret.
func (s *store) resubscribe(ctx context.Context, tx pgx.Tx, w subscription) error {
	_, err := tx.Exec(ctx, `
		UPDATE webhook
		SET url = @url, events = @events, filter = @filter, area = @area, active = @active
		WHERE webhook_id = @id`,
		pgx.StrictNamedArgs{"id": w.ID, "url": w.URL, "events": w.Events, "filter": w.Filter, "area": w.Area, "active": w.Active})
	return err
}

// unsubscribe removes a webhook; deliveries to it that were not made fail.
func (s *store) unsubscribe(ctx context.Context, tx pgx.Tx, id string) error {
	_, err := tx.Exec(ctx, `DELETE FROM webhook WHERE webhook_id = @id`, pgx.StrictNamedArgs{"id": id})
	return err
}
