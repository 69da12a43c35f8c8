package rules

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

const (
	// maxCost bounds one expression, in CEL's cost units, before it is ever run, over families of up to costedMembers
	// members: no meter is needed while deciding. A larger family is decided just as rightly, only not within the bound.
	maxCost       = 10_000
	costedMembers = 30
	maxText       = 32 // the longest text a fact can have
	maxLength     = 2000
)

// expression is a compiled expression and what is known of it before it is run. Sets with the same text share it.
type expression struct {
	text       string
	id         int  // place in the answers that an evaluator remembers
	person     bool // about one member
	program    cel.Program
	reads      []string // names of facts and references
	references []string // met.x and entitled.x
	overAll    bool     // goes through the members
	components bool     // reads the number of members with a component
	ages       ages
	limit      limit
	numbers    []int // whole numbers that it is written with
}

// expressions goes through a set's expressions.
func (s *Set) expressions() iter.Seq[*expression] {
	return func(yield func(*expression) bool) {
		for i := range s.Clauses {
			if !yield(s.Clauses[i].expr) {
				return
			}
		}
		for i := range s.Components {
			if !yield(s.Components[i].expr) {
				return
			}
		}
	}
}

// compile compiles every expression of the set.
func (s *Set) compile() error {
	var err error
	for i := range s.Clauses {
		clause := &s.Clauses[i]
		if clause.expr, err = compile(clause.Expr, s.Unit == Person); err != nil {
			return fmt.Errorf("clause %d (%s): %w", i+1, clause.Holds.Code, err)
		}
		if clause.expr.components && len(s.Components) == 0 {
			return fmt.Errorf("clause %d (%s): the set has no components", i+1, clause.Holds.Code)
		}
		clause.PerPerson = clause.expr.person
	}
	for i := range s.Components {
		component := &s.Components[i]
		if component.expr, err = compile(component.Expr, true); err != nil {
			return fmt.Errorf("component %q: %w", component.Code, err)
		}
		component.expr.person = true
	}
	for e := range s.expressions() {
		if e.components && (s.Unit == Person || e.person) {
			return errors.New("components can be counted only by clauses about a family")
		}
		s.references = append(s.references, e.references...)
	}
	s.references = sorted(s.references)
	s.countPerPerson()
	return nil
}

func (s *Set) countPerPerson() {
	s.perPerson = 0
	for i := range s.Clauses {
		if s.Clauses[i].PerPerson {
			s.perPerson++
		}
	}
}

// compile checks one expression and plans it.
func compile(text string, aboutPerson bool) (*expression, error) {
	if len(text) > maxLength {
		return nil, fmt.Errorf("expression is longer than %d characters", maxLength)
	}
	family, personal, err := environments()
	if err != nil {
		return nil, err
	}
	env := family
	if aboutPerson {
		env = personal
	}
	parsed, issues := env.Parse(text)
	if issues.Err() != nil {
		return nil, issues.Err()
	}
	var extra []cel.EnvOption
	for _, name := range referencesOf(parsed.NativeRep()) {
		extra = append(extra, cel.Variable(name, cel.BoolType))
	}
	if len(extra) > 0 {
		if env, err = env.Extend(extra...); err != nil {
			return nil, err
		}
	}
	checked, issues := env.Check(parsed)
	if issues.Err() != nil {
		return nil, issues.Err()
	}
	if !checked.OutputType().IsExactType(cel.BoolType) {
		return nil, fmt.Errorf("expression gives %s, want bool", checked.OutputType())
	}
	estimate, err := env.EstimateCost(checked, sizes{})
	if err != nil {
		return nil, fmt.Errorf("estimating cost: %w", err)
	}
	if estimate.Max > maxCost {
		return nil, fmt.Errorf("expression may cost %d with %d members, limit is %d", estimate.Max, costedMembers, maxCost)
	}
	e := &expression{text: text}
	if err := e.analyse(checked.NativeRep()); err != nil {
		return nil, err
	}
	e.program, err = env.Program(checked, cel.EvalOptions(cel.OptOptimize), cel.CustomDecoratorV2(planCounts))
	return e, err
}

// sizes tells the estimator how large facts can be.
type sizes struct{}

// EstimateSize is part of cost.Estimator.
func (sizes) EstimateSize(node cost.AstNode) *cost.SizeEstimate {
	if t := node.Type(); t != nil && t.Kind() == types.ListKind {
		if node.Expr() != nil && node.Expr().Kind() == ast.ListKind {
			return nil // its size is known
		}
		return &cost.SizeEstimate{Min: 0, Max: costedMembers}
	}
	return &cost.SizeEstimate{Min: 0, Max: maxText}
}

// EstimateCallCost is part of cost.Estimator: CEL's own figures are used.
func (sizes) EstimateCallCost(string, string, *cost.AstNode, []cost.AstNode) *cost.CallEstimate {
	return nil
}

// environments are the typed names for clauses about a family, and for expressions about a person.
func environments() (family, personal *cel.Env, err error) {
	e, err := compiled()
	return e[0], e[1], err
}

