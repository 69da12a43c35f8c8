package main

import (
	"dtks/pkg/event"
	"dtks/pkg/outbox"
)

// announce queues the events of a change: the persons first, then the family that embeds them. A move leaves a last
// version on each old subject.
func (c *change) announce(w *announcer, cause event.Cause) {
	f := c.family
	for _, p := range f.Persons {
		changed, ok := c.persons[p]
		if !ok {
			continue
		}
		if c.left != "" && p.Version > 1 {
			w.add(moved(event.Person, c.left, p.ID, cause), p.Version-1)
		}
		data, seal := p.updated(f, changed)
		w.add(registrant(event.Person, f.Area, p.ID, data, seal, cause), p.Version)
	}
	if c.left != "" {
		w.add(moved(event.Family, c.left, f.ID, cause), f.Version-1)
	}
	data, seal := f.updated(c.fields)
	w.add(registrant(event.Family, f.Area, f.ID, data, seal, cause), f.Version)
}

func registrant(filter, area, id string, data event.RegistrantUpdated, seal map[event.Class]any, cause event.Cause) outbox.Draft {
	return outbox.Draft{Type: event.TypeRegistrantUpdated, Filter: filter, Area: event.AreaOf(area), ID: id, Data: data,
		Seal: seal, Cause: cause}
}

func moved(filter, area, id string, cause event.Cause) outbox.Draft {
	return registrant(filter, area, id, event.RegistrantUpdated{State: event.Moved}, nil, cause)
}
