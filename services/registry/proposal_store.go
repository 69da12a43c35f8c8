package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"dtks/pkg/event"
)

// store holds all SQL. Methods that take a transaction never commit; a batch costs the same few statements whether it
// has one item or five hundred.
type store struct{ db *pgxpool.Pool }

// db is what both a pool and a transaction can do.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// byKey makes the transaction reach rows through indexes, whatever the statistics say: the plan of a statement prepared
// while a table was empty would otherwise read all of it, batch after batch, until the next ANALYZE.
func (s *store) byKey(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, `
		SELECT set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),
			set_config('enable_mergejoin', 'off', true)`)
	if err != nil {
		return fmt.Errorf("planning by key: %w", err)
	}
	return nil
}

const proposalColumns = `p.proposal_id::text, p.family_id::text, p.version, p.kind, p.status, p.by_source, p.base_version,
	p.proposer, p.proposed_at, coalesce(p.reason_code, ''), p.source, p.source_id, p.content::text, p.people::text,
	coalesce(p.case_id::text, ''), coalesce(p.verifier, ''), coalesce(p.approver, ''), p.decided_at`

func scanProposal(row pgx.CollectableRow) (*proposal, error) {
	var p proposal
	var content, people []byte
	err := row.Scan(&p.ID, &p.FamilyID, &p.Version, &p.Kind, &p.Status, &p.BySource, &p.BaseVersion, &p.Proposer, &p.ProposedAt,
		&p.ReasonCode, &p.Source, &p.SourceID, &content, &people, &p.CaseID, &p.Verifier, &p.Approver, &p.DecidedAt)
	if err != nil {
		return nil, err
	}
	if err := event.Unmarshal(content, &p.Content); err != nil {
		return nil, fmt.Errorf("decoding a proposal's content: %w", err)
	}
	if err := event.Unmarshal(people, &p.People); err != nil {
		return nil, fmt.Errorf("decoding a proposal's people: %w", err)
	}
	return &p, nil
}

// sourceKey is a family's name with whoever entered it.
type sourceKey struct{ source, id string }

