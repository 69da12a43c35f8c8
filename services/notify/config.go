package main

import (
	_ "embed"
	"errors"
	"os"

	"dtks/pkg/app"
)

// config is everything that the environment decides.
type config struct {
	app.Common
	RulesFile    string  `env:"RULES_FILE"`  // instead of the rules built in
	ConsoleURL   string  `env:"CONSOLE_URL"` // where links in e-mails lead, without a slash at the end
	SMTPAddr     string  `env:"SMTP_ADDR"`   // host:port; without it no e-mail is intended
	SMTPUser     string  `env:"SMTP_USER"`
	SMTPPassword string  `env:"SMTP_PASSWORD_FILE,file"`
	MailFrom     string  `env:"MAIL_FROM" envDefault:"dtks@dtks.example"`
	MailTo       string  `env:"MAIL_TO" envDefault:"{role}-{area}@petugas.example"` // mailbox of a role in a regency
	MailRate     float64 `env:"MAIL_RATE" envDefault:"20"`                          // e-mails a second
	HookRate     float64 `env:"WEBHOOK_RATE" envDefault:"50"`                       // calls a second
	HookLoopback bool    `env:"WEBHOOK_LOOPBACK"`                                   // calls to this machine: local stack only
}

//go:embed rules.json
var builtInRules []byte

func loadConfig(getenv func(string) string) (config, []rule, error) {
	var c config
	if err := app.Load(getenv, &c); err != nil {
		return c, nil, err
	}
	if c.MailRate < 1 || c.HookRate < 1 {
		return c, nil, app.Usage(errors.New("configuration: MAIL_RATE and WEBHOOK_RATE must be at least 1"))
	}
	text := builtInRules
	if c.RulesFile != "" {
		var err error
		if text, err = os.ReadFile(c.RulesFile); err != nil {
			return c, nil, app.Usage(err)
		}
	}
	rules, err := parseRules(text)
	if err != nil {
		return c, nil, app.Usage(err)
	}
	return c, rules, nil
}
