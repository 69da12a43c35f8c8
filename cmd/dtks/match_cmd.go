package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"dtks/cmd/dtks/matching"
	"dtks/pkg/fault"
)

// Exit codes of dtks match, beside 0 = done and 1 = it went wrong on the way.
const (
	matchUnusable    = 2   // a file, a column or a record that cannot be used; nothing was written
	matchInterrupted = 130 // stopped by Ctrl-C; nothing was written
)

// MatchCmd looks for records of one person in one list or two.
type MatchCmd struct {
	Files   MatchFilesCmd   `cmd:"" default:"withargs" help:"Look for records of one person in one list, or in two."`
	Explain MatchExplainCmd `cmd:"" help:"Say why two records are one person, or are not."`
}

// Help is the long text of the command.
func (MatchCmd) Help() string {
	return "dtks match A.csv looks for duplicates in one list, dtks match A.csv B.csv links two; dtks match files --help lists the flags. " +
		"dtks match explain A.csv ID ID says why two records are one person, or are not."
}

// matchSource is what both subcommands need to know of the lists.
type matchSource struct {
	Map          string `help:"Fields and their columns, such as name=First+Last,birth_date=DOB,phone:phone=Tel,id=No; found from titles and content by default." placeholder:"FIELD=COLUMN,…"`
	Model        string `help:"A model file, or learn: estimate on the lists themselves. By default learned where the lists hold at least 500 records or no registrants, else the standard model." placeholder:"FILE|learn"`
	NoLists      bool   `help:"Do without what is known of Indonesian names and places."`
	AllPairsUpTo int    `help:"Records up to which every pair is compared; above it pairs that share a key, and what that loses is estimated." placeholder:"100000"`
	Lang         string `help:"Language of findings: en or id." enum:"en,id" default:"en"`
}

// MatchFilesCmd matches lists.
type MatchFilesCmd struct {
	matchSource
	A         string  `arg:"" help:"CSV or XLSX of people."`
	B         string  `arg:"" optional:"" help:"A second list, to be linked with the first; without it duplicates within the first are looked for."`
	Output    string  `short:"o" help:"Where to write pairs with likelihood and evidence; - is standard output." placeholder:"PAIRS.csv"`
	Clusters  string  `help:"Where to write who belongs together; - is standard output." placeholder:"CLUSTERS.csv"`
	Threshold float64 `help:"Likelihood from which two records are one person (padan, and one cluster). By default padan follows from the model's costs and clusters take 0.5." placeholder:"P"`
	Review    float64 `help:"Likelihood from which a pair is to be reviewed (perlu ditinjau) and written." placeholder:"P"`
	SaveModel string  `help:"Where to write the model that was used, for --model. It holds frequent values of the list." placeholder:"FILE"`
	Truth     string  `help:"Column, or CSV of pairs, that tells who is who; auto recognises it. Also prints precision, recall and F1." placeholder:"COLUMN|PAIRS.csv"`
}

// Help is the long text of the command.
func (MatchFilesCmd) Help() string {
	return "Prints which columns it compares, then what it found. Files hold record ids, likelihoods, and per field what was found and its " +
		"weight in bits; never a name or a number of a person. Exit status: 0 done, 1 failed, 2 a file or column that cannot be used, 130 stopped."
}

// Run matches and writes.
func (c *MatchFilesCmd) Run(ctx context.Context) error {
	for flag, p := range map[string]float64{"--threshold": c.Threshold, "--review": c.Review} {
		if !(p >= 0 && p < 1) { // nor NaN
			return exitCode{matchUnusable, fmt.Errorf("%s is a likelihood: above 0 and below 1", flag)}
		}
	}
	// What people read goes to standard error where standard output is taken.
	out := io.Writer(os.Stdout)
	if c.Output == "-" || c.Clusters == "-" {
		out = os.Stderr
	}
	return matchFailure(ctx, c.run(ctx, out))
}

func (c *MatchFilesCmd) run(ctx context.Context, out io.Writer) error {
	if err := c.apart(); err != nil {
		return err
	}
	o := matching.Options{Threshold: c.Threshold, Review: c.Review, AllPairsUpTo: c.AllPairsUpTo}
	for _, asked := range []float64{c.Threshold, c.Review} {
		if asked > 0 && asked < usualFloor && (o.Floor == 0 || asked < o.Floor) {
			o.Floor = asked
		}
	}
	if c.Truth != "" && (o.Floor == 0 || o.Floor > measuredFloor) {
		o.Floor = measuredFloor
	}
	in, choice, err := c.load(ctx, matching.Source{A: c.A, B: c.B, Map: c.Map, Truth: c.Truth})
	if err != nil {
		return err
	}
	if err := in.Describe(out, choice, matching.In(c.Lang)); err != nil {
		return err
	}
	r, err := matchWithBar(ctx, in, choice, o)
	if err != nil {
		return err
	}
	if c.Output != "" {
		if err := r.WritePairs(ctx, c.Output, os.Stdout); err != nil {
			return err
		}
	}
	if c.Clusters != "" {
		if err := r.WriteClusters(ctx, c.Clusters, os.Stdout); err != nil {
			return err
		}
	}
	if c.SaveModel != "" {
		if err := matching.SaveModel(c.SaveModel, r.Model); err != nil {
			return err
		}
	}
	if err := r.Summary(out, matching.In(c.Lang)); err != nil {
		return err
	}
	if c.Output == "" && c.Clusters == "" && c.Truth == "" {
		fmt.Fprintln(out, "nothing was written: --output FILE takes the pairs with their evidence, --clusters FILE who belongs together")
	}
	if in.Truth == nil {
		return nil
	}
	return matching.Measure(r).Print(out)
}

