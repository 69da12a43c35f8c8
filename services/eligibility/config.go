package main

import (
	"errors"
	"fmt"
	"os"

	"dtks/pkg/app"
	"dtks/services/eligibility/pmt"
	"dtks/services/eligibility/rules"
)

// config is every setting of the service, read from the environment.
type config struct {
	app.Common
	Programmes []string `env:"PROGRAMMES" envDefault:"pkh,sembako"`     // programmes that are decided
	Model      string   `env:"MODEL" envDefault:"ilustrasi-nasional-1"` // scores until the first release, and by default in releases
	ModelFiles []string `env:"MODEL_FILES"`                             // models beside those that are shipped
	RuleFiles  []string `env:"RULE_FILES"`                              // rule sets beside those that are shipped
}

func loadConfig(getenv func(string) string) (config, error) {
	var c config
	return c, app.Load(getenv, &c)
}

// engine loads models and rule sets, shipped and configured; every file that does not load is named.
func (c config) engine() (*engine, error) {
	models, err := pmt.Shipped()
	if err != nil {
		return nil, err
	}
	sets, err := rules.Shipped()
	if err != nil {
		return nil, err
	}
	var all []error
	for _, name := range c.ModelFiles {
		all = append(all, addFile(name, func(file []byte) error { _, err := models.Add(file); return err }))
	}
	for _, name := range c.RuleFiles {
		all = append(all, addFile(name, sets.Add))
	}
	if _, ok := models[c.Model]; !ok {
		all = append(all, fmt.Errorf("MODEL: %q is not loaded", c.Model))
	}
	e, err := newEngine(models, sets, c.Programmes)
	if err := errors.Join(append(all, err)...); err != nil {
		return nil, app.Usage(err)
	}
	return e, nil
}

func addFile(name string, add func([]byte) error) error {
	file, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if err := add(file); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
