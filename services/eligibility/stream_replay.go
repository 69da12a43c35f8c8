package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"dtks/pkg/bus"
	"dtks/pkg/event"
	"dtks/pkg/fault"
	"dtks/pkg/seal"
)

// Inputs of the derived state, as filters. Persons are not read: a family's event carries its members.
var replayFilters = map[string]string{
	event.TypeRegistrantUpdated.Stream(): string(event.TypeRegistrantUpdated) + "." + event.Family + ".>",
	event.TypeMatchDecided.Stream():      string(event.TypeMatchDecided) + ".>",
}

// sink takes what has been read. Its methods are called by several goroutines.
type sink interface {
	family(ctx context.Context, f *family) error
	verdict(ctx context.Context, v verdict) error
}

// drop is the sink that measures reading and decoding alone.
type drop struct{}

func (drop) family(context.Context, *family) error  { return nil }
func (drop) verdict(context.Context, verdict) error { return nil }

// findMarks notes where the streams end now.
func (r *replay) findMarks(ctx context.Context) ([]mark, error) {
	var marks []mark
	for stream := range replayFilters {
		s, err := r.conn.JS.Stream(ctx, stream)
		if err != nil {
			return nil, fmt.Errorf("finding stream %s: %w", stream, err)
		}
		info, err := s.Info(ctx)
		if err != nil {
			return nil, fmt.Errorf("finding the end of %s: %w", stream, err)
		}
		marks = append(marks, mark{stream, info.State.LastSeq, info.State.LastTime})
	}
	return marks, nil
}

// readAll reads every stream up to its mark into to, and returns how many events there were.
func (r *replay) readAll(ctx context.Context, to sink) (int64, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var events atomic.Int64
	errs := make(chan error, len(r.marks))
	for _, m := range r.marks {
		go func() {
			err := r.readStream(ctx, m, to, &events)
			if err != nil {
				cancel()
				err = fmt.Errorf("replaying %s: %w", m.stream, err)
			}
			errs <- err
		}()
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	begin := time.Now()
	var all []error
	for left := len(r.marks); left > 0; {
		select {
		case err := <-errs:
			left--
			if err != nil && (len(all) == 0 || !errors.Is(err, context.Canceled)) {
				all = append(all, err)
			}
		case <-tick.C:
			n := events.Load()
			r.say("%d events read, %.0f/s", n, float64(n)/time.Since(begin).Seconds())
		}
	}
	return events.Load(), errors.Join(all...)
}

// readBatch is how many messages go to a decoding worker at a time.
const readBatch = 256

// readStream reads one stream in order and decodes on all processors: order does not matter to a fold by version.
func (r *replay) readStream(ctx context.Context, m mark, to sink, events *atomic.Int64) error {
	consumer, pending, err := r.consumer(ctx, m)
	if err != nil || pending == 0 || m.last == 0 {
		return err
	}
	defer func() { _ = r.forget(context.WithoutCancel(ctx), m.stream) }()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	batches := make(chan []jetstream.Msg, 2*runtime.GOMAXPROCS(0))
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for batch := range batches {
				for _, msg := range batch {
					if err := r.take(ctx, msg, to); err != nil {
						cancel(err)
						return
					}
				}
				events.Add(int64(len(batch)))
			}
		})
	}
	err = pullUpTo(ctx, consumer, m.last, batches)
	close(batches)
	workers.Wait()
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// pullUpTo hands out messages in batches until the one with sequence last, or the stream's end.
func pullUpTo(ctx context.Context, consumer jetstream.Consumer, last uint64, batches chan<- []jetstream.Msg) error {
	iter, err := consumer.Messages(jetstream.PullMaxMessages(8*readBatch), jetstream.PullExpiry(10*time.Second))
	if err != nil {
		return err
	}
	defer iter.Stop()
	stop := context.AfterFunc(ctx, iter.Stop)
	defer stop()
	batch := make([]jetstream.Msg, 0, readBatch)
	for done := false; !done; {
		msg, err := iter.Next()
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return err
		}
		meta, err := msg.Metadata()
		if err != nil {
			return err
		}
		if meta.Sequence.Stream <= last {
			batch = append(batch, msg)
		}
		done = meta.Sequence.Stream >= last || meta.NumPending == 0
		if len(batch) == readBatch || done {
			select {
			case batches <- batch:
			case <-ctx.Done():
				return ctx.Err()
			}
			batch = make([]jetstream.Msg, 0, readBatch)
		}
	}
	return nil
}

