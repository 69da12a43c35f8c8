package mail

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/http"
	"net/mail"
	"strconv"
	"strings"
)

//go:embed page.html
var pageSource string

var pages = template.Must(template.New("mail").Parse(pageSource))

// shown is how many messages the page and the list give unless asked for another number.
const shown = 100

// Handler serves the page, the list as JSON (/messages?to=…&limit=…) and each message as it came (/messages/{id}).
func Handler(box *Box) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		list, total := box.List(r.FormValue("to"), shown)
		render(w, "list", map[string]any{"List": list, "Total": total})
	})
	mux.HandleFunc("GET /mail/{id}", func(w http.ResponseWriter, r *http.Request) {
		raw, err := box.Read(r.PathValue("id"))
		if err != nil {
			http.NotFound(w, r)
			return
		}
		render(w, "one", map[string]any{"Mail": index(r.PathValue("id"), string(raw)), "Text": body(raw)})
	})
	mux.HandleFunc("GET /messages", func(w http.ResponseWriter, r *http.Request) {
		limit, err := strconv.Atoi(r.FormValue("limit"))
		if err != nil || limit < 1 {
			limit = shown
		}
		list, total := box.List(r.FormValue("to"), limit)
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"total": total, "messages": list})
	})
	mux.HandleFunc("GET /messages/{id}", func(w http.ResponseWriter, r *http.Request) {
		raw, err := box.Read(r.PathValue("id"))
		if err != nil {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		_, _ = w.Write(raw)
	})
	healthy := func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") }
	mux.HandleFunc("GET /healthz", healthy)
	mux.HandleFunc("GET /readyz", healthy)
	return mux
}

func render(w http.ResponseWriter, name string, data any) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'none'")
	_ = pages.ExecuteTemplate(w, name, data) // a failed write: the browser has gone
}

// body gives the text of a message: the first text part, decoded; of anything else the source.
func body(raw []byte) string {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return string(raw)
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err == nil && strings.HasPrefix(kind, "multipart/") {
		parts := multipart.NewReader(m.Body, params["boundary"])
		for {
			part, err := parts.NextRawPart()
			if err != nil {
				return string(raw)
			}
			if strings.HasPrefix(part.Header.Get("Content-Type"), "text/plain") {
				return decoded(part, part.Header.Get("Content-Transfer-Encoding"))
			}
		}
	}
	return decoded(m.Body, m.Header.Get("Content-Transfer-Encoding"))
}

func decoded(r io.Reader, encoding string) string {
	switch strings.ToLower(encoding) {
	case "quoted-printable":
		r = quotedprintable.NewReader(r)
	case "base64":
		r = base64.NewDecoder(base64.StdEncoding, r)
	}
	b, _ := io.ReadAll(r) // what could be read is shown
	return string(b)
}