// usualFloor is the likelihood below which the matcher keeps no pair unless it is asked to.
const usualFloor = 0.01

// apart refuses to write over what is read, and two results into one file.
func (c *MatchFilesCmd) apart() error {
	taken := map[string]string{}
	for _, f := range [][2]string{{"the list", c.A}, {"the second list", c.B}, {"--truth", c.Truth}, {"--output", c.Output}, {"--clusters", c.Clusters}, {"--save-model", c.SaveModel}} {
		name, path := f[0], f[1]
		if path == "" || path == "-" {
			continue
		}
		place, err := filepath.Abs(path)
		if err != nil {
			return err
		}
		if resolved, err := filepath.EvalSymlinks(place); err == nil {
			place = resolved
		}
		if other, ok := taken[place]; ok && strings.HasPrefix(name, "--") && name != "--truth" {
			return exitCode{matchUnusable, fmt.Errorf("%s would overwrite %s: name another file", name, other)}
		}
		taken[place] = name
	}
	return nil
}

// measuredFloor is the likelihood down to which pairs are kept where the curve is asked for.
const measuredFloor = 0.0001

// load reads the lists and chooses the model. Reading does not look at the context; who interrupts it need not wait.
func (s *matchSource) load(ctx context.Context, from matching.Source) (*matching.Input, matching.Choice, error) {
	var choice matching.Choice
	in, err := unlessDone(ctx, func() (*matching.Input, error) { return matching.Load(from) })
	if err != nil {
		return nil, choice, err
	}
	n := len(in.A.Rows)
	if in.Two() {
		n += len(in.B.Rows)
	}
	choice, err = matching.Choose(in.Fields(), n, s.Model, !s.NoLists)
	return in, choice, err
}

// matchWithBar matches, showing progress on a terminal only.
func matchWithBar(ctx context.Context, in *matching.Input, choice matching.Choice, o matching.Options) (*matching.Run, error) {
	if term.IsTerminal(int(os.Stderr.Fd())) {
		var bar *progressbar.ProgressBar
		o.Progress = func(done, total int64) {
			if bar == nil {
				bar = progressbar.NewOptions64(total, progressbar.OptionSetWriter(os.Stderr), progressbar.OptionSetDescription("records"),
					progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())
			}
			_ = bar.Set64(done) // a bar that cannot be drawn is no reason to stop
		}
		defer func() {
			if bar != nil {
				_ = bar.Clear()
			}
		}()
	}
	return unlessDone(ctx, func() (*matching.Run, error) { return matching.Match(ctx, in, choice, o) })
}

// unlessDone gives what work gives, or the context's error at once when it ends; work is then left to itself, for the
// program is about to end. It must not write files.
func unlessDone[T any](ctx context.Context, work func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		v, err := work()
		done <- result{v, err}
	}()
	select {
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	case r := <-done:
		return r.value, r.err
	}
}

// matchFailure chooses the words and the exit code.
func matchFailure(ctx context.Context, err error) error {
	var known *fault.Error
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return exitCode{matchInterrupted, errors.New("stopped; nothing was written")}
	case errors.As(err, &known):
		for _, d := range known.Details {
			fmt.Fprintf(os.Stderr, "  - %s: %s\n", d.Field, d.Text.EN)
		}
		return exitCode{matchUnusable, fmt.Errorf("%s (%s)\n      %s", known.Text.EN, known.Code, known.Text.ID)}
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission):
		return exitCode{matchUnusable, err}
	}
	return err
}

// MatchExplainCmd explains one pair.
type MatchExplainCmd struct {
	matchSource
	File   string `arg:"" help:"CSV or XLSX of people."`
	First  string `arg:"" help:"Record id, or line number."`
	Second string `arg:"" help:"Record id, or line number; of the second list where there are two."`
	File2  string `arg:"" optional:"" help:"The second list."`
}

// Help is the long text of the command.
func (MatchExplainCmd) Help() string {
	return "Shows the evidence field by field, as a waterfall of weights in bits from the prior to the sum, and says it in one sentence. " +
		"The numbers are those that dtks match writes for the pair with the same options; where the model is learned, it is learned again."
}

// Run explains.
func (c *MatchExplainCmd) Run(ctx context.Context) error {
	return matchFailure(ctx, c.run(ctx, os.Stdout))
}

func (c *MatchExplainCmd) run(ctx context.Context, out io.Writer) error {
	in, choice, err := c.load(ctx, matching.Source{A: c.File, B: c.File2, Map: c.Map})
	if err != nil {
		return err
	}
	a, err := in.Row(false, c.First)
	if err != nil {
		return err
	}
	b, err := in.Row(in.Two(), c.Second)
	if err != nil {
		return err
	}
	e, err := matching.Explain(ctx, in, choice, a, b, matching.Options{AllPairsUpTo: c.AllPairsUpTo})
	if err != nil {
		return err
	}
	return matching.WriteExplanation(out, in, a, b, e, matching.In(c.Lang))
}
