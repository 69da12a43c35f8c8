package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"dtks/pkg/auth"
	"dtks/pkg/fault"
	"dtks/pkg/testkit"
	"dtks/pkg/web"
	"dtks/pkg/web/problem"
)

// secret is what must never come back: a synthetic NIK.
const secret = "3204101003879001"

type member struct {
	NIK  string `json:"nik" pattern:"^[0-9]{10}$"`
	Name string `json:"name,omitempty" maxLength:"5"`
	Age  int    `json:"age,omitempty" maximum:"150"`
	Born string `json:"born,omitempty" format:"date"`
	ID   string `json:"id,omitempty" format:"uuid"`
	Mail string `json:"mail,omitempty" format:"email"`
	Sex  string `json:"sex,omitempty" enum:"L,P"`
}

type familyInput struct {
	Limit int `query:"limit" maximum:"100"`
	Body  struct {
		Members []member       `json:"members" minItems:"1"`
		Answers map[string]int `json:"answers,omitempty"`
	}
}

type textOutput struct{ Body string }

func newServer(t *testing.T) *httptest.Server {
	t.Helper()
	s := web.New("sample", nil)
	open := []map[string][]string{}
	web.Register(s, huma.Operation{OperationID: "family", Method: http.MethodPost, Path: "/v1/families", Security: open},
		func(context.Context, *familyInput) (*textOutput, error) { return &textOutput{"ok"}, nil })
	web.Register(s, huma.Operation{OperationID: "panic", Method: http.MethodGet, Path: "/v1/panic", Security: open},
		func(context.Context, *struct{}) (*textOutput, error) { panic("near " + secret) })
	web.Register(s, huma.Operation{OperationID: "fails", Method: http.MethodGet, Path: "/v1/fails", Security: open},
		func(context.Context, *struct{}) (*textOutput, error) { return nil, errors.New("near " + secret) })
	web.Register(s, huma.Operation{OperationID: "limited", Method: http.MethodGet, Path: "/v1/limited", Security: open},
		func(context.Context, *struct{}) (*textOutput, error) {
			f := fault.New(fault.Limited, "quota", "Kuota habis.", "The quota is used up.")
			f.RetryAfter = 1500 * time.Millisecond
			return nil, f.Because(errors.New("near " + secret))
		})
	web.Register(s, huma.Operation{OperationID: "batch", Method: http.MethodPost, Path: "/v1/families/batch", Security: open},
		func(_ context.Context, in *web.BatchInput) (*textOutput, error) { return &textOutput{"ok"}, nil })
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return server
}

// mustSend returns status, header and body of one request.
func mustSend(t *testing.T, method, url, body string, header ...string) (int, http.Header, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, answer.Header, string(raw)
}

func mustProblem(t *testing.T, header http.Header, body string) problem.Problem {
	t.Helper()
	if got := header.Get("Content-Type"); got != problem.ContentType {
		t.Errorf("content type: got %q, want %q", got, problem.ContentType)
	}
	var p problem.Problem
	if err := json.Unmarshal([]byte(body), &p); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	return p
}

