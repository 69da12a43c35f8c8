package auth_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"dtks/pkg/auth"
	"dtks/pkg/fault"
	"dtks/pkg/testkit"
	"dtks/pkg/web/problem"
)

const person = "c0470000-0000-8000-8000-0000000000a1"

var sample = auth.Principal{Account: "a-1", Person: person, Name: "Contoh", Roles: []string{"verifier"}, Area: "32.04"}

func encode(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

func TestVerifier_Authenticate(t *testing.T) {
	t.Parallel()
	issuer, stranger := testkit.Issuer(t), testkit.Issuer(t)
	verifier := issuer.Verifier(t)
	valid := issuer.Token(t, sample)
	part := strings.Split(valid, ".")
	hour := time.Now().Add(time.Hour).Unix()

	none := encode(t, map[string]string{"alg": "none", "kid": "test-1"}) + "." + part[1] + "."
	shared := encode(t, map[string]string{"alg": "HS256", "kid": "test-1"}) + "." + part[1]
	mac := hmac.New(sha256.New, []byte("guess"))
	mac.Write([]byte(shared))
	shared += "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	raised := part[0] + "." + encode(t, map[string]any{"iss": issuer.URL, "aud": testkit.Audience, "sub": "a-1",
		"person_id": person, "roles": []string{"admin"}, "area": "00", "exp": hour}) + "." + part[2]

	tests := []struct {
		name, header string
		kind         fault.Kind // empty = accepted
	}{
		{"OK", "Bearer " + valid, ""},
		{"OKFromCache", "Bearer " + valid, ""},
		{"OKPersonUpperCase", "Bearer " + issuer.TokenWith(t, sample, map[string]any{"person_id": strings.ToUpper(person)}), ""},
		{"OKPersonURN", "Bearer " + issuer.TokenWith(t, sample, map[string]any{"person_id": "urn:uuid:" + person}), ""},
		{"OKLowerCaseScheme", "bearer " + valid, ""},
		{"ErrNoHeader", "", fault.Unauthenticated},
		{"ErrBasic", "Basic eDp5", fault.Unauthenticated},
		{"ErrNoToken", "Bearer ", fault.Unauthenticated},
		{"ErrGarbage", "Bearer abc", fault.Unauthenticated},
		{"ErrAlgNone", "Bearer " + none, fault.Unauthenticated},
		{"ErrAlgHS256", "Bearer " + shared, fault.Unauthenticated},
		{"ErrClaimsChanged", "Bearer " + raised, fault.Unauthenticated},
		{"ErrExpired", "Bearer " + issuer.TokenWith(t, sample, map[string]any{"exp": time.Now().Add(-time.Second).Unix()}),
			fault.Unauthenticated},
		{"ErrNotYetValid", "Bearer " + issuer.TokenWith(t, sample, map[string]any{"nbf": hour}), fault.Unauthenticated},
		{"ErrWrongAudience", "Bearer " + issuer.TokenWith(t, sample, map[string]any{"aud": "other"}), fault.Unauthenticated},
		{"ErrWrongIssuer", "Bearer " + issuer.TokenWith(t, sample, map[string]any{"iss": stranger.URL}), fault.Unauthenticated},
		{"ErrOtherKeySameName", "Bearer " + stranger.TokenWith(t, sample, map[string]any{"iss": issuer.URL}), fault.Unauthenticated},
		{"ErrNoPerson", "Bearer " + issuer.TokenWith(t, sample, map[string]any{"person_id": ""}), fault.Unauthenticated},
		{"ErrPersonNoUUID", "Bearer " + issuer.TokenWith(t, sample, map[string]any{"person_id": "verifier1"}), fault.Unauthenticated},
		{"ErrPersonNil", "Bearer " + issuer.TokenWith(t, sample, map[string]any{"person_id": uuid.Nil.String()}), fault.Unauthenticated},
		{"ErrNoExpiry", "Bearer " + issuer.TokenWith(t, sample, map[string]any{"exp": nil}), fault.Unauthenticated},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := verifier.Authenticate(t.Context(), tt.header)
			if tt.kind == "" {
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(sample, got); d != "" {
					t.Error(d)
				}
				return
			}
			if err == nil || fault.KindOf(err) != tt.kind {
				t.Errorf("got %+v, %v, want a fault of kind %s", got, err, tt.kind)
			}
		})
	}
}

// A cached token ends with its own expiry, not with the cache's minute.
func TestVerifier_CacheEndsWithToken(t *testing.T) {
	t.Parallel()
	issuer := testkit.Issuer(t)
	verifier := issuer.Verifier(t)
	token := "Bearer " + issuer.TokenWith(t, sample, map[string]any{"exp": time.Now().Add(2 * time.Second).Unix()})
	if _, err := verifier.Authenticate(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "the token is refused after its end", func() bool {
		_, err := verifier.Authenticate(t.Context(), token)
		return fault.KindOf(err) == fault.Unauthenticated && err != nil
	})
}

