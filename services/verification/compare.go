package main

import (
	"maps"
	"slices"
	"strconv"

	"dtks/pkg/auth"
	"dtks/pkg/event"
)

// change is one value that a proposal would replace. Old is "" where nothing was in force.
type change struct {
	PersonID string `json:"person_id,omitempty" doc:"empty for a value of the family"`
	Field    string `json:"field" doc:"identity field, survey.<item> of the family or of the person, area of a family that moves, or left of a person who leaves it"`
	Old      string `json:"old"`
	New      string `json:"new"`
}

// inForce is what the registry has announced of a family and its persons.
type inForce struct {
	Family  *event.FamilyIdentity  `json:"family,omitempty"`
	Survey  *event.FamilySurvey    `json:"survey,omitempty"`
	Persons []event.PersonIdentity `json:"persons,omitempty"`
	State   event.RegistrantState  `json:"state,omitempty"`
	Area    string                 `json:"area,omitempty"`
	Version int64                  `json:"version,omitempty"`

	areas []string // of the family and of each person: while a move is on its way they differ
}

// readable reports whether the caller may read every record of it. A family that has moved belongs to its new area; the
// old one keeps its cases and what they proposed.
func (f inForce) readable(rights auth.RightsSet) bool {
	return !slices.ContainsFunc(f.areas, func(area string) bool { return !rights.Allows(auth.Read, area) })
}

// asleep reports whether an inactive person still belongs to the family: all of a family that is inactive are, and its
// survey names them. Someone who left is inactive in a family that goes on, or no longer named.
func (f inForce) asleep(person string) bool {
	return f.State == event.Inactive && f.Survey != nil &&
		slices.ContainsFunc(f.Survey.Members, func(m event.MemberSurvey) bool { return m.PersonID == person })
}

// left is the field of a change by which a person is no longer a member; Old is the name, New is "".
const left = "left"

// compare lists what differs between the values in force and the proposed ones: family first, then persons in the order
// of the proposal, those who leave, survey items by name, and those of each member. A person who is not in force yet is
// new in every field. toArea is "" unless the family moves. Without a family in force there is nothing to compare with.
func compare(old inForce, toArea string, identity *event.ProposalIdentity, survey *event.FamilySurvey) []change {
	if old.Family == nil && len(old.Persons) == 0 {
		return nil
	}
	var out []change
	add := func(person, field, was, is string) {
		if was != is {
			out = append(out, change{person, field, was, is})
		}
	}
	if toArea != "" {
		add("", "area", old.Area, toArea)
	}
	if identity != nil {
		if old.Family != nil {
			add("", "kk", old.Family.KK, identity.KK)
			add("", "address", old.Family.Address, identity.Address)
		}
		for _, is := range identity.Members {
			was := personOf(old.Persons, is.PersonID)
			add(is.PersonID, "nik", was.NIK, is.NIK)
			add(is.PersonID, "kk", was.KK, is.KK)
			add(is.PersonID, "name", was.Name, is.Name)
			add(is.PersonID, "birth_place", was.BirthPlace, is.BirthPlace)
			add(is.PersonID, "birth_date", was.BirthDate, is.BirthDate)
			add(is.PersonID, "sex", was.Sex, is.Sex)
			add(is.PersonID, "mother", was.Mother, is.Mother)
		}
		for _, was := range old.Persons {
			if personOf(identity.Members, was.PersonID).PersonID == "" {
				out = append(out, change{was.PersonID, left, was.Name, ""})
			}
		}
	}
	if survey != nil && old.Survey != nil {
		out = append(out, compareAnswers("", old.Survey.Answers, survey.Answers)...)
		for i := range survey.Members {
			id := survey.Members[i].PersonID
			out = append(out, compareAnswers(id, memberAnswers(old.Survey.Members, id), memberAnswers(survey.Members, id))...)
		}
	}
	return out
}

// compareAnswers lists the survey items that differ, by name. person is "" for the family's.
func compareAnswers(person string, was, is map[string]int) []change {
	items := slices.AppendSeq(slices.Collect(maps.Keys(was)), maps.Keys(is))
	slices.Sort(items)
	var out []change
	for _, item := range slices.Compact(items) {
		if before, after := answer(was, item), answer(is, item); before != after {
			out = append(out, change{person, "survey." + item, before, after})
		}
	}
	return out
}

// memberAnswers lists by item what the survey says of a person, without what the identity says too; nil when it says nothing.
func memberAnswers(members []event.MemberSurvey, id string) map[string]int {
	i := slices.IndexFunc(members, func(m event.MemberSurvey) bool { return m.PersonID == id })
	if i < 0 {
		return nil
	}
	m := &members[i]
	answers := map[string]int{"school_level": m.SchoolLevel, "work": m.Work} // 0 is an answer: none
	for item, code := range map[string]int{"relation": m.Relation, "marital": m.Marital, "school": m.School, "presence": m.Presence, "orphan": m.Orphan} {
		if code != 0 {
			answers[item] = code
		}
	}
	if m.Cover != nil {
		answers["health_cover"] = *m.Cover
	}
	return answers
}

func personOf(persons []event.PersonIdentity, id string) event.PersonIdentity {
	for _, p := range persons {
		if p.PersonID == id {
			return p
		}
	}
	return event.PersonIdentity{}
}

// answer spells a coded answer; "" is not answered, which is not the same as code 0.
func answer(answers map[string]int, item string) string {
	code, ok := answers[item]
	if !ok {
		return ""
	}
	return strconv.Itoa(code)
}