// No refusal repeats what was sent, wherever in the request it stood.
func TestErrors_NeverEchoInput(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	tests := []struct {
		name, query, body string
		status            int
		field, code       string
	}{
		{"Pattern", "", `{"members":[{"nik":"` + secret + `"}]}`, 422, "members[0].nik", "format"},
		{"TooLong", "", `{"members":[{"nik":"0123456789","name":"` + secret + `"}]}`, 422, "members[0].name", "too_long"},
		{"TooLarge", "", `{"members":[{"nik":"0123456789","age":` + secret + `}]}`, 422, "members[0].age", "too_large"},
		{"Date", "", `{"members":[{"nik":"0123456789","born":"` + secret + `"}]}`, 422, "members[0].born", "format_date"},
		{"UUID", "", `{"members":[{"nik":"0123456789","id":"` + secret + `"}]}`, 422, "members[0].id", "format_uuid"},
		{"Mail", "", `{"members":[{"nik":"0123456789","mail":"` + secret + `"}]}`, 422, "members[0].mail", "format"},
		{"Enum", "", `{"members":[{"nik":"0123456789","sex":"` + secret + `"}]}`, 422, "members[0].sex", "not_in_list"},
		{"Number", "", `{"members":[{"nik":` + secret + `}]}`, 422, "members[0].nik", "type_string"},
		{"NotAList", "", `{"members":"` + secret + `"}`, 422, "members", "type_array"},
		{"Missing", "", `{"members":[{"name":"x"}]}`, 422, "members[0].nik", "required"},
		{"Empty", "", `{"members":[]}`, 422, "members", "too_few"},
		{"UnknownValue", "", `{"members":[{"nik":"0123456789"}],"extra":"` + secret + `"}`, 422, "?", "unexpected_property"},
		{"UnknownName", "", `{"members":[{"nik":"0123456789","` + secret + `":1}]}`, 422, "members[0].?", "unexpected_property"},
		{"MapKey", "", `{"members":[{"nik":"0123456789"}],"answers":{"` + secret + `":"x"}}`, 422, "answers.?", "type_integer"},
		{"BrokenJSON", "", `{"members":[{"nik":"` + secret, 400, "", "invalid"},
		{"TrailingText", "", `{"members":[{"nik":"0123456789"}]}` + secret, 400, "", "invalid"},
		{"NotJSON", "", secret + " is not JSON", 400, "", "invalid"},
		{"Query", "?limit=x" + secret, `{"members":[{"nik":"0123456789"}]}`, 422, "query.limit", "type_integer"},
		{"QueryTooLarge", "?limit=" + secret, `{"members":[{"nik":"0123456789"}]}`, 422, "query.limit", "too_large"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			status, header, body := mustSend(t, http.MethodPost, server.URL+"/v1/families"+tt.query, tt.body)
			if strings.Contains(body, secret) || strings.Contains(body, secret[:8]) {
				t.Errorf("the answer repeats the input: %s", body)
			}
			p := mustProblem(t, header, body)
			if status != tt.status || p.Status != tt.status {
				t.Errorf("got status %d and %d, want %d", status, p.Status, tt.status)
			}
			if len(p.Errors) != 1 || p.Errors[0].Field != tt.field || p.Errors[0].Code != tt.code {
				t.Fatalf("got %+v, want field %q code %q", p.Errors, tt.field, tt.code)
			}
			if p.Errors[0].Text.ID == "" || p.Errors[0].Text.EN == "" || p.Message.ID == "" || p.Message.EN == "" {
				t.Errorf("a text is missing: %s", body)
			}
		})
	}
}

func TestErrors_OwnFailuresSayNothing(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	for _, path := range []string{"/v1/panic", "/v1/fails"} {
		status, header, body := mustSend(t, http.MethodGet, server.URL+path, "")
		p := mustProblem(t, header, body)
		if status != http.StatusInternalServerError || p.Code != "internal" || p.Kind != fault.Internal {
			t.Errorf("%s: got %d %s, want 500 internal", path, status, body)
		}
		if strings.Contains(body, secret) || strings.Contains(body, "near") {
			t.Errorf("%s: the answer tells what happened inside: %s", path, body)
		}
		if p.RequestID == "" || p.RequestID != header.Get("X-Request-Id") {
			t.Errorf("%s: got request id %q, want that of the header %q", path, p.RequestID, header.Get("X-Request-Id"))
		}
	}
}

func TestProblem_Shape(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	status, header, body := mustSend(t, http.MethodGet, server.URL+"/v1/limited", "", "X-Request-Id", secret)
	if strings.Contains(body, secret) {
		t.Errorf("the cause, or a caller's request id, is in the answer: %s", body)
	}
	got := mustProblem(t, header, body)
	if _, err := uuid.Parse(got.RequestID); err != nil {
		t.Errorf("request id %q is no UUID", got.RequestID)
	}
	got.RequestID = ""
	want := problem.Problem{
		Type: "urn:dtks:problem:quota", Title: "The quota is used up.", Detail: "Kuota habis.", Status: 429, Code: "quota",
		Kind: fault.Limited, Message: fault.Text{ID: "Kuota habis.", EN: "The quota is used up."}, RetryAfter: 2,
	}
	if d := cmp.Diff(want, got, cmpopts.IgnoreUnexported(problem.Problem{})); d != "" {
		t.Error(d)
	}
	if status != 429 || header.Get("Retry-After") != "2" || header.Get("Cache-Control") != "no-store" {
		t.Errorf("got %d, Retry-After %q, Cache-Control %q", status, header.Get("Retry-After"), header.Get("Cache-Control"))
	}
}

