package main

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"dtks/pkg/bus"
	"dtks/pkg/event"
	"dtks/pkg/fault"
)

// routes are the events the registry acts on.
func (s *service) routes() []bus.Route {
	return []bus.Route{
		bus.On(event.TypeCaseUpdated, s.onCaseUpdated),
		bus.On(event.TypeMatchDecided, s.onMatchDecided),
	}
}

var (
	errNoProposal = fault.New(fault.NotFound, "proposal_not_found",
		"Usulan dari kasus ini tidak ada.", "The proposal this case is about does not exist.")
	errFourEyes = fault.New(fault.Conflict, "four_eyes",
		"Pengusul, pemeriksa, dan penyetuju harus tiga orang berbeda.", "Proposer, verifier and approver must be three persons.")
)

// onCaseUpdated applies what officers decided: an approved proposal comes into force, a refused one is closed, a
// returned one waits for its proposer. A decision about an older version of the proposal means nothing any more.
func (s *service) onCaseUpdated(ctx context.Context, tx pgx.Tx, msgs []bus.Msg[event.CaseUpdated]) error {
	decided := make([]bus.Msg[event.CaseUpdated], 0, len(msgs))
	ids := make([]string, 0, len(msgs))
	for _, m := range msgs {
		switch m.Data.Status {
		case event.CaseApproved, event.CaseReturned, event.CaseRejected:
			decided, ids = append(decided, m), append(ids, m.Data.ProposalID)
		}
	}
	if len(decided) == 0 {
		return nil
	}
	if err := s.store.byKey(ctx, tx); err != nil {
		return err
	}
	proposals, err := s.store.lockProposals(ctx, tx, ids)
	if err != nil {
		return err
	}
	d := decisions{}
	for i := range decided {
		if err := d.take(&decided[i], proposals); err != nil {
			return err
		}
	}
	if len(d.all) == 0 {
		return nil
	}
	return s.carryOut(ctx, tx, &d)
}

// decisions are the cases of one batch that still mean something.
type decisions struct {
	all      []decision
	families []string // in force, of proposals approved or rejected
	persons  []string // of approved proposals
}

type decision struct {
	proposal *proposal
	cause    event.Cause
	approved bool
}

func (d *decisions) take(m *bus.Msg[event.CaseUpdated], proposals map[string]*proposal) error {
	p := proposals[m.Data.ProposalID]
	switch {
	case p == nil:
		return errNoProposal
	case p.Version != m.Data.ProposalVersion || p.Status != event.ProposalOpen:
		return nil
	}
	p.CaseID, p.Verifier, p.Approver, p.DecidedAt = m.Subject, m.Data.Verifier, m.Data.Approver, m.Data.DecidedAt
	now := decision{proposal: p, cause: m.Cause()}
	switch m.Data.Status {
	case event.CaseReturned:
		p.close(event.ProposalReturned, m.Data.ReasonCode)
	case event.CaseRejected:
		p.close(event.ProposalRejected, m.Data.ReasonCode)
		d.inForce(p)
	default:
		if p.Verifier == "" || p.Approver == "" || p.Verifier == p.Approver || p.Proposer == p.Verifier || p.Proposer == p.Approver {
			return errFourEyes
		}
		p.close(event.ProposalApplied, "")
		now.approved = true
		d.inForce(p)
		for _, person := range p.members() {
			d.persons = append(d.persons, person.ID)
		}
	}
	d.all = append(d.all, now)
	return nil
}

func (d *decisions) inForce(p *proposal) {
	if p.BaseVersion > 0 {
		d.families = append(d.families, p.FamilyID)
	}
}

// carryOut writes and announces decisions: the verdicts are read after the proposals are locked, so that one that
// arrives at the same time is either seen here or finds the person in force (see onMatchDecided).
func (s *service) carryOut(ctx context.Context, tx pgx.Tx, d *decisions) error {
	families, err := s.store.families(ctx, tx, d.families, true)
	if err != nil {
		return err
	}
	verdicts, err := s.store.verdicts(ctx, tx, d.persons)
	if err != nil {
		return err
	}
	var w announcer
	var effects caseEffects
	now := s.now().UTC()
	// Two that entered one NIK at the same moment could not see each other then.
	if effects.opened, err = s.lateDuplicates(ctx, tx, d, now); err != nil {
		return err
	}
	for _, each := range d.all {
		effects.proposals = append(effects.proposals, each.proposal)
		if each.approved {
			c := apply(each.proposal, families[each.proposal.FamilyID], verdicts, now)
			c.announce(&w, each.cause)
			effects.applied(each.proposal, &c)
		} else {
			effects.refused(each.proposal, families[each.proposal.FamilyID])
		}
		w.proposal(each.proposal, nil, each.cause)
	}
	if err := w.publish(ctx, tx, s.outbox); err != nil {
		return err
	}
	b := &pgx.Batch{}
	s.store.closeProposals(b, effects.proposals)
	if err := s.store.saveFamilies(b, effects.families, effects.persons); err != nil {
		return err
	}
	s.store.releaseNIKs(b, effects.niksGone)
	s.store.closeRepairs(b, effects.settled, now)
	s.store.openRepairs(b, effects.opened)
	s.store.moveRepairs(b, effects.movedPersons, effects.movedTo)
	return flush(ctx, tx, b)
}

