package main

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"dtks/pkg/failpoint"
	"dtks/pkg/pg"
)

// worker takes jobs to Dukcapil and back:
//
//	claim (a batch, written down) -> queue -> callers (as many as the gate lets in) -> results -> record (a batch)
//
// Between claim and record a job belongs to this worker's number, on which it holds a session lock; whoever finds the
// lock free knows that the worker is dead and the call lost.
type worker struct {
	id       int32
	store    *store
	dukcapil *dukcapil
	gate     *gate
	meter    meters
	wakeup   chan struct{}
	queue    chan job
	results  chan done
}

// Batches and waits.
const (
	recordMost  = 500                    // outcomes recorded in one transaction
	recordTries = 3                      // before the database's refusal is believed
	recordWait  = 5 * time.Millisecond   // how long outcomes wait for company
	idlePoll    = 200 * time.Millisecond // net below the wake-ups
	queuePoll   = 2 * time.Millisecond   // while callers empty the queue
	lostEvery   = 5 * time.Second        // between looks for lost calls, and at the lock on our number
	finishTime  = 5 * time.Second        // for calls under way when the service stops
)

func newWorker(s *store, d *dukcapil) *worker {
	return &worker{id: rand.Int32(), store: s, dukcapil: d, gate: newGate(d.cfg), meter: newMeters(), wakeup: make(chan struct{}, 1),
		queue: make(chan job, recordMost), results: make(chan done, 2*recordMost)}
}

// wake tells the worker that there are new jobs. Never blocks.
func (w *worker) wake() {
	select {
	case w.wakeup <- struct{}{}:
	default:
	}
}

// run works until ctx ends. Then calls under way may finish, and all outcomes are recorded.
func (w *worker) run(ctx context.Context) error {
	number := w.store.session(w.id)
	if err := number.hold(ctx); err != nil {
		return err
	}
	calls, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	context.AfterFunc(ctx, func() {
		w.gate.close()
		time.AfterFunc(finishTime, cut)
	})
	var callers, others sync.WaitGroup
	for range w.dukcapil.cfg.Concurrency {
		callers.Go(func() { w.callAll(calls) })
	}
	recorded := make(chan struct{})
	go func() { defer close(recorded); w.recordAll(context.WithoutCancel(ctx)) }()
	others.Go(func() { w.watch(ctx, number) })
	w.claimAll(ctx)
	close(w.queue)
	callers.Wait()
	close(w.results)
	<-recorded
	others.Wait()
	return nil
}

// watch gives back lost calls, of others and at the start of those before us, and keeps the lock on our number.
func (w *worker) watch(ctx context.Context, number *session) {
	defer number.close(context.WithoutCancel(ctx))
	for ctx.Err() == nil {
		if err := number.hold(ctx); err != nil && ctx.Err() == nil {
			slog.Warn("holding the worker's number", "error", pg.Safe(err))
		}
		if lost, err := w.store.recover(ctx, w.id); err != nil && ctx.Err() == nil {
			slog.Warn("giving back lost calls", "error", pg.Safe(err))
		} else if lost > 0 {
			slog.Info("lost calls are asked again", "calls", lost)
			w.wake()
		}
		wait(ctx, lostEvery)
	}
}

// claimAll keeps the queue filled as far as the gate has room for.
func (w *worker) claimAll(ctx context.Context) {
	for ctx.Err() == nil {
		room := w.gate.room()
		want := min(4*room, cap(w.queue)) - len(w.queue)
		if room == 1 {
			want = 1 - len(w.queue) // a single try: the others stay where they are
		}
		switch {
		case room == 0:
			wait(ctx, min(w.gate.shut(), idlePoll))
			continue
		case want <= 2*room && len(w.queue) > 0:
			wait(ctx, queuePoll)
			continue
		}
		jobs, err := w.store.claim(ctx, w.id, max(want, 1))
		if err != nil {
			if ctx.Err() == nil {
				slog.Warn("claiming jobs", "error", pg.Safe(err))
			}
			wait(ctx, time.Second)
			continue
		}
		failpoint.Hit("match.after_claim")
		for _, j := range jobs {
			w.queue <- j
		}
		if len(jobs) == 0 {
			w.idle(ctx)
		}
	}
}

// idle waits for new jobs; those that wait for their time are found by the poll.
func (w *worker) idle(ctx context.Context) {
	timer := time.NewTimer(idlePoll)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-w.wakeup:
	}
}

// callAll makes calls until the queue is closed and empty.
func (w *worker) callAll(ctx context.Context) {
	for j := range w.queue {
		if !w.gate.enter() {
			w.results <- done{job: j}
			continue
		}
		d := w.call(ctx, j)
		w.gate.leave(d.reply)
		w.results <- d
	}
}

// call makes one call, under a span of its own where the registrant is being traced.
func (w *worker) call(ctx context.Context, j job) done {
	d := done{job: j, started: time.Now(), trace: j.Trace}
	ctx, span, traceParent := continued(ctx, j.Trace)
	if span != nil {
		d.trace = traceParent
		defer func() {
			span.SetAttributes(attribute.String("outcome", string(d.outcome)), attribute.String("code", d.code))
			span.End()
		}()
	}
	d.reply = w.dukcapil.verify(ctx, j.Fields, j.Own)
	d.ended = time.Now()
	failpoint.Hit("match.after_call")
	w.meter.call(ctx, d)
	return d
}

// recordAll records outcomes in batches until results is closed. A batch that the database refuses is recorded one by
// one: an outcome that cannot be kept must not take others with it, nor leave its job with a worker that lives on.
func (w *worker) recordAll(ctx context.Context) {
	for first := range w.results {
		batch := w.gather(first)
		if w.record(ctx, batch, recordTries) {
			continue
		}
		for _, d := range batch {
			if !w.record(ctx, []done{d}, 1) && !w.record(ctx, []done{d.unrecorded()}, recordTries) {
				slog.Error("a job stays on record as calling until a restart")
			}
		}
	}
}

// record writes outcomes down; false when the database refuses them, that many times. While it is away they are kept
// and tried again; the queue then stands still by itself.
func (w *worker) record(ctx context.Context, batch []done, tries int) bool {
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 5*time.Second) {
		err := w.store.record(ctx, w.id, batch)
		if err == nil {
			return true
		}
		slog.Error("recording outcomes", "calls", len(batch), "error", pg.Safe(err))
		if !pg.Down(err) {
			if tries--; tries <= 0 {
				return false
			}
		}
		time.Sleep(pause)
	}
}

// gather waits a little for company, but not once there is enough.
func (w *worker) gather(first done) []done {
	batch := append(make([]done, 0, recordMost), first)
	timer := time.NewTimer(recordWait)
	defer timer.Stop()
	for len(batch) < recordMost {
		select {
		case d, ok := <-w.results:
			if !ok {
				return batch
			}
			batch = append(batch, d)
		case <-timer.C:
			return batch
		}
	}
	return batch
}
