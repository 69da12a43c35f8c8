package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"dtks/cmd/dtks/matching"
	"dtks/cmd/dtks/pmtsurvey"
	"dtks/services/eligibility/pmt"
)

// invented is how many different families the columns of Score hold; they are repeated to fill them.
const invented = 50_000

// scoreDay is the day on which ages are taken.
const scoreDay = 20260601

// national is the number of families in the national registry of 23 January 2026.
const national = 95_006_179

// Score measures how many families a CPU-second a model scores from columns. The ceiling is adding up the same columns,
// each byte read once: no scorer can do less. It compares scores with those of families scored alone.
func Score(ctx context.Context, model *pmt.Model, families int, span time.Duration) (*Result, error) {
	if families < 1 {
		return nil, errors.New("there is nothing to score")
	}
	c, alone := population(model, families)
	scores := make([]int32, families)
	var total, bytes int64
	sum := func() { total, bytes = c.Sum() }
	before, err := perSecond(ctx, families, span, sum)
	if err != nil {
		return nil, err
	}
	candidate, err := perSecond(ctx, families, span, func() { c.Score(scores) })
	if err != nil {
		return nil, err
	}
	after, err := perSecond(ctx, families, span, sum)
	if err != nil {
		return nil, err
	}
	for i, score := range scores {
		if score != alone[i%invented] {
			return nil, fmt.Errorf("family %d scores %d from columns, %d alone", i, score, alone[i%invented])
		}
	}
	r := &Result{Name: "score", Candidate: candidate, N: families, Beside: map[string]float64{
		"variables": float64(len(c.Names())), "bytes a family": float64(bytes) / float64(families),
		"CPU-seconds for 95,006,179": national / candidate,
	}, Notes: []string{
		fmt.Sprintf("model %s, one goroutine, families a CPU-second; all %d scores are those of Model.Score; the columns' sum is %d", model.ID, families, total)}}
	r.Against(before, after)
	return r, nil
}

// population fills columns with invented families, and gives the score of each different one alone.
func population(model *pmt.Model, families int) (*pmt.Columns, []int32) {
	c, alone := model.NewColumns(families), make([]int32, min(families, invented))
	for first := range alone {
		f, area := pmtsurvey.Family(1, first)
		alone[first] = pmt.NoScore
		if score, ok := model.Score(f, area, scoreDay); ok {
			alone[first] = int32(score)
		}
		for i := first; i < families; i += invented {
			c.Set(i, f, area, scoreDay)
		}
	}
	return c, alone
}

var errNoCPU = errors.New("this system does not tell CPU time")

// perSecond repeats work on all families for at least span of CPU time and gives families a CPU-second.
func perSecond(ctx context.Context, families int, span time.Duration, work func()) (float64, error) {
	work() // the first time touches memory
	began, rounds := matching.CPU(), 0
	if began == 0 {
		return 0, errNoCPU
	}
	for matching.CPU()-began < span || rounds == 0 {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		work()
		rounds++
	}
	return float64(families) * float64(rounds) / (matching.CPU() - began).Seconds(), nil
}
