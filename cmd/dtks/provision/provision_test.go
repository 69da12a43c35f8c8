package provision

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"dtks/pkg/bus"
	"dtks/pkg/seal"
)

var update = flag.Bool("update", false, "write the golden files anew")

// newSecrets makes all keys in a folder of the test's own.
func newSecrets(t *testing.T) Secrets {
	t.Helper()
	s := Secrets(filepath.Join(t.TempDir(), "secrets"))
	if err := Keys(s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestKeys_RepeatingChangesNothing(t *testing.T) {
	t.Parallel()
	s := newSecrets(t)
	before := readAll(t, s)
	if err := Keys(s); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, readAll(t, s)); diff != "" {
		t.Errorf("the second time changed something:\n%s", diff)
	}
	for path := range before {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: got mode %v (%v), want 0600", path, info.Mode(), err)
		}
	}
}

func readAll(t *testing.T, s Secrets) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(string(s), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		all[path] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// The services read what provisioning writes.
func TestKeys_ServicesCanReadThem(t *testing.T) {
	t.Parallel()
	s := newSecrets(t)
	for _, service := range bus.Services() {
		keys, err := seal.Open(t.Context(), nil, service, s.path(service, "seal.key"), s.path(service, "seal.kek"),
			filepath.Join(string(s), "recipients.json"))
		if err != nil {
			t.Fatalf("%s: %v", service, err)
		}
		if diff := cmp.Diff(bus.Grants, keys.Recipients.Grants); diff != "" {
			t.Errorf("%s: grants differ:\n%s", service, diff)
		}
	}
}

// PostgreSQL's own rules decide which line of a password file counts.
func TestKeys_PasswordFiles(t *testing.T) {
	t.Parallel()
	s := newSecrets(t)
	for user, role := range map[string]string{"registry": "dtks_registry", "nik-match": "dtks_nik_match", Server: "postgres"} {
		want, err := os.ReadFile(s.path(user, "database.password"))
		if err != nil {
			t.Fatal(err)
		}
		cfg, err := pgx.ParseConfig("postgres://" + role + "@db:5433/" + role + "?passfile=" + s.path(user, "pgpass"))
		if err != nil {
			t.Fatal(err)
		}
		if cfg.Password == "" || cfg.Password != strings.TrimSpace(string(want)) {
			t.Errorf("%s: the password file does not give the role's password", user)
		}
	}
}

// config writes the broker's configuration and gives its text with each public key replaced by its user's name.
func config(t *testing.T, s Secrets, o bus.ServerOptions) (file, masked string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "nats", "nats-server.conf")
	if err := BrokerConfig(s, file, o); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	masked = string(b)
	users, err := Users(s)
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range users {
		masked = strings.ReplaceAll(masked, u.PublicKey, "PUBLIC_KEY_OF_"+u.Name)
	}
	return file, masked
}

// The golden file is what a reviewer reads to see who may do what.
func TestBrokerConfig_Golden(t *testing.T) {
	t.Parallel()
	_, got := config(t, newSecrets(t), bus.ServerOptions{Name: "dtks", Host: "0.0.0.0", Port: 4222, MonitorPort: 8222, StoreDir: "/data"})
	golden := filepath.Join("testdata", "nats-server.conf")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("rights have changed (go test ./provision -update, then read the difference):\n%s", diff)
	}
}

// newBroker runs a real server on the generated configuration, with streams, and gives its address.
func newBroker(t *testing.T, s Secrets) string {
	t.Helper()
	file, _ := config(t, s, bus.ServerOptions{Name: "test", Host: "127.0.0.1", Port: -1, StoreDir: t.TempDir()})
	opts, err := server.ProcessConfigFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !opts.SyncAlways {
		t.Error("the broker would acknowledge what is not on disk")
	}
	opts.NoSigs, opts.NoLog = true, true
	broker, err := server.NewServer(opts)
	if err != nil {
		t.Fatal(err)
	}
	broker.Start()
	t.Cleanup(func() { broker.Shutdown(); broker.WaitForShutdown() })
	if !broker.ReadyForConnections(10 * time.Second) {
		t.Fatal("the broker is not ready")
	}
	for range 2 { // the second time must change nothing and not fail
		if err := Streams(t.Context(), s, broker.ClientURL()); err != nil {
			t.Fatal(err)
		}
	}
	return broker.ClientURL()
}

// connect is a connection of a user; refusals arrive in denied.
func connect(t *testing.T, s Secrets, url, user string) (*nats.Conn, chan error) {
	t.Helper()
	denied := make(chan error, 100)
	key, err := nats.NkeyOptionFromSeed(s.NKeyFile(user))
	if err != nil {
		t.Fatal(err)
	}
	conn, err := nats.Connect(url, key, nats.CustomInboxPrefix(bus.InboxPrefix(user)),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { denied <- err }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return conn, denied
}

// refused waits until the server has said no.
func refused(t *testing.T, conn *nats.Conn, denied chan error) bool {
	t.Helper()
	if err := conn.Flush(); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-denied:
		return errors.Is(err, nats.ErrPermissionViolation)
	case <-time.After(5 * time.Second):
		return false
	}
}

