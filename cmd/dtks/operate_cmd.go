package main

import (
	"context"
	"fmt"
	"os"

	"dtks/cmd/dtks/provision"
	"dtks/cmd/dtks/stack"
)

// ReplayCmd rebuilds a service's derived state from the streams beside the live one.
type ReplayCmd struct {
	Service string `help:"Service to rebuild." default:"eligibility" enum:"eligibility"`
	Switch  bool   `help:"Put the rebuilt state in the live one's place; what differs is published as next versions."`
}

// Help is the long text of the command.
func (ReplayCmd) Help() string {
	return "Reads the service's inputs from their first event on, folds them without any side effect, and compares digests with " +
		"the live state at the same point while the service runs on. Exit status 1 when they differ."
}

// Run replays; the work is done by the service's own program, on its own database.
func (c *ReplayCmd) Run(ctx context.Context, g *Globals) error {
	args := []string{"replay"}
	if c.Switch {
		args = append(args, "--switch")
	}
	return onStack(ctx, g, c.Service, args...)
}

// RebuildStreamCmd makes a lost stream anew and fills it from its owner's archive.
type RebuildStreamCmd struct {
	Service string `help:"Owner of the stream." required:"" enum:"registry,verification,nik-match,eligibility,notify"`
}

// Run provisions what is missing and has the owner publish its archive again. Consumers drop what they know.
func (c *RebuildStreamCmd) Run(ctx context.Context, g *Globals) error {
	s, err := stack.Open(g.Data)
	if err != nil {
		return err
	}
	if err := provision.Streams(ctx, provision.Secrets(s.Secret()), s.NATSURL()); err != nil {
		return err
	}
	return onStack(ctx, g, c.Service, "rebuild-stream")
}

// RedriveCmd has a running service try its parked and dead messages once more.
type RedriveCmd struct {
	Service string `help:"Service whose messages are tried again." required:"" enum:"registry,verification,nik-match,eligibility,notify,console"`
}

// Run asks; the running service does it within seconds.
func (c *RedriveCmd) Run(ctx context.Context, g *Globals) error {
	return onStack(ctx, g, c.Service, "redrive")
}

// ExplainCmd tells why a family is entitled or not.
type ExplainCmd struct {
	ID        string `arg:"" help:"Id of a family, or of a person in it."`
	Programme string `help:"Only this programme, as in pkh; all by default."`
	On        string `help:"A day, 2006-01-02: what would be decided for it by the release of that day with the facts of today."`
	Lang      string `help:"Language." default:"id" enum:"id,en"`
	JSON      bool   `help:"Print the form for machines."`
	Changes   bool   `help:"For auditors: print the nearest change that turns an outcome as it is. Families are not told which answer pays."`
	Flip      bool   `help:"Look for the nearest single change that turns each outcome." default:"true" negatable:""`
}

// Help is the long text of the command.
func (ExplainCmd) Help() string {
	return "Prints why the stored decisions are what they are, works them out again from the stored data, and says whether they are the " +
		"same. Exit status 1 when they are not."
}

// Run explains; the work is done by the service's own program, on its own database.
func (c *ExplainCmd) Run(ctx context.Context, g *Globals) error {
	return onStack(ctx, g, "eligibility", c.args()...)
}

func (c *ExplainCmd) args() []string {
	return []string{"explain", "--programme=" + c.Programme, "--on=" + c.On, "--lang=" + c.Lang, fmt.Sprintf("--json=%v", c.JSON),
		fmt.Sprintf("--changes=%v", c.Changes), fmt.Sprintf("--flip=%v", c.Flip), c.ID}
}

// VerifyDecisionsCmd works every stored decision out again.
type VerifyDecisionsCmd struct {
	Quiet bool `help:"No progress bar."`
}

// Help is the long text of the command.
func (VerifyDecisionsCmd) Help() string {
	return "Decides every family again from the stored data, by the release and on the day that its decisions name, and compares bit for bit. " +
		"Prints the families that differ and, last, the result as JSON. Exit status 1 when any differs."
}

// Run verifies; the service's own program does it and draws its progress on standard error.
func (c *VerifyDecisionsCmd) Run(ctx context.Context, g *Globals) error {
	return onStack(ctx, g, "eligibility", "verify", fmt.Sprintf("--quiet=%v", c.Quiet))
}

// onStack runs a subcommand of a service's program with the running stack's configuration and shows its lines.
func onStack(ctx context.Context, g *Globals, service string, args ...string) error {
	s, err := stack.Open(g.Data)
	if err != nil {
		return err
	}
	if err := streamService(ctx, s, os.Stdout, service, args...); err != nil {
		return exitCode{1, fmt.Errorf("%w; its lines above say why", err)}
	}
	return nil
}
