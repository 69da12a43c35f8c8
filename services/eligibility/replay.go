package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"dtks/pkg/app"
	"dtks/pkg/bus"
	"dtks/pkg/outbox"
	"dtks/pkg/pg"
	"dtks/pkg/seal"
	"dtks/services/eligibility/decision"
)

// replay rebuilds the derived state (inputs, scores, decisions) from the streams, from zero, in a schema beside the
// live one while the service goes on, and compares the two. It cannot have side effects: it is given no outbox. Only
// --switch, which brings the live rows in line and publishes the differences, goes through the decider.
type replay struct {
	engine *decision.Engine
	store  *store
	keys   *seal.Keys
	conn   *bus.Conn
	out    io.Writer
	now    func() time.Time

	marks      []mark
	unreadable atomic.Int64 // events passed over
}

// mark is the end of a stream when the replay began: everything up to it is replayed.
type mark struct {
	stream string
	last   uint64
	at     time.Time // when the last event was stored
}

// replayReport is the last line of the output, as JSON.
type replayReport struct {
	Events      int64   `json:"events"`               // read from the streams
	Unreadable  int64   `json:"unreadable,omitempty"` // passed over, as the live service has them as dead letters
	Families    int64   `json:"families"`
	Decisions   int64   `json:"decisions"`
	ReadSeconds float64 `json:"read_seconds"`
	Seconds     float64 `json:"seconds"` // reading, folding and deciding; not comparing
	PerSecond   float64 `json:"events_per_second"`
	ReadOnly    bool    `json:"read_only,omitempty"` // read, opened and decoded, then dropped

	Comparison *comparison `json:"comparison,omitempty"`
	Switched   int64       `json:"switched,omitempty"` // families brought in line
	Published  int64       `json:"published,omitempty"`
}

type replayFlags struct {
	readOnly, change, keep bool
	wait                   time.Duration
}

// errDiffer makes the program end with status 1.
var errDiffer = errors.New("the rebuilt state differs from the live one")

// replayCommand is `eligibility replay`.
func replayCommand(ctx context.Context, getenv func(string) string, args []string) error {
	var f replayFlags
	set := flag.NewFlagSet("replay", flag.ContinueOnError)
	set.BoolVar(&f.readOnly, "read-only", false, "only read, open and decode the events: the ceiling to compare a replay with")
	set.BoolVar(&f.change, "switch", false, "bring differing live rows in line and publish the differences")
	set.BoolVar(&f.keep, "keep", false, "keep the schema replay")
	set.DurationVar(&f.wait, "wait", time.Minute, "how long to wait until the live service has passed the marks")
	if err := set.Parse(args); err != nil {
		return app.Usage(err)
	}
	cfg, err := loadConfig(getenv)
	if err != nil {
		return err
	}
	loaded, err := cfg.load()
	if err != nil {
		return err
	}
	db, err := pg.Open(ctx, cfg.DatabaseURL, migrations)
	if err != nil {
		return err
	}
	defer db.Close()
	keys, err := seal.Open(ctx, db, "eligibility", cfg.SealKeyFile, cfg.SealKEKFile, cfg.SealRecipientsFile)
	if err != nil {
		return err
	}
	nats, err := bus.Connect(ctx, cfg.NATSURL, cfg.NATSKeyFile, "eligibility")
	if err != nil {
		return err
	}
	defer nats.Close()
	d, err := newDecider(ctx, loaded, newStore(db), outbox.New("eligibility", db, keys))
	if err != nil {
		return err
	}
	r := &replay{engine: d.engine, store: d.store, keys: keys, conn: nats, out: os.Stdout, now: d.now}
	report, err := r.run(ctx, f, d)
	if line, jsonErr := json.Marshal(report); jsonErr == nil && (err == nil || errors.Is(err, errDiffer)) {
		fmt.Fprintln(r.out, string(line))
	}
	return err
}

// run replays. d is used by --switch alone.
func (r *replay) run(ctx context.Context, f replayFlags, d *decider) (replayReport, error) {
	var report replayReport
	release, mine, err := r.store.alone(ctx, lockReplay)
	if err == nil && !mine {
		err = errors.New("another replay is running")
	}
	if err != nil {
		return report, err
	}
	defer release()
	begin := time.Now()
	if r.marks, err = r.findMarks(ctx); err != nil {
		return report, err
	}
	if f.readOnly {
		report.ReadOnly = true
		report.Events, err = r.readAll(ctx, drop{})
		report.timed(begin, begin)
		return report, err
	}
	if err := r.store.makeReplaySchema(ctx); err != nil {
		return report, err
	}
	rel, err := r.store.inForce(ctx)
	if err != nil {
		return report, err
	}
	if report.Events, err = r.fold(ctx, rel); err != nil {
		return report, err
	}
	read := time.Now()
	report.Unreadable = r.unreadable.Load()
	if report.Families, report.Decisions, err = r.decideAll(ctx, rel); err != nil {
		return report, err
	}
	report.timed(begin, read)
	r.say("rebuilt %d families and %d decisions from %d events in %.1f s, %.0f events/s", report.Families,
		report.Decisions, report.Events, report.Seconds, report.PerSecond)
	if report.Comparison, err = r.compare(ctx, rel, f.wait); err != nil {
		return report, err
	}
	if f.change && !report.Comparison.Equal {
		if report.Switched, report.Published, err = r.change(ctx, d); err != nil {
			return report, err
		}
		r.say("brought %d families in line, published %d decisions", report.Switched, report.Published)
		if report.Comparison, err = r.compare(ctx, rel, f.wait); err != nil {
			return report, err
		}
	}
	if !report.Comparison.Equal {
		return report, errDiffer
	}
	if f.keep {
		return report, nil
	}
	return report, r.store.dropReplaySchema(ctx)
}

func (report *replayReport) timed(begin, read time.Time) {
	report.Seconds = time.Since(begin).Seconds()
	report.ReadSeconds = report.Seconds
	if read != begin {
		report.ReadSeconds = read.Sub(begin).Seconds()
	}
	report.PerSecond = float64(report.Events) / max(report.Seconds, 1e-9)
}

// say prints one line of progress.
func (r *replay) say(format string, args ...any) { fmt.Fprintf(r.out, "replay: "+format+"\n", args...) }

// compare waits until the live service has passed the marks and no fan-out is under way, then compares row by row.
func (r *replay) compare(ctx context.Context, rel *decision.Release, wait time.Duration) (*comparison, error) {
	if err := r.awaitLive(ctx, wait); err != nil {
		return nil, err
	}
	now, err := r.store.inForce(ctx)
	if err != nil {
		return nil, err
	}
	if now.ID != rel.ID {
		return nil, errors.New("another release took force meanwhile: start the replay again")
	}
	c, err := r.store.compareReplay(ctx, r.cut())
	if err != nil {
		return nil, err
	}
	r.say("live digest %s, rebuilt %s: decisions of %d families compared, %d differ; %d families and %d verdicts differ; %d ahead of the marks",
		c.LiveDigest, c.RebuiltDigest, c.Decisions, c.DecisionsDiffer, c.FamiliesDiffer, c.VerdictsDiffer, c.Ahead)
	return c, nil
}

// cut tells live rows that are too young to have been replayed: those recorded after it may come from events behind the
// marks. A minute is more than lies between recording an event and its arrival in the stream while the relay runs.
func (r *replay) cut() time.Time {
	cut := time.Now()
	for _, m := range r.marks {
		if !m.at.IsZero() && m.at.Before(cut) {
			cut = m.at
		}
	}
	return cut.Add(-time.Minute)
}
