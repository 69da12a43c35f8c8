package decision

import (
	"encoding/hex"
	"slices"

	"dtks/pkg/event"
	"dtks/pkg/fault"
	"dtks/services/eligibility/pmt"
	"dtks/services/eligibility/rank"
	"dtks/services/eligibility/rules"
)

// Explanation says why a family's decisions are what they are. Text tells it to people. Every answer and every number
// in it comes from the decision sheet; days are written 2006-01-02.
type Explanation struct {
	FamilyID   string          `json:"family_id"`
	Area       string          `json:"area" doc:"Village"`
	Day        string          `json:"day" doc:"The day that was decided for"`
	WouldBe    bool            `json:"would_be" doc:"Not a stored decision: what would be decided for that day with the facts of today"`
	Sought     bool            `json:"changes_sought" doc:"Changes that would turn outcomes were looked for"`
	RecheckOn  string          `json:"recheck_on,omitempty" doc:"First day on which an answer may change by itself"`
	RecheckWhy fault.Text      `json:"recheck_why" doc:"What happens on that day"`
	Release    string          `json:"release"`
	ReleasedOn string          `json:"released_on,omitempty" doc:"Day of the release, in the area"`
	Superseded bool            `json:"release_superseded" doc:"Another release is in force now; places are by the one named"`
	Model      ModelSaid       `json:"model"`
	Version    int64           `json:"family_version"`
	Inputs     string          `json:"inputs" doc:"Digest of facts, verdicts, state and area"`
	Score      *ScoreSaid      `json:"score,omitempty" doc:"None with too few answers"`
	Places     []PlaceSaid     `json:"places" doc:"In the nation, the province and the regency, as far as they were ranked"`
	Programmes []ProgrammeSaid `json:"programmes" doc:"In the order of evaluation"`
}

// ModelSaid names the model that the score is of.
type ModelSaid struct {
	ID           string     `json:"id"`
	Title        fault.Text `json:"title"`
	Source       string     `json:"source"`
	Illustrative bool       `json:"illustrative"`
	MissingRule  fault.Text `json:"missing_rule" doc:"What an answer counts that was not given"`
}

// ScoreSaid is a score line by line: Base and the values of all variables sum to Value.
type ScoreSaid struct {
	Value     int64          `json:"value" doc:"Poorer is lower"`
	Base      int64          `json:"base"`
	Unit      string         `json:"unit"`
	Scale     int64          `json:"scale" doc:"Parts of one unit in a value of 1"`
	Variables []VariableSaid `json:"variables"`
}

// VariableSaid is what one variable adds to a score.
type VariableSaid struct {
	Name    string     `json:"name"`
	Label   fault.Text `json:"label"`
	Answer  fault.Text `json:"answer" doc:"In words; empty when it was not recorded"`
	Value   int64      `json:"value"`
	Missing bool       `json:"missing" doc:"Not recorded: the value is what the model states for that"`
}

// PlaceSaid is where the family stands among those of an area.
type PlaceSaid struct {
	Level      string     `json:"level" enum:"national,province,regency"`
	Area       string     `json:"area"`
	Decile     int        `json:"decile" doc:"1 poorest to 10"`
	Percentile int        `json:"percentile" doc:"1 poorest to 100"`
	Families   int64      `json:"families" doc:"Ranked there"`
	Lower      *BoundSaid `json:"lower,omitempty" doc:"Where the decile below ends; none in the first"`
	Upper      *BoundSaid `json:"upper,omitempty" doc:"Where the family's own decile ends; none in the last"`
}

// BoundSaid is the end of a decile.
type BoundSaid struct {
	Score    int64 `json:"score"`
	Distance int64 `json:"distance" doc:"From the family's score to it"`
}

// ProgrammeSaid is the answer for one programme, or one finding on which others rest.
type ProgrammeSaid struct {
	Code         string          `json:"code"`
	Title        fault.Text      `json:"title"`
	Kind         string          `json:"kind" doc:"programme, or criteria: a finding that programmes refer to"`
	Unit         string          `json:"unit" doc:"family, or person: each member is decided for itself"`
	Outcome      event.Outcome   `json:"outcome"`
	Amount       int64           `json:"amount" doc:"Rupiah a year"`
	Payments     int             `json:"payments,omitempty" doc:"In how many equal parts a year it is paid; 0 = not known"`
	Components   []ComponentSaid `json:"components" doc:"What is paid"`
	Clauses      []ClauseSaid    `json:"clauses" doc:"About the family"`
	Persons      []PersonSaid    `json:"persons,omitempty" doc:"Of a programme that is decided by person"`
	Missing      []MissingSaid   `json:"missing" doc:"Facts that were not recorded and without which it cannot be decided"`
	Cutoff       *int64          `json:"cutoff,omitempty" doc:"The largest score within the deciles that the rules name"`
	Distance     *int64          `json:"distance,omitempty" doc:"From the score to the cut-off; below 0 is too well off, at 0 the order of registration decides"`
	RecheckOn    string          `json:"recheck_on,omitempty"`
	RecheckWhy   fault.Text      `json:"recheck_why"`
	RuleSet      string          `json:"rule_set" doc:"Empty where none was in force on the day"`
	Source       string          `json:"source"`
	Illustrative bool            `json:"illustrative" doc:"The model or something in the rules is not from a published source"`
	Change       *Change         `json:"change,omitempty" doc:"The nearest single change that would turn the outcome"`
}

