// Package fault gives every error that crosses a boundary a kind, a reason code and a text in two languages.
//
// The kind alone decides both edges: package web turns it into an HTTP status, package bus into what
// happens to a message. An error without a kind is internal: it is logged and its text never leaves the process.
package fault

import (
	"errors"
	"strings"
	"time"
)

// Kind classifies a failure. Kinds cross the wire: new ones may be added, none renamed.
type Kind string

// The ten kinds (docs/architecture.md, section 4).
const (
	Internal        Kind = "internal"        // a defect or an unexpected state; retried
	Invalid         Kind = "invalid"         // the input can never be accepted as it is
	Unauthenticated Kind = "unauthenticated" // no identity, or one that does not hold
	Forbidden       Kind = "forbidden"       // known identity, missing right
	NotFound        Kind = "not_found"       // no such thing, or none that the caller may know of
	Conflict        Kind = "conflict"        // the state has moved on, or the key is taken
	Precondition    Kind = "precondition"    // a stated condition (If-Match) does not hold
	Limited         Kind = "limited"         // quota or rate used up; retry after a while
	Unavailable     Kind = "unavailable"     // a part that is needed is down; retry
	NotYet          Kind = "not_yet"         // something this depends on has not arrived yet; retry, then park
)

// Retryable reports whether the same input may succeed later without anybody changing it.
func (k Kind) Retryable() bool {
	return k == Internal || k == Unavailable || k == Limited || k == NotYet
}

// Text is one message in Indonesian and English. It never holds personal data.
type Text struct {
	ID string `json:"id"`
	EN string `json:"en"`
}

// Detail is one finding about one field of the input.
type Detail struct {
	Field string `json:"field"`         // path in the input, such as members[2].nik
	Code  string `json:"code"`          // reason code, stable, snake_case
	Text  Text   `json:"message"`       // for people
	Warn  bool   `json:"warn,omitzero"` // stored all the same: the finding opens repair instead of refusing
}

// Error is a failure with a kind. Its texts may be shown to the caller, its cause is only logged.
type Error struct {
	Kind       Kind
	Code       string // reason code, stable, snake_case
	Text       Text
	Details    []Detail
	RetryAfter time.Duration // for Limited and Unavailable; zero = unknown
	Cause      error         // never sent to a caller
}

// New makes an error of kind with a reason code and its message in Indonesian and English.
func New(kind Kind, code, id, en string) *Error {
	return &Error{Kind: kind, Code: code, Text: Text{ID: id, EN: en}}
}

// With returns a copy of e that also carries details.
func (e *Error) With(details ...Detail) *Error {
	c := *e
	c.Details = append(append([]Detail(nil), e.Details...), details...)
	return &c
}

// Because returns a copy of e whose logged cause is err.
func (e *Error) Because(err error) *Error {
	c := *e
	c.Cause = err
	return &c
}

// Error is for logs: kind, code and cause, without details.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(string(e.Kind))
	b.WriteString(": ")
	b.WriteString(e.Code)
	if e.Cause != nil {
		b.WriteString(": ")
		b.WriteString(e.Cause.Error())
	}
	return b.String()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// KindOf returns the kind of the first fault in err's chain, Internal where there is none.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}
