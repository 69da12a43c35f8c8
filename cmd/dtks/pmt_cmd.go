package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"dtks/cmd/dtks/pmtsurvey"
	"dtks/cmd/dtks/table"
	"dtks/services/eligibility/pmt"
	"dtks/services/eligibility/pmt/fit"
)

// PmtCmd estimates proxy-means-test models.
type PmtCmd struct {
	Fit    PmtFitCmd    `cmd:"" help:"Estimate a model from a survey with consumption, and say how wrong it is."`
	Survey PmtSurveyCmd `cmd:"" help:"Write an invented survey with known consumption, to try dtks pmt fit on."`
}

// PmtSurveyCmd writes an invented survey.
type PmtSurveyCmd struct {
	Households int    `help:"How many households." default:"6000"`
	Seed       uint64 `help:"The same seed gives the same survey." default:"1"`
	Out        string `help:"Folder for survey.csv." default:"." type:"path"`
}

// Run writes the file.
func (c *PmtSurveyCmd) Run() error {
	if c.Households < 1 || c.Households > 10_000_000 {
		return exitCode{matchUnusable, errors.New("--households is between 1 and 10,000,000")}
	}
	if err := os.MkdirAll(c.Out, 0o755); err != nil {
		return exitCode{matchUnusable, fmt.Errorf("--out: the folder %s cannot be made: %w", c.Out, reason(err))}
	}
	path := filepath.Join(c.Out, "survey.csv")
	if err := writable("--out", path); err != nil {
		return exitCode{matchUnusable, err}
	}
	var b bytes.Buffer
	if err := pmtsurvey.Write(&b, c.Households, c.Seed); err != nil {
		return err
	}
	if err := replaceFile(path, b.Bytes()); err != nil {
		return err
	}
	fmt.Printf("%d invented households: %s\n", c.Households, path)
	return nil
}

// PmtFitCmd estimates.
type PmtFitCmd struct {
	Survey string `arg:"" help:"CSV or XLSX of households: consumption, weight, area, and the instrument's items by name (docs/pmt.md)."`
	Out    string `short:"o" help:"Where to write the model file." placeholder:"MODEL.json"`
	Report string `help:"Where to write the report, a page that opens by itself." placeholder:"REPORT.html"`
	ID     string `help:"Id of the model, with its version." default:"survei-1"`
	By     string `help:"province: an equation for each province with at least 400 households, in the same file." enum:",province" default:""`
	Folds  int    `help:"Parts for cross-validation, 2 to 100, with at least 20 households each." default:"5"`
	Draws  int    `help:"Bootstrap draws for intervals, 100 to 100,000." default:"1000"`
	Seed   uint64 `help:"Of folds and draws." default:"1"`
	Date   string `help:"Date of the estimate, also valid_from; today by default." placeholder:"2006-01-02"`
}

// Help is the long text of the command.
func (PmtFitCmd) Help() string {
	return "Weighted least squares on the logarithm of consumption per person, with errors that are robust to heteroskedasticity. Prints R², " +
		"and who would be missed or wrongly selected at four cut-offs, out of fold, with bootstrap intervals, beside the order of " +
		"income and selection at random. Exit status: 0 done, 1 failed, 2 a survey that cannot be used, 130 stopped; nothing is written then."
}

// Run estimates, prints and writes.
func (c *PmtFitCmd) Run(ctx context.Context) error {
	if c.Date == "" {
		c.Date = time.Now().Format(time.DateOnly)
	}
	if err := cmp.Or(c.check(), c.apart(), writable("--out", c.Out), writable("--report", c.Report)); err != nil {
		return exitCode{matchUnusable, err}
	}
	o := fit.Options{ID: c.ID, Date: c.Date, ByProvince: c.By == "province", Folds: c.Folds, Draws: c.Draws, Seed: c.Seed}
	bar := fitBar(&o)
	defer bar()
	r, err := unlessDone(ctx, func() (*fit.Result, error) {
		s, err := readSurvey(c.Survey)
		if err != nil {
			return nil, err
		}
		return fit.Fit(ctx, s, o)
	})
	bar()
	if err != nil {
		return matchFailure(ctx, err)
	}
	if err := r.Summary(os.Stdout); err != nil {
		return err
	}
	return c.write(os.Stdout, r)
}

