package main

import (
	"strings"
	"time"

	"dtks/pkg/event"
	"dtks/pkg/fault"
)

// States of a delivery.
//
//	pending ──claim──▶ sending ──▶ sent
//	   ▲                  ├──────▶ failed    refused for good, or given up
//	   └── nothing sent ──┤
//	                      └──────▶ unknown   it may have arrived: a person decides
const (
	pending = "pending"
	sending = "sending"
	sent    = "sent"
	failed  = "failed"
	unknown = "unknown"
)

// lease is how long a delivery may be in sending. Longer than any attempt can take (see the senders' time-outs), so
// that what is older belongs to a process that is gone.
const lease = time.Minute

// delivery is one effect outside the system.
type delivery struct {
	ID        string
	EventID   string
	Rule      string
	Channel   string
	Recipient string
	Area      string
	Subject   string
	Body      string
	State     string
	Attempts  int
	Code      string
	CreatedAt time.Time
	EndedAt   *time.Time
}

// outcome is what an attempt came to: sent, failed, unknown, or pending where certainly nothing was delivered and
// another attempt is right. Code says why, without the other side's own words.
type outcome struct{ State, Code string }

const (
	firstPause  = 5 * time.Second
	longPause   = 15 * time.Minute
	maxAttempts = 100 // with the pauses above: about a day
)

// pause is how long to wait after the n-th attempt, n from 1.
func pause(n int) time.Duration {
	d := firstPause
	for range n - 1 {
		if d *= 2; d >= longPause {
			return longPause
		}
	}
	return d
}

// settle applies an outcome to an attempted delivery; next is when a pending one is due again.
func settle(d delivery, o outcome, at time.Time) (settled delivery, next time.Time) {
	if o.State == pending && d.Attempts >= maxAttempts {
		o = outcome{failed, "gave_up"}
	}
	d.State, d.Code = o.State, o.Code
	if o.State == pending {
		return d, at.Add(pause(d.Attempts))
	}
	d.EndedAt = &at
	return d, at
}

// event gives a delivery at its end as it is published.
func (d delivery) event() event.DeliveryUpdated {
	return event.DeliveryUpdated{Channel: d.Channel, State: d.State, Rule: d.Rule, EventID: d.EventID, At: *d.EndedAt}
}

// mailbox spells the address of a role in an area from a template such as {role}-{area}@example.org: mail goes to a
// function, never to a person's private address.
func mailbox(template, role, area string) string {
	regency := event.AreaOf(area)
	code := regency.Province + regency.Regency
	return strings.NewReplacer("{role}", role, "{area}", code).Replace(template)
}

// resolve applies a person's decision to a delivery that reached no good end. Attempts go on counting.
func resolve(d delivery, resolution string, at time.Time) (delivery, *fault.Error) {
	if d.State != unknown && d.State != failed {
		return d, fault.New(fault.Conflict, "delivery_wrong_state", "pengiriman ini tidak menunggu keputusan",
			"this delivery does not wait for a decision")
	}
	switch resolution {
	case "sent":
		d.State, d.EndedAt = sent, &at
	case "failed":
		d.State, d.EndedAt = failed, &at
	default:
		d.State, d.EndedAt = pending, nil
	}
	d.Code = "resolved_" + resolution
	return d, nil
}
