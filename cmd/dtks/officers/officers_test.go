package officers

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dtks/cmd/dtks/people"
	"dtks/pkg/auth"
	"dtks/pkg/event"
	"dtks/pkg/outbox"
	"dtks/pkg/pgdev"
	"dtks/pkg/testkit"

	"github.com/google/uuid"
)

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// office is a running verification service, as its own program, with a registry and a nik-match that speak to it.
type office struct {
	url      string
	broker   *testkit.Broker
	registry *testkit.Owner
	match    *testkit.Owner
	token    TokenSource
}

func newOffice(t *testing.T) *office {
	t.Helper()
	program := filepath.Join(t.TempDir(), "verification")
	if out, err := exec.Command("go", "build", "-o", program, "dtks/services/verification").CombinedOutput(); err != nil {
		t.Fatalf("building verification: %v\n%s", err, out)
	}
	b, keys, issuer := testkit.Bus(t), testkit.Keys(t), testkit.Issuer(t)
	address := freeAddress(t)
	env := testkit.Getenv("verification", durableDatabase(t), b, keys, issuer, map[string]string{"ADDR": address})
	cmd := exec.Command(program)
	for _, name := range []string{"DATABASE_URL", "ADDR", "NATS_URL", "NATS_NKEY_FILE", "OIDC_ISSUER", "OIDC_AUDIENCE",
		"SEAL_KEY_FILE", "SEAL_KEK_FILE", "SEAL_RECIPIENTS_FILE"} {
		cmd.Env = append(cmd.Env, name+"="+env(name))
	}
	cmd.Stderr = t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatalf("starting verification: %v", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	o := &office{url: "http://" + address, broker: b, registry: testkit.NewOwner(t, b, keys, "registry"), match: testkit.NewOwner(t, b, keys, "nik-match")}
	o.token = func(_ context.Context, account string) (string, error) {
		p, ok := people.Find(account)
		if !ok {
			return "", fmt.Errorf("no account %s", account)
		}
		return issuer.Token(t, auth.Principal{Account: p.Account, Person: p.ID, Name: p.Name, Roles: p.Roles, Area: p.Area}), nil
	}
	testkit.Eventually(t, "verification is ready", func() bool {
		res, err := http.Get(o.url + "/readyz")
		if err != nil {
			return false
		}
		defer res.Body.Close()
		_, _ = io.Copy(io.Discard, res.Body)
		return res.StatusCode == http.StatusOK
	})
	return o
}

// durableDatabase is on a cluster of the test's own: the service is a real program, which refuses the fast and unsafe
// clusters of other tests.
func durableDatabase(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "dtks-officers-")
	if err == nil {
		err = os.Chmod(dir, 0o755) // PostgreSQL may have to run as another user
	}
	if err != nil {
		t.Fatalf("making a folder: %v", err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	c, err := pgdev.Start(t.Context(), pgdev.Options{Dir: filepath.Join(dir, "pg"), Bin: os.Getenv("PGDEV_BIN"), Cache: "/var/tmp/dtks-postgres-programs"})
	if err != nil {
		t.Fatalf("tests need PostgreSQL: %v", err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Errorf("stopping PostgreSQL: %v", err)
		}
	})
	return c.URL(pgdev.Superuser)
}

// freeAddress is one that nobody listened on a moment ago.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("finding a port: %v", err)
	}
	defer l.Close()
	return l.Addr().String()
}

// propose enters a proposal with one person whose verdict is due, and returns proposal and person.
func (o *office) propose(t *testing.T, area string) (proposal, person string) {
	t.Helper()
	proposal, person = newID(), newID()
	operator := people.With("operator", people.National)[0]
	o.registry.Emit(t, outbox.Draft{Type: event.TypeProposalUpdated, Area: event.AreaOf(area), ID: proposal, Data: event.ProposalUpdated{
		FamilyID: newID(), Kind: event.Usulan, Status: event.ProposalOpen, Area: area, Proposer: operator.ID,
		ProposedAt: time.Now(), Persons: []event.ProposedPerson{{PersonID: person, IdentityVersion: 1, Match: true}}}})
	return proposal, person
}

