package main

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"dtks/pkg/app"
	"dtks/pkg/event"
	"dtks/pkg/pg"
	"dtks/pkg/web"
)

// world is the other services as the console sees them over HTTP: readiness, metrics and answers.
type world struct{ URL, Notify string }

func newWorld(t *testing.T) world {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ready") })
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "# TYPE dtks_outbox_unpublished gauge\ndtks_outbox_unpublished{lane=\"0\"} 3\n"+
			"# TYPE dtks_consumer_lag gauge\ndtks_consumer_lag{stream=\"REGISTRY\"} 12\ndtks_consumer_lag{stream=\"NIK_MATCH\"} 2\n"+
			"# TYPE dtks_dead_letters gauge\ndtks_dead_letters{parked=\"false\",stream=\"REGISTRY\"} 0\ndtks_dead_letters{parked=\"true\",stream=\"REGISTRY\"} 1\n")
	})
	mux.HandleFunc("GET /v1/deciles", func(w http.ResponseWriter, _ *http.Request) {
		answerJSON(w, map[string]any{"release": "r1", "families": []int{214, 205, 199, 203, 188, 197, 210, 194, 189, 201}, "unscored": 17})
	})
	mux.HandleFunc("GET /v1/notifications", func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer ey") {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		notice := func(title, text string, read bool) map[string]any {
			return map[string]any{"id": newID(), "area": village, "created_at": time.Now(), "read": read,
				"title": map[string]string{"id": title, "en": title + " (en)"}, "text": map[string]string{"id": text, "en": text + " (en)"}}
		}
		answerJSON(w, map[string]any{"next": newID(), "items": []any{
			notice("Usulan menunggu verifikasi", "Berkas satu menunggu.", false), notice("Hasil perlu ditinjau", "Hasil dua <menunggu>.", true),
			notice("Usulan menunggu verifikasi", "Berkas tiga menunggu.", true),
		}})
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return world{s.URL, s.URL}
}

// startSite runs the pages as main does, on a port of its own, and returns their origin.
func startSite(t *testing.T, db *pgxpool.Pool, issuer string, w world) string {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := free.Addr().String()
	free.Close()
	_, port, _ := net.SplitHostPort(addr)
	origin := "http://localhost:" + port
	cfg := config{
		Common: app.Common{OIDCIssuer: issuer, OIDCAudience: "dtks", Addr: addr}, PublicURL: origin, OIDCClientID: "dtks-console",
		Registry: w.URL, Verification: w.URL, NIKMatch: w.URL, Eligibility: w.URL, Notify: w.Notify,
	}
	s := newSite(t.Context(), cfg, db)
	server := web.New("console", s.verifier, db.Ping)
	s.routes(server)
	done := make(chan error, 1)
	go func() {
		done <- app.Run(t.Context(), app.Part{Name: "watch", Run: s.watcher.run}, app.Part{Name: "live", Run: s.hub.run}, server.Part(addr))
	}()
	t.Cleanup(func() {
		if err := <-done; err != nil {
			t.Errorf("stopping the site: %v", err)
		}
	})
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		resp, err := http.Get("http://" + addr + "/healthz")
		if err == nil {
			resp.Body.Close()
			return origin
		}
		if time.Now().After(deadline) {
			t.Fatalf("the site never answered: %v", err)
		}
	}
}

// seed fills the read models with a quarter of an hour of a plausible pipeline.
func seed(t *testing.T, db *pgxpool.Pool, now time.Time) {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	areas := []string{"32.04", "32.04", "32.04", "33.74", "33.74", "91.03", "12.71", "51.71", "53.71", "73.71"}
	var marks []mark
	for i := range 2000 {
		area := areas[random.IntN(len(areas))]
		at := now.Add(-time.Duration(random.ExpFloat64()*4) * time.Minute).Add(-time.Duration(random.IntN(60)) * time.Second)
		marks = append(marks, family(random, area, at, i)...)
	}
	put(t, db, marks, now)
	err := pg.InTx(t.Context(), db, func(tx pgx.Tx) error {
		return recordRelease(t.Context(), tx, release{
			ID: "2026-11-a", Version: 2, Model: "pmt-contoh-2026.1", Cutoffs: []int64{1, 2, 3, 4, 5, 6, 7, 8, 9},
			Families: 2000, Changed: 431, Complete: true, ReleasedAt: now.Add(-20 * time.Minute),
		}, uuid.Must(uuid.NewV7()).String())
	})
	if err != nil {
		t.Fatal(err)
	}
}

