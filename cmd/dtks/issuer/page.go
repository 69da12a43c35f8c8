package issuer

import (
	_ "embed"
	"html/template"
	"net/http"

	"dtks/cmd/dtks/people"
)

//go:embed page.html
var pageSource string

var pageTemplate = template.Must(template.New("page").Parse(pageSource))

// place is one area's people on the page.
type place struct {
	Name   string
	Code   string
	People []people.Person
}

// page lists the sample people; choosing one signs in.
func (i *Issuer) page(w http.ResponseWriter, r *http.Request) {
	if problem := i.wrong(r); problem != "" {
		refuse(w, "invalid_request", problem)
		return
	}
	var places []place
	for _, p := range people.All() {
		if n := len(places); n == 0 || places[n-1].Name != p.Place {
			places = append(places, place{Name: p.Place, Code: p.Area})
		}
		last := &places[len(places)-1]
		last.People = append(last.People, p)
	}
	fields := map[string]string{}
	for _, name := range []string{"response_type", "client_id", "redirect_uri", "state", "nonce", "scope", "code_challenge", "code_challenge_method"} {
		fields[name] = r.FormValue(name)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'none'")
	_ = pageTemplate.Execute(w, map[string]any{"Places": places, "Fields": fields}) // a failed write: the browser has gone
}
