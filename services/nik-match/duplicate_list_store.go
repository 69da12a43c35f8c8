package main

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// listed is where a pair stands in the list of an area: under the village of its first person where that lies in the
// area, else under that of its second.
type listed struct {
	Area string
	Pair uuid.UUID
}

type listedPair struct {
	at   listed
	pair *pair
}

// pairsIn lists the pairs of which somebody lives in an area, each once, in order of village and pair.
func (s *store) pairsIn(ctx context.Context, area string, after listed, limit int) ([]listedPair, error) {
	low, high := area, area+"/" // "/" follows "." in the collation C
	if area == "00" {
		low, high = "", "~"
	}
	rows, err := s.db.Query(ctx, `
		SELECT `+pairColumns+`, village, pair_id
		FROM (
			(SELECT *, first_area AS village
			FROM duplicate
			WHERE first_area >= $1 AND first_area < $2 AND (first_area, pair_id) > ($3, $4)
			ORDER BY first_area, pair_id
			LIMIT $5)
			UNION ALL
			(SELECT *, second_area
			FROM duplicate
			WHERE second_area >= $1 AND second_area < $2 AND (second_area, pair_id) > ($3, $4) AND NOT (first_area >= $1 AND first_area < $2)
			ORDER BY second_area, pair_id
			LIMIT $5)) sides
		ORDER BY village, pair_id
		LIMIT $5`, low, high, after.Area, after.Pair, limit)
	if err != nil {
		return nil, fmt.Errorf("listing pairs: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (listedPair, error) {
		var out listedPair
		var err error
		out.pair, err = scanPair(row, &out.at.Area, &out.at.Pair)
		return out, err
	})
}
