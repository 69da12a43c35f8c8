package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"dtks/cmd/dtks/stack"
	"dtks/cmd/dtks/subscribe"
)

// SubscribeCmd follows events from outside, as a programme system would.
type SubscribeCmd struct {
	Kind      string `help:"What to follow: family, person or entitlement." default:"family" enum:"family,person,entitlement"`
	Area      string `help:"Regency such as 32.04, or 00 for all of Indonesia." default:"00"`
	Programme string `help:"For entitlements: one programme."`
	Fresh     bool   `help:"Start over instead of going on where the last run stopped."`
	Until     bool   `help:"End when nothing more waits."`
	JSON      bool   `help:"Print whole events, one JSON document a line."`
	User      string `help:"Subscriber to be; that of the area by default."`
	URL       string `help:"Broker; that of the running stack by default."`
	NKeyFile  string `help:"File of the subscriber's nkey seed; the stack's by default." name:"nkey-file" type:"path"`
}

// Help is the long text of the command.
func (SubscribeCmd) Help() string {
	return "Prints the newest event of each registrant of an area and then every new one, a line each. Stop it with Ctrl-C " +
		"and start it again: it goes on where it stopped, and nothing is lost. Personal fields stay sealed: this subscriber has no keys."
}

// Run follows until Ctrl-C.
func (c *SubscribeCmd) Run(ctx context.Context, g *Globals) error {
	o := subscribe.Options{URL: c.URL, NKeyFile: c.NKeyFile, User: c.User, Kind: c.Kind, Area: c.Area,
		Programme: c.Programme, Fresh: c.Fresh, Until: c.Until}
	if o.User == "" {
		o.User = "ext-" + strings.ReplaceAll(c.Area, ".", "")
	}
	if o.URL == "" || o.NKeyFile == "" {
		s, err := stack.Open(g.Data)
		if err != nil {
			return err
		}
		o.URL, o.NKeyFile = s.NATSURL(), s.NKeyFile(o.User)
	}
	enc := json.NewEncoder(os.Stdout)
	return subscribe.Follow(ctx, o, func(e subscribe.Event) error {
		if c.JSON {
			return enc.Encode(e)
		}
		var open struct {
			State     string `json:"state"`
			Area      string `json:"area"`
			Programme string `json:"programme"`
			Outcome   string `json:"outcome"`
		}
		if err := json.Unmarshal(e.Data, &open); err != nil {
			return err
		}
		_, err := fmt.Printf("%s  %s  v%-3d  %-8s  %s\n", e.Time.Local().Format("15:04:05.000"), e.Key, e.Version,
			strings.TrimSpace(open.State+" "+open.Programme+" "+open.Outcome), open.Area)
		return err
	})
}
