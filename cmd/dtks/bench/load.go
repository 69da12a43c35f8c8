package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/goccy/go-json"
	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"dtks/cmd/dtks/importer"
	"dtks/cmd/dtks/sample"
	"dtks/cmd/dtks/stack"
	"dtks/pkg/bus"
	"dtks/pkg/event"
	"dtks/pkg/regsosek"
)

// Target is a running stack made for measuring: its own data, no sample.
type Target struct {
	Stack *stack.Stack
	JS    jetstream.JetStream // with the admin's credential: reads counts only
	Say   func(format string, args ...any)

	drawn int // families of the synthetic population used so far
}

// client speaks HTTP to the services as ordinary users do.
type client struct {
	http  *http.Client
	stack *stack.Stack
}

func newClient(s *stack.Stack) *client {
	return &client{stack: s, http: &http.Client{
		Timeout:   60 * time.Second,
		Transport: &http.Transport{MaxIdleConnsPerHost: 64, MaxConnsPerHost: 64},
	}}
}

// do sends one request as a sample person and decodes a 2xx answer into out.
func (c *client) do(ctx context.Context, method, url, account string, body []byte, out any) error {
	token, err := c.stack.Token(ctx, account)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Idempotency-Key", uuid.NewString())
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode >= 300 {
		return fmt.Errorf("%s answers %d: %.200s", req.URL.Path, resp.StatusCode, raw)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(raw, out)
}

// raw is a document that is already encoded.
type raw = json.RawMessage

// poor are answers that put every family among those whom Sembako helps: each then leads to exactly one entitlement event.
var poor = map[string]int{
	regsosek.LuasLantai: 18, regsosek.Lantai: 8, regsosek.Dinding: 4, regsosek.Atap: 7, regsosek.AirMinum: 9, regsosek.Penerangan: 4,
	regsosek.BahanBakar: 10, regsosek.Jamban: 6, regsosek.Limbah: 5, regsosek.Kulkas: 2, regsosek.AC: 2, regsosek.TV: 2, regsosek.Motor: 2,
	regsosek.Mobil: 2, regsosek.Laptop: 2, regsosek.Emas: 2, regsosek.RumahLain: 2, regsosek.GuruSertifikat: 2, regsosek.PengurusPerusahaan: 2,
	regsosek.UpahDiAtasUMK: 2, regsosek.PerangkatDesa: 2, regsosek.ListrikNonsubsidi: 2,
}

// labourer is a work status that excludes nobody from anything.
const labourer = 7

// proposals draws families that no earlier call has drawn, makes them poor, and encodes them for entry.
func (t *Target) proposals(n int, single bool) (bodies []raw, persons int, err error) {
	families, err := sample.Families(sample.Options{Seed: 7, Start: t.drawn, Families: n, Single: single, Clean: true, Source: "bench"})
	t.drawn += n
	if err != nil {
		return nil, 0, err
	}
	for f := range families {
		p := importer.Proposal{
			Kind: "usulan", Source: f.Source, SourceID: f.SourceID, Area: f.Area, KK: f.KK, Address: f.Address,
			Survey: &importer.Survey{Instrument: "REGSOSEK2022.K", Answers: map[string]int{}},
		}
		for _, a := range f.Answers {
			p.Survey.Answers[a.Item] = a.Code
		}
		maps.Copy(p.Survey.Answers, poor)
		for _, m := range f.Members {
			one := member(m)
			if one.Work != 0 {
				one.Work = labourer
			}
			p.Members = append(p.Members, one)
		}
		body, err := json.Marshal(p)
		if err != nil {
			return nil, 0, err
		}
		bodies, persons = append(bodies, body), persons+len(p.Members)
	}
	return bodies, persons, nil
}

func member(m sample.Member) importer.Member {
	out := importer.Member{
		MemberID: m.ID, NIK: m.Entered.NIK, Name: m.Entered.Name, BirthPlace: m.Entered.BirthPlace,
		BirthDate: m.Entered.BirthDate, Sex: m.Entered.Sex, Mother: m.Entered.Mother, Relation: m.Relation,
		Marital: m.Marital, School: m.School, SchoolLevel: m.SchoolLevel, Work: m.Work, Pregnant: m.Pregnant,
		Chronic: m.Chronic, PPKS: m.PPKS,
	}
	for i, code := range m.Disability {
		if code != 0 {
			if out.Disability == nil {
				out.Disability = map[string]int{}
			}
			out.Disability[regsosek.Functions[i]] = code
		}
	}
	return out
}

// batches puts proposals into request bodies of at most size items.
func batches(items []raw, size int) [][]byte {
	var out [][]byte
	for start := 0; start < len(items); start += size {
		body := []byte(`{"items":[`)
		for i, item := range items[start:min(start+size, len(items))] {
			if i > 0 {
				body = append(body, ',')
			}
			body = append(body, item...)
		}
		out = append(out, append(body, "]}"...))
	}
	return out
}

// counts are the messages per stream.
func (t *Target) counts(ctx context.Context) (map[string]uint64, error) {
	out := map[string]uint64{}
	for _, owner := range bus.Owners {
		stream, err := t.JS.Stream(ctx, event.StreamOf(owner))
		if err != nil {
			return nil, err
		}
		out[owner] = stream.CachedInfo().State.LastSeq
	}
	return out, nil
}

// decided is the number of events eligibility has published: entitlements, once a warm-up has made the day keys.
func (t *Target) decided(ctx context.Context) (uint64, error) {
	stream, err := t.JS.Stream(ctx, event.StreamOf("eligibility"))
	if err != nil {
		return 0, err
	}
	return stream.CachedInfo().State.LastSeq, nil
}

// officer decides whatever waits in a state, in batches of at most limit, until ctx ends.
type officer struct {
	*client
	account  string
	status   string // of the cases it takes: opened or verified
	decision string
	limit    int
	done     atomic.Int64
}

func (o *officer) run(ctx context.Context) error {
	for ctx.Err() == nil {
		n, err := o.round(ctx)
		if err != nil && ctx.Err() == nil {
			return fmt.Errorf("%s: %w", o.account, err)
		}
		if n == 0 {
			select {
			case <-ctx.Done():
			case <-time.After(50 * time.Millisecond):
			}
		}
	}
	return nil
}

type waitingCase struct {
	CaseID          string `json:"case_id"`
	Decision        string `json:"decision"`
	ProposalVersion int64  `json:"proposal_version"`
}

func (o *officer) waiting(ctx context.Context) ([]waitingCase, error) {
	var page struct {
		Items []waitingCase `json:"items"`
	}
	url := fmt.Sprintf("%s/v1/cases?status=%s&verdicts=complete&limit=%d", o.stack.URL("verification"), o.status, o.limit)
	if err := o.do(ctx, http.MethodGet, url, o.account, nil, &page); err != nil {
		return nil, err
	}
	for i := range page.Items {
		page.Items[i].Decision = o.decision
	}
	return page.Items, nil
}

func (o *officer) round(ctx context.Context) (int, error) {
	cases, err := o.waiting(ctx)
	if err != nil || len(cases) == 0 {
		return 0, err
	}
	body, err := json.Marshal(map[string]any{"items": cases})
	if err != nil {
		return 0, err
	}
	var answer struct {
		Items []struct {
			Status int `json:"status"`
		} `json:"items"`
	}
	if err := o.do(ctx, http.MethodPost, o.stack.URL("verification")+"/v1/decisions/batch", o.account, body, &answer); err != nil {
		return 0, err
	}
	for _, item := range answer.Items {
		if item.Status >= 300 {
			return 0, fmt.Errorf("a decision was answered %d", item.Status)
		}
	}
	o.done.Add(int64(len(cases)))
	return len(cases), nil
}

// runSingly decides one case a request, 32 at a time.
func (o *officer) runSingly(ctx context.Context) error {
	for ctx.Err() == nil {
		cases, err := o.waiting(ctx)
		if err == nil {
			err = o.each(ctx, cases)
		}
		if err != nil && ctx.Err() == nil {
			return fmt.Errorf("%s: %w", o.account, err)
		}
		if len(cases) == 0 {
			select {
			case <-ctx.Done():
			case <-time.After(50 * time.Millisecond):
			}
		}
	}
	return nil
}

func (o *officer) each(ctx context.Context, cases []waitingCase) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(32)
	for _, w := range cases {
		group.Go(func() error {
			body, err := json.Marshal(map[string]any{"decision": w.Decision, "proposal_version": w.ProposalVersion})
			if err != nil {
				return err
			}
			return o.do(ctx, http.MethodPost, o.stack.URL("verification")+"/v1/cases/"+w.CaseID+"/decisions", o.account, body, nil)
		})
	}
	return group.Wait()
}

var errStalled = errors.New("nothing more arrives: the pipeline stands still")

// await waits until the number of entitlement events reaches want and returns the moment it did.
func (t *Target) await(ctx context.Context, want uint64) (time.Time, error) {
	last, since := uint64(0), time.Now()
	for {
		n, err := t.decided(ctx)
		if err != nil {
			return time.Time{}, err
		}
		now := time.Now()
		if n >= want {
			return now, nil
		}
		if n != last {
			last, since = n, now
		}
		if now.Sub(since) > 60*time.Second {
			return now, fmt.Errorf("%w at %d of %d", errStalled, n, want)
		}
		select {
		case <-ctx.Done():
			return now, ctx.Err()
		case <-time.After(25 * time.Millisecond):
		}
	}
}
