package officers

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

const (
	pageSize   = 500              // of the queue, and so of a batch
	callLimit  = 30 * time.Second // of one request
	outage     = time.Minute      // how long verification may be away
	firstPause = 200 * time.Millisecond
	longPause  = 5 * time.Second
)

// listed is a case as the queue shows it; fields that officers do not look at are left out.
type listed struct {
	CaseID          string    `json:"case_id"`
	ProposalID      string    `json:"proposal_id"`
	ProposalVersion int64     `json:"proposal_version"`
	Area            string    `json:"area"`
	VerdictsPending int       `json:"verdicts_pending"`
	OpenedAt        time.Time `json:"opened_at"`
}

type queuePage struct {
	Items []listed `json:"items"`
	Next  string   `json:"next"`
}

// decision is one item of a batch.
type decision struct {
	CaseID          string `json:"case_id"`
	Decision        string `json:"decision"`
	ProposalVersion int64  `json:"proposal_version"`
	ReasonCode      string `json:"reason_code,omitempty"`
}

type batch struct {
	Items []decision `json:"items"`
}

type batchAnswer struct {
	Items []struct {
		Status int `json:"status"`
	} `json:"items"`
}

// client speaks verification's public API.
type client struct {
	url   string
	token TokenSource
	http  *http.Client
}

func newClient(address string, token TokenSource) *client {
	return &client{strings.TrimSuffix(address, "/"), token, &http.Client{Timeout: callLimit}}
}

func (c *client) queue(ctx context.Context, account, status, area, after string) (page queuePage, err error) {
	q := url.Values{"status": {status}, "area": {area}, "limit": {strconv.Itoa(pageSize)}}
	if after != "" {
		q.Set("after", after)
	}
	return page, c.call(ctx, account, http.MethodGet, "/v1/cases?"+q.Encode(), nil, &page)
}

// decide sends a batch. The key is that of the batch, not of the attempt: when an answer was lost, the next attempt gets
// the stored one.
func (c *client) decide(ctx context.Context, account string, items []decision) (answer batchAnswer, err error) {
	body, err := json.Marshal(batch{items})
	if err != nil {
		return answer, err
	}
	return answer, c.call(ctx, account, http.MethodPost, "/v1/decisions/batch", body, &answer)
}

// refusal is an answer that trying again will not change.
type refusal struct {
	status int
	text   string
}

func (r refusal) Error() string { return fmt.Sprintf("verification answered %d: %s", r.status, r.text) }

// call makes one request, again and again while verification is away or asks to wait, at most a minute.
func (c *client) call(ctx context.Context, account, method, path string, body []byte, into any) error {
	key := uuid.NewString()
	deadline := time.Now().Add(outage)
	for pause := firstPause; ; pause = min(2*pause, longPause) {
		err := c.once(ctx, account, key, method, path, body, into)
		var r refusal
		if err == nil || errors.As(err, &r) || ctx.Err() != nil || time.Now().After(deadline) {
			return err
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
	}
}

func (c *client) once(ctx context.Context, account, key, method, path string, body []byte, into any) error {
	token, err := c.token(ctx, account)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, c.url+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Idempotency-Key", key)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(res.Body, 16<<20))
	if err != nil {
		return err
	}
	switch {
	case res.StatusCode == http.StatusOK:
		return json.Unmarshal(raw, into)
	case res.StatusCode == http.StatusTooManyRequests || res.StatusCode >= 500:
		return fmt.Errorf("verification answered %d", res.StatusCode)
	}
	var problem struct {
		Title string `json:"title"`
	}
	_ = json.Unmarshal(raw, &problem) // a body that is no problem leaves the text empty
	return refusal{res.StatusCode, problem.Title}
}
