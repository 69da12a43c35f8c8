package main

import (
	"maps"
	"reflect"
	"slices"
	"time"

	"dtks/pkg/event"
)

// family is a family in force with its persons. Everything a subscriber learns of it is built from this one value.
type family struct {
	ID             string
	Version        int64
	ContentVersion int64 // version at which its values last changed; a verdict raises Version only
	State          event.RegistrantState
	Area           string
	Source         string
	SourceID       string
	KK             string
	Address        string
	Survey         Survey
	ProposalID     string
	Actor          string
	ReasonCode     string
	UpdatedAt      time.Time
	Persons        []*person // members in the order entered, then those who have left
}

// person is a person in force.
type person struct {
	ID         string
	FamilyID   string
	Position   int // place among the members; negative = has left the family
	MemberID   string
	Version    int64
	Identity   int64
	State      event.RegistrantState
	NIK        string
	KK         string
	Name       string
	BirthPlace string
	BirthDate  string
	Sex        string
	Mother     string
	Coded      Coded
	Verdict    *event.VerdictState
}

// members are the persons who belong to the family, active or asleep with it.
func (f *family) members() []*person {
	for i, p := range f.Persons {
		if p.Position < 0 {
			return f.Persons[:i]
		}
	}
	return f.Persons
}

func (f *family) person(id string) *person {
	for _, p := range f.Persons {
		if p.ID == id {
			return p
		}
	}
	return nil
}

// content is the state in force in the shape of a proposal, for a correction to start from.
func (f *family) content() content {
	c := content{Area: f.Area, KK: f.KK, Address: f.Address, Survey: f.Survey}
	for _, p := range f.members() {
		c.Members = append(c.Members, Member{MemberID: p.MemberID, NIK: p.NIK, Name: p.Name, BirthPlace: p.BirthPlace,
			BirthDate: p.BirthDate, Sex: p.Sex, Mother: p.Mother, Coded: p.Coded})
	}
	return c
}

// updated is the family's event: open part and personal parts by class.
func (f *family) updated(changed []string) (event.RegistrantUpdated, map[event.Class]any) {
	members := f.members()
	u := event.RegistrantUpdated{State: f.State, Area: f.Area, FamilyID: f.ID, ProposalID: f.ProposalID, Actor: f.Actor,
		ReasonCode: f.ReasonCode, Changed: changed, Members: make([]event.FamilyMember, len(members))}
	survey := event.FamilySurvey{Instrument: f.Survey.Instrument, Answers: f.Survey.Answers,
		Members: make([]event.MemberSurvey, len(members))}
	var sensitive event.FamilySensitive
	for i, p := range members {
		u.Members[i] = event.FamilyMember{PersonID: p.ID, PersonVersion: p.Version, IdentityVersion: p.Identity}
		survey.Members[i] = p.Coded.survey(p.ID, p.Sex, p.BirthDate)
		if s, some := p.Coded.sensitive(p.ID); some {
			sensitive.Members = append(sensitive.Members, s)
		}
	}
	identity := event.FamilyIdentity{KK: f.KK, Address: f.Address, Source: f.Source, SourceID: f.SourceID}
	return u, map[event.Class]any{event.Identity: identity, event.Survey: survey, event.Sensitive: sensitive}
}

// updated is the person's event.
func (p *person) updated(f *family, changed []string) (event.RegistrantUpdated, map[event.Class]any) {
	u := event.RegistrantUpdated{State: p.State, Area: f.Area, FamilyID: f.ID, ProposalID: f.ProposalID, Actor: f.Actor,
		ReasonCode: f.ReasonCode, Changed: changed, IdentityVersion: p.Identity, Verdict: p.Verdict}
	return u, map[event.Class]any{event.Identity: p.identity()}
}

func (p *person) identity() event.PersonIdentity {
	return event.PersonIdentity{PersonID: p.ID, NIK: p.NIK, KK: p.KK, Name: p.Name, BirthPlace: p.BirthPlace,
		BirthDate: p.BirthDate, Sex: p.Sex, Mother: p.Mother}
}

// change is a family's new state and what of it is to be announced. Versions in it are already those of the events:
// the registry alone raises them, under the row locks it holds.
type change struct {
	family   *family
	isNew    bool
	fields   []string           // of the family that changed; a hint for subscribers
	persons  map[*person]fields // persons to announce
	members  bool               // the members differ, or what is coded of one
	left     string             // area whose subject is left; "" = none
	niksGone []claim            // NIKs no longer in use
}

type fields []string

type claim struct{ nik, person string }

