package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// decileSource asks eligibility how many families are in each decile. Deciles never travel as events: eligibility alone
// knows them, and it answers a reader with the reader's own right. Answers are kept a moment, by area.
type decileSource struct {
	url    string
	client *http.Client
	now    func() time.Time

	mu   sync.Mutex
	area map[string]decileAnswer
}

type decileAnswer struct {
	deciles *deciles
	at      time.Time
}

// Bounds of asking for deciles.
const (
	decilesFresh   = 10 * time.Second
	decilesTimeout = 2 * time.Second
	answerLimit    = 1 << 20
)

func newDecileSource(url string) *decileSource {
	return &decileSource{
		url: url, client: &http.Client{Timeout: decilesTimeout}, now: time.Now, area: map[string]decileAnswer{},
	}
}

// of is the last answer for an area; nil where there is none.
func (d *decileSource) of(area string) *deciles {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.area[area].deciles
}

// refresh asks again when the last answer is old. An eligibility that does not answer leaves the last one standing.
func (d *decileSource) refresh(ctx context.Context, area, token string) {
	if d.url == "" {
		return
	}
	d.mu.Lock()
	fresh := d.now().Sub(d.area[area].at) < decilesFresh
	if !fresh { // claimed before asking, so that many pages ask once
		d.area[area] = decileAnswer{d.area[area].deciles, d.now()}
	}
	d.mu.Unlock()
	if fresh {
		return
	}
	found, err := d.ask(ctx, area, token)
	if err != nil {
		slog.DebugContext(ctx, "asking for deciles", "error", err)
		return
	}
	d.mu.Lock()
	d.area[area] = decileAnswer{found, d.now()}
	d.mu.Unlock()
}

func (d *decileSource) ask(ctx context.Context, area, token string) (*deciles, error) {
	var answer struct {
		Release  string  `json:"release"`
		Families []int64 `json:"families"`
		Unscored int64   `json:"unscored"`
	}
	if err := getJSON(ctx, d.client, d.url+"/v1/deciles?area="+url.QueryEscape(area), token, &answer); err != nil {
		return nil, err
	}
	if len(answer.Families) != 10 {
		return nil, nil
	}
	return &deciles{Release: answer.Release, N: [10]int64(answer.Families), Unscored: answer.Unscored}, nil
}

// getJSON reads a service's answer with the right of the bearer.
func getJSON(ctx context.Context, client *http.Client, address, token string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Accept", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %d", req.URL.Host, resp.StatusCode)
	}
	return json.NewDecoder(io.LimitReader(resp.Body, answerLimit)).Decode(into)
}
