package main

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"dtks/pkg/app"
)

// config is the console's environment.
type config struct {
	app.Common

	PublicURL    string `env:"PUBLIC_URL" envDefault:"http://localhost:8400"` // as browsers reach it; the issuer returns there
	OIDCClientID string `env:"OIDC_CLIENT_ID" envDefault:"dtks-console"`
	ServiceURLs  string `env:"SERVICE_URLS"` // registry=http://host:port,… ; default: the ports that follow ADDR's
}

// watched are the services that the console asks for readiness and figures, in the order of the local stack's ports.
var watched = []string{"registry", "verification", "nik-match", "eligibility", "notify"}

func loadConfig(getenv func(string) string) (config, error) {
	var cfg config
	if err := app.Load(getenv, &cfg); err != nil {
		return cfg, err
	}
	cfg.PublicURL = strings.TrimRight(cfg.PublicURL, "/")
	if u, err := url.Parse(cfg.PublicURL); err != nil || u.Host == "" || u.Path != "" {
		return cfg, app.Usage(fmt.Errorf("PUBLIC_URL must be an origin such as https://dtks.example.go.id"))
	}
	if _, err := cfg.endpoints(); err != nil {
		return cfg, app.Usage(err)
	}
	return cfg, nil
}

// endpoints are the services to watch.
func (c config) endpoints() ([]endpoint, error) {
	if c.ServiceURLs == "" {
		return besides(c.Addr), nil
	}
	var out []endpoint
	for entry := range strings.SplitSeq(c.ServiceURLs, ",") {
		name, address, ok := strings.Cut(strings.TrimSpace(entry), "=")
		if u, err := url.Parse(address); !ok || err != nil || u.Host == "" {
			return nil, fmt.Errorf("SERVICE_URLS must read name=http://host:port,…")
		}
		out = append(out, endpoint{name, strings.TrimRight(address, "/")})
	}
	return out, nil
}

// besides are the services on the ports after the console's own, as the local stack numbers them.
func besides(addr string) []endpoint {
	host, port, err := net.SplitHostPort(addr)
	base, err2 := strconv.Atoi(port)
	if err != nil || err2 != nil || base == 0 {
		return nil
	}
	if host == "" || host == "0.0.0.0" || host == "::" {
		host = "127.0.0.1"
	}
	out := make([]endpoint, len(watched))
	for i, name := range watched {
		out[i] = endpoint{name, "http://" + net.JoinHostPort(host, strconv.Itoa(base+i+1))}
	}
	return out
}

// urlOf is where a service listens; "" when it is not among the watched.
func urlOf(services []endpoint, name string) string {
	for _, s := range services {
		if s.Name == name {
			return s.URL
		}
	}
	return ""
}
