package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"dtks/pkg/app"
	"dtks/services/eligibility/decision"
)

// verification works every stored decision out again.
type verification struct {
	engine *decision.Engine
	store  *store
	// Called by several goroutines, one at a time.
	violated func(invariant, text string)
	progress func(done, all int64)

	mu      sync.Mutex
	found   int64
	waiting int64
}

// verified is what a verification says in the end.
type verified struct {
	Families  int64   `json:"families"`
	Decisions int64   `json:"decisions"`
	Differ    int64   `json:"differ"`            // families whose stored decisions are not what comes out
	Waiting   int64   `json:"waiting,omitempty"` // families that are still to be decided by new rules: they are not compared
	Bytes     float64 `json:"bytes_per_decision"`
	Seconds   float64 `json:"seconds"`
}

var errUnequal = errors.New("stored decisions are not what their inputs give")

// run compares each sheet, bit for bit, with what comes out of the stored inputs by the release and on the day that the
// sheet names; and what it decides with what the release in force gives, unless families still wait for that.
func (v *verification) run(ctx context.Context) (out verified, err error) {
	begin := time.Now()
	var decisions, size atomic.Int64
	err = v.store.snapshot(ctx, func(tx pgx.Tx) error {
		st, err := v.store.standing(ctx, tx)
		if err != nil {
			return err
		}
		current, err := v.store.release(ctx, v.store.db, st.no)
		if err != nil {
			return err
		}
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		work := make(chan *stored, 1024)
		var workers sync.WaitGroup
		for range runtime.GOMAXPROCS(0) {
			workers.Go(func() {
				for kept := range work {
					n, err := v.one(ctx, current, st.working, kept)
					if err != nil {
						cancel(err)
						continue
					}
					decisions.Add(int64(n))
					size.Add(int64(len(kept.sheet) + len(kept.told) + 16))
				}
			})
		}
		err = v.store.everything(ctx, tx, func(kept *stored) error {
			if out.Families++; out.Families%1000 == 0 {
				v.progress(out.Families, st.families)
			}
			return send(ctx, work, kept)
		})
		close(work)
		workers.Wait()
		v.progress(out.Families, st.families)
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		return err
	})
	out.Decisions, out.Differ, out.Waiting, out.Seconds = decisions.Load(), v.found, v.waiting, time.Since(begin).Seconds()
	out.Bytes = float64(size.Load()) / float64(max(out.Decisions, 1))
	return out, err
}

func (v *verification) one(ctx context.Context, current *decision.Release, working bool, kept *stored) (int, error) {
	sheet, err := v.engine.Decode(kept.sheet)
	if err != nil {
		v.wrong("decisions of family %s cannot be read: %v", kept.family.ID, err)
		return 0, nil
	}
	rel, err := v.store.release(ctx, v.store.db, sheet.Release)
	if err != nil {
		return 0, err
	}
	in := kept.family.input(kept.verdicts)
	again, err := v.engine.Decide(rel, in, sheet.Day)
	if err != nil {
		return 0, err
	}
	if same := bytes.Equal(v.engine.Encode(again), kept.sheet); !same && working {
		v.mu.Lock()
		v.waiting++
		v.mu.Unlock()
		return len(sheet.Programmes), nil
	} else if !same {
		v.wrong("decisions of family %s are not what their inputs give", kept.family.ID)
		return len(sheet.Programmes), nil
	}
	if working || rel.No == current.No {
		return len(sheet.Programmes), nil
	}
	now, err := v.engine.Decide(current, in, sheet.Day)
	if err != nil {
		return 0, err
	}
	if now.Content() != sheet.Content() {
		v.wrong("decisions of family %s are not those of the release in force", kept.family.ID)
	}
	return len(sheet.Programmes), nil
}

func (v *verification) wrong(format string, args ...any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.found++
	v.violated("I8", fmt.Sprintf(format, args...))
}

// recompute is the verification as part of `check`.
func recompute(f *files) func(ctx context.Context, db *pgxpool.Pool, violated func(invariant, text string)) error {
	return func(ctx context.Context, db *pgxpool.Pool, violated func(invariant, text string)) error {
		d, err := newDecider(ctx, f, newStore(db), nil)
		if err != nil {
			return err
		}
		v := &verification{engine: d.engine, store: d.store, violated: violated, progress: func(int64, int64) {}}
		_, err = v.run(ctx)
		return err
	}
}

// verifyCommand is `eligibility verify`: works out every decision again, with a progress bar on standard error.
func verifyCommand(ctx context.Context, getenv func(string) string, args []string) error {
	set := flag.NewFlagSet("verify", flag.ContinueOnError)
	quiet := set.Bool("quiet", false, "no progress bar")
	if err := set.Parse(args); err != nil {
		return app.Usage(err)
	}
	return withDecider(ctx, getenv, func(d *decider) error {
		v := &verification{engine: d.engine, store: d.store,
			violated: func(_, text string) { fmt.Println(text) }, progress: bar(os.Stderr, *quiet)}
		report, err := v.run(ctx)
		if err != nil {
			return err
		}
		line, err := json.Marshal(report)
		fmt.Println(string(line))
		if err == nil && report.Differ > 0 {
			err = errUnequal
		}
		return err
	})
}

// bar draws how far it is and how long it will take.
func bar(out io.Writer, quiet bool) func(done, all int64) {
	if quiet {
		return func(int64, int64) {}
	}
	begin, last := time.Now(), time.Time{}
	const width = 40
	return func(done, all int64) {
		if done < all && time.Since(last) < 200*time.Millisecond {
			return
		}
		last = time.Now()
		share := float64(done) / float64(max(all, 1))
		left := time.Duration(float64(time.Since(begin)) * (1 - share) / max(share, 1e-9)).Round(time.Second)
		full := min(int(share*width), width)
		fmt.Fprintf(out, "\r[%s%s] %3.0f%%  %d of %d families, %s left ", bytes.Repeat([]byte("="), full),
			bytes.Repeat([]byte(" "), width-full), share*100, done, all, left)
		if done >= all {
			fmt.Fprintln(out)
		}
	}
}