func (o *office) match1(t *testing.T, area, person string) {
	t.Helper()
	o.match.Emit(t, outbox.Draft{Type: event.TypeMatchDecided, Area: event.AreaOf(area), ID: person, Data: event.MatchDecided{
		Area: area, IdentityVersion: 1, Verdict: event.Padan, DecidedAt: time.Now()}})
}

func (o *office) options() Options {
	return Options{URL: o.url, Token: o.token, Areas: []string{"32.04", "33.74"}, Patience: time.Hour, Settle: time.Second,
		Returned: 100, Rejected: 100}
}

func TestRun(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	t.Run("DecidesTheSampleOnce", func(t *testing.T) { decidesTheSampleOnce(t, o) })
	t.Run("WaitsForVerdicts", func(t *testing.T) { waitsForVerdicts(t, o) })
}

func decidesTheSampleOnce(t *testing.T, o *office) {
	want := Tally{}
	areas := []string{"32.04.10.2001", "33.74.10.1001", "11.01.01.2001"} // the last one has no officers of its own
	for i := range 60 {
		area := areas[i%len(areas)]
		proposal, person := o.propose(t, area)
		o.match1(t, area, person)
		switch lot := lotOf(proposal); {
		case lot < 100:
			want.Returned++
		case lot < 200:
			want.Verified, want.Rejected = want.Verified+1, want.Rejected+1
		default:
			want.Verified, want.Approved = want.Verified+1, want.Approved+1
		}
	}
	o.broker.Events(t, "verification.case.>", 60)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	got, err := Run(ctx, o.options())
	if err != nil || got != want {
		t.Fatalf("got %+v (%v), want %+v", got, err, want)
	}
	if again, err := Run(ctx, o.options()); err != nil || again != (Tally{}) {
		t.Errorf("a second run: got %+v (%v), want nothing to do", again, err)
	}
	for _, e := range o.broker.Events(t, "verification.case.>", 60+got.Decided()) {
		var c event.CaseUpdated
		if err := event.Unmarshal(e.Envelope.Data, &c); err != nil {
			t.Fatalf("decoding an event: %v", err)
		}
		regency := strings.ReplaceAll(c.Area[:5], ".", "") // stands in the ids of its sample people
		if c.Area == areas[2] {
			regency = "0000" // the national ones
		}
		for _, officer := range []string{c.Verifier, c.Approver} {
			if officer != "" && !strings.Contains(officer, "-"+regency) {
				t.Errorf("a case of %s was decided by %s", c.Area, officer)
			}
		}
	}
}

func waitsForVerdicts(t *testing.T, o *office) {
	before := len(o.broker.Quiet(t, "verification.case.>", 300*time.Millisecond))
	const area = "32.04.10.2001"
	_, person := o.propose(t, area)
	o.broker.Events(t, "verification.case.>", before+1)
	options := o.options()
	options.Returned, options.Rejected = 0, 0
	matched := false
	options.Progress = func(now Tally) {
		switch {
		case now.Waiting == 1 && !matched:
			if now.Decided() != 0 {
				t.Errorf("got %d decisions without the verdict, want 0", now.Decided())
			}
			matched = true
			o.match1(t, area, person)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	got, err := Run(ctx, options)
	if want := (Tally{Verified: 1, Approved: 1}); err != nil || got != want || !matched {
		t.Errorf("got %+v (%v), waited %v; want %+v after waiting", got, err, matched, want)
	}

	o.propose(t, area)
	o.broker.Events(t, "verification.case.>", before+4)
	options.Patience, options.Progress = time.Nanosecond, nil
	if got, err := Run(ctx, options); err != nil || got.Approved != 1 {
		t.Errorf("out of patience: got %+v (%v), want one approved", got, err)
	}
}

func TestRun_UnknownArea(t *testing.T) {
	t.Parallel()
	if _, err := Run(t.Context(), Options{Areas: []string{"11.01"}}); err == nil {
		t.Error("got no error for an area without officers")
	}
}

func TestLot_IsSpreadEvenly(t *testing.T) {
	t.Parallel()
	under := 0
	for range 10_000 {
		if lotOf(newID()) < SampleReturned {
			under++
		}
	}
	if under < 90 || under > 220 {
		t.Errorf("got %d of 10,000 below %d per mille, want about 150", under, SampleReturned)
	}
}
