package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"dtks/pkg/event"
)

// queueFamilies stores families as they are now.
func queueFamilies(b *pgx.Batch, families []*family) {
	n := len(families)
	ids, versions, at := make([]uuid.UUID, n), make([]int64, n), make([]time.Time, n)
	active, areas := make([]bool, n), make([]string, n)
	heads, headVersions := make([]uuid.UUID, n), make([]int64, n)
	facts, models, scores := make([][]byte, n), make([]string, n), make([]*int64, n)
	for i, f := range families {
		ids[i], versions[i], at[i], active[i], areas[i] = f.ID, f.Version, f.RecordedAt, f.Active, f.Area
		heads[i], headVersions[i], facts[i] = f.Head, f.HeadIdentity, f.Facts.Encode()
		models[i], scores[i] = f.Model, f.Score
	}
	b.Queue(`
		INSERT INTO family (`+familyColumns+`)
		SELECT *
		FROM unnest($1::uuid[], $2::bigint[], $3::timestamptz[], $4::boolean[], $5::text[], $6::uuid[], $7::bigint[],
			$8::bytea[], $9::text[], $10::bigint[])
		ON CONFLICT (family_id) DO UPDATE
		SET version = EXCLUDED.version, recorded_at = EXCLUDED.recorded_at, active = EXCLUDED.active, area = EXCLUDED.area,
			head = EXCLUDED.head, head_identity = EXCLUDED.head_identity, facts = EXCLUDED.facts, model = EXCLUDED.model,
			score = EXCLUDED.score`,
		ids, versions, at, active, areas, heads, headVersions, facts, models, scores)
}

// queueScores stores scores by a new model.
func queueScores(b *pgx.Batch, families []*family) {
	ids, models, scores := make([]uuid.UUID, len(families)), make([]string, len(families)), make([]*int64, len(families))
	for i, f := range families {
		ids[i], models[i], scores[i] = f.ID, f.Model, f.Score
	}
	b.Queue(`
		UPDATE family
		SET model = t.model, score = t.score
		FROM unnest($1::uuid[], $2::text[], $3::bigint[]) AS t (id, model, score)
		WHERE family_id = t.id`, ids, models, scores)
}

// written is a decision to be stored, with what has now been published of it.
type written struct {
	decision
	kept
}

const decisionColumns = `family_id, programme, outcome, reasons, clauses, components, amount, decile, score, cutoff,
	release, model, rule_set, family_version, verdict_person, verdict_identity, verdict_version, decided_on, digest`

// queueDecisions stores decisions.
func queueDecisions(b *pgx.Batch, decisions []written) {
	c := newDecisionColumns(len(decisions))
	for i := range decisions {
		c.set(i, &decisions[i])
	}
	b.Queue(`
		INSERT INTO decision (`+decisionColumns+`, published, published_area)
		SELECT *
		FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::smallint[],
			$9::bigint[], $10::bigint[], $11::text[], $12::text[], $13::text[], $14::bigint[], $15::uuid[], $16::bigint[],
			$17::bigint[], $18::date[], $19::bytea[], $20::bytea[], $21::text[])
		ON CONFLICT (family_id, programme) DO UPDATE
		SET (outcome, reasons, clauses, components, amount, decile, score, cutoff, release, model, rule_set, family_version,
				verdict_person, verdict_identity, verdict_version, decided_on, digest, published, published_area, decided_at)
			= (EXCLUDED.outcome, EXCLUDED.reasons, EXCLUDED.clauses, EXCLUDED.components, EXCLUDED.amount, EXCLUDED.decile,
				EXCLUDED.score, EXCLUDED.cutoff, EXCLUDED.release, EXCLUDED.model, EXCLUDED.rule_set, EXCLUDED.family_version,
				EXCLUDED.verdict_person, EXCLUDED.verdict_identity, EXCLUDED.verdict_version, EXCLUDED.decided_on,
				EXCLUDED.digest, EXCLUDED.published, EXCLUDED.published_area, now())`,
		c.family, c.programme, c.outcome, c.reasons, c.clauses, c.components, c.amount, c.decile, c.score, c.cutoff,
		c.release, c.model, c.ruleSet, c.familyVersion, c.verdictPerson, c.verdictIdentity, c.verdictVersion, c.decidedOn,
		c.digest, c.published, c.publishedArea)
}

