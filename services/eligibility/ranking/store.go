package ranking

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"dtks/services/eligibility/rank"
)

// Store writes the areas of a release and the parts of its fan-out, numbered from 0. tx has stored the release before.
func Store(ctx context.Context, tx pgx.Tx, releaseID string, res *Result) error {
	var areas [][]any
	for _, code := range slices.Sorted(maps.Keys(res.Table.Areas())) {
		a := res.Table.Area(code)
		areas = append(areas, []any{releaseID, code, a.Encode(), a.Families, a.Weight})
	}
	if _, err := tx.CopyFrom(ctx, pgx.Identifier{"release_area"},
		[]string{"release_id", "area", "ranked", "families", "weight"}, pgx.CopyFromRows(areas)); err != nil {
		return fmt.Errorf("storing areas: %w", err)
	}
	parts, number := res.parts.reader(), -1
	if _, err := tx.CopyFrom(ctx, pgx.Identifier{"release_part"},
		[]string{"release_id", "part", "regency", "families", "count"}, pgx.CopyFromFunc(func() ([]any, error) {
			p, ok, err := parts.next()
			if !ok || err != nil {
				return nil, err
			}
			number++
			return []any{releaseID, number, p.regency, p.families, len(p.families) / 16}, nil
		})); err != nil {
		return fmt.Errorf("storing changed families: %w", err)
	}
	return nil
}

// Querier is a pool, a connection or a transaction.
type Querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// Load reads the ranking of a release; it has no areas when nobody was ranked.
func Load(ctx context.Context, db Querier, releaseID string) (*rank.Table, error) {
	rows, err := db.Query(ctx, `
		SELECT area, ranked
		FROM release_area
		WHERE release_id = $1`, releaseID)
	if err != nil {
		return nil, fmt.Errorf("reading areas: %w", err)
	}
	areas := map[string]*rank.Area{}
	var code string
	var ranked []byte
	if _, err := pgx.ForEachRow(rows, []any{&code, &ranked}, func() error {
		a, err := rank.DecodeArea(ranked)
		areas[code] = a
		return err
	}); err != nil {
		return nil, fmt.Errorf("reading areas: %w", err)
	}
	return rank.NewTable(areas), nil
}
