package seal

import (
	"context"
	"crypto/ecdh"
	"crypto/hpke"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"dtks/pkg/event"
)

// Recipients says who may read which class of whom, and with which public key. It is a file, so that granting a
// programme system its access is an act of operation, not a release.
type Recipients struct {
	Keys   map[string]string                   `json:"keys"`   // recipient -> X25519 public key, base64
	Grants map[string]map[event.Class][]string `json:"grants"` // owner -> class -> recipients
}

// ReadRecipients reads the file and checks that every recipient has a key.
func ReadRecipients(file string) (Recipients, error) {
	var r Recipients
	raw, err := os.ReadFile(file)
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(raw, &r); err != nil {
		return r, fmt.Errorf("reading recipients: %w", err)
	}
	for owner, classes := range r.Grants {
		for class, names := range classes {
			for _, name := range names {
				if _, err := r.publicKey(name); err != nil {
					return r, fmt.Errorf("grant of %s/%s to %s: %w", owner, class, name, err)
				}
			}
		}
	}
	return r, nil
}

func (r Recipients) publicKey(name string) (hpke.PublicKey, error) {
	raw, err := base64.StdEncoding.DecodeString(r.Keys[name])
	if err != nil || len(raw) == 0 {
		return nil, errors.New("no public key")
	}
	pub, err := ecdh.X25519().NewPublicKey(raw)
	if err != nil {
		return nil, errors.New("not an X25519 public key")
	}
	return hpke.NewDHKEMPublicKey(pub)
}

// readKey reads 32 bytes in base64 from a file that only its owner may read.
func readKey(file string) ([]byte, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(raw)))
	if err != nil || len(key) != 32 {
		return nil, errors.New("want 32 bytes in base64")
	}
	return key, nil
}

// Classes lists the classes this service seals: those it grants to somebody.
func (k *Keys) Classes() []event.Class {
	var out []event.Class
	for class := range k.Recipients.Grants[k.Service] {
		out = append(out, class)
	}
	slices.Sort(out)
	return out
}

// Ensure makes the day's keys of all classes and returns the grants not yet handed out, of that day and of every
// earlier one (a new recipient gets the past too). The caller publishes them in the same transaction. It serialises
// replicas by a lock that ends with tx.
func (k *Keys) Ensure(ctx context.Context, tx pgx.Tx, day string) ([]event.KeyGranted, error) {
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(47003)`); err != nil {
		return nil, err
	}
	for _, class := range k.Classes() {
		if _, err := k.newKey(ctx, tx, slot{k.Service, class, day}); err != nil {
			return nil, err
		}
	}
	return k.newGrants(ctx, tx)
}

// newGrants hands out what no recipient has yet, in one statement however many days there are.
func (k *Keys) newGrants(ctx context.Context, tx pgx.Tx) ([]event.KeyGranted, error) {
	var classes, names []string
	for _, class := range k.Classes() {
		for _, name := range k.Recipients.Grants[k.Service][class] {
			classes, names = append(classes, string(class)), append(names, name)
		}
	}
	rows, err := tx.Query(ctx, `
		WITH given AS (
			INSERT INTO seal_granted (class, day, recipient)
			SELECT k.class, k.day, r.name
			FROM seal_key k
			JOIN unnest($1::text[], $2::text[]) AS r (class, name) USING (class)
			ON CONFLICT DO NOTHING
			RETURNING class, day, recipient
		)
		SELECT g.class, to_char(g.day, 'YYYY-MM-DD'), g.recipient, k.wrapped
		FROM given g
		JOIN seal_key k USING (class, day)
		ORDER BY g.day, g.class, g.recipient`, classes, names)
	if err != nil {
		return nil, err
	}
	type given struct {
		Class     event.Class
		Day       string
		Recipient string
		Wrapped   []byte
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[given])
	if err != nil {
		return nil, err
	}
	grants := make([]event.KeyGranted, len(all))
	for i, g := range all {
		if grants[i], err = k.grant(slot{k.Service, g.Class, g.Day}, g.Recipient, g.Wrapped); err != nil {
			return nil, err
		}
	}
	return grants, nil
}

func (k *Keys) grant(at slot, recipient string, wrapped []byte) (event.KeyGranted, error) {
	key, err := k.kek.Open(nil, nil, wrapped, grantInfo(at))
	if err != nil {
		return event.KeyGranted{}, errors.New("a day key does not open: wrong SEAL_KEK_FILE")
	}
	pub, err := k.Recipients.publicKey(recipient)
	if err != nil {
		return event.KeyGranted{}, err
	}
	sealed, err := hpke.Seal(pub, hpke.HKDFSHA256(), hpke.AES256GCM(), grantInfo(at), key)
	if err != nil {
		return event.KeyGranted{}, err
	}
	return event.KeyGranted{Recipient: recipient, Class: at.class, Day: at.day, Key: sealed}, nil
}

// LoadOwn takes the committed keys of a day into memory.
func (k *Keys) LoadOwn(ctx context.Context, db *pgx.Conn, day string) error {
	for _, class := range k.Classes() {
		if _, err := k.loadOwn(ctx, db, slot{k.Service, class, day}); err != nil {
			return err
		}
	}
	return nil
}

// Holds reports whether the service can seal for a day.
func (k *Keys) Holds(day string) bool {
	for _, class := range k.Classes() {
		if _, ok := k.get(slot{k.Service, class, day}); !ok {
			return false
		}
	}
	return true
}

// Store keeps grants that arrived from owner, in the consumer's transaction.
func (k *Keys) Store(ctx context.Context, tx pgx.Tx, owner string, grants []event.KeyGranted) error {
	for _, g := range grants {
		if g.Recipient != k.Service {
			continue
		}
		if _, err := tx.Exec(ctx, `
			INSERT INTO seal_grant (owner, class, day, sealed)
			VALUES ($1, $2, $3::date, $4)
			ON CONFLICT (owner, class, day) DO UPDATE SET sealed = EXCLUDED.sealed`, owner, string(g.Class), g.Day, g.Key); err != nil {
			return fmt.Errorf("storing a grant: %w", err)
		}
	}
	return nil
}