func TestProblem_StatusOfKinds(t *testing.T) {
	t.Parallel()
	want := map[fault.Kind]int{
		fault.Internal: 500, fault.Invalid: 422, fault.Unauthenticated: 401, fault.Forbidden: 403, fault.NotFound: 404,
		fault.Conflict: 409, fault.Precondition: 412, fault.Limited: 429, fault.Unavailable: 503, fault.NotYet: 409,
		"new": 500, "": 500,
	}
	for kind, status := range want {
		if got := problem.Of(fault.New(kind, "code", "id", "en")).Status; got != status {
			t.Errorf("%q: got %d, want %d", kind, got, status)
		}
	}
	if got := problem.Of(context.DeadlineExceeded).Status; got != http.StatusServiceUnavailable {
		t.Errorf("deadline: got %d, want 503", got)
	}
}

func TestServer_Limits(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	large := `{"members":[{"nik":"` + strings.Repeat("1", 1<<20) + `"}]}`
	tests := []struct {
		name, method, path, body string
		status                   int
		code                     string
	}{
		{"Body", http.MethodPost, "/v1/families", large, http.StatusRequestEntityTooLarge, "too_large"},
		{"Batch", http.MethodPost, "/v1/families/batch", strings.Repeat("1", 17<<20), http.StatusRequestEntityTooLarge, "too_large"},
		{"Path", http.MethodGet, "/v1/" + secret, "", http.StatusNotFound, "no_such_path"},
		{"Method", http.MethodDelete, "/v1/families", "", http.StatusMethodNotAllowed, "method_not_allowed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			status, header, body := mustSend(t, tt.method, server.URL+tt.path, tt.body)
			if p := mustProblem(t, header, body); status != tt.status || p.Code != tt.code {
				t.Errorf("got %d %s, want %d %s", status, p.Code, tt.status, tt.code)
			}
			if strings.Contains(body, secret) {
				t.Errorf("the answer repeats the input: %s", body)
			}
		})
	}
	if status, _, body := mustSend(t, http.MethodPost, server.URL+"/v1/families/batch", large); status != http.StatusOK {
		t.Errorf("a batch over 1 MiB: got %d %s, want 200", status, body)
	}
}

func TestServer_Security(t *testing.T) {
	t.Parallel()
	issuer := testkit.Issuer(t)
	s := web.New("sample", issuer.Verifier(t))
	web.Register(s, huma.Operation{OperationID: "who", Method: http.MethodGet, Path: "/v1/who"},
		func(ctx context.Context, _ *struct{}) (*textOutput, error) {
			p, _ := auth.From(ctx)
			return &textOutput{p.Person}, auth.Rights(ctx).Require(auth.Verify, "32.04.10.2001")
		})
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	const person = "c0470000-0000-8000-8000-0000000000a1"
	for area, want := range map[string]int{"32.04": 200, "00": 200, "32.04.10.2001": 200, "33": 403, "": 403} {
		token := issuer.Token(t, auth.Principal{Account: "a", Person: person, Roles: []string{"verifier"}, Area: area})
		status, _, body := mustSend(t, http.MethodGet, server.URL+"/v1/who", "", "Authorization", "Bearer "+token)
		if status != want || want == 200 && !strings.Contains(body, person) {
			t.Errorf("area %q: got %d %s, want %d", area, status, body, want)
		}
	}
	status, header, body := mustSend(t, http.MethodGet, server.URL+"/v1/who", "")
	if p := mustProblem(t, header, body); status != 401 || p.Kind != fault.Unauthenticated || header.Get("WWW-Authenticate") != "Bearer" {
		t.Errorf("got %d %s, want 401", status, body)
	}
}

