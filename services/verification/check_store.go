package main

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// check is this service's part of `dtks check`: each case as it is kept is the case as it was last published.
func check(ctx context.Context, db *pgxpool.Pool, violated func(invariant, text string)) error {
	rows, err := db.Query(ctx, `
		SELECT c.case_id::text, c.version, c.status, coalesce(e.version, 0),
			coalesce(convert_from(e.payload, 'UTF8')::json #>> '{data,status}', '')
		FROM case_file c
		LEFT JOIN aggregate a ON a.aggregate_key = 'verification.case.all.' || c.case_id
		LEFT JOIN event e ON e.aggregate_key = a.aggregate_key AND e.version = a.version
		WHERE e.version IS DISTINCT FROM c.version
		   OR convert_from(e.payload, 'UTF8')::json #>> '{data,status}' <> c.status
		ORDER BY c.case_id`)
	if err != nil {
		return fmt.Errorf("comparing cases with their events: %w", err)
	}
	var id, status, published string
	var version, newest int64
	_, err = pgx.ForEachRow(rows, []any{&id, &version, &status, &newest, &published}, func() error {
		violated("I2", fmt.Sprintf("case %s is kept as version %d %s, published as version %d %s", id, version, status, newest, published))
		return nil
	})
	return err
}