func TestVerifier_IssuerAway(t *testing.T) {
	t.Parallel()
	issuer := testkit.Issuer(t)
	verifier := auth.NewVerifier(t.Context(), "http://127.0.0.1:1", testkit.Audience)
	_, err := verifier.Authenticate(t.Context(), "Bearer "+issuer.Token(t, sample))
	if fault.KindOf(err) != fault.Unavailable {
		t.Errorf("got %v, want unavailable: nothing may be let through", err)
	}
	if err := verifier.Ready(t.Context()); err == nil {
		t.Error("ready without its issuer")
	}
	var none *auth.Verifier
	if _, err := none.Authenticate(t.Context(), "Bearer x"); fault.KindOf(err) != fault.Unauthenticated || err == nil {
		t.Errorf("got %v, want unauthenticated", err)
	}
}

func TestVerifier_Middleware(t *testing.T) {
	t.Parallel()
	issuer := testkit.Issuer(t)
	handler := issuer.Verifier(t).Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := auth.Rights(r.Context()).Require(auth.Verify, "32.04.10.2001"); err != nil {
			problem.Write(w, r, err)
		}
	}))
	for header, want := range map[string]int{
		"": http.StatusUnauthorized, "Bearer nonsense": http.StatusUnauthorized, "Bearer " + issuer.Token(t, sample): http.StatusOK,
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Authorization", header)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("got %d, want %d", w.Code, want)
		}
		if w.Code == http.StatusUnauthorized && w.Header().Get("WWW-Authenticate") != "Bearer" {
			t.Error("401 without WWW-Authenticate")
		}
	}
}

func TestRights_Require(t *testing.T) {
	t.Parallel()
	if err := auth.Rights(t.Context()).Require(auth.Read, auth.National); fault.KindOf(err) != fault.Unauthenticated || err == nil {
		t.Errorf("got %v for nobody, want unauthenticated", err)
	}
	roles := map[string][]string{
		"operator": {auth.Propose, auth.Read, auth.ReadIdentity}, "lksa": {auth.Propose, auth.Read, auth.ReadIdentity},
		"verifier": {auth.Verify, auth.Read, auth.ReadIdentity}, "approver": {auth.Approve, auth.Read, auth.ReadIdentity},
		"programme": {auth.Read}, "ops": {auth.Ops, auth.Read}, "auditor": {auth.Read},
		"admin":   {auth.Propose, auth.Verify, auth.Approve, auth.Read, auth.ReadIdentity, auth.Release, auth.Ops},
		"unknown": {}, "": {},
	}
	for role, may := range roles {
		ctx := auth.With(t.Context(), auth.Principal{Person: "p", Roles: []string{role}, Area: auth.National})
		allowed := map[string]bool{}
		for _, action := range may {
			allowed[action] = true
		}
		for _, action := range []string{auth.Propose, auth.Verify, auth.Approve, auth.Read, auth.ReadIdentity, auth.Release, auth.Ops,
			"delete", ""} {
			if got := auth.Rights(ctx).Allows(action, "32.04"); got != allowed[action] {
				t.Errorf("%s %s: got %t, want %t", role, action, got, allowed[action])
			}
		}
	}
}

func TestContains(t *testing.T) {
	t.Parallel()
	tests := []struct {
		outer, inner string
		want         bool
	}{
		{"00", "00", true}, {"00", "32", true}, {"00", "32.04.10.2001", true}, {"00.00", "32.04", true},
		{"32", "32", true}, {"32", "32.04", true}, {"32.00", "32.04.10", true}, {"32", "32.04.10.2001", true},
		{"32.04", "32.04", true}, {"32.04", "32.04.10", true}, {"32.04", "32.04.10.2001", true},
		{"32.04.10", "32.04.10.2001", true}, {"32.04.10.2001", "32.04.10.2001", true},
		{"32", "33", false}, {"32", "00", false}, {"32.04", "32", false}, {"32.04", "32.05", false}, {"32.04", "32.00", false},
		{"32.04.10", "32.04.11.2001", false}, {"32.04.10.2001", "32.04.10.2002", false}, {"32.04.10.2001", "32.04.10", false},
		{"", "32", false}, {"32", "", false}, {"", "", false}, {"3", "32", false}, {"32.0", "32.04", false},
		{"32.04.1", "32.04.10", false}, {"%", "32", false}, {"32%04", "32%04", false}, {"32.04.10.20", "32.04.10.2001", false},
		{"00", "nonsense", false}, {"00", "3204", false},
	}
	for _, tt := range tests {
		if got := auth.Contains(tt.outer, tt.inner); got != tt.want {
			t.Errorf("%q contains %q: got %t, want %t", tt.outer, tt.inner, got, tt.want)
		}
	}
}
