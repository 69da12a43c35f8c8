package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"dtks/pkg/fault"
	"dtks/pkg/pg"
)

// maxKey bounds an Idempotency-Key.
const maxKey = 255

// OnceKey identifies one write of one caller.
type OnceKey struct {
	Principal string // account that asks
	Route     string // operation, such as POST /v1/proposals
	Key       string // Idempotency-Key of the request; empty = none
	BodyHash  []byte // HashBody of what was sent
}

// HashBody is the digest that tells two bodies apart.
func HashBody(body []byte) []byte {
	sum := sha256.Sum256(body)
	return sum[:]
}

var (
	errKeyLong = fault.New(fault.Invalid, "idempotency_key_too_long",
		"Idempotency-Key paling panjang 255 karakter.", "An Idempotency-Key has at most 255 characters.")
	errKeyTaken = fault.New(fault.Conflict, "idempotency_key_reused",
		"Idempotency-Key ini sudah dipakai untuk isi yang lain.",
		"This Idempotency-Key has already been used for another body.")
	// errRefused rolls back what do wrote before it answered with something else than 2xx.
	errRefused = errors.New("refused")
)

// Once runs do in a transaction and keeps its answer under the key in that same transaction, so that a request that is
// sent again (at once, or after a crash) gets the same answer and has no second effect. Two at the same time: the later
// waits for the earlier. Only 2xx answers are kept; any other status, or an error, leaves nothing behind. do may run
// again after a serialization failure. The same key with another body is a conflict. Without a key it is a plain
// transaction.
func Once(
	ctx context.Context, db *pgxpool.Pool, k OnceKey, do func(tx pgx.Tx) (status int, body []byte, err error),
) (status int, body []byte, replayed bool, err error) {
	if len(k.Key) > maxKey {
		return 0, nil, false, errKeyLong
	}
	err = pg.InTx(ctx, db, func(tx pgx.Tx) error {
		status, body, replayed = 0, nil, false
		if k.Key != "" {
			if status, body, replayed, err = claim(ctx, tx, k); err != nil || replayed {
				return err
			}
		}
		if status, body, err = do(tx); err != nil {
			return err
		}
		if status < 200 || status > 299 {
			return errRefused
		}
		if k.Key == "" {
			return nil
		}
		return keep(ctx, tx, k, status, body)
	})
	if errors.Is(err, errRefused) {
		return status, body, false, nil
	}
	if err != nil {
		return 0, nil, false, err
	}
	return status, body, replayed, nil
}

// claim takes the key, or returns the answer that is kept under it. The insert waits for a transaction that has
// inserted the same key: that is what makes one effect of two requests at once.
func claim(ctx context.Context, tx pgx.Tx, k OnceKey) (status int, body []byte, found bool, err error) {
	tag, err := tx.Exec(ctx, `
		INSERT INTO idempotency (principal, route, key, body_hash, status, body)
		VALUES ($1, $2, $3, $4, 0, '')
		ON CONFLICT DO NOTHING`, k.Principal, k.Route, k.Key, k.BodyHash)
	if err != nil {
		return 0, nil, false, fmt.Errorf("claiming the idempotency key: %w", err)
	}
	if tag.RowsAffected() == 1 {
		return 0, nil, false, nil
	}
	var hash []byte
	err = tx.QueryRow(ctx, `
		SELECT body_hash, status, body
		FROM idempotency
		WHERE principal = $1 AND route = $2 AND key = $3`, k.Principal, k.Route, k.Key).Scan(&hash, &status, &body)
	if err != nil {
		return 0, nil, false, fmt.Errorf("reading the kept answer: %w", err)
	}
	if !bytes.Equal(hash, k.BodyHash) {
		return 0, nil, false, errKeyTaken
	}
	return status, body, true, nil
}

func keep(ctx context.Context, tx pgx.Tx, k OnceKey, status int, body []byte) error {
	_, err := tx.Exec(ctx, `
		UPDATE idempotency
		SET status = $4, body = $5
		WHERE principal = $1 AND route = $2 AND key = $3`, k.Principal, k.Route, k.Key, status, body)
	if err != nil {
		return fmt.Errorf("keeping the answer: %w", err)
	}
	return nil
}
