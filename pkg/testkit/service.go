package testkit

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"dtks/pkg/app"
	"dtks/pkg/bus"
	"dtks/pkg/outbox"
	"dtks/pkg/pg"
)

// Run starts parts and stops them, in reverse, when the test ends. A part that fails fails the test.
func Run(t testing.TB, parts ...app.Part) {
	t.Helper()
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- app.Run(ctx, parts...) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("a part failed: %v", err)
		}
	})
}

// Getenv is the environment of a service under test that is started through its own run function. more adds to it.
func Getenv(service, databaseURL string, b *Broker, k *KeyFiles, i *OpenID, more map[string]string) func(string) string {
	all := map[string]string{
		"DATABASE_URL": databaseURL, "ADDR": "127.0.0.1:0",
		"NATS_URL": b.URL, "NATS_NKEY_FILE": b.NKeyFile(service),
		"OIDC_ISSUER": i.URL, "OIDC_AUDIENCE": Audience,
		"SEAL_KEY_FILE": k.Key(service), "SEAL_KEK_FILE": k.KEK(service), "SEAL_RECIPIENTS_FILE": k.Recipients,
	}
	for name, value := range more {
		all[name] = value
	}
	return func(name string) string { return all[name] }
}

// Owner stands for another service in a test: it publishes that service's events through the real outbox, relay,
// sealing and NATS user, so that the consumer under test sees what it would see in production.
type Owner struct {
	Service string
	DB      *pgxpool.Pool
	Outbox  *outbox.Outbox
	Conn    *bus.Conn
}

// NewOwner starts an owner. k may be nil when it seals nothing.
func NewOwner(t testing.TB, b *Broker, k *KeyFiles, service string) *Owner {
	t.Helper()
	db := DB(t, nil)
	o := &Owner{Service: service, DB: db, Conn: b.Connect(t, service)}
	if k != nil {
		o.Outbox = outbox.New(service, db, k.Open(t, db, service))
	} else {
		o.Outbox = outbox.New(service, db, nil)
	}
	Run(t, o.Outbox.Relays(o.Conn)...)
	return o
}

// Emit publishes drafts in one transaction.
func (o *Owner) Emit(t testing.TB, drafts ...outbox.Draft) []outbox.Recorded {
	t.Helper()
	var recorded []outbox.Recorded
	err := pg.InTx(t.Context(), o.DB, func(tx pgx.Tx) (err error) {
		recorded, err = o.Outbox.Add(t.Context(), tx, drafts...)
		return err
	})
	if err != nil {
		t.Fatalf("emitting events of %s: %v", o.Service, err)
	}
	o.Outbox.Wake()
	return recorded
}

// Eventually waits until check reports true, at most 15 s, and fails the test with what otherwise.
func Eventually(t testing.TB, what string, check func() bool) {
	t.Helper()
	deadline := time.Now().Add(15 * time.Second)
	for !check() {
		if time.Now().After(deadline) {
			t.Fatalf("not within 15 s: %s", what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