// apply brings a decided proposal into force on f (nil where the family is new). verdicts are the newest by person.
func apply(p *proposal, f *family, verdicts map[string]event.VerdictState, now time.Time) change {
	c := change{family: f, persons: map[*person]fields{}}
	if f == nil {
		c.isNew = true
		c.family = &family{ID: p.FamilyID, Area: p.Content.Area, Source: p.Source, SourceID: p.SourceID}
		f = c.family
	}
	before := *f
	f.ProposalID, f.Actor, f.UpdatedAt = p.ID, p.Approver, now
	f.State, f.ReasonCode = event.Active, ""
	if p.Kind == event.Nonaktif {
		f.State, f.ReasonCode = event.Inactive, p.Content.ReasonCode
	} else {
		if p.Content.ToArea != "" {
			f.Area = p.Content.ToArea
		}
		f.KK, f.Address, f.Survey = p.Content.KK, p.Content.Address, p.Content.Survey
	}
	if !c.isNew && event.AreaOf(before.Area) != event.AreaOf(f.Area) {
		c.left = before.Area
	}
	c.applyMembers(p, verdicts, before)
	if !c.isNew {
		c.fields = c.changedFields(&before)
	}
	steps := int64(1)
	if c.left != "" {
		steps = 2 // moved on the old subject, then the new state on the new one
	}
	f.Version += steps
	f.ContentVersion = f.Version
	for person := range c.persons {
		if person.Version > 0 {
			person.Version += steps
		} else {
			person.Version = 1
		}
	}
	return c
}

// applyMembers gives each member its new values and marks those whose own state changed.
func (c *change) applyMembers(p *proposal, verdicts map[string]event.VerdictState, before family) {
	f := c.family
	var members, left []*person
	for i, proposed := range p.members() {
		m := &p.Content.Members[i]
		now := f.person(proposed.ID)
		if now == nil {
			now = &person{ID: proposed.ID, FamilyID: f.ID}
		}
		was := *now
		now.Position, now.MemberID, now.State, now.Identity = i, proposed.MemberID, f.State, proposed.Identity
		now.NIK, now.KK, now.Name, now.Mother = m.NIK, f.KK, m.Name, m.Mother
		now.BirthPlace, now.BirthDate, now.Sex, now.Coded = m.BirthPlace, m.BirthDate, m.Sex, m.Coded
		if was.Identity != now.Identity {
			now.Verdict = nil
		}
		if v, ok := verdicts[now.ID]; ok && v.IdentityVersion == now.Identity {
			now.Verdict = &v
		}
		if was.NIK != "" && was.NIK != now.NIK {
			c.niksGone = append(c.niksGone, claim{was.NIK, now.ID})
		}
		members = append(members, now)
		c.members = c.members || was.Version == 0 || was.Position < 0 || !reflect.DeepEqual(was.Coded, now.Coded)
		if changed := personChanges(&was, now); len(changed) > 0 || before.Area != f.Area {
			c.persons[now] = changed
		}
	}
	for _, now := range f.Persons {
		if now.Position >= 0 && !slices.Contains(members, now) {
			c.members = true
			now.Position, now.State = -1, event.Inactive
			c.persons[now] = fields{"state"}
			left = append(left, now)
		} else if now.Position < 0 {
			if before.Area != f.Area {
				c.persons[now] = fields{"area"}
			}
			left = append(left, now)
		}
	}
	f.Persons = append(members, left...)
}

// personChanges names what a subscriber to persons would see differ. Coded answers travel with the family.
func personChanges(was, now *person) fields {
	var changed fields
	if was.Version == 0 {
		return fields{"new"}
	}
	if was.State != now.State {
		changed = append(changed, "state")
	}
	if was.Identity != now.Identity || was.matched() != now.matched() {
		changed = append(changed, "identity")
	}
	if (was.Verdict == nil) != (now.Verdict == nil) || was.Verdict != nil && *was.Verdict != *now.Verdict {
		changed = append(changed, "verdict")
	}
	return changed
}

func (c *change) changedFields(was *family) []string {
	now := c.family
	var changed []string
	for _, f := range [...]struct {
		name    string
		differs bool
	}{
		{"state", was.State != now.State}, {"area", was.Area != now.Area}, {"kk", was.KK != now.KK},
		{"address", was.Address != now.Address}, {"survey", !was.Survey.equal(now.Survey)}, {"members", c.members},
	} {
		if f.differs {
			changed = append(changed, f.name)
		}
	}
	return changed
}

func (s Survey) equal(t Survey) bool {
	return s.Instrument == t.Instrument && maps.Equal(s.Answers, t.Answers)
}
