// Package provision makes what services may not make themselves: their keys, their NATS users and the broker's
// configuration, their databases and roles, the streams and the durable consumers. The local stack, compose and Kubernetes
// all come here; every step may be repeated and changes only what is missing.
package provision

import (
	"bytes"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/nats-io/nkeys"

	"dtks/cmd/dtks/people"
	"dtks/pkg/bus"
	"dtks/pkg/event"
	"dtks/pkg/seal"
)

// Programme is the recipient that stands for the programme systems (PKH, Sembako …): it gets what eligibility grants.
const Programme = "programme"

// Server is the administrator of a deployment's own PostgreSQL. Where PostgreSQL is somebody else's it stays unused.
const Server = "postgres"

// Secrets is a folder of secrets: one folder per user, each file readable by its owner only.
type Secrets string

// path of one secret.
func (s Secrets) path(user, name string) string { return filepath.Join(string(s), user, name) }

// NKeyFile is the seed of a NATS user.
func (s Secrets) NKeyFile(user string) string { return s.path(user, "nats.nk") }

// External is a subscriber outside the project: a NATS user that may follow the events of one area and nothing else.
type External struct {
	Name string // NATS user and consumer name, ext-3204
	Area string // regency, or "00" for all of Indonesia
}

// Externals lists the sample's external subscribers: one for each sample area and one for all of Indonesia.
func Externals() []External {
	list := []External{{"ext-00", people.National}}
	for _, a := range people.Areas() {
		list = append(list, External{"ext-" + strings.ReplaceAll(a.Code, ".", ""), a.Code})
	}
	return list
}

// Filters are the subjects an external subscriber may follow, one consumer at a time: families, persons, entitlements.
func (e External) Filters() []string {
	families := string(event.TypeRegistrantUpdated) + "." + event.Family
	persons := string(event.TypeRegistrantUpdated) + "." + event.Person
	entitlements := string(event.TypeEntitlementChanged)
	if e.Area == people.National {
		return []string{families + ".>", persons + ".>", entitlements + ".>"}
	}
	area := event.AreaOf(e.Area).String()
	return []string{families + "." + area + ".>", persons + "." + area + ".>", entitlements + ".*." + area + ".>"}
}

// Keys makes every key that is missing and writes the list of recipients anew.
func Keys(s Secrets) error {
	if err := os.MkdirAll(string(s), 0o700); err != nil {
		return fmt.Errorf("creating the folder of secrets: %w", err)
	}
	users := append(bus.Services(), "admin")
	for _, e := range Externals() {
		users = append(users, e.Name)
	}
	for _, user := range users {
		if err := s.ensure(user, "nats.nk", newSeed); err != nil {
			return err
		}
	}
	for _, service := range bus.Services() {
		err := errors.Join(
			s.ensure(service, "seal.key", newSealKey),
			s.ensure(service, "seal.kek", random32),
			s.ensure(service, "database.password", password),
			s.passfile(service, DatabaseName(service)))
		if err != nil {
			return err
		}
	}
	return errors.Join(
		s.ensure(Programme, "seal.key", newSealKey),
		s.ensure("issuer", "cli.secret", password),
		s.ensure(Server, "database.password", password),
		s.passfile(Server, "postgres"),
		s.recipients())
}

// ensure makes a secret unless there is one. It is linked into place complete, so that a crash leaves all of it or nothing.
func (s Secrets) ensure(user, name string, generate func() ([]byte, error)) error {
	path := s.path(user, name)
	if _, err := os.Stat(path); err == nil {
		return nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("looking for a secret: %w", err)
	}
	secret, err := generate()
	if err != nil {
		return fmt.Errorf("making %s of %s: %w", name, user, err)
	}
	return write(path, append(secret, '\n'))
}

// passfile repeats a database password as PostgreSQL's clients read it (passfile=… in an address), so that an address in
// the environment holds no password.
func (s Secrets) passfile(user, role string) error {
	secret, err := os.ReadFile(s.path(user, "database.password"))
	if err != nil {
		return fmt.Errorf("reading the database password of %s: %w", user, err)
	}
	return keep(s.path(user, "pgpass"), []byte("*:*:*:"+role+":"+strings.TrimSpace(string(secret))+"\n"))
}

// keep writes a file that follows from others, unless it is right already.
func keep(path string, b []byte) error {
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, b) {
		return nil
	}
	return write(path, b)
}

// write replaces a file of secrets in one step.
func write(path string, b []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("creating a folder of secrets: %w", err)
	}
	next := path + ".next"
	if err := os.WriteFile(next, b, 0o600); err != nil {
		return fmt.Errorf("writing a secret: %w", err)
	}
	return os.Rename(next, path)
}

func newSeed() ([]byte, error) {
	pair, err := nkeys.CreateUser()
	if err != nil {
		return nil, err
	}
	return pair.Seed()
}

func newSealKey() ([]byte, error) {
	key, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	return encode(key.Bytes()), nil
}

func random32() ([]byte, error) {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return encode(b), nil
}

// password is 192 bits without characters that a URL or SQL would have to quote.
func password() ([]byte, error) {
	b := make([]byte, 24)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return []byte(base64.RawURLEncoding.EncodeToString(b)), nil
}

func encode(b []byte) []byte { return []byte(base64.StdEncoding.EncodeToString(b)) }

// recipients writes who may read which sealed class, with everybody's public key; a copy goes to each service, whose
// folder then holds all that it needs.
func (s Secrets) recipients() error {
	r := seal.Recipients{Keys: map[string]string{}, Grants: bus.Grants}
	for _, name := range append(bus.Services(), Programme) {
		raw, err := os.ReadFile(s.path(name, "seal.key"))
		if err != nil {
			return fmt.Errorf("reading a seal key: %w", err)
		}
		b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(raw)))
		if err != nil {
			return fmt.Errorf("the seal key of %s is damaged", name)
		}
		key, err := ecdh.X25519().NewPrivateKey(b)
		if err != nil {
			return fmt.Errorf("the seal key of %s is damaged", name)
		}
		r.Keys[name] = string(encode(key.PublicKey().Bytes()))
	}
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("encoding the recipients: %w", err)
	}
	b = append(b, '\n')
	all := []error{keep(filepath.Join(string(s), "recipients.json"), b)}
	for _, service := range bus.Services() {
		all = append(all, keep(s.path(service, "recipients.json"), b))
	}
	return errors.Join(all...)
}
