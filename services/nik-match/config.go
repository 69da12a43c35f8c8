package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"dtks/pkg/app"
	"dtks/services/nik-match/judge"
)

// config is every environment variable of the service beside those all services share.
type config struct {
	app.Common
	URL          string        `env:"DUKCAPIL_URL,required"`                        // up to but without /dukcapil
	Instansi     string        `env:"DUKCAPIL_INSTANSI" envDefault:"DTKS"`          // customer id in the path
	User         string        `env:"DUKCAPIL_USER" envDefault:"dtks"`              // USER_ID
	Password     string        `env:"DUKCAPIL_PASSWORD" envDefault:"dtks"`          // PASSWORD; the file wins
	PasswordFile string        `env:"DUKCAPIL_PASSWORD_FILE"`                       // mounted secret
	IP           string        `env:"DUKCAPIL_IP" envDefault:"127.0.0.1"`           // IP_USER
	DateFormat   string        `env:"DUKCAPIL_DATE_FORMAT" envDefault:"02-01-2006"` // Go layout of TGL_LHR
	CAFile       string        `env:"DUKCAPIL_CA_FILE"`                             // PEM; their certificate is often their own
	Timeout      time.Duration `env:"DUKCAPIL_TIMEOUT" envDefault:"10s"`            // of one call; later answers are not read
	Concurrency  int           `env:"DUKCAPIL_CONCURRENCY" envDefault:"32"`         // most calls at once
	Probe        time.Duration `env:"DUKCAPIL_PROBE" envDefault:"1m"`               // between tries while quota, hours or set-up stop us
	BreakerDelay time.Duration `env:"DUKCAPIL_BREAKER_DELAY" envDefault:"5s"`       // before a try after repeated failures
	RulesFile    string        `env:"MATCH_RULES_FILE"`                             // replaces the rules that come with the program
}

// load reads the configuration and the rules; all that is wrong with the variables is reported at once.
func load(getenv func(string) string) (config, judge.Rules, error) {
	var cfg config
	if err := app.Load(getenv, &cfg); err != nil {
		return cfg, judge.Rules{}, err
	}
	if cfg.Concurrency < 1 || cfg.Concurrency > 1000 || cfg.Timeout <= 0 || cfg.Probe <= 0 || cfg.BreakerDelay <= 0 {
		return cfg, judge.Rules{}, app.Usage(fmt.Errorf("configuration: DUKCAPIL_CONCURRENCY is not 1..1000, or a duration is not above 0"))
	}
	if cfg.PasswordFile != "" {
		text, err := os.ReadFile(cfg.PasswordFile)
		if err != nil {
			return cfg, judge.Rules{}, app.Usage(fmt.Errorf("DUKCAPIL_PASSWORD_FILE: %w", err))
		}
		cfg.Password = strings.TrimSpace(string(text))
	}
	rules := judge.Standard()
	if cfg.RulesFile != "" {
		text, err := os.ReadFile(cfg.RulesFile)
		if err == nil {
			rules, err = judge.Parse(text)
		}
		if err != nil {
			return cfg, rules, app.Usage(fmt.Errorf("MATCH_RULES_FILE: %w", err))
		}
	}
	return cfg, rules, nil
}
