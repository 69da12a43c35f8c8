package app

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// The JSON form of OTLP traces, as far as it is used here. It is written by hand because the official exporter brings
// gRPC and protobuf along, three times the size of a service.
type (
	otlpTraces struct {
		ResourceSpans []otlpResourceSpans `json:"resourceSpans"`
	}
	otlpResourceSpans struct {
		Resource   otlpResource     `json:"resource"`
		ScopeSpans []otlpScopeSpans `json:"scopeSpans"`
	}
	otlpResource struct {
		Attributes []otlpAttribute `json:"attributes"`
	}
	otlpScopeSpans struct {
		Scope otlpScope  `json:"scope"`
		Spans []otlpSpan `json:"spans"`
	}
	otlpScope struct {
		Name string `json:"name"`
	}
	otlpSpan struct {
		TraceID      string          `json:"traceId"`
		SpanID       string          `json:"spanId"`
		ParentSpanID string          `json:"parentSpanId,omitempty"`
		Name         string          `json:"name"`
		Kind         int             `json:"kind"`
		Start        string          `json:"startTimeUnixNano"`
		End          string          `json:"endTimeUnixNano"`
		Attributes   []otlpAttribute `json:"attributes,omitempty"`
		Links        []otlpLink      `json:"links,omitempty"`
		Status       otlpStatus      `json:"status"`
	}
	otlpLink struct {
		TraceID string `json:"traceId"`
		SpanID  string `json:"spanId"`
	}
	otlpStatus struct {
		Code int `json:"code,omitempty"` // 0 unset, 1 ok, 2 error
	}
	otlpAttribute struct {
		Key   string         `json:"key"`
		Value map[string]any `json:"value"`
	}
)

// encode turns spans into one document. Status texts and events (which hold error texts) are left out: they may quote
// what a user sent.
func encode(spans []sdktrace.ReadOnlySpan) otlpTraces {
	var scopes []otlpScopeSpans
	at := map[string]int{}
	for _, s := range spans {
		name := s.InstrumentationScope().Name
		i, ok := at[name]
		if !ok {
			i = len(scopes)
			at[name] = i
			scopes = append(scopes, otlpScopeSpans{Scope: otlpScope{name}})
		}
		scopes[i].Spans = append(scopes[i].Spans, encodeSpan(s))
	}
	var res *resource.Resource
	if len(spans) > 0 {
		res = spans[0].Resource()
	}
	return otlpTraces{[]otlpResourceSpans{{
		Resource:   otlpResource{encodeAttributes(res.Attributes())},
		ScopeSpans: scopes,
	}}}
}

func encodeSpan(s sdktrace.ReadOnlySpan) otlpSpan {
	id := s.SpanContext()
	out := otlpSpan{
		TraceID:    id.TraceID().String(),
		SpanID:     id.SpanID().String(),
		Name:       s.Name(),
		Kind:       int(s.SpanKind()), // the API numbers kinds as OTLP does
		Start:      strconv.FormatInt(s.StartTime().UnixNano(), 10),
		End:        strconv.FormatInt(s.EndTime().UnixNano(), 10),
		Attributes: encodeAttributes(s.Attributes()),
	}
	if s.Parent().HasSpanID() {
		parent := s.Parent().SpanID()
		out.ParentSpanID = hex.EncodeToString(parent[:])
	}
	for _, link := range s.Links() {
		out.Links = append(out.Links,
			otlpLink{link.SpanContext.TraceID().String(), link.SpanContext.SpanID().String()})
	}
	switch s.Status().Code {
	case codes.Ok:
		out.Status.Code = 1
	case codes.Error:
		out.Status.Code = 2
	}
	return out
}

func encodeAttributes(attributes []attribute.KeyValue) []otlpAttribute {
	out := make([]otlpAttribute, 0, len(attributes))
	for _, a := range attributes {
		var value map[string]any
		switch a.Value.Type() {
		case attribute.BOOL:
			value = map[string]any{"boolValue": a.Value.AsBool()}
		case attribute.INT64:
			value = map[string]any{"intValue": strconv.FormatInt(a.Value.AsInt64(), 10)}
		case attribute.FLOAT64:
			value = map[string]any{"doubleValue": a.Value.AsFloat64()}
		default:
			value = map[string]any{"stringValue": a.Value.String()}
		}
		out = append(out, otlpAttribute{string(a.Key), value})
	}
	return out
}

// fileDelay is short because the file is for people and tests who look at it right away.
const fileDelay = 200 * time.Millisecond

// fileExporter appends one document with one span per line.
type fileExporter struct{ file *os.File }

// ExportSpans writes all lines at once, so that several programs may share a file.
func (e *fileExporter) ExportSpans(_ context.Context, spans []sdktrace.ReadOnlySpan) error {
	var lines bytes.Buffer
	enc := json.NewEncoder(&lines)
	for _, s := range spans {
		if err := enc.Encode(encode([]sdktrace.ReadOnlySpan{s})); err != nil {
			return fmt.Errorf("encoding a span: %w", err)
		}
	}
	if _, err := e.file.Write(lines.Bytes()); err != nil {
		return fmt.Errorf("writing spans: %w", err)
	}
	return nil
}

func (e *fileExporter) Shutdown(context.Context) error { return e.file.Close() }

// httpExporter posts spans to an OTLP/HTTP collector.
type httpExporter struct {
	url    string
	client *http.Client
}

func newHTTPExporter(endpoint string) *httpExporter {
	return &httpExporter{
		url:    strings.TrimSuffix(endpoint, "/") + "/v1/traces",
		client: &http.Client{Timeout: 10 * time.Second},
	}
}

// ExportSpans posts one batch. What the collector does not take is dropped: a service never waits for its traces.
func (e *httpExporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	body, err := json.Marshal(encode(spans))
	if err != nil {
		return fmt.Errorf("encoding spans: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.url, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("making the OTLP request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	answer, err := e.client.Do(req)
	if err != nil {
		return fmt.Errorf("posting spans: %w", err)
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 1<<16))
	if answer.StatusCode/100 != 2 {
		return fmt.Errorf("posting spans: status %d", answer.StatusCode)
	}
	return nil
}

func (e *httpExporter) Shutdown(context.Context) error {
	e.client.CloseIdleConnections()
	return nil
}
