package rules

import (
	"slices"

	"dtks/pkg/regsosek"
	"dtks/services/eligibility/fact"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// Facts is what a decision rests on.
//
// A clause may name: active (bool), verdict (string: padan, tidak_padan or perlu_ditinjau, of the head's identity in
// force), decile (int), size (int, members), civil_servant (bool, any member), components (int, members that have a
// component of this programme), and every survey item kept (int, its code).
//
// A component's expression may name, of one member: age (int, full years), sex (string: L or P), head, attends_school,
// pregnant, disabled (bool), stage (string: sd, smp, sma, pt or "" for no schooling), work (int, status code).
//
// A fact that was not recorded is unknown to every expression that needs it.
type Facts struct {
	Active  bool
	Verdict string // "" = none for this identity
	Decile  int    // 0 = the family has no score
	Day     int32  // the date the rules are evaluated for, yyyymmdd
	Family  *fact.Family
}

// factType declares one name.
type factType struct {
	name string
	kind *cel.Type
}

var familyTypes = func() []factType {
	out := []factType{
		{"active", cel.BoolType}, {"verdict", cel.StringType}, {"decile", cel.IntType}, {"size", cel.IntType},
		{"civil_servant", cel.BoolType}, {"components", cel.IntType},
	}
	for _, name := range fact.Names() {
		out = append(out, factType{name, cel.IntType})
	}
	return out
}()

var memberTypes = []factType{
	{"age", cel.IntType}, {"sex", cel.StringType}, {"head", cel.BoolType}, {"attends_school", cel.BoolType},
	{"pregnant", cel.BoolType}, {"disabled", cel.BoolType}, {"stage", cel.StringType}, {"work", cel.IntType},
}

// missing stands for a fact that was not recorded.
var missing = types.NewUnknown(0, nil)

// civilServant is the work status of civil servants, soldiers, police and staff of state companies.
const civilServant = 5

// familyFacts gives a clause its facts. It is used for one evaluation by one goroutine.
type familyFacts struct {
	*Facts
	set        *Set
	count      int // members with a component; notCounted until first asked
	open       bool
	candidates []candidate
}

const notCounted = -1

// candidate is a member that has a component.
type candidate struct{ component, member int }

// Parent is part of cel.Activation: there is none.
func (f *familyFacts) Parent() cel.Activation { return nil }

// ResolveName is part of cel.Activation.
func (f *familyFacts) ResolveName(name string) (any, bool) {
	switch name {
	case "active":
		return types.Bool(f.Active), true
	case "verdict":
		if f.Verdict == "" {
			return missing, true
		}
		return types.String(f.Verdict), true
	case "decile":
		if f.Decile == 0 {
			return missing, true
		}
		return types.Int(f.Decile), true
	case "size":
		return types.Int(len(f.Family.Members)), true
	case "civil_servant":
		return types.Bool(slices.ContainsFunc(f.Family.Members, func(m fact.Member) bool { return m.Work == civilServant })), true
	case "components":
		return f.componentCount(), true
	}
	if i, ok := fact.Index(name); ok {
		if a := f.Family.Answers[i]; a != fact.Absent {
			return types.Int(a), true
		}
		return missing, true
	}
	return nil, false
}

// componentCount is unknown only when no member surely has a component and one may have.
func (f *familyFacts) componentCount() ref.Val {
	if f.count == notCounted {
		f.find()
	}
	if f.count == 0 && f.open {
		return missing
	}
	return types.Int(f.count)
}

// find asks every component about every member.
func (f *familyFacts) find() {
	f.count = 0
	m := memberFacts{day: f.Day}
	for at := range f.Family.Members {
		m.Member = &f.Family.Members[at]
		has := false
		for c := range f.set.Components {
			switch ask(f.set.Components[c].program, &m) {
			case Holds:
				f.candidates = append(f.candidates, candidate{c, at})
				has = true
			case Unknown, Errs:
				f.open = true
			}
		}
		if has {
			f.count++
		}
	}
}

// pay chooses the components that are paid: the highest amounts first (then in the order of the file and of the
// members), each member once, within the limits of each component and of the programme. What is not known is not paid.
func (f *familyFacts) pay() (codes []string, amount int64) {
	set := f.set
	if len(set.Components) == 0 {
		return nil, 0
	}
	if f.count == notCounted {
		f.find()
	}
	slices.SortStableFunc(f.candidates, func(a, b candidate) int {
		if d := set.Components[b.component].Amount - set.Components[a.component].Amount; d != 0 {
			return int(min(max(d, -1), 1))
		}
		if a.component != b.component {
			return a.component - b.component
		}
		return a.member - b.member
	})
	taken := make([]bool, len(f.Family.Members))
	paid := make([]int, len(set.Components))
	total := 0
	for _, c := range f.candidates {
		component := &set.Components[c.component]
		if taken[c.member] || paid[c.component] >= component.Limit || total >= set.MaxComponents {
			continue
		}
		taken[c.member] = true
		paid[c.component]++
		total++
		amount += component.Amount
	}
	codes = make([]string, 0, total)
	for c, n := range paid {
		for range n {
			codes = append(codes, set.Components[c].Code)
		}
	}
	return codes, amount
}

// memberFacts gives a component its facts about one member.
type memberFacts struct {
	*fact.Member
	day int32
}

// Parent is part of cel.Activation: there is none.
func (m *memberFacts) Parent() cel.Activation { return nil }

// ResolveName is part of cel.Activation.
func (m *memberFacts) ResolveName(name string) (any, bool) {
	switch name {
	case "age":
		if age, ok := m.Age(m.day); ok {
			return types.Int(age), true
		}
		return missing, true
	case "sex":
		if m.Sex == 0 {
			return missing, true
		}
		return types.String(string(rune(m.Sex))), true
	case "head":
		return types.Bool(m.Relation == regsosek.Head), true
	case "attends_school":
		if m.School == 0 {
			return missing, true
		}
		return types.Bool(m.School == regsosek.AtSchool), true
	case "pregnant":
		return types.Bool(m.Pregnant), true
	case "disabled":
		return types.Bool(m.Disabled), true
	case "stage":
		stage, ok := m.Stage()
		if !ok && m.School == regsosek.AtSchool {
			return missing, true // attends, but at which level was not recorded
		}
		return types.String(stage), true
	case "work":
		return types.Int(m.Work), true
	}
	return nil, false
}