var compiled = sync.OnceValues(func() (e [2]*cel.Env, err error) {
	registry, err := types.NewRegistry()
	if err != nil {
		return e, err
	}
	opts := []cel.EnvOption{cel.CustomTypeProvider(provider{registry}), cel.CustomTypeAdapter(adapter{registry}),
		cel.ClearMacros(), cel.Macros(cel.AllMacro, cel.ExistsMacro, cel.ExistsOneMacro, cel.FilterMacro, cel.MapMacro), cel.Macros(helpers...)}
	for i := range familyFacts {
		opts = append(opts, cel.Variable(familyFacts[i].Name, celTypes[familyFacts[i].Type]))
	}
	if e[0], err = cel.NewEnv(opts...); err != nil {
		return e, err
	}
	e[1], err = e[0].Extend(cel.Variable(personName, personType))
	return e, err
})

// schoolAge is the age of compulsory and secondary schooling as school programmes count it (PIP: 6 to 21 years).
const schoolAgeFrom, schoolAgeTo = 6, 21

// helpers are functions of a person. They are macros, replaced by what they stand for before anything is checked:
//
//	person.aged(lo, hi)   full years from lo to hi, both included
//	person.pupil('sd')    attends school, at that stage
//	person.school_age()   aged(6, 21)
var helpers = []cel.Macro{
	cel.ReceiverMacro("aged", 2, func(h cel.MacroExprFactory, target ast.Expr, args []ast.Expr) (ast.Expr, *common.Error) {
		return aged(h, target, args[0], args[1]), nil
	}),
	cel.ReceiverMacro("school_age", 0, func(h cel.MacroExprFactory, target ast.Expr, _ []ast.Expr) (ast.Expr, *common.Error) {
		return aged(h, target, h.NewLiteral(types.Int(schoolAgeFrom)), h.NewLiteral(types.Int(schoolAgeTo))), nil
	}),
	cel.ReceiverMacro("pupil", 1, func(h cel.MacroExprFactory, target ast.Expr, args []ast.Expr) (ast.Expr, *common.Error) {
		return h.NewCall(operators.LogicalAnd, h.NewSelect(target, "attends_school"),
			h.NewCall(operators.Equals, h.NewSelect(h.Copy(target), "stage"), args[0])), nil
	}),
}

func aged(h cel.MacroExprFactory, who, lo, hi ast.Expr) ast.Expr {
	return h.NewCall(operators.LogicalAnd, h.NewCall(operators.GreaterEquals, h.NewSelect(who, "age"), lo),
		h.NewCall(operators.LessEquals, h.NewSelect(h.Copy(who), "age"), hi))
}

// provider knows the fields of a person beside CEL's own types.
type provider struct{ types.Provider }

// FindStructType is part of types.Provider.
func (p provider) FindStructType(name string) (*types.Type, bool) {
	if name == personTypeName {
		return types.NewTypeTypeWithParam(personType), true
	}
	return p.Provider.FindStructType(name)
}

// FindStructFieldNames is part of types.Provider.
func (p provider) FindStructFieldNames(name string) ([]string, bool) {
	if name != personTypeName {
		return p.Provider.FindStructFieldNames(name)
	}
	out := make([]string, len(personFacts))
	for i := range personFacts {
		out[i] = personFacts[i].Name
	}
	return out, true
}

// FindStructFieldType is part of types.Provider.
func (p provider) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	if name != personTypeName {
		return p.Provider.FindStructFieldType(name, field)
	}
	i, ok := personPlaces[field]
	if !ok {
		return nil, false
	}
	return &types.FieldType{Type: celTypes[personFacts[i].Type],
		IsSet:   func(any) bool { return true },
		GetFrom: func(target any) (any, error) { return target.(*person).field(i), nil },
	}, true
}

// adapter passes values on as they are: facts are CEL values already.
type adapter struct{ types.Adapter }

// NativeToValue is part of types.Adapter.
func (a adapter) NativeToValue(v any) ref.Val {
	if v, ok := v.(ref.Val); ok {
		return v
	}
	return a.Adapter.NativeToValue(v)
}

// sorted sorts and drops repetitions.
func sorted(s []string) []string {
	slices.Sort(s)
	return slices.Compact(s)
}

// referencesOf finds met.x and entitled.x in a parsed expression.
func referencesOf(parsed *ast.AST) []string {
	var out []string
	ast.PreOrderVisit(parsed.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() != ast.SelectKind || e.AsSelect().Operand().Kind() != ast.IdentKind {
			return
		}
		if name := e.AsSelect().Operand().AsIdent() + "." + e.AsSelect().FieldName(); isReference(name) {
			out = append(out, name)
		}
	}))
	return sorted(out)
}

const (
	metPrefix      = "met."
	entitledPrefix = "entitled."
)

func isReference(name string) bool {
	return strings.HasPrefix(name, metPrefix) || strings.HasPrefix(name, entitledPrefix)
}
