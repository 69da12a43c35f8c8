package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// readyCommand is a subcommand that every program has: a container's health check, where there is neither shell nor curl.
const readyCommand = "ready"

// readyTimeout bounds the question; whoever asks comes again.
const readyTimeout = 4 * time.Second

// ready asks the program that serves at ADDR, on this host, whether it is ready.
func ready(ctx context.Context, getenv func(string) string) error {
	host, port, err := net.SplitHostPort(getenv("ADDR"))
	if err != nil {
		return Usage(errors.New("ADDR must be host:port"))
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/readyz", nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("asking for readiness: %w", err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("not ready: %d", resp.StatusCode)
	}
	return nil
}
