package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"dtks/pkg/event"
)

// Replay measures rebuilding eligibility's state from the streams (inputs first, then one decision per family, written
// beside the live state) against reading the same events and decoding them only. run starts the service's replay and
// returns its last line.
func Replay(ctx context.Context, t *Target, families int, run func(ctx context.Context) ([]byte, error)) (*Result, error) {
	if _, err := t.push(ctx, pushOptions{families: families, batch: 500, entries: 2}); err != nil {
		return nil, err
	}
	t.Say("%d families are in the streams", families)
	before, n, err := t.readOnly(ctx)
	if err != nil {
		return nil, err
	}
	line, err := run(ctx)
	if err != nil {
		return nil, err
	}
	var report struct {
		Events     int     `json:"events"`
		Families   int     `json:"families"`
		Decisions  int     `json:"decisions"`
		Seconds    float64 `json:"seconds"`
		Comparison struct {
			Equal bool `json:"equal"`
		} `json:"comparison"`
	}
	if err := json.Unmarshal(line, &report); err != nil {
		return nil, fmt.Errorf("reading the replay's report: %w", err)
	}
	if !report.Comparison.Equal || report.Events != n {
		return nil, fmt.Errorf("replay folded %d of %d events, digests equal: %v", report.Events, n, report.Comparison.Equal)
	}
	after, _, err := t.readOnly(ctx)
	if err != nil {
		return nil, err
	}
	r := &Result{Name: "replay", N: n, Candidate: float64(n) / report.Seconds}
	r.Against(before, after)
	r.Beside = map[string]float64{"families": float64(report.Families), "decisions": float64(report.Decisions)}
	return r, nil
}

// readOnly reads and decodes what eligibility reads, events a second.
func (t *Target) readOnly(ctx context.Context) (float64, int, error) {
	start := time.Now()
	families, err := readAll(ctx, t, "registry", string(event.TypeRegistrantUpdated)+".family.>", func(raw []byte) error {
		var e struct {
			event.Envelope
			Data event.RegistrantUpdated `json:"data"`
		}
		return event.Unmarshal(raw, &e)
	})
	if err != nil {
		return 0, 0, err
	}
	verdicts, err := readAll(ctx, t, "nik-match", string(event.TypeMatchDecided)+".>", func(raw []byte) error {
		var e struct {
			event.Envelope
			Data event.MatchDecided `json:"data"`
		}
		return event.Unmarshal(raw, &e)
	})
	if err != nil {
		return 0, 0, err
	}
	return float64(families+verdicts) / time.Since(start).Seconds(), families + verdicts, nil
}

func readAll(ctx context.Context, t *Target, owner, filter string, decode func([]byte) error) (int, error) {
	consumer, err := t.JS.OrderedConsumer(ctx, event.StreamOf(owner), jetstream.OrderedConsumerConfig{FilterSubjects: []string{filter}})
	if err != nil {
		return 0, err
	}
	info, err := consumer.Info(ctx)
	if err != nil {
		return 0, err
	}
	want := int(info.NumPending)
	if want == 0 {
		return 0, nil
	}
	it, err := consumer.Messages(jetstream.PullMaxMessages(2000))
	if err != nil {
		return 0, err
	}
	defer it.Stop()
	for n := range want {
		msg, err := it.Next(jetstream.NextContext(ctx))
		if err != nil {
			return n, err
		}
		if err := decode(msg.Data()); err != nil {
			return n, err
		}
	}
	return want, nil
}
