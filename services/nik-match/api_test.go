package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/uuid"

	"dtks/pkg/auth"
	"dtks/pkg/event"
	"dtks/pkg/testkit"
	"dtks/pkg/web"
)

// asker makes requests of the service's API over a store.
type asker struct {
	t      *testing.T
	url    string
	issuer *testkit.OpenID
}

func newAsker(t *testing.T, s *store) *asker {
	t.Helper()
	issuer := testkit.Issuer(t)
	server := web.New(service, issuer.Verifier(t))
	(&api{s, newTestGate()}).routes(server)
	running := httptest.NewServer(server)
	t.Cleanup(running.Close)
	return &asker{t, running.URL, issuer}
}

func (a *asker) call(token, path string) (int, string) {
	a.t.Helper()
	request, err := http.NewRequest(http.MethodGet, a.url+path, nil)
	if err != nil {
		a.t.Fatal(err)
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		a.t.Fatal(err)
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(body)
}

func (a *asker) token(area string, roles ...string) string {
	return a.issuer.Token(a.t, auth.Principal{Account: "a", Person: uuid.NewString(), Name: "A", Roles: roles, Area: area})
}

func TestAPI(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	ask := newAsker(t, s)
	call, token := ask.call, ask.token
	p, bad := member(1), member(2, func(p *event.PersonIdentity) { p.NIK = "12" })
	for _, each := range []event.PersonIdentity{p, bad} {
		mustAsk(t, s, asking{identity{uuid.MustParse(each.PersonID), 1}, uuid.New(), village, each, event.Cause{}})
	}
	tests := []struct {
		name, token, path string
		status            int
		want              string
	}{
		{"Waiting", token("32.04", "verifier"), "/v1/persons/" + p.PersonID + "/verdict", 200, `"state":"waiting"`},
		{"Decided", token("32", "operator"), "/v1/persons/" + bad.PersonID + "/verdict", 200, `"finding":"format_nik"`},
		{"DecidedAdmin", token("00", "admin"), "/v1/persons/" + bad.PersonID + "/verdict", 200, `"evidence":{`},
		{"NoIdentityProgramme", token("32", "programme"), "/v1/persons/" + bad.PersonID + "/verdict", 200, `"identity_version":1,"verdict":"tidak_padan"`},
		{"NoIdentityOps", token("00", "ops"), "/v1/persons/" + bad.PersonID + "/verdict", 200, `"identity_version":1,"verdict":"tidak_padan"`},
		{"NoIdentityAuditor", token("00", "auditor"), "/v1/persons/" + bad.PersonID + "/verdict", 200, `"identity_version":1,"verdict":"tidak_padan"`},
		{"OtherArea", token("33.74", "verifier"), "/v1/persons/" + p.PersonID + "/verdict", 404, "person_not_found"},
		{"Unknown", token("00", "admin"), "/v1/persons/" + uuid.NewString() + "/verdict", 404, "person_not_found"},
		{"NotAnID", token("00", "admin"), "/v1/persons/3204100101909001/verdict", 422, ""},
		{"Nobody", "", "/v1/persons/" + p.PersonID + "/verdict", 401, ""},
		{"NoRole", token("00"), "/v1/status", 403, ""},
		{"Status", token("32.04", "ops"), "/v1/status", 200, `"waiting":1`},
	}
	for _, tt := range tests {
		status, body := call(tt.token, tt.path)
		if status != tt.status || !strings.Contains(body, tt.want) {
			t.Errorf("%s: got %d %s, want %d with %s", tt.name, status, body, tt.status, tt.want)
		}
		if strings.Contains(body, p.NIK) || strings.Contains(body, "HERMAWAN") || strings.Contains(body, "3204100101909001") {
			t.Errorf("%s: personal data in the answer: %s", tt.name, body)
		}
		if strings.HasPrefix(tt.name, "NoIdentity") && (strings.Contains(body, "evidence") || strings.Contains(body, "format_nik")) {
			t.Errorf("%s: evidence for a role that may not see identities: %s", tt.name, body)
		}
		if !json.Valid([]byte(body)) {
			t.Errorf("%s: got no JSON", tt.name)
		}
	}
}

// Pairs are listed by area, each once; of who lives elsewhere only the regency shows, and evidence needs both places.
func TestAPI_Duplicates(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	ask := newAsker(t, s)
	a, b := twice(1)
	c, d := twice(2)
	c.BirthDate, d.BirthDate, c.NIK = "1966-06-06", "1966-06-06", "3204100606669001"
	c.Name, d.Name, c.Mother, d.Mother = "YOSEFINA TELADANWATI", "YOSEFINA TELADANWATI", "MARTHA UMPAMAWATI", "MARTHA UMPAMAWATI"
	for village, p := range map[string]event.PersonIdentity{"32.04.10.2001": a, "33.74.01.1001": b, "32.04.11.2002": c, "32.04.12.2003": d} {
		mustEnforce(t, s, []change{{uuid.MustParse(p.PersonID), 1, village, &p}})
	}
	settle(t, s, standardComparer())
	across, within := event.PairID(uuid.MustParse(a.PersonID), uuid.MustParse(b.PersonID)).String(), event.PairID(uuid.MustParse(c.PersonID), uuid.MustParse(d.PersonID)).String()
	tests := []struct {
		name, token, path string
		status            int
		want              []string
		not               string
	}{
		{"All", ask.token("00", "verifier"), "/v1/duplicates", 200, []string{across, within, a.PersonID, b.PersonID, `"evidence":{`}, ""},
		{"FirstPlace", ask.token("32.04.10", "operator"), "/v1/duplicates", 200, []string{across, a.PersonID, `"area":"33.74"`}, b.PersonID},
		{"FirstPlaceNoEvidence", ask.token("32.04.10", "operator"), "/v1/duplicates", 200, []string{across}, "evidence"},
		{"SecondPlace", ask.token("33.74", "verifier"), "/v1/duplicates", 200, []string{across, b.PersonID, `"area":"32.04"`}, within},
		{"BothPlaces", ask.token("32.04", "verifier"), "/v1/duplicates?area=32.04.11", 200, []string{within, c.PersonID, d.PersonID, `"evidence":{`}, across},
		{"NoIdentity", ask.token("00", "ops"), "/v1/duplicates", 200, []string{across, within, a.PersonID}, "evidence"},
		{"Elsewhere", ask.token("91.71", "verifier"), "/v1/duplicates", 200, []string{`"items":[]`}, across},
		{"Page", ask.token("00", "verifier"), "/v1/duplicates?limit=1", 200, []string{`"next":"`}, ""},
		{"OtherArea", ask.token("33.74", "verifier"), "/v1/duplicates?area=32.04", 403, []string{"area_forbidden"}, across},
		{"NoSuchPage", ask.token("00", "verifier"), "/v1/duplicates?after=x", 422, []string{"page_unreadable"}, ""},
		{"NoRole", ask.token("00"), "/v1/duplicates", 403, []string{"action_forbidden"}, across},
		{"Nobody", "", "/v1/duplicates", 401, nil, across},
	}
	for _, tt := range tests {
		status, body := ask.call(tt.token, tt.path)
		if status != tt.status || tt.not != "" && strings.Contains(body, tt.not) {
			t.Errorf("%s: got %d %s", tt.name, status, body)
		}
		for _, want := range tt.want {
			if !strings.Contains(body, want) {
				t.Errorf("%s: got %s, want %s in it", tt.name, body, want)
			}
		}
		for _, p := range []event.PersonIdentity{a, b, c, d} {
			if p.NIK != "" && strings.Contains(body, p.NIK) || strings.Contains(body, p.Name) || strings.Contains(body, p.Mother) {
				t.Errorf("%s: personal data in the answer", tt.name)
			}
		}
	}
	var page struct {
		Items []duplicateLine
		Next  string
	}
	seen := map[string]int{}
	for after := ""; ; after = page.Next {
		page.Next = ""
		_, body := ask.call(ask.token("32", "verifier"), "/v1/duplicates?limit=1&after="+after)
		if err := json.Unmarshal([]byte(body), &page); err != nil {
			t.Fatal(err)
		}
		for _, item := range page.Items {
			seen[item.PairID]++
		}
		if page.Next == "" {
			break
		}
	}
	if len(seen) != 2 || seen[across] != 1 || seen[within] != 1 {
		t.Errorf("page by page got %v", seen)
	}
}