// lateDuplicates finds persons whose NIK another has too although their proposal was not warned of it.
func (s *service) lateDuplicates(ctx context.Context, tx pgx.Tx, d *decisions, now time.Time) ([]repair, error) {
	var claims []claim
	about := map[claim]repair{}
	for _, each := range d.all {
		if !each.approved {
			continue
		}
		for _, c := range each.proposal.claims() {
			i := slices.IndexFunc(each.proposal.People, func(p proposalPerson) bool { return p.ID == c.person })
			if slices.Contains(each.proposal.People[i].Warnings, codeDuplicate) {
				continue
			}
			claims = append(claims, c)
			about[c] = repair{PersonID: c.person, IdentityVersion: each.proposal.People[i].Identity, Code: codeDuplicate,
				FamilyID: each.proposal.FamilyID, Area: each.proposal.Content.Area, OpenedAt: now}
		}
	}
	found, err := s.store.duplicates(ctx, tx, claims)
	var opened []repair
	for c := range found {
		opened = append(opened, about[c])
	}
	return opened, err
}

// caseEffects gathers the rows that decisions change.
type caseEffects struct {
	proposals    []*proposal
	families     []*family
	persons      []*person
	niksGone     []claim
	settled      []mended
	opened       []repair
	movedPersons []string
	movedTo      []string
}

func (e *caseEffects) applied(p *proposal, c *change) {
	e.families = append(e.families, c.family)
	e.persons = append(e.persons, c.family.Persons...)
	e.niksGone = append(e.niksGone, c.niksGone...)
	for _, person := range c.family.Persons {
		if person.Identity > 1 && p.BaseVersion > 0 {
			e.settled = append(e.settled, mended{person.ID, person.Identity - 1, closedIdentity})
		}
		if p.Content.ToArea != "" {
			e.movedPersons, e.movedTo = append(e.movedPersons, person.ID), append(e.movedTo, c.family.Area)
		}
	}
}

// refused settles the findings about persons whom a rejected proposal would have brought. A returned one may come
// again: its findings stay open.
func (e *caseEffects) refused(p *proposal, f *family) {
	if p.Status != event.ProposalRejected {
		return
	}
	e.niksGone = append(e.niksGone, unusedClaims(p, f)...)
	for _, person := range p.members() {
		if person.Match {
			e.settled = append(e.settled, mended{person.ID, person.Identity, closedRejected})
		}
	}
}

// onMatchDecided keeps verdicts of the civil registry. A verdict about the identity version in force is applied and
// announced with the person's family; any other waits until its identity comes into force.
func (s *service) onMatchDecided(ctx context.Context, tx pgx.Tx, all []bus.Msg[event.MatchDecided]) error {
	msgs := make([]bus.Msg[event.MatchDecided], 0, len(all))
	for _, m := range all {
		if m.Data.State != event.Moved { // its next version is on the new area's subject
			msgs = append(msgs, m)
		}
	}
	if len(msgs) == 0 {
		return nil
	}
	verdicts := make(map[string]event.VerdictState, len(msgs))
	cause := make(map[string]event.Cause, len(msgs))
	persons, families := make([]string, len(msgs)), make([]string, len(msgs))
	for i, m := range msgs {
		persons[i], families[i] = m.Subject, m.Data.FamilyID
		cause[m.Subject] = m.Cause()
		verdicts[m.Subject] = event.VerdictState{Verdict: m.Data.Verdict, IdentityVersion: m.Data.IdentityVersion, MatchVersion: m.Version}
	}
	if err := s.store.byKey(ctx, tx); err != nil {
		return err
	}
	// Whoever applies a proposal of these families either ended before this, or waits until the verdicts are stored.
	if err := s.store.holdOpenProposals(ctx, tx, families); err != nil {
		return err
	}
	if err := s.store.saveVerdicts(ctx, tx, persons, verdicts); err != nil {
		return err
	}
	affected, err := s.store.familiesAwaiting(ctx, tx, persons, verdicts)
	if err != nil {
		return err
	}
	inForce, err := s.store.families(ctx, tx, affected, true)
	if err != nil {
		return err
	}
	var w announcer
	var raised raise
	for _, id := range affected {
		if c := inForce[id].judge(verdicts); len(c.persons) > 0 {
			c.announce(&w, c.cause(cause))
			raised.add(&c)
		}
	}
	if err := w.publish(ctx, tx, s.outbox); err != nil {
		return err
	}
	b := &pgx.Batch{}
	s.store.raiseVersions(b, &raised)
	opened, settled := repairsOf(msgs, s.now().UTC())
	s.store.closeRepairs(b, settled, s.now().UTC())
	s.store.openRepairs(b, opened)
	return flush(ctx, tx, b)
}

// repairsOf tells what verdicts open and settle. Not matched is work for somebody, never a refusal.
func repairsOf(msgs []bus.Msg[event.MatchDecided], now time.Time) (opened []repair, settled []mended) {
	for _, m := range msgs {
		if m.Data.Verdict == event.Padan {
			settled = append(settled, mended{m.Subject, m.Data.IdentityVersion, closedPadan})
			continue
		}
		opened = append(opened, repair{PersonID: m.Subject, IdentityVersion: m.Data.IdentityVersion,
			Code: string(m.Data.Verdict), FamilyID: m.Data.FamilyID, Area: m.Data.Area, OpenedAt: now})
	}
	return opened, settled
}
