// Package check proves the invariants of docs/architecture.md on a running system, from outside: it reads the streams
// and what each service says of its own database, and names every contradiction.
package check

import (
	"fmt"
	"slices"

	"dtks/pkg/bus"
	"dtks/pkg/event"
)

// Violation is one broken promise. Its text holds ids, never personal data.
type Violation struct {
	Invariant string `json:"invariant"` // I1 .. I9
	Where     string `json:"where"`     // service or stream
	Text      string `json:"text"`
}

func (v Violation) String() string { return fmt.Sprintf("%s  %-12s  %s", v.Invariant, v.Where, v.Text) }

// Logged is one event as a stream holds it.
type Logged struct {
	ID      string
	Type    event.Type
	Filter  string
	Key     string
	Version int64
	Seq     uint64
}

// Facts is what one service says of its database (package audit prints it).
type Facts struct {
	Events     map[string]Archived // by event id
	Applied    map[string]Applied  // by aggregate key
	Buried     map[string]int64    // aggregate key -> newest version parked or dead
	Violations []Violation         // found by the service itself
}

// Archived is one row of a service's event table.
type Archived struct {
	Key       string
	Version   int64
	Published bool // according to the relay's mark
}

// Applied is one row of a consumer's gate.
type Applied struct {
	Version int64
	Effects int64
}

// System is what Compare looks at. On a running system the three parts are taken in this order: marks, then (once every
// consumer has passed them) the services' facts, then the streams. What a stream has up to its mark must be in the
// facts; what the facts have must be in the stream.
type System struct {
	Marks    map[string]uint64 // by owner: the last sequence that must have had its effect
	Services map[string]Facts
	Streams  map[string][]Logged // by owner, in stream order, read after the facts
}

// Compare checks I2-I5 and I9 of all services against all streams.
func Compare(s System) []Violation {
	var out []Violation
	for _, owner := range bus.Owners {
		out = append(out, compareOwner(owner, s.Marks[owner], s.Streams[owner], s.Services[owner])...)
	}
	for _, name := range bus.Services() {
		facts, ok := s.Services[name]
		if !ok {
			continue
		}
		out = append(out, facts.Violations...)
		out = append(out, compareConsumer(name, s, facts)...)
	}
	return out
}

// compareOwner checks that stream and event table are the same (I3) and versions are 1..n (I2).
func compareOwner(owner string, mark uint64, log []Logged, facts Facts) []Violation {
	var out []Violation
	where := event.StreamOf(owner)
	seen := make(map[string]bool, len(log))
	newest := map[string]int64{}
	for _, l := range log {
		if seen[l.ID] {
			out = append(out, Violation{"I3", where, fmt.Sprintf("event %s is stored twice (again at %d)", l.ID, l.Seq)})
			continue
		}
		seen[l.ID] = true
		row, ok := facts.Events[l.ID]
		switch {
		case !ok && l.Seq > mark: // younger than the facts
		case !ok:
			out = append(out, Violation{"I3", where, fmt.Sprintf("event %s (%s v%d) is in the stream but not in the table", l.ID, l.Key, l.Version)})
		case row.Key != l.Key || row.Version != l.Version:
			out = append(out, Violation{"I3", where, fmt.Sprintf("event %s differs: stream %s v%d, table %s v%d", l.ID, l.Key, l.Version, row.Key, row.Version)})
		}
		if l.Version != newest[l.Key]+1 {
			out = append(out, Violation{"I2", where, fmt.Sprintf("%s: version %d follows %d", l.Key, l.Version, newest[l.Key])})
		}
		newest[l.Key] = max(newest[l.Key], l.Version)
	}
	for id, row := range facts.Events {
		if row.Published && !seen[id] {
			out = append(out, Violation{"I3", where, fmt.Sprintf("event %s (%s v%d) is marked published but not in the stream", id, row.Key, row.Version)})
		}
	}
	return out
}

// compareConsumer checks that every event had its effect once (I4), that nothing is behind or ahead of the stream (I5)
// and that nothing was dropped unseen (I9).
func compareConsumer(name string, s System, facts Facts) []Violation {
	var out []Violation
	type known struct {
		versions []int64
		due      int64 // newest version up to the mark
	}
	keys := map[string]*known{}
	for owner, log := range s.Streams {
		for _, l := range log {
			if !bus.Reads(name, event.Subject{Type: l.Type, Filter: l.Filter}) {
				continue
			}
			k := keys[l.Key]
			if k == nil {
				k = &known{}
				keys[l.Key] = k
			}
			k.versions = append(k.versions, l.Version)
			if l.Seq <= s.Marks[owner] {
				k.due = max(k.due, l.Version)
			}
		}
	}
	for key, k := range keys {
		slices.Sort(k.versions)
		k.versions = slices.Compact(k.versions)
		newest := k.versions[len(k.versions)-1]
		row, ok := facts.Applied[key]
		switch done := max(row.Version, facts.Buried[key]); {
		case done < k.due && !ok:
			out = append(out, Violation{"I9", name, fmt.Sprintf("%s v%d was consumed but neither applied nor parked nor dead-lettered", key, k.due)})
		case done < k.due:
			out = append(out, Violation{"I5", name, fmt.Sprintf("%s stands at v%d, the stream at v%d: stale", key, row.Version, k.due)})
		case row.Version > newest:
			out = append(out, Violation{"I5", name, fmt.Sprintf("%s stands at v%d, the stream only at v%d", key, row.Version, newest)})
		}
		if int(row.Effects) > len(k.versions) {
			out = append(out, Violation{"I4", name, fmt.Sprintf("%s took effect %d times for %d versions", key, row.Effects, len(k.versions))})
		}
	}
	for key := range facts.Applied {
		if keys[key] == nil {
			out = append(out, Violation{"I5", name, fmt.Sprintf("%s was applied but no stream has it", key)})
		}
	}
	return out
}
