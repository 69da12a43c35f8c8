package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"dtks/pkg/app"
	"dtks/pkg/event"
	"dtks/pkg/failpoint"
	"dtks/pkg/fault"
	"dtks/pkg/outbox"
	"dtks/pkg/pg"
	"dtks/services/eligibility/decision"
	"dtks/services/eligibility/fact"
	"dtks/services/eligibility/pmt"
	"dtks/services/eligibility/rank"
	"dtks/services/eligibility/ranking"
)

var (
	errNoFamilies = fault.New(fault.Conflict, "nothing_to_rank",
		"Belum ada keluarga yang dapat diperingkat.", "There is no family to rank yet.")
	errModelUnknown = fault.New(fault.Invalid, "model_unknown",
		"Model tidak dikenal.", "The model is not known.")
	errModelExpired = fault.New(fault.Conflict, "model_not_in_force",
		"Model ini belum atau tidak lagi berlaku.", "This model is not in force yet, or no longer.")
	errFanoutRunning = fault.New(fault.Conflict, "release_running",
		"Rilis sebelumnya masih disiapkan atau disebarkan. Coba lagi setelah selesai.",
		"The release before is still being ranked or passed on. Try again when it is complete.")
)

// job is a ranking that was asked for.
type job struct {
	ID          string // of the release it will be
	Model       string
	Weights     weights
	RequestedBy string // person
	RequestedAt time.Time
}

// weights says what the tenths of a ranking are tenths of.
type weights string

const (
	byFamily weights = "family" // families
	byPerson weights = "person" // the people in them
)

// request writes down that a ranking is wanted. It is refused while another one is being made or passed on.
func (d *decider) request(ctx context.Context, tx pgx.Tx, model string, by weights, who string) (string, error) {
	m, ok := d.engine.Models[model]
	if !ok {
		return "", errModelUnknown
	}
	if !m.InForce(decision.DayIn(rank.Nation, d.now())) {
		return "", errModelExpired
	}
	if err := d.store.lockRelease(ctx, tx); err != nil {
		return "", err
	}
	busy, err := d.store.releaseBusy(ctx, tx)
	if err != nil {
		return "", err
	}
	if busy {
		return "", errFanoutRunning
	}
	id, err := uuid.NewV7()
	if err != nil {
		return "", err
	}
	j := job{id.String(), model, by, who, d.now().UTC().Truncate(time.Microsecond)}
	return j.ID, d.store.addJob(ctx, tx, j)
}

// ranker makes the releases that were asked for, one at a time. Killed in the middle, it begins the ranking anew: what
// it has stored by then belongs to a release that never took force.
type ranker struct {
	*decider
	wake   chan struct{}
	fanout *fanout
}

const (
	rankerIdle  = 2 * time.Second // between looks for a job
	rankerRetry = 5 * time.Second // after an error
)

// Wake makes it look at once. Never blocks.
func (r *ranker) Wake() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// part runs the ranker as long as the service.
func (r *ranker) part() app.Part {
	return app.Part{Name: "ranking", Run: func(ctx context.Context) error {
		for ctx.Err() == nil {
			pause := rankerIdle
			if _, err := r.step(ctx); err != nil && ctx.Err() == nil {
				slog.Warn("ranking", "error", pg.Safe(err))
				pause = rankerRetry
			}
			select {
			case <-ctx.Done():
			case <-r.wake:
			case <-time.After(pause):
			}
		}
		return nil
	}}
}

// step makes the release that was asked for, if any; false when there is none or another process is at it.
func (r *ranker) step(ctx context.Context) (bool, error) {
	release, mine, err := r.store.alone(ctx, lockRanking)
	if err != nil || !mine {
		return false, err
	}
	defer release()
	j, err := r.store.nextJob(ctx)
	if err != nil || j == nil {
		return false, err
	}
	err = r.rank(ctx, j)
	var f *fault.Error
	switch {
	case errors.As(err, &f) && !f.Kind.Retryable():
		return true, r.store.refuse(ctx, j.ID, f.Code)
	case err != nil && ctx.Err() == nil:
		return true, errors.Join(err, r.store.failed(context.WithoutCancel(ctx), j.ID))
	case err == nil:
		r.outbox.Wake()
		r.fanout.Wake()
	}
	return true, err
}

