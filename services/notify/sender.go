package main

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"dtks/pkg/app"
	"dtks/pkg/event"
	"dtks/pkg/failpoint"
	"dtks/pkg/outbox"
	"dtks/pkg/pg"

	"github.com/jackc/pgx/v5"
	"golang.org/x/time/rate"
)

const (
	atOnce    = 8 // deliveries under way at the same time
	idle      = 500 * time.Millisecond
	sweep     = lease / 4 // how often deliveries of dead senders are looked for
	keepTries = 10        // recording an outcome is tried this often, a second apart: well inside the lease
)

// sender carries out deliveries, apart from the transactions that asked for them.
//
//	claim: pending → sending, committed BEFORE anything goes out
//	send:  the only place where something leaves the system
//	keep:  sending → its outcome, with delivery.updated in the same transaction
//
// A sender that dies between claim and keep leaves a delivery in sending. Nobody can know whether it arrived, so once
// its lease is over it becomes unknown and a person decides; it is never sent again by itself. Several senders may run:
// a claim skips what another one holds.
type sender struct {
	*service
	mail  *mailer // nil = no e-mail
	limit map[string]*rate.Limiter
	wake  chan struct{}
}

func newSender(s *service, m *mailer, cfg config) *sender {
	limiter := func(perSecond float64) *rate.Limiter { return rate.NewLimiter(rate.Limit(perSecond), atOnce) }
	return &sender{service: s, mail: m, wake: make(chan struct{}, 1),
		limit: map[string]*rate.Limiter{email: limiter(cfg.MailRate), webhook: limiter(cfg.HookRate)}}
}

// Wake tells the sender that a transaction with intents has committed. Never blocks.
func (s *sender) Wake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// part runs the sender. When told to stop it finishes what is under way.
func (s *sender) part() app.Part { return app.Part{Name: "sender", Run: s.run} }

func (s *sender) run(ctx context.Context) error {
	var swept time.Time
	for ctx.Err() == nil {
		if time.Since(swept) > sweep {
			if err := s.sweep(ctx); err != nil {
				s.trouble(ctx, "sweeping deliveries", err)
				continue
			}
			swept = time.Now()
		}
		n, err := s.round(ctx)
		switch {
		case err != nil:
			s.trouble(ctx, "claiming deliveries", err)
		case n == 0:
			s.pause(ctx, idle)
		}
	}
	return nil
}

func (s *sender) trouble(ctx context.Context, doing string, err error) {
	if ctx.Err() != nil {
		return
	}
	slog.WarnContext(ctx, doing, "error", pg.Safe(err))
	s.pause(ctx, time.Second)
}

func (s *sender) pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-s.wake:
	}
}

// round claims what is due, as much as the rates allow, and carries it out. It returns how many that were.
func (s *sender) round(ctx context.Context) (int, error) {
	claimed := 0
	var under sync.WaitGroup
	defer under.Wait()
	for channel, limit := range s.limit {
		n := min(atOnce, int(limit.Tokens()))
		if n < 1 || channel == email && s.mail == nil {
			continue
		}
		var batch []attempt
		err := pg.InTx(ctx, s.store.db, func(tx pgx.Tx) (err error) {
			batch, err = s.store.claim(ctx, tx, channel, n)
			return err
		})
		if err != nil {
			return claimed, err
		}
		claimed += len(batch)
		limit.AllowN(time.Now(), len(batch))
		for _, a := range batch {
			under.Go(func() { s.carry(context.WithoutCancel(ctx), a) })
		}
	}
	return claimed, nil
}

// carry sends one delivery and records what came of it.
func (s *sender) carry(ctx context.Context, a attempt) {
	failpoint.Hit("notify.before_send")
	var o outcome
	switch {
	case a.Channel == email:
		o = s.mail.send(ctx, a.delivery)
	case a.hook == nil:
		o = outcome{failed, "subscription_gone"}
	default:
		o = s.hooks.call(ctx, *a.hook, a.delivery)
	}
	failpoint.Hit("notify.after_send")
	settled, next := settle(a.delivery, o, s.now().UTC().Truncate(time.Microsecond))
	for try := 1; ; try++ {
		err := pg.InTx(ctx, s.store.db, func(tx pgx.Tx) error { return s.keep(ctx, tx, settled, next) })
		if err == nil {
			break
		}
		if try == keepTries {
			// It stays in sending and becomes unknown: that is the truth of it.
			slog.ErrorContext(ctx, "recording a delivery", "delivery", a.ID, "error", pg.Safe(err))
			return
		}
		time.Sleep(time.Second)
	}
	s.outbox.Wake()
	if o.State != sent {
		slog.InfoContext(ctx, "delivery not sent", "delivery", a.ID, "channel", a.Channel, "state", settled.State, "code", o.Code)
	}
}

// keep writes an outcome, and publishes it where it is an end. A delivery that is no longer this attempt's is left alone.
func (s *sender) keep(ctx context.Context, tx pgx.Tx, d delivery, next time.Time) error {
	held, err := s.store.settle(ctx, tx, d, next)
	if err != nil || !held || d.State == pending {
		return err
	}
	return s.publish(ctx, tx, d)
}

// sweep turns what dead senders left behind into questions.
func (s *sender) sweep(ctx context.Context) error {
	err := pg.InTx(ctx, s.store.db, func(tx pgx.Tx) error {
		lost, err := s.store.lose(ctx, tx, lease)
		if err != nil || len(lost) == 0 {
			return err
		}
		slog.WarnContext(ctx, "deliveries whose fate is unknown", "count", len(lost))
		return s.publish(ctx, tx, lost...)
	})
	s.outbox.Wake()
	return err
}

// publish records delivery.updated for deliveries at their end.
func (s *service) publish(ctx context.Context, tx pgx.Tx, ended ...delivery) error {
	drafts := make([]outbox.Draft, len(ended))
	for i, d := range ended {
		drafts[i] = outbox.Draft{Type: event.TypeDeliveryUpdated, Filter: d.Channel, Area: event.AreaOf(d.Area), ID: d.ID,
			Data: d.event(), Cause: event.Cause{ID: d.EventID}}
	}
	if _, err := s.outbox.Add(ctx, tx, drafts...); err != nil {
		return fmt.Errorf("publishing deliveries: %w", err)
	}
	return nil
}