// decisionArrays are the columns of many decisions.
type decisionArrays struct {
	family                               []uuid.UUID
	programme, outcome, reasons, clauses []string
	components, release, model, ruleSet  []string
	amount, familyVersion                []int64
	decile                               []int16
	score, cutoff                        []*int64
	verdictPerson                        []uuid.UUID
	verdictIdentity, verdictVersion      []int64
	decidedOn                            []time.Time
	digest, published                    [][]byte
	publishedArea                        []*string
}

func newDecisionColumns(n int) *decisionArrays {
	text := func() []string { return make([]string, n) }
	number := func() []int64 { return make([]int64, n) }
	return &decisionArrays{
		family: make([]uuid.UUID, n), programme: text(), outcome: text(), reasons: text(), clauses: text(),
		components: text(), release: text(), model: text(), ruleSet: text(), amount: number(), familyVersion: number(),
		decile: make([]int16, n), score: make([]*int64, n), cutoff: make([]*int64, n), verdictPerson: make([]uuid.UUID, n),
		verdictIdentity: number(), verdictVersion: number(), decidedOn: make([]time.Time, n), digest: make([][]byte, n),
		published: make([][]byte, n), publishedArea: make([]*string, n),
	}
}

func (c *decisionArrays) set(i int, w *written) {
	d := &w.decision
	c.family[i], c.programme[i], c.outcome[i] = d.FamilyID, d.Programme, string(d.Outcome)
	c.reasons[i], c.clauses[i], c.components[i] = strings.Join(d.Reasons, " "), d.Clauses, strings.Join(d.Components, " ")
	c.amount[i], c.decile[i], c.score[i], c.cutoff[i] = d.Amount, int16(d.Decile), d.Score, d.Cutoff
	c.release[i], c.model[i], c.ruleSet[i], c.familyVersion[i] = d.Release, d.Model, d.RuleSet, d.FamilyVersion
	c.verdictPerson[i], c.verdictIdentity[i], c.verdictVersion[i] = d.Verdict.Person, d.Verdict.Version, d.VerdictVersion
	c.decidedOn[i], c.digest[i], c.published[i] = d.DecidedOn, w.Digest, w.Published
	if w.Published != nil {
		c.publishedArea[i] = &w.PublishedArea
	}
}

// save sends what was queued. Nothing queued is nothing sent.
func (s *store) save(ctx context.Context, tx pgx.Tx, b *pgx.Batch) error {
	if b.Len() == 0 {
		return nil
	}
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return fmt.Errorf("storing decisions: %w", err)
	}
	return nil
}

// storedDecision is a decision as it is kept.
type storedDecision struct {
	Programme       string
	Outcome         event.Outcome
	Reasons         string
	Clauses         string
	Components      string
	Amount          int64
	Decile          int16
	Score           *int64
	Cutoff          *int64
	Release         string
	Model           string
	RuleSet         string
	FamilyVersion   int64
	VerdictIdentity int64
	VerdictVersion  int64
	DecidedOn       time.Time
	DecidedAt       time.Time
	Digest          string
}

// decisions reads a family's village and its decisions; an empty village when there is no such family.
func (s *store) decisions(ctx context.Context, family uuid.UUID) (area string, out []storedDecision, err error) {
	err = s.db.QueryRow(ctx, `SELECT area FROM family WHERE family_id = $1`, family).Scan(&area)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", nil, nil
	}
	if err != nil {
		return "", nil, fmt.Errorf("reading a family: %w", err)
	}
	rows, err := s.db.Query(ctx, `
		SELECT programme, outcome, reasons, clauses, components, amount, decile, score, cutoff, release, model, rule_set,
			family_version, verdict_identity, verdict_version, decided_on, decided_at, encode(digest, 'hex')
		FROM decision
		WHERE family_id = $1
		ORDER BY programme`, family)
	if err != nil {
		return "", nil, fmt.Errorf("reading decisions: %w", err)
	}
	out, err = pgx.CollectRows(rows, pgx.RowToStructByPos[storedDecision])
	return area, out, err
}
