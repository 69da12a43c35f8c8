package main

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// check is this service's part of `dtks check`: a delivery that has ended was published, and none stays in sending
// longer than the sweep of a running service leaves it there, unlisted.
func check(ctx context.Context, db *pgxpool.Pool, violated func(invariant, text string)) error {
	rows, err := db.Query(ctx, `
		SELECT d.delivery_id::text, d.state
		FROM delivery d
		LEFT JOIN aggregate a ON a.aggregate_key = 'notify.delivery.' || d.channel || '.' || d.delivery_id
		WHERE d.state IN ('sent', 'failed', 'unknown') AND a.version IS NULL
		   OR d.state = 'sending' AND d.claimed_at < clock_timestamp() - 2 * @lease::interval
		ORDER BY d.delivery_id`, pgx.StrictNamedArgs{"lease": lease})
	if err != nil {
		return fmt.Errorf("looking at deliveries: %w", err)
	}
	var id, state string
	_, err = pgx.ForEachRow(rows, []any{&id, &state}, func() error {
		if state == sending {
			violated("I7", fmt.Sprintf("delivery %s is in sending beyond its lease, neither sent nor listed as unknown", id))
		} else {
			violated("I7", fmt.Sprintf("delivery %s ended as %s and was not published", id, state))
		}
		return nil
	})
	return err
}
