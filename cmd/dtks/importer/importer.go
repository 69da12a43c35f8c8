package importer

import (
	"cmp"
	"context"
	"crypto/rand"
	"hash/maphash"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"dtks/pkg/fault"
	"dtks/pkg/regsosek"
)

// Options say what to load, and as whom.
type Options struct {
	Path     string
	URL      string // of the registry
	Source   string // for files without that column
	Token    func(context.Context) (string, error)
	HTTP     *http.Client // nil = one that suits
	Parallel int          // requests at once; 0 = 4
	Batch    int          // families a request; 0 = MaxBatch
	Tries    int          // 0 = 8: with the pauses between them about a minute
	Pause    time.Duration
	Warnings bool                  // gather warnings too
	Progress func(done, total int) // rows dealt with; may be nil
}

// Result says what became of a file.
type Result struct {
	Rows, Families, Persons int            // persons: of families that were stored
	New, Unchanged, Refused int            // families
	Ignored                 int            // columns not known
	Warnings                map[string]int // findings about stored rows, by code
	Findings                []Finding      // by line: of rows not stored, and warnings where asked for
}

// RejectedRows counts the lines that were not stored.
func (r *Result) RejectedRows() int {
	lines := map[int]bool{}
	for _, f := range r.Findings {
		if !f.Warn {
			lines[f.Line] = true
		}
	}
	return len(lines)
}

// load is an import under way.
type load struct {
	Options
	client *client
	mu     sync.Mutex // guards all below
	result Result
	done   int
}

// Import loads the file. Beside an error the result tells how far it came; what was stored stays stored, and the same
// import may be run again. The kind of the error says whose fault it is: invalid is the file, unavailable and forbidden
// the registry.
func Import(ctx context.Context, o Options) (*Result, error) {
	return run(ctx, o, func() (io.ReadCloser, error) { return os.Open(o.Path) })
}

func run(ctx context.Context, o Options, open opener) (*Result, error) {
	o.Parallel, o.Batch, o.Tries = cmp.Or(o.Parallel, 4), min(cmp.Or(o.Batch, MaxBatch), MaxBatch), cmp.Or(o.Tries, 8)
	if o.HTTP == nil {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.MaxIdleConnsPerHost = o.Parallel
		o.HTTP = &http.Client{Transport: transport, Timeout: time.Minute}
	}
	l := &load{Options: o, result: Result{Warnings: map[string]int{}}}
	l.client = &client{url: strings.TrimSuffix(o.URL, "/"), http: o.HTTP, token: o.Token, run: rand.Text(),
		tries: o.Tries, pause: cmp.Or(o.Pause, 250*time.Millisecond)}
	seed := maphash.MakeSeed()
	seen, err := open.survey(ctx, o.Source, seed)
	if err != nil {
		return &l.result, err
	}
	l.result.Rows, l.result.Ignored = seen.rows, seen.ignored
	err = l.pass(ctx, open, seen, seed)
	slices.SortStableFunc(l.result.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return &l.result, err
}

// pass reads the families and sends them, a few batches at a time.
func (l *load) pass(ctx context.Context, open opener, seen *tallies, seed maphash.Seed) error {
	group, ctx := errgroup.WithContext(ctx)
	batches := make(chan []*family)
	group.Go(func() error {
		defer close(batches)
		var batch []*family
		put := func() error {
			select {
			case batches <- batch:
				batch = nil
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		err := open.families(seen, l.Source, seed, func(f *family) error {
			if batch = append(batch, f); len(batch) < l.Batch {
				return nil
			}
			return put()
		}, l.refuse)
		if err == nil && len(batch) > 0 {
			err = put()
		}
		return err
	})
	for range l.Parallel {
		group.Go(func() error {
			for batch := range batches {
				results, err := l.client.send(ctx, batch)
				if err != nil {
					return err
				}
				l.settle(batch, results)
			}
			return nil
		})
	}
	return group.Wait()
}

// refuse notes a family that is not sent.
func (l *load) refuse(found []Finding) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.result.Families++
	l.result.Refused++
	l.result.Findings = append(l.result.Findings, found...)
	lines := map[int]bool{}
	for _, f := range found {
		lines[f.Line] = true
	}
	l.advance(len(lines))
}

// settle notes what the registry did with a batch.
func (l *load) settle(batch []*family, results []result) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, f := range batch {
		r := &results[i]
		l.result.Families++
		switch {
		case r.Status == http.StatusCreated:
			l.result.New++
			l.result.Persons += len(f.Members)
		case r.Status < 300:
			l.result.Unchanged++
			l.result.Persons += len(f.Members)
		default:
			l.result.Refused++
			l.result.Findings = append(l.result.Findings, f.blame(r.Problem)...)
		}
		if r.Status < 300 {
			l.warn(f.found)
			l.warn(f.place(r.Answer.Warnings))
		}
		l.advance(len(f.rows))
	}
}

func (l *load) warn(found []Finding) {
	for _, f := range found {
		f.Warn = true
		l.result.Warnings[f.Code]++
		if l.Options.Warnings {
			l.result.Findings = append(l.result.Findings, f)
		}
	}
}

func (l *load) advance(rows int) {
	if l.done += rows; l.Progress != nil {
		l.Progress(l.done, l.result.Rows)
	}
}

// blame turns a refusal into findings: those of the registry, and one for each other row of the family.
func (f *family) blame(p *problem) []Finding {
	if p == nil {
		p = &problem{Code: "refused", Message: fault.Text{ID: "Ditolak registry.", EN: "The registry refused it."}}
	}
	f.found = f.place(p.Errors)
	if len(f.found) == 0 {
		f.found = []Finding{{Line: f.rows[0], Column: areaOf(p.Code), Code: p.Code, Text: p.Message}}
	}
	for i := range f.found {
		f.found[i].Warn = false
	}
	return f.refused()
}

// areaOf gives the column of reasons that are about the area as a whole, such as area_forbidden.
func areaOf(code string) string {
	if strings.HasPrefix(code, "area_") {
		return "area"
	}
	return ""
}

// place finds line and column of details by their paths: members[2].nik is the third row's column nik.
func (f *family) place(details []fault.Detail) []Finding {
	found := make([]Finding, 0, len(details))
	for _, d := range details {
		at := Finding{Line: f.rows[0], Code: d.Code, Text: d.Text, Warn: d.Warn}
		field := d.Field
		if rest, ok := strings.CutPrefix(field, "members["); ok {
			index, name, _ := strings.Cut(rest, "].")
			if i, err := strconv.Atoi(index); err == nil && i >= 0 && i < len(f.lines) {
				at.Line = f.lines[i]
			}
			field = name
		}
		field = strings.TrimPrefix(field, "survey.answers.")
		field, _, _ = strings.Cut(field, ".")
		_, item := regsosek.Lookup(field)
		if _, column := columns[field]; column || item {
			at.Column = field
		}
		found = append(found, at)
	}
	return found
}
