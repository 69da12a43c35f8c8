package main

import (
	"context"
	"log/slog"
	"strconv"
	"time"

	"dtks/pkg/bus"
	"dtks/pkg/event"
	"dtks/pkg/fault"
	"dtks/pkg/outbox"
	"dtks/pkg/wilayah"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// service is what handlers, endpoints and the sender share.
type service struct {
	store   *store
	outbox  *outbox.Outbox
	rules   []rule
	mailTo  string // template of a function's mailbox; "" = no e-mail from this service
	console string // address that links begin with
	hooks   *hooks
	now     func() time.Time
}

// routes lists what this service consumes. The handlers only say what an event offers to rules.
func (s *service) routes() []bus.Route {
	return []bus.Route{
		bus.On(event.TypeProposalUpdated, s.onProposalUpdated),
		bus.On(event.TypeRegistrantUpdated, s.onRegistrantUpdated),
		bus.On(event.TypeCaseUpdated, s.onCaseUpdated),
		bus.On(event.TypeMatchDecided, s.onMatchDecided),
		bus.On(event.TypeDuplicateFound, s.onDuplicateFound),
		bus.On(event.TypeEntitlementChanged, s.onEntitlementChanged),
		bus.On(event.TypeRankReleased, s.onRankReleased),
	}
}

func (s *service) onProposalUpdated(ctx context.Context, tx pgx.Tx, msgs []bus.Msg[event.ProposalUpdated]) error {
	return s.notify(ctx, tx, occurrences(msgs, func(d *event.ProposalUpdated) (string, map[string]string, bool) {
		d.Sealed = nil
		return d.Area, map[string]string{"status": string(d.Status), "kind": string(d.Kind), "reason_code": d.ReasonCode,
			"family_id": d.FamilyID}, true
	}))
}

func (s *service) onRegistrantUpdated(ctx context.Context, tx pgx.Tx, msgs []bus.Msg[event.RegistrantUpdated]) error {
	return s.notify(ctx, tx, occurrences(msgs, func(d *event.RegistrantUpdated) (string, map[string]string, bool) {
		d.Sealed = nil
		return d.Area, map[string]string{"state": string(d.State), "reason_code": d.ReasonCode, "family_id": d.FamilyID},
			d.State != event.Moved
	}))
}

func (s *service) onCaseUpdated(ctx context.Context, tx pgx.Tx, msgs []bus.Msg[event.CaseUpdated]) error {
	return s.notify(ctx, tx, occurrences(msgs, func(d *event.CaseUpdated) (string, map[string]string, bool) {
		return d.Area, map[string]string{"status": string(d.Status), "kind": string(d.Kind), "reason_code": d.ReasonCode,
			"family_id": d.FamilyID, "proposal_id": d.ProposalID}, true
	}))
}

func (s *service) onMatchDecided(ctx context.Context, tx pgx.Tx, msgs []bus.Msg[event.MatchDecided]) error {
	return s.notify(ctx, tx, occurrences(msgs, func(d *event.MatchDecided) (string, map[string]string, bool) {
		d.Sealed = nil
		return d.Area, map[string]string{"verdict": string(d.Verdict), "family_id": d.FamilyID}, d.State != event.Moved
	}))
}

// onDuplicateFound speaks, on each side, of the person who lives in that side's regency: the other one may be out of sight
// of whoever is told.
func (s *service) onDuplicateFound(ctx context.Context, tx pgx.Tx, msgs []bus.Msg[event.DuplicateFound]) error {
	all := make([]occurrence, 0, len(msgs))
	for i := range msgs {
		all = append(all, occurrences(msgs[i:i+1], func(d *event.DuplicateFound) (string, map[string]string, bool) {
			d.Sealed = nil
			if len(d.Persons) != 2 { // only closes an old area: ends what was open there
				return msgs[i].At.Area.String(), map[string]string{"state": string(d.State)}, true
			}
			here := d.Persons[0]
			if msgs[i].At.Filter == event.Second {
				here = d.Persons[1]
			}
			return here.Area, map[string]string{"state": string(d.State), "outcome": string(d.Outcome), "person_id": here.PersonID,
				"family_id": here.FamilyID}, true
		})...)
	}
	return s.notify(ctx, tx, all)
}

func (s *service) onEntitlementChanged(ctx context.Context, tx pgx.Tx, msgs []bus.Msg[event.EntitlementChanged]) error {
	return s.notify(ctx, tx, occurrences(msgs, func(d *event.EntitlementChanged) (string, map[string]string, bool) {
		d.Sealed = nil
		return d.Area, map[string]string{"outcome": string(d.Outcome), "programme": d.Programme, "release": d.Release},
			d.State != event.Moved
	}))
}

func (s *service) onRankReleased(ctx context.Context, tx pgx.Tx, msgs []bus.Msg[event.RankReleased]) error {
	return s.notify(ctx, tx, occurrences(msgs, func(d *event.RankReleased) (string, map[string]string, bool) {
		return "00", map[string]string{"complete": strconv.FormatBool(d.Complete), "model": d.Model,
			"families": strconv.FormatInt(d.Families, 10), "changed": strconv.FormatInt(d.Changed, 10)}, true
	}))
}

// occurrences turns messages into what rules see. offer takes the sealed part off the payload and gives area and
// fields; false means that the event concerns nobody here (the version that only closes an old area).
func occurrences[T any](msgs []bus.Msg[T], offer func(*T) (area string, fields map[string]string, ok bool)) []occurrence {
	out := make([]occurrence, 0, len(msgs))
	for i := range msgs {
		m := &msgs[i]
		area, fields, ok := offer(&m.Data)
		if !ok {
			continue
		}
		fields["id"], fields["filter"], fields["area"] = m.Subject, m.At.Filter, area
		out = append(out, occurrence{EventID: m.ID, Type: m.At.Type, Version: m.Version, ID: m.Subject, Filter: m.At.Filter,
			Area: area, Fields: fields, Open: m.Data})
	}
	return out
}

// notify writes down, in the consumer's transaction, what an event sets in motion: it ends the notifications about the
// aggregate's earlier states, and records notifications and deliveries that rules ask for. Nothing is sent here.
func (s *service) notify(ctx context.Context, tx pgx.Tx, all []occurrence) error {
	at := s.now().UTC().Truncate(time.Microsecond)
	var ended []string
	var due []notification
	var intents []delivery
	var subscriptions []subscription
	loaded := false
	for _, o := range all {
		if _, err := uuid.Parse(o.EventID); err != nil {
			return fault.New(fault.Invalid, "id_malformed", "pengenal tidak berbentuk UUID", "an id is not a UUID")
		}
		if o.Version > 1 {
			ended = append(ended, o.about())
		}
		for _, r := range s.rules {
			if !r.matches(o) {
				continue
			}
			nameAreas(o)
			for _, channel := range r.Channels {
				switch channel {
				case inApp:
					due = append(due, notificationsOf(r, o)...)
				case email:
					intents = append(intents, s.mailsOf(r, o)...)
				case webhook:
					if !loaded {
						var err error
						if subscriptions, err = s.store.subscriptions(ctx, tx); err != nil {
							return err
						}
						loaded = true
					}
					calls, err := callsOf(r, o, subscriptions, at)
					if err != nil {
						return err
					}
					intents = append(intents, calls...)
				}
			}
		}
	}
	if err := s.store.end(ctx, tx, ended, at); err != nil {
		return err
	}
	if err := s.store.add(ctx, tx, due, at); err != nil {
		return err
	}
	return s.store.intend(ctx, tx, intents, at)
}

// nameAreas gives an occurrence the names that texts use.
func nameAreas(o occurrence) {
	if o.Fields["area_name"] != "" {
		return
	}
	if o.Area == "00" {
		o.Fields["area_name"], o.Fields["regency_name"] = "Indonesia", "Indonesia"
		return
	}
	regency := wilayah.Name(wilayah.At(o.Area, wilayah.Regency))
	o.Fields["regency_name"] = regency
	o.Fields["area_name"] = o.Area
	if name := wilayah.Name(o.Area); name != "" {
		o.Fields["area_name"] = name + ", " + regency
	}
}

// notificationsOf gives one in-app notification for each role.
func notificationsOf(r rule, o occurrence) []notification {
	out := make([]notification, len(r.Roles))
	for i, role := range r.Roles {
		out[i] = notification{ID: newID(), EventID: o.EventID, Rule: r.ID, Role: role, Area: o.Area, About: o.about(),
			Params: o.Fields}
	}
	return out
}

// mailsOf gives one e-mail for each role, to the mailbox of that role in the event's regency.
func (s *service) mailsOf(r rule, o occurrence) []delivery {
	if s.mailTo == "" {
		return nil
	}
	said := r.say(o.Fields)
	body := said.Text.ID + "\n\n" + said.Text.EN + "\n"
	if said.Link != "" && s.console != "" {
		body += "\n" + s.console + said.Link + "\n"
	}
	out := make([]delivery, len(r.Roles))
	for i, role := range r.Roles {
		out[i] = delivery{ID: newID(), EventID: o.EventID, Rule: r.ID, Channel: email, Recipient: mailbox(s.mailTo, role, o.Area),
			Area: o.Area, Subject: "[DTKS] " + said.Title.ID + " / " + said.Title.EN, Body: body}
	}
	return out
}

// callsOf gives one webhook call for each subscription that asks for the event. The body carries the open part only.
func callsOf(r rule, o occurrence, subscriptions []subscription, at time.Time) ([]delivery, error) {
	var out []delivery
	var body string
	for _, sub := range subscriptions {
		if !sub.wants(o) {
			continue
		}
		if body == "" {
			raw, err := event.Marshal(hookBody{Type: o.Type, Timestamp: at, ID: o.ID, Version: o.Version, Data: o.Open})
			if err != nil {
				return nil, err
			}
			body = string(raw)
		}
		out = append(out, delivery{ID: newID(), EventID: o.EventID, Rule: r.ID, Channel: webhook, Recipient: sub.ID,
			Area: o.Area, Body: body})
	}
	return out, nil
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// logRules says at start what the rules amount to.
func (s *service) logRules() {
	slog.Info("notification rules", "rules", len(s.rules), "email", s.mailTo != "")
}
