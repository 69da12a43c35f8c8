package main

import "dtks/pkg/app"

// config is every setting of the service, read from the environment.
type config struct {
	app.Common
	Programmes []string `env:"PROGRAMMES" envDefault:"pkh,sembako,pbi-jk,pip,yapi,listrik,blt-desa,kriteria-262"` // programmes that are decided
	Model      string   `env:"MODEL" envDefault:"ilustrasi-nasional-1"`                                           // scores until the first release, and by default in releases
	ModelFiles []string `env:"MODEL_FILES"`                                                                       // models beside those that are shipped
	RuleFiles  []string `env:"RULE_FILES"`                                                                        // rule sets beside those that are shipped
}

func loadConfig(getenv func(string) string) (config, error) {
	var c config
	return c, app.Load(getenv, &c)
}