// rank reads the whole population as of one moment, stores the ranking beside the one in force, and then lets it take
// force. Families that were decided meanwhile are noted (release_touched) and decided again.
func (r *ranker) rank(ctx context.Context, j *job) error {
	model := r.engine.Models[j.Model]
	if model == nil {
		return fmt.Errorf("model %s is not loaded here: another process may have it", j.Model)
	}
	before, err := r.store.inForce(ctx)
	if err != nil {
		return err
	}
	if err := r.store.startRanking(ctx, j.ID); err != nil {
		return err
	}
	lo, hi := model.Range()
	res, err := ranking.Run(ctx, r.store.db, ranking.Options{
		Model: j.Model, Low: lo, High: hi, ByPerson: j.Weights == byPerson, Before: before.Table, Rescore: rescoring(model),
		Progress: func(phase string, rows int64) {
			if phase == ranking.PhaseRead {
				r.store.progress(ctx, j.ID, rows)
			}
		},
	})
	if err != nil {
		return fmt.Errorf("ranking: %w", err)
	}
	defer res.Close()
	if res.Families == 0 {
		return errNoFamilies
	}
	r.store.progress(ctx, j.ID, res.Families)
	failpoint.Hit("ranking.before_store")
	now := r.now().UTC().Truncate(time.Microsecond)
	if err := r.store.keepRanking(ctx, j, res, now); err != nil {
		return err
	}
	failpoint.Hit("ranking.before_force")
	everyone := before.Model != j.Model // every score is another one, or none any more
	return pg.InTx(ctx, r.store.db, func(tx pgx.Tx) error { return r.force(ctx, tx, j, res, everyone, now) })
}

// rescoring works out a score by model where the stored one is of another.
func rescoring(model *pmt.Model) func(facts []byte, area string, at time.Time) (int64, bool, error) {
	return func(facts []byte, area string, at time.Time) (int64, bool, error) {
		f, err := fact.Decode(facts)
		if err != nil {
			return 0, false, err
		}
		score, ok := model.Score(&f, area, decision.DayIn(area, at))
		return score, ok, nil
	}
}

// force lets a stored ranking take force: the pointer, the touched families' place in the work list, and the event.
func (r *ranker) force(ctx context.Context, tx pgx.Tx, j *job, res *ranking.Result, everyone bool, now time.Time) error {
	if err := r.store.lockRelease(ctx, tx); err != nil {
		return err
	}
	recorded, err := r.outbox.Add(ctx, tx, outbox.Draft{
		Type: event.TypeRankReleased, Area: event.National, ID: j.ID,
		Data: event.RankReleased{Model: j.Model, Cutoffs: cutoffs(res.Table), InputDigest: res.Digest.String(),
			Families: res.Families, ReleasedAt: now},
	})
	if err != nil {
		return err
	}
	return r.store.putInForce(ctx, tx, j.ID, recorded[0].ID, everyone)
}

// cutoffs are the nine national bounds as scores.
func cutoffs(t *rank.Table) []int64 {
	nation := t.Area(rank.Nation)
	out := make([]int64, len(nation.Deciles))
	for i, p := range nation.Deciles {
		out[i] = p.Score
	}
	return out
}

// ensureRelease makes the cut-offs that the model starts with a release in force, where there is none yet.
func (d *decider) ensureRelease(ctx context.Context, modelID string) error {
	model := d.engine.Models[modelID]
	from, err := time.Parse(time.DateOnly, model.ValidFrom)
	if err != nil {
		return fmt.Errorf("valid_from of model %s: %w", modelID, err)
	}
	bounds := model.InitialCutoffs()
	return pgx.BeginFunc(ctx, d.store.db, func(tx pgx.Tx) error {
		return d.store.ensureInForce(ctx, tx, startPrefix+modelID, modelID, bounds[:], from)
	})
}

// startPrefix begins the id of the release that a model starts with.
const startPrefix = "awal-"

// startingTable places families of the whole nation by the nine scores that a model starts with. Percentiles lie evenly
// between them.
func startingTable(bounds []int64) *rank.Table {
	last := [16]byte{}
	for i := range last {
		last[i] = 0xff
	}
	a := &rank.Area{Families: 1, Weight: 1, Deciles: make(rank.Cuts, len(bounds)), Percentiles: make(rank.Cuts, rank.Percentiles-1)}
	for i, score := range bounds {
		a.Deciles[i] = rank.Point{Score: score, ID: last}
	}
	for i := range a.Percentiles {
		p := int64(i + 1)
		k := min(max(p/10, 1), int64(len(bounds)-1)) // between bounds k and k+1
		from, to := bounds[k-1], bounds[k]
		a.Percentiles[i] = rank.Point{Score: from + (to-from)*(p-10*k)/10, ID: last}
	}
	return rank.NewTable(map[string]*rank.Area{rank.Nation: a})
}

// releaseCache keeps releases that have been read: they never change.
type releaseCache struct {
	mu   sync.Mutex
	byNo map[int32]*decision.Release
}

// maxCached is how many releases are held: some two megabytes each.
const maxCached = 16

func (c *releaseCache) get(no int32) *decision.Release {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.byNo[no]
}

func (c *releaseCache) put(r *decision.Release) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.byNo) >= maxCached {
		clear(c.byNo)
	}
	c.byNo[r.No] = r
}
