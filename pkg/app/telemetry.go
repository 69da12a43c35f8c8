package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	promexporter "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/propagation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/exemplar"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// Telemetry sets the process-wide tracer and meter. Metrics go to Prometheus' default registry, which package web serves
// at /metrics. Spans are recorded only where something takes them (TRACE_FILE or an OTLP endpoint); trace ids exist and
// travel in any case. shutdown writes out what is left.
func Telemetry(ctx context.Context, name string, c Common) (shutdown func(context.Context) error, err error) {
	otel.SetTextMapPropagator(propagation.TraceContext{}) // no baggage: what callers put there would travel unseen
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { slog.Warn("telemetry", "error", err) }))
	res := resource.NewSchemaless(attribute.String("service.name", name), attribute.Int("process.pid", os.Getpid()))

	tracer, err := newTracer(c, res)
	if err != nil {
		return nil, err
	}
	exporter, err := promexporter.New()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("making the metrics exporter: %w", err), tracer.Shutdown(ctx))
	}
	meter := sdkmetric.NewMeterProvider(sdkmetric.WithReader(exporter), sdkmetric.WithResource(res),
		sdkmetric.WithView(httpView()),
		// A trace's ids as exemplars are longer than the exposition allows: each scrape would log a warning.
		sdkmetric.WithExemplarFilter(exemplar.AlwaysOffFilter))
	otel.SetTracerProvider(tracer)
	otel.SetMeterProvider(meter)
	return func(ctx context.Context) error {
		return errors.Join(tracer.Shutdown(ctx), meter.Shutdown(ctx))
	}, nil
}

func newTracer(c Common, res *resource.Resource) (*sdktrace.TracerProvider, error) {
	options := []sdktrace.TracerProviderOption{sdktrace.WithResource(res)}
	sampler := sdktrace.NeverSample()
	if c.TraceFile != "" || c.OTLPEndpoint != "" {
		sampler = sdktrace.ParentBased(sdktrace.TraceIDRatioBased(c.TraceRatio))
	}
	if c.TraceFile != "" {
		file, err := os.OpenFile(c.TraceFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, Usage(fmt.Errorf("opening TRACE_FILE: %w", err))
		}
		options = append(options, sdktrace.WithBatcher(&fileExporter{file}, sdktrace.WithBatchTimeout(fileDelay)))
	}
	if c.OTLPEndpoint != "" {
		options = append(options, sdktrace.WithBatcher(newHTTPExporter(c.OTLPEndpoint)))
	}
	return sdktrace.NewTracerProvider(append(options, sdktrace.WithSampler(sampler))...), nil
}

// httpView keeps of the HTTP server's metrics the attributes with few values; ports and addresses would multiply them.
func httpView() sdkmetric.View {
	keep := attribute.NewAllowKeysFilter("http.route", "http.request.method", "http.response.status_code")
	return sdkmetric.NewView(sdkmetric.Instrument{Name: "http.server.*"}, sdkmetric.Stream{AttributeFilter: keep})
}
