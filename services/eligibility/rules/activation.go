package rules

import (
	"reflect"

	"dtks/services/eligibility/fact"
	"dtks/services/eligibility/rank"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// Facts is what a decision rests on.
type Facts struct {
	Active   bool
	Day      int32  // the date the rules are evaluated for, yyyymmdd
	Area     string // code of the village, as in 32.04.05.2001
	Places   rank.Places
	Family   *fact.Family
	Verdicts []string // on the identity in force of each member, by index; "" = none
}

// activation gives expressions their facts, each found when it is first asked for. It is used by one goroutine.
type activation struct {
	facts      *Facts
	names      map[string]int // places in values: facts of the family, then references
	values     []ref.Val      // found so far
	living     members
	persons    []person // every member of the family
	current    *person  // that a person's expression is asked about; nil = the family
	references []reference
	counted    func() (least, most int) // members with a component of the set at hand
}

// reference is the outcome of another programme.
type reference struct {
	family  ref.Val
	persons []PersonResult // of a set by person
}

// reset forgets the family before.
func (a *activation) reset(f *Facts) {
	a.facts, a.current = f, nil
	clear(a.values)
	n := len(f.Family.Members)
	for len(a.persons) < n {
		a.persons = append(a.persons, person{act: a})
	}
	a.living.persons = a.living.persons[:0]
	for i := range n {
		p := &a.persons[i]
		p.Member, p.index, p.act = &f.Family.Members[i], i, a
		clear(p.values[:])
		if p.Lives() {
			a.living.persons = append(a.living.persons, p)
		}
	}
}

func (a *activation) verdict(member int) string {
	if member < 0 || member >= len(a.facts.Verdicts) {
		return ""
	}
	return a.facts.Verdicts[member]
}

// Parent is part of cel.Activation: there is none.
func (a *activation) Parent() cel.Activation { return nil }

// ResolveName is part of cel.Activation.
func (a *activation) ResolveName(name string) (any, bool) {
	i, ok := a.names[name]
	switch {
	case !ok:
		if name == personName && a.current != nil {
			return a.current, true
		}
		return nil, false
	case i >= len(familyFacts):
		return a.outcome(&a.references[i-len(familyFacts)]), true
	}
	v := a.values[i]
	if v == nil {
		v = familyFacts[i].find(a)
		if i != componentsAt { // which differ from set to set
			a.values[i] = v
		}
	}
	return v, true
}

// outcome of another programme: about a person, that of the same person where there is one.
func (a *activation) outcome(r *reference) ref.Val {
	if a.current != nil && r.persons != nil {
		return truth(r.persons[a.current.index].Outcome)
	}
	return r.family
}

func (a *activation) components() ref.Val {
	least, most := a.counted()
	return count{least, most}
}

const (
	personName     = "person" // the name in expressions
	personTypeName = "Person"
)

var personType = cel.ObjectType(personTypeName)

// person is a member as expressions see it.
type person struct {
	*fact.Member
	act    *activation
	index  int
	values [24]ref.Val // found so far, by place in personFacts
}

func (p *person) field(i int) ref.Val {
	v := p.values[i]
	if v == nil {
		v = personFacts[i].find(p)
		p.values[i] = v
	}
	return v
}

// The methods of ref.Val.

func (p *person) Value() any     { return p }
func (p *person) Type() ref.Type { return personType }
func (p *person) Equal(other ref.Val) ref.Val {
	o, ok := other.(*person)
	return types.Bool(ok && o == p)
}

func (p *person) ConvertToNative(t reflect.Type) (any, error) { return nil, errConvert(t) }
func (p *person) ConvertToType(t ref.Type) ref.Val {
	return types.NewErr("a person is no %s", t.TypeName())
}

// members is the list of those that live with the family. Macros go through it; nothing else of a list is allowed by
// the checks of expressions, so the rest of the interface says that it is not there.
type members struct {
	traits.Lister
	persons []*person
}

// Fold is part of traits.Foldable.
func (m *members) Fold(f traits.Folder) {
	for _, p := range m.persons {
		if !f.FoldEntry(nil, p) {
			return
		}
	}
}

func (m *members) Size() ref.Val         { return number(int64(len(m.persons))) }
func (m *members) Value() any            { return m.persons }
func (m *members) Type() ref.Type        { return types.ListType }
func (m *members) Equal(ref.Val) ref.Val { return types.NewErr("lists of members cannot be compared") }
func (m *members) ConvertToType(t ref.Type) ref.Val {
	return types.NewErr("members are no %s", t.TypeName())
}
func (m *members) ConvertToNative(t reflect.Type) (any, error) { return nil, errConvert(t) }

func errConvert(t reflect.Type) error { return types.NewErr("no conversion to %s", t).(*types.Err) }
