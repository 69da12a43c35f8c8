package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"dtks/pkg/event"
	"dtks/pkg/fault"
)

// Channels a rule may name.
const (
	inApp   = "inapp"   // a row here: written is delivered
	email   = "email"   // to the mailbox of a role in a regency
	webhook = "webhook" // to every subscription that asks for the event
)

// rule says which event concerns whom. Rules are data (rules.json); a deployment may bring its own file.
type rule struct {
	ID       string              `json:"id"`
	Event    event.Type          `json:"event"`
	When     map[string][]string `json:"when,omitempty"` // field of the occurrence -> accepted values; all must hold
	Roles    []string            `json:"roles,omitempty"`
	Channels []string            `json:"channels"`
	Title    fault.Text          `json:"title,omitzero"`
	Text     fault.Text          `json:"text,omitzero"`
	Link     string              `json:"link,omitempty"` // path on the console
}

// occurrence is an event as rules see it. Fields hold ids, codes, counts and area names only: texts are made from
// nothing else, so no text can name a person.
type occurrence struct {
	EventID string
	Type    event.Type
	Version int64
	ID      string // aggregate
	Filter  string
	Area    string // as deep as the event knows; 00 = national
	Fields  map[string]string
	Open    any // open part, for webhooks
}

// about names the aggregate across its events. A pair of duplicates has one on each side.
func (o occurrence) about() string {
	if o.Type == event.TypeDuplicateFound {
		return o.Type.Noun() + "." + o.Filter + "." + o.ID
	}
	return o.Type.Noun() + "." + o.ID
}

// fieldsOf lists what each event type offers to conditions and texts, besides id, filter, area, area_name and regency_name.
var fieldsOf = map[event.Type][]string{
	event.TypeProposalUpdated:    {"status", "kind", "reason_code", "family_id"},
	event.TypeRegistrantUpdated:  {"state", "reason_code", "family_id"},
	event.TypeCaseUpdated:        {"status", "kind", "reason_code", "family_id", "proposal_id"},
	event.TypeMatchDecided:       {"verdict", "family_id"},
	event.TypeDuplicateFound:     {"state", "outcome", "person_id", "family_id"},
	event.TypeEntitlementChanged: {"outcome", "programme", "release"},
	event.TypeRankReleased:       {"complete", "families", "changed", "model"},
}

var commonFields = []string{"id", "filter", "area", "area_name", "regency_name"}

var placeholder = regexp.MustCompile(`\{([a-z_]*)\}`)

// parseRules reads a rule file and refuses what could not work, all findings at once.
func parseRules(data []byte) ([]rule, error) {
	var rules []rule
	if err := json.Unmarshal(data, &rules); err != nil {
		return nil, fmt.Errorf("reading the notification rules: %w", err)
	}
	var found []error
	seen := map[string]bool{}
	for i, r := range rules {
		for _, problem := range r.problems() {
			found = append(found, fmt.Errorf("rule %d (%s): %s", i+1, r.ID, problem))
		}
		if seen[r.ID] {
			found = append(found, fmt.Errorf("rule %d (%s): the id is used twice", i+1, r.ID))
		}
		seen[r.ID] = true
	}
	return rules, errors.Join(found...)
}

func (r rule) problems() []string {
	var out []string
	known, ok := fieldsOf[r.Event]
	if r.ID == "" || !ok {
		return []string{"needs an id and an event type that is consumed here"}
	}
	known = append(slices.Clone(known), commonFields...)
	for field := range r.When {
		if !slices.Contains(known, field) {
			out = append(out, "condition on the unknown field "+field)
		}
	}
	for _, text := range []string{r.Title.ID, r.Title.EN, r.Text.ID, r.Text.EN, r.Link} {
		for _, m := range placeholder.FindAllStringSubmatch(text, -1) {
			if !slices.Contains(known, m[1]) {
				out = append(out, "text with the unknown field "+m[1])
			}
		}
	}
	if len(r.Channels) == 0 {
		out = append(out, "names no channel")
	}
	for _, c := range r.Channels {
		switch {
		case c != inApp && c != email && c != webhook:
			out = append(out, "unknown channel "+c)
		case c != webhook && (len(r.Roles) == 0 || r.Title.ID == "" || r.Title.EN == "" || r.Text.ID == "" || r.Text.EN == ""):
			out = append(out, "channel "+c+" needs roles, title and text in both languages")
		}
	}
	return out
}

// matches reports whether the rule speaks of o.
func (r rule) matches(o occurrence) bool {
	if r.Event != o.Type {
		return false
	}
	for field, accepted := range r.When {
		if !slices.Contains(accepted, o.Fields[field]) {
			return false
		}
	}
	return true
}

// fill puts fields into a text. An unset field becomes "-".
func fill(text string, fields map[string]string) string {
	if !strings.Contains(text, "{") {
		return text
	}
	return placeholder.ReplaceAllStringFunc(text, func(p string) string {
		if v := fields[p[1:len(p)-1]]; v != "" {
			return v
		}
		return "-"
	})
}

// words is what a person reads.
type words struct {
	Title fault.Text
	Text  fault.Text
	Link  string
}

// say renders the rule for an occurrence's fields.
func (r rule) say(fields map[string]string) words {
	return words{
		Title: fault.Text{ID: fill(r.Title.ID, fields), EN: fill(r.Title.EN, fields)},
		Text:  fault.Text{ID: fill(r.Text.ID, fields), EN: fill(r.Text.EN, fields)},
		Link:  fill(r.Link, fields),
	}
}
