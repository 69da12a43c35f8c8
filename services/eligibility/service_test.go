package main

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"dtks/pkg/bus"
	"dtks/pkg/event"
	"dtks/pkg/outbox"
	"dtks/pkg/seal"
	"dtks/pkg/testkit"
	"dtks/services/eligibility/rank"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
)

const testModel = "ilustrasi-nasional-1"

// service is eligibility in process, with the two services it listens to.
type service struct {
	*decider
	t        *testing.T
	db       *pgxpool.Pool
	broker   *testkit.Broker
	conn     *bus.Conn
	fanout   *fanout
	ranker   *ranker
	keys     *seal.Keys
	registry *testkit.Owner
	nikMatch *testkit.Owner
}

func newService(t *testing.T, programmes ...string) *service {
	t.Helper()
	if len(programmes) == 0 {
		programmes = []string{"sembako"}
	}
	broker, keys := testkit.Bus(t), testkit.Keys(t)
	db := testkit.DB(t, migrations)
	own := keys.Open(t, db, "eligibility")
	d := decides(t, config{Programmes: programmes, Model: testModel}, db, outbox.New("eligibility", db, own))
	s := &service{decider: d, t: t, db: db, keys: own, broker: broker, conn: broker.Connect(t, "eligibility"),
		fanout: &fanout{decider: d, wake: make(chan struct{}, 1)}}
	s.ranker = &ranker{decider: d, wake: make(chan struct{}, 1), fanout: s.fanout}
	testkit.Run(t, d.outbox.Relays(s.conn)...)
	testkit.Run(t, s.conn.Consume(bus.Consumer{Name: "eligibility", DB: db, Keys: own, After: d.outbox.Wake}, d.routes()...)...)
	s.registry = testkit.NewOwner(t, broker, keys, "registry")
	s.nikMatch = testkit.NewOwner(t, broker, keys, "nik-match")
	return s
}

// decides makes a decider whose files are in force.
func decides(t *testing.T, cfg config, db *pgxpool.Pool, out *outbox.Outbox) *decider {
	t.Helper()
	f, err := cfg.load()
	if err != nil {
		t.Fatal(err)
	}
	d, err := newDecider(t.Context(), f, newStore(db), out)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(d.ensureRelease(t.Context(), testModel), d.takeForce(t.Context(), true)); err != nil {
		t.Fatal(err)
	}
	return d
}

// household is a family as the registry has it.
type household struct {
	id, head uuid.UUID
	area     string
	state    event.RegistrantState
	identity int64
	answers  map[string]int
	members  []event.MemberSurvey // beside the head
}

// newHousehold is poor: decile 1 by the model's own cut-offs.
func newHousehold() *household {
	return &household{
		id: uuid.New(), head: uuid.New(), area: "32.04.10.2001", state: event.Active, identity: 1,
		answers: map[string]int{"lantai": 8, "dinding": 4, "atap": 7, "penerangan": 4, "jamban": 6, "bahan_bakar": 10, "mobil": 2},
		members: []event.MemberSurvey{{PersonID: uuid.NewString(), Relation: 3, Sex: "L", BirthDate: "2017-02-03", School: 2, SchoolLevel: 3}},
	}
}

// rich makes the family one of the tenth decile.
func (h *household) rich() {
	h.answers = map[string]int{"lantai": 1, "dinding": 1, "daya": 5, "mobil": 1, "ac": 1, "laptop": 1, "luas_lantai": 200}
}

func (h *household) draft() outbox.Draft {
	survey := event.FamilySurvey{Instrument: "REGSOSEK2022.K", Answers: maps.Clone(h.answers),
		Members: append([]event.MemberSurvey{{PersonID: h.head.String(), Relation: 1, Sex: "P", BirthDate: "1985-05-05", Work: 7}}, h.members...)}
	return outbox.Draft{
		Type: event.TypeRegistrantUpdated, Filter: event.Family, Area: event.AreaOf(h.area), ID: h.id.String(),
		Data: event.RegistrantUpdated{State: h.state, Area: h.area, FamilyID: h.id.String(),
			Members: h.seats()},
		Seal: map[event.Class]any{event.Survey: survey},
	}
}

// seats are the members with their identity versions: the head's own, 1 for the others.
func (h *household) seats() []event.FamilyMember {
	out := []event.FamilyMember{{PersonID: h.head.String(), PersonVersion: 1, IdentityVersion: h.identity}}
	for _, m := range h.members {
		out = append(out, event.FamilyMember{PersonID: m.PersonID, PersonVersion: 1, IdentityVersion: 1})
	}
	return out
}

