package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"dtks/cmd/dtks/provision"
	"dtks/pkg/bus"
)

// ProvisionCmd prepares a deployment. Each step may be repeated: what is there stays, what is missing is made.
type ProvisionCmd struct {
	Secrets string `help:"Folder of the secrets: one folder per service with its NATS key, seal keys and database address." required:"" type:"path"`
	Keys    bool   `help:"Make missing keys. With --no-keys the secrets may be mounted read-only, and nothing is written there." default:"true" negatable:""`

	Config  string `help:"Write the broker's configuration to this file." group:"Broker"`
	Listen  string `help:"Address the broker listens on." default:"0.0.0.0" group:"Broker"`
	Port    int    `help:"Port of the broker." default:"4222" group:"Broker"`
	Monitor int    `help:"Port of the broker's monitoring; 0 = none." default:"8222" group:"Broker"`
	Store   string `help:"Folder of the streams, as the broker sees it." default:"/data" group:"Broker"`

	Database string        `help:"Make databases and roles on this PostgreSQL; an address whose user may do so." env:"PROVISION_DATABASE_URL" placeholder:"URL" group:"Later steps"`
	NATS     string        `help:"Make streams and durable consumers on this broker, as its admin." name:"nats" placeholder:"URL" group:"Later steps"`
	Wait     time.Duration `help:"How long to try again while PostgreSQL or the broker does not answer." default:"0s" group:"Later steps"`
}

// Help is shown by --help.
func (c *ProvisionCmd) Help() string {
	return `Makes what services may not make themselves: every missing key in the folder of secrets, unless --no-keys is given.
With --config also the broker's configuration (a stock nats-server reads it too), with --database a database and a role
per service, with --nats the streams and the durable consumers. Repeating a step changes nothing that is already right.

  dtks provision --secrets ./secrets --config ./nats-server.conf
  dtks provision --secrets ./secrets --database postgres://admin@db/postgres --nats nats://broker:4222`
}

// Run does the steps that were asked for, in order.
func (c *ProvisionCmd) Run(ctx context.Context) error {
	secrets := provision.Secrets(c.Secrets)
	databases := provision.Roles
	if c.Keys {
		if err := provision.Keys(secrets); err != nil {
			return err
		}
		fmt.Println("keys: complete")
		databases = provision.Databases
	}
	if c.Config != "" {
		opts := bus.ServerOptions{Name: "dtks", Host: c.Listen, Port: c.Port, MonitorPort: c.Monitor, StoreDir: c.Store}
		if err := provision.BrokerConfig(secrets, c.Config, opts); err != nil {
			return err
		}
		fmt.Println("broker: configuration written")
	}
	var errs []error
	if c.Database != "" {
		if err := c.patiently(ctx, func() error { return databases(ctx, secrets, c.Database) }); err != nil {
			errs = append(errs, err)
		} else {
			fmt.Println("databases: complete")
		}
	}
	if c.NATS != "" {
		if err := c.patiently(ctx, func() error { return provision.Streams(ctx, secrets, c.NATS) }); err != nil {
			errs = append(errs, err)
		} else {
			fmt.Println("streams and consumers: complete")
		}
	}
	return errors.Join(errs...)
}

// patiently repeats a step until it succeeds or the time is up: what it needs may still be starting.
func (c *ProvisionCmd) patiently(ctx context.Context, step func() error) error {
	until := time.Now().Add(c.Wait)
	for {
		err := step()
		if err == nil || time.Now().After(until) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(time.Second):
		}
	}
}
