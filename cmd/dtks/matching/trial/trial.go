// Package trial measures the matcher: on a synthetic population that shares nothing with it, on labelled lists given as
// folders, on claims to be a registered person, and its speed; the simple matchers of package baseline beside it in the
// same run. Everything follows from seeds that are printed.
package trial

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"dtks/cmd/dtks/baseline"
	"dtks/cmd/dtks/matching"
	"dtks/cmd/dtks/population"
	"dtks/cmd/dtks/quality"
)

// Parts of the trial.
const (
	Quality = "quality" // synthetic files and labelled lists
	Verif   = "verif"   // claims
	Speed   = "speed"
)

// Options say what is measured.
type Options struct {
	Folders []string // of labelled lists
	Sets    []Set    // further labelled lists
	Only    []string // parts; empty = all
	Persons int      // of the synthetic files; 0 = 5,000
	Claims  int      // of which a quarter is genuine; 0 = 300,000
	Train   bool     // judge on the training seed instead: for tuning, never for a report
	Learned int      // persons of the training seed that the model for claims is learned on; 0 = 5,000
	Records int      // of the speed measurement; 0 = 50,000
	Seed    uint64   // of what is judged; 0 = population.HeldOutSeed
	Wrong   int      // wrongly judged pairs to be shown of each set
	Out     io.Writer
	Say     func(format string, args ...any) // progress; may be nil
}

func (o Options) withDefaults() Options {
	if o.Persons <= 0 {
		o.Persons = 5000
	}
	if o.Learned <= 0 {
		o.Learned = 5000
	}
	if o.Claims <= 0 {
		o.Claims = 300_000
	}
	if o.Records <= 0 {
		o.Records = 50_000
	}
	if o.Train {
		o.Seed = population.TrainSeed
	}
	if o.Seed == 0 {
		o.Seed = population.HeldOutSeed
	}
	if o.Say == nil {
		o.Say = func(string, ...any) {}
	}
	return o
}

// Trial gathers what was measured.
type Trial struct {
	o     Options
	rows  []matching.Row
	verif []verified
	speed *speed
}

// Run measures and prints: the lines as they come, then the table.
func Run(ctx context.Context, o Options) error {
	t := &Trial{o: o.withDefaults()}
	if err := t.line("trial seed=%d train_seed=%d persons=%d claims=%d", t.o.Seed, uint64(population.TrainSeed), t.o.Persons, t.o.Claims); err != nil {
		return err
	}
	for _, part := range []struct {
		name string
		run  func(context.Context) error
	}{{Speed, t.measureSpeed}, {Quality, t.measureQuality}, {Verif, t.measureClaims}} {
		if len(t.o.Only) > 0 && !slices.Contains(t.o.Only, part.name) {
			continue
		}
		began := time.Now()
		if err := part.run(ctx); err != nil {
			return fmt.Errorf("measuring %s: %w", part.name, err)
		}
		t.o.Say("%s took %.0f s", part.name, time.Since(began).Seconds())
	}
	return t.markdown()
}

func (t *Trial) line(format string, args ...any) error {
	_, err := fmt.Fprintf(t.o.Out, format+"\n", args...)
	return err
}

func (t *Trial) measureQuality(ctx context.Context) error {
	sets, err := t.synthetic()
	if err != nil {
		return err
	}
	found, err := t.labelled()
	if err != nil {
		return err
	}
	for _, s := range append(sets, found...) {
		if err := t.set(ctx, s); err != nil {
			return fmt.Errorf("set %s: %w", s.name, err)
		}
	}
	return nil
}

// one is a labelled set: lists and the truth about them.
type one struct {
	name    string
	in      *matching.Input
	half    bool // the half of the people that nothing was tuned on: only the matcher itself is run
	made    bool // synthetic: values may be shown
	baseOff bool // without the simple matchers
}

// set runs every system on one set.
func (t *Trial) set(ctx context.Context, s one) error {
	records := len(s.in.A.Rows)
	if s.in.Two() {
		records += len(s.in.B.Rows)
	}
	for _, lists := range []bool{true, false} {
		system := map[bool]string{true: "dtks", false: "dtks_no_lists"}[lists]
		t.o.Say("%s: %s", s.name, system)
		choice, err := matching.Choose(s.in.Fields(), records, "", lists)
		if err != nil {
			return err
		}
		r, err := matching.Match(ctx, s.in, choice, matching.Options{Floor: 0.0001})
		if err != nil {
			return err
		}
		m := matching.MeasureAs(r, s.name, system, s.in.Truth)
		if err := t.add(m.Rows...); err != nil {
			return err
		}
		if lists && t.o.Wrong > 0 {
			if err := t.wrong(s, r); err != nil {
				return err
			}
		}
		if s.half {
			return nil
		}
	}
	if s.baseOff {
		return nil
	}
	return t.baselines(ctx, s, int64(records))
}

func (t *Trial) add(rows ...matching.Row) error {
	for _, r := range rows {
		t.rows = append(t.rows, r)
		if err := t.line("%s", r.Line()); err != nil {
			return err
		}
	}
	return nil
}

// baselines runs the simple matchers.
func (t *Trial) baselines(ctx context.Context, s one, records int64) error {
	d := baseline.Data{Fields: s.in.Fields()}
	d.A, d.B = s.in.Values()
	results, err := baseline.All(ctx, d, func(name string) { t.o.Say("%s: %s", s.name, name) })
	if err != nil {
		return err
	}
	for _, b := range results {
		rows, curve := matching.Judge(s.in.Truth, b.Pairs, b.Threshold)
		for i := range rows {
			rows[i].Set, rows[i].System, rows[i].N, rows[i].Note = s.name, b.Name, records, b.Note
		}
		// The clusters of a rule that decides pair by pair are whatever its pairs connect.
		closure := s.in.Truth.ClosureCurve(b.Pairs).At(b.Threshold)
		closure.Threshold = b.Threshold
		rows = append(rows, matching.Row{Set: s.name, System: b.Name, Measure: "clusters", At: "default", Point: closure, N: records, Note: b.Note})
		if err := t.add(rows...); err != nil {
			return err
		}
		if b.Name == "ratcliff_obershelp" {
			if err := t.againstRule(s, curve.At(b.Threshold)); err != nil {
				return err
			}
		}
	}
	return nil
}

// againstRule compares false matches with those of the field's rule, at a recall equal to its own or better.
func (t *Trial) againstRule(s one, rule quality.Point) error {
	for _, r := range t.rows {
		if r.Set != s.name || r.System != "dtks" || r.Measure != "pairs" || r.At != "default" {
			continue
		}
		equal := "no"
		if r.Point.Recall() >= rule.Recall() {
			equal = "yes"
		}
		return t.line("bench match.%s system=dtks measure=false_matches_against_rule ratio=%.2g fp=%d rule_fp=%d recall=%.4f rule_recall=%.4f recall_equal_or_better=%s",
			s.name, float64(r.Point.FP)/float64(max(1, rule.FP)), r.Point.FP, rule.FP, r.Point.Recall(), rule.Recall(), equal)
	}
	return nil
}
