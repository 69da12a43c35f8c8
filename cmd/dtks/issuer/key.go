package issuer

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jwt"

	"dtks/cmd/dtks/people"
)

// openKey reads the signing key, or makes one and keeps it.
func openKey(file string) (jwk.Key, error) {
	raw, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return makeKey(file)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the issuer's key: %w", err)
	}
	key, err := jwk.ParseKey(raw)
	if err != nil {
		return nil, fmt.Errorf("the issuer's key file is damaged; remove %s to make a new one", file)
	}
	return key, nil
}

func makeKey(file string) (jwk.Key, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making the issuer's key: %w", err)
	}
	key, err := jwk.Import(private)
	if err != nil {
		return nil, fmt.Errorf("making the issuer's key: %w", err)
	}
	if err := jwk.AssignKeyID(key); err != nil {
		return nil, fmt.Errorf("naming the issuer's key: %w", err)
	}
	if err := errors.Join(key.Set(jwk.AlgorithmKey, jwa.ES256()), key.Set(jwk.KeyUsageKey, "sig")); err != nil {
		return nil, fmt.Errorf("marking the issuer's key: %w", err)
	}
	raw, err := json.Marshal(key)
	if err != nil {
		return nil, fmt.Errorf("encoding the issuer's key: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return nil, fmt.Errorf("creating the folder of the issuer's key: %w", err)
	}
	return key, os.WriteFile(file, raw, 0o600)
}

// keySet is the public half as JWKS.
func keySet(key jwk.Key) ([]byte, error) {
	public, err := key.PublicKey()
	if err != nil {
		return nil, fmt.Errorf("deriving the issuer's public key: %w", err)
	}
	set := jwk.NewSet()
	if err := set.AddKey(public); err != nil {
		return nil, fmt.Errorf("listing the issuer's public key: %w", err)
	}
	return json.Marshal(set)
}

// sign makes a token that says who the person is. nonce is for the id token of a browser's sign-in.
func (i *Issuer) sign(p people.Person, audience, nonce string) (string, error) {
	now := i.now()
	b := jwt.NewBuilder().Issuer(i.cfg.URL).Subject(p.Account).Audience([]string{audience}).
		IssuedAt(now).Expiration(now.Add(tokenLasts)).JwtID(random()).
		Claim("name", p.Name).Claim("person_id", p.ID).Claim("roles", p.Roles).Claim("area", p.Area)
	if nonce != "" {
		b = b.Claim("nonce", nonce)
	}
	token, err := b.Build()
	if err != nil {
		return "", fmt.Errorf("building a token: %w", err)
	}
	signed, err := jwt.Sign(token, jwt.WithKey(jwa.ES256(), i.key))
	return string(signed), err
}

// userinfo repeats what a token says about its bearer.
func (i *Issuer) userinfo(w http.ResponseWriter, r *http.Request) {
	raw, found := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	public, err := i.key.PublicKey()
	if !found || err != nil {
		w.Header().Set("WWW-Authenticate", "Bearer")
		answer(w, http.StatusUnauthorized, map[string]string{"error": "invalid_token"})
		return
	}
	token, err := jwt.Parse([]byte(raw), jwt.WithKey(jwa.ES256(), public), jwt.WithIssuer(i.cfg.URL))
	if err != nil {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		answer(w, http.StatusUnauthorized, map[string]string{"error": "invalid_token"})
		return
	}
	subject, _ := token.Subject()
	p, _ := people.Find(subject)
	answer(w, http.StatusOK, map[string]any{"sub": p.Account, "name": p.Name, "person_id": p.ID, "roles": p.Roles, "area": p.Area})
}

// verified checks a PKCE verifier against the challenge of the sign-in.
func verified(verifier, challenge string) bool {
	sum := sha256.Sum256([]byte(verifier))
	return subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(sum[:])), []byte(challenge)) == 1
}
