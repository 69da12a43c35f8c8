package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"dtks/pkg/fault"
)

// Change is one difference between two rule sets.
type Change struct {
	Where  string // as in amount, clause decile_within_4: expression, or component sd
	Before string // "" = not there
	After  string
}

// String writes the change as a person reads it.
func (c Change) String() string {
	switch {
	case c.Before == "":
		return "+ " + c.Where + ": " + c.After
	case c.After == "":
		return "- " + c.Where + ": " + c.Before
	}
	return "~ " + c.Where + ": " + c.Before + " -> " + c.After
}

// Diff lists what b changes of a: the set itself, then its clauses (told by what they say when they hold), then its
// components, each in the order of a and then of b. Test cases are left out.
func Diff(a, b *Set) []Change {
	d := differences{}
	d.fields("", a.fields(), b.fields())
	diffParts(&d, "clause ", a.Clauses, b.Clauses, func(c *Clause) (string, []field) { return c.Holds.Code, c.fields() })
	diffParts(&d, "component ", a.Components, b.Components, func(c *Component) (string, []field) { return c.Code, c.fields() })
	if !slices.Equal(codesOf(a.Clauses, b.Clauses), codesOf(b.Clauses, a.Clauses)) {
		d.add("order of clauses", strings.Join(codesOf(a.Clauses, b.Clauses), " "), strings.Join(codesOf(b.Clauses, a.Clauses), " "))
	}
	return d.found
}

type differences struct{ found []Change }

func (d *differences) add(where, before, after string) {
	if before != after {
		d.found = append(d.found, Change{where, before, after})
	}
}

// field is one line of what is compared; its value is never empty where it counts.
type field struct{ name, value string }

func (d *differences) fields(prefix string, a, b []field) {
	for i := range a {
		d.add(prefix+a[i].name, a[i].value, b[i].value)
	}
}

// diffParts compares parts that are told apart by a code. The first field of a part says what is added or removed.
func diffParts[T any](d *differences, what string, a, b []T, of func(*T) (string, []field)) {
	find := func(in []T, code string) []field {
		for i := range in {
			if c, fields := of(&in[i]); c == code {
				return fields
			}
		}
		return nil
	}
	for i := range a {
		code, before := of(&a[i])
		if after := find(b, code); after != nil {
			d.fields(what+code+": ", before, after)
		} else {
			d.add(what+code, before[0].value, "")
		}
	}
	for i := range b {
		if code, after := of(&b[i]); find(a, code) == nil {
			d.add(what+code, "", after[0].value)
		}
	}
}

// codesOf lists the codes of clauses that both sets have, in the order of the first.
func codesOf(a, b []Clause) []string {
	var out []string
	for i := range a {
		if slices.ContainsFunc(b, func(c Clause) bool { return c.Holds.Code == a[i].Holds.Code }) {
			out = append(out, a[i].Holds.Code)
		}
	}
	return out
}

func (s *Set) fields() []field {
	met := Met{}
	if s.Met != nil {
		met = *s.Met
	}
	return []field{
		{"programme", s.Programme}, {"kind", string(s.Kind)}, {"unit", string(s.Unit)}, {"title", words(s.Title)}, {"source", s.Source},
		{"illustrative", strconv.FormatBool(s.Illustrative)}, {"valid_from", s.ValidFrom}, {"valid_to", s.ValidTo},
		{"areas", strings.Join(s.Areas, " ")}, {"amount", strconv.FormatInt(s.Amount, 10)},
		{"payments", strconv.Itoa(s.Payments)}, {"max_components", strconv.Itoa(s.MaxComponents)}, {"met any_of", strings.Join(met.AnyOf, " ")},
		{"met at_least", strconv.Itoa(met.AtLeast)}, {"met source", met.Source},
	}
}

func (c *Clause) fields() []field {
	return []field{
		{"expression", c.Expr}, {"gate", strconv.FormatBool(c.Gate)}, {"holds", words(c.Holds.Text)},
		{"fails", reason(c.Fails.Reason)}, {"outcome when it fails", string(c.Fails.Outcome)}, {"missing", reason(c.Missing)},
		{"source", c.Source}, {"illustrative", strconv.FormatBool(c.Illustrative)},
	}
}

func (c *Component) fields() []field {
	return []field{
		{"expression", c.Expr}, {"amount", strconv.FormatInt(c.Amount, 10)}, {"limit", strconv.Itoa(c.Limit)}, {"text", words(c.Text)},
		{"source", c.Source}, {"illustrative", strconv.FormatBool(c.Illustrative)},
	}
}

func words(t fault.Text) string { return fmt.Sprintf("%q / %q", t.ID, t.EN) }

func reason(r Reason) string { return r.Code + " " + words(r.Text) }
