package main

import (
	"context"
	"crypto/rand"
	"net/http"
	"slices"

	"dtks/pkg/auth"
	"dtks/pkg/event"
	"dtks/pkg/fault"
	"dtks/pkg/pg"
	"dtks/pkg/web"

	"github.com/danielgtaylor/huma/v2"
	"github.com/jackc/pgx/v5"
)

type hookInput struct {
	ID   string `path:"id" pattern:"^[a-z0-9][a-z0-9-]{0,62}$"`
	Body struct {
		URL    string   `json:"url" maxLength:"2000" doc:"https"`
		Events []string `json:"events" minItems:"1" maxItems:"10" doc:"event types"`
		Filter string   `json:"filter,omitempty" maxLength:"32" doc:"programme, or unit of a registrant; all when left out"`
		Area   string   `json:"area,omitempty" maxLength:"13" doc:"00 (national) when left out"`
		Active *bool    `json:"active,omitempty" doc:"true when left out"`
	}
}

// hookView is a subscription without its secret.
type hookView struct {
	ID     string   `json:"id"`
	URL    string   `json:"url"`
	Events []string `json:"events"`
	Filter string   `json:"filter"`
	Area   string   `json:"area"`
	Active bool     `json:"active"`
	Secret string   `json:"secret,omitempty" doc:"only in the answer that made the subscription"`
}

type hookOutput struct {
	Status int
	Body   hookView
}

type hookIDInput struct {
	ID string `path:"id" pattern:"^[a-z0-9][a-z0-9-]{0,62}$"`
}

func (s *service) registerHooks(w *web.Server) {
	web.Register(w, huma.Operation{
		OperationID: "put-webhook", Method: http.MethodPut, Path: "/v1/webhooks/{id}",
		Summary: "Subscribe a system to events as signed HTTP requests (Standard Webhooks), or change its subscription",
	}, s.putHook)
	web.Register(w, huma.Operation{
		OperationID: "get-webhook", Method: http.MethodGet, Path: "/v1/webhooks/{id}", Summary: "A subscription",
	}, s.getHook)
	web.Register(w, huma.Operation{
		OperationID: "delete-webhook", Method: http.MethodDelete, Path: "/v1/webhooks/{id}",
		Summary: "End a subscription; calls not yet made fail", DefaultStatus: http.StatusNoContent,
	}, s.deleteHook)
}

func (s *service) putHook(ctx context.Context, in *hookInput) (*hookOutput, error) {
	w := subscription{ID: in.ID, URL: in.Body.URL, Events: in.Body.Events, Filter: in.Body.Filter, Area: in.Body.Area,
		Active: in.Body.Active == nil || *in.Body.Active}
	if w.Filter == "" {
		w.Filter = event.All
	}
	if w.Area == "" {
		w.Area = auth.National
	}
	p, rights := caller(ctx)
	if err := rights.Require(auth.Ops, w.Area); err != nil {
		return nil, err
	}
	person, err := personOf(p)
	if err != nil {
		return nil, err
	}
	if refusal := s.hooks.checkURL(w.URL); refusal != nil {
		return nil, refusal
	}
	if refusal := s.checkEvents(w.Events); refusal != nil {
		return nil, refusal
	}
	w.Secret = make([]byte, 32)
	_, _ = rand.Read(w.Secret) // never fails: the runtime ends the process instead
	var isNew bool
	err = pg.InTx(ctx, s.store.db, func(tx pgx.Tx) error {
		var err error
		if isNew, err = s.store.subscribe(ctx, tx, w, person, s.now()); err != nil || isNew {
			return err
		}
		if err := s.holdHook(ctx, tx, w.ID); err != nil {
			return err
		}
		return s.store.resubscribe(ctx, tx, w)
	})
	if err != nil {
		return nil, err
	}
	out := &hookOutput{http.StatusOK, hookOf(w)}
	if isNew {
		out.Status, out.Body.Secret = http.StatusCreated, secretText(w.Secret)
	}
	return out, nil
}

// checkEvents refuses event types for which no rule makes calls.
func (s *service) checkEvents(events []string) *fault.Error {
	for _, e := range events {
		if !slices.ContainsFunc(s.rules, func(r rule) bool {
			return string(r.Event) == e && slices.Contains(r.Channels, webhook)
		}) {
			return fault.New(fault.Invalid, "webhook_invalid", "langganan tidak dapat disimpan", "the subscription cannot be stored").
				With(fault.Detail{Field: "events", Code: "event_unknown", Text: fault.Text{
					ID: "jenis peristiwa tidak ditawarkan", EN: "an event type is not offered"}})
		}
	}
	return nil
}

func hookOf(w subscription) hookView {
	return hookView{ID: w.ID, URL: w.URL, Events: w.Events, Filter: w.Filter, Area: w.Area, Active: w.Active}
}

// known refuses callers without the right, and answers those of another area as if there were no subscription.
func known(ctx context.Context, area string) error {
	rights := auth.Rights(ctx)
	if err := rights.Require(auth.Ops, rights.Area()); err != nil {
		return err
	}
	if !rights.Allows(auth.Ops, area) {
		return errNoWebhook
	}
	return nil
}

// holdHook locks a subscription that the caller may change.
func (s *service) holdHook(ctx context.Context, tx pgx.Tx, id string) error {
	area, err := s.store.lockSubscription(ctx, tx, id)
	if err != nil {
		return err
	}
	return known(ctx, area)
}

func (s *service) getHook(ctx context.Context, in *hookIDInput) (*hookOutput, error) {
	w, err := s.store.subscription(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if err := known(ctx, w.Area); err != nil {
		return nil, err
	}
	return &hookOutput{http.StatusOK, hookOf(w)}, nil
}

func (s *service) deleteHook(ctx context.Context, in *hookIDInput) (*struct{}, error) {
	return nil, pg.InTx(ctx, s.store.db, func(tx pgx.Tx) error {
		if err := s.holdHook(ctx, tx, in.ID); err != nil {
			return err
		}
		return s.store.unsubscribe(ctx, tx, in.ID)
	})
}
