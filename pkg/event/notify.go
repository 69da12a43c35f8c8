package event

import "time"

// TypeDeliveryUpdated is owned by services/notify.
const TypeDeliveryUpdated Type = "notify.delivery.updated.v1"

// DeliveryUpdated is published when a delivery has reached its end: sent, failed, or unknown for a person to decide (a
// further version then says how that ended). Aggregate id: the delivery. Filter: channel, email or webhook; what is
// shown in the console itself is no delivery.
type DeliveryUpdated struct {
	Channel string    `json:"channel"`
	State   string    `json:"state"` // sent, unknown, failed
	Rule    string    `json:"rule"`  // which notification rule led to it
	EventID string    `json:"event_id"`
	At      time.Time `json:"at"`
}
