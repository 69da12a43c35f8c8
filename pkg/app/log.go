package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"regexp"

	"go.opentelemetry.io/otel/trace"
)

// newHandler makes the JSON log of a program: its name, the trace id of what is logged, and no 16-digit numbers.
func newHandler(w io.Writer, name, level string) slog.Handler {
	var l slog.Level // info, also where level cannot be read: Load has checked it by then
	if level != "" {
		_ = l.UnmarshalText([]byte(level))
	}
	h := slog.NewJSONHandler(w, &slog.HandlerOptions{Level: l, ReplaceAttr: mask})
	return traced{h.WithAttrs([]slog.Attr{slog.String("service", name)})}
}

// longNumber matches what may be a NIK or KK.
var longNumber = regexp.MustCompile(`\d{16,}`)

// mask is a second net under the rule that no NIK or KK is ever logged: texts of drivers and foreign systems may quote
// what they were given.
func mask(_ []string, a slog.Attr) slog.Attr {
	switch a.Value.Kind() {
	case slog.KindString:
		return masked(a, a.Value.String())
	case slog.KindAny:
		switch v := a.Value.Any().(type) {
		case error:
			return masked(a, v.Error())
		case fmt.Stringer:
			return masked(a, v.String())
		}
	}
	return a
}

func masked(a slog.Attr, s string) slog.Attr {
	if a.Key == "trace_id" { // 32 hexadecimal digits may be decimal for a stretch
		return a
	}
	a.Value = slog.StringValue(longNumber.ReplaceAllString(s, "[number]"))
	return a
}

// traced adds the trace id of the context.
type traced struct{ slog.Handler }

func (h traced) Handle(ctx context.Context, r slog.Record) error {
	if span := trace.SpanContextFromContext(ctx); span.HasTraceID() {
		r.AddAttrs(slog.String("trace_id", span.TraceID().String()))
	}
	return h.Handler.Handle(ctx, r)
}

func (h traced) WithAttrs(attrs []slog.Attr) slog.Handler { return traced{h.Handler.WithAttrs(attrs)} }

func (h traced) WithGroup(name string) slog.Handler { return traced{h.Handler.WithGroup(name)} }
