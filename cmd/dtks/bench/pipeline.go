package bench

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
)

// Pipeline measures the whole way of a family of one person, from entry over the simulated civil registry and two
// officers to its one entitlement decision, against raw single-row commits with 32 clients.
func Pipeline(ctx context.Context, t *Target, families int, span time.Duration) (*Result, error) {
	r := &Result{Name: "pipeline", N: families, Beside: map[string]float64{}}
	database, err := t.Stack.DatabaseURL("registry")
	if err != nil {
		return nil, err
	}
	if err := t.warm(ctx, 1000); err != nil {
		return nil, fmt.Errorf("warming up: %w", err)
	}
	before, err := RawCommits(ctx, database, span)
	if err != nil {
		return nil, err
	}
	t.Say("ceiling: %.0f single-row commits/s with 32 clients", before)
	run, err := t.push(ctx, pushOptions{families: families, batch: 500, entries: 2})
	if err != nil {
		return nil, err
	}
	after, err := RawCommits(ctx, database, span)
	if err != nil {
		return nil, err
	}
	r.Candidate = float64(families) / run.took.Seconds()
	r.Against(before, after)
	r.Beside["families_per_s"] = r.Candidate
	r.Beside["persons_per_s"] = float64(run.persons) / run.took.Seconds()
	r.Beside["events_per_s"] = float64(run.events) / run.took.Seconds()
	r.Beside["events_per_family"] = float64(run.events) / float64(families)
	calm, err := t.calm(ctx, r.Candidate/2)
	if err != nil {
		return nil, err
	}
	r.P50, r.P99 = calm.p50, calm.p99
	r.Beside["half_load_families_per_s"] = calm.rate
	r.Notes = append(r.Notes,
		"p50 and p99: from an event's recording to the commit of its effect, over all consumers but key grants, at half the measured load (upper bounds of histogram buckets)",
		"notify and console are not running: they take nothing from the decision's way but share the processors")
	return r, nil
}

// PipelineSingle is the same with one HTTP request per step and family, 32 at a time.
func PipelineSingle(ctx context.Context, t *Target, families int, span time.Duration) (*Result, error) {
	r := &Result{Name: "pipeline-single", N: families, Beside: map[string]float64{}}
	database, err := t.Stack.DatabaseURL("registry")
	if err != nil {
		return nil, err
	}
	if err := t.warm(ctx, 500); err != nil {
		return nil, fmt.Errorf("warming up: %w", err)
	}
	before, err := RawCommits(ctx, database, span)
	if err != nil {
		return nil, err
	}
	run, err := t.push(ctx, pushOptions{families: families, batch: 1, entries: 32})
	if err != nil {
		return nil, err
	}
	after, err := RawCommits(ctx, database, span)
	if err != nil {
		return nil, err
	}
	r.Candidate = float64(families) / run.took.Seconds()
	r.Against(before, after)
	r.Beside["events_per_s"] = float64(run.events) / run.took.Seconds()
	return r, nil
}

// warm takes a few families through, so that keys, statements and connections are there.
func (t *Target) warm(ctx context.Context, families int) error {
	_, err := t.push(ctx, pushOptions{families: families, batch: 250, entries: 2})
	return err
}

type pushOptions struct {
	families int
	batch    int     // items per request; 1 = the single-item endpoints
	entries  int     // requests in flight at entry
	pace     float64 // families a second; 0 = as fast as taken
}

type pushed struct {
	took    time.Duration
	persons int
	events  uint64
}

// push takes families through the whole pipeline and returns once the last decision is published. Entry, verifier and
// approver work at the same time, each with a token of its own person.
func (t *Target) push(ctx context.Context, o pushOptions) (pushed, error) {
	items, persons, err := t.proposals(o.families, true)
	if err != nil {
		return pushed{}, err
	}
	c := newClient(t.Stack)
	start, err := t.counts(ctx)
	if err != nil {
		return pushed{}, err
	}
	working, stop := context.WithCancel(ctx)
	defer stop()
	group, working := errgroup.WithContext(working)
	// Verifier and approver are other persons than the operator and than each other: four eyes hold here too.
	limit, officers := 500, 1
	if o.batch == 1 {
		limit, officers = 200, 1
	}
	for range officers {
		for _, of := range []*officer{
			{client: c, account: "verifier1.00", status: "opened", decision: "verify", limit: limit},
			{client: c, account: "approver1.00", status: "verified", decision: "approve", limit: limit},
		} {
			if o.batch == 1 {
				group.Go(func() error { return of.runSingly(working) })
			} else {
				group.Go(func() error { return of.run(working) })
			}
		}
	}
	began := time.Now()
	group.Go(func() error { return t.enter(working, c, items, o) })
	ended := make(chan error, 1)
	go func() { ended <- group.Wait() }()
	finished := make(chan struct{})
	var at time.Time
	var waitErr error
	go func() {
		at, waitErr = t.await(working, start["eligibility"]+uint64(o.families))
		close(finished)
	}()
	select {
	case err := <-ended:
		if err != nil {
			return pushed{}, err
		}
		<-finished
	case <-finished:
	}
	stop()
	if waitErr != nil {
		return pushed{}, waitErr
	}
	end, err := t.counts(ctx)
	if err != nil {
		return pushed{}, err
	}
	out := pushed{took: at.Sub(began), persons: persons}
	for owner := range end {
		out.events += end[owner] - start[owner]
	}
	return out, nil
}

// enter sends the families to the registry as an operator.
func (t *Target) enter(ctx context.Context, c *client, items []raw, o pushOptions) error {
	path := "/v1/proposals/batch"
	bodies := batches(items, o.batch)
	if o.batch == 1 {
		path, bodies = "/v1/proposals", nil
		for _, item := range items {
			bodies = append(bodies, item)
		}
	}
	url := t.Stack.URL("registry") + path
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(o.entries)
	began := time.Now()
	for i, body := range bodies {
		if o.pace > 0 {
			due := time.Duration(float64(i*o.batch) / o.pace * float64(time.Second))
			time.Sleep(time.Until(began.Add(due)))
		}
		if ctx.Err() != nil {
			break
		}
		group.Go(func() error {
			var answer struct {
				Items []struct {
					Status int `json:"status"`
				} `json:"items"`
			}
			if err := c.do(ctx, "POST", url, "operator1.00", body, &answer); err != nil {
				return fmt.Errorf("entry: %w", err)
			}
			for _, item := range answer.Items {
				if item.Status != 201 {
					return fmt.Errorf("entry: an item was answered %d", item.Status)
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// calmly is what was seen at half load.
type calmly struct {
	p50, p99 time.Duration
	rate     float64
}

// calm enters at a steady rate for ten seconds and reads the services' histograms of event age before and after.
func (t *Target) calm(ctx context.Context, rate float64) (calmly, error) {
	before, err := t.ages(ctx)
	if err != nil {
		return calmly{}, err
	}
	families := int(rate * 10)
	run, err := t.push(ctx, pushOptions{families: families, batch: max(1, int(rate/20)), entries: 4, pace: rate})
	if err != nil {
		return calmly{}, err
	}
	after, err := t.ages(ctx)
	if err != nil {
		return calmly{}, err
	}
	h := after.minus(before)
	return calmly{h.quantile(.5), h.quantile(.99), float64(families) / run.took.Seconds()}, nil
}
