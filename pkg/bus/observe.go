package bus

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"dtks/pkg/event"
	"dtks/pkg/pg"
)

// meters are a consumer's metrics. Labels are names of services, streams and types only.
type meters struct {
	events  metric.Int64Counter
	age     metric.Float64Histogram
	gauges  metric.Int64Gauge
	lag     metric.Int64Gauge
	service attribute.KeyValue
	stream  attribute.KeyValue
}

func newMeters(service, stream string) meters {
	m := otel.Meter("dtks/bus")
	// The meter API returns working no-ops beside its errors, which only tell of malformed names.
	events, _ := m.Int64Counter("dtks_consumed", metric.WithDescription("Messages by what became of them"))
	age, _ := m.Float64Histogram("dtks_event_age", metric.WithUnit("s"),
		metric.WithDescription("From an event's recording to its effect here"),
		metric.WithExplicitBucketBoundaries(.002, .005, .01, .02, .05, .1, .15, .2, .25, .35, .5, 1, 2.5, 5, 10, 60, 600))
	buried, _ := m.Int64Gauge("dtks_dead_letters", metric.WithDescription("Messages not applied and not redriven; parked=true may succeed later"))
	lag, _ := m.Int64Gauge("dtks_consumer_lag", metric.WithDescription("Messages waiting in the stream for this consumer"))
	return meters{events, age, buried, lag, attribute.String("consumer", service), attribute.String("stream", stream)}
}

func (m meters) applied(ctx context.Context, byType map[event.Type][]*incoming, arrived int) {
	now := time.Now()
	for t, msgs := range byType {
		set := metric.WithAttributeSet(attribute.NewSet(m.service, m.stream, attribute.String("type", string(t))))
		m.events.Add(ctx, int64(len(msgs)), metric.WithAttributeSet(attribute.NewSet(m.service, m.stream,
			attribute.String("type", string(t)), attribute.String("result", "applied"))))
		for _, msg := range msgs {
			m.age.Record(ctx, now.Sub(msg.env.Time).Seconds(), set)
		}
	}
	if superseded := arrived - total(byType); superseded > 0 {
		m.events.Add(ctx, int64(superseded), metric.WithAttributes(m.service, m.stream, attribute.String("result", "superseded")))
	}
}

func (m meters) failed(ctx context.Context, t event.Type, result string) {
	m.events.Add(ctx, 1, metric.WithAttributes(m.service, m.stream, attribute.String("type", string(t)), attribute.String("result", result)))
}

// observe measures lag and dead letters every two seconds until the returned func is called.
func (w *worker) observe(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			w.look(ctx)
			wait(ctx, 2*time.Second)
		}
	}()
	return func() { cancel(); <-done }
}

func (w *worker) look(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if consumer, err := w.conn.JS.Consumer(ctx, w.stream, w.Name); err == nil {
		info := consumer.CachedInfo()
		w.meter.lag.Record(ctx, int64(info.NumPending)+int64(info.NumAckPending), metric.WithAttributes(w.meter.service, w.meter.stream))
	}
	if err := w.redriveAll(ctx); err != nil {
		slog.Debug("redriving", "error", pg.Safe(err))
	}
	var dead, parked int64
	err := w.DB.QueryRow(ctx, `
		SELECT count(*) FILTER (WHERE NOT parked), count(*) FILTER (WHERE parked)
		FROM dead_letter
		WHERE consumer = $1 AND stream = $2 AND redriven_at IS NULL`, w.Name, w.stream).Scan(&dead, &parked)
	if err != nil {
		slog.Debug("counting dead letters", "error", err.Error())
		return
	}
	w.meter.gauges.Record(ctx, dead, metric.WithAttributes(w.meter.service, w.meter.stream, attribute.Bool("parked", false)))
	w.meter.gauges.Record(ctx, parked, metric.WithAttributes(w.meter.service, w.meter.stream, attribute.Bool("parked", true)))
}

// spans are those of the sampled messages of a batch.
type spans []trace.Span

// startSpans continues the trace of each sampled message: the rest of a batch costs nothing.
func startSpans(ctx context.Context, service string, in []*incoming) spans {
	var out spans
	for _, m := range in {
		if m.span != nil || !strings.HasSuffix(m.env.TraceParent, "-01") {
			continue
		}
		remote, ok := ParseTraceParent(m.env.TraceParent)
		if !ok {
			continue
		}
		_, span := otel.Tracer("dtks/bus").Start(trace.ContextWithRemoteSpanContext(ctx, remote), "process "+string(m.at.Type),
			trace.WithSpanKind(trace.SpanKindConsumer),
			trace.WithAttributes(
				attribute.String("messaging.system", "nats"),
				attribute.String("messaging.consumer.group.name", service),
				attribute.String("messaging.message.id", m.env.ID)))
		m.span = span
		out = append(out, span)
	}
	return out
}

func (s spans) end() {
	for _, span := range s {
		span.End()
	}
}

// ParseTraceParent reads a W3C traceparent.
func ParseTraceParent(s string) (trace.SpanContext, bool) {
	if len(s) != 55 {
		return trace.SpanContext{}, false
	}
	traceID, err1 := trace.TraceIDFromHex(s[3:35])
	spanID, err2 := trace.SpanIDFromHex(s[36:52])
	if err1 != nil || err2 != nil {
		return trace.SpanContext{}, false
	}
	flags := trace.TraceFlags(0)
	if s[53:55] == "01" {
		flags = trace.FlagsSampled
	}
	return trace.NewSpanContext(trace.SpanContextConfig{TraceID: traceID, SpanID: spanID, TraceFlags: flags, Remote: true}), true
}
