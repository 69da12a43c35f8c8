// Dukcapil-sim stands in for the civil registry's web service in tests, benchmarks and the local stack.
//
// It speaks CALL_VERIFY_BY_ELEMEN as public clients show it: HTTP 200 with errors inside, "Sesuai (100)" on text
// fields, the key spelt TRESHOLD. Quota, access hours, latency and faults are switched while it runs. It answers from a
// file of synthetic people only, keeps no personal data beyond that file and logs no NIK. It shares no code with the
// services, because the thing it stands for does not either.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const usage = `dukcapil-sim [serve] [--addr HOST:PORT] [--civil FILE] [--synthetic] [key=value ...]
dukcapil-sim mode   [--url URL] [key=value ...]   show or change quota, hours, latency, faults
dukcapil-sim counts [--url URL] [--reset]         calls received, persons asked about, repeats
dukcapil-sim reload [--url URL]                   read the civil file again
dukcapil-sim append [--url URL] FILE              add or replace people from another CSV
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "dukcapil-sim:", err)
		}
		os.Exit(2)
	}
}

// run picks the subcommand; no subcommand means serve.
func run(ctx context.Context, args []string, getenv func(string) string, out, logs io.Writer) error {
	if len(args) > 0 {
		switch args[0] {
		case "mode", "counts", "reload", "append":
			return remote(ctx, args[0], args[1:], getenv, out)
		case "serve":
			args = args[1:]
		}
	}
	return serve(ctx, args, getenv, logs)
}

// serve answers until ctx ends. The line "listening" on standard error carries the address, so that --addr :0 works.
func serve(ctx context.Context, args []string, getenv func(string) string, logs io.Writer) error {
	flags := flag.NewFlagSet("dukcapil-sim", flag.ContinueOnError)
	flags.Usage = func() { fmt.Fprint(logs, usage); flags.PrintDefaults() }
	addr := flags.String("addr", either(getenv("ADDR"), "127.0.0.1:8407"), "address to listen on (ADDR)")
	civil := flags.String("civil", getenv("CIVIL_FILE"), "CSV of the synthetic civil registry (CIVIL_FILE)")
	synthetic := flags.Bool("synthetic", getenv("SYNTHETIC") == "true", "every well-formed NIK not in the file is found and agrees (SYNTHETIC=true)")
	if err := flags.Parse(args); err != nil {
		return err
	}
	log := slog.New(slog.NewJSONHandler(logs, nil)).With("service", "dukcapil-sim")
	s, err := newSimulator(log, *civil)
	if err != nil {
		return err
	}
	settings, err := pairs(flags.Args())
	if err != nil {
		return err
	}
	settings["synthetic"] = fmt.Sprint(*synthetic)
	if err := s.change(settings); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		return err
	}
	log.Info("listening", "addr", listener.Addr().String(), "people", s.people.size(), "synthetic", *synthetic)
	return s.serveOn(ctx, listener)
}

// serveOn serves until ctx ends; calls that hang or drip are let go then.
func (s *simulator) serveOn(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler:           s.routes(),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		return server.Close()
	}
	return nil
}

func either(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
