package testkit

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jws"

	"dtks/pkg/auth"
)

// Audience of the tokens that OpenID makes.
const Audience = "dtks"

// OpenID is an OpenID Connect issuer of the test's own, on the loopback interface.
type OpenID struct {
	URL     string
	private jwk.Key
}

// Issuer starts an issuer with one ES256 key.
func Issuer(t testing.TB) *OpenID {
	t.Helper()
	raw, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatalf("making the issuer's key: %v", err)
	}
	i := &OpenID{}
	if i.private, err = jwk.Import(raw); err != nil {
		t.Fatalf("making the issuer's key: %v", err)
	}
	for name, value := range map[string]any{jwk.KeyIDKey: "test-1", jwk.AlgorithmKey: jwa.ES256(), jwk.KeyUsageKey: "sig"} {
		if err := i.private.Set(name, value); err != nil {
			t.Fatalf("naming the issuer's key: %v", err)
		}
	}
	public, err := i.private.PublicKey()
	if err != nil {
		t.Fatalf("making the issuer's key: %v", err)
	}
	set := jwk.NewSet()
	if err := set.AddKey(public); err != nil {
		t.Fatalf("publishing the issuer's key: %v", err)
	}
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	i.URL = server.URL
	mux.HandleFunc("GET /.well-known/openid-configuration", answer(map[string]any{
		"issuer": i.URL, "jwks_uri": i.URL + "/keys", "authorization_endpoint": i.URL + "/authorize",
		"token_endpoint": i.URL + "/token", "response_types_supported": []string{"code"},
		"subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{"ES256"},
	}))
	mux.HandleFunc("GET /keys", answer(set))
	return i
}

func answer(v any) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(v)
	}
}

// Verifier accepts this issuer's tokens.
func (i *OpenID) Verifier(t testing.TB) *auth.Verifier {
	t.Helper()
	return auth.NewVerifier(t.Context(), i.URL, Audience)
}

// Token makes a token for p that holds for an hour.
func (i *OpenID) Token(t testing.TB, p auth.Principal) string {
	t.Helper()
	return i.TokenWith(t, p, nil)
}

// TokenWith is Token with some claims replaced, to make one that must be refused.
func (i *OpenID) TokenWith(t testing.TB, p auth.Principal, replace map[string]any) string {
	t.Helper()
	now := time.Now()
	claims := map[string]any{
		"iss": i.URL, "aud": Audience, "sub": p.Account, "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
		"person_id": p.Person, "name": p.Name, "roles": p.Roles, "area": p.Area,
	}
	maps.Copy(claims, replace)
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatalf("encoding claims: %v", err)
	}
	token, err := jws.Sign(payload, jws.WithKey(jwa.ES256(), i.private))
	if err != nil {
		t.Fatalf("signing a token: %v", err)
	}
	return string(token)
}
