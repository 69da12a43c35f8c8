// Package link finds the pairs of a whole file, or of two, that are one person, and puts them into clusters.
//
// Up to Options.AllPairsUpTo records every pair is compared: each record's values are weighed once against every distinct
// value of the file (match.Column), and a pair then costs one addition a field. Above it only pairs that share a key are
// compared, and what that loses is estimated on a sample and reported (Lost).
package link

import (
	"context"
	"runtime"
	"slices"

	"dtks/services/nik-match/match"
)

// Options say how a file is worked through. The zero value is usable.
type Options struct {
	Workers      int                     // 0 = one for every processor
	AllPairsUpTo int                     // records up to which all pairs are compared; 0 = 100,000
	Learn        bool                    // estimate frequencies and probabilities on the file; else the model is used as it is
	Floor        float64                 // pairs below this likelihood are not kept; 0 = 0.01
	Progress     func(done, total int64) // called now and then, from one goroutine at a time; may be nil
}

func (o Options) withDefaults() Options {
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.AllPairsUpTo <= 0 {
		o.AllPairsUpTo = 100_000
	}
	if o.Floor <= 0 {
		o.Floor = 0.01
	}
	if o.Progress == nil {
		o.Progress = func(int64, int64) {}
	}
	return o
}

// Pair is two records that may be one person.
type Pair struct {
	A, B       int32 // indices; one file: A < B, two files: A of the first, B of the second
	Bits       match.Bits
	Likelihood float64
}

// Result is what was found.
type Result struct {
	Model    *match.Model // as it was used, learned or not
	Pairs    []Pair       // at least as likely as Options.Floor, by A, then B
	Compared int64        // pairs that were looked at
	Lost     *Lost        // nil where all pairs were compared
	Raised   match.Bits   // where more pairs were likely than are kept: only those from here on were; else 0

	a, b []match.Record // b is nil for one file
}

// most bounds the pairs that are kept, 24 bytes each; where a file has more, only the likelier ones are.
const most = 6_000_000

// Dedupe looks for records of one person within one file.
func Dedupe(ctx context.Context, records []match.Record, model *match.Model, o Options) (*Result, error) {
	return run(ctx, &job{a: records, model: model, o: o.withDefaults()})
}

// Link looks for records of one person in two files, each of which is taken to be without duplicates of its own.
func Link(ctx context.Context, a, b []match.Record, model *match.Model, o Options) (*Result, error) {
	return run(ctx, &job{a: a, b: b, two: true, model: model, o: o.withDefaults()})
}

// job is one run over a file or two.
type job struct {
	a, b  []match.Record
	two   bool
	model *match.Model
	o     Options

	stride   int32      // only every so-manieth row is gone through; 0 and 1 = every row
	raisedTo match.Bits // the floor, where it had to be raised
	compared int64      // pairs looked at, where not all were
	lost     *Lost
}

// pairs is the number of pairs there are.
func (j *job) pairs() int64 {
	if j.two {
		return int64(len(j.a)) * int64(len(j.b))
	}
	n := int64(len(j.a))
	return n * (n - 1) / 2
}

func (j *job) second(i int32) *match.Record {
	if j.two {
		return &j.b[i]
	}
	return &j.a[i]
}

// learningDepth is how unlikely, in bits below even odds, a pair may be and still be looked at in learning.
const learningDepth = 10 * match.Bit

// learningRounds alternate what the file's frequencies are and what its matches are.
const learningRounds = 2

func run(ctx context.Context, j *job) (*Result, error) {
	m := j.model
	if j.o.Learn {
		var err error
		if m, err = j.learn(ctx); err != nil {
			return nil, err
		}
	}
	floor := m.Odds(j.o.Floor)
	found, err := j.candidates(ctx, m, floor)
	if err != nil {
		return nil, err
	}
	r := &Result{Model: m, Compared: j.pairs(), Lost: j.lost, a: j.a, b: j.b}
	if j.lost != nil {
		r.Compared = j.compared
	}
	r.Raised = j.raisedTo
	for _, f := range found {
		if s := m.Compare(&j.a[f.a], j.second(f.b)); s.Bits >= floor {
			r.Pairs = append(r.Pairs, Pair{f.a, f.b, s.Bits, s.Likelihood})
		}
	}
	slices.SortFunc(r.Pairs, func(x, y Pair) int {
		if x.A != y.A {
			return int(x.A - y.A)
		}
		return int(x.B - y.B)
	})
	return r, nil
}

// enough is the number of pairs that learning looks at; of a larger file it takes every so-manieth row.
const enough = 60_000_000

// learn estimates a model on the file.
func (j *job) learn(ctx context.Context) (*match.Model, error) {
	files := [][]match.Record{j.a, j.b}
	start := j.model.Observe(nil, files...)
	j.stride = 1
	if max(len(j.a), len(j.b)) <= j.o.AllPairsUpTo {
		j.stride = int32(1 + j.pairs()/enough)
	}
	found, err := j.candidates(ctx, start, -learningDepth)
	if err != nil {
		return nil, err
	}
	c := match.Candidates{Pairs: make([][2]*match.Record, len(found)), Share: 1 / float64(j.stride)}
	for i, f := range found {
		c.Pairs[i] = [2]*match.Record{&j.a[f.a], j.second(f.b)}
	}
	total := j.pairs() / int64(j.stride)
	m := start
	for range learningRounds {
		var matched *match.Matched
		m, matched = m.Estimate(&c, total, start)
		m = m.Observe(matched, files...)
	}
	m, _ = m.Estimate(&c, total, start)
	m.Source = match.Source{Data: "the file itself", Records: len(j.a) + len(j.b), Method: "expectation and maximisation, unsupervised"}
	j.stride = 1
	return m, nil
}

// found is a pair that passed a scan.
type found struct{ a, b int32 }

func (j *job) candidates(ctx context.Context, m *match.Model, floor match.Bits) ([]found, error) {
	if max(len(j.a), len(j.b)) <= j.o.AllPairsUpTo {
		return j.scan(ctx, m, floor)
	}
	return j.blocked(ctx, m, floor)
}