// family is the marks that one family's way through the pipeline leaves.
func family(random *rand.Rand, area string, at time.Time, i int) []mark {
	id := func() string { return uuid.Must(uuid.NewV7()).String() }
	after := func(ms float64) time.Time {
		at = at.Add(time.Duration(ms*(0.5+random.ExpFloat64())) * time.Millisecond)
		return at
	}
	proposal, kase, fam, first := id(), id(), id(), at
	caused := func(stage string) (string, *time.Time) { c := at; return stage, &c }
	out := []mark{{Noun: nounProposal, Filter: "usulan", ID: proposal, Area: area, State: "open", Version: 1, At: at}}
	add := func(m mark) { m.Area = area; out = append(out, m) }
	stage, cause := caused(stageOpened)
	add(mark{Noun: nounCase, Filter: "usulan", ID: kase, State: "opened", Version: 1, At: after(40), Stage: stage, Cause: cause})
	members := 1 + random.IntN(5)
	verdict := []string{"padan", "padan", "padan", "padan", "padan", "padan", "padan", "padan", "padan", "padan", "tidak_padan", "perlu_ditinjau"}
	for range members {
		add(mark{Noun: nounMatch, ID: id(), State: verdict[random.IntN(len(verdict))], Version: 1, At: after(90), Stage: stageMatch, Cause: cause})
	}
	if i%13 == 0 {
		return out
	}
	add(mark{Noun: nounCase, Filter: "usulan", ID: kase, State: "verified", Version: 2, At: after(9000), Stage: stageVerified})
	if i%17 == 0 {
		return out
	}
	add(mark{Noun: nounCase, Filter: "usulan", ID: kase, State: "approved", Version: 3, At: after(12000), Stage: stageApproved})
	stage, cause = caused(stageFamily)
	add(mark{Noun: nounFamily, ID: fam, State: "active", Version: 1, At: after(35), Stage: stage, Cause: cause, Origin: &first})
	for range members {
		add(mark{Noun: nounPerson, ID: id(), State: "active", Version: 1, At: at})
	}
	add(mark{Noun: nounProposal, Filter: "usulan", ID: proposal, State: "applied", Version: 2, At: at})
	stage, cause = caused(stageDecision)
	for programme, odds := range map[string]int{"pkh": 28, "sembako": 41} {
		outcome := event.NotEntitled
		if random.IntN(100) < odds {
			outcome = event.Entitled
		} else if random.IntN(20) == 0 {
			outcome = event.Undetermined
		}
		add(mark{Noun: nounEntitlement, Filter: programme, ID: fam, State: string(outcome), Version: 1, At: after(25), Stage: stage, Cause: cause})
	}
	stage, cause = caused(stageDelivery)
	add(mark{Noun: nounDelivery, Filter: "inapp", ID: id(), State: "sent", Version: 1, At: after(60), Stage: stage, Cause: cause})
	return out
}

// put records marks as the consumer does: in batches that hold each aggregate once.
func put(t *testing.T, db *pgxpool.Pool, marks []mark, now time.Time) {
	t.Helper()
	for len(marks) > 0 {
		seen := map[[3]string]bool{}
		var batch, later []mark
		for _, m := range marks {
			key := [3]string{m.Noun, m.Filter, m.ID}
			early := m.Noun == nounEntitlement && seen[[3]string{nounFamily, "", m.ID}]
			if seen[key] || early || len(batch) == 5000 {
				later = append(later, m)
				continue
			}
			seen[key] = true
			batch = append(batch, m)
		}
		err := pg.InTx(t.Context(), db, func(tx pgx.Tx) error { return record(t.Context(), tx, batch, now) })
		if err != nil {
			t.Fatal(err)
		}
		marks = later
	}
}

// more lets n families pass right now.
func more(t *testing.T, db *pgxpool.Pool, n int) {
	t.Helper()
	random := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 7))
	var marks []mark
	for i := range n {
		marks = append(marks, family(random, "32.04", time.Now().Add(-30*time.Second), i+1)...)
	}
	put(t, db, marks, time.Now())
}