// consumer makes this service's replay consumer on a stream, from the first event, and says how much there is.
func (r *replay) consumer(ctx context.Context, m mark) (jetstream.Consumer, uint64, error) {
	if err := r.forget(ctx, m.stream); err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
		return nil, 0, err
	}
	stream, err := r.conn.JS.Stream(ctx, m.stream)
	if err != nil {
		return nil, 0, err
	}
	c, err := stream.CreateConsumer(ctx, jetstream.ConsumerConfig{
		Name:              bus.ReplayName("eligibility"),
		FilterSubject:     replayFilters[m.stream],
		DeliverPolicy:     jetstream.DeliverAllPolicy,
		AckPolicy:         jetstream.AckNonePolicy,
		MemoryStorage:     true,
		InactiveThreshold: 5 * time.Minute, // one that was killed leaves nothing behind for long
	})
	if err != nil {
		return nil, 0, fmt.Errorf("making the replay consumer: %w", err)
	}
	return c, c.CachedInfo().NumPending, nil
}

func (r *replay) forget(ctx context.Context, stream string) error {
	return r.conn.JS.DeleteConsumer(ctx, stream, bus.ReplayName("eligibility"))
}

// wire is an event with its payload decoded in one pass; what the fold does not need is left out.
type wire[T any] struct {
	ID      string    `json:"id"`
	Subject string    `json:"subject"`
	Time    time.Time `json:"time"`
	Version int64     `json:"version"`
	Data    T         `json:"data"`
}

func (w *wire[T]) envelope() *event.Envelope {
	return &event.Envelope{ID: w.ID, Subject: w.Subject, Time: w.Time, Version: w.Version}
}

var errUnreadable = fault.New(fault.Invalid, "payload_malformed", "Isi peristiwa tidak terbaca.", "The event's payload cannot be read.")

// take decodes one event. What the live service puts among its dead letters is passed over here too.
func (r *replay) take(ctx context.Context, msg jetstream.Msg, to sink) error {
	at, err := event.ParseSubject(msg.Subject())
	switch {
	case err != nil:
		err = errUnreadable
	case at.Type == event.TypeMatchDecided:
		err = r.takeVerdict(ctx, msg, to)
	default:
		err = r.takeFamily(ctx, msg, to)
	}
	if deadLetter(err) {
		r.unreadable.Add(1)
		return nil
	}
	return err
}

// deadLetter reports whether a message that gave err will never be applied.
func deadLetter(err error) bool { return err != nil && !fault.KindOf(err).Retryable() }

func (r *replay) takeVerdict(ctx context.Context, msg jetstream.Msg, to sink) error {
	var w wire[event.MatchDecided]
	if err := event.Unmarshal(msg.Data(), &w); err != nil {
		return errUnreadable
	}
	if w.Data.State == event.Moved {
		return nil
	}
	v, err := newVerdict(w.envelope(), &w.Data)
	if err != nil {
		return err
	}
	return to.verdict(ctx, v)
}

func (r *replay) takeFamily(ctx context.Context, msg jetstream.Msg, to sink) error {
	var w wire[event.RegistrantUpdated]
	if err := event.Unmarshal(msg.Data(), &w); err != nil {
		return errUnreadable
	}
	if w.Data.State == event.Moved {
		return nil
	}
	var survey event.FamilySurvey
	var sensitive event.FamilySensitive
	for class, into := range map[event.Class]any{event.Survey: &survey, event.Sensitive: &sensitive} {
		box, ok := w.Data.Sealed[class]
		if !ok {
			continue
		}
		owner := event.TypeRegistrantUpdated.Service()
		plain, err := r.keys.Open(ctx, owner, class, box, seal.AD(w.ID, msg.Subject(), w.Version))
		if err != nil {
			return fmt.Errorf("event %s: %w", w.ID, err)
		}
		if err := event.Unmarshal(plain, into); err != nil {
			return errUnreadable
		}
	}
	f, err := newFamily(w.envelope(), &w.Data, &survey, &sensitive)
	if err != nil {
		return err
	}
	return to.family(ctx, f)
}

// awaitLive waits until the live service has applied everything up to the marks and published its release.
func (r *replay) awaitLive(ctx context.Context, limit time.Duration) error {
	deadline := time.Now().Add(limit)
	for said := false; ; {
		behind, err := r.behind(ctx)
		if err != nil || behind == "" {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("the live service has not passed the marks within %s: %s", limit, behind)
		}
		if !said {
			r.say("waiting for the live service: %s", behind)
			said = true
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// behind says what the live service still has to do; "" = nothing.
func (r *replay) behind(ctx context.Context) (string, error) {
	for _, m := range r.marks {
		c, err := r.conn.JS.Consumer(ctx, m.stream, "eligibility")
		if err != nil {
			return "", fmt.Errorf("finding the live consumer of %s: %w", m.stream, err)
		}
		info := c.CachedInfo()
		idle := info.NumPending == 0 && info.NumAckPending == 0
		if !idle && info.AckFloor.Stream < m.last {
			return fmt.Sprintf("%s at %d of %d", m.stream, info.AckFloor.Stream, m.last), nil
		}
	}
	pending, err := r.store.workPending(ctx)
	if err != nil {
		return "", err
	}
	if pending {
		return "families are being decided anew", nil
	}
	due, err := r.store.overdue(ctx, r.now())
	if err != nil || !due {
		return "", err
	}
	return "families whose day has come are being decided", nil
}