func TestServer_OwnPaths(t *testing.T) {
	t.Parallel()
	ready := make(chan error, 1)
	s := web.New("sample", nil, func(context.Context) error {
		select {
		case err := <-ready:
			return err
		default:
			return nil
		}
	})
	web.Register(s, huma.Operation{OperationID: "x", Method: http.MethodGet, Path: "/v1/x"},
		func(context.Context, *struct{}) (*textOutput, error) { return nil, nil })
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	for path, want := range map[string]string{
		"/healthz": "ok", "/readyz": "ready", "/metrics": "go_goroutines", "/docs/": "/openapi.json",
		"/openapi.json": `"application/problem+json"`, "/docs": "<html",
	} {
		status, _, body := mustSend(t, http.MethodGet, server.URL+path, "")
		if status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: got %d and not %q in %.300s", path, status, want, body)
		}
		if strings.Contains(body, "//cdn") || strings.Contains(body, "unpkg.com") {
			t.Errorf("%s loads from elsewhere", path)
		}
	}
	ready <- errors.New("near " + secret)
	status, header, body := mustSend(t, http.MethodGet, server.URL+"/readyz", "")
	if p := mustProblem(t, header, body); status != 503 || p.Code != "not_ready" || strings.Contains(body, secret) {
		t.Errorf("got %d %s, want 503 not_ready without the reason", status, body)
	}
}

func TestServer_PartStops(t *testing.T) {
	t.Parallel()
	s := web.New("sample", nil)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Part("127.0.0.1:0").Run(ctx) }()
	stop()
	select {
	case err := <-done:
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want nil", err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("does not stop")
	}
	if err := s.Part("127.0.0.1:-5").Run(t.Context()); err == nil {
		t.Error("an impossible address was accepted")
	}
}

func TestDecodeItems(t *testing.T) {
	t.Parallel()
	type item struct {
		NIK  string `json:"nik"`
		Code int    `json:"code"`
	}
	good := `{"nik":"1","code":2}`
	tests := []struct {
		name, body string
		errs       []bool // per item: is it refused?
		code       string // of the whole, where refused
	}{
		{"OK", `{"items":[` + good + `,` + good + `]}`, []bool{false, false}, ""},
		{"OneBadType", `{"items":[` + good + `,{"nik":` + secret + `},` + good + `]}`, []bool{false, true, false}, ""},
		{"OneUnknownField", `{"items":[{"` + secret + `":1},` + good + `]}`, []bool{true, false}, ""},
		{"None", `{"items":[]}`, nil, "no_items"},
		{"Null", `null`, nil, "no_items"},
		{"OtherName", `{"item":[` + good + `]}`, nil, "unreadable"},
		{"Broken", `{"items":[` + good, nil, "unreadable"},
		{"Trailing", `{"items":[` + good + `]} {}`, nil, "unreadable"},
		{"TooMany", `{"items":[` + strings.Repeat(good+",", web.MaxItems) + good + `]}`, nil, "too_many_items"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			items, err := web.DecodeItems[item]([]byte(tt.body))
			if tt.code != "" {
				if p := web.ProblemOf(err); err == nil || p.Code != tt.code {
					t.Fatalf("got %v, want %s", err, tt.code)
				}
				return
			}
			if err != nil || len(items) != len(tt.errs) {
				t.Fatalf("got %d items, %v, want %d", len(items), err, len(tt.errs))
			}
			for i, bad := range tt.errs {
				if (items[i].Err != nil) != bad {
					t.Errorf("item %d: got %v, want refused = %t", i, items[i].Err, bad)
				}
				if !bad && items[i].Value != (item{"1", 2}) {
					t.Errorf("item %d: got %+v", i, items[i].Value)
				}
				raw, err := json.Marshal(web.Refused(i, items[i].Err))
				if err != nil || bytes.Contains(raw, []byte(secret)) {
					t.Errorf("item %d: the refusal repeats the input: %s %v", i, raw, err)
				}
			}
		})
	}
}

func TestCheckIfMatch(t *testing.T) {
	t.Parallel()
	for header, ok := range map[string]bool{"": true, "*": true, `"7"`: true, `"6", "7"`: true, `"6"`: false, `W/"7"`: false, "7": false} {
		err := web.CheckIfMatch(header, 7)
		if (err == nil) != ok || !ok && fault.KindOf(err) != fault.Precondition {
			t.Errorf("%s: got %v, want allowed = %t", header, err, ok)
		}
	}
}
