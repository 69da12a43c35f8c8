package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/jackc/pgx/v5"

	"dtks/pkg/auth"
	"dtks/pkg/event"
	"dtks/pkg/fault"
)

// outcome is what became of one input: an answer, or why it was refused.
type outcome struct {
	status int // 201 stored, 200 nothing changed
	answer ProposalAnswer
	err    error
}

// errRaced says that another transaction entered one of the families between the look and the write; the transaction
// is run again and then sees it.
var errRaced = errors.New("a family was entered twice at the same time")

var errTwice = fault.New(fault.Conflict, "family_twice_in_batch",
	"Keluarga ini disebut dua kali dalam satu kiriman.", "This family is named twice in one batch.")

// prepare checks inputs before any transaction: who may propose where, and what can be read.
func prepare(inputs []ProposalInput, rights auth.RightsSet) ([]*entry, []outcome) {
	entries, outcomes := make([]*entry, len(inputs)), make([]outcome, len(inputs))
	seen := make(map[sourceKey]bool, len(inputs))
	for i := range inputs {
		in := &inputs[i]
		f := in.check()
		key := sourceKey{in.Source, in.SourceID}
		if in.Kind != event.Usulan {
			key = sourceKey{"", in.FamilyID}
		}
		switch {
		case len(f.errors) > 0:
			outcomes[i].err = invalidProposal.With(f.errors...)
			continue
		case seen[key]:
			outcomes[i].err = errTwice
			continue
		}
		seen[key] = true
		if in.Kind == event.Usulan {
			if outcomes[i].err = rights.Require(auth.Propose, in.Area); outcomes[i].err != nil {
				continue
			}
		}
		entries[i] = &entry{in: in, findings: f}
	}
	return entries, outcomes
}

// enter decides and stores a batch in the caller's transaction. What is refused is decided before anything is written,
// so that one item never undoes another. prepared is left as it is: the transaction may run again.
func (s *service) enter(ctx context.Context, tx pgx.Tx, prepared []*entry, outcomes []outcome, by author) error {
	entries := make([]*entry, len(prepared))
	for i, e := range prepared {
		if e != nil {
			entries[i] = &entry{in: e.in, findings: e.findings.clone()}
		}
	}
	if err := s.store.byKey(ctx, tx); err != nil {
		return err
	}
	if err := s.loadStandings(ctx, tx, entries); err != nil {
		return err
	}
	rights := auth.Rights(ctx)
	var written []*entry
	families := map[string]bool{}
	for i, e := range entries {
		if e == nil {
			continue
		}
		err := e.permitted(rights)
		if err == nil {
			err = e.decide(by)
		}
		if err == nil && families[e.proposal.FamilyID] {
			err = errTwice // once by its source and once by its id
		}
		if err != nil {
			var refused *fault.Error
			if !errors.As(err, &refused) {
				return err
			}
			outcomes[i] = outcome{err: err}
			continue
		}
		families[e.proposal.FamilyID] = true
		if !e.same {
			written = append(written, e)
		}
	}
	if err := s.write(ctx, tx, written); err != nil {
		return err
	}
	for i, e := range entries {
		if e == nil || outcomes[i].err != nil {
			continue
		}
		outcomes[i] = outcome{status: http.StatusCreated, answer: e.proposal.answer(e.findings.warnings)}
		if e.same {
			outcomes[i].status = http.StatusOK
		}
	}
	return nil
}

// permitted asks for the right over the family in force or, before it is, over what was last proposed of it: its ids
// belong to that area, and so does the open proposal that another would take the place of. Who may not see a family named
// by its id is told that it is not there.
func (e *entry) permitted(rights auth.RightsSet) error {
	st := &e.standing
	switch {
	case e.in.Kind != event.Usulan:
		if st.family == nil || !rights.Allows(auth.Propose, st.family.Area) {
			return errFamilyAbsent
		}
		return nil
	case st.family != nil:
		return rights.Require(auth.Propose, st.family.Area)
	case st.last != nil:
		return rights.Require(auth.Propose, st.last.Content.Area)
	}
	return nil
}

// loadStandings fetches what is known of all families of a batch, locked.
func (s *service) loadStandings(ctx context.Context, tx pgx.Tx, entries []*entry) error {
	var familyIDs []string
	for _, e := range entries {
		if e != nil && e.in.Kind != event.Usulan {
			familyIDs = append(familyIDs, e.in.FamilyID)
		}
	}
	named, err := s.store.sourcesOf(ctx, tx, familyIDs)
	if err != nil {
		return err
	}
	byKey := make(map[sourceKey][]*entry, len(entries))
	keys := make([]sourceKey, 0, len(entries))
	for _, e := range entries {
		if e == nil {
			continue
		}
		key := sourceKey{e.in.Source, e.in.SourceID}
		if e.in.Kind != event.Usulan {
			var known bool
			if key, known = named[e.in.FamilyID]; !known {
				continue
			}
		}
		if byKey[key] == nil {
			keys = append(keys, key)
		}
		byKey[key] = append(byKey[key], e)
	}
	rows, err := s.store.lockSources(ctx, tx, keys)
	if err != nil || len(rows) == 0 {
		return err
	}
	proposalIDs, seenIDs := make([]string, len(rows)), make([]string, len(rows))
	for i, r := range rows {
		proposalIDs[i], seenIDs[i] = r.ProposalID, r.FamilyID
	}
	proposals, err := s.store.lockProposals(ctx, tx, proposalIDs)
	if err != nil {
		return err
	}
	families, err := s.store.families(ctx, tx, seenIDs, false)
	if err != nil {
		return err
	}
	for _, r := range rows {
		last := proposals[r.ProposalID]
		if last == nil {
			return fmt.Errorf("family %s points at proposal %s, which is not there", r.FamilyID, r.ProposalID)
		}
		for _, e := range byKey[sourceKey{r.Source, r.SourceID}] {
			e.standing = standing{source: r, seen: true, last: last, family: families[r.FamilyID]}
		}
	}
	return nil
}

