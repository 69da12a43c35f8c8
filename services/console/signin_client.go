package main

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"dtks/pkg/fault"
)

// signInLasts is how long somebody may take at the issuer.
const signInLasts = 10 * time.Minute

// signIn is the authorization code flow with PKCE at an OpenID provider. The console has no client secret.
type signIn struct {
	ctx      context.Context // as long as the process; holds the HTTP client
	issuer   string
	client   string
	callback string

	mu       sync.Mutex
	provider *oidc.Provider
}

func newSignIn(ctx context.Context, issuer, client, publicURL string) *signIn {
	return &signIn{
		ctx:    oidc.ClientContext(ctx, &http.Client{Timeout: 5 * time.Second}),
		issuer: issuer, client: client, callback: publicURL + "/auth/callback",
	}
}

var errIssuer = fault.New(fault.Unavailable, "issuer_unavailable",
	"Layanan identitas sedang tidak dapat dihubungi. Coba lagi sebentar.",
	"The identity service cannot be reached. Try again in a moment.")

var errSignIn = fault.New(fault.Unauthenticated, "sign_in_failed",
	"Masuk tidak berhasil atau sudah terlalu lama. Silakan mulai lagi.",
	"Signing in did not succeed or took too long. Please start again.")

// find discovers the issuer when it is first needed, so that the console can start before it.
func (s *signIn) find() (*oidc.Provider, *oauth2.Config, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.provider == nil {
		p, err := oidc.NewProvider(s.ctx, s.issuer)
		if err != nil {
			return nil, nil, errIssuer.Because(err)
		}
		s.provider = p
	}
	return s.provider, &oauth2.Config{
		ClientID: s.client, RedirectURL: s.callback, Endpoint: s.provider.Endpoint(),
		Scopes: []string{oidc.ScopeOpenID, "profile"},
	}, nil
}

// attempt is one sign-in under way: a secret in the browser from which state, nonce and PKCE verifier follow, so that
// nothing is stored here, and where to go afterwards.
type attempt struct{ secret, next string }

func newAttempt(next string) attempt {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails (crypto/rand)
	return attempt{base64.RawURLEncoding.EncodeToString(raw), localPath(next)}
}

func parseAttempt(cookie string) (attempt, error) {
	secret, next, ok := strings.Cut(cookie, ".")
	raw, err := base64.RawURLEncoding.DecodeString(next)
	if !ok || err != nil || len(secret) != 43 {
		return attempt{}, errSignIn
	}
	return attempt{secret, localPath(string(raw))}, nil
}

func (a attempt) cookie() string {
	return a.secret + "." + base64.RawURLEncoding.EncodeToString([]byte(a.next))
}

// derived is a value for one purpose; none tells another.
func (a attempt) derived(purpose string) string {
	mac := hmac.New(sha256.New, []byte(a.secret))
	mac.Write([]byte(purpose))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// localPath lets a redirect go to a page of this site only.
func localPath(path string) string {
	u, err := url.Parse(path)
	if err != nil || u.Scheme != "" || u.Host != "" || !strings.HasPrefix(path, "/") ||
		strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n") {
		return "/"
	}
	return path
}

// start returns the issuer's address for an attempt.
func (s *signIn) start(a attempt) (string, error) {
	_, cfg, err := s.find()
	if err != nil {
		return "", err
	}
	return cfg.AuthCodeURL(a.derived("state"), oidc.Nonce(a.derived("nonce")), oauth2.S256ChallengeOption(a.derived("pkce"))), nil
}

// finish exchanges the code that the issuer sent the browser back with.
func (s *signIn) finish(ctx context.Context, a attempt, query url.Values) (*oauth2.Token, error) {
	if subtle.ConstantTimeCompare([]byte(query.Get("state")), []byte(a.derived("state"))) != 1 || query.Get("code") == "" {
		return nil, errSignIn
	}
	if iss := query.Get("iss"); iss != "" && iss != s.issuer { // RFC 9207
		return nil, errSignIn
	}
	provider, cfg, err := s.find()
	if err != nil {
		return nil, err
	}
	ctx = oidc.ClientContext(ctx, &http.Client{Timeout: 5 * time.Second})
	token, err := cfg.Exchange(ctx, query.Get("code"), oauth2.VerifierOption(a.derived("pkce")))
	if err != nil {
		var refused *oauth2.RetrieveError
		if errors.As(err, &refused) {
			return nil, errSignIn.Because(fmt.Errorf("exchanging the code: %s", refused.ErrorCode))
		}
		return nil, errIssuer.Because(err)
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := provider.VerifierContext(s.ctx, &oidc.Config{ClientID: s.client}).Verify(ctx, raw)
	if err != nil {
		return nil, errSignIn.Because(err)
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(a.derived("nonce"))) != 1 {
		return nil, errSignIn
	}
	return token, nil
}
