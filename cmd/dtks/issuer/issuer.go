// Package issuer is a small OpenID Connect provider for a developer's machine: whoever opens its page may sign in as any
// of the sample people, without a password. It is never part of a deployment; there, any OpenID provider takes its place.
//
// It speaks what the services and the console use: discovery, JWKS, ES256, the authorization code grant with PKCE, and a
// direct grant that needs the command line's secret. It answers on the loopback interface only.
package issuer

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwk"

	"dtks/cmd/dtks/people"
	"dtks/cmd/dtks/stack"
)

// Lifetimes. A token lasts a working day, so that nobody has to sign in again in the middle of a trial.
const (
	tokenLasts = 8 * time.Hour
	codeLasts  = time.Minute
)

// Config is what an issuer needs to know.
type Config struct {
	URL       string   // its own address, the iss claim
	Audience  string   // the aud claim of access tokens
	KeyFile   string   // ES256 private key (JWK); made when missing, kept so that tokens survive a restart
	Secret    string   // of the command line's direct grant
	Redirects []string // origins that a sign-in may return to, such as http://localhost:8400
}

// Issuer serves OpenID Connect.
type Issuer struct {
	cfg    Config
	key    jwk.Key // private
	public []byte  // JWKS as served
	now    func() time.Time

	mu    sync.Mutex
	codes map[string]grant
}

// grant is a sign-in that waits for its code to be exchanged, once.
type grant struct {
	person    people.Person
	client    string
	redirect  string
	challenge string
	nonce     string
	until     time.Time
}

// New opens or makes the key and prepares an issuer.
func New(cfg Config) (*Issuer, error) {
	key, err := openKey(cfg.KeyFile)
	if err != nil {
		return nil, err
	}
	public, err := keySet(key)
	if err != nil {
		return nil, err
	}
	return &Issuer{cfg: cfg, key: key, public: public, now: time.Now, codes: map[string]grant{}}, nil
}

// Handler serves all endpoints.
func (i *Issuer) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", i.discovery)
	mux.HandleFunc("GET /jwks", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/jwk-set+json")
		_, _ = w.Write(i.public)
	})
	mux.HandleFunc("GET /authorize", i.page)
	mux.HandleFunc("POST /authorize", i.authorize)
	mux.HandleFunc("POST /token", i.token)
	mux.HandleFunc("GET /userinfo", i.userinfo)
	mux.HandleFunc("GET /people", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, people.All()) })
	mux.HandleFunc("GET /healthz", ok)
	mux.HandleFunc("GET /readyz", ok)
	// A page of another origin must not sign somebody in by a form of its own.
	return http.NewCrossOriginProtection().Handler(limited(mux))
}

func ok(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]string{"status": "ok"})
}

// limited bounds request bodies: forms of a few fields.
func limited(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r)
	})
}

func (i *Issuer) discovery(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]any{
		"issuer":                                i.cfg.URL,
		"authorization_endpoint":                i.cfg.URL + "/authorize",
		"token_endpoint":                        i.cfg.URL + "/token",
		"userinfo_endpoint":                     i.cfg.URL + "/userinfo",
		"jwks_uri":                              i.cfg.URL + "/jwks",
		"response_types_supported":              []string{"code"},
		"grant_types_supported":                 []string{"authorization_code", "password"},
		"subject_types_supported":               []string{"public"},
		"id_token_signing_alg_values_supported": []string{"ES256"},
		"code_challenge_methods_supported":      []string{"S256"},
		"scopes_supported":                      []string{"openid", "profile"},
		"token_endpoint_auth_methods_supported": []string{"none", "client_secret_post"},
		"claims_supported":                      []string{"sub", "name", "person_id", "roles", "area"},
	})
}

// returnsTo reports whether a redirect goes to one of the known origins.
func (i *Issuer) returnsTo(redirect string) bool {
	u, err := url.Parse(redirect)
	if err != nil || u.User != nil || u.Fragment != "" {
		return false
	}
	return slices.Contains(i.cfg.Redirects, u.Scheme+"://"+u.Host)
}

