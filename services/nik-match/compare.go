package main

import (
	"slices"
	"sync"

	"github.com/google/uuid"

	"dtks/pkg/event"
	"dtks/services/nik-match/match"
)

// comparer compares registrants with each other. It is pure, and the same records give the same pairs on every machine.
type comparer struct {
	reader *match.Reader
	model  *match.Model

	// most is how many persons may stand under one key before it says nothing: above it the key brings nobody together.
	// That depends on who is there, not on who came first, so the pairs found do not depend on the order of arrival. It
	// bounds what one person can cost: keys of a person x most comparisons. When a key passes the limit, up or down, the
	// (at most this many and a batch) persons under it are compared anew.
	most int
}

// underMost is most of the service: a key of a good model brings together a handful.
const underMost = 100

// standardComparer is made once: the lists and the model are large.
var standardComparer = sync.OnceValue(func() *comparer {
	model := match.Standard()
	return &comparer{model.Reader(), model, underMost}
})

// read brings a person into the form in which they are compared. The address is not among a person's fields.
func (c *comparer) read(id uuid.UUID, p event.PersonIdentity, area string) match.Record {
	return c.reader.Read(id.String(), []string{p.NIK, p.KK, p.Name, p.BirthDate, p.Sex, p.BirthPlace, p.Mother, "", area})
}

// keys are those under which a record stands, each once, as the database holds them.
func (c *comparer) keys(r *match.Record) []int64 {
	found := c.model.Keys(r)
	out := make([]int64, len(found))
	for i, k := range found {
		out[i] = int64(k)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// pairs compares each of the batch with everybody who shares a key with them, and gives the pairs that look like one
// person.
func (c *comparer) pairs(batch []*due, under map[int64][]uuid.UUID, others map[uuid.UUID]*due) map[couple]*pair {
	seen := map[couple]bool{}
	out := map[couple]*pair{}
	for _, d := range batch {
		if d.Fields == nil {
			continue
		}
		for _, key := range d.now {
			for _, id := range under[key] {
				other := others[id]
				two := coupleOf(d.Person, id)
				if id == d.Person || seen[two] {
					continue
				}
				seen[two] = true
				if other == nil || other.Fields == nil {
					continue
				}
				if p := c.pair(d, other); p != nil {
					out[two] = p
				}
			}
		}
	}
	return out
}

// pair is what two persons are to each other; nil where they do not look like one.
func (c *comparer) pair(a, b *due) *pair {
	if coupleOf(a.Person, b.Person)[0] != a.Person {
		a, b = b, a
	}
	if c.model.Compare(&a.record, &b.record).Outcome == match.TidakPadan {
		return nil
	}
	why := c.model.Explain(&a.record, &b.record)
	evidence := event.DuplicateEvidence{Likelihood: why.Likelihood, Prior: why.Prior.Float(), Lines: make([]event.WeighedFinding, 0, len(why.Lines))}
	for _, line := range why.Lines {
		if line.Bits == 0 {
			continue // missing on one side: no evidence
		}
		evidence.Lines = append(evidence.Lines, event.WeighedFinding{Field: line.Field, Finding: line.Finding, Bits: line.Bits.Float()})
	}
	return &pair{First: a.residence, Second: b.residence, Outcome: event.Verdict(why.Outcome), Evidence: evidence, Model: c.model.Version}
}
