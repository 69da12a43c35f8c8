package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"dtks/cmd/dtks/officers"
	"dtks/cmd/dtks/stack"
)

// OfficersCmd lets simulated officers decide open cases.
type OfficersCmd struct {
	URL      string        `help:"Address of verification; that of the running stack by default." env:"DTKS_VERIFICATION_URL"`
	Area     []string      `help:"Regency with officers of its own, such as 32.04; may be repeated. All of the sample by default."`
	Patience time.Duration `help:"How long to wait for a missing verdict before deciding without it." default:"2m"`
	Returned int           `help:"Per mille of proposals that verifiers return." default:"15"`
	Rejected int           `help:"Per mille of proposals that approvers reject." default:"5"`
	Follow   bool          `help:"Go on when the queue is empty, until Ctrl-C."`
}

// Help is the long text of the command.
func (OfficersCmd) Help() string {
	return "Verifiers take opened cases, approvers verified ones, each as a sample person with a token of their own, through the " +
		"public API. Which proposals are returned or rejected depends on the proposal alone. The command may be stopped and run again " +
		"at any time: it finds what is still open."
}

// Run works through the queue of the running stack.
func (c *OfficersCmd) Run(ctx context.Context, g *Globals) error {
	s, err := stack.Open(g.Data)
	if err != nil {
		return err
	}
	if c.URL == "" {
		c.URL = s.URL("verification")
	}
	done, err := officers.Run(ctx, officers.Options{URL: c.URL, Token: s.Token, Areas: c.Area, Patience: c.Patience,
		Returned: c.Returned, Rejected: c.Rejected, Follow: c.Follow, Progress: officerLines(time.Second)})
	fmt.Println(tallyLine(done))
	if errors.Is(err, context.Canceled) {
		return nil // stopped on purpose; the next run goes on
	}
	return err
}

// decideSample lets the officers of the sample work until nothing waits any more.
func decideSample(ctx context.Context, u *launch) error {
	done, err := officers.Run(ctx, officers.Options{URL: u.stack.URL("verification"), Token: u.stack.Token,
		Returned: officers.SampleReturned, Rejected: officers.SampleRejected})
	u.say.say("    %s", tallyLine(done))
	return err
}

// officerLines prints how far the officers are, at most once per interval and only when something has changed.
func officerLines(interval time.Duration) func(officers.Tally) {
	var last time.Time
	var said officers.Tally
	return func(t officers.Tally) {
		if t == said || time.Since(last) < interval {
			return
		}
		last, said = time.Now(), t
		fmt.Fprintln(os.Stderr, tallyLine(t))
	}
}

func tallyLine(t officers.Tally) string {
	line := fmt.Sprintf("%d verified, %d approved, %d returned, %d rejected", t.Verified, t.Approved, t.Returned, t.Rejected)
	if t.Waiting > 0 {
		line += fmt.Sprintf(", %d wait for a verdict", t.Waiting)
	}
	if t.Refused > 0 {
		line += fmt.Sprintf(", %d not accepted", t.Refused)
	}
	return line
}
