package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"dtks/pkg/auth"
)

// issuer is an OpenID provider of somebody else: it signs in whom the test wants, without asking, and keeps to PKCE.
type issuer struct {
	*httptest.Server
	key *ecdsa.PrivateKey

	mu    sync.Mutex
	who   auth.Principal
	codes map[string]url.Values // code -> the request that it answers
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	i := &issuer{key: key, codes: map[string]url.Values{}, who: nationalOps}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", i.discovery)
	mux.HandleFunc("GET /jwks", i.jwks)
	mux.HandleFunc("GET /authorize", i.authorize)
	mux.HandleFunc("POST /token", i.token)
	i.Server = httptest.NewServer(mux)
	t.Cleanup(i.Close)
	return i
}

// People of the tests: obviously invented.
var (
	nationalOps    = auth.Principal{Account: "ops1", Person: "c0470000-0000-7000-8000-000000000001", Name: "Contoh Operasi", Roles: []string{"ops"}, Area: "00"}
	bandungOfficer = auth.Principal{Account: "verifier1", Person: "c0470000-0000-7000-8000-000000000002", Name: "Contoh Verifikator", Roles: []string{"verifier"}, Area: "32.04"}
	noRole         = auth.Principal{Account: "auditor1", Person: "c0470000-0000-7000-8000-000000000003", Name: "Contoh Tanpa Peran", Area: "00"}
)

func (i *issuer) signInAs(p auth.Principal) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.who = p
}

func (i *issuer) discovery(w http.ResponseWriter, _ *http.Request) {
	answerJSON(w, map[string]any{
		"issuer": i.URL, "authorization_endpoint": i.URL + "/authorize", "token_endpoint": i.URL + "/token",
		"jwks_uri": i.URL + "/jwks", "id_token_signing_alg_values_supported": []string{"ES256"},
	})
}

func (i *issuer) jwks(w http.ResponseWriter, _ *http.Request) {
	point, _ := i.key.PublicKey.Bytes() // P-256: 4, x, y
	answerJSON(w, map[string]any{"keys": []any{map[string]string{
		"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "k1",
		"x": b64(point[1:33]), "y": b64(point[33:65]),
	}}})
}

func (i *issuer) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if q.Get("client_id") != "dtks-console" || q.Get("code_challenge_method") != "S256" || q.Get("response_type") != "code" {
		http.Error(w, "not an authorization request with PKCE", http.StatusBadRequest)
		return
	}
	i.mu.Lock()
	code := rand.Text()
	i.codes[code] = q
	i.mu.Unlock()
	back := url.Values{"code": {code}, "state": {q.Get("state")}, "iss": {i.URL}}
	http.Redirect(w, r, q.Get("redirect_uri")+"?"+back.Encode(), http.StatusSeeOther)
}

func (i *issuer) token(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	asked, ok := i.codes[r.PostFormValue("code")]
	delete(i.codes, r.PostFormValue("code"))
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if !ok || b64(sum[:]) != asked.Get("code_challenge") {
		w.WriteHeader(http.StatusBadRequest)
		answerJSON(w, map[string]string{"error": "invalid_grant"})
		return
	}
	answerJSON(w, map[string]any{
		"access_token": i.sign("dtks", "", time.Hour), "token_type": "Bearer", "expires_in": 3600,
		"id_token": i.sign("dtks-console", asked.Get("nonce"), time.Hour),
	})
}

// sign makes a token for whoever signs in.
func (i *issuer) sign(audience, nonce string, lasts time.Duration) string {
	claims := map[string]any{
		"iss": i.URL, "aud": audience, "sub": i.who.Account, "person_id": i.who.Person, "name": i.who.Name,
		"roles": i.who.Roles, "area": i.who.Area, "iat": time.Now().Unix(), "exp": time.Now().Add(lasts).Unix(),
	}
	if nonce != "" {
		claims["nonce"] = nonce
	}
	body, _ := json.Marshal(claims)
	signing := b64([]byte(`{"alg":"ES256","kid":"k1","typ":"JWT"}`)) + "." + b64(body)
	sum := sha256.Sum256([]byte(signing))
	r, s, _ := ecdsa.Sign(rand.Reader, i.key, sum[:])
	sig := make([]byte, 64)
	r.FillBytes(sig[:32])
	s.FillBytes(sig[32:])
	return signing + "." + b64(sig)
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func answerJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}
