package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"time"

	"dtks/pkg/regsosek"
	"dtks/services/eligibility/fact"
	"dtks/services/eligibility/rank"
	"dtks/services/eligibility/rules"
)

// Rules measures how many families a CPU-second the rules of every shipped programme decide, answers to all clauses
// kept. The ceiling asks the same compiled expressions in a bare loop: no outcome, no amount, no day to look again, and
// nothing kept.
func Rules(ctx context.Context, families int, span time.Duration) (*Result, error) {
	sets, err := rules.Shipped()
	if err != nil {
		return nil, err
	}
	e, err := sets.Evaluator(sets.Programmes())
	if err != nil {
		return nil, err
	}
	drawn := make([]rules.Facts, families)
	questions := make([][]rules.Question, families)
	members, asked := 0, 0
	for i := range drawn {
		drawn[i] = ruleFacts(uint64(i))
		members += len(drawn[i].Family.Members)
		e.Evaluate(&drawn[i])
		questions[i] = e.Questions(nil)
		asked += len(questions[i])
	}
	bare := func() {
		for i := range drawn {
			e.Ask(&drawn[i], questions[i])
		}
	}
	kept := make([]byte, 0, 4096)
	decide := func() {
		for i := range drawn {
			kept = keep(kept[:0], e.Evaluate(&drawn[i]))
		}
	}
	codes := 0
	list := func() {
		for i := range drawn {
			results := e.Evaluate(&drawn[i])
			for j := range results {
				codes += len(results[j].Reasons())
			}
		}
	}
	before, err := perSecond(ctx, families, span, bare)
	if err != nil {
		return nil, err
	}
	candidate, err := perSecond(ctx, families, span, decide)
	if err != nil {
		return nil, err
	}
	listed, err := perSecond(ctx, families, span, list)
	if err != nil {
		return nil, err
	}
	after, err := perSecond(ctx, families, span, bare)
	if err != nil {
		return nil, err
	}
	var start, end runtime.MemStats
	runtime.ReadMemStats(&start)
	decide()
	runtime.ReadMemStats(&end)
	n := float64(families)
	r := &Result{Name: "rules", Candidate: candidate, N: families, Beside: map[string]float64{
		"programmes and criteria":      float64(len(sets.Programmes())),
		"decisions a CPU-second":       candidate * float64(len(sets.Programmes())),
		"members a family":             float64(members) / n,
		"expressions asked a family":   float64(asked) / n,
		"allocations a family":         float64(end.Mallocs-start.Mallocs) / n,
		"families/CPU-s, codes listed": listed,
		"CPU-seconds for 95,006,179":   national / candidate,
	}, Notes: []string{"one goroutine, families a CPU-second, answers to every clause kept; the ceiling asks the same expressions and keeps nothing"}}
	if codes == 0 {
		return nil, fmt.Errorf("%d families were decided without a reason", families)
	}
	r.Against(before, after)
	return r, nil
}

// keep adds what a decision stores of the answers.
func keep(to []byte, results []rules.Result) []byte {
	for i := range results {
		for _, a := range results[i].Answers {
			to = append(to, byte(a))
		}
		for j := range results[i].Persons {
			for _, a := range results[i].Persons[j].Answers {
				to = append(to, byte(a))
			}
		}
	}
	return to
}

// ruleFacts draws a family of two to six people; one answer in ten is missing. Equal numbers give equal families.
func ruleFacts(n uint64) rules.Facts {
	r := rand.New(rand.NewPCG(n, 4))
	family := fact.New()
	for i, name := range fact.Names() {
		if item, ok := regsosek.Lookup(name); ok && r.IntN(10) > 0 && (!item.Beside || item.Codes == nil || r.IntN(2) == 0) {
			family.Answers[i] = int16(item.Min + r.IntN(min(item.Max, 200)-item.Min+1))
			if item.Beside && item.Codes != nil && r.IntN(4) > 0 {
				family.Answers[i] = regsosek.No
			}
		}
	}
	f := rules.Facts{Active: r.IntN(50) > 0, Day: scoreDay, Area: "32.04.05.2001", Family: &family}
	for l := range f.Places.Decile {
		f.Places.Percentile[l] = uint8(1 + r.IntN(rank.Percentiles))
		f.Places.Decile[l] = (f.Places.Percentile[l] + 9) / 10
	}
	adult := func(relation uint8, sex byte) fact.Member {
		return fact.Member{Relation: relation, Sex: sex, Born: int32(1955+r.IntN(45))*10000 + 101 + int32(r.IntN(12))*100, Marital: 2,
			School: regsosek.LeftSchool, Level: uint8(1 + r.IntN(17)), Work: uint8(r.IntN(9)), Orphan: 1, Cover: uint8(r.IntN(3)),
			Pregnant: sex == 'P' && r.IntN(20) == 0, Disabled: r.IntN(30) == 0}
	}
	family.Members = append(family.Members, adult(regsosek.Head, 'L'), adult(regsosek.Spouse, 'P'))
	for range r.IntN(5) {
		age := int32(r.IntN(22))
		m := fact.Member{Relation: regsosek.Child, Sex: "LP"[r.IntN(2)], Born: (2026-age)*10000 + 101 + int32(r.IntN(12))*100, Marital: 1,
			School: regsosek.NeverSchool, Orphan: uint8(1 + r.IntN(8)/5), Cover: uint8(r.IntN(2))}
		if age > 6 {
			m.School, m.Level = regsosek.AtSchool, uint8(3+5*min((age-7)/5, 2))
		}
		if r.IntN(20) == 0 {
			m.Born = 0
		}
		family.Members = append(family.Members, m)
	}
	for range family.Members {
		f.Verdicts = append(f.Verdicts, []string{"padan", "padan", "padan", "padan", "padan", "padan", "padan", "tidak_padan", "perlu_ditinjau", ""}[r.IntN(10)])
	}
	return f
}
