package event

import (
	"fmt"
	"strings"
)

// Type names an event and its version: <service>.<noun>.<verb>.v<N>. Subject, schema and golden file carry the same name.
type Type string

// Service is the owner: the first token.
func (t Type) Service() string { return token(string(t), 0) }

// Noun is the kind of aggregate: the second token.
func (t Type) Noun() string { return token(string(t), 1) }

// Stream is the JetStream stream that holds this type: the owner in capitals, "-" as "_".
func (t Type) Stream() string { return StreamOf(t.Service()) }

// StreamOf names the stream of a service.
func StreamOf(service string) string {
	return strings.ToUpper(strings.ReplaceAll(service, "-", "_"))
}

func token(s string, n int) string {
	for range n {
		_, rest, ok := strings.Cut(s, ".")
		if !ok {
			return ""
		}
		s = rest
	}
	head, _, _ := strings.Cut(s, ".")
	return head
}

// Area is the part of an administrative area that subjects carry: province and regency by Kemendagri code.
// National is 00.00, a province as a whole 32.00.
type Area struct{ Province, Regency string }

// National is the area of what concerns all of Indonesia.
var National = Area{"00", "00"}

// AreaOf takes the first two levels of a Kemendagri code such as 32.04.10.2001. Missing levels are 00.
func AreaOf(code string) Area {
	a := National
	if len(code) >= 2 {
		a.Province = code[:2]
	}
	if len(code) >= 5 {
		a.Regency = code[3:5]
	}
	return a
}

func (a Area) String() string { return a.Province + "." + a.Regency }

// Contains reports whether b lies in a, a being national, a province or a regency.
func (a Area) Contains(b Area) bool {
	if a == National {
		return true
	}
	return a.Province == b.Province && (a.Regency == "00" || a.Regency == b.Regency)
}

// Subject addresses one event: type, filter, area, aggregate id; always eight tokens on the wire.
type Subject struct {
	Type   Type
	Filter string // one routing token; "all" where there is none
	Area   Area
	ID     string // aggregate id
}

// All is the filter of types that have none.
const All = "all"

// String spells the NATS subject.
func (s Subject) String() string {
	return string(s.Type) + "." + s.Filter + "." + s.Area.Province + "." + s.Area.Regency + "." + s.ID
}

// Key names the aggregate: (service, noun, filter, id), without area and without version of the type, so that it
// stays the same when a registrant moves and when a type gets a successor.
func (s Subject) Key() string {
	return s.Type.Service() + "." + s.Type.Noun() + "." + s.Filter + "." + s.ID
}

// ParseSubject reads the eight tokens; anything else is an error that does not repeat the input.
func ParseSubject(subject string) (Subject, error) {
	if strings.Count(subject, ".") != 7 {
		return Subject{}, fmt.Errorf("subject has %d tokens, want 8", strings.Count(subject, ".")+1)
	}
	at := 0
	var cut [8]int
	for i := range 8 {
		end := strings.IndexByte(subject[at:], '.')
		if end < 0 {
			end = len(subject) - at
		}
		if end == 0 {
			return Subject{}, fmt.Errorf("subject token %d is empty", i+1)
		}
		cut[i] = at
		at += end + 1
	}
	return Subject{
		Type:   Type(subject[:cut[4]-1]),
		Filter: subject[cut[4] : cut[5]-1],
		Area:   Area{subject[cut[5] : cut[6]-1], subject[cut[6] : cut[7]-1]},
		ID:     subject[cut[7]:],
	}, nil
}
