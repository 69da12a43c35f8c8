package issuer

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"

	"dtks/cmd/dtks/people"
	"dtks/cmd/dtks/stack"
)

const home = "http://localhost:8400"

// newServer runs an issuer on a port of its own.
func newServer(t *testing.T) string {
	t.Helper()
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	i, err := New(Config{
		URL: server.URL, Audience: "dtks", KeyFile: filepath.Join(t.TempDir(), "key.json"),
		Secret: "rahasia", Redirects: []string{home},
	})
	if err != nil {
		t.Fatal(err)
	}
	handler = i.Handler()
	return server.URL
}

// post sends a form and gives status and JSON.
func post(t *testing.T, address string, form url.Values) (int, map[string]any) {
	t.Helper()
	resp, err := http.PostForm(address, form)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var got map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&got); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, got
}

// claims verifies a token as the services do and gives what it says.
func claims(t *testing.T, issuer, audience, token string) map[string]any {
	t.Helper()
	provider, err := oidc.NewProvider(context.Background(), issuer)
	if err != nil {
		t.Fatal(err)
	}
	verified, err := provider.Verifier(&oidc.Config{ClientID: audience}).Verify(context.Background(), token)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := verified.Claims(&got); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestIssuer_DirectGrant(t *testing.T) {
	t.Parallel()
	base := newServer(t)
	form := url.Values{"grant_type": {"password"}, "client_id": {stack.CommandClient}, "client_secret": {"rahasia"}, "username": {"verifier2.3204"}}
	status, got := post(t, base+"/token", form)
	if status != http.StatusOK {
		t.Fatalf("got %d %v", status, got)
	}
	c := claims(t, base, "dtks", got["access_token"].(string))
	want, _ := people.Find("verifier2.3204")
	if c["sub"] != want.Account || c["person_id"] != want.ID || c["area"] != "32.04" || c["roles"].([]any)[0] != "verifier" {
		t.Errorf("got claims %v", c)
	}
	for name, change := range map[string][2]string{
		"ErrSecret":  {"client_secret", "salah"},
		"ErrClient":  {"client_id", "console"},
		"ErrAccount": {"username", "siapa"},
		"ErrGrant":   {"grant_type", "implicit"},
	} {
		t.Run(name, func(t *testing.T) {
			wrong := url.Values{}
			for k, v := range form {
				wrong[k] = v
			}
			wrong.Set(change[0], change[1])
			if status, got := post(t, base+"/token", wrong); status != http.StatusBadRequest || got["access_token"] != nil {
				t.Errorf("got %d %v, want a refusal", status, got)
			}
		})
	}
}

const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

// request is a complete authorization request of the console.
func request() url.Values {
	sum := sha256.Sum256([]byte(verifier))
	return url.Values{
		"response_type": {"code"}, "client_id": {"console"}, "redirect_uri": {home + "/callback"}, "state": {"s1"}, "nonce": {"n1"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}
}

// signIn chooses an account on the page and gives the code.
func signIn(t *testing.T, base, account string) string {
	t.Helper()
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	form := request()
	form.Set("account", account)
	resp, err := client.PostForm(base+"/authorize", form)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	back, err := resp.Location()
	if err != nil || !strings.HasPrefix(back.String(), home+"/callback?") || back.Query().Get("state") != "s1" {
		t.Fatalf("got status %d, location %v, want the way back with state", resp.StatusCode, back)
	}
	return back.Query().Get("code")
}

func TestIssuer_CodeWithPKCE(t *testing.T) {
	t.Parallel()
	base := newServer(t)
	exchange := func(code, verifier string) (int, map[string]any) {
		return post(t, base+"/token", url.Values{
			"grant_type": {"authorization_code"}, "code": {code}, "client_id": {"console"},
			"redirect_uri": {home + "/callback"}, "code_verifier": {verifier},
		})
	}
	if status, got := exchange(signIn(t, base, "ops1.00"), "not-the-verifier"); status == http.StatusOK {
		t.Errorf("a wrong verifier got %v", got)
	}
	code := signIn(t, base, "ops1.00")
	status, got := exchange(code, verifier)
	if status != http.StatusOK {
		t.Fatalf("got %d %v", status, got)
	}
	if c := claims(t, base, "console", got["id_token"].(string)); c["nonce"] != "n1" || c["sub"] != "ops1.00" {
		t.Errorf("got id token %v", c)
	}
	if status, got := exchange(code, verifier); status == http.StatusOK {
		t.Errorf("a code used twice got %v", got)
	}
}

func TestIssuer_Page(t *testing.T) {
	t.Parallel()
	base := newServer(t)
	get := func(q url.Values) (int, string) {
		resp, err := http.Get(base + "/authorize?" + q.Encode())
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(b)
	}
	status, body := get(request())
	if status != http.StatusOK || !strings.Contains(body, `value="verifier3.9103"`) || !strings.Contains(body, `value="n1"`) {
		t.Errorf("got %d, want the people and the request's fields", status)
	}
	elsewhere := request()
	elsewhere.Set("redirect_uri", "http://evil.example/callback")
	if status, _ := get(elsewhere); status != http.StatusBadRequest {
		t.Errorf("a foreign redirect got %d, want 400", status)
	}
	plain := request()
	plain.Del("code_challenge")
	if status, _ := get(plain); status != http.StatusBadRequest {
		t.Errorf("a request without PKCE got %d, want 400", status)
	}
}

func TestIssuer_KeySurvivesRestart(t *testing.T) {
	t.Parallel()
	cfg := Config{URL: "http://localhost:1", Audience: "dtks", KeyFile: filepath.Join(t.TempDir(), "issuer", "key.json")}
	one, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	two, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if string(one.public) != string(two.public) || strings.Contains(string(one.public), `"d"`) {
		t.Errorf("got %s and %s, want the same public key twice", one.public, two.public)
	}
}
