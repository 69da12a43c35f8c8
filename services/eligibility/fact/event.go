package fact

import (
	"errors"
	"slices"

	"github.com/google/uuid"

	"dtks/pkg/event"
	"dtks/pkg/regsosek"
)

// FromEvent takes from a family's survey and sensitive parts what is kept. An answer outside the instrument's codes
// counts as not given; so does every answer about the family when the instrument is another one. A person who is
// listed twice counts once. members tells the identity versions in
// force. It is an error when a member's id is none.
func FromEvent(survey *event.FamilySurvey, sensitive *event.FamilySensitive, members []event.FamilyMember) (Family, error) {
	f := New()
	if survey.Instrument == regsosek.Instrument {
		for i, name := range names {
			if code, ok := survey.Answers[name]; ok && valid[i].holds(code) {
				f.Answers[i] = int16(code)
			}
		}
	}
	if len(survey.Members) == 0 {
		return f, nil
	}
	f.Members = make([]Member, 0, min(len(survey.Members), maxMembers))
	for i := range min(len(survey.Members), maxMembers) {
		s := &survey.Members[i]
		m := Member{
			Relation: code(s.Relation, regsosek.Relation), Marital: code(s.Marital, regsosek.Marital),
			School: code(s.School, regsosek.School), Level: code(s.SchoolLevel, regsosek.SchoolLevel),
			Work: work(s.Work), Born: day(s.BirthDate), Presence: code(s.Presence, regsosek.Presence),
			Orphan: code(s.Orphan, regsosek.Orphan), Cover: NoCover,
		}
		var err error
		if m.Person, err = uuid.Parse(s.PersonID); err != nil {
			return f, errMember
		}
		if slices.ContainsFunc(f.Members, func(other Member) bool { return other.Person == m.Person }) {
			continue
		}
		if s.Cover != nil && *s.Cover >= regsosek.Cover.Min && *s.Cover <= regsosek.Cover.Max {
			m.Cover = uint8(*s.Cover)
		}
		for j := range members {
			if members[j].PersonID == s.PersonID {
				m.Identity = members[j].IdentityVersion
				break
			}
		}
		if s.Sex == "L" || s.Sex == "P" {
			m.Sex = s.Sex[0]
		}
		for j := range sensitive.Members {
			if x := &sensitive.Members[j]; x.PersonID == s.PersonID {
				m.Pregnant, m.Disabled = x.Pregnant, regsosek.Severe(x.Disability)
				break
			}
		}
		f.Members = append(f.Members, m)
	}
	return f, nil
}

var errMember = errors.New("a member's id is none")

type span struct{ low, high int }

func (s span) holds(code int) bool { return code >= s.low && code <= s.high }

// valid holds the codes of each kept item, in the order of names.
var valid = func() (v [Items]span) {
	for i, name := range names {
		item, _ := regsosek.Lookup(name)
		v[i] = span{item.Min, item.Max}
	}
	return v
}()

func code(c int, item regsosek.Item) uint8 {
	if c < item.Min || c > item.Max {
		return 0
	}
	return uint8(c)
}

// work keeps a code outside the list apart from "does not work".
func work(c int) uint8 {
	if c < regsosek.Work.Min || c > regsosek.Work.Max {
		return NoWork
	}
	return uint8(c)
}

// day reads 2006-01-02 as yyyymmdd; 0 when it is no such date.
func day(s string) int32 {
	if len(s) != 10 || s[4] != '-' || s[7] != '-' {
		return 0
	}
	var n int32
	for i := range len(s) {
		if i == 4 || i == 7 {
			continue
		}
		d := int32(s[i]) - '0'
		if d < 0 || d > 9 {
			return 0
		}
		n = n*10 + d
	}
	if month, dom := n/100%100, n%100; month < 1 || month > 12 || dom < 1 || dom > 31 || n < 10000000 {
		return 0
	}
	return n
}
