package main

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/trace"

	"dtks/pkg/bus"
	"dtks/pkg/event"
	"dtks/pkg/fault"
	"dtks/pkg/nik"
	"dtks/services/nik-match/judge"
)

var errIDs = fault.New(fault.Invalid, "ids_malformed", "Pengenal dalam peristiwa tidak terbaca.", "The event's ids cannot be read.")

// onProposal makes jobs of the persons whose matched fields a proposal changes, so that officers see the verdict before
// they decide.
func (s *store) onProposal(ctx context.Context, tx pgx.Tx, msgs []bus.Msg[event.ProposalUpdated]) error {
	var asked []asking
	for _, m := range msgs {
		if m.Data.Status != event.ProposalOpen {
			continue
		}
		of, err := s.proposed(ctx, m)
		if err != nil {
			return err
		}
		asked = append(asked, of...)
	}
	return s.ask(ctx, tx, asked)
}

// proposed opens one proposal.
func (s *store) proposed(ctx context.Context, m bus.Msg[event.ProposalUpdated]) ([]asking, error) {
	want := make(map[string]int64)
	for _, p := range m.Data.Persons {
		if p.Match {
			want[p.PersonID] = p.IdentityVersion
		}
	}
	if len(want) == 0 {
		return nil, nil
	}
	family, err := uuid.Parse(m.Data.FamilyID)
	if err != nil {
		return nil, errIDs
	}
	var sealed event.ProposalIdentity
	if err := m.Open(ctx, event.Identity, &sealed); err != nil {
		return nil, err
	}
	asked := make([]asking, 0, len(want))
	for _, fields := range sealed.Members {
		version, ok := want[fields.PersonID]
		if !ok {
			continue
		}
		delete(want, fields.PersonID)
		person, err := uuid.Parse(fields.PersonID)
		if err != nil || version < 1 {
			return nil, errIDs
		}
		asked = append(asked, asking{identity{person, version}, family, m.Data.Area, fields, m.Cause()})
	}
	if len(want) > 0 {
		return nil, fault.New(fault.Invalid, "identity_absent", "Identitas seseorang dalam usulan tidak disertakan.",
			"The proposal leaves out the identity of one of its persons.")
	}
	return asked, nil
}

// onRegistrant follows persons in force: where they are, who is to be compared with others, and identity versions nobody
// has asked about yet (records from before, or proposals that never reached this service).
func (s *store) onRegistrant(ctx context.Context, tx pgx.Tx, msgs []bus.Msg[event.RegistrantUpdated]) error {
	persons := make([]registered, 0, len(msgs))
	from := make([]int, 0, len(msgs))
	for i, m := range msgs {
		if m.At.Filter != event.Person || m.Data.State == event.Moved {
			continue
		}
		person, err1 := uuid.Parse(m.Subject)
		family, err2 := uuid.Parse(m.Data.FamilyID)
		if err1 != nil || err2 != nil || m.Data.IdentityVersion < 1 {
			return errIDs
		}
		persons = append(persons, registered{identity{person, m.Data.IdentityVersion}, family, m.Data.Area, m.Cause()})
		from = append(from, i)
	}
	if len(persons) == 0 {
		return nil
	}
	known, err := s.standings(ctx, tx, persons)
	if err != nil {
		return err
	}
	var asked []asking
	var moved []registered
	var changed []inForce
	for i, p := range persons {
		m, k := msgs[from[i]], known[i]
		active := m.Data.State == event.Active
		if !k.Same {
			moved = append(moved, p)
		}
		newFields, ask := active && k.InForce != p.Version, active && !k.Known
		var fields event.PersonIdentity
		if newFields || ask {
			if err := m.Open(ctx, event.Identity, &fields); err != nil {
				return err
			}
			fields.PersonID = m.Subject
		}
		if ask {
			asked = append(asked, asking{identity: p.identity, Family: p.Family, Area: p.Area, Fields: fields, Cause: p.Cause})
		}
		switch now := (inForce{registered: p, Event: m.Version}); {
		case newFields:
			now.Fields = &fields
			changed = append(changed, now)
		case active && !k.SamePlace, !active && k.InForce != 0:
			now.Kept = active
			changed = append(changed, now)
		}
	}
	// Places first, so that a verdict made right here is published where the person is now.
	if err := s.place(ctx, tx, moved); err != nil {
		return err
	}
	if err := s.ask(ctx, tx, asked); err != nil {
		return err
	}
	return s.enforce(ctx, tx, changed)
}

// unaskable is the finding of a NIK that Dukcapil need not be asked about, "" for one that it can be.
func unaskable(number string) string {
	parsed, found := nik.Parse(number)
	switch {
	case string(parsed) != "":
		return ""
	case len(found) == 1 && found[0].Code == "nik_missing":
		return judge.NoNIK
	}
	return judge.MalformedNIK
}

// continued starts a span for a call where the registrant is being traced; nil where not.
func continued(ctx context.Context, traceParent string) (context.Context, trace.Span, string) {
	remote, ok := bus.ParseTraceParent(traceParent)
	if !ok || !remote.IsSampled() {
		return ctx, nil, traceParent
	}
	ctx, span := otel.Tracer("dtks/nik-match").Start(trace.ContextWithRemoteSpanContext(ctx, remote), "dukcapil verify",
		trace.WithSpanKind(trace.SpanKindClient))
	return ctx, span, bus.TraceParent(span.SpanContext())
}
