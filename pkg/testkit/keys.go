package testkit

import (
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"dtks/pkg/bus"
	"dtks/pkg/seal"
)

// KeyFiles are the sealing keys of all services of one test, as files like a deployment's.
type KeyFiles struct {
	Recipients string // the file that says who is granted what
	dir        string
}

// Keys makes key pairs and key encryption keys for all services and for every recipient of a grant.
func Keys(t testing.TB) *KeyFiles {
	t.Helper()
	k := &KeyFiles{dir: t.TempDir()}
	k.Recipients = filepath.Join(k.dir, "recipients.json")
	recipients := seal.Recipients{Keys: map[string]string{}, Grants: bus.Grants}
	names := bus.Services()
	for _, classes := range bus.Grants {
		for _, readers := range classes {
			names = append(names, readers...)
		}
	}
	for _, name := range names {
		if recipients.Keys[name] != "" {
			continue
		}
		private, err := ecdh.X25519().GenerateKey(rand.Reader)
		if err != nil {
			t.Fatalf("making a key pair: %v", err)
		}
		kek := make([]byte, 32)
		_, _ = rand.Read(kek) // never fails
		mustWrite(t, k.Key(name), base64.StdEncoding.EncodeToString(private.Bytes()))
		mustWrite(t, k.KEK(name), base64.StdEncoding.EncodeToString(kek))
		recipients.Keys[name] = base64.StdEncoding.EncodeToString(private.PublicKey().Bytes())
	}
	raw, err := json.Marshal(recipients)
	if err != nil {
		t.Fatalf("encoding the recipients: %v", err)
	}
	mustWrite(t, k.Recipients, string(raw))
	return k
}

// Key is the file of a service's private key.
func (k *KeyFiles) Key(service string) string { return filepath.Join(k.dir, service+".key") }

// KEK is the file of a service's key encryption key.
func (k *KeyFiles) KEK(service string) string { return filepath.Join(k.dir, service+".kek") }

// Open opens a service's keys on its database.
func (k *KeyFiles) Open(t testing.TB, db *pgxpool.Pool, service string) *seal.Keys {
	t.Helper()
	keys, err := seal.Open(t.Context(), db, service, k.Key(service), k.KEK(service), k.Recipients)
	if err != nil {
		t.Fatalf("opening the keys of %s: %v", service, err)
	}
	return keys
}

func mustWrite(t testing.TB, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatalf("writing %s: %v", filepath.Base(path), err)
	}
}
