package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5"

	"dtks/pkg/fault"
	"dtks/pkg/pg"
	"dtks/pkg/wilayah"
)

// area is one administrative area.
type area struct {
	Code  string
	Name  string
	Level int
}

// areaLock keeps two starting replicas from loading at once. 47001 to 47003 are the backbone's.
const areaLock = 47004

// loadAreas brings the table area to the data the program carries; the same data again does nothing.
func (s *store) loadAreas(ctx context.Context) error {
	digest := areaDigest()
	loaded, err := loadedAreas(ctx, s.db)
	if err != nil || loaded == digest {
		return err
	}
	err = pg.InTx(ctx, s.db, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, areaLock); err != nil {
			return err
		}
		// Whoever held the lock has loaded them.
		if loaded, err := loadedAreas(ctx, tx); err != nil || loaded == digest {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM area`); err != nil {
			return err
		}
		rows := make([][]any, 0, 92_000)
		for a, level := range wilayah.All() {
			rows = append(rows, []any{a.Code, a.Name, int16(level)})
		}
		if _, err := tx.CopyFrom(ctx, pgx.Identifier{"area"}, []string{"code", "name", "level"}, pgx.CopyFromRows(rows)); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `
			INSERT INTO area_load (digest)
			VALUES ($1)
			ON CONFLICT (only_row) DO UPDATE SET digest = EXCLUDED.digest, loaded_at = now()`, digest)
		return err
	})
	if err != nil {
		return fmt.Errorf("loading areas: %w", err)
	}
	return nil
}

// loadedAreas is the digest of the areas in the table; empty before the first load.
func loadedAreas(ctx context.Context, db interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}) (string, error) {
	var loaded string
	err := db.QueryRow(ctx, `SELECT digest FROM area_load`).Scan(&loaded)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return "", fmt.Errorf("reading the areas' digest: %w", err)
	}
	return loaded, nil
}

func areaDigest() string {
	sum := sha256.New()
	for a, level := range wilayah.All() {
		_, _ = io.WriteString(sum, a.Code+"\t"+a.Name+"\t"+string(rune('0'+level))+"\n")
	}
	return hex.EncodeToString(sum.Sum(nil))
}

var errNoArea = fault.New(fault.NotFound, "area_not_found",
	"Kode wilayah Kemendagri ini tidak ada.", "There is no area with this Kemendagri code.")

// area reads one area and those one level below it.
func (s *store) area(ctx context.Context, code string) (area, []area, error) {
	var a area
	err := s.db.QueryRow(ctx, `SELECT code, name, level FROM area WHERE code = $1`, code).Scan(&a.Code, &a.Name, &a.Level)
	if errors.Is(err, pgx.ErrNoRows) {
		return a, nil, errNoArea
	}
	if err != nil {
		return a, nil, fmt.Errorf("reading an area: %w", err)
	}
	rows, err := s.db.Query(ctx, `
		SELECT code, name, level
		FROM area
		WHERE code > $1 AND code < $1 || '/' AND level = $2
		ORDER BY code`, code, a.Level+1)
	if err != nil {
		return a, nil, fmt.Errorf("reading areas: %w", err)
	}
	below, err := pgx.CollectRows(rows, pgx.RowToStructByPos[area])
	return a, below, err
}

// span gives the bounds between which the codes of an area and of all below it lie; 00 is all of Indonesia.
func span(code string) (low, high string) {
	if code == "00" {
		return "", "~"
	}
	return code, code + "/" // "/" follows "." in the collation C
}
