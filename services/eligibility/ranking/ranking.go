// Package ranking ranks the whole population: it reads scores from PostgreSQL as columns, places every family (package
// rank), and finds those whose deciles are others than before. Neither rows nor results are ever all in memory: both wait
// in files without names, some 28 bytes a family.
package ranking

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"dtks/services/eligibility/rank"
)

// Options of a ranking.
type Options struct {
	Model     string // scores stored by it are taken as they are
	Low, High int64  // its range of scores, both inclusive
	ByPerson  bool   // weigh families by their members living there, at least 1; otherwise each weighs 1

	// Rescore gives the score of a family whose stored one is another model's; false = too few answers. It is called by
	// several goroutines at once, and facts are only valid until it returns.
	Rescore func(facts []byte, area string, recorded time.Time) (int64, bool, error)

	Before   *rank.Table                    // what families were placed by; nil = by nothing, all have changed
	Readers  int                            // connections that read side by side; 0 = 2
	Dir      string                         // folder for the files; "" = the system's
	Progress func(phase string, rows int64) // told from time to time, never by two goroutines at once; may be nil
}

// Phases, as Progress hears them.
const (
	PhaseRead    = "read"    // rows read from the database
	PhaseBounds  = "bounds"  // the bounds are sought; rows stay 0
	PhaseCompare = "compare" // rows placed and compared
)

// Result is a finished ranking. Close frees its file.
type Result struct {
	Table    *rank.Table // without areas when no family has a score
	Digest   rank.Digest // of what was ranked
	Families int64       // ranked
	Changed  int64       // families with other deciles than before, at any level

	parts *partFile
}

// Close frees the file with the families that changed.
func (r *Result) Close() { r.parts.close() }

// job is a ranking under way.
type job struct {
	Options
	shards []*rank.Shard

	mu   sync.Mutex
	rows int64 // of the phase
}

// Run ranks every active family that has a score, as of one moment. Families are placed before by their stored score and
// afterwards by the model's; those that had a place and have no score any more count as changed.
func Run(ctx context.Context, db *pgxpool.Pool, o Options) (_ *Result, err error) {
	if o.Readers == 0 {
		o.Readers = 2
	}
	j := &job{Options: o}
	for range o.Readers {
		shard, err := rank.NewShard(o.Low, o.High, o.ByPerson, o.Dir)
		if err != nil {
			return nil, err
		}
		defer shard.Close()
		j.shards = append(j.shards, shard)
	}
	if err := j.read(ctx, db); err != nil {
		return nil, fmt.Errorf("reading scores: %w", err)
	}
	res := &Result{}
	for _, s := range j.shards {
		res.Families += s.Families()
		res.Digest.Merge(s.Digest())
	}
	j.begin(PhaseBounds)
	if res.Table, err = rank.Build(ctx, j.shards...); err != nil {
		return nil, fmt.Errorf("ranking: %w", err)
	}
	if res.parts, err = newPartFile(o.Dir); err != nil {
		return nil, err
	}
	if err := j.compare(ctx, res); err != nil {
		res.Close()
		return nil, fmt.Errorf("comparing places: %w", err)
	}
	return res, nil
}

// compare writes the families whose deciles are others in res than before, by regency.
func (j *job) compare(ctx context.Context, res *Result) error {
	j.begin(PhaseCompare)
	before := j.Before
	if before == nil {
		before = rank.NewTable(nil)
	}
	group, ctx := errgroup.WithContext(ctx)
	for _, s := range j.shards {
		group.Go(func() error {
			then, now := placers{table: before}, placers{table: res.Table}
			parts := res.parts.writer()
			err := s.Rows(ctx, func(rows []rank.Row) error {
				for i := range rows {
					r := &rows[i]
					if then.place(r, r.Before) == now.place(r, r.Score) {
						continue
					}
					if err := parts.add(r); err != nil {
						return err
					}
				}
				j.progress(PhaseCompare, len(rows))
				return nil
			})
			return errors.Join(err, parts.flush())
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	res.Changed = res.parts.families
	return res.parts.out.Flush()
}

// placers are those of a table by regency number, made when first needed.
type placers struct {
	table  *rank.Table
	placer [100 * 100]*rank.Placer
}

func (p *placers) place(r *rank.Row, score int32) [rank.Levels]uint8 {
	if score == rank.NoScore {
		return [rank.Levels]uint8{}
	}
	placer := p.placer[r.Regency]
	if placer == nil {
		placer = p.table.Placer(rank.RegencyCode(r.Regency))
		p.placer[r.Regency] = placer
	}
	return placer.Deciles(int64(score), &r.ID)
}

func (j *job) begin(phase string) {
	j.rows = 0
	j.progress(phase, 0)
}

func (j *job) progress(phase string, rows int) {
	if j.Progress == nil {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.rows += int64(rows)
	j.Progress(phase, j.rows)
}
