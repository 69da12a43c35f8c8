package main

import (
	"testing"

	"dtks/pkg/event"
	"dtks/pkg/outbox"
	"dtks/pkg/testkit"

	"github.com/google/go-cmp/cmp"
)

// registrant is the record of a family or a person, in force in area.
func registrant(unit, id, family, area string, state event.RegistrantState, seal map[event.Class]any) outbox.Draft {
	return outbox.Draft{Type: event.TypeRegistrantUpdated, Filter: unit, Area: event.AreaOf(area), ID: id, Seal: seal,
		Data: event.RegistrantUpdated{State: state, Area: area, FamilyID: family}}
}

// recorded emits records and waits until this service keeps the newest of each.
func (w *world) recorded(t *testing.T, drafts ...outbox.Draft) {
	t.Helper()
	w.registry.Emit(t, drafts...)
	for _, d := range drafts {
		data := d.Data.(event.RegistrantUpdated)
		if data.State == event.Moved {
			continue
		}
		testkit.Eventually(t, "a record", func() bool {
			var there bool
			err := w.db.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM record WHERE record_id = $1 AND area = $2 AND state = $3)`,
				d.ID, data.Area, string(data.State)).Scan(&there)
			return err == nil && there
		})
	}
}

// A family that moved away belongs to its new area: the old one keeps its cases and reads nothing newer.
func TestCase_HidesTheRecordOfAFamilyThatMoved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const elsewhere = "33.74.01.1001"
	family, person := newID(), newID()
	of := func(address, name string) (f, p map[event.Class]any) {
		return map[event.Class]any{event.Identity: event.FamilyIdentity{Address: address}},
			map[event.Class]any{event.Identity: event.PersonIdentity{PersonID: person, Name: name}}
	}
	f, p := of("JL. CONTOH 1", "CONTOH SATU")
	w.recorded(t, registrant(event.Family, family, family, village, event.Active, f),
		registrant(event.Person, person, family, village, event.Active, p))
	c := w.opened(t, newProposal(func(d *outbox.Draft, p *event.ProposalUpdated) {
		p.FamilyID, p.Kind, p.BaseVersion, p.Persons[0].PersonID, p.ToArea = family, event.Pindah, 1, person, elsewhere
		d.Seal = map[event.Class]any{event.Identity: event.ProposalIdentity{Address: "JL. CONTOH 2",
			Members: []event.PersonIdentity{{PersonID: person, Name: "CONTOH SATU"}}}}
	}))
	verifier, national := w.person(t, "32.04", "verifier"), w.person(t, "00", "verifier")
	path := "/v1/cases/" + c.CaseID
	before := must[caseDetail](t, w, verifier, "GET", path, nil)
	if before.InForce.Family == nil || len(before.InForce.Persons) != 1 || len(before.Changes) == 0 {
		t.Fatalf("before the move: got %+v and changes %v, want the record in force", before.InForce, before.Changes)
	}

	// The person's new record may arrive before the family's: it is hidden by itself.
	f, p = of("JL. CONTOH 3", "CONTOH SATU BIN CONTOH")
	w.recorded(t, registrant(event.Person, person, family, village, event.Moved, nil),
		registrant(event.Person, person, family, elsewhere, event.Active, p))
	hidden := func(when string) {
		t.Helper()
		got := must[caseDetail](t, w, verifier, "GET", path, nil)
		if diff := cmp.Diff(inForce{}, got.InForce, cmp.AllowUnexported(inForce{})); diff != "" || len(got.Changes) != 0 {
			t.Errorf("%s: the old area reads changes %v and (-want +got):\n%s", when, got.Changes, diff)
		}
		if got.Identity == nil || got.Identity.Address != "JL. CONTOH 2" {
			t.Errorf("%s: the old area no longer reads what its own case proposed", when)
		}
	}
	hidden("the person moved")
	w.recorded(t, registrant(event.Family, family, family, village, event.Moved, nil),
		registrant(event.Family, family, family, elsewhere, event.Active, f))
	hidden("the family moved")
	if got := must[caseDetail](t, w, national, "GET", path, nil); got.InForce.Family == nil || got.InForce.Area != elsewhere {
		t.Errorf("the nation reads %+v, want the record in force", got.InForce)
	}
}

// Someone who left is not in force any more; those of a family that sleeps are, for a correction wakes it.
func TestCase_LeavesOutWhoLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	family, stays, gone := newID(), newID(), newID()
	person := func(id string, state event.RegistrantState) outbox.Draft {
		return registrant(event.Person, id, family, village, state, map[event.Class]any{
			event.Identity: event.PersonIdentity{PersonID: id, Name: "CONTOH " + id}})
	}
	whole := func(state event.RegistrantState) outbox.Draft {
		return registrant(event.Family, family, family, village, state, map[event.Class]any{event.Identity: event.FamilyIdentity{},
			event.Survey: event.FamilySurvey{Members: []event.MemberSurvey{{PersonID: stays}}}})
	}
	w.recorded(t, whole(event.Active), person(stays, event.Active), person(gone, event.Inactive))
	c := w.opened(t, newProposal(func(d *outbox.Draft, p *event.ProposalUpdated) {
		p.FamilyID, p.Kind, p.BaseVersion, p.Persons[0].PersonID = family, event.Perbaikan, 1, stays
		d.Seal = map[event.Class]any{event.Identity: event.ProposalIdentity{Members: []event.PersonIdentity{}}}
	}))
	verifier := w.person(t, "32.04", "verifier")
	want := []change{{stays, "left", "CONTOH " + stays, ""}}
	check := func(when string) {
		t.Helper()
		got := must[caseDetail](t, w, verifier, "GET", "/v1/cases/"+c.CaseID, nil)
		if diff := cmp.Diff(want, got.Changes); diff != "" || len(got.InForce.Persons) != 1 {
			t.Errorf("%s: %d persons in force, want 1; changes (-want +got):\n%s", when, len(got.InForce.Persons), diff)
		}
	}
	check("active")
	w.recorded(t, whole(event.Inactive), person(stays, event.Inactive))
	check("asleep")
}

// What is asked of a member decides money too: whoever approves sees it change.
func TestCompare_MemberAnswers(t *testing.T) {
	t.Parallel()
	old := inForce{
		Persons: []event.PersonIdentity{{PersonID: "p1"}, {PersonID: "p2"}},
		Survey: &event.FamilySurvey{Members: []event.MemberSurvey{
			{PersonID: "p1", Relation: 1, Work: 4, School: 3, SchoolLevel: 3, Presence: 1, Cover: new(0)},
			{PersonID: "p2", Relation: 3, School: 2, SchoolLevel: 3},
		}},
	}
	survey := &event.FamilySurvey{Members: []event.MemberSurvey{
		{PersonID: "p2", Relation: 3, School: 2, SchoolLevel: 3, Orphan: 2, Cover: new(0)},
		{PersonID: "p1", Relation: 1, School: 3, SchoolLevel: 3, Presence: 3},
		{PersonID: "p3", Relation: 3, Marital: 1},
	}}
	want := []change{
		{"p2", "survey.health_cover", "", "0"},
		{"p2", "survey.orphan", "", "2"},
		{"p1", "survey.health_cover", "0", ""},
		{"p1", "survey.presence", "1", "3"},
		{"p1", "survey.work", "4", "0"},
		{"p3", "survey.marital", "", "1"},
		{"p3", "survey.relation", "", "3"},
		{"p3", "survey.school_level", "", "0"},
		{"p3", "survey.work", "", "0"},
	}
	if diff := cmp.Diff(want, compare(old, "", nil, survey)); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
}
