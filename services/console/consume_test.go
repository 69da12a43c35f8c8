package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgxpool"

	"dtks/pkg/bus"
	"dtks/pkg/event"
	"dtks/pkg/outbox"
	"dtks/pkg/testkit"
)

// owners publish the events of the five services through the real outboxes and broker.
type owners struct {
	registry, verification, match, eligibility, notify *testkit.Owner
}

// newPipeline starts a broker, the five owners, and the console's consumers on db.
func newPipeline(t *testing.T, db *pgxpool.Pool) (*owners, *testkit.Broker) {
	t.Helper()
	b := testkit.Bus(t)
	o := &owners{
		registry: testkit.NewOwner(t, b, nil, "registry"), verification: testkit.NewOwner(t, b, nil, "verification"),
		match: testkit.NewOwner(t, b, nil, "nik-match"), eligibility: testkit.NewOwner(t, b, nil, "eligibility"),
		notify: testkit.NewOwner(t, b, nil, "notify"),
	}
	c := &consumer{now: time.Now}
	testkit.Run(t, b.Connect(t, "console").Consume(bus.Consumer{Name: "console", DB: db}, c.routes()...)...)
	return o, b
}

const village = "32.04.10.2001"

// pass lets one family of one person go through, with the nine events that this takes, and a delivery.
func (o *owners) pass(t *testing.T) (familyID string) {
	t.Helper()
	area := event.AreaOf(village)
	proposal, kase, family, person := newID(), newID(), newID(), newID()
	p := event.ProposalUpdated{FamilyID: family, Kind: event.Usulan, Status: event.ProposalOpen, Area: village}
	draft := func(kind event.Type, filter, id string, data any, cause string) outbox.Draft {
		return outbox.Draft{Type: kind, Filter: filter, Area: area, ID: id, Data: data, Cause: event.Cause{ID: cause}}
	}
	entered := o.registry.Emit(t, draft(event.TypeProposalUpdated, "", proposal, p, ""))[0].ID
	o.match.Emit(t, draft(event.TypeMatchDecided, "", person,
		event.MatchDecided{FamilyID: family, Area: village, IdentityVersion: 1, Verdict: event.Padan}, entered))
	var approved string
	for i, status := range []event.CaseStatus{event.CaseOpened, event.CaseVerified, event.CaseApproved} {
		cause := ""
		if i == 0 {
			cause = entered
		}
		approved = o.verification.Emit(t, draft(event.TypeCaseUpdated, "", kase, event.CaseUpdated{
			ProposalID: proposal, ProposalVersion: 1, FamilyID: family, Kind: event.Usulan, Status: status, Area: village}, cause))[0].ID
	}
	p.Status = event.ProposalApplied
	applied := o.registry.Emit(t,
		draft(event.TypeRegistrantUpdated, event.Family, family, event.RegistrantUpdated{State: event.Active, Area: village, FamilyID: family, ProposalID: proposal}, approved),
		draft(event.TypeRegistrantUpdated, event.Person, person, event.RegistrantUpdated{State: event.Active, Area: village, FamilyID: family}, approved),
		draft(event.TypeProposalUpdated, "", proposal, p, approved))
	decided := o.eligibility.Emit(t, draft(event.TypeEntitlementChanged, "pkh", family,
		event.EntitlementChanged{Programme: "pkh", Outcome: event.Entitled, Area: village, Release: "r1"}, applied[0].ID))[0].ID
	o.notify.Emit(t, draft(event.TypeDeliveryUpdated, "email", newID(),
		event.DeliveryUpdated{Channel: "email", State: "sent", Rule: "entitled", EventID: decided}, decided))
	return family
}

func TestConsume_OneFamily(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t, migrations)
	o, _ := newPipeline(t, db)
	family := o.pass(t)
	want := counts{
		{nounProposal, "usulan", "applied"}: 1, {nounCase, "usulan", "approved"}: 1, {nounMatch, "", "padan"}: 1,
		{nounFamily, "", "active"}: 1, {nounPerson, "", "active"}: 1, {nounEntitlement, "pkh", "entitled"}: 1,
		{nounDelivery, "email", "sent"}: 1,
	}
	for _, area := range []string{"00", "32", "32.04"} {
		testkit.Eventually(t, "the counts of "+area, func() bool {
			return cmp.Equal(want, mustSnapshot(t, db, area, time.Now()).Counts)
		})
	}
	later := mustSnapshot(t, db, "00", time.Now().Add(step)) // the slot that was filling is full by then
	var events int64
	for noun := range later.Volume.Series {
		events += later.Volume.total(noun)
	}
	if events != 10 {
		t.Errorf("got %d events in the chart, want the nine of one family and a delivery", events)
	}
	for _, stage := range []string{stageMatch, stageFamily, stageDecision, stageDelivery} {
		if later.Lapses[stage].N != 1 {
			t.Errorf("%s: got %d durations, want 1", stage, later.Lapses[stage].N)
		}
	}
	if got := later.Regencies; len(got) != 1 || got[0].Area != "32.04" || got[0].Families != 1 || got[0].Entitled["pkh"] != 1 {
		t.Errorf("by regency: got %+v, want one family and one entitlement in 32.04", got)
	}
	o.move(t, family)
	testkit.Eventually(t, "the family in its new regency", func() bool {
		old, now := mustSnapshot(t, db, "32.04", time.Now()), mustSnapshot(t, db, "33.74", time.Now())
		return old.Counts.of(nounFamily) == 0 && now.Counts.of(nounFamily) == 1 && now.Counts.of(nounEntitlement, "entitled") == 1 &&
			mustSnapshot(t, db, "00", time.Now()).Counts.of(nounFamily) == 1
	})
}

