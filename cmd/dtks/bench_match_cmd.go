package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"dtks/cmd/dtks/matching/trial"
)

// BenchMatchCmd measures the matcher: quality against labelled data, claims, and speed. It needs no stack.
type BenchMatchCmd struct {
	Sets    []string `name:"set" help:"A labelled list, or two to be linked; may be repeated." placeholder:"NAME=A.csv[,B.csv][;map=…][;truth=…]" sep:"none"`
	Only    []string `help:"Parts: quality, verif, speed; all by default." enum:"quality,verif,speed"`
	Persons int      `help:"People in the synthetic files." default:"5000"`
	Claims  int      `help:"Claims, a quarter of them genuine." default:"300000"`
	Records int      `help:"Records whose pairs are all compared to measure speed." default:"50000"`
	Seed    uint64   `help:"Seed of what is judged; 0 = the held-out one."`
	Train   bool     `help:"Judge on the training seed, for tuning; never for a report."`
	Quick   bool     `help:"Small numbers: to see that it works, not to measure."`
	Model   string   `help:"Learn the standard model on the training seed, write it to this file, and measure nothing." placeholder:"FILE"`
	Wrong   int      `help:"Also show so many wrongly judged pairs of each set, with the evidence; synthetic ones with their values, others by id."`
}

// Help is the long text of the command.
func (BenchMatchCmd) Help() string {
	return "--data FOLDER, which may be repeated, names folders of labelled lists: files X_a and X_b or X_left and X_right are linked, others " +
		"deduplicated; the truth is a column such as cluster or entity_id, a file X_labels.csv, or FEBRL's record ids. Prints a line " +
		"`bench match.SET system=… measure=… at=… f1=…` for each measurement and the table of the README at the end, with seeds."
}

// Run measures. Folders come from --data, which every command knows as a single one: here each of them counts.
func (c *BenchMatchCmd) Run(ctx context.Context, k *kong.Context) error {
	if c.Model != "" {
		text, err := trial.Standard(ctx)
		if err != nil {
			return matchFailure(ctx, err)
		}
		return os.WriteFile(c.Model, text, 0o644)
	}
	o := trial.Options{Folders: dataFolders(k.Args), Only: c.Only, Persons: c.Persons, Claims: c.Claims, Records: c.Records,
		Seed: c.Seed, Train: c.Train, Wrong: c.Wrong, Out: os.Stdout}
	if c.Quick {
		o.Persons, o.Claims, o.Records = min(c.Persons, 300), min(c.Claims, 4000), min(c.Records, 1000)
		o.Learned = 300
	}
	for _, text := range c.Sets {
		s, err := trial.ParseSet(text)
		if err != nil {
			return exitCode{2, err}
		}
		o.Sets = append(o.Sets, s)
	}
	for _, folder := range o.Folders {
		if info, err := os.Stat(folder); err != nil || !info.IsDir() {
			return exitCode{2, fmt.Errorf("--data %s is no folder", folder)}
		}
	}
	p := newProgress(os.Stderr)
	o.Say = p.say
	_, err := unlessDone(ctx, func() (struct{}, error) { return struct{}{}, trial.Run(ctx, o) })
	if err != nil && ctx.Err() != nil {
		return exitCode{matchInterrupted, errors.New("stopped")}
	}
	return matchFailure(ctx, err)
}

// dataFolders reads every --data of the command line.
func dataFolders(args []string) []string {
	var out []string
	for i, arg := range args {
		if value, ok := strings.CutPrefix(arg, "--data="); ok {
			out = append(out, value)
		} else if arg == "--data" && i+1 < len(args) {
			out = append(out, args[i+1])
		}
	}
	return slices.Compact(out)
}
