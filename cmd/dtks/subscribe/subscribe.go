// Package subscribe is an external subscriber as a programme system would write it: it knows the broker's address, its
// own credential and the public contract (docs/events.md), and uses nothing of this project's code.
package subscribe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Options say what to follow.
type Options struct {
	URL       string // of the broker
	NKeyFile  string // the subscriber's seed
	User      string // its name; its consumers and its inbox bear it
	Kind      string // family, person or entitlement
	Area      string // 32.04, or 00 for all of Indonesia
	Programme string // for entitlements: one programme, or "" for all the user may see
	Fresh     bool   // forget how far an earlier run came and start over
	Until     bool   // end when nothing more waits, instead of following
}

// Event is what a subscriber prints.
type Event struct {
	Subject string          `json:"-"`
	ID      string          `json:"id"`
	Type    string          `json:"type"`
	Key     string          `json:"subject"`
	Version int64           `json:"version"`
	Time    time.Time       `json:"time"`
	Data    json.RawMessage `json:"data"`
}

// Follow delivers the newest event of each registrant first, then every new one, until ctx ends. Where it stopped is
// kept by the broker under the subscriber's consumer name: the next run goes on there, nothing is lost. An event is
// acknowledged only when each has returned nil, so it may come twice after a crash: the version tells.
func Follow(ctx context.Context, o Options, each func(Event) error) error {
	credential, err := nats.NkeyOptionFromSeed(o.NKeyFile)
	if err != nil {
		return fmt.Errorf("reading the credential: %w", err)
	}
	denied := make(chan error, 1)
	nc, err := nats.Connect(o.URL, credential, nats.Name(o.User), nats.CustomInboxPrefix("_INBOX_"+o.User), nats.MaxReconnects(-1),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			if errors.Is(err, nats.ErrPermissionViolation) { // a refusal shows here; the request itself only times out
				select {
				case denied <- fmt.Errorf("the broker refuses this area or kind to %s: %w", o.User, err):
				default:
				}
			}
		}))
	if err != nil {
		return fmt.Errorf("connecting to the broker: %w", err)
	}
	defer nc.Close()
	consumer, err := open(ctx, nc, o)
	if err != nil {
		select {
		case refusal := <-denied:
			return refusal
		case <-time.After(100 * time.Millisecond):
			return err
		}
	}
	return follow(ctx, consumer, o, each)
}

// open finds or makes the subscriber's consumer.
func open(ctx context.Context, nc *nats.Conn, o Options) (jetstream.Consumer, error) {
	js, err := jetstream.New(nc, jetstream.WithDefaultTimeout(5*time.Second))
	if err != nil {
		return nil, err
	}
	stream, filter, err := o.Filter()
	if err != nil {
		return nil, err
	}
	name := o.User + "-" + o.Kind
	if o.Fresh {
		if err := js.DeleteConsumer(ctx, stream, name); err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
			return nil, fmt.Errorf("forgetting the earlier position: %w", err)
		}
	}
	consumer, err := js.CreateOrUpdateConsumer(ctx, stream, jetstream.ConsumerConfig{
		Durable:       name,
		FilterSubject: filter,
		DeliverPolicy: jetstream.DeliverLastPerSubjectPolicy,
		AckPolicy:     jetstream.AckExplicitPolicy,
		AckWait:       30 * time.Second,
		MaxAckPending: 1000,
	})
	if err != nil {
		return nil, fmt.Errorf("opening the consumer: %w", err)
	}
	return consumer, nil
}

// Filter spells the stream and subject filter of the options.
func (o Options) Filter() (stream, filter string, err error) {
	area := "00"
	if o.Area != "" {
		area = o.Area
	}
	tail := ".>"
	if area != "00" {
		part := strings.Split(area, ".")
		if len(part) != 2 || len(part[0]) != 2 || len(part[1]) != 2 {
			return "", "", fmt.Errorf("area %q: want a regency such as 32.04, or 00 for all of Indonesia", area)
		}
		tail = "." + area + ".>"
	}
	switch o.Kind {
	case "family", "person":
		return "REGISTRY", "registry.registrant.updated.v1." + o.Kind + tail, nil
	case "entitlement":
		programme := "*"
		if o.Programme != "" {
			programme = o.Programme
		}
		if tail == ".>" && programme == "*" {
			return "ELIGIBILITY", "eligibility.entitlement.changed.v1.>", nil
		}
		return "ELIGIBILITY", "eligibility.entitlement.changed.v1." + programme + tail, nil
	}
	return "", "", fmt.Errorf("kind %q: want family, person or entitlement", o.Kind)
}

func follow(ctx context.Context, consumer jetstream.Consumer, o Options, each func(Event) error) error {
	it, err := consumer.Messages(jetstream.PullMaxMessages(200))
	if err != nil {
		return fmt.Errorf("pulling: %w", err)
	}
	defer it.Stop()
	for {
		if o.Until {
			info, err := consumer.Info(ctx)
			if err != nil {
				return err
			}
			if info.NumPending == 0 && info.NumAckPending == 0 {
				return nil
			}
		}
		msg, err := it.Next(jetstream.NextContext(ctx))
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("pulling: %w", err)
		}
		var e Event
		if err := json.Unmarshal(msg.Data(), &e); err != nil {
			return fmt.Errorf("an event does not follow the contract: %w", err)
		}
		e.Subject = msg.Subject()
		if err := each(e); err != nil {
			return err
		}
		if err := msg.DoubleAck(ctx); err != nil && ctx.Err() == nil {
			return fmt.Errorf("acknowledging: %w", err)
		}
	}
}
