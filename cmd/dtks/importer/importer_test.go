package importer_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dtks/cmd/dtks/importer"
	"dtks/cmd/dtks/sample"
	"dtks/pkg/fault"
)

// remote speaks the registry's batch protocol and remembers what it was told. It stands for the other side of the wire
// only: which rules the registry has is tested there.
type remote struct {
	*httptest.Server

	mu       sync.Mutex
	families map[string]importer.Proposal
	keys     map[string]int
	refuse   func(importer.Proposal) (status int, problem map[string]any)
	before   func(w http.ResponseWriter, request int) bool // true: answered already
	requests int
}

func newRemote(t *testing.T) *remote {
	t.Helper()
	r := &remote{families: map[string]importer.Proposal{}, keys: map[string]int{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/proposals/batch", r.batch)
	r.Server = httptest.NewServer(mux)
	t.Cleanup(r.Close)
	return r
}

func (r *remote) batch(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests++
	r.keys[req.Header.Get("Idempotency-Key")]++
	if r.before != nil && r.before(w, r.requests) {
		return
	}
	if req.Header.Get("Authorization") != "Bearer token" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	var body struct {
		Items []importer.Proposal `json:"items"`
	}
	decoder := json.NewDecoder(req.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&body); err != nil || len(body.Items) > importer.MaxBatch {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	items := make([]map[string]any, len(body.Items))
	for i, p := range body.Items {
		key := p.Source + "/" + p.SourceID
		items[i] = map[string]any{"index": i, "status": 201, "answer": map[string]any{}}
		if r.refuse != nil {
			if status, problem := r.refuse(p); status != 0 {
				items[i] = map[string]any{"index": i, "status": status, "problem": problem}
				continue
			}
		}
		if old, ok := r.families[key]; ok && reflect.DeepEqual(old, p) {
			items[i]["status"] = 200
		}
		r.families[key] = p
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"items": items}) // a client that went away is part of the tests
}

func (r *remote) options(path string) importer.Options {
	return importer.Options{Path: path, URL: r.URL, Pause: time.Millisecond, Warnings: true,
		Token: func(context.Context) (string, error) { return "token", nil }}
}

func mustSample(t *testing.T, o sample.Options) (path string, families []*sample.Family) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "families.csv")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := sample.Generate(sample.Writers{Families: f}, o); err != nil {
		t.Fatal(err)
	}
	seq, err := sample.Families(o)
	if err != nil {
		t.Fatal(err)
	}
	for family := range seq {
		families = append(families, family)
	}
	return path, families
}

// What the sample writes and the importer sends is the sample, down to the digits of Papua's NIKs.
func TestImport_RoundTrip(t *testing.T) {
	t.Parallel()
	r := newRemote(t)
	path, families := mustSample(t, sample.Options{Seed: 1, Families: 1200})
	result, err := importer.Import(t.Context(), r.options(path))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]importer.Proposal{}
	for _, f := range families {
		p := f.Proposal()
		want[p.Source+"/"+p.SourceID] = p
	}
	if diff := cmp.Diff(want, r.families); diff != "" {
		t.Errorf("what arrived is not what was made:\n%s", diff)
	}
	if result.New != 1200 || result.Refused != 0 || len(result.Findings) != 0 {
		t.Errorf("got %d new, %d refused, findings %v", result.New, result.Refused, result.Findings)
	}
}

func TestImport_Twice(t *testing.T) {
	t.Parallel()
	r := newRemote(t)
	path, _ := mustSample(t, sample.Options{Seed: 1, Families: 600})
	for _, want := range []struct{ fresh, unchanged int }{{600, 0}, {0, 600}} {
		result, err := importer.Import(t.Context(), r.options(path))
		if err != nil || result.New != want.fresh || result.Unchanged != want.unchanged {
			t.Errorf("got %d new, %d unchanged, %v, want %d and %d", result.New, result.Unchanged, err, want.fresh, want.unchanged)
		}
	}
}

func TestImport_Corpus(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/corpus.tsv")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")[1:]
	if len(lines) < 55 {
		t.Fatalf("the corpus has %d files, want at least 55", len(lines))
	}
	for _, line := range lines {
		row := append(strings.Split(line, "\t"), "", "")
		name, verdict, codes := row[0], row[1], row[2]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRemote(t)
			result, err := importer.Import(t.Context(), r.options(filepath.Join("testdata/corpus", name)))
			if verdict == "unusable" {
				checkUnusable(t, r, err, codes)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range result.Findings {
				got = append(got, f.Code)
				if f.Text.ID == "" || f.Text.EN == "" || f.Line < 2 {
					t.Errorf("finding %+v lacks a text or a line", f)
				}
			}
			if diff := cmp.Diff(codes, strings.Join(got, "+")); diff != "" {
				t.Errorf("codes:\n%s", diff)
			}
			if want, _ := strconv.Atoi(row[3]); len(r.families) != want {
				t.Errorf("got %d families stored, want %d", len(r.families), want)
			}
			if want, _ := strconv.Atoi(row[4]); result.RejectedRows() != want || (verdict == "ok") != (result.Refused == 0) {
				t.Errorf("got %d rows rejected in %d families, want %d rows", result.RejectedRows(), result.Refused, want)
			}
		})
	}
}

func checkUnusable(t *testing.T, r *remote, err error, code string) {
	t.Helper()
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Invalid || f.Code != code || f.Text.ID == "" || f.Text.EN == "" {
		t.Errorf("got %v, want invalid: %s", err, code)
	}
	if r.requests > 0 {
		t.Error("something of an unusable file was sent")
	}
}

