package importer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"dtks/pkg/fault"
)

// client speaks to the registry.
type client struct {
	url   string // of the registry, without a path
	http  *http.Client
	token func(context.Context) (string, error)
	run   string // of this import, part of every key
	tries int
	pause time.Duration // before the second try; doubles each time
}

// result is what became of one item of a batch.
type result struct {
	Index  int `json:"index"`
	Status int `json:"status"`
	Answer struct {
		Warnings []fault.Detail `json:"warnings"`
	} `json:"answer"`
	Problem *problem `json:"problem"`
}

// problem is an error answer (RFC 9457) as far as people need it.
type problem struct {
	Code       string         `json:"code"`
	Kind       fault.Kind     `json:"kind"`
	Message    fault.Text     `json:"message"`
	Errors     []fault.Detail `json:"errors"`
	RetryAfter int            `json:"retry_after"`
}

var (
	errAway = fault.New(fault.Unavailable, "registry_unreachable",
		"Registry tidak dapat dihubungi. Jalankan lagi perintah yang sama untuk melanjutkan.",
		"The registry cannot be reached. Run the same command again to go on.")
	errNotAllowed = fault.New(fault.Forbidden, "not_allowed",
		"Registry menolak: masuk sebagai orang yang boleh mengusulkan di wilayah ini.",
		"The registry refuses: sign in as somebody who may propose in this area.")
)

// longestWait bounds what a Retry-After may ask of us.
const longestWait = time.Minute

// send posts families as one batch until the registry has answered for all of them. What it could not do just now
// (429, 5xx) is asked again, whole request or single items alike.
func (c *client) send(ctx context.Context, families []*family) ([]result, error) {
	results := make([]result, len(families))
	todo := make([]int, len(families))
	for i := range todo {
		todo[i] = i
	}
	pause := c.pause
	for try := 1; ; try++ {
		items := make([]*Proposal, len(todo))
		for i, at := range todo {
			items[i] = &families[at].Proposal
		}
		answers, wait, err := c.post(ctx, items)
		if err == nil {
			var again []int
			for i, at := range todo {
				results[at] = answers[i]
				if later(answers[i].Status) {
					again = append(again, at)
				}
			}
			if todo = again; len(todo) == 0 {
				return results, nil
			}
			err = errAway
		}
		if fault.KindOf(err) != fault.Unavailable || try == c.tries || ctx.Err() != nil {
			return nil, err
		}
		wait = max(wait, pause/2+rand.N(pause))
		if pause *= 2; pause > longestWait {
			pause = longestWait
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(wait):
		}
	}
}

// later reports a status that may be another one in a while.
func later(status int) bool { return status == http.StatusTooManyRequests || status >= 500 }

// post sends one request. Its key is made of this run and the content: a request sent again is answered and not done
// again. The run is part of it because content alone would be wrong: with a file, its correction and the first file
// once more, the third import must undo the second and not be answered from memory.
func (c *client) post(ctx context.Context, items []*Proposal) ([]result, time.Duration, error) {
	body, err := json.Marshal(map[string]any{"items": items})
	if err != nil {
		return nil, 0, fmt.Errorf("encoding a batch: %w", err)
	}
	token, err := c.token(ctx)
	if err != nil {
		return nil, 0, errAway.Because(err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+"/v1/proposals/batch", bytes.NewReader(body))
	if err != nil {
		return nil, 0, fmt.Errorf("the registry's address: %w", err)
	}
	sum := sha256.Sum256(append([]byte(c.run), body...))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", "import-"+hex.EncodeToString(sum[:20]))
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, 0, errAway.Because(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 64<<20))
	if err != nil {
		return nil, 0, errAway.Because(err)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, retryAfter(resp), refusal(resp.StatusCode, answer)
	}
	var decoded struct {
		Items []result `json:"items"`
	}
	if err := json.Unmarshal(answer, &decoded); err != nil || len(decoded.Items) != len(items) {
		return nil, 0, fault.New(fault.Internal, "answer_unreadable",
			"Jawaban registry tidak dapat dibaca.", "The registry's answer cannot be read.").Because(err)
	}
	return decoded.Items, 0, nil
}

func retryAfter(resp *http.Response) time.Duration {
	seconds, err := strconv.Atoi(resp.Header.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return min(time.Duration(seconds)*time.Second, longestWait)
}

// refusal is the fault behind an answer to a whole request.
func refusal(status int, body []byte) error {
	var p problem
	if json.Unmarshal(body, &p) != nil || p.Code == "" {
		p = problem{Code: "http_" + strconv.Itoa(status), Message: fault.Text{ID: "Jawaban tidak terduga.", EN: "Unexpected answer."}}
	}
	cause := fmt.Errorf("status %d, code %s", status, p.Code)
	switch {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return errNotAllowed.Because(cause)
	case later(status), status == http.StatusConflict && p.Kind.Retryable():
		return errAway.Because(cause)
	}
	return fault.New(fault.Internal, p.Code, p.Message.ID, p.Message.EN).Because(cause)
}
