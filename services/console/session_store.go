package main

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// sessionMax ends a session however long its token is good for.
const sessionMax = 12 * time.Hour

// sessions keeps who is signed in. A row without its cookie opens nothing.
type sessions struct{ db *pgxpool.Pool }

var errNoSession = errors.New("no such session")

// open stores a session for an access token and returns the secret for the cookie.
func (s *sessions) open(ctx context.Context, token string, now, expires time.Time) (secret string, err error) {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails (crypto/rand)
	digest := sha256.Sum256(raw)
	aead, err := sessionKey(raw)
	if err != nil {
		return "", err
	}
	if last := now.Add(sessionMax); expires.After(last) {
		expires = last
	}
	_, err = s.db.Exec(ctx, `
		INSERT INTO session (digest, sealed, created_at, expires_at)
		VALUES (@digest, @sealed, @now, @expires)`, pgx.StrictNamedArgs{
		"digest": digest[:], "sealed": aead.Seal(nil, nil, []byte(token), digest[:]), "now": now, "expires": expires,
	})
	if err != nil {
		return "", fmt.Errorf("storing a session: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(raw), nil
}

// token returns the access token of a cookie's secret; errNoSession where there is none, or no longer.
func (s *sessions) token(ctx context.Context, secret string, now time.Time) (string, error) {
	raw, err := base64.RawURLEncoding.DecodeString(secret)
	if err != nil || len(raw) != 32 {
		return "", errNoSession
	}
	digest := sha256.Sum256(raw)
	var sealed []byte
	err = s.db.QueryRow(ctx, `
		SELECT sealed
		FROM session
		WHERE digest = $1 AND expires_at > $2`, digest[:], now).Scan(&sealed)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", errNoSession
	}
	if err != nil {
		return "", fmt.Errorf("reading a session: %w", err)
	}
	aead, err := sessionKey(raw)
	if err != nil {
		return "", err
	}
	token, err := aead.Open(nil, nil, sealed, digest[:])
	if err != nil {
		return "", errNoSession
	}
	return string(token), nil
}

// end forgets a session.
func (s *sessions) end(ctx context.Context, secret string) error {
	raw, err := base64.RawURLEncoding.DecodeString(secret)
	if err != nil {
		return nil //nolint:nilerr // no session can have this secret: there is nothing to end
	}
	digest := sha256.Sum256(raw)
	if _, err := s.db.Exec(ctx, `DELETE FROM session WHERE digest = $1`, digest[:]); err != nil {
		return fmt.Errorf("ending a session: %w", err)
	}
	return nil
}

// sessionKey derives the key of a session's token from the cookie's secret. Each secret seals once.
func sessionKey(secret []byte) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, "dtks console session", 32)
	if err != nil {
		return nil, fmt.Errorf("deriving a session key: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("deriving a session key: %w", err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}