// move takes a family and its entitlement to another regency: the closing version on the old subject, the next on the new.
func (o *owners) move(t *testing.T, family string) {
	t.Helper()
	const there = "33.74.01.1001"
	from, to := event.AreaOf(village), event.AreaOf(there)
	o.registry.Emit(t,
		outbox.Draft{Type: event.TypeRegistrantUpdated, Filter: event.Family, Area: from, ID: family, Data: event.RegistrantUpdated{State: event.Moved, Area: village, FamilyID: family}},
		outbox.Draft{Type: event.TypeRegistrantUpdated, Filter: event.Family, Area: to, ID: family, Data: event.RegistrantUpdated{State: event.Active, Area: there, FamilyID: family}})
	o.eligibility.Emit(t,
		outbox.Draft{Type: event.TypeEntitlementChanged, Filter: "pkh", Area: from, ID: family, Data: event.EntitlementChanged{State: event.Moved, Programme: "pkh"}},
		outbox.Draft{Type: event.TypeEntitlementChanged, Filter: "pkh", Area: to, ID: family, Data: event.EntitlementChanged{Programme: "pkh", Outcome: event.Entitled, Area: there}})
}

func TestConsume_Release(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t, migrations)
	o, _ := newPipeline(t, db)
	family := o.pass(t)
	testkit.Eventually(t, "the decision", func() bool {
		return mustSnapshot(t, db, "00", time.Now()).Lapses[stageDecision].N == 1
	})
	released := event.RankReleased{Model: "pmt-contoh", Cutoffs: []int64{1, 2, 3, 4, 5, 6, 7, 8, 9}, Families: 1, ReleasedAt: time.Now()}
	draft := outbox.Draft{Type: event.TypeRankReleased, Area: event.National, ID: "r2", Data: released}
	began := o.eligibility.Emit(t, draft)[0].ID
	testkit.Eventually(t, "the release", func() bool {
		r := mustSnapshot(t, db, "32.04", time.Now()).Release
		return r != nil && r.ID == "r2" && !r.Complete && len(r.Cutoffs) == 9
	})
	o.eligibility.Emit(t, outbox.Draft{Type: event.TypeEntitlementChanged, Filter: "pkh", Area: event.AreaOf(village), ID: family, Release: true,
		Cause: event.Cause{ID: began}, Data: event.EntitlementChanged{Programme: "pkh", Outcome: event.NotEntitled, Area: village, Release: "r2"}})
	released.Complete, released.Changed = true, 1
	draft.Data = released
	o.eligibility.Emit(t, draft)
	testkit.Eventually(t, "the release's end", func() bool {
		snap := mustSnapshot(t, db, "00", time.Now())
		return snap.Release.Complete && snap.Release.Changed == 1 && snap.Counts.of(nounEntitlement, "not_entitled") == 1
	})
	if got := mustSnapshot(t, db, "00", time.Now()).Lapses[stageDecision].N; got != 1 {
		t.Errorf("got %d durations of decisions, want 1: a release's fan-out is not one", got)
	}
}

func TestConsume_Poison(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t, migrations)
	o, _ := newPipeline(t, db)
	o.verification.Emit(t, outbox.Draft{Type: event.TypeCaseUpdated, Area: event.AreaOf(village), ID: "no-uuid",
		Data: event.CaseUpdated{Kind: event.Usulan, Status: event.CaseOpened, Area: village}})
	o.pass(t)
	testkit.Eventually(t, "one dead letter, and the rest applied", func() bool {
		var dead int
		if err := db.QueryRow(t.Context(), `SELECT count(*) FROM dead_letter WHERE NOT parked`).Scan(&dead); err != nil {
			t.Fatal(err)
		}
		return dead == 1 && mustSnapshot(t, db, "00", time.Now()).Counts.of(nounCase, "approved") == 1
	})
}
