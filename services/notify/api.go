package main

import (
	"context"
	"net/http"
	"slices"
	"time"

	"dtks/pkg/auth"
	"dtks/pkg/fault"
	"dtks/pkg/pg"
	"dtks/pkg/web"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// register adds the endpoints of this service. wake is called when a delivery has become due again.
func (s *service) register(w *web.Server, wake func()) {
	web.Register(w, huma.Operation{
		OperationID: "list-notifications", Method: http.MethodGet, Path: "/v1/notifications",
		Summary: "What awaits your roles in your area, newest first",
	}, s.listNotifications)
	web.Register(w, huma.Operation{
		OperationID: "read-notification", Method: http.MethodPost, Path: "/v1/notifications/{id}/read",
		Summary: "Mark a notification as read, for you alone", DefaultStatus: http.StatusNoContent,
	}, s.readNotification)
	web.Register(w, huma.Operation{
		OperationID: "list-deliveries", Method: http.MethodGet, Path: "/v1/deliveries",
		Summary: "Deliveries in one state, oldest first; unknown ones wait for a person",
	}, s.listDeliveries)
	web.Register(w, huma.Operation{
		OperationID: "resolve-delivery", Method: http.MethodPost, Path: "/v1/deliveries/{id}/resolve",
		Summary:     "Decide what became of an unknown or failed delivery",
		Description: "sent: it arrived. failed: it did not, and shall not be sent. resend: send it once more.",
	}, func(ctx context.Context, in *resolveInput) (*deliveryOutput, error) {
		defer wake()
		return s.resolveDelivery(ctx, in)
	})
	s.registerHooks(w)
}

type listInput struct {
	State  string `query:"state" enum:"open,all" default:"open" doc:"open: still waits for somebody"`
	Before string `query:"before" format:"uuid" doc:"next of the page before"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

// notificationView is a notification as its reader sees it.
type notificationView struct {
	ID        string     `json:"id"`
	Rule      string     `json:"rule"`
	Role      string     `json:"role"`
	Area      string     `json:"area"`
	Title     fault.Text `json:"title"`
	Text      fault.Text `json:"text"`
	Link      string     `json:"link,omitempty" doc:"path on the console"`
	EventID   string     `json:"event_id"`
	CreatedAt time.Time  `json:"created_at"`
	Done      bool       `json:"done" doc:"somebody has acted, or it no longer matters"`
	Read      bool       `json:"read" doc:"by you"`
}

type listOutput struct {
	Body struct {
		Items []notificationView `json:"items"`
		Next  string             `json:"next,omitempty"`
	}
}

// addressees are the roles whose notifications a caller sees: their own; an admin sees all.
func addressees(p auth.Principal) []string {
	if slices.Contains(p.Roles, "admin") {
		return []string{"operator", "lksa", "verifier", "approver", "programme", "ops", "admin"}
	}
	return p.Roles
}

func (s *service) listNotifications(ctx context.Context, in *listInput) (*listOutput, error) {
	p, rights := caller(ctx)
	if err := rights.Require(auth.Read, p.Area); err != nil {
		return nil, err
	}
	rows, err := s.store.mine(ctx, inbox{Person: p.Person, Roles: addressees(p), Area: p.Area, Open: in.State == "open",
		Before: in.Before, Limit: in.Limit + 1})
	if err != nil {
		return nil, err
	}
	out := &listOutput{}
	if len(rows) > in.Limit {
		rows = rows[:in.Limit]
		out.Body.Next = rows[len(rows)-1].ID
	}
	out.Body.Items = make([]notificationView, len(rows))
	for i, n := range rows {
		said := s.rule(n.Rule).say(n.Params)
		out.Body.Items[i] = notificationView{ID: n.ID, Rule: n.Rule, Role: n.Role, Area: n.Area, Title: said.Title,
			Text: said.Text, Link: said.Link, EventID: n.EventID, CreatedAt: n.CreatedAt, Done: n.Done, Read: n.Read}
	}
	return out, nil
}

// rule finds a rule by id. A rule that has left the file still names what the notification was about.
func (s *service) rule(id string) rule {
	for _, r := range s.rules {
		if r.ID == id {
			return r
		}
	}
	return rule{ID: id, Title: fault.Text{ID: id, EN: id}, Text: fault.Text{ID: "{id} ({area_name})", EN: "{id} ({area_name})"}}
}

func caller(ctx context.Context) (auth.Principal, auth.RightsSet) {
	p, _ := auth.From(ctx)
	return p, auth.Rights(ctx)
}

// personOf is the caller's person id; what is recorded in somebody's name needs one.
func personOf(p auth.Principal) (string, error) {
	id, err := uuid.Parse(p.Person)
	if err != nil {
		return "", fault.New(fault.Forbidden, "person_unknown", "token tidak menyebut orangnya", "the token names no person")
	}
	return id.String(), nil
}

type idInput struct {
	ID string `path:"id" format:"uuid"`
}

func (s *service) readNotification(ctx context.Context, in *idInput) (*struct{}, error) {
	p, rights := caller(ctx)
	person, err := personOf(p)
	if err != nil {
		return nil, err
	}
	role, area, err := s.store.address(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if !rights.Allows(auth.Read, area) || !slices.Contains(addressees(p), role) {
		return nil, errNoNotification
	}
	return nil, s.store.markRead(ctx, in.ID, person, s.now())
}

type deliveriesInput struct {
	State string `query:"state" enum:"pending,sending,sent,failed,unknown" default:"unknown"`
	After string `query:"after" format:"uuid" doc:"next of the page before"`
	Limit int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

// deliveryView is a delivery for the operations team: what it was for, not what it said.
type deliveryView struct {
	ID        string     `json:"id"`
	Channel   string     `json:"channel"`
	Recipient string     `json:"recipient" doc:"mailbox of a function, or id of a webhook"`
	Rule      string     `json:"rule"`
	EventID   string     `json:"event_id"`
	Area      string     `json:"area"`
	State     string     `json:"state"`
	Attempts  int        `json:"attempts"`
	Code      string     `json:"code,omitempty"`
	CreatedAt time.Time  `json:"created_at"`
	EndedAt   *time.Time `json:"ended_at,omitempty"`
}

type deliveryOutput struct{ Body deliveryView }

type deliveriesOutput struct {
	Body struct {
		Items []deliveryView `json:"items"`
		Next  string         `json:"next,omitempty"`
	}
}

func viewOf(d delivery) deliveryView {
	return deliveryView{ID: d.ID, Channel: d.Channel, Recipient: d.Recipient, Rule: d.Rule, EventID: d.EventID, Area: d.Area,
		State: d.State, Attempts: d.Attempts, Code: d.Code, CreatedAt: d.CreatedAt, EndedAt: d.EndedAt}
}

func (s *service) listDeliveries(ctx context.Context, in *deliveriesInput) (*deliveriesOutput, error) {
	if err := auth.Rights(ctx).Require(auth.Ops, auth.National); err != nil {
		return nil, err
	}
	rows, err := s.store.deliveries(ctx, in.State, in.After, in.Limit+1)
	if err != nil {
		return nil, err
	}
	out := &deliveriesOutput{}
	if len(rows) > in.Limit {
		rows = rows[:in.Limit]
		out.Body.Next = rows[len(rows)-1].ID
	}
	out.Body.Items = make([]deliveryView, len(rows))
	for i, d := range rows {
		out.Body.Items[i] = viewOf(d)
	}
	return out, nil
}

type resolveInput struct {
	ID   string `path:"id" format:"uuid"`
	Body struct {
		Resolution string `json:"resolution" enum:"sent,failed,resend"`
	}
}

func (s *service) resolveDelivery(ctx context.Context, in *resolveInput) (*deliveryOutput, error) {
	p, rights := caller(ctx)
	if err := rights.Require(auth.Ops, auth.National); err != nil {
		return nil, err
	}
	person, err := personOf(p)
	if err != nil {
		return nil, err
	}
	var d delivery
	err = pg.InTx(ctx, s.store.db, func(tx pgx.Tx) error {
		locked, err := s.store.lock(ctx, tx, in.ID)
		if err != nil {
			return err
		}
		at := s.now().UTC().Truncate(time.Microsecond)
		var refusal *fault.Error
		if d, refusal = resolve(locked, in.Body.Resolution, at); refusal != nil {
			return refusal
		}
		if err := s.store.resolve(ctx, tx, d, person, at); err != nil || d.State == pending {
			return err
		}
		return s.publish(ctx, tx, d)
	})
	if err != nil {
		return nil, err
	}
	s.outbox.Wake()
	return &deliveryOutput{viewOf(d)}, nil
}
