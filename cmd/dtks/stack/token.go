package stack

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"
)

// CommandClient is the OAuth client of command-line use; only it may use the direct grant.
const CommandClient = "dtks-cli"

// tokens remembers each account's token until shortly before it ends.
type tokens struct {
	mu   sync.Mutex
	held map[string]held
}

type held struct {
	token string
	until time.Time
}

// tokenMargin is how long before its end a token is no longer handed out: longer than any single request.
const tokenMargin = 5 * time.Minute

// Token signs a sample person in at the development issuer and gives the bearer token, cached until shortly before its end.
func (s *Stack) Token(ctx context.Context, account string) (string, error) {
	s.tokens.mu.Lock()
	defer s.tokens.mu.Unlock()
	if h, ok := s.tokens.held[account]; ok && time.Now().Before(h.until) {
		return h.token, nil
	}
	token, lasts, err := s.signIn(ctx, account)
	if err != nil {
		return "", fmt.Errorf("signing %s in: %w", account, err)
	}
	if s.tokens.held == nil {
		s.tokens.held = map[string]held{}
	}
	s.tokens.held[account] = held{token, time.Now().Add(lasts - tokenMargin)}
	return token, nil
}

func (s *Stack) signIn(ctx context.Context, account string) (string, time.Duration, error) {
	secret, err := os.ReadFile(s.Secret("issuer", "cli.secret"))
	if err != nil {
		return "", 0, fmt.Errorf("reading the command line's secret: %w", err)
	}
	form := url.Values{
		"grant_type": {"password"}, "client_id": {CommandClient},
		"client_secret": {strings.TrimSpace(string(secret))}, "username": {account},
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL("issuer")+"/token", strings.NewReader(form.Encode()))
	if err != nil {
		return "", 0, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", 0, err
	}
	defer resp.Body.Close()
	var answer struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   int    `json:"expires_in"`
		Error       string `json:"error_description"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return "", 0, fmt.Errorf("reading the issuer's answer: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return "", 0, fmt.Errorf("the issuer answered %d: %s", resp.StatusCode, answer.Error)
	}
	return answer.AccessToken, time.Duration(answer.ExpiresIn) * time.Second, nil
}
