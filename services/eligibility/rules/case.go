package rules

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"dtks/pkg/event"
	"dtks/pkg/regsosek"
	"dtks/services/eligibility/fact"
	"dtks/services/eligibility/rank"
)

// Case is a test case that a rule set carries: facts, and what must come out.
type Case struct {
	Name           string                     `json:"name"`
	Source         string                     `json:"source,omitempty"` // the statement that it follows
	Day            string                     `json:"day"`
	Area           string                     `json:"area,omitempty"`
	Active         *bool                      `json:"active,omitempty"` // nil = true
	Verdict        string                     `json:"verdict,omitempty"`
	Decile         uint8                      `json:"decile,omitempty"`
	DecileProvince uint8                      `json:"decile_province,omitempty"`
	DecileRegency  uint8                      `json:"decile_regency,omitempty"`
	Answers        map[string]json.RawMessage `json:"answers,omitempty"` // by item: the name of a code, or a number
	Members        []CaseMember               `json:"members,omitempty"`
	Results        map[string]event.Outcome   `json:"results,omitempty"` // of other sets: met.x, entitled.x; else undetermined

	Outcome    event.Outcome   `json:"outcome"`
	Amount     int64           `json:"amount,omitempty"`
	Components []string        `json:"components,omitempty"` // codes of those paid, in the order of the file
	Reasons    []string        `json:"reasons,omitempty"`    // as Result.Reasons gives them; compared when given, and needed in a set by family
	Persons    []event.Outcome `json:"persons,omitempty"`    // one a member, "" for those who do not live here; compared when given
	RecheckOn  string          `json:"recheck_on,omitempty"` // compared when given
}

// CaseMember is a member in a test case, with the names of codes.
type CaseMember struct {
	Relation string         `json:"relation,omitempty"`
	Sex      string         `json:"sex,omitempty"`
	Born     string         `json:"born,omitempty"`
	Marital  string         `json:"marital,omitempty"`
	School   string         `json:"school,omitempty"`
	Stage    regsosek.Stage `json:"stage,omitempty"`
	Work     *string        `json:"work,omitempty"` // nil = does not work, as the form says with 0; "" = not recorded
	Presence string         `json:"presence,omitempty"`
	Orphan   string         `json:"orphan,omitempty"`
	Cover    []string       `json:"cover,omitempty"` // pbi, own, employer, other; not given = not recorded, [] = none
	Pregnant bool           `json:"pregnant,omitempty"`
	Disabled bool           `json:"disabled,omitempty"`
	Verdict  *string        `json:"verdict,omitempty"` // nil = that of the case
}

// runCase tries a case on a set that stands alone, with the outcomes of other sets that the case states.
func (s *Set) runCase(c *Case, expressions int) error {
	facts, err := c.Facts()
	if err != nil {
		return err
	}
	if c.Area == "" && len(s.Areas) > 0 {
		facts.Area = s.Areas[0]
	}
	steps, err := c.stated(s)
	if err != nil {
		return err
	}
	e, err := newEvaluator(expressions, append(steps, step{programme: s.Programme, kind: s.Kind, sets: []*Set{s}}))
	if err != nil {
		return err
	}
	results := e.Evaluate(facts)
	return c.Compare(&results[len(results)-1])
}

// stated gives the outcomes of the other sets as steps of an evaluation.
func (c *Case) stated(s *Set) ([]step, error) {
	for name := range c.Results {
		if !slices.Contains(s.references, name) {
			return nil, fmt.Errorf("%s is stated, but no expression reads it", name)
		}
	}
	var out []step
	for _, name := range s.references {
		st := step{stated: c.Results[name], kind: Programme, programme: strings.TrimPrefix(name, entitledPrefix)}
		if strings.HasPrefix(name, metPrefix) {
			st.kind, st.programme = Criteria, strings.TrimPrefix(name, metPrefix)
		}
		switch st.stated {
		case "":
			st.stated = event.Undetermined
		case event.Entitled, event.NotEntitled, event.Undetermined:
		default:
			return nil, fmt.Errorf("%s is stated as %q", name, st.stated)
		}
		out = append(out, st)
	}
	return out, nil
}

// Compare tells how a result differs from what the case says.
func (c *Case) Compare(got *Result) error {
	var components []string
	for _, p := range got.Paid {
		components = append(components, got.Set.Components[p.Component].Code)
	}
	reasons := got.Reasons()
	switch {
	case got.Outcome != c.Outcome || c.Reasons != nil && !slices.Equal(reasons, c.Reasons):
		return fmt.Errorf("got %s %v, want %s %v", got.Outcome, reasons, c.Outcome, c.Reasons)
	case got.Amount != c.Amount || !slices.Equal(components, c.Components):
		return fmt.Errorf("got amount %d %v, want %d %v", got.Amount, components, c.Amount, c.Components)
	}
	if c.Persons != nil {
		persons := make([]event.Outcome, len(got.Persons))
		for i := range got.Persons {
			persons[i] = got.Persons[i].Outcome
		}
		if !slices.Equal(persons, c.Persons) {
			return fmt.Errorf("got persons %q, want %q", persons, c.Persons)
		}
	}
	if c.RecheckOn != "" {
		want, err := parseDay(c.RecheckOn)
		if err != nil {
			return fmt.Errorf("recheck_on: %w", err)
		}
		if got.RecheckOn != want {
			return fmt.Errorf("got recheck_on %d, want %d", got.RecheckOn, want)
		}
	}
	return nil
}

