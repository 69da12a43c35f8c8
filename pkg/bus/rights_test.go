package bus_test

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nkeys"

	"dtks/pkg/bus"
	"dtks/pkg/event"
	"dtks/pkg/testkit"
)

// A service may not publish what another owns; that it tried makes it not ready.
func TestRights_OwnSubjectsOnly(t *testing.T) {
	t.Parallel()
	b := testkit.Bus(t)
	for _, tt := range []struct {
		service, subject string
		ok               bool
	}{
		{"nik-match", at("a"), true},
		{"notify", at("a"), false},
		{"nik-match", "registry.registrant.updated.v1.person.32.04.a", false},
		{"console", "console.x.y.v1.all.00.00.a", false},
		{"registry", "_INBOX_verification.x", false},
		{"registry", "$JS.API.STREAM.DELETE.REGISTRY", false},
		{"registry", "$JS.API.STREAM.PURGE.REGISTRY", false},
		{"registry", "$JS.API.CONSUMER.DELETE.VERIFICATION.registry", false},
		{"registry", "$JS.API.CONSUMER.MSG.NEXT.VERIFICATION.notify", false},
		{"registry", "$JS.API.CONSUMER.CREATE.VERIFICATION.registry-replay.>", false},
	} {
		c := b.Connect(t, tt.service)
		if err := c.Ready(t.Context()); err != nil {
			t.Fatalf("%s: not ready at first: %v", tt.service, err)
		}
		if err := c.NATS.Publish(tt.subject, []byte("{}")); err != nil {
			t.Fatal(err)
		}
		if err := c.NATS.Flush(); err != nil {
			t.Fatal(err)
		}
		if tt.ok {
			testkit.Eventually(t, "it is stored", func() bool { return len(b.Events(t, at("a"), 1)) == 1 })
			if err := c.Ready(t.Context()); err != nil {
				t.Errorf("%s on %s: %v", tt.service, tt.subject, err)
			}
			continue
		}
		testkit.Eventually(t, tt.service+" is not ready after "+tt.subject, func() bool { return c.Ready(t.Context()) != nil })
	}
	for _, owner := range bus.Owners {
		stream, err := b.JS.Stream(t.Context(), event.StreamOf(owner))
		if err != nil {
			t.Fatal(err)
		}
		want := uint64(0)
		if owner == "nik-match" {
			want = 1
		}
		if got := stream.CachedInfo().State.Msgs; got != want {
			t.Errorf("%s holds %d events, want %d", owner, got, want)
		}
	}
	for _, listen := range []string{"_INBOX_registry.>", "registry.>", "$JS.API.>", ">"} {
		c := b.Connect(t, "notify")
		if _, err := c.NATS.Subscribe(listen, func(*nats.Msg) {}); err != nil {
			t.Fatal(err)
		}
		testkit.Eventually(t, "notify is not ready after listening to "+listen, func() bool { return c.Ready(t.Context()) != nil })
	}
}

func TestReady_FollowsTheConnection(t *testing.T) {
	t.Parallel()
	b := testkit.Bus(t)
	c := b.Connect(t, "notify")
	b.Stop()
	testkit.Eventually(t, "not ready without a broker", func() bool { return c.Ready(t.Context()) != nil })
	b.Restart(t)
	testkit.Eventually(t, "ready again", func() bool { return c.Ready(t.Context()) == nil })
}

// outsider may follow the verdicts of one regency, and tries what a push consumer can do: the server itself publishes
// what such a consumer delivers, wherever somebody listens.
type outsider struct {
	*world
	conn *bus.Conn
}

const outsiders = "nik-match.match.decided.v1.all.32.04.>"

func newOutsider(t *testing.T) *outsider {
	t.Helper()
	b := testkit.Bus(t, testkit.External{Name: "ext-3204", Filters: []string{outsiders}})
	o := &outsider{&world{Broker: b, t: t}, b.Connect(t, "ext-3204")}
	o.put("a", 1)
	return o
}

// deliver has the server deliver the outsider's event to a subject that the admin listens to, and waits until it has.
func (o *outsider) deliver(to string, headersOnly bool) {
	o.t.Helper()
	name := bus.ExternalConsumer("ext-3204", outsiders)
	probe, err := o.Admin.SubscribeSync(to)
	if err != nil {
		o.t.Fatal(err)
	}
	if err := o.Admin.Flush(); err != nil {
		o.t.Fatal(err)
	}
	request, err := json.Marshal(map[string]any{"stream_name": "NIK_MATCH", "action": "", "config": map[string]any{
		"name": name, "filter_subject": outsiders, "deliver_policy": "all", "ack_policy": "none", "deliver_subject": to, "headers_only": headersOnly,
	}})
	if err != nil {
		o.t.Fatal(err)
	}
	if _, err := o.conn.NATS.Request("$JS.API.CONSUMER.CREATE.NIK_MATCH."+name+"."+outsiders, request, 5*time.Second); err != nil {
		o.t.Fatal(err)
	}
	if _, err := probe.NextMsg(10 * time.Second); err != nil {
		o.t.Fatalf("nothing was delivered to %s, so nothing is proved: %v", to, err)
	}
	_ = probe.Unsubscribe()
	_ = o.JS.DeleteConsumer(o.t.Context(), "NIK_MATCH", name)
}

