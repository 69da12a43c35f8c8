package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"dtks/cmd/dtks/bench"
	"dtks/services/eligibility/pmt"
)

// BenchScoreCmd measures scoring from columns. It needs no stack.
type BenchScoreCmd struct {
	Model    string        `help:"A shipped model, by its id." default:"sintetis-nasional-1"`
	Families int           `help:"Families in memory." default:"2000000"`
	Span     time.Duration `help:"CPU time of each ceiling and of the candidate." default:"1s"`
	JSON     bool          `help:"Print the result as a JSON line only."`
}

// Help is the long text of the command.
func (BenchScoreCmd) Help() string {
	return "Families scored a CPU-second from columns, beside adding up the same columns in the same run. Prints a line " +
		"`bench score ratio=R candidate=N/s baseline=N/s n=N`."
}

// Run measures.
func (c *BenchScoreCmd) Run(ctx context.Context) error {
	models, err := pmt.Shipped()
	if err != nil {
		return err
	}
	model := models[c.Model]
	if model == nil {
		return exitCode{2, fmt.Errorf("--model is one of %s", strings.Join(slices.Sorted(maps.Keys(models)), ", "))}
	}
	r, err := unlessDone(ctx, func() (*bench.Result, error) { return bench.Score(ctx, model, c.Families, c.Span) })
	switch {
	case ctx.Err() != nil:
		return exitCode{matchInterrupted, errors.New("stopped")}
	case err != nil:
		return err
	case c.JSON:
		return r.JSON(os.Stdout)
	}
	r.Print(os.Stdout)
	return nil
}
