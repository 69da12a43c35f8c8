package app

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/trace"
)

// recorder notes the order in which parts end.
type recorder struct {
	mu    sync.Mutex
	ended []string
}

func (r *recorder) part(name string) Part {
	return Part{Name: name, Run: func(ctx context.Context) error {
		<-ctx.Done()
		r.mu.Lock()
		defer r.mu.Unlock()
		r.ended = append(r.ended, name)
		return nil
	}}
}

func TestRun(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	reversed := []string{"third", "second", "first"}

	t.Run("StopsInReverseOrder", func(t *testing.T) {
		t.Parallel()
		var r recorder
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := Run(ctx, r.part("first"), r.part("second"), r.part("third")); err != nil {
			t.Fatalf("got %v, want nil", err)
		}
		if d := cmp.Diff(reversed, r.ended); d != "" {
			t.Error(d)
		}
	})
	t.Run("FirstFailureStopsAll", func(t *testing.T) {
		t.Parallel()
		var r recorder
		broken := Part{Name: "broken", Run: func(context.Context) error { return boom }}
		err := Run(t.Context(), r.part("first"), r.part("second"), r.part("third"), broken)
		if !errors.Is(err, boom) || !strings.HasPrefix(err.Error(), "broken: ") {
			t.Errorf("got %v, want broken: boom", err)
		}
		if d := cmp.Diff(reversed, r.ended); d != "" {
			t.Error(d)
		}
	})
	t.Run("EndedPartIsNoFailure", func(t *testing.T) {
		t.Parallel()
		once := Part{Name: "once", Run: func(context.Context) error { return nil }}
		if err := Run(t.Context(), once, once); err != nil {
			t.Errorf("got %v, want nil", err)
		}
	})
	t.Run("FailureWhileStoppingIsReported", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		late := Part{Name: "late", Run: func(ctx context.Context) error { <-ctx.Done(); return boom }}
		if err := Run(ctx, late); !errors.Is(err, boom) {
			t.Errorf("got %v, want boom", err)
		}
	})
}

func TestLoad(t *testing.T) {
	t.Parallel()
	type config struct {
		Common
		Limit int    `env:"LIMIT" envDefault:"7"`
		Key   string `env:"KEY,required"`
	}
	t.Run("OK", func(t *testing.T) {
		t.Parallel()
		values := map[string]string{"DATABASE_URL": "postgres://x", "KEY": "k", "TRACE_RATIO": "1"}
		var c config
		if err := Load(func(name string) string { return values[name] }, &c); err != nil {
			t.Fatal(err)
		}
		if c.DatabaseURL != "postgres://x" || c.Limit != 7 || c.TraceRatio != 1 || c.OIDCAudience != "dtks" {
			t.Errorf("got %+v", c)
		}
	})
	t.Run("AllErrorsAtOnceWithoutValues", func(t *testing.T) {
		t.Parallel()
		values := map[string]string{"LIMIT": "secret"}
		err := Load(func(name string) string { return values[name] }, &config{})
		if err == nil {
			t.Fatal("got nil, want an error")
		}
		for _, want := range []string{"DATABASE_URL is required", "KEY is required", "Limit is not a valid int"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("got %q, want it to contain %q", err, want)
			}
		}
		if strings.Contains(err.Error(), "secret") {
			t.Errorf("the value is in the error: %q", err)
		}
		if exitCode(err) != exitUsage {
			t.Errorf("got exit code %d, want %d", exitCode(err), exitUsage)
		}
	})
}

func TestDispatch(t *testing.T) {
	t.Parallel()
	var ran []string
	serve := func(context.Context, func(string) string) error { ran = append(ran, "serve"); return nil }
	check := func(_ context.Context, _ func(string) string, args []string) error {
		ran = append(ran, "check "+strings.Join(args, ","))
		return Exit(3, errors.New("found one"))
	}
	commands := map[string]Command{"check": check}
	codes := []int{
		exitCode(dispatch(t.Context(), os.Getenv, nil, serve, commands)),
		exitCode(dispatch(t.Context(), os.Getenv, []string{"check", "a", "b"}, serve, commands)),
		exitCode(dispatch(t.Context(), os.Getenv, []string{"chekc"}, serve, commands)),
	}
	if d := cmp.Diff([]int{exitOK, 3, exitUsage}, codes); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"serve", "check a,b"}, ran); d != "" {
		t.Error(d)
	}
}

func TestReadyCommand(t *testing.T) {
	t.Parallel()
	status := http.StatusServiceUnavailable
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/readyz" {
			t.Errorf("asked for %s", r.URL.Path)
		}
		w.WriteHeader(status)
	}))
	t.Cleanup(server.Close)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	ask := func(addr string) int {
		getenv := func(string) string { return addr }
		return exitCode(dispatch(t.Context(), getenv, []string{"ready"}, nil, nil))
	}
	codes := []int{ask(":" + port), ask("none")}
	status = http.StatusOK
	codes = append(codes, ask(":"+port), ask("0.0.0.0:"+port))
	if d := cmp.Diff([]int{exitFailed, exitUsage, exitOK, exitOK}, codes); d != "" {
		t.Error(d)
	}
}

func TestLog(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := slog.New(newHandler(&out, "sample", "")).With("kept", "x")
	id, err := trace.TraceIDFromHex("12345678901234567890123456789012")
	if err != nil {
		t.Fatal(err)
	}
	ctx := trace.ContextWithSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{TraceID: id}))
	log.InfoContext(ctx, "got 3204101003879001", "error", errors.New("near 3204101003879001"), "text", "3204101003879001")
	log.Debug("not written")
	got := out.String()
	if !strings.Contains(got, `"trace_id":"12345678901234567890123456789012"`) || !strings.Contains(got, `"service":"sample"`) {
		t.Errorf("trace id or service is missing: %s", got)
	}
	if strings.Contains(got, "3204101003879001") || strings.Count(got, "[number]") != 3 {
		t.Errorf("a 16-digit number was logged: %s", got)
	}
	if strings.Contains(got, "not written") {
		t.Errorf("debug was logged at level info: %s", got)
	}
}

func TestTraceFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "spans.jsonl")
	res := resource.NewSchemaless(attribute.String("service.name", "sample"))
	tracer, err := newTracer(Common{TraceFile: path, TraceRatio: 1}, res)
	if err != nil {
		t.Fatal(err)
	}
	ctx, parent := tracer.Tracer("test").Start(t.Context(), "parent", trace.WithSpanKind(trace.SpanKindServer))
	_, child := tracer.Tracer("test").Start(ctx, "child")
	child.End()
	parent.End()
	if err := tracer.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	spans, err := ReadSpans(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(spans) != 2 {
		t.Fatalf("got %d spans, want 2", len(spans))
	}
	want := []Span{
		{Service: "sample", Name: "child", TraceID: parent.SpanContext().TraceID().String(),
			SpanID: child.SpanContext().SpanID().String(), ParentID: parent.SpanContext().SpanID().String()},
		{Service: "sample", Name: "parent", TraceID: parent.SpanContext().TraceID().String(),
			SpanID: parent.SpanContext().SpanID().String()},
	}
	if d := cmp.Diff(want, spans); d != "" {
		t.Error(d)
	}
}