// authorize takes the choice made on the page and sends the browser back with a code.
func (i *Issuer) authorize(w http.ResponseWriter, r *http.Request) {
	if problem := i.wrong(r); problem != "" {
		refuse(w, "invalid_request", problem)
		return
	}
	person, known := people.Find(r.PostFormValue("account"))
	if !known {
		refuse(w, "access_denied", "no sample person has this account")
		return
	}
	code := random()
	i.keep(code, grant{
		person: person, client: r.FormValue("client_id"), redirect: r.FormValue("redirect_uri"),
		challenge: r.FormValue("code_challenge"), nonce: r.FormValue("nonce"), until: i.now().Add(codeLasts),
	})
	back, _ := url.Parse(r.FormValue("redirect_uri")) // parsed before by wrong
	q := back.Query()
	q.Set("code", code)
	q.Set("state", r.FormValue("state"))
	q.Set("iss", i.cfg.URL)
	back.RawQuery = q.Encode()
	http.Redirect(w, r, back.String(), http.StatusSeeOther)
}

// wrong says what is not right about an authorization request, or nothing.
func (i *Issuer) wrong(r *http.Request) string {
	switch {
	case !i.returnsTo(r.FormValue("redirect_uri")):
		return "redirect_uri does not belong to this stack"
	case r.FormValue("response_type") != "code":
		return "response_type must be code"
	case r.FormValue("client_id") == "":
		return "client_id is missing"
	case r.FormValue("code_challenge_method") != "S256" || len(r.FormValue("code_challenge")) != 43:
		return "PKCE with S256 is required"
	}
	return ""
}

func (i *Issuer) keep(code string, g grant) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for old, g := range i.codes {
		if i.now().After(g.until) {
			delete(i.codes, old)
		}
	}
	i.codes[code] = g
}

// take gives a code's grant once; a second use finds nothing.
func (i *Issuer) take(code string) (grant, bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	g, known := i.codes[code]
	delete(i.codes, code)
	return g, known && i.now().Before(g.until)
}

// token exchanges a code, or the command line's secret and an account, for tokens.
func (i *Issuer) token(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	client := r.PostFormValue("client_id")
	if name, _, basic := r.BasicAuth(); basic && client == "" {
		client = name // many libraries try this way first
	}
	switch r.PostFormValue("grant_type") {
	case "authorization_code":
		g, known := i.take(r.PostFormValue("code"))
		if !known || g.client != client || g.redirect != r.PostFormValue("redirect_uri") ||
			!verified(r.PostFormValue("code_verifier"), g.challenge) {
			refuse(w, "invalid_grant", "the code is unknown, used, too old, or not yours")
			return
		}
		i.issue(w, g)
	case "password":
		given := []byte(r.PostFormValue("client_secret"))
		if i.cfg.Secret == "" || subtle.ConstantTimeCompare(given, []byte(i.cfg.Secret)) != 1 ||
			client != stack.CommandClient {
			refuse(w, "invalid_client", "the direct grant is for the command line of this stack only")
			return
		}
		person, known := people.Find(r.PostFormValue("username"))
		if !known {
			refuse(w, "invalid_grant", "no sample person has this account; see `dtks people`")
			return
		}
		i.issue(w, grant{person: person, client: stack.CommandClient})
	default:
		refuse(w, "unsupported_grant_type", "known are authorization_code and password")
	}
}

func (i *Issuer) issue(w http.ResponseWriter, g grant) {
	access, err := i.sign(g.person, i.cfg.Audience, "")
	id, err2 := i.sign(g.person, g.client, g.nonce)
	if err := errors.Join(err, err2); err != nil {
		http.Error(w, "signing failed", http.StatusInternalServerError)
		return
	}
	answer(w, http.StatusOK, map[string]any{
		"access_token": access, "id_token": id, "token_type": "Bearer",
		"expires_in": int(tokenLasts.Seconds()), "scope": "openid profile",
	})
}

func refuse(w http.ResponseWriter, code, description string) {
	answer(w, http.StatusBadRequest, map[string]string{"error": code, "error_description": description})
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client has gone: nobody is left to tell
}

// random is 256 bits, spelt for a URL.
func random() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(b)
}
