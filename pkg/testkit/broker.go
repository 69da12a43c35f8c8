package testkit

import (
	"context"
	"encoding/json"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nkeys"

	"dtks/pkg/bus"
	"dtks/pkg/event"
)

// External is a subscriber outside of the project that a test wants.
type External struct {
	Name    string
	Filters []string // subjects it may follow
}

// Broker is a NATS server of the test's own, in this process, with production's streams, durables, users and rights.
type Broker struct {
	URL   string
	Admin *nats.Conn // may do everything
	JS    jetstream.JetStream

	options *server.Options
	server  *server.Server
	dir     string
}

// Bus starts a broker. Its store is not synced to disk: no test pulls the plug on its own process.
func Bus(t testing.TB, externals ...External) *Broker {
	t.Helper()
	b := &Broker{dir: t.TempDir()}
	var users []bus.User
	for _, service := range bus.Services() {
		users = append(users, bus.ServiceUser(service, b.newKey(t, service)))
	}
	for _, e := range externals {
		users = append(users, bus.ExternalUser(e.Name, b.newKey(t, e.Name), e.Filters...))
	}
	users = append(users, bus.AdminUser(b.newKey(t, "admin")))
	config := bus.ServerConfig(users, bus.ServerOptions{
		Name: "test", Host: "127.0.0.1", Port: -1, StoreDir: filepath.Join(b.dir, "store"), NoSync: true,
	})
	b.options = &server.Options{}
	if err := b.options.ProcessConfigString(config); err != nil {
		t.Fatalf("reading the broker's configuration: %v", err)
	}
	b.options.NoSigs, b.options.NoLog = true, true
	b.start(t)
	b.connect(t)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := bus.Provision(ctx, b.Admin); err != nil {
		t.Fatalf("provisioning the broker: %v", err)
	}
	t.Cleanup(func() {
		b.Admin.Close()
		b.Stop()
	})
	return b
}

// newKey makes a user's nkey and returns its public part.
func (b *Broker) newKey(t testing.TB, user string) string {
	t.Helper()
	pair, err := nkeys.CreateUser()
	if err != nil {
		t.Fatalf("making an nkey: %v", err)
	}
	seed, err := pair.Seed()
	if err != nil {
		t.Fatalf("making an nkey: %v", err)
	}
	public, err := pair.PublicKey()
	if err != nil {
		t.Fatalf("making an nkey: %v", err)
	}
	mustWrite(t, b.NKeyFile(user), string(seed))
	return public
}

// NKeyFile is the seed of a user: a service, an external or admin.
func (b *Broker) NKeyFile(user string) string { return filepath.Join(b.dir, user+".nk") }

func (b *Broker) start(t testing.TB) {
	t.Helper()
	var err error
	if b.server, err = server.NewServer(b.options); err != nil {
		t.Fatalf("making the broker: %v", err)
	}
	b.server.Start()
	if !b.server.ReadyForConnections(10 * time.Second) {
		t.Fatal("the broker did not start within 10 s")
	}
	b.URL = b.server.ClientURL()
}

func (b *Broker) connect(t testing.TB) {
	t.Helper()
	key, err := nats.NkeyOptionFromSeed(b.NKeyFile("admin"))
	if err != nil {
		t.Fatalf("reading the admin's nkey: %v", err)
	}
	b.Admin, err = nats.Connect(b.URL, key, nats.CustomInboxPrefix(bus.InboxPrefix("admin")),
		nats.MaxReconnects(-1), nats.ReconnectWait(20*time.Millisecond))
	if err != nil {
		t.Fatalf("connecting to the broker: %v", err)
	}
	if b.JS, err = jetstream.New(b.Admin); err != nil {
		t.Fatalf("connecting to the broker: %v", err)
	}
}

// Stop shuts the server down; what it has stored stays for Restart.
func (b *Broker) Stop() {
	b.server.Shutdown()
	b.server.WaitForShutdown()
}

// Restart starts the server again, after Stop or not, on the same port and store.
func (b *Broker) Restart(t testing.TB) {
	t.Helper()
	b.Stop()
	if address, ok := b.server.Addr().(*net.TCPAddr); ok {
		b.options.Port = address.Port
	}
	b.start(t)
}

// Connect connects as a service, as its program would.
func (b *Broker) Connect(t testing.TB, service string) *bus.Conn {
	t.Helper()
	c, err := bus.Connect(t.Context(), b.URL, b.NKeyFile(service), service)
	if err != nil {
		t.Fatalf("connecting %s to the broker: %v", service, err)
	}
	t.Cleanup(c.Close)
	return c
}

// Received is one event as a stream holds it.
type Received struct {
	Subject  string
	Sequence uint64
	Data     []byte // as it is stored
	Envelope event.Envelope
}

// Events returns the first n events under a subject filter such as registry.registrant.updated.v1.family.>, in the
// stream's order. It waits until they are there, at most 15 s, and fails the test otherwise.
func (b *Broker) Events(t testing.TB, filter string, n int) []Received {
	t.Helper()
	got := b.read(t, filter, n, 15*time.Second)
	if len(got) < n {
		t.Fatalf("got %d events of %s within 15 s, want %d", len(got), filter, n)
	}
	return got
}

// Quiet returns all events under a filter once none has arrived for the given time.
func (b *Broker) Quiet(t testing.TB, filter string, quiet time.Duration) []Received {
	t.Helper()
	return b.read(t, filter, 0, quiet)
}

// read takes events until there are n (0 = no limit) or none has come for wait.
func (b *Broker) read(t testing.TB, filter string, n int, wait time.Duration) []Received {
	t.Helper()
	stream := event.Type(filter).Stream()
	consumer, err := b.JS.OrderedConsumer(t.Context(), stream, jetstream.OrderedConsumerConfig{FilterSubjects: []string{filter}})
	if err != nil {
		t.Fatalf("reading %s: %v", stream, err)
	}
	var out []Received
	for n == 0 || len(out) < n {
		msg, err := consumer.Next(jetstream.FetchMaxWait(wait))
		if err != nil {
			return out // nothing more within the time
		}
		meta, err := msg.Metadata()
		if err != nil {
			t.Fatalf("reading %s: %v", stream, err)
		}
		r := Received{Subject: msg.Subject(), Sequence: meta.Sequence.Stream, Data: msg.Data()}
		if err := json.Unmarshal(msg.Data(), &r.Envelope); err != nil {
			t.Fatalf("%s at %d is no envelope: %v", stream, r.Sequence, err)
		}
		out = append(out, r)
	}
	return out
}
