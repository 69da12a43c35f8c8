package main

import "dtks/pkg/app"

// config is everything that the environment decides.
type config struct {
	app.Common
}

func loadConfig(getenv func(string) string) (config, error) {
	var c config
	return c, app.Load(getenv, &c)
}
