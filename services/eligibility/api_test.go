package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"dtks/pkg/auth"
	"dtks/pkg/testkit"
	"dtks/pkg/web"

	"github.com/google/uuid"
)

// caller asks the API as one person.
type caller struct {
	t          *testing.T
	url, token string
}

// serve starts the API and returns callers by role and area.
func (s *service) serve() func(role, area string) caller {
	s.t.Helper()
	issuer := testkit.Issuer(s.t)
	server := web.New("eligibility", issuer.Verifier(s.t))
	(&api{decider: s.decider, ranker: s.ranker, model: testModel}).register(server)
	listener := httptest.NewServer(server)
	s.t.Cleanup(listener.Close)
	return func(role, area string) caller {
		token := issuer.Token(s.t, auth.Principal{Account: role, Person: uuid.NewString(), Roles: []string{role}, Area: area})
		return caller{s.t, listener.URL, token}
	}
}

// do sends a request, decodes the answer into v where it is not nil, and returns the status.
func (c caller) do(method, path, key, body string, v any) int {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	if v != nil {
		if err := json.Unmarshal(raw, v); err != nil {
			c.t.Fatalf("%d %s: %v", resp.StatusCode, raw, err)
		}
	}
	return resp.StatusCode
}

func TestAPI_Decisions(t *testing.T) {
	t.Parallel()
	s := newService(t, "pkh", "sembako")
	home := s.populate(3)[0] // in 32.04
	as := s.serve()
	path := "/v1/families/" + home.id.String() + "/decisions"
	tests := []struct {
		name, role, area, path string
		want                   int
	}{
		{"OK", "programme", "32.04", path, http.StatusOK},
		{"National", "admin", "00", path, http.StatusOK},
		{"ErrNeighbour", "programme", "33.74", path, http.StatusNotFound},
		{"ErrNotThereNational", "admin", "00", "/v1/families/" + uuid.NewString() + "/decisions", http.StatusNotFound},
		{"ErrNoRole", "nobody", "32.04", path, http.StatusForbidden},
		{"ErrNotThere", "programme", "32.04", "/v1/families/" + uuid.NewString() + "/decisions", http.StatusNotFound},
		{"ErrNoID", "programme", "32.04", "/v1/families/abc/decisions", http.StatusUnprocessableEntity},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := as(tt.role, tt.area).do(http.MethodGet, tt.path, "", "", nil); got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
	var neighbour, nowhere struct{ Code string }
	far := as("programme", "33.74")
	far.do(http.MethodGet, path, "", "", &neighbour)
	far.do(http.MethodGet, "/v1/families/"+uuid.NewString()+"/decisions", "", "", &nowhere)
	if neighbour != nowhere || nowhere.Code != errNoFamily.Code {
		t.Errorf("a neighbour's family answers %q, one that is not there %q", neighbour.Code, nowhere.Code)
	}
	var counted struct {
		Release  string  `json:"release"`
		Families []int64 `json:"families"`
	}
	if got := as("ops", "32").do(http.MethodGet, "/v1/deciles?area=32.04", "", "", &counted); got != http.StatusOK || counted.Release == "" || sum(counted.Families) != 1 {
		t.Errorf("got %d %+v, want one family", got, counted)
	}
	if got := as("ops", "33").do(http.MethodGet, "/v1/deciles?area=32.04", "", "", nil); got != http.StatusForbidden {
		t.Errorf("deciles of a neighbour: got %d, want %d", got, http.StatusForbidden)
	}
	var body decisionsView
	as("programme", "32").do(http.MethodGet, path, "", "", &body)
	if body.Area != home.area || len(body.Decisions) != 3 || !body.Decisions[0].Illustrative {
		t.Fatalf("got %+v", body)
	}
	for _, d := range body.Decisions {
		for _, r := range d.Reasons {
			if r.Message.ID == "" || r.Message.EN == "" {
				t.Errorf("reason %s of %s has no text", r.Code, d.Programme)
			}
		}
	}
}

func TestAPI_Releases(t *testing.T) {
	t.Parallel()
	s := newService(t)
	as := s.serve()
	admin := as("admin", "00")
	s.populate(40)
	for _, c := range []caller{as("approver", "00"), as("ops", "00"), as("admin", "32")} {
		if got := c.do(http.MethodPost, "/v1/releases", "", "", nil); got != http.StatusForbidden {
			t.Errorf("got %d, want %d", got, http.StatusForbidden)
		}
	}
	for _, body := range []string{`{"model":"hilang"}`, `{"weights":"village"}`} {
		if got := admin.do(http.MethodPost, "/v1/releases", "", body, nil); got != http.StatusUnprocessableEntity && got != http.StatusBadRequest {
			t.Errorf("%s: got %d", body, got)
		}
	}
	var first, again, seen releaseView
	if got := admin.do(http.MethodPost, "/v1/releases", "k1", "", &first); got != http.StatusAccepted || first.InForce || first.Phase != "waiting" {
		t.Fatalf("got %d %+v", got, first)
	}
	if got := admin.do(http.MethodPost, "/v1/releases", "k1", "", &again); got != http.StatusAccepted || again.ID != first.ID {
		t.Errorf("the same key: got %d and release %s, want %s", got, again.ID, first.ID)
	}
	if got := admin.do(http.MethodPost, "/v1/releases", "k2", "", nil); got != http.StatusConflict {
		t.Errorf("while the first is being made: got %d, want %d", got, http.StatusConflict)
	}
	if did, err := s.ranker.step(t.Context()); err != nil || !did {
		t.Fatalf("ranking: %v %v", did, err)
	}
	if got := admin.do(http.MethodPost, "/v1/releases", "k2", "", nil); got != http.StatusConflict {
		t.Errorf("while the first is passed on: got %d, want %d", got, http.StatusConflict)
	}
	s.passOn()
	if got := as("programme", "32.04").do(http.MethodGet, "/v1/releases/"+first.ID, "", "", &seen); got != http.StatusOK ||
		seen.CompletedAt == nil || seen.Families != 40 || seen.Read != 40 || seen.Listed == 0 || seen.Decided != seen.Listed || !seen.InForce {
		t.Errorf("got %d %+v", got, seen)
	}
	var list struct {
		Items []releaseView `json:"items"`
	}
	if got := admin.do(http.MethodGet, "/v1/releases", "", "", &list); got != http.StatusOK || len(list.Items) != 2 {
		t.Errorf("got %d with %d releases, want 2", got, len(list.Items))
	}
	if got := admin.do(http.MethodGet, "/v1/releases/"+uuid.NewString(), "", "", nil); got != http.StatusNotFound {
		t.Errorf("no such release: got %d", got)
	}
	var bound struct{ Below, Above []boundaryView }
	if got := admin.do(http.MethodGet, "/v1/releases/"+first.ID+"/boundary?decile=4", "", "", &bound); got != http.StatusOK ||
		len(bound.Below) != 16 || len(bound.Above) != 24 {
		t.Errorf("boundary: got %d with %d and %d families, want 16 and 24", got, len(bound.Below), len(bound.Above))
	}
	if got := as("ops", "33").do(http.MethodGet, "/v1/releases/"+first.ID+"/boundary?area=32.04", "", "", nil); got != http.StatusForbidden {
		t.Errorf("a neighbour's boundary: got %d, want %d", got, http.StatusForbidden)
	}
	if got := admin.do(http.MethodGet, "/v1/releases/"+first.ID+"/boundary?area=11", "", "", nil); got != http.StatusNotFound {
		t.Errorf("an area that was not ranked: got %d, want %d", got, http.StatusNotFound)
	}
}

func sum(ns []int64) (total int64) {
	for _, n := range ns {
		total += n
	}
	return total
}
