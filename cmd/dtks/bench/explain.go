package bench

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"
)

// ExplainProgrammes are those that are decided while explanations are measured: all that the program comes with rules for.
const ExplainProgrammes = "pkh,sembako,pbi-jk,pip,yapi,listrik,blt-desa,bst,kriteria-262"

// Explain measures explaining all decisions of a family over HTTP, with the nearest change for every programme, one request
// after another; against reading the same families' decisions as they are stored.
func Explain(ctx context.Context, t *Target, families int) (*Result, error) {
	ids, err := t.decide(ctx, families)
	if err != nil {
		return nil, err
	}
	t.Say("%d families are decided", len(ids))
	c := newClient(t.Stack)
	decisions := func() ([]time.Duration, error) { return c.readEach(ctx, ids, "decisions") }
	if _, err := c.readEach(ctx, ids[:min(len(ids), 200)], "explanation"); err != nil { // connections, statements, caches
		return nil, err
	}
	before, err := decisions()
	if err != nil {
		return nil, err
	}
	explained, err := c.readEach(ctx, ids, "explanation")
	if err != nil {
		return nil, err
	}
	after, err := decisions()
	if err != nil {
		return nil, err
	}
	r := &Result{Name: "explain", N: len(ids), Candidate: rate(explained), P50: quantile(explained, .5), P99: quantile(explained, .99)}
	r.Against(rate(before), rate(after))
	r.Beside = map[string]float64{
		"explanation_p50_ms": ms(quantile(explained, .5)), "explanation_p95_ms": ms(quantile(explained, .95)),
		"decisions_p50_ms": ms(quantile(before, .5)), "decisions_p95_ms": ms(quantile(before, .95)),
	}
	r.Notes = append(r.Notes, "one client, one request after another; the ceiling reads the stored decisions of the same families")
	return r, nil
}

// decide takes families of all sizes through the pipeline until all are decided, and returns their ids.
func (t *Target) decide(ctx context.Context, families int) ([]uuid.UUID, error) {
	items, _, err := t.proposals(families, false)
	if err != nil {
		return nil, err
	}
	database, err := t.Stack.DatabaseURL("eligibility")
	if err != nil {
		return nil, err
	}
	db, err := pgx.Connect(ctx, database)
	if err != nil {
		return nil, err
	}
	defer func() { _ = db.Close(context.WithoutCancel(ctx)) }()
	c := newClient(t.Stack)
	working, stop := context.WithCancel(ctx)
	defer stop()
	group, working := errgroup.WithContext(working)
	for _, of := range []*officer{
		{client: c, account: "verifier1.00", status: "opened", decision: "verify", limit: 500},
		{client: c, account: "approver1.00", status: "verified", decision: "approve", limit: 500},
	} {
		group.Go(func() error { return of.run(working) })
	}
	group.Go(func() error { return t.enter(working, c, items, pushOptions{batch: 250, entries: 2}) })
	var ids []uuid.UUID
	for since := time.Now(); ; {
		rows, err := db.Query(working, `SELECT family_id FROM decision ORDER BY family_id`)
		if err != nil {
			stop()
			return nil, fmt.Errorf("counting decided families: %w", cmp.Or(group.Wait(), err)) // which may be why it failed
		}
		now, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
		switch {
		case err != nil:
			stop()
			return nil, fmt.Errorf("counting decided families: %w", cmp.Or(group.Wait(), err)) // which may be why it failed
		case len(now) >= families:
			stop()
			return now, group.Wait()
		case len(now) > len(ids):
			ids, since = now, time.Now()
		case time.Since(since) > time.Minute:
			return nil, fmt.Errorf("%w at %d of %d", errStalled, len(now), families)
		}
		select {
		case <-working.Done():
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// readEach reads one page of each family and returns how long each took.
func (c *client) readEach(ctx context.Context, ids []uuid.UUID, page string) ([]time.Duration, error) {
	took := make([]time.Duration, 0, len(ids))
	for _, id := range ids {
		began := time.Now()
		if err := c.do(ctx, http.MethodGet, c.stack.URL("eligibility")+"/v1/families/"+id.String()+"/"+page, "programme1.00", nil, nil); err != nil {
			return nil, err
		}
		took = append(took, time.Since(began))
	}
	return took, nil
}

func rate(took []time.Duration) float64 {
	var sum time.Duration
	for _, d := range took {
		sum += d
	}
	return float64(len(took)) / sum.Seconds()
}

func quantile(took []time.Duration, q float64) time.Duration {
	sorted := slices.Sorted(slices.Values(took))
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