// lockSources locks the rows under which proposals of these families are made, in one order for everybody.
func (s *store) lockSources(ctx context.Context, tx pgx.Tx, keys []sourceKey) ([]sourceRow, error) {
	sources, ids := make([]string, len(keys)), make([]string, len(keys))
	for i, k := range keys {
		sources[i], ids[i] = k.source, k.id
	}
	rows, err := tx.Query(ctx, `
		SELECT s.source, s.source_id, s.family_id::text, s.proposal_id::text, s.digest
		FROM unnest($1::text[], $2::text[]) AS k (source, source_id)
		JOIN family_source s ON s.source = k.source AND s.source_id = k.source_id
		ORDER BY s.source, s.source_id
		FOR UPDATE OF s`, sources, ids)
	if err != nil {
		return nil, fmt.Errorf("locking families: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[sourceRow])
}

// sourcesOf finds how families in force are named by their sources.
func (s *store) sourcesOf(ctx context.Context, tx pgx.Tx, familyIDs []string) (map[string]sourceKey, error) {
	found := make(map[string]sourceKey, len(familyIDs))
	if len(familyIDs) == 0 {
		return found, nil
	}
	rows, err := tx.Query(ctx, `
		SELECT family_id::text, source, source_id
		FROM family
		WHERE family_id = ANY ($1::text[]::uuid[])`, familyIDs)
	if err != nil {
		return nil, fmt.Errorf("finding families: %w", err)
	}
	var id string
	var k sourceKey
	_, err = pgx.ForEachRow(rows, []any{&id, &k.source, &k.id}, func() error { found[id] = k; return nil })
	return found, err
}

// lockProposals reads proposals by id and locks them in the order of their ids.
func (s *store) lockProposals(ctx context.Context, tx pgx.Tx, ids []string) (map[string]*proposal, error) {
	found := make(map[string]*proposal, len(ids))
	if len(ids) == 0 {
		return found, nil
	}
	rows, err := tx.Query(ctx, `
		SELECT `+proposalColumns+`
		FROM proposal p
		WHERE p.proposal_id = ANY ($1::text[]::uuid[])
		ORDER BY p.proposal_id
		FOR UPDATE`, ids)
	if err != nil {
		return nil, fmt.Errorf("locking proposals: %w", err)
	}
	all, err := pgx.CollectRows(rows, scanProposal)
	for _, p := range all {
		found[p.ID] = p
	}
	return found, err
}

// duplicates tells which of these NIKs another person has as well.
func (s *store) duplicates(ctx context.Context, tx pgx.Tx, claims []claim) (map[claim]bool, error) {
	found := map[claim]bool{}
	if len(claims) == 0 {
		return found, nil
	}
	niks, persons := columnsOf(claims)
	rows, err := tx.Query(ctx, `
		SELECT q.nik, q.person
		FROM unnest($1::text[], $2::text[]) AS q (nik, person)
		WHERE EXISTS (SELECT FROM nik_claim c WHERE c.nik = q.nik AND c.person_id <> q.person::uuid)`, niks, persons)
	if err != nil {
		return nil, fmt.Errorf("looking for duplicate NIK: %w", err)
	}
	var c claim
	_, err = pgx.ForEachRow(rows, []any{&c.nik, &c.person}, func() error { found[c] = true; return nil })
	return found, err
}

func columnsOf(claims []claim) (niks, persons []string) {
	niks, persons = make([]string, len(claims)), make([]string, len(claims))
	for i, c := range claims {
		niks[i], persons[i] = c.nik, c.person
	}
	return niks, persons
}

// insertSources writes new families and returns how many were new: fewer than given means that another transaction
// has entered one of them at the same time.
func (s *store) insertSources(ctx context.Context, tx pgx.Tx, rows []sourceRow) (int64, error) {
	if len(rows) == 0 {
		return 0, nil
	}
	slices.SortFunc(rows, func(a, b sourceRow) int {
		if c := strings.Compare(a.Source, b.Source); c != 0 {
			return c
		}
		return strings.Compare(a.SourceID, b.SourceID)
	})
	n := len(rows)
	source, id, family, proposalID, digest := make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([][]byte, n)
	for i, r := range rows {
		source[i], id[i], family[i], proposalID[i], digest[i] = r.Source, r.SourceID, r.FamilyID, r.ProposalID, r.Digest
	}
	tag, err := tx.Exec(ctx, `
		INSERT INTO family_source (source, source_id, family_id, proposal_id, digest)
		SELECT source, source_id, family_id::uuid, proposal_id::uuid, digest
		FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bytea[])
			AS t (source, source_id, family_id, proposal_id, digest)
		ON CONFLICT DO NOTHING`, source, id, family, proposalID, digest)
	if err != nil {
		return 0, fmt.Errorf("inserting families: %w", err)
	}
	return tag.RowsAffected(), nil
}

// updateSources points families at their newest proposal; an empty digest leaves the one that is there.
func (s *store) updateSources(b *pgx.Batch, rows []sourceRow) {
	if len(rows) == 0 {
		return
	}
	n := len(rows)
	source, id, proposalID, digest := make([]string, n), make([]string, n), make([]string, n), make([][]byte, n)
	for i, r := range rows {
		source[i], id[i], proposalID[i], digest[i] = r.Source, r.SourceID, r.ProposalID, r.Digest
	}
	b.Queue(`
		UPDATE family_source s
		SET proposal_id = t.proposal_id::uuid, digest = coalesce(t.digest, s.digest)
		FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[]) AS t (source, source_id, proposal_id, digest)
		WHERE s.source = t.source AND s.source_id = t.source_id`, source, id, proposalID, digest)
}

// proposalArrays are the columns of proposals to be written.
type proposalArrays struct {
	id, family, kind, status, area, toArea, proposer, reason, source, sourceID, content, people []string
	version, base                                                                               []int64
	bySource                                                                                    []bool
	at                                                                                          []time.Time
}

func arraysOf(all []*proposal) (proposalArrays, error) {
	var c proposalArrays
	for _, p := range all {
		content := p.encoded
		if content == nil {
			var err error
			if content, err = event.Marshal(p.Content); err != nil {
				return c, fmt.Errorf("encoding a proposal: %w", err)
			}
		}
		people, err := event.Marshal(p.People)
		if err != nil {
			return c, fmt.Errorf("encoding a proposal: %w", err)
		}
		c.id, c.family = append(c.id, p.ID), append(c.family, p.FamilyID)
		c.kind, c.status = append(c.kind, string(p.Kind)), append(c.status, string(p.Status))
		c.area, c.toArea = append(c.area, p.Content.Area), append(c.toArea, p.Content.ToArea)
		c.proposer, c.reason = append(c.proposer, p.Proposer), append(c.reason, p.ReasonCode)
		c.source, c.sourceID = append(c.source, p.Source), append(c.sourceID, p.SourceID)
		c.content, c.people = append(c.content, string(content)), append(c.people, string(people))
		c.version, c.base = append(c.version, p.Version), append(c.base, p.BaseVersion)
		c.bySource, c.at = append(c.bySource, p.BySource), append(c.at, p.ProposedAt)
	}
	return c, nil
}

// insertProposals queues new proposals.
func (s *store) insertProposals(b *pgx.Batch, all []*proposal) error {
	if len(all) == 0 {
		return nil
	}
	c, err := arraysOf(all)
	if err != nil {
		return err
	}
	b.Queue(`
		INSERT INTO proposal (proposal_id, family_id, version, kind, status, by_source, area, to_area, base_version,
			proposer, proposed_at, source, source_id, content, people)
		SELECT id::uuid, family_id::uuid, version, kind, status, by_source, area, nullif(to_area, ''), base_version,
			proposer, proposed_at, source, source_id, content::json, people::json
		FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::bool[], $7::text[], $8::text[],
			$9::bigint[], $10::text[], $11::timestamptz[], $12::text[], $13::text[], $14::text[], $15::text[])
			AS t (id, family_id, version, kind, status, by_source, area, to_area, base_version, proposer, proposed_at,
				source, source_id, content, people)`,
		c.id, c.family, c.version, c.kind, c.status, c.bySource, c.area, c.toArea, c.base, c.proposer, c.at, c.source,
		c.sourceID, c.content, c.people)
	return nil
}

// reviseProposals queues new versions of proposals that are open or were returned; who decided is forgotten.
func (s *store) reviseProposals(b *pgx.Batch, all []*proposal) error {
	if len(all) == 0 {
		return nil
	}
	c, err := arraysOf(all)
	if err != nil {
		return err
	}
	b.Queue(`
		UPDATE proposal p
		SET version = t.version, kind = t.kind, status = t.status, area = t.area, to_area = nullif(t.to_area, ''),
			base_version = t.base_version, proposer = t.proposer, proposed_at = t.proposed_at, reason_code = NULL,
			content = t.content::json, people = t.people::json, case_id = NULL, verifier = NULL, approver = NULL, decided_at = NULL
		FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::text[],
			$9::timestamptz[], $10::text[], $11::text[])
			AS t (id, version, kind, status, area, to_area, base_version, proposer, proposed_at, content, people)
		WHERE p.proposal_id = t.id::uuid`,
		c.id, c.version, c.kind, c.status, c.area, c.toArea, c.base, c.proposer, c.at, c.content, c.people)
	return nil
}

// closeProposals queues what was decided of proposals: their values stay as they are.
func (s *store) closeProposals(b *pgx.Batch, all []*proposal) {
	if len(all) == 0 {
		return
	}
	n := len(all)
	id, status, reason, caseID := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	verifier, approver, version, at := make([]string, n), make([]string, n), make([]int64, n), make([]*time.Time, n)
	for i, p := range all {
		id[i], status[i], reason[i], caseID[i] = p.ID, string(p.Status), p.ReasonCode, p.CaseID
		verifier[i], approver[i], version[i], at[i] = p.Verifier, p.Approver, p.Version, p.DecidedAt
	}
	b.Queue(`
		UPDATE proposal p
		SET version = t.version, status = t.status, reason_code = nullif(t.reason, ''), case_id = nullif(t.case_id, '')::uuid,
			verifier = nullif(t.verifier, ''), approver = nullif(t.approver, ''), decided_at = t.decided_at
		FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[])
			AS t (id, version, status, reason, case_id, verifier, approver, decided_at)
		WHERE p.proposal_id = t.id::uuid`, id, version, status, reason, caseID, verifier, approver, at)
}

// claimNIKs and releaseNIKs queue which person uses which NIK.
func (s *store) claimNIKs(b *pgx.Batch, claims []claim) {
	if len(claims) == 0 {
		return
	}
	niks, persons := columnsOf(claims)
	b.Queue(`
		INSERT INTO nik_claim (nik, person_id)
		SELECT nik, person::uuid
		FROM unnest($1::text[], $2::text[]) AS t (nik, person)
		ON CONFLICT DO NOTHING`, niks, persons)
}

func (s *store) releaseNIKs(b *pgx.Batch, claims []claim) {
	if len(claims) == 0 {
		return
	}
	niks, persons := columnsOf(claims)
	b.Queue(`
		DELETE FROM nik_claim c
		USING unnest($1::text[], $2::text[]) AS t (nik, person)
		WHERE c.nik = t.nik AND c.person_id = t.person::uuid`, niks, persons)
}

// flush sends what is queued in one round trip.
func flush(ctx context.Context, tx pgx.Tx, b *pgx.Batch) error {
	if b.Len() == 0 {
		return nil
	}
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return fmt.Errorf("writing: %w", err)
	}
	return nil
}
