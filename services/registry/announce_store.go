package main

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"dtks/pkg/event"
	"dtks/pkg/outbox"
)

// announcer gathers events and the versions that the registry's own rows say they must get.
type announcer struct {
	drafts []outbox.Draft
	want   []int64
}

func (w *announcer) add(d outbox.Draft, version int64) {
	w.drafts, w.want = append(w.drafts, d), append(w.want, version)
}

func (w *announcer) proposal(p *proposal, warnings []string, cause event.Cause) {
	w.add(outbox.Draft{Type: event.TypeProposalUpdated, Area: event.AreaOf(p.Content.Area), ID: p.ID,
		Data: p.updated(warnings), Seal: p.sealed(), Cause: cause}, p.Version)
}

// publish writes the events. Rows and events are raised under the same locks; should they ever disagree, nothing of
// this transaction may stand.
func (w *announcer) publish(ctx context.Context, tx pgx.Tx, out *outbox.Outbox) error {
	recorded, err := out.Add(ctx, tx, w.drafts...)
	if err != nil {
		return err
	}
	for i, r := range recorded {
		if r.Version != w.want[i] {
			return fmt.Errorf("%s of %s got version %d, its row says %d", w.drafts[i].Type, w.drafts[i].ID, r.Version, w.want[i])
		}
	}
	return nil
}

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
