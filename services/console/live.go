package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"sync"
	"time"

	"dtks/pkg/event"
)

// Limits of live updates.
const (
	liveEvery  = time.Second // a reader gets at most one snapshot a second, however much happens
	liveMax    = 2000        // open pages of one process
	pruneEvery = time.Minute
)

// audience is all readers who see the same figures.
type audience struct {
	Area string
	Wide bool
	L    lang
}

// frame is one update: the parts of the page by id, rendered once for all readers of an audience.
type frame struct {
	Parts map[string]string
	Chart []byte // JSON
}

// reader is one open page. Its channel holds the newest frame only: a slow page skips, it does not queue.
type reader struct {
	frames chan *frame
}

// hub reads the read models once a second for those areas that somebody looks at, and hands the result to every page.
type hub struct {
	store   *store
	watcher *watcher
	deciles *decileSource
	now     func() time.Time

	mu      sync.Mutex
	readers map[audience]map[*reader]bool
	n       int
}

func newHub(s *store, w *watcher, d *decileSource) *hub {
	return &hub{store: s, watcher: w, deciles: d, now: time.Now, readers: map[audience]map[*reader]bool{}}
}

var errFull = errors.New("too many open pages")

// join adds a page; leave must be called when it closes.
func (h *hub) join(a audience) (r *reader, leave func(), err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.n >= liveMax {
		return nil, nil, errFull
	}
	if h.readers[a] == nil {
		h.readers[a] = map[*reader]bool{}
	}
	r = &reader{frames: make(chan *frame, 1)}
	h.readers[a][r] = true
	h.n++
	return r, sync.OnceFunc(func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.n--
		delete(h.readers[a], r)
		if len(h.readers[a]) == 0 {
			delete(h.readers, a)
		}
	}), nil
}

// run sends frames until ctx ends, and keeps the rates to their hour.
func (h *hub) run(ctx context.Context) error {
	tick, prune := time.NewTicker(liveEvery), time.NewTicker(pruneEvery)
	defer tick.Stop()
	defer prune.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return nil
		case <-prune.C:
			err = h.store.prune(ctx, h.now())
		case <-tick.C:
			err = h.send(ctx)
		}
		if err != nil && ctx.Err() == nil {
			slog.WarnContext(ctx, "live figures", "error", err)
		}
	}
}

// send makes one frame per audience.
func (h *hub) send(ctx context.Context) error {
	h.mu.Lock()
	audiences := map[audience]bool{}
	for a := range h.readers {
		audiences[a] = true
	}
	h.mu.Unlock()
	snaps := map[string]*snapshot{}
	for a := range maps.Keys(audiences) {
		if snaps[a.Area] == nil {
			snap, err := h.snapshot(ctx, a.Area)
			if err != nil {
				return err
			}
			snaps[a.Area] = snap
		}
		f, err := render(ctx, view{L: a.L, S: snaps[a.Area], Wide: a.Wide})
		if err != nil {
			return err
		}
		h.hand(a, f)
	}
	return nil
}

// snapshot reads an area's figures and adds what other services tell.
func (h *hub) snapshot(ctx context.Context, area string) (*snapshot, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	snap, err := h.store.snapshot(ctx, area, h.now())
	if err != nil {
		return nil, err
	}
	snap.Services = h.watcher.seen()
	snap.Deciles = h.deciles.of(area)
	return snap, nil
}

// hand puts a frame before each reader, in place of one it has not taken yet.
func (h *hub) hand(a audience, f *frame) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for r := range h.readers[a] {
		select {
		case <-r.frames:
		default:
		}
		r.frames <- f
	}
}

// render makes the parts of a page.
func render(ctx context.Context, v view) (*frame, error) {
	f := &frame{Parts: make(map[string]string, len(fragments))}
	for _, fr := range fragments {
		if fr.Wide && !v.Wide {
			continue
		}
		var b strings.Builder
		if err := fr.Part(v).Render(ctx, &b); err != nil {
			return nil, fmt.Errorf("rendering %s: %w", fr.ID, err)
		}
		f.Parts[fr.ID] = b.String()
	}
	var err error
	if f.Chart, err = event.Marshal(chartOf(v.S)); err != nil {
		return nil, fmt.Errorf("encoding the chart: %w", err)
	}
	return f, nil
}
