package main

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// miscounted finds counts that differ from what the aggregates say: the read models would show something untrue.
func miscounted(ctx context.Context, db *pgxpool.Pool, violated func(invariant, text string)) error {
	rows, err := db.Query(ctx, `
		WITH truth AS (
			SELECT w.area, noun, filter, state, count(*) AS n
			FROM item i CROSS JOIN LATERAL (SELECT '00' UNION SELECT left(i.area, 2) UNION SELECT i.area) AS w (area)
			GROUP BY w.area, noun, filter, state
		)
		SELECT area, noun, filter, state, COALESCE(t.n, 0), COALESCE(c.n, 0)
		FROM truth t
		FULL JOIN tally c USING (area, noun, filter, state)
		WHERE COALESCE(t.n, 0) <> COALESCE(c.n, 0)
		ORDER BY area, noun, filter, state`)
	if err != nil {
		return fmt.Errorf("recounting: %w", err)
	}
	var area, noun, filter, state string
	var want, got int64
	_, err = pgx.ForEachRow(rows, []any{&area, &noun, &filter, &state, &want, &got}, func() error {
		violated("I6", fmt.Sprintf("console counts %d of %s %s %s in %s, there are %d", got, noun, filter, state, area, want))
		return nil
	})
	if err != nil {
		return fmt.Errorf("recounting: %w", err)
	}
	return nil
}