// Facts are what the case says of the family.
func (c *Case) Facts() (*Facts, error) {
	day, err := parseDay(c.Day)
	if err != nil {
		return nil, fmt.Errorf("day: %w", err)
	}
	family := fact.New()
	f := &Facts{Active: c.Active == nil || *c.Active, Day: day, Area: c.Area, Family: &family}
	f.Places.Decile = [rank.Levels]uint8{c.Decile, c.DecileProvince, c.DecileRegency}
	for name, value := range c.Answers {
		if err := setAnswer(&family, name, value); err != nil {
			return nil, err
		}
	}
	for i := range c.Members {
		m, err := c.Members[i].member()
		if err != nil {
			return nil, fmt.Errorf("member %d: %w", i+1, err)
		}
		family.Members = append(family.Members, m)
		verdict := c.Verdict
		if c.Members[i].Verdict != nil {
			verdict = *c.Members[i].Verdict
		}
		f.Verdicts = append(f.Verdicts, verdict)
	}
	return f, nil
}

func setAnswer(family *fact.Family, name string, value json.RawMessage) error {
	i, ok := fact.Index(name)
	if !ok {
		return fmt.Errorf("item %q is not kept", name)
	}
	item, _ := regsosek.Lookup(name)
	if item.Codes != nil {
		var word string
		if err := json.Unmarshal(value, &word); err != nil {
			return fmt.Errorf("%s is not the name of a code", name)
		}
		code, err := codeOf(item, word)
		family.Answers[i] = int16(code)
		return err
	}
	var n int
	if err := json.Unmarshal(value, &n); err != nil || n < item.Min || n > item.Max {
		return fmt.Errorf("%s is no number from %d to %d", name, item.Min, item.Max)
	}
	family.Answers[i] = int16(n)
	return nil
}

func codeOf(item regsosek.Item, word string) (int, error) {
	at := slices.Index(item.CodeNames(), word)
	if at < 0 {
		return 0, fmt.Errorf("%s is never %q; its codes are %q", item.Name, word, item.CodeNames())
	}
	return at + item.Min, nil
}

var covers = map[string]uint8{"pbi": regsosek.CoverPBI, "own": regsosek.CoverMandiri, "employer": regsosek.CoverEmployer,
	"other": regsosek.CoverOther}

func (c *CaseMember) member() (m fact.Member, err error) {
	m = fact.Member{Pregnant: c.Pregnant, Disabled: c.Disabled, Cover: fact.NoCover}
	var work string
	if c.Work != nil {
		m.Work, work = fact.NoWork, *c.Work
	}
	for _, x := range []struct {
		item regsosek.Item
		word string
		to   *uint8
	}{{regsosek.Relation, c.Relation, &m.Relation}, {regsosek.Marital, c.Marital, &m.Marital}, {regsosek.School, c.School, &m.School},
		{regsosek.Work, work, &m.Work}, {regsosek.Presence, c.Presence, &m.Presence}, {regsosek.Orphan, c.Orphan, &m.Orphan}} {
		if x.word == "" {
			continue
		}
		code, err := codeOf(x.item, x.word)
		if err != nil {
			return m, err
		}
		*x.to = uint8(code)
	}
	switch c.Sex {
	case "":
	case "L", "P":
		m.Sex = c.Sex[0]
	default:
		return m, errors.New("sex is L or P")
	}
	if c.Born != "" {
		if m.Born, err = parseDay(c.Born); err != nil {
			return m, fmt.Errorf("born: %w", err)
		}
	}
	for level := regsosek.SchoolLevel.Max; level > 0; level-- {
		if c.Stage != regsosek.NoStage && regsosek.StageOf(level) == c.Stage {
			m.Level = uint8(level)
		}
	}
	if c.Stage != regsosek.NoStage && m.Level == 0 {
		return m, fmt.Errorf("there is no stage %q", c.Stage)
	}
	if c.Cover != nil {
		m.Cover = 0
	}
	for _, name := range c.Cover {
		bit, ok := covers[name]
		if !ok {
			return m, fmt.Errorf("there is no cover %q", name)
		}
		m.Cover |= bit
	}
	return m, nil
}

// DayOf turns a day of the rules, yyyymmdd, into a date; the zero time for 0.
func DayOf(day int32) time.Time {
	if day == 0 {
		return time.Time{}
	}
	return time.Date(int(day/10000), time.Month(day/100%100), int(day%100), 0, 0, 0, 0, time.UTC)
}
