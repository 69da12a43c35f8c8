package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"dtks/cmd/dtks/importer"
	"dtks/cmd/dtks/stack"
	"dtks/pkg/fault"
)

// Exit codes of dtks import, beside 0 = everything is stored. docs/import.md lists them.
const (
	importRejected    = 1   // some rows are not stored: see the report
	importUnusable    = 2   // the file cannot be read; nothing was sent
	importUnreachable = 3   // the registry does not answer or does not let us in; run again to go on
	importInterrupted = 130 // stopped by Ctrl-C; run again to go on
)

// ImportCmd loads families from a CSV.
type ImportCmd struct {
	File     string `arg:"" help:"CSV of families, one row a member." type:"existingfile"`
	URL      string `help:"Address of the registry; that of the running stack by default." env:"DTKS_REGISTRY_URL"`
	Token    string `help:"Bearer token; read from the environment rather than typed." env:"DTKS_TOKEN"`
	As       string `help:"Sample person to be, where no token is given." default:"operator1.00"`
	Source   string `help:"Name of the source, for files without that column."`
	Report   string `help:"Where to list rows that were not stored." placeholder:"FILE.report.csv" type:"path"`
	Warnings bool   `help:"List warnings about stored rows in the report too."`
	Parallel int    `help:"Requests at once." default:"4"`
	Batch    int    `help:"Families a request, at most 500." default:"500"`
}

// Help is the long text of the command.
func (ImportCmd) Help() string {
	return "Rows are known by source, source_id and member_id, never by NIK or KK. The same file twice changes nothing; an import " +
		"that was stopped goes on when it is run again. A malformed, missing or duplicate NIK is stored and opens repair; docs/import.md " +
		"lists what makes a row unreadable. Exit status: 0 all stored, 1 some rows rejected, 2 file unusable, 3 registry not reached, 130 stopped."
}

// Run loads the file and says what became of it.
func (c *ImportCmd) Run(ctx context.Context, g *Globals) error {
	if c.Parallel < 1 || c.Batch < 1 || c.Batch > importer.MaxBatch {
		return exitCode{importUnusable, fmt.Errorf("--parallel must be at least 1 and --batch between 1 and %d", importer.MaxBatch)}
	}
	o := importer.Options{Path: c.File, URL: c.URL, Source: c.Source, Parallel: c.Parallel, Batch: c.Batch, Warnings: c.Warnings,
		Token: func(context.Context) (string, error) { return c.Token, nil }}
	if o.URL == "" || c.Token == "" {
		s, err := stack.Open(g.Data)
		if err != nil {
			return exitCode{importUnreachable, err}
		}
		if o.URL == "" {
			o.URL = s.URL("registry")
		}
		if c.Token == "" {
			o.Token = func(ctx context.Context) (string, error) { return s.Token(ctx, c.As) }
		}
	}
	finish := c.bar(&o)
	result, err := importer.Import(ctx, o)
	finish()
	return c.conclude(ctx, result, err)
}

// bar shows progress on a terminal only; a log has no use for it.
func (c *ImportCmd) bar(o *importer.Options) (finish func()) {
	if !term.IsTerminal(int(os.Stderr.Fd())) {
		return func() {}
	}
	var bar *progressbar.ProgressBar
	o.Progress = func(done, total int) {
		if bar == nil {
			bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(os.Stderr), progressbar.OptionSetDescription("rows"),
				progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetItsString("rows"), progressbar.OptionClearOnFinish())
		}
		_ = bar.Set(done) // a bar that cannot be drawn is no reason to stop
	}
	return func() {
		if bar != nil {
			_ = bar.Clear()
		}
	}
}

// conclude prints the summary, writes the report and chooses the exit code.
func (c *ImportCmd) conclude(ctx context.Context, result *importer.Result, failure error) error {
	var kept *fault.Error
	kind := fault.KindOf(failure)
	if errors.As(failure, &kept) && kind == fault.Invalid {
		return exitCode{importUnusable, fmt.Errorf("%s (%s)\n      %s", kept.Text.EN, kept.Code, kept.Text.ID)}
	}
	var b bytes.Buffer
	if err := errors.Join(result.Summary(&b), c.writeReport(&b, result)); err != nil {
		return err
	}
	if _, err := b.WriteTo(os.Stdout); err != nil {
		return err
	}
	switch {
	case ctx.Err() != nil:
		return exitCode{importInterrupted, errors.New("stopped; what is stored stays stored, run the same command again to go on")}
	case errors.Is(failure, fs.ErrNotExist), errors.Is(failure, fs.ErrPermission):
		return exitCode{importUnusable, failure}
	case kept != nil && (kind == fault.Unavailable || kind == fault.Forbidden):
		return exitCode{importUnreachable, fmt.Errorf("%s (%w)\n      %s", kept.Text.EN, failure, kept.Text.ID)}
	case failure != nil:
		return exitCode{importUnreachable, failure}
	case result.Refused > 0:
		return exitCode{importRejected, nil}
	}
	return nil
}

func (c *ImportCmd) writeReport(b *bytes.Buffer, result *importer.Result) error {
	path := c.Report
	if path == "" {
		path = c.File + ".report.csv"
	}
	if len(result.Findings) == 0 && c.Report == "" {
		return nil
	}
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	if err := errors.Join(result.WriteReport(f), f.Close()); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	fmt.Fprintf(b, "report: %s\n", path)
	return nil
}
