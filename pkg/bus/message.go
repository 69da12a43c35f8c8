package bus

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/nats-io/nats.go/jetstream"
	"go.opentelemetry.io/otel/trace"

	"dtks/pkg/event"
	"dtks/pkg/fault"
	"dtks/pkg/seal"
)

// Msg is one event as a handler gets it: newer than anything applied before for its aggregate.
type Msg[T any] struct {
	event.Envelope // Data is left empty: it is decoded into the field below
	At             event.Subject
	Data           T

	sealed event.Sealed
	keys   *seal.Keys
	span   trace.SpanContext
}

// Open opens the sealed part of a class into a pointer to its struct. A key that has not arrived is
// fault.Unavailable, so that returning the error tries again; a class that the event does not carry is fault.NotFound.
func (m Msg[T]) Open(ctx context.Context, class event.Class, into any) error {
	box, ok := m.sealed[class]
	if !ok {
		return fault.New(fault.NotFound, "class_absent", "Bagian data ini tidak ada.", "This part of the data is not there.")
	}
	if m.keys == nil {
		return fault.New(fault.Internal, "no_keys", "Layanan ini tidak memegang kunci.", "This service holds no keys.")
	}
	plain, err := m.keys.Open(ctx, m.At.Type.Service(), class, box, seal.AD(m.ID, m.At.String(), m.Version))
	if err != nil {
		return err
	}
	if err := event.Unmarshal(plain, into); err != nil {
		return fault.New(fault.Invalid, "sealed_payload_malformed", "Isi tersegel tidak terbaca.", "The sealed content cannot be read.")
	}
	return nil
}

// Has reports whether the event carries a sealed part of class.
func (m Msg[T]) Has(class event.Class) bool {
	_, ok := m.sealed[class]
	return ok
}

// Cause is for the events that this one leads to.
func (m Msg[T]) Cause() event.Cause {
	c := event.Cause{ID: m.ID, TraceParent: m.TraceParent}
	if m.span.IsSampled() {
		c.TraceParent = TraceParent(m.span)
	}
	return c
}

// TraceParent spells a span context in W3C form; "" when it is not valid.
func TraceParent(sc trace.SpanContext) string {
	if !sc.IsValid() {
		return ""
	}
	flags := "00"
	if sc.IsSampled() {
		flags = "01"
	}
	return "00-" + sc.TraceID().String() + "-" + sc.SpanID().String() + "-" + flags
}

// incoming is one message between arrival and acknowledgement.
type incoming struct {
	msg    jetstream.Msg
	stream string
	seq    uint64
	tries  uint64
	at     event.Subject
	env    event.Envelope
	sealed event.Sealed
	data   any // *T, decoded by its route
	span   trace.Span
}

// Route ties an event type to its handler.
type Route struct {
	Type   event.Type
	decode func(payload []byte) (event.Envelope, event.Sealed, any, error)
	handle func(ctx context.Context, tx pgx.Tx, in []*incoming, keys *seal.Keys) error
}

// wire is the envelope with its payload decoded in the same pass: Data here hides the raw one of the envelope.
type wire[T any] struct {
	event.Envelope
	Data T `json:"data"`
}

func decode[T any](payload []byte) (event.Envelope, event.Sealed, any, error) {
	var w wire[T]
	if err := event.Unmarshal(payload, &w); err != nil {
		return event.Envelope{}, nil, nil, err
	}
	var sealed event.Sealed
	if s, ok := any(&w.Data).(interface{ Boxes() event.Sealed }); ok {
		sealed = s.Boxes()
	}
	return w.Envelope, sealed, &w.Data, nil
}

// On makes a Route from a typed handler. The handler gets a batch, each message of another aggregate and newer than
// what was applied; its effects and events go into tx. It must not reach the network: retries would repeat that.
func On[T any](t event.Type, handler func(ctx context.Context, tx pgx.Tx, msgs []Msg[T]) error) Route {
	return Route{
		Type:   t,
		decode: decode[T],
		handle: func(ctx context.Context, tx pgx.Tx, in []*incoming, keys *seal.Keys) error {
			msgs := make([]Msg[T], len(in))
			for i, m := range in {
				msgs[i] = Msg[T]{Envelope: m.env, At: m.at, Data: *m.data.(*T), sealed: m.sealed, keys: keys}
				if m.span != nil {
					msgs[i].span = m.span.SpanContext()
				}
			}
			return handler(ctx, tx, msgs)
		},
	}
}
