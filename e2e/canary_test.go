package e2e

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"dtks/cmd/dtks/stack"
	"dtks/pkg/event"
)

// canaries are personal values that occur nowhere else: whoever writes one down where it must not be is found.
type canaries struct {
	nik, kk, name, mother, address string
}

func (c canaries) list() []string { return []string{c.nik, c.kk, c.name, c.mother, c.address} }

// TestPrivacy_Canaries sends a family with seeded values through everything that could leak: the ordinary way, bad input,
// conflicts, an unmatched NIK, faults at Dukcapil. Afterwards the values must occur in 0 bytes of NATS files, logs,
// metrics, traces, dead letters, mails and error bodies.
func TestPrivacy_Canaries(t *testing.T) {
	w := own(t)
	c := canaries{
		nik: "3204105503869771", kk: "3204101501209772", name: "ZULKARNAENAH QWXCONTOH", mother: "WXYZINAH QWXCONTOH",
		address: "JL. QWXCONTOH NO. 977",
	}
	var said bytes.Buffer // every body a service answered with an error
	w.leakAttempts(t, c, &said)
	w.mustHold(t)

	var places []place
	for _, service := range stack.All {
		places = append(places, place{"metrics of " + service, w.get(t, w.URL(service)+"/metrics")})
	}
	places = append(places, place{"error bodies", said.Bytes()}, place{"dead letters", w.deadLetters(t)})
	for _, dir := range []string{"nats", "log", "trace", "mail"} {
		places = append(places, files(t, w.Dir(dir))...)
	}
	var total int
	for _, p := range places {
		total += len(p.content)
		for _, value := range c.list() {
			if bytes.Contains(p.content, []byte(value)) {
				t.Errorf("%s holds a canary", p.name)
			}
		}
	}
	if total < 100_000 {
		t.Errorf("only %d bytes were looked at: the scanner did not see the system", total)
	}
	if !t.Failed() {
		t.Logf("%d bytes in %d places, 0 canaries", total, len(places))
	}
	w.scannerSees(t, c)
}

// scannerSees proves that the scanner can find anything at all: the simulator's own civil file would hold the values.
func (w *world) scannerSees(t *testing.T, c canaries) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "planted"), []byte("x"+c.nik+"y"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, p := range files(t, dir) {
		if bytes.Contains(p.content, []byte(c.nik)) {
			return
		}
	}
	t.Error("the scanner does not find a planted canary")
}

func (w *world) leakAttempts(t *testing.T, c canaries, said *bytes.Buffer) {
	t.Helper()
	family := func(change func(map[string]any)) map[string]any {
		in := input(bandung)
		in["kk"], in["address"] = c.kk, c.address
		m := in["members"].([]map[string]any)[0]
		m["nik"], m["name"], m["mother"], m["birth_date"] = c.nik, c.name, c.mother, "1986-03-15"
		if change != nil {
			change(in)
		}
		return in
	}
	refused := func(body any, header ...string) {
		status, raw := w.call(t, http.MethodPost, "registry", "/v1/proposals", "operator1.00", body, header...)
		if status < 300 {
			t.Errorf("a bad request was answered %d", status)
		}
		said.Write(raw)
	}
	f := w.complete(t, family(nil))
	w.wantOutcome(t, f, "sembako", event.Entitled)
	w.complete(t, family(nil)) // the same NIK again: a warning and a repair
	refused(family(func(in map[string]any) { in["area"] = c.nik }))
	refused(family(func(in map[string]any) { in[c.name] = c.nik }))
	refused(family(func(in map[string]any) { in["kind"] = c.name }))
	refused(family(func(in map[string]any) { in["members"] = c.nik }))
	refused(family(func(in map[string]any) { in["members"].([]map[string]any)[0]["sex"] = c.name }))
	refused(family(func(in map[string]any) { in["members"].([]map[string]any)[0]["birth_date"] = c.name }))
	refused(family(func(in map[string]any) { in["survey"] = map[string]any{"instrument": c.name} }))
	refused(`{"kind":"usulan","members":[{"nik":"` + c.nik + `"`)
	refused(`{"kind":"usulan","members":[{"name":` + strings.Repeat("[", 200) + `"` + c.name + `"`)
	refused(map[string]any{"kind": "perbaikan", "family_id": f.FamilyID, "base_version": 99, "address": c.address})
	key := "canary-" + f.FamilyID
	w.call(t, http.MethodPost, "registry", "/v1/proposals", "operator1.00", family(nil), "Idempotency-Key", key)
	refused(family(func(in map[string]any) { in["address"] = c.address + "B" }), "Idempotency-Key", key)
	status, raw := w.call(t, http.MethodGet, "registry", "/v1/families/"+c.nik, "operator1.00", nil)
	fmt.Fprintf(said, "%d ", status)
	said.Write(raw)
	// Dukcapil answers nonsense for a while: whatever nik-match says about that must not repeat what it asked.
	w.mode(t, `{"fault":"html"}`)
	g := w.propose(t, family(func(in map[string]any) { in["members"].([]map[string]any)[0]["mother"] = c.mother + "H" }))
	eventually(t, "the simulator was asked while it answered nonsense", 20*time.Second, func() bool {
		var counts struct {
			Faulty int64 `json:"faulty"`
		}
		decode(t, w.get(t, w.URL("dukcapil-sim")+"/admin/counts"), &counts)
		return counts.Faulty > 0
	})
	w.mode(t, `{"fault":"none"}`)
	w.decide(t, g)
}

// mode switches the simulator.
func (w *world) mode(t *testing.T, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, w.URL("dukcapil-sim")+"/admin/mode", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 {
		raw, _ := io.ReadAll(resp.Body)
		t.Fatalf("the simulator's mode: %d %s", resp.StatusCode, raw)
	}
}

// place is something that was written down somewhere.
type place struct {
	name    string
	content []byte
}

func files(t *testing.T, dir string) []place {
	t.Helper()
	var out []place
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		raw, err := os.ReadFile(path)
		if err == nil {
			out = append(out, place{path, raw})
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (w *world) get(t *testing.T, url string) []byte {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// deadLetters reads the rows of every service's dead_letter table as text.
func (w *world) deadLetters(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	for _, service := range stack.All {
		url, err := w.DatabaseURL(service)
		if err != nil {
			t.Fatal(err)
		}
		conn, err := pgx.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := conn.Query(t.Context(), `SELECT d::text FROM dead_letter d`)
		if err != nil {
			t.Fatal(err)
		}
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range lines {
			fmt.Fprintln(&out, line)
		}
		if err := conn.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}
