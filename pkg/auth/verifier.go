// Package auth tells who asks (OpenID Connect bearer tokens) and what they may do, where: roles give actions, and the
// area of the token bounds them.
package auth

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/google/uuid"
	"golang.org/x/time/rate"

	"dtks/pkg/fault"
	"dtks/pkg/web/problem"
)

const (
	// cacheFor bounds how long a verified token is believed without looking again. Verifying costs 0.1 ms.
	cacheFor = time.Minute
	// cacheSize bounds the memory: about 300 bytes a token.
	cacheSize = 10_000
	// issuerTimeout bounds each request to the issuer.
	issuerTimeout = 5 * time.Second
)

// algorithms that a token may be signed with: asymmetric ones only. "none" and HMAC are never accepted, whatever the
// issuer announces.
var algorithms = []string{
	oidc.ES256, oidc.ES384, oidc.ES512, oidc.EdDSA, oidc.RS256, oidc.RS384, oidc.RS512, oidc.PS256, oidc.PS384, oidc.PS512,
}

// Verifier checks bearer tokens of one issuer. It finds the issuer when it first needs it, so that a service can start
// before its issuer does; until then every token is refused with 503.
type Verifier struct {
	ctx      context.Context // holds the HTTP client that fetches keys
	issuer   string
	audience string

	finding sync.Mutex // one discovery at a time
	found   *oidc.IDTokenVerifier
	asked   *rate.Limiter // discovery attempts

	keys *rate.Limiter // key ids never seen before: each makes the library fetch the issuer's keys

	mu    sync.RWMutex
	kids  map[string]bool // key ids that have verified a token
	cache map[[sha256.Size]byte]cached
}

type cached struct {
	principal Principal
	until     time.Time
}

// NewVerifier makes a verifier for tokens of issuer that are meant for audience. ctx lives as long as the verifier.
func NewVerifier(ctx context.Context, issuer, audience string) *Verifier {
	return &Verifier{
		ctx:      oidc.ClientContext(ctx, &http.Client{Timeout: issuerTimeout}),
		issuer:   issuer,
		audience: audience,
		asked:    rate.NewLimiter(rate.Every(time.Second), 3),
		keys:     rate.NewLimiter(rate.Every(time.Second), 5),
		kids:     map[string]bool{},
		cache:    map[[sha256.Size]byte]cached{},
	}
}

var (
	errToken = fault.New(fault.Unauthenticated, "token_invalid",
		"Token tidak sah atau sudah kedaluwarsa.", "The token is not valid or has expired.")
	errIssuer = fault.New(fault.Unavailable, "issuer_unavailable",
		"Layanan identitas sedang tidak dapat dihubungi.", "The identity service cannot be reached.")
	errClaims = fault.New(fault.Unauthenticated, "token_incomplete",
		"Token tidak memuat identitas orang.", "The token does not name a person.")
)

// Middleware lets only requests with a valid bearer token through; the principal is in the context then.
func (v *Verifier) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, err := v.Authenticate(r.Context(), r.Header.Get("Authorization"))
		if err != nil {
			problem.Write(w, r, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(With(r.Context(), p)))
	})
}

// Authenticate returns who an Authorization header speaks for. Without a verifier (nil) nobody is authenticated.
func (v *Verifier) Authenticate(ctx context.Context, header string) (Principal, error) {
	scheme, token, _ := strings.Cut(header, " ")
	if v == nil || !strings.EqualFold(scheme, "Bearer") || token == "" {
		return Principal{}, errNobody
	}
	now := time.Now()
	sum := sha256.Sum256([]byte(token))
	v.mu.RLock()
	hit, ok := v.cache[sum]
	v.mu.RUnlock()
	if ok && now.Before(hit.until) {
		return hit.principal, nil
	}
	p, expiry, err := v.verify(ctx, token)
	if err != nil {
		return Principal{}, err
	}
	until := now.Add(cacheFor)
	if expiry.Before(until) {
		until = expiry
	}
	v.remember(sum, cached{p, until}, now)
	return p, nil
}

func (v *Verifier) remember(sum [sha256.Size]byte, c cached, now time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.cache) >= cacheSize {
		for k, old := range v.cache {
			if now.After(old.until) {
				delete(v.cache, k)
			}
		}
		if len(v.cache) >= cacheSize {
			clear(v.cache)
		}
	}
	v.cache[sum] = c
}

// Ready reports whether the issuer has been found.
func (v *Verifier) Ready(ctx context.Context) error {
	_, err := v.verifier(ctx)
	return err
}

// verifier finds the issuer once, at most once a second.
func (v *Verifier) verifier(context.Context) (*oidc.IDTokenVerifier, error) {
	v.finding.Lock()
	defer v.finding.Unlock()
	if v.found != nil {
		return v.found, nil
	}
	if !v.asked.Allow() {
		return nil, retry(errIssuer)
	}
	provider, err := oidc.NewProvider(v.ctx, v.issuer)
	if err != nil {
		return nil, retry(errIssuer).Because(err)
	}
	v.found = provider.VerifierContext(v.ctx, &oidc.Config{ClientID: v.audience, SupportedSigningAlgs: algorithms})
	return v.found, nil
}

func retry(f *fault.Error) *fault.Error {
	c := *f
	c.RetryAfter = time.Second
	return &c
}

// claims of a token, beside those that the library checks (iss, aud, exp, nbf).
type claims struct {
	Person string   `json:"person_id"`
	Name   string   `json:"name"`
	Roles  []string `json:"roles"`
	Area   string   `json:"area"`
}

func (v *Verifier) verify(ctx context.Context, token string) (Principal, time.Time, error) {
	verifier, err := v.verifier(ctx)
	if err != nil {
		return Principal{}, time.Time{}, err
	}
	kid, err := keyID(token)
	if err != nil {
		return Principal{}, time.Time{}, errToken.Because(err)
	}
	v.mu.RLock()
	known := v.kids[kid]
	v.mu.RUnlock()
	if !known && !v.keys.Allow() {
		return Principal{}, time.Time{}, retry(errIssuer)
	}
	id, err := verifier.Verify(ctx, token)
	if err != nil {
		return Principal{}, time.Time{}, errToken.Because(err)
	}
	if !known {
		v.mu.Lock()
		v.kids[kid] = true
		v.mu.Unlock()
	}
	var c claims
	if err := id.Claims(&c); err != nil {
		return Principal{}, time.Time{}, errToken.Because(errors.New("claims have another form"))
	}
	// One spelling of a person: four eyes are compared as text.
	person, err := uuid.Parse(c.Person)
	if err != nil || person == uuid.Nil || id.Subject == "" {
		return Principal{}, time.Time{}, errClaims
	}
	return Principal{id.Subject, person.String(), c.Name, c.Roles, c.Area}, id.Expiry, nil
}
