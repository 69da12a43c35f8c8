package main

import (
	"time"

	"github.com/google/uuid"

	"dtks/pkg/event"
	"dtks/pkg/fault"
	"dtks/services/eligibility/fact"
)

// family is what eligibility keeps of one family: the newest event's facts.
type family struct {
	ID           uuid.UUID
	Version      int64
	RecordedAt   time.Time // of the event
	Active       bool
	Area         string    // village
	Head         uuid.UUID // person; zero where nobody is recorded as head
	HeadIdentity int64     // identity version in force
	Facts        fact.Family
	Model        string // that Score is of
	Score        *int64 // nil: too few answers
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
	if head := f.Facts.Head(); head != nil {
		f.Head, f.HeadIdentity = head.Person, head.Identity
	}
	return f, nil
}

// day is the day of the event in the family's time zone, as yyyymmdd: ages are taken on it.
func (f *family) day() int32 {
	y, m, d := f.RecordedAt.In(zone(f.Area)).Date()
	return int32(y*10000 + int(m)*100 + d)
}

// newVerdict reads a verdict from its event.
func newVerdict(env *event.Envelope, data *event.MatchDecided) (verdict, error) {
	person, err := uuid.Parse(env.Subject)
	if err != nil || data.Verdict == "" {
		return verdict{}, fault.New(fault.Invalid, "verdict_malformed", "Peristiwa pemadanan tidak terbaca.", "The match event cannot be read.")
	}
	return verdict{Person: person, Identity: data.IdentityVersion, Version: env.Version, RecordedAt: env.Time, Verdict: string(data.Verdict)}, nil
}

// Indonesia's three time zones, without daylight saving.
var (
	wib  = time.FixedZone("WIB", 7*3600)
	wita = time.FixedZone("WITA", 8*3600)
	wit  = time.FixedZone("WIT", 9*3600)
)

// zone is the time zone of an area, by its province.
func zone(area string) *time.Location {
	switch area[:2] {
	case "51", "52", "53", "63", "64", "65", "71", "72", "73", "74", "75", "76":
		return wita
	case "81", "82", "91", "92", "93", "94", "95", "96":
		return wit
	}
	return wib
}
