// Package seal keeps personal fields closed on their way: one AES-256-GCM key per owner, field class and day.
//
// The owner keeps every day key (wrapped by its key encryption key) and grants a recipient the keys of the classes it
// may read, past days included, sealed to that recipient's key pair by HPKE (RFC 9180). A late subscriber and a replay
// years later can therefore read what they may. A key that has not arrived yet is fault.Unavailable: the reader tries
// again, it never gives the event up.
package seal

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hpke"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"dtks/pkg/event"
	"dtks/pkg/fault"
)

// Day is the UTC day of t as keys are named by it.
func Day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

type slot struct {
	owner string
	class event.Class
	day   string
}

// Keys are the day keys one service holds: its own, and those granted to it. Safe for concurrent use.
type Keys struct {
	Service    string
	Recipients Recipients

	db   *pgxpool.Pool
	priv hpke.PrivateKey
	kek  cipher.AEAD

	mu   sync.RWMutex
	held map[slot]cipher.AEAD
}

// Open reads the service's key files. keyFile holds its HPKE private key (X25519, 32 bytes base64), kekFile its key
// encryption key (32 bytes base64), recipientsFile who may read what (see Recipients). A service that publishes
// nothing sealed needs no kekFile, one that reads nothing sealed no keyFile.
func Open(_ context.Context, db *pgxpool.Pool, service, keyFile, kekFile, recipientsFile string) (*Keys, error) {
	k := &Keys{Service: service, db: db, held: map[slot]cipher.AEAD{}}
	if keyFile != "" {
		raw, err := readKey(keyFile)
		if err != nil {
			return nil, fmt.Errorf("SEAL_KEY_FILE: %w", err)
		}
		priv, err := ecdh.X25519().NewPrivateKey(raw)
		if err != nil {
			return nil, errors.New("SEAL_KEY_FILE does not hold an X25519 key")
		}
		if k.priv, err = hpke.NewDHKEMPrivateKey(priv); err != nil {
			return nil, err
		}
	}
	if kekFile != "" {
		raw, err := readKey(kekFile)
		if err != nil {
			return nil, fmt.Errorf("SEAL_KEK_FILE: %w", err)
		}
		if k.kek, err = gcm(raw); err != nil {
			return nil, err
		}
	}
	if recipientsFile != "" {
		var err error
		if k.Recipients, err = ReadRecipients(recipientsFile); err != nil {
			return nil, fmt.Errorf("SEAL_RECIPIENTS_FILE: %w", err)
		}
	}
	return k, nil
}

func gcm(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// AD is what a sealed part is bound to: it cannot be moved to another event, subject or version.
func AD(eventID, subject string, version int64) []byte {
	return fmt.Appendf(make([]byte, 0, 160), "%s|%s|%d", eventID, subject, version)
}

// Seal closes plaintext under the service's own key of class and day. ErrNoKey when that day has none yet.
func (k *Keys) Seal(class event.Class, day string, ad, plaintext []byte) (event.Box, error) {
	aead, ok := k.get(slot{k.Service, class, day})
	if !ok {
		return event.Box{}, ErrNoKey
	}
	return event.Box{Day: day, Cipher: aead.Seal(nil, nil, plaintext, ad)}, nil
}

// ErrNoKey says that the service holds no key of its own for that class and day: Ensure makes one.
var ErrNoKey = errors.New("no day key")

// CodeMissing is the reason code of a key that has not arrived.
const CodeMissing = "seal_key_missing"

var errMissing = fault.New(fault.Unavailable, CodeMissing,
	"Kunci untuk membaca data ini belum diterima.", "The key to read this data has not arrived yet.")

var errBroken = fault.New(fault.Invalid, "seal_broken",
	"Data tersegel tidak dapat dibuka.", "The sealed data does not open.")

// Open opens a box of owner. A key that is not held is fault.Unavailable, a box that does not open fault.Invalid.
func (k *Keys) Open(ctx context.Context, owner string, class event.Class, box event.Box, ad []byte) ([]byte, error) {
	at := slot{owner, class, box.Day}
	aead, ok := k.get(at)
	if !ok {
		var err error
		if aead, err = k.load(ctx, at); err != nil {
			return nil, err
		}
	}
	plain, err := aead.Open(nil, nil, box.Cipher, ad)
	if err != nil {
		return nil, errBroken
	}
	return plain, nil
}

func (k *Keys) get(at slot) (cipher.AEAD, bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	aead, ok := k.held[at]
	return aead, ok
}

func (k *Keys) put(at slot, aead cipher.AEAD) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.held[at] = aead
}

