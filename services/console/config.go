package main

import (
	"errors"
	"net/url"
	"strings"

	"dtks/pkg/app"
)

// config is the console's environment.
type config struct {
	app.Common

	PublicURL    string `env:"PUBLIC_URL" envDefault:"http://localhost:8400"` // as browsers reach it; the issuer returns there
	OIDCClientID string `env:"OIDC_CLIENT_ID" envDefault:"dtks-console"`

	// Where the services listen, to ask for their state and for what their reader may see. Empty = not shown.
	Registry     string `env:"REGISTRY_URL"`
	Verification string `env:"VERIFICATION_URL"`
	NIKMatch     string `env:"NIKMATCH_URL"`
	Eligibility  string `env:"ELIGIBILITY_URL"`
	Notify       string `env:"NOTIFY_URL"`
}

func loadConfig(getenv func(string) string) (config, error) {
	var cfg config
	if err := app.Load(getenv, &cfg); err != nil {
		return cfg, err
	}
	cfg.PublicURL = strings.TrimRight(cfg.PublicURL, "/")
	if u, err := url.Parse(cfg.PublicURL); err != nil || u.Host == "" || u.Path != "" {
		return cfg, app.Usage(errors.New("PUBLIC_URL must be an origin such as https://dtks.example.go.id"))
	}
	return cfg, nil
}

// endpoints are the services to watch, in the order of the flow.
func (c config) endpoints() []endpoint {
	var out []endpoint
	for _, s := range []endpoint{
		{"registry", c.Registry}, {"verification", c.Verification}, {"nik-match", c.NIKMatch},
		{"eligibility", c.Eligibility}, {"notify", c.Notify},
	} {
		if s.URL != "" {
			out = append(out, endpoint{s.Name, strings.TrimRight(s.URL, "/")})
		}
	}
	return out
}
