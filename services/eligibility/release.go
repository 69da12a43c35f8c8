package main

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"dtks/pkg/event"
	"dtks/pkg/fault"
	"dtks/pkg/outbox"
	"dtks/services/eligibility/fact"
	"dtks/services/eligibility/pmt"
	"dtks/services/eligibility/rank"
)

// ranking is what counting the whole population gave.
type ranking struct {
	Since    string // release in force before the count began
	Model    string
	Cutoffs  rank.Cutoffs
	Digest   rank.Digest
	Families int64
}

var (
	errNoFamilies = fault.New(fault.Conflict, "nothing_to_rank",
		"Belum ada keluarga yang dapat diperingkat.", "There is no family to rank yet.")
	errModelUnknown = fault.New(fault.Invalid, "model_unknown",
		"Model tidak dikenal.", "The model is not known.")
	errFanoutRunning = fault.New(fault.Conflict, "release_running",
		"Rilis sebelumnya masih disebarkan. Coba lagi setelah selesai.",
		"The release before is still being passed on. Try again when it is complete.")
	errRankingOld = fault.New(fault.Conflict, "ranking_outdated",
		"Rilis lain berlaku selama pemeringkatan. Coba lagi.", "Another release took force during the ranking. Try again.")
)

// rankAll counts every active family that has a score, as of one moment. Scores by the wanted model are read as they
// stand; others are worked out from the facts.
func (d *decider) rankAll(ctx context.Context, modelID string) (*ranking, error) {
	model, ok := d.engine.models[modelID]
	if !ok {
		return nil, errModelUnknown
	}
	counter, err := rank.NewCounter(model.Range())
	if err != nil {
		return nil, err
	}
	before, err := d.store.inForce(ctx)
	if err != nil {
		return nil, err
	}
	r := &ranking{Since: before.ID, Model: modelID}
	if err := d.store.scores(ctx, model, func(id uuid.UUID, score int64) error {
		r.Digest.Add(id, score)
		return counter.Add(score)
	}); err != nil {
		return nil, err
	}
	if r.Families = counter.Families(); r.Families == 0 {
		return nil, errNoFamilies
	}
	r.Cutoffs, err = counter.Cutoffs()
	return r, err
}

// release puts a ranking into force: an immutable release, one pointer, the work list of its fan-out, and the event. A
// ranking that began before the release in force is older than it and is refused.
func (d *decider) release(ctx context.Context, tx pgx.Tx, r *ranking, by string, now time.Time) (string, error) {
	if err := d.store.lockRelease(ctx, tx); err != nil {
		return "", err
	}
	running, err := d.store.fanoutRunning(ctx, tx)
	if err != nil {
		return "", err
	}
	if running {
		return "", errFanoutRunning
	}
	still, err := d.store.stillInForce(ctx, tx, r.Since)
	if err != nil {
		return "", err
	}
	if !still {
		return "", errRankingOld
	}
	id, err := uuid.NewV7()
	if err != nil {
		return "", err
	}
	now = now.UTC().Truncate(time.Microsecond)
	recorded, err := d.outbox.Add(ctx, tx, outbox.Draft{
		Type: event.TypeRankReleased, Area: event.National, ID: id.String(),
		Data: event.RankReleased{Model: r.Model, Cutoffs: r.Cutoffs[:], InputDigest: r.Digest.String(),
			Families: r.Families, ReleasedAt: now},
	})
	if err != nil {
		return "", err
	}
	rel := &release{ID: id.String(), Model: r.Model, Cutoffs: r.Cutoffs, ReleasedAt: now, EventID: recorded[0].ID}
	return rel.ID, d.store.putInForce(ctx, tx, rel, r, by)
}

// ensureRelease makes the cut-offs that the model starts with a release in force, where there is none yet.
func (d *decider) ensureRelease(ctx context.Context, modelID string) error {
	model := d.engine.models[modelID]
	from, err := time.Parse(time.DateOnly, model.ValidFrom)
	if err != nil {
		return fmt.Errorf("valid_from of model %s: %w", modelID, err)
	}
	rel := &release{ID: "awal-" + modelID, Model: modelID, Cutoffs: model.InitialCutoffs(), ReleasedAt: from}
	return pgx.BeginFunc(ctx, d.store.db, func(tx pgx.Tx) error { return d.store.ensureInForce(ctx, tx, rel) })
}

// scoreOf is the family's score by model, from the stored score where that is of the same model.
func scoreOf(model *pmt.Model, stored *int64, facts []byte, area string, recorded time.Time) (int64, bool, error) {
	if facts == nil {
		if stored == nil {
			return 0, false, nil
		}
		return *stored, true, nil
	}
	f := family{Area: area, RecordedAt: recorded}
	var err error
	if f.Facts, err = fact.Decode(facts); err != nil {
		return 0, false, err
	}
	score, ok := model.Score(&f.Facts, f.Area, f.day())
	return score, ok, nil
}
