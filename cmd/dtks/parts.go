package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"dtks/cmd/dtks/issuer"
	"dtks/cmd/dtks/mail"
)

// BrokerCmd runs the NATS server. It is the same server, with the same configuration file, as a stock nats-server.
type BrokerCmd struct {
	Config string `help:"Configuration file, as written by dtks provision." required:"" type:"existingfile"`
}

// Run serves until ctx ends; the store is closed in order.
func (c *BrokerCmd) Run(ctx context.Context) error {
	opts, err := server.ProcessConfigFile(c.Config)
	if err != nil {
		return fmt.Errorf("reading the broker's configuration: %w", err)
	}
	opts.NoSigs = true
	s, err := server.NewServer(opts)
	if err != nil {
		return fmt.Errorf("preparing the broker: %w", err)
	}
	s.ConfigureLogger()
	go s.Start()
	if !s.ReadyForConnections(30 * time.Second) {
		s.Shutdown()
		return errors.New("the broker takes no connections: its log says why")
	}
	ended := make(chan struct{})
	go func() { s.WaitForShutdown(); close(ended) }()
	select {
	case <-ctx.Done():
	case <-ended: // it gave up by itself, for instance because its store failed
		return errors.New("the broker has stopped by itself: its log says why")
	}
	s.Shutdown()
	s.WaitForShutdown()
	return nil
}

// IssuerCmd runs the development issuer.
type IssuerCmd struct {
	Addr     string   `help:"Address to listen on; loopback only, unless --private-network." default:"127.0.0.1:8406"`
	Private  bool     `help:"Listen on any address: for a container network that nobody else can reach." name:"private-network"`
	URL      string   `help:"Its own address as clients see it; http://ADDR when empty."`
	Audience string   `help:"Audience of access tokens." default:"dtks"`
	Key      string   `help:"File of the signing key; made when missing." required:""`
	Secret   string   `help:"File of the command line's secret; without it there is no direct grant."`
	Redirect []string `help:"Origin that a sign-in may return to; may be repeated." default:"http://localhost:8400"`
}

// Run serves until ctx ends.
func (c *IssuerCmd) Run(ctx context.Context) error {
	host, _, err := net.SplitHostPort(c.Addr)
	if ip := net.ParseIP(host); err != nil || !c.Private && (ip == nil || !ip.IsLoopback()) {
		return errors.New("the development issuer listens on a loopback address only: it signs anybody in")
	}
	cfg := issuer.Config{URL: c.URL, Audience: c.Audience, KeyFile: c.Key, Redirects: c.Redirect}
	if cfg.URL == "" {
		cfg.URL = "http://" + c.Addr
	}
	if c.Secret != "" {
		secret, err := os.ReadFile(c.Secret)
		if err != nil {
			return fmt.Errorf("reading the command line's secret: %w", err)
		}
		cfg.Secret = strings.TrimSpace(string(secret))
	}
	i, err := issuer.New(cfg)
	if err != nil {
		return err
	}
	return serve(ctx, c.Addr, i.Handler())
}

// MailCmd runs the mail catcher.
type MailCmd struct {
	SMTP string `help:"Address for SMTP." default:"127.0.0.1:8408"`
	Addr string `help:"Address of the web page." default:"127.0.0.1:8409"`
	Dir  string `help:"Folder that keeps the messages." required:""`
}

// Run serves SMTP and the page until ctx ends or one of them fails.
func (c *MailCmd) Run(ctx context.Context) error {
	box, err := mail.OpenBox(c.Dir)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", c.SMTP)
	if err != nil {
		return fmt.Errorf("listening for mail: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 2)
	go func() { ended <- mail.ServeSMTP(ctx, l, box) }()
	go func() { ended <- serve(ctx, c.Addr, mail.Handler(box)) }()
	first := <-ended
	cancel()
	return errors.Join(first, <-ended)
}

// serve is an HTTP server with limits, until ctx ends.
func serve(ctx context.Context, addr string, h http.Handler) error {
	s := &http.Server{
		Addr: addr, Handler: h,
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute,
	}
	stop := context.AfterFunc(ctx, func() {
		end, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = s.Shutdown(end)
	})
	defer stop()
	if err := s.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving on %s: %w", addr, err)
	}
	return nil
}