// ComponentSaid is one component that is paid, and for whom.
type ComponentSaid struct {
	Code         string     `json:"code"`
	Text         fault.Text `json:"text"`
	Amount       int64      `json:"amount" doc:"Rupiah a year"`
	Member       fault.Text `json:"member" doc:"By relation and age, never by name"`
	Source       string     `json:"source"`
	Illustrative bool       `json:"illustrative"`
}

// ClauseSaid is what became of one clause.
type ClauseSaid struct {
	Code         string     `json:"code"`
	Text         fault.Text `json:"text" doc:"Empty when it was not asked"`
	Answer       string     `json:"answer" enum:"holds,fails,missing,error,not_asked"`
	Decides      bool       `json:"decides" doc:"One of those that decided the outcome"`
	Expr         string     `json:"expr"`
	Source       string     `json:"source"`
	Illustrative bool       `json:"illustrative"`
}

// PersonSaid is what was decided for one member.
type PersonSaid struct {
	PersonID  string        `json:"person_id"`
	Member    fault.Text    `json:"member" doc:"By relation and age, never by name"`
	Outcome   event.Outcome `json:"outcome"`
	Amount    int64         `json:"amount" doc:"Rupiah a year"`
	Component fault.Text    `json:"component"`
	Clauses   []ClauseSaid  `json:"clauses"`
}

// Explain says why a sheet, which the release and the input gave, is what it is: for the programmes given, or for all.
// Changes are left out; AddChanges finds them. The caller knows what is in force: WouldBe, ReleasedOn and Superseded are its.
func (e *Engine) Explain(rel *Release, in *Input, s *Sheet, programmes ...string) *Explanation {
	x := &Explanation{FamilyID: in.ID.String(), Area: in.Area, Day: dayText(s.Day), RecheckOn: dayText(s.RecheckOn), Release: rel.ID,
		Version: s.Version, Inputs: hex.EncodeToString(s.Inputs[:]), Places: []PlaceSaid{}, Programmes: []ProgrammeSaid{}}
	model := e.Models[s.Model]
	x.Model = ModelSaid{model.ID, model.Title, model.Source, model.Illustrative, model.MissingRule}
	if s.Score != nil {
		x.Score = sayScore(model, in, s)
		x.Places = sayPlaces(rel, in, s)
	}
	x.RecheckWhy = e.recheckWhy(in, s, nil, s.RecheckOn)
	for i := range s.Programmes {
		p := &s.Programmes[i]
		if len(programmes) == 0 || slices.Contains(programmes, p.Code) {
			x.Programmes = append(x.Programmes, e.sayProgramme(in, s, p))
		}
	}
	e.addMissing(x, rel, in, s)
	return x
}

// sayScore takes names from the model and numbers from the sheet.
func sayScore(m *pmt.Model, in *Input, s *Sheet) *ScoreSaid {
	out := &ScoreSaid{Value: *s.Score, Base: m.BaseIn(in.Area), Unit: m.Unit, Scale: m.Scale, Variables: make([]VariableSaid, len(s.Terms))}
	names := make([]string, len(s.Terms))
	for i, c := range m.Explain(&in.Facts, in.Area, in.Surveyed) {
		names[i] = c.Variable
	}
	numbers := make([]int32, len(names))
	if reader, err := pmt.NewReader(names); err == nil { // they are the model's
		reader.Read(&in.Facts, in.Surveyed, numbers)
	}
	for i, t := range s.Terms {
		v := VariableSaid{Name: names[i], Label: variableLabel(names[i]), Value: t.Value, Missing: t.Missing}
		if !v.Missing {
			v.Answer = variableAnswer(names[i], int64(numbers[i]))
		}
		out.Variables[i] = v
	}
	return out
}

// levels names rank.Level.
var levels = [rank.Levels]string{"national", "province", "regency"}

func sayPlaces(rel *Release, in *Input, s *Sheet) []PlaceSaid {
	out := []PlaceSaid{}
	for l := range rank.Levels {
		area := rel.Table.Area(l.Code(regency(in.Area)))
		decile := int(s.Places.Decile[l])
		if area == nil || decile == 0 {
			continue
		}
		out = append(out, PlaceSaid{Level: levels[l], Area: l.Code(regency(in.Area)), Decile: decile,
			Percentile: int(s.Places.Percentile[l]), Families: area.Families,
			Lower: bound(area, decile-2, *s.Score), Upper: bound(area, decile-1, *s.Score)})
	}
	return out
}

