package outbox

import (
	"time"

	"dtks/pkg/app"
	"dtks/pkg/bus"
)

// At makes the outbox live at a given time.
func (o *Outbox) At(now time.Time) { o.now = func() time.Time { return now } }

// Live is the relay of the live lane alone, without upkeep.
func (o *Outbox) Live(nats *bus.Conn) app.Part { return o.Relays(nats)[1] }

// Release is the relay of the release lane alone.
func (o *Outbox) Release(nats *bus.Conn) app.Part { return o.Relays(nats)[2] }
