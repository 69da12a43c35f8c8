// Package officers plays the verifiers and approvers of the sample: people of their own, with tokens of their own, who
// work through the queue over the public API like anybody else. They know nothing that the API does not tell them.
//
// In each regency a verifier takes what was opened and an approver what was verified; what lies in no regency of theirs
// is for the national officers. An officer waits for the verdicts of all persons of a case, but not longer than their
// patience. A small share is returned (by the verifier) or rejected (by the approver); which cases these are depends on
// the proposal alone, so a run that was interrupted and goes on decides as it would have.
package officers

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"dtks/cmd/dtks/people"
)

// TokenSource gives a bearer token for an account of the issuer. It is asked before every request, so it should keep
// tokens while they hold.
type TokenSource func(ctx context.Context, account string) (string, error)

// Options say where the officers work and how.
type Options struct {
	URL      string        // of verification
	Token    TokenSource   // signs officers in
	Areas    []string      // regencies with officers of their own; those of the sample when empty
	Patience time.Duration // how long to wait for a missing verdict; 2 minutes when zero
	Settle   time.Duration // how long the queue must stay empty before Run returns; 3 s when zero
	Follow   bool          // go on until ctx ends
	Returned int           // per mille of proposals that the verifier returns
	Rejected int           // per mille of proposals that the approver rejects
	Progress func(Tally)   // called after each batch and each look at an empty queue; nil = not
}

// Shares of the sample, per mille. They are small, so that the sample shows every outcome and most families get through.
const (
	SampleReturned = 15
	SampleRejected = 5
)

// Reason codes of the sample.
const (
	reasonReturned = "berkas_kurang" // papers are missing
	reasonRejected = "tidak_layak"   // does not qualify
)

const (
	defaultPatience = 2 * time.Minute
	defaultSettle   = 3 * time.Second
	between         = 300 * time.Millisecond // looks at an empty queue
)

// Tally counts what the officers have done in this run.
type Tally struct {
	Verified, Approved int
	Returned, Rejected int
	Refused            int // decisions that were not accepted: somebody else was quicker, or the proposal has changed
	Waiting            int // cases that wait for a verdict now
}

// Decided is how many decisions were accepted.
func (t Tally) Decided() int { return t.Verified + t.Approved + t.Returned + t.Rejected }

// desk is one officer's place: whose cases they take and in which state.
type desk struct {
	account string
	area    string
	status  string          // opened for a verifier, verified for an approver
	not     []string        // regencies that have officers of their own
	refused map[string]bool // cases that were refused here; they are not tried again
}

// Run works until the queue has been empty for a while, ctx ends or verification cannot be reached for a minute. It
// returns what was done so far in every case.
func Run(ctx context.Context, o Options) (Tally, error) {
	if o.Patience == 0 {
		o.Patience = defaultPatience
	}
	if o.Settle == 0 {
		o.Settle = defaultSettle
	}
	if o.Returned < 0 || o.Rejected < 0 || o.Returned+o.Rejected > 1000 {
		return Tally{}, errors.New("the shares returned and rejected must lie between 0 and 1000 per mille together")
	}
	if o.Progress == nil {
		o.Progress = func(Tally) {}
	}
	desks, err := desksOf(o.Areas)
	if err != nil {
		return Tally{}, err
	}
	w := &work{Options: o, client: newClient(o.URL, o.Token)}
	quietSince := time.Now()
	for {
		before := w.done.Decided()
		w.done.Waiting = 0
		for _, d := range desks {
			if err := w.clear(ctx, d); err != nil {
				return w.done, err
			}
		}
		w.Progress(w.done)
		if w.done.Decided() > before || w.done.Waiting > 0 {
			quietSince = time.Now()
		}
		if !o.Follow && time.Since(quietSince) >= o.Settle {
			return w.done, nil
		}
		if w.done.Decided() == before {
			if err := sleep(ctx, between); err != nil {
				return w.done, err
			}
		}
	}
}

// desksOf seats a verifier and an approver in every area, and the national ones last.
func desksOf(areas []string) ([]desk, error) {
	if len(areas) == 0 {
		for _, a := range people.Areas() {
			areas = append(areas, a.Code)
		}
	}
	var desks []desk
	for _, seat := range []struct{ role, status string }{{"verifier", "opened"}, {"approver", "verified"}} {
		for _, area := range append(slices.Clone(areas), people.National) {
			holders := people.With(seat.role, area)
			if len(holders) == 0 {
				return nil, fmt.Errorf("area %s has no %s: the sample's areas are listed by dtks people", area, seat.role)
			}
			d := desk{account: holders[0].Account, area: area, status: seat.status, refused: map[string]bool{}}
			if area == people.National {
				d.not = areas
			}
			desks = append(desks, d)
		}
	}
	return desks, nil
}

// work is a run under way.
type work struct {
	Options
	client *client
	done   Tally
}

// clear goes once through a desk's queue and decides what can be decided.
func (w *work) clear(ctx context.Context, d desk) error {
	after := ""
	for {
		page, err := w.client.queue(ctx, d.account, d.status, d.area, after)
		if err != nil {
			return fmt.Errorf("reading the queue: %w", err)
		}
		var batch []decision
		for _, c := range page.Items {
			switch {
			case d.refused[c.CaseID] || len(c.Area) >= 5 && slices.Contains(d.not, c.Area[:5]):
			case c.VerdictsPending > 0 && time.Since(c.OpenedAt) < w.Patience:
				w.done.Waiting++
			default:
				batch = append(batch, w.judge(d, c))
			}
		}
		if err := w.decide(ctx, d, batch); err != nil {
			return fmt.Errorf("deciding: %w", err)
		}
		if after = page.Next; after == "" {
			return nil
		}
	}
}

// judge chooses what the officer at d does with c.
func (w *work) judge(d desk, c listed) decision {
	out := decision{CaseID: c.CaseID, ProposalVersion: c.ProposalVersion}
	lot := lotOf(c.ProposalID)
	switch {
	case d.status == "opened" && lot < w.Returned:
		out.Decision, out.ReasonCode = "return", reasonReturned
	case d.status == "opened":
		out.Decision = "verify"
	case lot < w.Returned+w.Rejected:
		out.Decision, out.ReasonCode = "reject", reasonRejected
	default:
		out.Decision = "approve"
	}
	return out
}

// lotOf is the proposal's lot, 0 to 999: the same in every run.
func lotOf(proposalID string) int {
	h := fnv.New64a()
	_, _ = h.Write([]byte(proposalID)) // never fails
	return int(h.Sum64() % 1000)
}

func (w *work) decide(ctx context.Context, d desk, batch []decision) error {
	if len(batch) == 0 {
		return nil
	}
	answers, err := w.client.decide(ctx, d.account, batch)
	if err != nil {
		return err
	}
	if len(answers.Items) != len(batch) {
		return fmt.Errorf("verification answered %d of %d decisions", len(answers.Items), len(batch))
	}
	for i, a := range answers.Items {
		if a.Status != 200 {
			w.done.Refused++
			d.refused[batch[i].CaseID] = true
			continue
		}
		switch batch[i].Decision {
		case "verify":
			w.done.Verified++
		case "approve":
			w.done.Approved++
		case "return":
			w.done.Returned++
		case "reject":
			w.done.Rejected++
		}
	}
	w.Progress(w.done)
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
