// Package bus is the one way to and from NATS JetStream: connection, streams and rights, durable batches out, and
// consumers that apply each event once.
//
// A consumer's rules (docs/architecture.md 4): the version gate, the handler's effects and the handler's own events
// are one transaction; the acknowledgement follows the commit; a message that fails alone is retried, parked or put
// among the dead letters by the kind of its fault; it never takes its batch with it.
package bus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// confirmWithin is how long a publish may stay unconfirmed. It must end in the client too: what stays pending there
// for ever would use up the room for later publishes.
const confirmWithin = 15 * time.Second

// Conn is one service's connection to NATS.
type Conn struct {
	NATS *nats.Conn
	JS   jetstream.JetStream
	Name string // the service; also the NATS user and the durable

	denied atomic.Pointer[string] // the last permission violation
}

// Connect connects as the user whose nkey seed is in nkeyFile ("" = no authentication) and keeps reconnecting for ever.
// Each user has an inbox prefix of its own, so that no one can listen to another's answers.
func Connect(ctx context.Context, url, nkeyFile, name string) (*Conn, error) {
	c := &Conn{Name: name}
	opts := []nats.Option{
		nats.Name(name),
		nats.CustomInboxPrefix(InboxPrefix(name)),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(250 * time.Millisecond),
		nats.ReconnectJitter(100*time.Millisecond, 100*time.Millisecond),
		nats.PingInterval(5 * time.Second),
		nats.MaxPingsOutstanding(2),
		nats.RetryOnFailedConnect(true),
		nats.IgnoreAuthErrorAbort(),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			slog.Error("nats", "error", err.Error())
			if errors.Is(err, nats.ErrPermissionViolation) {
				text := err.Error()
				c.denied.Store(&text)
			}
		}),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				slog.Warn("nats disconnected", "error", err.Error())
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) { slog.Info("nats reconnected") }),
	}
	if nkeyFile != "" {
		opt, err := nats.NkeyOptionFromSeed(nkeyFile)
		if err != nil {
			return nil, fmt.Errorf("NATS_NKEY_FILE: %w", err)
		}
		opts = append(opts, opt)
	}
	var err error
	if c.NATS, err = nats.Connect(url, opts...); err != nil {
		return nil, fmt.Errorf("connecting to NATS: %w", err)
	}
	if c.JS, err = jetstream.New(c.NATS, jetstream.WithPublishAsyncMaxPending(1024),
		jetstream.WithPublishAsyncTimeout(confirmWithin)); err != nil {
		return nil, err
	}
	// Waiting briefly makes an ordinary start quiet; a broker that is down must not keep the service from starting.
	deadline := time.Now().Add(5 * time.Second)
	for !c.NATS.IsConnected() && time.Now().Before(deadline) && ctx.Err() == nil {
		time.Sleep(10 * time.Millisecond)
	}
	return c, nil
}

// InboxPrefix is the inbox prefix of a user.
func InboxPrefix(user string) string { return "_INBOX_" + user }

// Ready is nil while connected and never denied: a denied subject shows only as a timeout elsewhere.
func (c *Conn) Ready(context.Context) error {
	if text := c.denied.Load(); text != nil {
		return errors.New(*text)
	}
	if !c.NATS.IsConnected() {
		return errors.New("NATS is not connected")
	}
	return nil
}

// Close drains nothing: whoever publishes or consumes has ended before.
func (c *Conn) Close() { c.NATS.Close() }
