package main

import (
	"context"
	"errors"
	"os"

	"dtks/cmd/dtks/bench"
)

// BenchRankCmd measures the ranking of a whole population. It needs no stack: it makes a PostgreSQL of its own.
type BenchRankCmd struct {
	Families int    `help:"Families in the database." default:"10000000"`
	InMemory int    `help:"Families ranked in memory alone." default:"93000000"`
	Rounds   int    `help:"How often the job is measured between two runs of bare SQL." default:"3"`
	Dir      string `help:"Folder for the benchmark's data, some 5 GB; a temporary one by default." type:"path"`
	JSON     bool   `help:"Print the result as one JSON line only."`
}

// Help is the long text of the command.
func (BenchRankCmd) Help() string {
	return "Ranks every family at three levels, reading and writing what changed included, and compares with PostgreSQL's " +
		"ntile(10) of the nation alone on the same rows, before and after. Verifies that both give the same deciles."
}

// Run measures, and removes its data also when it is interrupted.
func (c *BenchRankCmd) Run(ctx context.Context) error {
	if c.Families < 1000 || c.InMemory < 1 || c.Rounds < 1 {
		return exitCode{2, errors.New("want at least 1000 families, one in memory and one round")}
	}
	parent := ""
	if c.Dir != "" {
		if err := os.MkdirAll(c.Dir, 0o755); err != nil {
			return err
		}
		parent = c.Dir
	}
	dir, err := os.MkdirTemp(parent, "dtks-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := os.Chmod(dir, 0o755); err != nil { // PostgreSQL may run as another user
		return err
	}
	p := newProgress(os.Stderr)
	say := p.say
	if c.JSON {
		say = func(string, ...any) {}
	}
	res, err := bench.Rank(ctx, bench.RankOptions{Families: c.Families, InMemory: c.InMemory, Rounds: c.Rounds, Dir: dir, Say: say})
	if err != nil {
		return err
	}
	if c.JSON {
		return res.JSON(os.Stdout)
	}
	res.Print(os.Stdout)
	return nil
}
