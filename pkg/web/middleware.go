package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"dtks/pkg/auth"
	"dtks/pkg/fault"
	"dtks/pkg/web/problem"
)

const requestIDHeader = "X-Request-Id"

// requestID gives each request an id, the caller's own where it is a UUID. Anything else a caller sends is not taken
// over: it would be logged.
func requestID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, err := uuid.Parse(r.Header.Get(requestIDHeader))
		if err != nil {
			id = uuid.Must(uuid.NewV7())
		}
		w.Header().Set(requestIDHeader, id.String())
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), requestKey{}, id.String())))
	})
}

type requestKey struct{}

// RequestID is the id of the request that ctx belongs to, empty outside of one.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestKey{}).(string)
	return id
}

// recovered turns a panic into a 500 that says nothing of it.
func recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			cause := recover()
			if cause == nil {
				return
			}
			if err, ok := cause.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(cause) // the server's own way to cut a connection
			}
			slog.ErrorContext(r.Context(), "panic", "type", fmt.Sprintf("%T", cause), "stack", string(debug.Stack()))
			problem.Write(w, r, fmt.Errorf("panic of type %T", cause))
		}()
		next.ServeHTTP(w, r)
	})
}

// guarded sets the headers that keep answers private, and the outer size limit.
func guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		if strings.HasPrefix(r.URL.Path, "/v1/") {
			w.Header().Set("Cache-Control", "no-store")
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBatchBody)
		next.ServeHTTP(w, r)
	})
}

// routed names span and metrics by the route's pattern, once it is known; a path would hold ids.
func routed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r)
		route := chi.RouteContext(r.Context()).RoutePattern()
		if route == "" {
			route = "unmatched"
		}
		if labeler, ok := otelhttp.LabelerFromContext(r.Context()); ok {
			labeler.Add(attribute.String("http.route", route))
		}
		span := trace.SpanFromContext(r.Context())
		span.SetName(r.Method + " " + route)
		// What somebody put into the path or the query may be a NIK: the pattern replaces it.
		span.SetAttributes(attribute.String("http.route", route), attribute.String("url.path", route), attribute.String("url.query", ""))
	})
}

// traced keeps probes and scrapes out of traces and request metrics.
func traced(r *http.Request) bool {
	switch r.URL.Path {
	case "/healthz", "/readyz", "/metrics":
		return false
	}
	return true
}

// withTimeout bounds the work of an operation.
func withTimeout(c huma.Context, next func(huma.Context)) {
	ctx, cancel := context.WithTimeout(c.Context(), workTimeout)
	defer cancel()
	next(huma.WithContext(c, ctx))
}

// authenticated asks for a token wherever the operation does, and puts the principal into the context.
func (s *Server) authenticated(c huma.Context, next func(huma.Context)) {
	if len(c.Operation().Security) == 0 {
		next(c)
		return
	}
	p, err := s.verifier.Authenticate(c.Context(), c.Header("Authorization"))
	if err != nil {
		r, w := humachi.Unwrap(c)
		problem.Write(w, r, err)
		return
	}
	next(huma.WithContext(c, auth.With(c.Context(), p)))
}

func notFound(w http.ResponseWriter, r *http.Request) {
	problem.Write(w, r, fault.New(fault.NotFound, "no_such_path",
		"Alamat ini tidak ada.", "There is nothing at this path."))
}

func methodNotAllowed(w http.ResponseWriter, r *http.Request) {
	problem.Write(w, r, problem.New(http.StatusMethodNotAllowed, fault.Invalid, "method_not_allowed",
		fault.Text{ID: "Metode ini tidak didukung di alamat ini.", EN: "This path does not support this method."}))
}

var errStopping = errors.New("stopping")

// readyz answers 200 when every check passes and the server is not stopping, else 503. What is wrong goes to the log;
// the answer carries reason codes only.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	errs := make([]error, len(s.ready)+1)
	select {
	case <-s.stopping:
		errs[len(s.ready)] = errStopping
	default:
	}
	ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
	defer cancel()
	var wg sync.WaitGroup
	for i, check := range s.ready {
		wg.Go(func() { errs[i] = check(ctx) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		slog.WarnContext(r.Context(), "not ready", "error", err)
		f := fault.New(fault.Unavailable, "not_ready", "Layanan belum siap.", "The service is not ready.")
		var known *fault.Error
		if errors.As(err, &known) {
			f.Details = []fault.Detail{{Field: "readiness", Code: known.Code, Text: known.Text}}
		}
		problem.Write(w, r, f)
		return
	}
	_, _ = w.Write([]byte("ready\n"))
}
