package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"dtks/cmd/dtks/check"
	"dtks/cmd/dtks/importer"
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
	do   func(ctx context.Context, u *launch) error
}

// runSample takes the sample through the pipeline: import by operators, then decisions by officers, each over the public
// API as any user would. Steps that an earlier run completed are left out, an interrupted one is repeated: the import
// changes nothing the second time, and officers find only the cases that are still open.
func (u *launch) runSample(ctx context.Context, steps []sampleStep) error {
	marker := filepath.Join(u.stack.Dir("sample"), sampleDone)
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
		if err := u.say.step(step.what, func() error { return step.do(ctx, u) }); err != nil {
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
		_, err := writePopulation(dir, sample.Options{Seed: sampleSeed, Families: u.cmd.Families})
		return err
	})
}

// sampleSeed makes every stack's sample the same, and that of `dtks sample`.
const sampleSeed = 1

// sampleSteps in their order.
var sampleSteps = []sampleStep{
	{"import", "sample imported", importSample},
	{"decide", "sample decided by officers", decideSample},
	{"rank", "sample ranked into deciles", rankSample},
}

// importSample loads families.csv through the registry's public API, as an operator would.
func importSample(ctx context.Context, u *launch) error {
	result, err := importer.Import(ctx, importer.Options{
		Path:  filepath.Join(u.stack.Dir("sample"), sampleFamilies),
		URL:   u.stack.URL("registry"),
		Token: func(ctx context.Context) (string, error) { return u.stack.Token(ctx, sampleOperator) },
	})
	if err != nil {
		return err
	}
	u.say.say("    %d families, %d persons; %d rows refused", result.Families, result.Persons, result.RejectedRows())
	return nil
}

// rankSample releases a ranking over the whole sample, as an administrator would: until then families are placed against
// the model's illustrative cut-offs. It comes once what the officers approved has reached eligibility.
func rankSample(ctx context.Context, u *launch) error {
	js, closeNATS, err := adminJetStream(u.stack)
	if err != nil {
		return err
	}
	defer closeNATS()
	marks, err := check.Marks(ctx, js)
	if err != nil {
		return err
	}
	settled, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := check.Wait(settled, js, []string{"registry", "eligibility"}, marks, func(string) {}); err != nil {
		return err
	}
	var asked struct{ ID string }
	status, err := u.askEligibility(ctx, http.MethodPost, "/v1/releases", strings.NewReader("{}"), &asked)
	if err != nil || status == http.StatusConflict { // another one is being made
		return err
	}
	if status != http.StatusAccepted {
		return fmt.Errorf("the release was answered %d", status)
	}
	return u.awaitRelease(ctx, asked.ID)
}

// awaitRelease waits until a release has been passed on.
func (u *launch) awaitRelease(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	for {
		var release struct {
			Refused     string     `json:"refused"`
			CompletedAt *time.Time `json:"completed_at"`
		}
		status, err := u.askEligibility(ctx, http.MethodGet, "/v1/releases/"+id, nil, &release)
		switch {
		case err != nil:
			return err
		case status != http.StatusOK || release.Refused != "":
			return fmt.Errorf("the release was answered %d %s", status, release.Refused)
		case release.CompletedAt != nil:
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// askEligibility sends a request as an administrator and decodes the answer.
func (u *launch) askEligibility(ctx context.Context, method, path string, body io.Reader, into any) (int, error) {
	token, err := u.stack.Token(ctx, "admin1.00")
	if err != nil {
		return 0, err
	}
	req, err := http.NewRequestWithContext(ctx, method, u.stack.URL("eligibility")+path, body)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	return resp.StatusCode, json.NewDecoder(resp.Body).Decode(into)
}

// sampleOperator enters the sample: for all of Indonesia, because one file holds seven regencies.
const sampleOperator = "operator1.00"

// loadSample takes the sample through the pipeline. A failure is printed and leaves the stack running.
func (u *launch) loadSample(ctx context.Context) {
	if err := u.runSample(ctx, sampleSteps); err != nil && ctx.Err() == nil {
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
