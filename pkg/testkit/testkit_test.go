package testkit

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"dtks/pkg/auth"
	"dtks/pkg/bus"
	"dtks/pkg/event"
	"dtks/pkg/outbox"
)

// childMark makes the test binary the process that TestCluster_SweptAfterKill kills.
const childMark = "TESTKIT_TEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childMark) != "" {
		c, err := startCluster()
		if err != nil {
			panic(err)
		}
		fmt.Println(c.Dir)
		select {}
	}
	os.Exit(m.Run())
}

func TestCluster_SweptAfterKill(t *testing.T) {
	t.Parallel()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childMark+"=1")
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 4096)
	n, err := out.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(string(bytes.TrimSpace(line[:n])))
	if _, err := os.Stat(filepath.Join(dir, "pg", "cluster", "postmaster.pid")); err != nil {
		t.Fatalf("no cluster runs before the kill: %v", err)
	}
	if err := child.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait()
	Eventually(t, "the killed test's folder is gone", func() bool {
		_, err := os.Stat(dir)
		return os.IsNotExist(err)
	})
}

func TestDB_OwnAndMigratedAndOrdinary(t *testing.T) {
	t.Parallel()
	migrations := fstest.MapFS{"migrations/0001_sample.sql": {
		Data: []byte("-- +goose Up\nCREATE TABLE sample (value text NOT NULL);\n"),
	}}
	a, b := DB(t, migrations), DB(t, migrations)
	if _, err := a.Exec(t.Context(), "INSERT INTO sample VALUES ('in a')"); err != nil {
		t.Fatal(err)
	}
	var count int
	if err := b.QueryRow(t.Context(), "SELECT count(*) FROM sample").Scan(&count); err != nil {
		t.Fatal(err)
	}
	if count != 0 {
		t.Errorf("got %d rows of another test, want 0", count)
	}
	var super bool
	if err := a.QueryRow(t.Context(), "SELECT usesuper FROM pg_user WHERE usename = current_user").Scan(&super); err != nil {
		t.Fatal(err)
	}
	if super {
		t.Error("the test role is a superuser: row-level security would not be tested")
	}
	var backbone bool
	if err := a.QueryRow(t.Context(), "SELECT to_regclass('idempotency') IS NOT NULL").Scan(&backbone); err != nil {
		t.Fatal(err)
	}
	if !backbone {
		t.Error("the backbone's tables are missing")
	}
}

// One sealed event travels from an owner's outbox to a consumer that may read it.
func TestOwner_ReachesConsumer(t *testing.T) {
	t.Parallel()
	b, keys := Bus(t), Keys(t)
	owner := NewOwner(t, b, keys, "nik-match")

	const service = "registry"
	db := DB(t, nil)
	got := make(chan event.MatchEvidence, 1)
	on := bus.On(event.TypeMatchDecided, func(ctx context.Context, _ pgx.Tx, msgs []bus.Msg[event.MatchDecided]) error {
		var evidence event.MatchEvidence
		if err := msgs[0].Open(ctx, event.Identity, &evidence); err != nil {
			return err
		}
		got <- evidence
		return nil
	})
	Run(t, b.Connect(t, service).Consume(bus.Consumer{Name: service, DB: db, Keys: keys.Open(t, db, service)}, on)...)

	want := event.MatchEvidence{Finding: "sesuai"}
	person := uuid.NewString()
	recorded := owner.Emit(t, outbox.Draft{
		Type: event.TypeMatchDecided, Area: event.AreaOf("32.04.10.2001"), ID: person,
		Data: event.MatchDecided{FamilyID: uuid.NewString(), Area: "32.04.10.2001", Verdict: event.Padan},
		Seal: map[event.Class]any{event.Identity: want},
	})
	select {
	case evidence := <-got:
		if d := cmp.Diff(want, evidence); d != "" {
			t.Error(d)
		}
	case <-time.After(15 * time.Second):
		t.Fatal("the consumer got nothing within 15 s")
	}
	events := b.Events(t, string(event.TypeMatchDecided)+".>", 1)
	if events[0].Envelope.ID != recorded[0].ID || events[0].Envelope.Version != 1 {
		t.Errorf("got event %s version %d, want %s version 1", events[0].Envelope.ID, events[0].Envelope.Version, recorded[0].ID)
	}
}

func TestBroker_RightsAndRestart(t *testing.T) {
	t.Parallel()
	b := Bus(t)
	notify := b.Connect(t, "notify")
	forged := event.Subject{Type: event.TypeCaseUpdated, Filter: event.All, Area: event.National, ID: "x"}.String()
	if _, err := notify.NATS.Request(forged, []byte("{}"), 300*time.Millisecond); err == nil {
		t.Error("notify published an event of verification")
	}
	url := b.URL
	b.Restart(t)
	if b.URL != url {
		t.Errorf("restarted at %s, want %s", b.URL, url)
	}
	Eventually(t, "the admin reads the stream again", func() bool {
		_, err := b.JS.Stream(t.Context(), event.StreamOf("verification"))
		return err == nil
	})
}

