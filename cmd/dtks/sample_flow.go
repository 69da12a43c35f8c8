package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"dtks/cmd/dtks/sample"
	"dtks/cmd/dtks/stack"
)

// Files of the sample, below the data folder.
const (
	sampleFamilies = "families.csv"
	sampleCivilCSV = "civil.csv"
	sampleTruthCSV = "truth.csv"
	sampleDone     = "done" // names the step that was completed last
)

// sampleStep is one step of the sample's way through the system. Each may be repeated: an interrupted one is done again.
type sampleStep struct {
	name string
	what string
	do   func(ctx context.Context, s *stack.Stack, families int) error
}

// runSample takes the sample through the pipeline: import by operators, then decisions by officers, each over the public
// API as any user would. Steps that an earlier run completed are left out, an interrupted one is repeated: the import
// changes nothing the second time, and officers find only the cases that are still open.
func runSample(ctx context.Context, s *stack.Stack, families int, say *progress, steps []sampleStep) error {
	marker := filepath.Join(s.Dir("sample"), sampleDone)
	last, err := os.ReadFile(marker)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("reading how far the sample has come: %w", err)
	}
	from := 0
	for i, step := range steps {
		if string(last) == step.name {
			from = i + 1
		}
	}
	for _, step := range steps[from:] {
		if err := say.step(step.what, func() error { return step.do(ctx, s, families) }); err != nil {
			return fmt.Errorf("sample: %s: %w", step.name, err)
		}
		if err := os.WriteFile(marker, []byte(step.name), 0o644); err != nil {
			return fmt.Errorf("noting how far the sample has come: %w", err)
		}
	}
	return nil
}

// prepareSample writes the sample's files once, before the simulator starts, which reads its civil registry from them.
func (u *launch) prepareSample(context.Context) error {
	dir := u.stack.Dir("sample")
	if _, err := os.Stat(filepath.Join(dir, sampleFamilies)); err == nil || u.cmd.NoSample {
		return nil
	}
	return u.say.step(fmt.Sprintf("sample of %d families written", u.cmd.Families), func() error {
		return writeSample(dir, sample.Options{Seed: sampleSeed, Families: u.cmd.Families})
	})
}

// sampleSeed makes every stack's sample the same.
const sampleSeed = 20260101

// writeSample writes the files of a population. families.csv is put in place last: where it is, all of them are.
func writeSample(dir string, o sample.Options) (err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("creating the folder of the sample: %w", err)
	}
	var files []*os.File
	defer func() {
		for _, f := range files {
			_ = f.Close() // closed and checked before, unless something has failed already
		}
	}()
	names := []string{sampleTruthCSV, sampleCivilCSV, sampleFamilies}
	for _, name := range names {
		f, err := os.Create(filepath.Join(dir, name+".next"))
		if err != nil {
			return fmt.Errorf("writing the sample: %w", err)
		}
		files = append(files, f)
	}
	if _, err := sample.Generate(sample.Writers{Truth: files[0], Civil: files[1], Families: files[2]}, o); err != nil {
		return err
	}
	for i, name := range names {
		path := filepath.Join(dir, name)
		if err := errors.Join(files[i].Close(), os.Rename(path+".next", path)); err != nil {
			return fmt.Errorf("writing the sample: %w", err)
		}
	}
	return nil
}

// loadSample takes the sample through the pipeline. A failure is printed and leaves the stack running.
func (u *launch) loadSample(ctx context.Context) {
	if err := runSample(ctx, u.stack, u.cmd.Families, u.say, nil); err != nil && ctx.Err() == nil {
		u.say.say("  ! %v; the stack runs on, the next `dtks up` goes on with it", err)
	}
}

// sampleCivil is the sample's civil registry for the simulator, empty where there is none.
func sampleCivil(s *stack.Stack) string {
	path := filepath.Join(s.Dir("sample"), sampleCivilCSV)
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
}
