package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"dtks/pkg/auth"
	"dtks/pkg/event"
	"dtks/pkg/fault"
)

// home is the first page: the pipeline of the reader's area.
func (s *site) home(w http.ResponseWriter, r *http.Request, token string) {
	p := s.page(r, "Alur data", "The flow of data")
	a, err := audienceOf(r, p.L)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.hub.deciles.refresh(r.Context(), a.Area, token)
	snap, err := s.hub.snapshot(r.Context(), a.Area)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, home(p, view{L: p.L, S: snap, Wide: a.Wide}))
}

// audienceOf says which figures a reader may see: those of its area, and the state of the services only with the right
// to operate them.
func audienceOf(r *http.Request, l lang) (audience, error) {
	who, _ := auth.From(r.Context())
	rights := auth.Rights(r.Context())
	area := areaShown(who.Area)
	// A village reads its regency's figures: the read models are no finer, and hold counts only.
	if err := rights.Require(auth.Read, who.Area); err != nil {
		return audience{}, err
	}
	return audience{Area: area, Wide: rights.Allows(auth.Ops, auth.National), L: l}, nil
}

// refreshEvery is how often an open page has its session checked and the deciles read again.
const refreshEvery = 15 * time.Second

// live streams the parts of the first page that have changed, once a second at most.
func (s *site) live(w http.ResponseWriter, r *http.Request, token string) {
	a, err := audienceOf(r, s.page(r, "", "").L)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	reader, leave, err := s.hub.join(a)
	if err != nil {
		full := fault.New(fault.Unavailable, "too_many_pages", "Terlalu banyak halaman terbuka.", "Too many pages are open.")
		full.RetryAfter = 30 * time.Second
		s.fail(w, r, full)
		return
	}
	defer leave()
	out := &stream{w: w, flush: http.NewResponseController(w), sent: map[string]string{}}
	if err := out.open(); err != nil {
		return
	}
	check := time.NewTicker(refreshEvery)
	defer check.Stop()
	for err == nil {
		select {
		case <-r.Context().Done():
			return
		case <-s.stopping:
			return
		case f := <-reader.frames:
			err = out.send(f)
		case <-check.C:
			if _, _, ended := s.who(r); errors.Is(ended, errNoSession) {
				_ = out.write("ended", []byte("{}")) // the page asks to sign in; if it has gone, nobody needs to know
				return
			}
			s.hub.deciles.refresh(r.Context(), a.Area, token)
		}
	}
	slog.DebugContext(r.Context(), "live page", "error", err)
}

// stream writes server-sent events and remembers what the page has already.
type stream struct {
	w     http.ResponseWriter
	flush *http.ResponseController
	sent  map[string]string
}

// open lifts the server's write limit, which is meant for answers that end.
func (s *stream) open() error {
	s.w.Header().Set("Content-Type", "text/event-stream")
	s.w.Header().Set("X-Accel-Buffering", "no") // a proxy in between must not hold events back
	if _, err := fmt.Fprint(s.w, "retry: 2000\n\n"); err != nil {
		return err
	}
	return s.flush.Flush()
}

// send writes those parts of a frame that differ from what was sent before.
func (s *stream) send(f *frame) error {
	update := struct {
		Parts map[string]string `json:"parts"`
		Chart *rawJSON          `json:"chart,omitempty"`
	}{Parts: map[string]string{}}
	for id, html := range f.Parts {
		if s.sent[id] != html {
			update.Parts[id], s.sent[id] = html, html
		}
	}
	if chart := string(f.Chart); s.sent["chart"] != chart {
		raw := rawJSON(f.Chart)
		update.Chart, s.sent["chart"] = &raw, chart
	}
	data, err := event.Marshal(update)
	if err != nil {
		return err
	}
	return s.write("update", data)
}

func (s *stream) write(name string, data []byte) error {
	// A page that does not read for this long is gone.
	if err := s.flush.SetWriteDeadline(time.Now().Add(20 * time.Second)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := fmt.Fprintf(s.w, "event: %s\ndata: %s\n\n", name, data); err != nil {
		return err
	}
	return s.flush.Flush()
}

// rawJSON is JSON that is written as it is.
type rawJSON []byte

// MarshalJSON returns the JSON itself.
func (r rawJSON) MarshalJSON() ([]byte, error) { return r, nil }

// welcome is the way in.
func (s *site) welcome(w http.ResponseWriter, r *http.Request) {
	if _, _, err := s.who(r); err == nil {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	s.show(w, r, http.StatusOK, welcome(s.page(r, "Masuk", "Sign in"), localPath(r.URL.Query().Get("next"))))
}

// login sends the browser to the issuer.
func (s *site) login(w http.ResponseWriter, r *http.Request) {
	a := newAttempt(r.URL.Query().Get("next"))
	to, err := s.signIn.start(a)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.setCookie(w, attemptCookie, a.cookie(), signInLasts)
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// callback is where the issuer sends the browser back to.
func (s *site) callback(w http.ResponseWriter, r *http.Request) {
	cookie, err := r.Cookie(s.cookieName(attemptCookie))
	if err != nil {
		s.fail(w, r, errSignIn)
		return
	}
	s.setCookie(w, attemptCookie, "", 0)
	a, err := parseAttempt(cookie.Value)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	token, err := s.signIn.finish(r.Context(), a, r.URL.Query())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if _, err := s.verifier.Authenticate(r.Context(), "Bearer "+token.AccessToken); err != nil {
		s.fail(w, r, err)
		return
	}
	secret, err := s.sessions.open(r.Context(), token.AccessToken, s.now(), token.Expiry)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.setCookie(w, sessionCookie, secret, min(sessionMax, token.Expiry.Sub(s.now())))
	http.Redirect(w, r, a.next, http.StatusSeeOther)
}

// logout forgets the session, here and in the browser.
func (s *site) logout(w http.ResponseWriter, r *http.Request) {
	if cookie, err := r.Cookie(s.cookieName(sessionCookie)); err == nil {
		if err := s.sessions.end(r.Context(), cookie.Value); err != nil {
			s.fail(w, r, err)
			return
		}
	}
	s.setCookie(w, sessionCookie, "", 0)
	http.Redirect(w, r, "/masuk", http.StatusSeeOther)
}

// language keeps the choice of language for a year.
func (s *site) language(w http.ResponseWriter, r *http.Request) {
	s.setCookie(w, langCookie, string(langOf(r.PostFormValue("to"))), 365*24*time.Hour)
	http.Redirect(w, r, localPath(r.PostFormValue("back")), http.StatusSeeOther)
}