func TestImport_RetriesWhatFailedForNow(t *testing.T) {
	t.Parallel()
	r := newRemote(t)
	path, _ := mustSample(t, sample.Options{Seed: 1, Families: 100})
	r.before = func(w http.ResponseWriter, request int) bool {
		switch request {
		case 1:
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusServiceUnavailable)
		case 2:
			panic(http.ErrAbortHandler) // the connection breaks: nobody knows what was done
		default:
			return false
		}
		return true
	}
	once := map[string]bool{}
	r.refuse = func(p importer.Proposal) (int, map[string]any) {
		if strings.HasSuffix(p.SourceID, "7") && !once[p.SourceID] {
			once[p.SourceID] = true
			return http.StatusServiceUnavailable, map[string]any{"code": "busy", "kind": "unavailable"}
		}
		return 0, nil
	}
	result, err := importer.Import(t.Context(), r.options(path))
	if err != nil || result.New != 100 || len(r.families) != 100 {
		t.Fatalf("got %d new, %v, want 100", result.New, err)
	}
	if r.requests != 4 || len(r.keys) != 2 {
		t.Errorf("got %d requests with %d keys, want 4 with 2: three times the whole, once the ten that failed", r.requests, len(r.keys))
	}
}

func TestImport_RegistryRefuses(t *testing.T) {
	t.Parallel()
	r := newRemote(t)
	r.refuse = func(p importer.Proposal) (int, map[string]any) {
		if p.SourceID != "K1" {
			return 0, nil
		}
		return http.StatusUnprocessableEntity, map[string]any{"code": "proposal_unreadable", "kind": "invalid", "errors": []fault.Detail{
			{Field: "members[1].disability.jalan", Code: "x", Text: fault.Text{ID: "a", EN: "b"}},
			{Field: "survey.answers.lantai", Code: "y", Text: fault.Text{ID: "a", EN: "b"}}}}
	}
	result, err := importer.Import(t.Context(), r.options("testdata/corpus/good.csv"))
	if err != nil {
		t.Fatal(err)
	}
	var report bytes.Buffer
	if err := result.WriteReport(&report); err != nil {
		t.Fatal(err)
	}
	want := "line,column,verdict,code,pesan,message\n2,lantai,rejected,y,a,b\n3,disability,rejected,x,a,b\n"
	if diff := cmp.Diff(want, report.String()); diff != "" {
		t.Error(diff)
	}
	if result.Refused != 1 || result.New != 1 || result.RejectedRows() != 2 {
		t.Errorf("got %d refused, %d new, %d rows", result.Refused, result.New, result.RejectedRows())
	}
}

func TestImport_ErrUnreachable(t *testing.T) {
	t.Parallel()
	r := newRemote(t)
	o := r.options("testdata/corpus/good.csv")
	o.Tries = 3
	r.Close()
	if _, err := importer.Import(t.Context(), o); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("got %v, want unavailable", err)
	}
}

func TestImport_ErrNotAllowed(t *testing.T) {
	t.Parallel()
	r := newRemote(t)
	o := r.options("testdata/corpus/good.csv")
	o.Token = func(context.Context) (string, error) { return "wrong", nil }
	if _, err := importer.Import(t.Context(), o); fault.KindOf(err) != fault.Forbidden || r.requests != 1 {
		t.Errorf("got %v after %d requests, want forbidden after one", err, r.requests)
	}
}

func TestImport_InterruptedAndResumed(t *testing.T) {
	t.Parallel()
	r := newRemote(t)
	path, _ := mustSample(t, sample.Options{Seed: 1, Families: 300})
	ctx, cancel := context.WithCancel(t.Context())
	o := r.options(path)
	o.Batch, o.Parallel = 20, 1
	o.Progress = func(done, total int) {
		if done > total/2 {
			cancel()
		}
	}
	if _, err := importer.Import(ctx, o); ctx.Err() == nil || err == nil {
		t.Fatalf("got %v, want an interrupted import", err)
	}
	stored := len(r.families)
	if stored == 0 || stored == 300 {
		t.Fatalf("got %d families stored, want some", stored)
	}
	result, err := importer.Import(t.Context(), r.options(path))
	if err != nil || len(r.families) != 300 || result.New+result.Unchanged != 300 || result.New > 300-stored {
		t.Errorf("got %d families, %d new, %d unchanged, %v", len(r.families), result.New, result.Unchanged, err)
	}
}

func TestResult_Summary(t *testing.T) {
	t.Parallel()
	r := importer.Result{Rows: 9, Families: 3, New: 2, Persons: 7, Refused: 1, Ignored: 2, Warnings: map[string]int{"nik_length": 2, "nik_missing": 5},
		Findings: []importer.Finding{{Line: 4, Code: "sex_unreadable"}, {Line: 4, Code: "required"}, {Line: 5, Code: "family_incomplete"}}}
	var b bytes.Buffer
	if err := r.Summary(&b); err != nil {
		t.Fatal(err)
	}
	want := `9 rows, 3 families: 2 stored (2 new, 0 unchanged; 7 persons), 1 rejected (2 rows)
2 columns are not known and were left out
rejected:
        1  family_incomplete
        1  required
        1  sex_unreadable
stored with a warning:
        5  nik_missing
        2  nik_length
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}