// check refuses flags that no survey could go with.
func (c *PmtFitCmd) check() error {
	if _, err := time.Parse(time.DateOnly, c.Date); err != nil {
		return errors.New("--date is a date such as 2026-11-22")
	}
	switch {
	case !pmt.ValidID(c.ID):
		return errors.New("--id is made of small letters, digits and hyphens, such as survei-1")
	case c.Draws < 100 || c.Draws > 100_000:
		return errors.New("--draws is between 100 and 100,000")
	case c.Folds < 2 || c.Folds > 100:
		return errors.New("--folds is between 2 and 100")
	}
	return nil
}

// writable refuses a result that could not be written, before the work is done; flag names it.
func writable(flag, path string) error {
	if path == "" {
		return nil
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return fmt.Errorf("%s: %s is a folder; name a file", flag, path)
	}
	probe, err := os.CreateTemp(filepath.Dir(path), ".probe")
	if err != nil {
		return fmt.Errorf("%s: nothing can be written to the folder %s: %w", flag, filepath.Dir(path), reason(err))
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// apart refuses to write over the survey, and two results into one file.
func (c *PmtFitCmd) apart() error {
	seen := map[string]bool{}
	for _, path := range []string{c.Survey, c.Out, c.Report} {
		if path == "" {
			continue
		}
		place, err := filepath.Abs(path)
		if err != nil {
			return err
		}
		if resolved, err := filepath.EvalSymlinks(place); err == nil {
			place = resolved
		}
		if seen[place] {
			return fmt.Errorf("%s is named twice: give the survey, --out and --report a file each", path)
		}
		seen[place] = true
	}
	return nil
}

func (c *PmtFitCmd) write(out io.Writer, r *fit.Result) error {
	if c.Out != "" {
		if err := replaceFile(c.Out, r.File); err != nil {
			return err
		}
		fmt.Fprintf(out, "model: %s\n", c.Out)
	}
	if c.Report != "" {
		var b bytes.Buffer
		if err := r.Report(&b); err != nil {
			return err
		}
		if err := replaceFile(c.Report, b.Bytes()); err != nil {
			return err
		}
		fmt.Fprintf(out, "report: %s\n", c.Report)
	}
	return nil
}

// readSurvey reads the file twice: as a table, and for its digest.
func readSurvey(path string) (*fit.Survey, error) {
	t, err := table.Read(path, table.Limits{})
	if err != nil {
		return nil, err
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	digest := sha256.New()
	if _, err := io.Copy(digest, file); err != nil {
		return nil, err
	}
	for _, note := range t.Notes {
		fmt.Fprintln(os.Stderr, strings.TrimSpace("  - "+note.Field+": "+note.Text.EN+" ("+note.Code+")"))
	}
	s, err := fit.Read(t.Header, t.Rows, t.Lines)
	if err != nil {
		return nil, err
	}
	s.File, s.SHA256 = t.Name, hex.EncodeToString(digest.Sum(nil))
	return s, nil
}

// fitBar shows the bootstrap on a terminal only; what it returns takes the bar away.
func fitBar(o *fit.Options) func() {
	if !term.IsTerminal(int(os.Stderr.Fd())) {
		return func() {}
	}
	bar := progressbar.NewOptions(o.Draws, progressbar.OptionSetWriter(os.Stderr), progressbar.OptionSetDescription("draws"),
		progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())
	o.Progress = func(done, _ int) { _ = bar.Set(done) } // a bar that cannot be drawn is no reason to stop
	return func() { _ = bar.Clear() }
}

// replaceFile writes a file whole or not at all.
func replaceFile(path string, content []byte) error {
	if err := os.WriteFile(path+".next", content, 0o644); err != nil {
		return err
	}
	return os.Rename(path+".next", path)
}
