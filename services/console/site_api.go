package main

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/jackc/pgx/v5/pgxpool"

	"dtks/pkg/auth"
	"dtks/pkg/fault"
	"dtks/pkg/web"
	"dtks/pkg/web/problem"
)

//go:embed all:static
var static embed.FS

// Cookies. Over https they carry the prefix that binds them to this host.
const (
	sessionCookie = "dtks_session"
	attemptCookie = "dtks_signin"
	langCookie    = "dtks_lang"
)

// site serves the pages.
type site struct {
	secure   bool // served over https
	sessions *sessions
	signIn   *signIn
	verifier *auth.Verifier
	hub      *hub
	watcher  *watcher
	notify   *notifyClient
	now      func() time.Time
	stopping <-chan struct{}
}

func newSite(ctx context.Context, cfg config, db *pgxpool.Pool) *site {
	w := newWatcher(cfg.endpoints())
	d := newDecileSource(cfg.Eligibility)
	return &site{
		secure:   strings.HasPrefix(cfg.PublicURL, "https://"),
		sessions: &sessions{db},
		signIn:   newSignIn(ctx, cfg.OIDCIssuer, cfg.OIDCClientID, cfg.PublicURL),
		verifier: auth.NewVerifier(ctx, cfg.OIDCIssuer, cfg.OIDCAudience), // the session's token is one that every service takes
		hub:      newHub(&store{db}, w, d),
		watcher:  w,
		notify:   newNotifyClient(cfg.Notify),
		now:      time.Now,
	}
}

// routes adds the pages to the server, all with the same headers.
func (s *site) routes(server *web.Server) {
	s.stopping = server.Stopping()
	files, err := fs.Sub(static, "static")
	if err != nil {
		panic(err) // the folder is compiled in
	}
	pages := http.NewServeMux()
	pages.HandleFunc("GET /{$}", s.signedIn(s.home))
	pages.HandleFunc("GET /live", s.signedIn(s.live))
	pages.HandleFunc("GET /menunggu", s.signedIn(s.inbox))
	pages.HandleFunc("GET /masuk", s.welcome)
	pages.HandleFunc("GET /auth/login", s.login)
	pages.HandleFunc("GET /auth/callback", s.callback)
	pages.HandleFunc("POST /auth/logout", s.logout)
	pages.HandleFunc("POST /bahasa", s.language)
	pages.Handle("GET /static/", http.StripPrefix("/static/", cached(http.FileServerFS(files))))
	guarded := headers(http.NewCrossOriginProtection().Handler(pages))
	for _, path := range []string{"/", "/live", "/menunggu", "/masuk", "/auth/*", "/bahasa", "/static/*"} {
		server.Router.Handle(path, guarded)
	}
}

// headers keep pages to themselves: nothing from elsewhere, nothing inline, no frames.
func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "+
			"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// cached lets browsers keep files for good: their addresses change with their content.
func cached(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("v") != "" {
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		}
		next.ServeHTTP(w, r)
	})
}

// digests are the short digests of the static files, made once.
var digests = digestFiles()

func digestFiles() map[string]string {
	out := map[string]string{}
	entries, _ := fs.ReadDir(static, "static") // compiled in
	for _, e := range entries {
		content, _ := fs.ReadFile(static, "static/"+e.Name())
		digest := sha256.Sum256(content)
		out[e.Name()] = hex.EncodeToString(digest[:6])
	}
	return out
}

// asset is the address of a static file.
func asset(name string) string { return "/static/" + name + "?v=" + digests[name] }

// signedIn lets only somebody with a session through; others are shown the way in. The token goes along, for the APIs
// that a page reads with the right of its reader.
func (s *site) signedIn(next func(w http.ResponseWriter, r *http.Request, token string)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		token, who, err := s.who(r)
		switch {
		case err == nil:
			next(w, r.WithContext(auth.With(r.Context(), who)), token)
		case errors.Is(err, errNoSession) && wantsPage(r):
			http.Redirect(w, r, "/masuk?next="+url.QueryEscape(r.URL.Path), http.StatusSeeOther)
		case errors.Is(err, errNoSession):
			problem.Write(w, r, fault.New(fault.Unauthenticated, "no_session", "Sesi sudah berakhir.", "The session has ended."))
		default:
			s.fail(w, r, err)
		}
	}
}

// who reads the session's token and checks it again, as every service would.
func (s *site) who(r *http.Request) (string, auth.Principal, error) {
	cookie, err := r.Cookie(s.cookieName(sessionCookie))
	if err != nil {
		return "", auth.Principal{}, errNoSession
	}
	token, err := s.sessions.token(r.Context(), cookie.Value, s.now())
	if err != nil {
		return "", auth.Principal{}, err
	}
	who, err := s.verifier.Authenticate(r.Context(), "Bearer "+token)
	if fault.KindOf(err) == fault.Unauthenticated {
		return "", auth.Principal{}, errNoSession
	}
	return token, who, err
}

func wantsPage(r *http.Request) bool { return strings.Contains(r.Header.Get("Accept"), "text/html") }

func (s *site) cookieName(name string) string {
	if s.secure {
		return "__Host-" + name
	}
	return name
}

// setCookie writes a cookie that scripts cannot read; maxAge 0 takes it away.
func (s *site) setCookie(w http.ResponseWriter, name, value string, maxAge time.Duration) {
	age := int(maxAge.Seconds())
	if age <= 0 {
		age = -1
	}
	http.SetCookie(w, &http.Cookie{
		Name: s.cookieName(name), Value: value, Path: "/", MaxAge: age,
		HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode,
	})
}

// page starts what every page knows.
func (s *site) page(r *http.Request, id, en string) page {
	l := indonesian
	if c, err := r.Cookie(s.cookieName(langCookie)); err == nil {
		l = langOf(c.Value)
	}
	who, _ := auth.From(r.Context())
	return page{L: l, Person: who, Path: r.URL.Path, Title: l.text(id, en)}
}

// show writes a page.
func (s *site) show(w http.ResponseWriter, r *http.Request, status int, c templ.Component) {
	templ.Handler(c, templ.WithStatus(status)).ServeHTTP(w, r)
}

// fail says what went wrong, on a page where a person reads it.
func (s *site) fail(w http.ResponseWriter, r *http.Request, err error) {
	if !wantsPage(r) {
		problem.Write(w, r, err)
		return
	}
	p := problem.Of(err)
	s.show(w, r, p.Status, trouble(s.page(r, "Tidak berhasil", "It did not work"), p))
}