func TestIssuer(t *testing.T) {
	t.Parallel()
	issuer := Issuer(t)
	want := auth.Principal{Account: "a-1", Person: "c0470000-0000-8000-8000-0000000000a1", Name: "Contoh", Roles: []string{"verifier"}, Area: "32.04"}
	got, err := issuer.Verifier(t).Authenticate(t.Context(), "Bearer "+issuer.Token(t, want))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestLayers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		file, path string
		ok         bool
	}{
		{"api.go", "net/http", true},
		{"family_api.go", "net/http", true},
		{"family.go", "net/http", false},
		{"family.go", "net/http/httptest", true}, // the rule is for net/http itself
		{"family_store.go", "github.com/jackc/pgx/v5", true},
		{"family.go", "github.com/jackc/pgx/v5", false},
		{"family.go", "dtks/pkg/event", true},
	}
	for _, tt := range tests {
		if got := violates(tt.file, tt.path, House) == nil; got != tt.ok {
			t.Errorf("%s importing %s: got %t, want %t", tt.file, tt.path, got, tt.ok)
		}
	}
	if found := imports(t, "layers.go"); !strings.Contains(strings.Join(found, " "), "go/parser") {
		t.Errorf("got imports %v, want go/parser among them", found)
	}
}

// counter is a consumer that counts, in its own table, how often it was handed each event.
func counter(t *testing.T, b *Broker, keys *KeyFiles, gate bool) (*pgxpool.Pool, func() string) {
	t.Helper()
	const service = "eligibility"
	db := DB(t, fstest.MapFS{"migrations/0001_handled.sql": {
		Data: []byte("-- +goose Up\nCREATE TABLE handled (person text PRIMARY KEY, times int NOT NULL);\n"),
	}})
	on := bus.On(event.TypeMatchDecided, func(ctx context.Context, tx pgx.Tx, msgs []bus.Msg[event.MatchDecided]) error {
		for _, m := range msgs {
			_, err := tx.Exec(ctx, `INSERT INTO handled VALUES ($1, 1)
				ON CONFLICT (person) DO UPDATE SET times = handled.times + 1`, m.At.ID)
			if err != nil {
				return err
			}
			if !gate { // plant a fault: forget that the event was applied
				if _, err := tx.Exec(ctx, "DELETE FROM applied"); err != nil {
					return err
				}
			}
		}
		return nil
	})
	Run(t, b.Connect(t, service).Consume(bus.Consumer{Name: service, DB: db, Keys: keys.Open(t, db, service)}, on)...)
	return db, func() string {
		var state string
		err := db.QueryRow(t.Context(), `SELECT coalesce(string_agg(person || ' ' || times, E'\n' ORDER BY person), '') FROM handled`).Scan(&state)
		if err != nil {
			t.Fatal(err)
		}
		return state
	}
}

func decided(person string) outbox.Draft {
	return outbox.Draft{Type: event.TypeMatchDecided, Area: event.AreaOf("32.04.10.2001"), ID: person,
		Data: event.MatchDecided{Area: "32.04.10.2001", Verdict: event.Padan}}
}

func TestRedeliver(t *testing.T) {
	t.Parallel()
	b, keys := Bus(t), Keys(t)
	owner := NewOwner(t, b, nil, "nik-match")
	db, state := counter(t, b, keys, true)
	drafts := []outbox.Draft{decided("p1"), decided("p2"), decided("p3")}
	Interrupt(t, db, func() { owner.Emit(t, drafts...) })
	events := b.Events(t, string(event.TypeMatchDecided)+".>", len(drafts))
	b.Settled(t, "eligibility")
	if got, want := state(), "p1 1\np2 1\np3 1"; got != want {
		t.Fatalf("after rollbacks: got %q, want %q", got, want)
	}
	Redeliver(t, b, "eligibility", events, state)
}

// failures is a testing.TB that notes instead of failing.
type failures struct {
	testing.TB
	mu   sync.Mutex
	said []string
}

func (f *failures) Errorf(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.said = append(f.said, fmt.Sprintf(format, args...))
}

// Redeliver must notice a consumer that applies twice.
func TestRedeliver_CatchesPlantedFault(t *testing.T) {
	t.Parallel()
	b, keys := Bus(t), Keys(t)
	owner := NewOwner(t, b, nil, "nik-match")
	_, state := counter(t, b, keys, false)
	owner.Emit(t, decided("p1"))
	events := b.Events(t, string(event.TypeMatchDecided)+".>", 1)
	noted := &failures{TB: t}
	Redeliver(noted, b, "eligibility", events, state)
	if len(noted.said) != 1 || !strings.Contains(noted.said[0], "more than once") {
		t.Errorf("got %q, want one finding", noted.said)
	}
}