// verdict is one on the head.
func (h *household) verdict(v event.Verdict) outbox.Draft {
	return h.verdictOn(h.head.String(), h.identity, v)
}

func (h *household) verdictOn(person string, identity int64, v event.Verdict) outbox.Draft {
	return outbox.Draft{Type: event.TypeMatchDecided, Area: event.AreaOf(h.area), ID: person,
		Data: event.MatchDecided{FamilyID: h.id.String(), Area: h.area, IdentityVersion: identity, Verdict: v, DecidedAt: time.Now()}}
}

// settle waits until everything that was published has been applied here.
func (s *service) settle() {
	s.t.Helper()
	for _, stream := range []string{"REGISTRY", "NIK_MATCH"} {
		testkit.Eventually(s.t, "consumer of "+stream+" is idle", func() bool {
			for _, o := range []*testkit.Owner{s.registry, s.nikMatch} {
				if event.StreamOf(o.Service) == stream && !published(s.t, o.DB) {
					return false
				}
			}
			c, err := s.broker.JS.Consumer(s.t.Context(), stream, "eligibility")
			if err != nil {
				s.t.Fatal(err)
			}
			info, err := c.Info(s.t.Context())
			return err == nil && info.NumPending == 0 && info.NumAckPending == 0
		})
	}
	testkit.Eventually(s.t, "own events are published", func() bool { return published(s.t, s.db) })
}

// published reports whether the relay has taken every committed event to the bus.
func published(t *testing.T, db *pgxpool.Pool) bool {
	t.Helper()
	var waiting int
	err := db.QueryRow(context.WithoutCancel(t.Context()), `
		SELECT count(*)
		FROM event e
		JOIN relay r USING (lane)
		WHERE e.seq > r.high OR e.seq = ANY (r.gaps)`).Scan(&waiting)
	if err != nil {
		t.Fatal(err)
	}
	return waiting == 0
}

// told is an entitlement as a subscriber sees it.
type told struct {
	Subject string
	Version int64
	State   event.RegistrantState
	Outcome event.Outcome
}

// told lists what was published for a household, in order.
func (s *service) told(h *household) []told {
	s.t.Helper()
	s.settle()
	var out []told
	for _, r := range s.broker.Quiet(s.t, string(event.TypeEntitlementChanged)+".>", 150*time.Millisecond) {
		if r.Envelope.Subject != h.id.String() {
			continue
		}
		var data event.EntitlementChanged
		if err := json.Unmarshal(r.Envelope.Data, &data); err != nil {
			s.t.Fatal(err)
		}
		at, err := event.ParseSubject(r.Subject)
		if err != nil {
			s.t.Fatal(err)
		}
		out = append(out, told{at.Filter + " " + at.Area.String(), r.Envelope.Version, data.State, data.Outcome})
	}
	return out
}

// decided is a stored decision as tests look at it.
type decided struct {
	Outcome             event.Outcome
	Reasons, Components string
	Amount              int64
	Decile              int
	Release, RuleSet    string
	Version             int64 // of the family
	Identity, Verdict   int64 // of the head: identity version in force, version of the verdict on it
	Day, RecheckOn      string
	Scored, HasDistance bool
}

// decision reads the stored decision of one programme; the zero value when there is none.
func (s *service) decision(h *household, programme string) decided {
	s.t.Helper()
	kept, err := s.store.stored(s.t.Context(), h.id)
	if err != nil {
		s.t.Fatal(err)
	}
	if kept == nil || kept.sheet == nil {
		return decided{}
	}
	sheet, err := s.engine.Decode(kept.sheet)
	if err != nil {
		s.t.Fatal(err)
	}
	p := sheet.By(programme)
	if p == nil {
		return decided{}
	}
	rel, err := s.store.release(s.t.Context(), s.db, sheet.Release)
	if err != nil {
		s.t.Fatal(err)
	}
	out := decided{Outcome: p.Outcome, Reasons: strings.Join(p.Reasons(), " "), Components: strings.Join(p.Components(), " "),
		Amount: p.Amount, Decile: int(sheet.Places.Decile[rank.National]), Release: rel.ID, RuleSet: p.SetID(), Version: sheet.Version,
		Day: dateText(sheet.Day), RecheckOn: dateText(p.RecheckOn), Scored: sheet.Score != nil, HasDistance: p.Distance != nil}
	if at := kept.family.Facts.HeadIndex(); at >= 0 {
		out.Identity = kept.family.Facts.Members[at].Identity
		out.Verdict = kept.family.input(kept.verdicts).Verdicts[at].Version
	}
	return out
}
