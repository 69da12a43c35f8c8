package main

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"dtks/pkg/auth"
	"dtks/pkg/testkit"
)

// client is a browser without scripts: it keeps cookies and follows redirects.
func newClient(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar, Timeout: 20 * time.Second}
}

// visit gets a page as a browser does.
func visit(t *testing.T, c *http.Client, address string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", "text/html")
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

// newSignedIn starts a site with a little data and signs somebody in.
func newSignedIn(t *testing.T, who auth.Principal) (origin string, c *http.Client, page string) {
	t.Helper()
	db := testkit.DB(t, migrations)
	i := newIssuer(t)
	i.signInAs(who)
	origin = startSite(t, db, i.URL, newWorld(t))
	more(t, db, 20) // in 32.04
	put(t, db, []mark{{Noun: nounProposal, Filter: "usulan", ID: newID(), Area: "33.74", State: "open", Version: 1, At: time.Now()}}, time.Now())
	c = newClient(t)
	resp, page := visit(t, c, origin+"/auth/login?next=/")
	if resp.Request.URL.Path != "/" {
		t.Fatalf("signing in ended at %s with %d:\n%s", resp.Request.URL.Path, resp.StatusCode, page)
	}
	return origin, c, page
}

func TestSite_SignIn(t *testing.T) {
	t.Parallel()
	origin, c, page := newSignedIn(t, nationalOps)
	for _, want := range []string{`lang="id"`, "Alur data", "Contoh Operasi", "Seluruh Indonesia", `data-k="stage-proposal">21<`, "Layanan dan surat mati", "17 keluarga belum berskor"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, cookie := range c.Jar.Cookies(mustURL(t, origin)) {
		if strings.Count(cookie.Value, ".") == 2 && len(cookie.Value) > 200 {
			t.Errorf("cookie %s seems to hold a token", cookie.Name)
		}
	}
	resp, err := c.PostForm(origin+"/auth/logout", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp, _ := visit(t, c, origin+"/"); resp.Request.URL.Path != "/masuk" {
		t.Errorf("after signing out the first page leads to %s, want /masuk", resp.Request.URL.Path)
	}
}

func mustURL(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestSite_Regency(t *testing.T) {
	t.Parallel()
	origin, c, page := newSignedIn(t, bandungOfficer)
	for _, want := range []string{"Kabupaten Bandung", `data-k="stage-proposal">20<`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, secret := range []string{"Layanan dan surat mati", "33.74", "nik-match"} {
		if strings.Contains(page, secret) {
			t.Errorf("a regency's officer is shown %q", secret)
		}
	}
	update := firstUpdate(t, c, origin)
	if !strings.Contains(update.Parts["flow"], `data-k="stage-proposal">20<`) || update.Parts["services"] != "" {
		t.Errorf("the live figures are not those of the regency alone: %s", update.Parts["flow"])
	}
}

// update is what a page gets from /live.
type update struct {
	Parts map[string]string `json:"parts"`
	Chart *chart            `json:"chart"`
}

// openLive follows /live; next gives one update after another.
func openLive(t *testing.T, c *http.Client, origin string) (next func() update) {
	t.Helper()
	resp, err := c.Get(origin + "/live")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	if got := resp.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Fatalf("got %s, want an event stream", got)
	}
	lines := bufio.NewReader(resp.Body)
	return func() update {
		for {
			line, err := lines.ReadString('\n')
			if err != nil {
				t.Fatalf("the stream ended: %v", err)
			}
			if data, ok := strings.CutPrefix(line, "data: "); ok {
				var u update
				if err := json.Unmarshal([]byte(data), &u); err != nil {
					t.Fatal(err)
				}
				return u
			}
		}
	}
}

func firstUpdate(t *testing.T, c *http.Client, origin string) update {
	t.Helper()
	return openLive(t, c, origin)()
}

func TestSite_Live(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t, migrations)
	i := newIssuer(t)
	origin := startSite(t, db, i.URL, newWorld(t))
	c := newClient(t)
	visit(t, c, origin+"/auth/login")
	next := openLive(t, c, origin)
	first := next()
	for _, f := range fragments {
		if _, ok := first.Parts[f.ID]; !ok {
			t.Errorf("the first update lacks %s", f.ID)
		}
	}
	for range 5 { // much happens, but a page hears of it once a second
		more(t, db, 3)
	}
	began := time.Now()
	u := next()
	for u.Parts["flow"] == "" {
		u = next()
	}
	if !strings.Contains(u.Parts["flow"], `data-k="stage-proposal">15<`) {
		u = next() // the second tick saw the rest
	}
	if !strings.Contains(u.Parts["flow"], `data-k="stage-proposal">15<`) {
		t.Errorf("after 15 families the diagram says: %s", u.Parts["flow"])
	}
	if _, ok := u.Parts["release"]; ok {
		t.Error("a part that did not change was sent again")
	}
	next()
	next()
	if took := time.Since(began); took < 1500*time.Millisecond {
		t.Errorf("three or more updates came within %v, want one a second", took)
	}
}

func TestSite_ErrRole(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t, migrations)
	i := newIssuer(t)
	i.signInAs(noRole)
	origin := startSite(t, db, i.URL, newWorld(t))
	c := newClient(t)
	resp, page := visit(t, c, origin+"/auth/login")
	if resp.StatusCode != http.StatusForbidden || !strings.Contains(page, "action_forbidden") || strings.Contains(page, "stage-proposal") {
		t.Errorf("got %d, want 403 and no figures:\n%s", resp.StatusCode, page)
	}
	live, err := c.Get(origin + "/live")
	if err != nil {
		t.Fatal(err)
	}
	live.Body.Close()
	if live.StatusCode != http.StatusForbidden {
		t.Errorf("live figures: got %d, want 403", live.StatusCode)
	}
}

func TestSite_ErrSignIn(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t, migrations)
	i := newIssuer(t)
	origin := startSite(t, db, i.URL, newWorld(t))
	for name, change := range map[string]func(url.Values){
		"state of another":  func(q url.Values) { q.Set("state", "forged") },
		"code of another":   func(q url.Values) { q.Set("code", "forged") },
		"another issuer":    func(q url.Values) { q.Set("iss", "https://elsewhere.example") },
		"refused by issuer": func(q url.Values) { q.Del("code"); q.Set("error", "access_denied") },
	} {
		c := newClient(t)
		c.CheckRedirect = func(req *http.Request, _ []*http.Request) error {
			if req.URL.Path == "/auth/callback" {
				q := req.URL.Query()
				change(q)
				req.URL.RawQuery = q.Encode()
			}
			return nil
		}
		resp, page := visit(t, c, origin+"/auth/login")
		if resp.StatusCode != http.StatusUnauthorized || !strings.Contains(page, "sign_in_failed") {
			t.Errorf("%s: got %d at %s, want 401", name, resp.StatusCode, resp.Request.URL.Path)
		}
		if resp, _ := visit(t, c, origin+"/"); resp.Request.URL.Path != "/masuk" {
			t.Errorf("%s: signed in all the same", name)
		}
	}
	// A callback in a browser that never began.
	if resp, _ := visit(t, newClient(t), origin+"/auth/callback?code=x&state=y"); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("a callback out of the blue: got %d, want 401", resp.StatusCode)
	}
}