func bound(a *rank.Area, at int, score int64) *BoundSaid {
	if at < 0 || at >= len(a.Deciles) {
		return nil
	}
	return &BoundSaid{a.Deciles[at].Score, a.Deciles[at].Score - score}
}

func (e *Engine) sayProgramme(in *Input, s *Sheet, p *Programme) ProgrammeSaid {
	out := ProgrammeSaid{Code: p.Code, Title: e.title(p.Code, in, s.Day), Kind: string(rules.Programme), Unit: string(rules.Family),
		Outcome: p.Outcome, Amount: p.Amount, Components: []ComponentSaid{}, Clauses: []ClauseSaid{}, Missing: []MissingSaid{},
		Distance: p.Distance, RecheckOn: dayText(p.RecheckOn), RecheckWhy: e.recheckWhy(in, s, p, p.RecheckOn), Illustrative: true}
	if p.Distance != nil && s.Score != nil {
		cutoff := *s.Score + *p.Distance
		out.Cutoff = &cutoff
	}
	if p.Set == nil {
		return out
	}
	set := p.Set
	out.Kind, out.Unit, out.RuleSet, out.Source, out.Payments = string(set.Kind), string(set.Unit), set.ID, set.Source, set.Payments
	out.Illustrative = set.Illustrative || e.Models[s.Model].Illustrative
	for _, paid := range p.Paid {
		c := &set.Components[paid.Component]
		out.Components = append(out.Components, ComponentSaid{c.Code, c.Text, c.Amount, member(in, paid.Member, s.Day), c.Source, c.Illustrative})
	}
	var reasons []string
	if set.Unit == rules.Family {
		reasons = p.Reasons()
	}
	for i := range p.Persons {
		if p.Persons[i].Counted {
			reasons = append(reasons, p.PersonReasons(i)...)
		}
	}
	for i := range set.Clauses {
		if set.Unit == rules.Family || !set.Clauses[i].PerPerson {
			out.Clauses = append(out.Clauses, sayClause(&set.Clauses[i], p.Answers[i], reasons))
		}
	}
	for i := range p.Persons {
		if p.Persons[i].Counted && i < len(in.Facts.Members) {
			out.Persons = append(out.Persons, sayPerson(in, s, p, i))
		}
	}
	return out
}

// title of the programme's rules on the day, or of those nearest to it.
func (e *Engine) title(programme string, in *Input, day int32) fault.Text {
	if set := e.Sets.For(programme, in.Area, day); set != nil {
		return set.Title
	}
	if all := e.Sets.All(programme); len(all) > 0 {
		return all[len(all)-1].Title
	}
	return fault.Text{ID: programme, EN: programme}
}

func sayPerson(in *Input, s *Sheet, p *Programme, at int) PersonSaid {
	q := &p.Persons[at]
	out := PersonSaid{PersonID: in.Facts.Members[at].Person.String(), Member: member(in, at, s.Day), Outcome: q.Outcome, Amount: q.Amount,
		Clauses: []ClauseSaid{}}
	if q.Component >= 0 {
		out.Component = p.Set.Components[q.Component].Text
	}
	reasons, next := p.PersonReasons(at), 0
	for i := range p.Set.Clauses {
		if c := &p.Set.Clauses[i]; c.PerPerson && next < len(q.Answers) {
			out.Clauses = append(out.Clauses, sayClause(c, q.Answers[next], reasons))
			next++
		}
	}
	return out
}

func sayClause(c *rules.Clause, a rules.Answer, reasons []string) ClauseSaid {
	said := rules.Reason{Code: c.Holds.Code}
	answer := "not_asked"
	switch a {
	case rules.Holds:
		answer, said = "holds", c.Holds
	case rules.Fails:
		answer, said = "fails", c.Fails.Reason
	case rules.Unknown:
		answer, said = "missing", c.Missing
	case rules.Errs:
		answer, said = "error", rules.Reason{Code: rules.ReasonError, Text: ruleError}
	}
	return ClauseSaid{said.Code, said.Text, answer, a != rules.NotAsked && slices.Contains(reasons, said.Code), c.Expr, c.Source, c.Illustrative}
}

// AddChanges puts into an explanation the nearest change for each programme in it; findings are left without, unless
// nothing else is explained.
func (e *Engine) AddChanges(x *Explanation, rel *Release, in *Input, s *Sheet) {
	var programmes []string
	for i := range x.Programmes {
		if x.Programmes[i].Kind == string(rules.Programme) || len(x.Programmes) == 1 {
			programmes = append(programmes, x.Programmes[i].Code)
		}
	}
	x.Sought = true
	changes := e.flips(rel, in, s, programmes)
	for i := range x.Programmes {
		x.Programmes[i].Change = changes[x.Programmes[i].Code]
	}
}

// dayText writes yyyymmdd as 2006-01-02; "" for none.
func dayText(day int32) string {
	if day == 0 {
		return ""
	}
	return Date(day).Format("2006-01-02")
}
