package app

import (
	"errors"
	"fmt"
	"strings"

	"github.com/caarlos0/env/v11"
)

// Common is the configuration that all services share; a service embeds it in its own.
type Common struct {
	DatabaseURL string `env:"DATABASE_URL,required"` // PostgreSQL, of this service alone
	Addr        string `env:"ADDR"`                  // where HTTP is served, such as 127.0.0.1:8401

	NATSURL     string `env:"NATS_URL"`
	NATSKeyFile string `env:"NATS_NKEY_FILE"` // nkey seed of this service's user

	OIDCIssuer   string `env:"OIDC_ISSUER"` // bearer tokens of this issuer only
	OIDCAudience string `env:"OIDC_AUDIENCE" envDefault:"dtks"`

	SealKeyFile        string `env:"SEAL_KEY_FILE"`        // this service's private key: opens grants
	SealKEKFile        string `env:"SEAL_KEK_FILE"`        // wraps the day keys kept in the database
	SealRecipientsFile string `env:"SEAL_RECIPIENTS_FILE"` // who is granted which classes, with public keys

	LogLevel     string  `env:"LOG_LEVEL" envDefault:"info"`   // debug, info, warn, error
	TraceFile    string  `env:"TRACE_FILE"`                    // spans as OTLP JSON, one a line
	TraceRatio   float64 `env:"TRACE_RATIO" envDefault:"0.01"` // share of new traces recorded, 0..1
	OTLPEndpoint string  `env:"OTEL_EXPORTER_OTLP_ENDPOINT"`   // spans to a collector, OTLP/HTTP
}

// Load fills cfg, a pointer to a struct with env tags, and reports everything that is missing or malformed at once. An
// empty variable counts as not set. Values never appear in the error: some are secret.
func Load(getenv func(string) string, cfg any) error {
	params, err := env.GetFieldParams(cfg)
	if err != nil {
		return Usage(fmt.Errorf("reading the configuration's tags: %w", err))
	}
	values := map[string]string{}
	for _, p := range params {
		if v := getenv(p.Key); v != "" {
			values[p.Key] = v
		}
	}
	err = env.ParseWithOptions(cfg, env.Options{Environment: values})
	if err == nil {
		return nil
	}
	var all env.AggregateError
	if !errors.As(err, &all) {
		return Usage(errors.New("configuration: a variable is malformed"))
	}
	return Usage(errors.New("configuration: " + strings.Join(explain(all.Errors), "; ")))
}

func explain(errs []error) []string {
	out := make([]string, 0, len(errs))
	for _, err := range errs {
		var missing env.VarIsNotSetError
		var empty env.EmptyVarError
		var parse env.ParseError
		var file env.LoadFileContentError
		switch {
		case errors.As(err, &missing):
			out = append(out, missing.Key+" is required")
		case errors.As(err, &empty):
			out = append(out, empty.Key+" is empty")
		case errors.As(err, &parse):
			out = append(out, fmt.Sprintf("%s is not a valid %s", parse.Name, parse.Type))
		case errors.As(err, &file):
			out = append(out, file.Key+" names a file that cannot be read")
		default:
			out = append(out, "a variable is malformed")
		}
	}
	return out
}