// Delivery reaches neither the broker's interface nor another's acknowledgements.
func TestRights_DeliveryCommandsNothing(t *testing.T) {
	t.Parallel()
	o := newOutsider(t)
	const registered = "registry.registrant.updated.v1.person.32.04.a"
	if _, err := o.JS.Publish(t.Context(), registered, []byte("{}")); err != nil {
		t.Fatal(err)
	}
	durable, err := o.JS.Consumer(t.Context(), "REGISTRY", "verification")
	if err != nil {
		t.Fatal(err)
	}
	held, err := durable.Next(jetstream.FetchMaxWait(5 * time.Second)) // verification has it in hand
	if err != nil {
		t.Fatal(err)
	}
	for _, headersOnly := range []bool{true, false} {
		o.deliver("$JS.API.STREAM.PURGE.REGISTRY", headersOnly)
		o.deliver("$JS.API.CONSUMER.DELETE.REGISTRY.verification", headersOnly)
		o.deliver(held.Reply(), headersOnly)
	}
	info, err := durable.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if info.NumAckPending != 1 {
		t.Error("an outsider acknowledged another's message")
	}
	stream, err := o.JS.Stream(t.Context(), "REGISTRY")
	if err != nil {
		t.Fatal(err)
	}
	if n := stream.CachedInfo().State.Msgs; n != 1 {
		t.Errorf("an outsider purged another's stream: %d events", n)
	}
}

// What is delivered onto another's subject is no event of its owner: no consumer applies it.
func TestRights_DeliveryForgesNoEvent(t *testing.T) {
	t.Parallel()
	o := newOutsider(t)
	const service = "registry"
	o.db = testkit.DB(t, tables)
	forged := event.Subject{Type: event.TypeCaseUpdated, Filter: event.All, Area: event.AreaOf("32.04"), ID: "a"}
	on := bus.On(event.TypeCaseUpdated, func(context.Context, pgx.Tx, []bus.Msg[event.CaseUpdated]) error {
		t.Error("a forged event was handed over")
		return nil
	})
	testkit.Run(t, o.Connect(t, service).Consume(bus.Consumer{Name: service, DB: o.db}, on, o.route(fine))...)
	o.deliver(forged.String(), false)
	o.put("b", 1)
	o.eventually("the true events are applied", "a:1×1 b:1×1", o.handled)
	if _, err := o.JS.Publish(t.Context(), forged.String(), []byte("SECRET")); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "what came after the forged one is dealt with", func() bool {
		return strings.Contains(o.letters(), "payload_malformed")
	})
	for _, letter := range strings.Split(o.letters(), "\n") {
		if !strings.Contains(letter, "envelope_mismatch") && !strings.Contains(letter, "payload_malformed") {
			t.Errorf("buried as %s", letter)
		}
	}
}

// An outsider's own, pulled consumer works, for its filter and no other.
func TestRights_ExternalPullsItsOwn(t *testing.T) {
	t.Parallel()
	const mine = "nik-match.match.decided.v1.all.32.04.>"
	b := testkit.Bus(t, testkit.External{Name: "ext-3204", Filters: []string{mine}})
	conn := b.Connect(t, "ext-3204")
	name := bus.ExternalConsumer("ext-3204", mine)
	w := &world{Broker: b, t: t}
	id := w.put("a", 1)
	c, err := conn.JS.CreateOrUpdateConsumer(t.Context(), "NIK_MATCH", jetstream.ConsumerConfig{
		Durable: name, FilterSubject: mine, AckPolicy: jetstream.AckExplicitPolicy, DeliverPolicy: jetstream.DeliverLastPerSubjectPolicy})
	if err != nil {
		t.Fatal(err)
	}
	m, err := c.Next(jetstream.FetchMaxWait(10 * time.Second))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(m.Data()), id) {
		t.Error("another event came")
	}
	if err := m.DoubleAck(t.Context()); err != nil {
		t.Error(err)
	}
	if err := conn.Ready(t.Context()); err != nil {
		t.Errorf("what it may do was refused: %v", err)
	}
	if err := conn.NATS.Publish("$JS.API.CONSUMER.CREATE.NIK_MATCH."+name+".nik-match.match.decided.v1.all.33.74.>", []byte("{}")); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "a neighbour's area is refused", func() bool { return conn.Ready(t.Context()) != nil })
}

// The configuration says what was asked for when the server reads it.
func TestServerConfig_Parses(t *testing.T) {
	t.Parallel()
	key := func() string {
		pair, err := nkeys.CreateUser()
		if err != nil {
			t.Fatal(err)
		}
		public, err := pair.PublicKey()
		if err != nil {
			t.Fatal(err)
		}
		return public
	}
	users := []bus.User{bus.ServiceUser("registry", key()), bus.AdminUser(key())}
	for _, noSync := range []bool{false, true} {
		dir := filepath.Join(t.TempDir(), `with "quotes" and blanks`)
		var o server.Options
		err := o.ProcessConfigString(bus.ServerConfig(users, bus.ServerOptions{
			Name: "n1", Host: "127.0.0.1", Port: 4333, MonitorPort: 8333, StoreDir: dir, NoSync: noSync}))
		if err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprint(o.ServerName, o.Host, o.Port, o.HTTPPort, o.JetStream, o.StoreDir == dir, o.SyncAlways, o.MaxPayload)
		if want := fmt.Sprint("n1", "127.0.0.1", 4333, 8333, true, true, !noSync, 1<<20); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if noSync && o.SyncInterval != 2*time.Minute {
			t.Errorf("the sync interval is %s", o.SyncInterval)
		}
		if len(o.Nkeys) != len(users) {
			t.Fatalf("%d users, want %d", len(o.Nkeys), len(users))
		}
		for i, u := range users {
			if d := cmp.Diff(u.Publish, o.Nkeys[i].Permissions.Publish.Allow); d != "" || o.Nkeys[i].Nkey != u.PublicKey {
				t.Errorf("%s may publish something else: %s", u.Name, d)
			}
			if d := cmp.Diff(u.Subscribe, o.Nkeys[i].Permissions.Subscribe.Allow); d != "" {
				t.Errorf("%s may subscribe to something else: %s", u.Name, d)
			}
		}
	}
}
