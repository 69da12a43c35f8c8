package bus

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"dtks/pkg/event"
)

// Owners are the services that publish, one stream each.
var Owners = []string{"registry", "verification", "nik-match", "eligibility", "notify"}

// Subscriptions says which types each service consumes. Provisioning makes its durables and rights from it, Consume
// refuses handlers that do not fit it, and docs/events.md prints it.
var Subscriptions = map[string][]event.Type{
	"registry":     {event.TypeCaseUpdated, event.TypeMatchDecided},
	"verification": {event.TypeProposalUpdated, event.TypeRegistrantUpdated, event.TypeMatchDecided},
	"nik-match":    {event.TypeProposalUpdated, event.TypeRegistrantUpdated},
	"eligibility":  {event.TypeRegistrantUpdated, event.TypeMatchDecided},
	"notify": {event.TypeProposalUpdated, event.TypeRegistrantUpdated, event.TypeCaseUpdated, event.TypeMatchDecided,
		event.TypeDuplicateFound, event.TypeEntitlementChanged, event.TypeRankReleased},
	"console": {event.TypeProposalUpdated, event.TypeRegistrantUpdated, event.TypeCaseUpdated, event.TypeMatchDecided,
		event.TypeEntitlementChanged, event.TypeRankReleased, event.TypeDeliveryUpdated},
}

// only narrows a subscription to one filter token, where a service would look at the others only to drop them.
var only = map[string]map[event.Type]string{
	"nik-match":   {event.TypeRegistrantUpdated: event.Person},
	"eligibility": {event.TypeRegistrantUpdated: event.Family},
}

// Reads reports whether a service consumes the events on a subject: of day keys only those granted to it.
func Reads(service string, s event.Subject) bool {
	if s.Type.Noun() == "key" {
		return s.Filter == service && granted(s.Type.Service(), service)
	}
	one, narrow := only[service][s.Type]
	return slices.Contains(Subscriptions[service], s.Type) && (!narrow || one == s.Filter)
}

func granted(owner, user string) bool {
	for _, readers := range Grants[owner] {
		if slices.Contains(readers, user) {
			return true
		}
	}
	return false
}

// Grants says which service may read which sealed classes of whom; nobody else is handed the keys.
var Grants = map[string]map[event.Class][]string{
	"registry": {
		event.Identity:  {"verification", "nik-match"},
		event.Survey:    {"verification", "eligibility"},
		event.Sensitive: {"eligibility"},
	},
	"nik-match":   {event.Identity: {"registry", "verification"}},
	"eligibility": {event.Survey: {"programme"}},
}

// keyFilter is the subject filter of the day keys that owner grants to user.
func keyFilter(owner, user string) string {
	return string(event.KeyGrantedType(owner)) + "." + user + ".>"
}

// Filters returns the subject filters of a service's durable on the stream of owner; none = it does not consume there.
func Filters(service, owner string) []string {
	var out []string
	for _, t := range Subscriptions[service] {
		if t.Service() != owner {
			continue
		}
		filter := string(t)
		if one, narrow := only[service][t]; narrow {
			filter += "." + one
		}
		out = append(out, filter+".>")
	}
	if granted(owner, service) {
		out = append(out, keyFilter(owner, service))
	}
	return out
}

// StreamConfig is how every stream is kept: on file, for ever, never discarding, atomic batches on. With the server's
// sync_interval at always an acknowledged event is on disk.
func StreamConfig(owner string) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:               event.StreamOf(owner),
		Description:        "All events of " + owner + ", for ever",
		Subjects:           []string{owner + ".>"},
		Storage:            jetstream.FileStorage,
		Retention:          jetstream.LimitsPolicy,
		Discard:            jetstream.DiscardNew,
		MaxAge:             0,
		MaxMsgsPerSubject:  -1,
		Replicas:           1,
		Duplicates:         10 * time.Minute,
		AllowDirect:        true,
		AllowAtomicPublish: true,
		DenyDelete:         true,
	}
}

// ConsumerConfig is the durable of service on one stream.
func ConsumerConfig(service string, filters []string) jetstream.ConsumerConfig {
	return jetstream.ConsumerConfig{
		Durable:        service,
		FilterSubjects: filters,
		DeliverPolicy:  jetstream.DeliverAllPolicy,
		AckPolicy:      jetstream.AckExplicitPolicy,
		AckWait:        15 * time.Second, // what a crash leaves in hand comes again after this; a batch takes far less
		MaxDeliver:     -1,               // giving up is the consumer's own, counted decision
		MaxAckPending:  4000,
	}
}

// Provision makes or updates every stream and durable. It needs the admin's connection; services cannot.
func Provision(ctx context.Context, nc *nats.Conn) error {
	js, err := jetstream.New(nc)
	if err != nil {
		return err
	}
	for _, owner := range Owners {
		stream, err := createStream(ctx, js, StreamConfig(owner))
		if err != nil {
			return fmt.Errorf("making stream %s: %w", event.StreamOf(owner), err)
		}
		for _, service := range Services() {
			filters := Filters(service, owner)
			if len(filters) == 0 {
				continue
			}
			if _, err := stream.CreateOrUpdateConsumer(ctx, ConsumerConfig(service, filters)); err != nil {
				return fmt.Errorf("making the durable of %s on %s: %w", service, event.StreamOf(owner), err)
			}
		}
	}
	return nil
}

// createStream retries for a moment: a server that has just started may not take stream requests yet.
func createStream(ctx context.Context, js jetstream.JetStream, cfg jetstream.StreamConfig) (jetstream.Stream, error) {
	for try := 0; ; try++ {
		stream, err := js.CreateOrUpdateStream(ctx, cfg)
		if err == nil || try == 20 || ctx.Err() != nil {
			return stream, err
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// Services are all services by name, consumers and publishers.
func Services() []string {
	out := slices.Clone(Owners)
	for service := range Subscriptions {
		if !slices.Contains(out, service) {
			out = append(out, service)
		}
	}
	sort.Strings(out)
	return out
}
