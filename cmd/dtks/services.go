package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"dtks/cmd/dtks/stack"
	"dtks/cmd/dtks/supervise"
)

// passed are the variables of our own environment that children see; nothing else leaks into them.
var passed = []string{"PATH", "HOME", "TMPDIR", "LANG", "TZ", "GOMAXPROCS", "GOGC", "GOMEMLIMIT", "LOG_LEVEL", "PROGRAMMES", "TRACE_RATIO", "OTEL_EXPORTER_OTLP_ENDPOINT"}

// childEnv is the environment of a child: what is passed on, and its own.
func childEnv(own map[string]string) []string {
	var env []string
	for _, name := range passed {
		if value, ok := os.LookupEnv(name); ok && own[name] == "" {
			env = append(env, name+"="+value)
		}
	}
	for _, kv := range os.Environ() {
		if strings.HasPrefix(kv, "FAILPOINT") { // test builds take their named faults from here
			env = append(env, kv)
		}
	}
	for name, value := range own {
		env = append(env, name+"="+value)
	}
	return env
}

// serviceEnv is a service's configuration: what all share (pkg/app.Common) and what only it needs.
func serviceEnv(s *stack.Stack, service string) (map[string]string, error) {
	database, err := s.DatabaseURL(service)
	if err != nil {
		return nil, err
	}
	env := map[string]string{
		"DATABASE_URL":         database,
		"ADDR":                 s.Addr(service),
		"NATS_URL":             s.NATSURL(),
		"NATS_NKEY_FILE":       s.NKeyFile(service),
		"OIDC_ISSUER":          s.URL("issuer"),
		"OIDC_AUDIENCE":        audience,
		"SEAL_KEY_FILE":        s.Secret(service, "seal.key"),
		"SEAL_KEK_FILE":        s.Secret(service, "seal.kek"),
		"SEAL_RECIPIENTS_FILE": s.Secret("recipients.json"),
		"TRACE_FILE":           filepath.Join(s.Dir("trace"), service+".jsonl"),
	}
	switch service {
	case "nik-match":
		env["DUKCAPIL_URL"] = s.URL("dukcapil-sim")
	case "notify":
		env["SMTP_ADDR"] = s.Addr("smtp")
		env["CONSOLE_URL"] = s.ConsoleURL()
		env["WEBHOOK_LOOPBACK"] = "true" // on this machine, programme systems are tried out on this machine too
	case "console":
		env["PUBLIC_URL"] = s.ConsoleURL()
		for _, other := range stack.Services {
			env[strings.ToUpper(strings.ReplaceAll(other, "-", ""))+"_URL"] = s.URL(other)
		}
	}
	return env, nil
}

// audience is whom access tokens are for.
const audience = "dtks"

// serviceSpec says how to run one of the services.
func serviceSpec(s *stack.Stack, programs, service string) (supervise.Spec, error) {
	env, err := serviceEnv(s, service)
	if err != nil {
		return supervise.Spec{}, err
	}
	return supervise.Spec{
		Name: service, Path: filepath.Join(programs, service), Env: childEnv(env), Dir: s.Data,
		Log: s.LogFile(service), Ready: answers(s.URL(service) + "/readyz"),
	}, nil
}

// ownSpec says how to run a part that is a command of this program.
func ownSpec(s *stack.Stack, self, name, ready string, args ...string) supervise.Spec {
	return supervise.Spec{
		Name: name, Path: self, Args: append([]string{name}, args...), Env: childEnv(nil), Dir: s.Data,
		Log: s.LogFile(name), Ready: answers(ready),
	}
}

// probe asks for readiness: quickly, for it is asked often.
var probe = &http.Client{Timeout: 2 * time.Second}

// answers makes a check that is nil once an address answers 200.
func answers(address string) func(context.Context) error {
	return func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return err
		}
		resp, err := probe.Do(req)
		if err != nil {
			return err
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("it answers %d", resp.StatusCode)
		}
		return nil
	}
}