// load fetches a key that another replica may have stored.
func (k *Keys) load(ctx context.Context, at slot) (cipher.AEAD, error) {
	if at.owner == k.Service {
		return k.loadOwn(ctx, k.db, at)
	}
	var sealed []byte
	err := k.db.QueryRow(ctx, `
		SELECT sealed
		FROM seal_grant
		WHERE owner = $1 AND class = $2 AND day = $3::date`, at.owner, string(at.class), at.day).Scan(&sealed)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, errMissing
	}
	if err != nil {
		return nil, fmt.Errorf("reading a grant: %w", err)
	}
	return k.unlock(at, sealed)
}

// unlock opens a grant with the service's private key.
func (k *Keys) unlock(at slot, sealed []byte) (cipher.AEAD, error) {
	if k.priv == nil {
		return nil, errors.New("a grant arrived but SEAL_KEY_FILE is not set")
	}
	key, err := hpke.Open(k.priv, hpke.HKDFSHA256(), hpke.AES256GCM(), grantInfo(at), sealed)
	if err != nil {
		return nil, fmt.Errorf("opening a grant of %s/%s for %s: %w", at.owner, at.class, at.day, err)
	}
	aead, err := gcm(key)
	if err != nil {
		return nil, err
	}
	k.put(at, aead)
	return aead, nil
}

func grantInfo(at slot) []byte {
	return []byte("dtks grant v1|" + at.owner + "|" + string(at.class) + "|" + at.day)
}

func (k *Keys) loadOwn(ctx context.Context, db querier, at slot) (cipher.AEAD, error) {
	if k.kek == nil {
		return nil, errors.New("SEAL_KEK_FILE is not set")
	}
	var wrapped []byte
	err := db.QueryRow(ctx, `SELECT wrapped FROM seal_key WHERE class = $1 AND day = $2::date`, string(at.class), at.day).Scan(&wrapped)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, errMissing
	}
	if err != nil {
		return nil, fmt.Errorf("reading a day key: %w", err)
	}
	key, err := k.kek.Open(nil, nil, wrapped, grantInfo(at))
	if err != nil {
		return nil, errors.New("a day key does not open: wrong SEAL_KEK_FILE")
	}
	aead, err := gcm(key)
	if err != nil {
		return nil, err
	}
	k.put(at, aead)
	return aead, nil
}

type querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// newKey makes a day key inside tx unless another replica already has, and returns its bytes.
func (k *Keys) newKey(ctx context.Context, tx pgx.Tx, at slot) ([]byte, error) {
	if k.kek == nil {
		return nil, errors.New("SEAL_KEK_FILE is not set")
	}
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails (crypto/rand)
	if _, err := tx.Exec(ctx, `INSERT INTO seal_key (class, day, wrapped) VALUES ($1, $2::date, $3) ON CONFLICT DO NOTHING`,
		string(at.class), at.day, k.kek.Seal(nil, nil, key, grantInfo(at))); err != nil {
		return nil, fmt.Errorf("storing a day key: %w", err)
	}
	var wrapped []byte
	if err := tx.QueryRow(ctx, `SELECT wrapped FROM seal_key WHERE class = $1 AND day = $2::date`, string(at.class), at.day).Scan(&wrapped); err != nil {
		return nil, err
	}
	return k.kek.Open(nil, nil, wrapped, grantInfo(at))
}
