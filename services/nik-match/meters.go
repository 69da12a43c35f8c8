package main

import (
	"context"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// meters are what Prometheus is told of calls. No attribute is about a person.
type meters struct {
	calls   metric.Int64Counter
	seconds metric.Float64Histogram
}

func newMeters() meters {
	m := otel.Meter("dtks/nik-match")
	calls, _ := m.Int64Counter("nik_match_calls", metric.WithDescription("Calls to Dukcapil by outcome and RESPONSE_CODE"))
	seconds, _ := m.Float64Histogram("nik_match_call_duration", metric.WithUnit("s"), metric.WithDescription("Time of a call to Dukcapil"),
		metric.WithExplicitBucketBoundaries(.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10))
	return meters{calls, seconds}
}

func (m meters) call(ctx context.Context, d done) {
	m.calls.Add(ctx, 1, metric.WithAttributes(attribute.String("outcome", string(d.outcome)), attribute.String("code", d.code)))
	m.seconds.Record(ctx, d.ended.Sub(d.started).Seconds())
}

// observe exports the gate: whether calls are held and why, how many are allowed and under way.
func (g *gate) observe() error {
	m := otel.Meter("dtks/nik-match")
	held, err := m.Int64ObservableGauge("nik_match_held", metric.WithDescription("1 while no calls are made, by reason"))
	if err != nil {
		return err
	}
	limit, err := m.Int64ObservableGauge("nik_match_call_limit", metric.WithDescription("Calls at once that are allowed now"))
	if err != nil {
		return err
	}
	_, err = m.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		now := g.state()
		for _, why := range []string{heldQuota, heldHours, heldSetup, heldBusy, heldBreaker} {
			value := int64(0)
			if now.Held == why {
				value = 1
			}
			o.ObserveInt64(held, value, metric.WithAttributes(attribute.String("reason", why)))
		}
		o.ObserveInt64(limit, int64(now.Limit))
		return nil
	}, held, limit)
	return err
}
