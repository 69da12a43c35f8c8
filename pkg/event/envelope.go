// Package event is the contract between the services: every subject and payload is spelt here and nowhere else.
//
// An event is a CloudEvents 1.0 envelope in JSON whose data carries the whole state of one aggregate: an open part
// (ids, area, status, codes) and, where the type has personal fields, a sealed part with one ciphertext per field
// class (package seal). The newest event of an aggregate is enough to know it.
//
// Inside a version only optional fields may be added; anything else is a new version beside the old one. One golden
// file per version in testdata proves it.
package event

import (
	"encoding/json"
	"time"
)

// Envelope is what travels on the bus: CloudEvents 1.0 attributes and the extensions version, cause and traceparent.
type Envelope struct {
	SpecVersion     string          `json:"specversion"`           // always "1.0"
	ID              string          `json:"id"`                    // UUIDv7; also Nats-Msg-Id
	Source          string          `json:"source"`                // /services/<owner>
	Type            Type            `json:"type"`                  // first four tokens of the subject
	Subject         string          `json:"subject"`               // aggregate id
	Time            time.Time       `json:"time"`                  // when it was recorded, UTC
	DataContentType string          `json:"datacontenttype"`       // always application/json
	DataSchema      string          `json:"dataschema"`            // urn of the JSON Schema of data
	Version         int64           `json:"version"`               // of the aggregate, 1..n without gap
	Cause           string          `json:"cause,omitempty"`       // id of the event that led here
	TraceParent     string          `json:"traceparent,omitempty"` // W3C trace context
	Data            json.RawMessage `json:"data"`
}

// SourceOf spells the source attribute of a service.
func SourceOf(service string) string { return "/services/" + service }

// SchemaOf spells the dataschema attribute of a type.
func SchemaOf(t Type) string { return "urn:dtks:schema:" + string(t) }

// Class is a class of personal fields. Each class is sealed on its own and granted on its own.
type Class string

// Field classes. docs/events.md gives each field its class and readers.
const (
	Identity  Class = "identity"  // NIK, KK, names, birth date, birthplace, mother, address
	Survey    Class = "survey"    // survey answers, relations, sex and birth date as a decision needs them
	Sensitive Class = "sensitive" // health, disability, pregnancy, PPKS, children's cases
)

// Box is one ciphertext: AES-256-GCM under the key of its class and day, nonce first.
type Box struct {
	Day    string `json:"day"` // which day's key, 2026-01-31
	Cipher []byte `json:"ct"`  // base64 in JSON
}

// Sealed holds the boxes of an event by class. A reader opens those it has been granted.
type Sealed map[Class]Box
