package auth

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
)

// keyID reads which key a token says it was signed with, and refuses early what could never verify: another form,
// another algorithm. Nothing it returns is trusted; it only decides whether the issuer may be bothered.
func keyID(token string) (string, error) {
	head, _, ok := strings.Cut(token, ".")
	if !ok || strings.Count(token, ".") != 2 {
		return "", errors.New("token is not a JWS")
	}
	raw, err := base64.RawURLEncoding.DecodeString(head)
	if err != nil {
		return "", errors.New("token header is not base64url")
	}
	var h struct {
		Algorithm string `json:"alg"`
		KeyID     string `json:"kid"`
	}
	if json.Unmarshal(raw, &h) != nil {
		return "", errors.New("token header is not JSON")
	}
	if !slices.Contains(algorithms, h.Algorithm) {
		return "", errors.New("token algorithm is not accepted")
	}
	return h.KeyID, nil
}
