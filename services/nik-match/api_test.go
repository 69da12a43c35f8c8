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

func TestAPI(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	issuer := testkit.Issuer(t)
	server := web.New(service, issuer.Verifier(t))
	(&api{s, newTestGate()}).routes(server)
	running := httptest.NewServer(server)
	t.Cleanup(running.Close)
	call := func(token, path string) (int, string) {
		t.Helper()
		request, err := http.NewRequest(http.MethodGet, running.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if token != "" {
			request.Header.Set("Authorization", "Bearer "+token)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, _ := io.ReadAll(response.Body)
		return response.StatusCode, string(body)
	}
	token := func(area string, roles ...string) string {
		return issuer.Token(t, auth.Principal{Account: "a", Person: uuid.NewString(), Name: "A", Roles: roles, Area: area})
	}
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