func TestSite_Headers(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t, migrations)
	i := newIssuer(t)
	origin := startSite(t, db, i.URL, newWorld(t))
	c := newClient(t)
	for _, path := range []string{"/masuk", "/auth/callback", asset("console.js"), "/static/LICENSES.md"} {
		resp, _ := visit(t, c, origin+path)
		policy := resp.Header.Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: policy %q, want one without unsafe", path, policy)
		}
	}
	if resp, _ := visit(t, c, origin+asset("console.css")); !strings.Contains(resp.Header.Get("Cache-Control"), "immutable") {
		t.Errorf("a file with its digest is not kept: %s", resp.Header.Get("Cache-Control"))
	}
	if resp, _ := visit(t, c, origin+"/masuk"); resp.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("a page is kept: %s", resp.Header.Get("Cache-Control"))
	}
}

func TestSite_Language(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t, migrations)
	i := newIssuer(t)
	origin := startSite(t, db, i.URL, newWorld(t))
	c := newClient(t)
	form := url.Values{"to": {"en"}, "back": {"/masuk"}}
	resp, err := c.PostForm(origin+"/bahasa", form)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	if !strings.Contains(string(body), `<html lang="en">`) || resp.Request.URL.Path != "/masuk" {
		t.Errorf("at %s: the page is not English", resp.Request.URL.Path)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, origin+"/bahasa", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	forged, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	forged.Body.Close()
	if forged.StatusCode != http.StatusForbidden {
		t.Errorf("a form of another site: got %d, want 403", forged.StatusCode)
	}
}

func TestSite_Inbox(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t, migrations)
	i := newIssuer(t)
	i.signInAs(bandungOfficer)
	w := newWorld(t)
	origin := startSite(t, db, i.URL, w)
	c := newClient(t)
	_, page := visit(t, c, origin+"/auth/login?next=/menunggu")
	for _, want := range []string{"Usulan menunggu verifikasi", "Berkas tiga menunggu.", "Hasil dua &lt;menunggu&gt;.", "Kabupaten Bandung", "hanya 200 terbaru"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if n := strings.Count(page, "<h2>Usulan menunggu verifikasi"); n != 1 {
		t.Errorf("got %d groups of one kind, want 1", n)
	}
	w.Notify = "http://127.0.0.1:1"
	origin = startSite(t, db, i.URL, w)
	c = newClient(t)
	if resp, page := visit(t, c, origin+"/auth/login?next=/menunggu"); resp.StatusCode != http.StatusOK || !strings.Contains(page, "sedang tidak menjawab") {
		t.Errorf("without notify: got %d, want a page that says so", resp.StatusCode)
	}
}

func TestWatcher(t *testing.T) {
	t.Parallel()
	world := newWorld(t)
	w := newWatcher([]endpoint{{"registry", world.URL}, {"away", "http://127.0.0.1:1"}})
	w.look(t.Context())
	number := func(n *int64) int64 {
		if n == nil {
			return -1
		}
		return *n
	}
	seen := w.seen()
	there, away := seen[0], seen[1]
	if !there.Ready || number(there.Unpublished) != 3 || number(there.Lag) != 14 || number(there.Dead) != 0 || number(there.Parked) != 1 {
		t.Errorf("got %+v, want ready with 3 unpublished, 14 behind, none dead, one parked", there)
	}
	if away.Up || away.Ready || away.Dead != nil {
		t.Errorf("a service that does not answer: got %+v", away)
	}
}
