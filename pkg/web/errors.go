package web

import (
	"errors"
	"net/http"
	"regexp"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"

	"dtks/pkg/fault"
	"dtks/pkg/web/problem"
)

// replaceErrors makes huma answer with our problems. Its own model quotes the value that was refused, which may be a
// NIK, and for an unknown property the whole body.
var replaceErrors = sync.OnceFunc(func() {
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		return fromHuma(status, message, errs)
	}
	huma.NewErrorWithContext = func(c huma.Context, status int, message string, errs ...error) huma.StatusError {
		p := fromHuma(status, message, errs)
		_, w := humachi.Unwrap(c)
		p.RequestID = w.Header().Get(requestIDHeader)
		p.Log(c.Context())
		return p
	}
})

// ofStatus holds what huma itself may answer.
var ofStatus = map[int]struct {
	kind fault.Kind
	code string
	text fault.Text
}{
	http.StatusBadRequest: {fault.Invalid, "unreadable",
		fault.Text{ID: "Isi permintaan tidak dapat dibaca.", EN: "The request body cannot be read."}},
	http.StatusUnprocessableEntity: {fault.Invalid, "invalid",
		fault.Text{ID: "Ada isian yang tidak sesuai.", EN: "Some fields are not valid."}},
	http.StatusRequestEntityTooLarge: {fault.Invalid, "too_large",
		fault.Text{ID: "Isi permintaan terlalu besar.", EN: "The request body is too large."}},
	http.StatusUnsupportedMediaType: {fault.Invalid, "media_type_unsupported",
		fault.Text{ID: "Jenis isi ini tidak didukung; gunakan application/json.",
			EN: "This media type is not supported; use application/json."}},
	http.StatusNotAcceptable: {fault.Invalid, "not_acceptable",
		fault.Text{ID: "Jawaban hanya tersedia sebagai application/json.", EN: "Answers come as application/json only."}},
	http.StatusRequestTimeout: {fault.Invalid, "too_slow",
		fault.Text{ID: "Permintaan tidak selesai dikirim tepat waktu.", EN: "The request was not sent in time."}},
}

// fromHuma keeps of huma's error the status, the place and the rule; the words are ours, so that nothing quotes input.
func fromHuma(status int, message string, errs []error) *problem.Problem {
	for _, err := range errs {
		var f *fault.Error
		var p *problem.Problem
		if errors.As(err, &p) || errors.As(err, &f) {
			return problem.Of(err) // a resolver's own fault
		}
	}
	var large *http.MaxBytesError
	if strings.Contains(message, "cannot read request body") {
		status = http.StatusBadRequest
		if errors.As(errors.Join(errs...), &large) {
			status = http.StatusRequestEntityTooLarge
		}
	}
	if status == http.StatusNotModified {
		return &problem.Problem{Status: status}
	}
	known, ok := ofStatus[status]
	if !ok {
		if status >= http.StatusInternalServerError || status == 0 {
			p := *problem.Of(errors.Join(errs...))
			p.Status = max(status, http.StatusInternalServerError)
			return &p
		}
		known = ofStatus[http.StatusUnprocessableEntity]
	}
	var details []fault.Detail
	for _, err := range errs {
		if d, ok := err.(huma.ErrorDetailer); ok {
			details = append(details, detailOf(d.ErrorDetail()))
		}
	}
	return problem.New(status, known.kind, known.code, known.text, details...)
}

// detailOf names field and rule of one of huma's findings.
func detailOf(d *huma.ErrorDetail) fault.Detail {
	field := strings.TrimPrefix(strings.TrimPrefix(d.Location, "body"), ".")
	for _, r := range rules {
		rest, ok := strings.CutPrefix(d.Message, r.prefix)
		if !ok {
			continue
		}
		switch r.code {
		case "required":
			if name, _, ok := strings.Cut(rest, " to be present"); ok {
				field = strings.TrimPrefix(field+"."+name, ".")
			}
		case "unexpected_property": // its name is input
			field = field[:strings.LastIndex(field, ".")+1] + "?"
		}
		text := r.text
		if r.limit {
			text.ID, text.EN = text.ID+rest, text.EN+rest
		}
		return fault.Detail{Field: safePath(field), Code: r.code, Text: text}
	}
	return fault.Detail{Field: safePath(field), Code: "invalid",
		Text: fault.Text{ID: "Nilai tidak sesuai.", EN: "The value is not valid."}}
}

// token is a path token as our field names are: anything else is a map key that a caller chose.
var token = regexp.MustCompile(`^[a-z][a-z_]{0,30}[0-9]?(\[[0-9]{1,6}\])*$|^\[[0-9]{1,6}\]$|^\?$`)

// safePath hides what in a field path may be input.
func safePath(path string) string {
	if path == "" {
		return ""
	}
	tokens := strings.Split(path, ".")
	for i, t := range tokens {
		if !token.MatchString(t) {
			tokens[i] = "?"
		}
	}
	return strings.Join(tokens, ".")
}
