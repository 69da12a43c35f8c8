package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// Limits of watching: a service that is slow to answer is shown as not answering.
const (
	watchEvery   = 3 * time.Second
	watchTimeout = 2 * time.Second
	metricsLimit = 4 << 20
)

// serviceState is what a service tells of itself; nil where it does not tell.
type serviceState struct {
	Name        string
	Up, Ready   bool
	Unpublished *int64 // events committed and not yet on the bus
	Lag         *int64 // messages waiting for it
	Parked      *int64 // messages that failed and may succeed later
	Dead        *int64 // messages that will not succeed as they are
}

// watcher asks every service for readiness and metrics.
type watcher struct {
	services []endpoint
	client   *http.Client

	mu     sync.Mutex
	states []serviceState
}

// endpoint is a service and where it listens.
type endpoint struct{ Name, URL string }

func newWatcher(services []endpoint) *watcher {
	w := &watcher{services: services, client: &http.Client{Timeout: watchTimeout}}
	for _, s := range services {
		w.states = append(w.states, serviceState{Name: s.Name})
	}
	return w
}

// run asks until ctx ends.
func (w *watcher) run(ctx context.Context) error {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		w.look(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// look asks all services at once.
func (w *watcher) look(ctx context.Context) {
	states := make([]serviceState, len(w.services))
	var wg sync.WaitGroup
	for i, s := range w.services {
		wg.Go(func() { states[i] = w.ask(ctx, s) })
	}
	wg.Wait()
	if ctx.Err() != nil { // stopping: what was cut off says nothing about the services
		return
	}
	w.mu.Lock()
	w.states = states
	w.mu.Unlock()
}

// seen is what the last look found.
func (w *watcher) seen() []serviceState {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.states)
}

func (w *watcher) ask(ctx context.Context, s endpoint) serviceState {
	state := serviceState{Name: s.Name}
	if status, body := w.get(ctx, s.URL+"/readyz"); body != nil {
		state.Up, state.Ready = true, status == http.StatusOK
	}
	if status, body := w.get(ctx, s.URL+"/metrics"); status == http.StatusOK {
		state.Up = true
		state.read(body)
	}
	return state
}

// get returns a nil body where there was no answer.
func (w *watcher) get(ctx context.Context, url string) (int, []byte) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, nil
	}
	resp, err := w.client.Do(req)
	if err != nil {
		return 0, nil
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, metricsLimit))
	if err != nil {
		return 0, nil
	}
	return resp.StatusCode, append([]byte{}, body...)
}

// read takes the backbone's figures from a page of metrics, summed over streams and lanes.
func (s *serviceState) read(page []byte) {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(page))
	if err != nil {
		return // half a page is no page: the dashes say so
	}
	s.Unpublished = total(families["dtks_outbox_unpublished"], nil)
	s.Lag = total(families["dtks_consumer_lag"], nil)
	s.Dead = total(families["dtks_dead_letters"], func(m *dto.Metric) bool { return label(m, "parked") != "true" })
	s.Parked = total(families["dtks_dead_letters"], func(m *dto.Metric) bool { return label(m, "parked") == "true" })
}

// total sums a gauge over the label sets that keep wants; nil where the service does not have it.
func total(family *dto.MetricFamily, keep func(*dto.Metric) bool) *int64 {
	if family == nil {
		return nil
	}
	var sum float64
	for _, m := range family.GetMetric() {
		if keep == nil || keep(m) {
			sum += m.GetGauge().GetValue() + m.GetUntyped().GetValue()
		}
	}
	n := int64(sum)
	return &n
}

func label(m *dto.Metric, name string) string {
	for _, l := range m.GetLabel() {
		if l.GetName() == name {
			return l.GetValue()
		}
	}
	return ""
}
