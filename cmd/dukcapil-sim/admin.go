package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
)

// admin adds the switches: for tests and for people, on the same port, without a password, for local use only.
func (s *simulator) admin(mux *http.ServeMux) {
	mux.HandleFunc("GET /admin/mode", func(w http.ResponseWriter, _ *http.Request) { s.showMode(w) })
	mux.HandleFunc("PUT /admin/mode", s.putMode)
	mux.HandleFunc("GET /admin/counts", s.showCounts)
	mux.HandleFunc("DELETE /admin/counts", func(w http.ResponseWriter, _ *http.Request) {
		s.counts.reset()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("POST /admin/reload", s.reload)
	mux.HandleFunc("POST /admin/civil", s.appendCivil)
}

func (s *simulator) showMode(w http.ResponseWriter) {
	m := s.mode.Load()
	show(w, struct {
		mode
		Remaining int64 `json:"remaining"` // of today's quota
		People    int   `json:"people"`
	}{*m, s.quota.left(m), s.people.size()})
}

// putMode changes the settings named in the body's object and leaves the others.
func (s *simulator) putMode(w http.ResponseWriter, r *http.Request) {
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxQuestion))
	decoder.UseNumber()
	var given map[string]any
	if err := decoder.Decode(&given); err != nil {
		http.Error(w, "the body is not a JSON object", http.StatusBadRequest)
		return
	}
	settings := make(map[string]string, len(given))
	for key, value := range given {
		settings[key] = fmt.Sprint(value)
	}
	if err := s.change(settings); err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	s.log.Info("mode changed", "settings", sorted(settings))
	s.showMode(w)
}

// showCounts gives the totals, or with ?digest=HEX (first 8 bytes of the NIK's SHA-256) the calls for one person.
func (s *simulator) showCounts(w http.ResponseWriter, r *http.Request) {
	given := r.URL.Query().Get("digest")
	if given == "" {
		show(w, s.counts.totals())
		return
	}
	d, err := strconv.ParseUint(given, 16, 64)
	if err != nil {
		http.Error(w, "digest is not 16 hexadecimal digits", http.StatusBadRequest)
		return
	}
	show(w, map[string]int32{"calls": s.counts.of(d)})
}

func (s *simulator) reload(w http.ResponseWriter, _ *http.Request) {
	if s.file == "" {
		http.Error(w, "started without --civil", http.StatusConflict)
		return
	}
	n, err := s.people.load(s.file)
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	s.log.Info("civil file read", "people", n)
	show(w, map[string]int{"people": n})
}

// appendCivil takes a CSV and adds its rows, replacing people it already knows.
func (s *simulator) appendCivil(w http.ResponseWriter, r *http.Request) {
	rows, err := readCivil(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	s.people.add(rows)
	show(w, map[string]int{"added": len(rows), "people": s.people.size()})
}

func show(w http.ResponseWriter, v any) {
	w.Header()["Content-Type"] = jsonType
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(v) // a caller that has gone needs no answer
}