const family = "registry.registrant.updated.v1.family."

func TestBroker_ServicesPublishOnlyTheirOwn(t *testing.T) {
	t.Parallel()
	s := newSecrets(t)
	url := newBroker(t, s)
	conn, denied := connect(t, s, url, "registry")
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.Publish(t.Context(), family+"32.04.a", []byte("{}")); err != nil {
		t.Fatalf("its own event: %v", err)
	}
	for _, foreign := range []string{
		"verification.case.updated.v1.all.32.04.a", "$JS.API.STREAM.DELETE.REGISTRY", "$JS.API.STREAM.CREATE.MINE",
		"$JS.API.STREAM.PURGE.REGISTRY", "$JS.API.CONSUMER.DELETE.REGISTRY.eligibility", "$SYS.REQ.SERVER.PING",
	} {
		if err := conn.Publish(foreign, nil); err != nil {
			t.Fatal(err)
		}
		if !refused(t, conn, denied) {
			t.Errorf("registry may publish to %s", foreign)
		}
	}
	if _, err := conn.SubscribeSync("_INBOX_notify.>"); err != nil {
		t.Fatal(err)
	}
	if !refused(t, conn, denied) {
		t.Error("registry may listen to the answers of notify")
	}
}

func TestBroker_ExternalSubscriberStaysInItsArea(t *testing.T) {
	t.Parallel()
	s := newSecrets(t)
	url := newBroker(t, s)
	owner, _ := connect(t, s, url, "registry")
	own, err := jetstream.New(owner)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []string{"32.04.a", "33.74.b"} {
		if _, err := own.Publish(t.Context(), family+at, []byte("{}")); err != nil {
			t.Fatal(err)
		}
	}
	conn, denied := connect(t, s, url, "ext-3204")
	follow := func(name, filter string) (jetstream.Consumer, error) {
		js, err := jetstream.New(conn)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		return js.CreateOrUpdateConsumer(ctx, "REGISTRY", jetstream.ConsumerConfig{
			Name: name, Durable: name, FilterSubject: filter, DeliverPolicy: jetstream.DeliverLastPerSubjectPolicy,
			AckPolicy: jetstream.AckExplicitPolicy,
		})
	}
	consumer, err := follow("ext-3204-family", family+"32.04.>")
	if err != nil {
		select {
		case no := <-denied:
			t.Fatalf("its own area: %v", no)
		default:
			t.Fatalf("its own area: %v", err)
		}
	}
	batch, err := consumer.Fetch(10, jetstream.FetchMaxWait(500*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for m := range batch.Messages() {
		got = append(got, m.Subject())
		if err := m.DoubleAck(t.Context()); err != nil {
			t.Errorf("acknowledging: %v", err)
		}
	}
	if diff := cmp.Diff([]string{family + "32.04.a"}, got); diff != "" {
		t.Errorf("it read something else than its area:\n%s", diff)
	}
	for name, filter := range map[string]string{
		"ext-3204-family": family + "33.74.>", "other": family + "32.04.>", "ext-3374-family": family + "33.74.>",
	} {
		if _, err := follow(name, filter); err == nil || !refused(t, conn, denied) {
			t.Errorf("ext-3204 made consumer %s on %s (%v)", name, filter, err)
		}
	}
}

// A push consumer would have the server itself publish: an outsider could so write into another's stream.
func TestBroker_ExternalSubscriberCannotForgeByDelivery(t *testing.T) {
	t.Parallel()
	s := newSecrets(t)
	url := newBroker(t, s)
	owner, _ := connect(t, s, url, "registry")
	own, err := jetstream.New(owner)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := own.Publish(t.Context(), family+"32.04.a", []byte("{}")); err != nil {
		t.Fatal(err)
	}
	conn, denied := connect(t, s, url, "ext-3204")
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	// The server takes such a consumer, for its name and filter are allowed; what counts is that nothing is stored.
	_, err = js.CreateOrUpdatePushConsumer(ctx, "REGISTRY", jetstream.ConsumerConfig{
		Name: "ext-3204-family", Durable: "ext-3204-family", FilterSubject: family + "32.04.>", AckPolicy: jetstream.AckExplicitPolicy,
		DeliverSubject: "verification.case.updated.v1.all.32.04.x",
	})
	if err != nil && !refused(t, conn, denied) {
		t.Fatal(err)
	}
	time.Sleep(time.Second) // delivery takes milliseconds
	admin, _ := connect(t, s, url, "admin")
	all, err := jetstream.New(admin)
	if err != nil {
		t.Fatal(err)
	}
	forged, err := all.Stream(t.Context(), "VERIFICATION")
	if err != nil {
		t.Fatal(err)
	}
	if n := forged.CachedInfo().State.Msgs; n != 0 {
		t.Errorf("%d events of verification come from an outsider", n)
	}
}
