package main

import (
	"time"

	"github.com/google/uuid"

	"dtks/pkg/event"
	"dtks/pkg/fault"
	"dtks/services/eligibility/decision"
	"dtks/services/eligibility/fact"
)

// family is what eligibility keeps of one family: the newest event's facts.
type family struct {
	ID         uuid.UUID
	Version    int64
	RecordedAt time.Time // of the event
	Active     bool
	Area       string // village
	Facts      fact.Family
	Model      string // that Score is of
	Score      *int64 // nil: too few answers
}

// input is what the family is decided by, with the verdicts on its members' identities in force.
func (f *family) input(verdicts map[identity]verdict) *decision.Input {
	in := &decision.Input{ID: f.ID, Version: f.Version, Active: f.Active, Area: f.Area,
		Surveyed: decision.DayIn(f.Area, f.RecordedAt), Facts: f.Facts, Verdicts: make([]decision.Verdict, len(f.Facts.Members))}
	for i := range f.Facts.Members {
		m := &f.Facts.Members[i]
		if v, ok := verdicts[identity{m.Person, m.Identity}]; ok && v.Version > 0 {
			in.Verdicts[i] = decision.Verdict{Version: v.Version, Verdict: v.Verdict}
		}
	}
	return in
}

// identities are those of the members in force.
func (f *family) identities() []identity {
	out := make([]identity, len(f.Facts.Members))
	for i := range f.Facts.Members {
		out[i] = identity{f.Facts.Members[i].Person, f.Facts.Members[i].Identity}
	}
	return out
}

// verdict is the newest answer of the civil registry for one identity version of a person.
type verdict struct {
	Person     uuid.UUID
	Identity   int64
	Version    int64 // of the event; 0 = not decided
	RecordedAt time.Time
	Verdict    string
}

// identity names one version of one person's identity.
type identity struct {
	Person  uuid.UUID
	Version int64
}

var errFamily = fault.New(fault.Invalid, "family_malformed",
	"Peristiwa keluarga tidak terbaca.", "The family event cannot be read.")

// newFamily reads the family's state in force from its event. survey and sensitive may be empty for a family that is
// asleep.
func newFamily(
	env *event.Envelope, data *event.RegistrantUpdated, survey *event.FamilySurvey, sensitive *event.FamilySensitive,
) (*family, error) {
	id, err := uuid.Parse(env.Subject)
	if err != nil || len(data.Area) != 13 {
		return nil, errFamily
	}
	f := &family{ID: id, Version: env.Version, RecordedAt: env.Time, Active: data.State == event.Active, Area: data.Area}
	if f.Facts, err = fact.FromEvent(survey, sensitive, data.Members); err != nil {
		return nil, errFamily
	}
	return f, nil
}

// newVerdict reads a verdict from its event.
func newVerdict(env *event.Envelope, data *event.MatchDecided) (verdict, error) {
	person, err := uuid.Parse(env.Subject)
	if err != nil || data.Verdict == "" {
		return verdict{}, fault.New(fault.Invalid, "verdict_malformed", "Peristiwa pemadanan tidak terbaca.", "The match event cannot be read.")
	}
	return verdict{Person: person, Identity: data.IdentityVersion, Version: env.Version, RecordedAt: env.Time, Verdict: string(data.Verdict)}, nil
}
