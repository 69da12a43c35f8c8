package main

import (
	"context"
	"runtime"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"dtks/pkg/event"
	"dtks/pkg/pg"
	"dtks/services/eligibility/decision"
)

// folder writes inputs into the schema replay, scored by the release in force.
type folder struct {
	engine   *decision.Engine
	rel      *decision.Release
	families chan *family
	seats    chan seat
	verdicts chan verdict
}

func (f *folder) family(ctx context.Context, fam *family) error {
	d := decider{engine: f.engine}
	if err := d.score(f.rel, []*family{fam}); err != nil {
		return err
	}
	for _, key := range fam.identities() {
		if err := send(ctx, f.seats, seat{fam.ID, fam.Version, key}); err != nil {
			return err
		}
	}
	return send(ctx, f.families, fam)
}

func (f *folder) verdict(ctx context.Context, v verdict) error { return send(ctx, f.verdicts, v) }

func send[T any](ctx context.Context, to chan<- T, v T) error {
	select {
	case to <- v:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// fold reads all streams into the newest state of every input.
func (r *replay) fold(ctx context.Context, rel *decision.Release) (int64, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	f := &folder{engine: r.engine, rel: rel, families: make(chan *family, 1024), seats: make(chan seat, 4096), verdicts: make(chan verdict, 1024)}
	var writers sync.WaitGroup
	writer := func(write func() error) {
		writers.Go(func() {
			if err := write(); err != nil {
				cancel(err)
			}
		})
	}
	writer(func() error { return r.store.copyFamilies(ctx, f.families) })
	writer(func() error { return r.store.copySeats(ctx, f.seats) })
	writer(func() error { return r.store.copyVerdicts(ctx, f.verdicts) })
	events, err := r.readAll(ctx, f)
	close(f.families)
	close(f.seats)
	close(f.verdicts)
	writers.Wait()
	if cause := context.Cause(ctx); cause != nil {
		return events, cause
	}
	if err != nil {
		return events, err
	}
	return events, r.store.newestInputs(ctx)
}

// decideAll takes one decision for each rebuilt family and programme.
func (r *replay) decideAll(ctx context.Context, rel *decision.Release) (families, decisions int64, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	type input struct {
		family   *family
		verdicts map[identity]verdict
	}
	in := make(chan []input, 2*runtime.GOMAXPROCS(0))
	out := make(chan rebuiltSheet, 1024)
	var workers, writer sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for batch := range in {
				for _, i := range batch {
					sheet, err := r.engine.Decide(rel, i.family.input(i.verdicts), decision.DayIn(i.family.Area, r.now()))
					if err != nil {
						cancel(err)
						return
					}
					if send(ctx, out, rebuiltSheet{i.family.ID, r.engine.Encode(sheet), sheet.Content()}) != nil {
						return
					}
				}
			}
		})
	}
	writer.Go(func() {
		if err := r.store.copyDecisions(ctx, out); err != nil {
			cancel(err)
		}
	})
	begin, said := time.Now(), time.Now()
	batch := make([]input, 0, readBatch)
	err = r.store.rebuilt(ctx, func(f *family, v map[identity]verdict) error {
		families++
		if batch = append(batch, input{f, v}); len(batch) < readBatch {
			return nil
		}
		if time.Since(said) > time.Second {
			said = time.Now()
			r.say("%d families decided, %.0f/s", families, float64(families)/time.Since(begin).Seconds())
		}
		full := batch
		batch = make([]input, 0, readBatch)
		return send(ctx, in, full)
	})
	if err == nil {
		err = send(ctx, in, batch)
	}
	close(in)
	workers.Wait()
	close(out)
	writer.Wait()
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	return families, families * int64(len(r.engine.Programmes)), err
}

// change brings the live rows that differ in line with the rebuilt ones, and publishes what that changes as the next
// versions. Families that have changed since are left alone. The event table and the counters are not touched.
func (r *replay) change(ctx context.Context, d *decider) (families, published int64, err error) {
	ids, err := r.store.differing(ctx, r.cut())
	if err != nil {
		return 0, 0, err
	}
	for len(ids) > 0 {
		n := min(len(ids), partSize)
		err := pg.InTx(ctx, r.store.db, func(tx pgx.Tx) error {
			f, p, err := d.adopt(ctx, tx, ids[:n], r.cut())
			if err == nil {
				families, published = families+int64(f), published+int64(p)
			}
			return err
		})
		if err != nil {
			return families, published, err
		}
		ids = ids[n:]
	}
	d.outbox.Wake()
	return families, published, nil
}

// adopt replaces the inputs of families by the rebuilt ones and decides them.
func (d *decider) adopt(ctx context.Context, tx pgx.Tx, ids []uuid.UUID, cut time.Time) (families, published int, err error) {
	rebuilt, err := d.store.adoptVerdicts(ctx, tx, ids, cut)
	if err != nil {
		return 0, 0, err
	}
	sit, err := d.store.forFamilies(ctx, tx, rebuilt)
	if err != nil {
		return 0, 0, err
	}
	var use []*family
	causes := map[uuid.UUID]event.Cause{}
	for _, f := range rebuilt {
		if live, ok := sit.families[f.ID]; ok && live.Version > f.Version {
			continue
		}
		use = append(use, f)
		causes[f.ID] = event.Cause{}
	}
	if err := d.score(sit.release, use); err != nil {
		return 0, 0, err
	}
	b := &pgx.Batch{}
	queueFamilies(b, use)
	published, err = d.decide(ctx, tx, b, sit, use, reason{causes: causes, redate: true})
	return len(use), published, err
}
