// Package problem is the one form in which an error leaves over HTTP: RFC 9457 problem details, in two languages, with
// field paths and reason codes, and never with a value that somebody sent.
package problem

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"

	"dtks/pkg/fault"
)

// ContentType of every error answer.
const ContentType = "application/problem+json"

// Problem is the body of an error answer, and of a refused item in a batch answer.
type Problem struct {
	Type       string         `json:"type" doc:"urn:dtks:problem: and the reason code"`
	Title      string         `json:"title" doc:"What went wrong, in English"`
	Detail     string         `json:"detail" doc:"What went wrong, in Indonesian"`
	Status     int            `json:"status"`
	Code       string         `json:"code" doc:"Reason code, stable"`
	Kind       fault.Kind     `json:"kind"`
	Message    fault.Text     `json:"message"`
	Errors     []fault.Detail `json:"errors,omitempty" doc:"One finding per field"`
	RetryAfter int            `json:"retry_after,omitempty" doc:"Seconds, where waiting helps"`
	RequestID  string         `json:"request_id,omitempty"`

	cause error // for the log only
}

// statusOf gives each kind its HTTP status.
var statusOf = map[fault.Kind]int{
	fault.Internal:        http.StatusInternalServerError,
	fault.Invalid:         http.StatusUnprocessableEntity,
	fault.Unauthenticated: http.StatusUnauthorized,
	fault.Forbidden:       http.StatusForbidden,
	fault.NotFound:        http.StatusNotFound,
	fault.Conflict:        http.StatusConflict,
	fault.Precondition:    http.StatusPreconditionFailed,
	fault.Limited:         http.StatusTooManyRequests,
	fault.Unavailable:     http.StatusServiceUnavailable,
	fault.NotYet:          http.StatusConflict,
}

var internal = fault.New(fault.Internal, "internal",
	"Terjadi kesalahan di server. Kejadian ini sudah dicatat.",
	"Something went wrong on the server. It has been recorded.")

var late = fault.New(fault.Unavailable, "deadline",
	"Permintaan tidak selesai tepat waktu. Coba lagi.",
	"The request was not done in time. Try again.")

// Of turns any error into a problem. What has no kind becomes internal, and its text stays inside.
func Of(err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	var f *fault.Error
	switch {
	case errors.As(err, &f):
	case errors.Is(err, context.DeadlineExceeded):
		f = late.Because(err)
	default:
		f = internal.Because(err)
	}
	status, ok := statusOf[f.Kind]
	if !ok {
		status = http.StatusInternalServerError
	}
	text := f.Text
	if f.Kind == fault.Internal {
		text = internal.Text
	}
	out := New(status, f.Kind, f.Code, text, f.Details...)
	out.RetryAfter = int(math.Ceil(f.RetryAfter.Seconds()))
	out.cause = err
	return out
}

// New makes a problem with a status of its own, for what only HTTP knows: 404 of a path, 405, 413, 415.
func New(status int, kind fault.Kind, code string, text fault.Text, details ...fault.Detail) *Problem {
	return &Problem{
		Type: "urn:dtks:problem:" + code, Title: text.EN, Detail: text.ID, Status: status,
		Code: code, Kind: kind, Message: text, Errors: details,
	}
}

// Error is for logs: status, code and cause.
func (p *Problem) Error() string {
	s := strconv.Itoa(p.Status) + " " + p.Code
	if p.cause != nil {
		s += ": " + p.cause.Error()
	}
	return s
}

// Unwrap gives the cause.
func (p *Problem) Unwrap() error { return p.cause }

// GetStatus tells huma the status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType tells huma the media type.
func (*Problem) ContentType(string) string { return ContentType }

// GetHeaders are the headers that go with the problem.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	if p.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(p.RetryAfter))
	}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Bearer")
	}
	return h
}

// Write answers a request with err, outside of huma, and logs what is the server's own failure.
func Write(w http.ResponseWriter, r *http.Request, err error) {
	p := *Of(err)
	p.RequestID = w.Header().Get("X-Request-Id")
	p.Log(r.Context())
	for name, values := range p.GetHeaders() {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", ContentType)
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the caller may be gone; there is nobody left to tell
}

// Log records a failure of the server's own (5xx); the caller's mistakes are not logged, only counted.
func (p *Problem) Log(ctx context.Context) {
	if p.Status < http.StatusInternalServerError || errors.Is(ctx.Err(), context.Canceled) {
		return // the caller's mistake, or the caller is gone
	}
	slog.ErrorContext(ctx, "request failed",
		"status", p.Status, "code", p.Code, "request_id", p.RequestID, "error", p.cause)
}
