// Package web serves HTTP the same way in all services: OpenAPI operations on chi, problem+json without values, request
// ids, limits and timeouts, health, readiness, metrics and offline documentation.
package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/go-chi/chi/v5"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/swaggest/swgui/v5emb"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"

	"dtks/pkg/app"
	"dtks/pkg/auth"
	"dtks/pkg/event"
)

// Limits of the server. An operation may set its own body limit.
const (
	maxBody      = 1 << 20  // of one resource
	maxBatchBody = 16 << 20 // of a path that ends in /batch, and of everything outside of huma
	headTimeout  = 5 * time.Second
	bodyTimeout  = 30 * time.Second
	workTimeout  = 30 * time.Second // of a handler registered here
	writeTimeout = 60 * time.Second // a stream lifts it with http.ResponseController
	idleTimeout  = 2 * time.Minute
	stopTimeout  = 15 * time.Second // for requests under way when the server stops
	readyTimeout = 2 * time.Second  // of each readiness check
)

// Server is the HTTP side of a service. Operations go to API through Register; pages and streams go to Router and
// authenticate for themselves.
type Server struct {
	API    huma.API
	Router chi.Router

	handler  http.Handler
	verifier *auth.Verifier
	ready    []func(context.Context) error
	stopping chan struct{}
	stop     func()
}

// New makes a server for the service called name. v checks bearer tokens; nil refuses every protected operation. ready
// are asked at /readyz; they must be quick and say nothing secret.
func New(name string, v *auth.Verifier, ready ...func(context.Context) error) *Server {
	replaceErrors()
	router := chi.NewRouter()
	s := &Server{Router: router, verifier: v, ready: ready, stopping: make(chan struct{})}
	s.stop = sync.OnceFunc(func() { close(s.stopping) })
	router.Use(requestID, recovered, guarded, routed)
	router.NotFound(notFound)
	router.MethodNotAllowed(methodNotAllowed)
	s.API = humachi.New(router, config(name))
	s.API.UseMiddleware(withTimeout, s.authenticated)

	router.Get("/healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	router.Get("/readyz", s.readyz)
	router.Method(http.MethodGet, "/metrics", promhttp.Handler())
	docs := v5emb.New(name, "/openapi.json", "/docs/")
	router.Get("/docs", http.RedirectHandler("/docs/", http.StatusMovedPermanently).ServeHTTP)
	router.Method(http.MethodGet, "/docs/*", docs)

	s.handler = otelhttp.NewHandler(router, name, otelhttp.WithFilter(traced))
	return s
}

func config(name string) huma.Config {
	c := huma.DefaultConfig("DTKS "+name, "1")
	c.DocsPath = ""     // huma's page loads from elsewhere; /docs is served from the binary
	c.CreateHooks = nil // no $schema links in bodies
	c.SchemasPath = ""
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		bearer: {Type: "http", Scheme: "bearer", BearerFormat: "JWT"},
	}
	format := huma.Format{Marshal: huma.DefaultJSONFormat.Marshal, Unmarshal: event.Unmarshal}
	c.Formats = map[string]huma.Format{"application/json": format, "json": format}
	return c
}

// ServeHTTP lets tests run the server on a listener of their own.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Stopping is closed when the server begins to stop. Streams must end then, or they hold up the stop.
func (s *Server) Stopping() <-chan struct{} { return s.stopping }

// Part serves on addr until its context ends; then requests under way may finish, at most 15 s.
func (s *Server) Part(addr string) app.Part {
	return app.Part{Name: "http", Run: func(ctx context.Context) error {
		listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
		if err != nil {
			return fmt.Errorf("listening: %w", err)
		}
		slog.Info("serving http", "addr", listener.Addr().String())
		server := &http.Server{
			Handler:           s,
			ReadHeaderTimeout: headTimeout,
			ReadTimeout:       bodyTimeout,
			WriteTimeout:      writeTimeout,
			IdleTimeout:       idleTimeout,
			ErrorLog:          slog.NewLogLogger(slog.Default().Handler(), slog.LevelDebug),
		}
		failed := make(chan error, 1)
		go func() { failed <- server.Serve(listener) }()
		select {
		case err := <-failed:
			return err
		case <-ctx.Done():
		}
		s.stop()
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		if err := server.Shutdown(grace); err != nil && !errors.Is(err, http.ErrServerClosed) {
			return errors.Join(fmt.Errorf("requests were cut off: %w", err), server.Close())
		}
		return nil
	}}
}