// write stores decided entries and announces them: a handful of statements however many there are.
func (s *service) write(ctx context.Context, tx pgx.Tx, entries []*entry) error {
	if len(entries) == 0 {
		return nil
	}
	if err := s.findDuplicates(ctx, tx, entries); err != nil {
		return err
	}
	var fresh, known []sourceRow
	for _, e := range entries {
		row := sourceRow{e.proposal.Source, e.proposal.SourceID, e.proposal.FamilyID, e.proposal.ID, e.digest}
		if e.standing.seen {
			known = append(known, row)
		} else {
			fresh = append(fresh, row)
		}
	}
	inserted, err := s.store.insertSources(ctx, tx, fresh)
	if err != nil {
		return err
	}
	if inserted < int64(len(fresh)) {
		return errRaced
	}
	var w announcer
	for _, e := range entries {
		if e.replaced != nil {
			e.replaced.close(event.ProposalRejected, "diganti")
			w.proposal(e.replaced, nil, event.Cause{})
		}
		w.proposal(e.proposal, e.findings.codes(), event.Cause{})
	}
	if err := w.publish(ctx, tx, s.outbox); err != nil {
		return err
	}
	return s.save(ctx, tx, entries, known)
}

func (s *service) save(ctx context.Context, tx pgx.Tx, entries []*entry, known []sourceRow) error {
	var closed, revised, fresh []*proposal
	var claims, gone []claim
	var opened []repair
	var settled []mended
	for _, e := range entries {
		switch {
		case !e.isNew:
			revised = append(revised, e.proposal)
		default:
			fresh = append(fresh, e.proposal)
		}
		if e.replaced != nil {
			closed = append(closed, e.replaced)
		}
		claims, opened = append(claims, e.proposal.claims()...), append(opened, e.proposal.repairs()...)
		g, m := e.superseded()
		gone, settled = append(gone, g...), append(settled, m...)
	}
	b := &pgx.Batch{}
	s.store.closeProposals(b, closed)
	if err := s.store.reviseProposals(b, revised); err != nil {
		return err
	}
	if err := s.store.insertProposals(b, fresh); err != nil {
		return err
	}
	s.store.updateSources(b, known)
	s.store.releaseNIKs(b, gone)
	s.store.claimNIKs(b, claims)
	s.store.closeRepairs(b, settled, entries[0].proposal.ProposedAt)
	s.store.openRepairs(b, opened)
	return flush(ctx, tx, b)
}

// findDuplicates warns of NIKs that others have too, on record or in this batch.
func (s *service) findDuplicates(ctx context.Context, tx pgx.Tx, entries []*entry) error {
	var all []claim
	first := map[string]string{}
	within := map[claim]bool{}
	for _, e := range entries {
		for _, c := range e.proposal.claims() {
			all = append(all, c)
			if p, ok := first[c.nik]; !ok {
				first[c.nik] = c.person
			} else if p != c.person {
				within[c] = true
			}
		}
	}
	onRecord, err := s.store.duplicates(ctx, tx, all)
	if err != nil || len(onRecord)+len(within) == 0 {
		return err
	}
	for _, e := range entries {
		for i, person := range e.proposal.members() {
			c := claim{e.proposal.Content.Members[i].NIK, person.ID}
			if person.Match && (onRecord[c] || within[c]) {
				e.findings.warnPerson(i, nikDuplicate(i))
				e.proposal.People[i].Warnings = e.findings.persons[i]
			}
		}
	}
	return nil
}

// superseded lists the NIKs and findings that an open proposal's earlier version brought and this one no longer does.
// What is in force stays until the new proposal is.
func (e *entry) superseded() (gone []claim, settled []mended) {
	last := e.standing.last
	if last == nil || !last.waiting() && last.Status != event.ProposalRejected {
		return nil, nil
	}
	now := e.proposal.claims()
	for _, c := range unusedClaims(last, e.standing.family) {
		if !slices.Contains(now, c) {
			gone = append(gone, c)
		}
	}
	for _, p := range e.proposal.People {
		if e.standing.family != nil && e.standing.family.person(p.ID) != nil {
			continue
		}
		switch {
		case p.Gone:
			settled = append(settled, mended{p.ID, p.highest(), closedIdentity})
		case p.Identity > 1:
			settled = append(settled, mended{p.ID, p.Identity - 1, closedIdentity})
		}
	}
	return gone, settled
}

// unusedClaims are the NIKs of a proposal that is no more, without those in force.
func unusedClaims(p *proposal, f *family) []claim {
	return slices.DeleteFunc(p.claims(), func(c claim) bool {
		if f == nil {
			return false
		}
		now := f.person(c.person)
		return now != nil && now.NIK == c.nik
	})
}
