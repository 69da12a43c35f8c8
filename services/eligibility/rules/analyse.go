package rules

import (
	"fmt"
	"slices"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"
)

// functions are what an expression may call. Conversions, regular expressions and dates are not among them: no rule
// needs them, and each would be a way around the checks below.
var functions = []string{operators.LogicalAnd, operators.LogicalOr, operators.LogicalNot, operators.Conditional, operators.Equals,
	operators.NotEquals, operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals, operators.In,
	operators.Add, operators.Subtract, operators.Multiply, operators.Divide, operators.Modulo, operators.Negate,
	operators.NotStrictlyFalse, overloads.Size, overloads.StartsWith}

// comparisons with the way each is said from the other side.
var comparisons = []string{operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals, operators.Equals, operators.NotEquals}

// analysis goes through a checked expression: it notes what is read and refuses what must not be written.
type analysis struct {
	e    *expression
	tree *ast.AST
	err  error
}

func (e *expression) analyse(tree *ast.AST) error {
	a := analysis{e: e, tree: tree}
	a.walk(tree.Expr())
	e.reads, e.references = sorted(e.reads), sorted(e.references)
	e.ages.sort()
	e.limit = limitOf(tree.Expr())
	ast.PreOrderVisit(tree.Expr(), ast.NewExprVisitor(func(x ast.Expr) {
		if n, ok := integer(x); ok {
			e.numbers = append(e.numbers, n)
		}
	}))
	return a.err
}

func (a *analysis) refuse(format string, args ...any) {
	if a.err == nil {
		a.err = fmt.Errorf(format, args...)
	}
}

func (a *analysis) walk(x ast.Expr) {
	switch x.Kind() {
	case ast.LiteralKind:
	case ast.IdentKind, ast.SelectKind:
		a.fact(x)
	case ast.ListKind:
		for _, e := range x.AsList().Elements() {
			a.walk(e)
		}
	case ast.CallKind:
		a.call(x.AsCall())
	case ast.ComprehensionKind:
		a.comprehension(x.AsComprehension())
	default:
		a.refuse("maps and messages are not part of rules")
	}
}

// fact notes a fact that is read as a value of its own.
func (a *analysis) fact(x ast.Expr) {
	f := a.read(x)
	switch {
	case f == nil:
	case f.Type == membersType:
		a.refuse("members can only be counted or gone through by a macro")
	case f.Codes != nil:
		a.refuse("%s can only be compared with its codes", f.Name)
	case f == &familyFacts[componentsAt].Fact:
		a.refuse("components can only be compared with a number")
	case f == &personFacts[ageAt].Fact:
		a.e.ages.every = true
	}
}

// read notes the name of a fact; nil when x is something else.
func (a *analysis) read(x ast.Expr) *Fact {
	switch x.Kind() {
	case ast.IdentKind:
		return a.readFamily(x.AsIdent())
	case ast.SelectKind:
		s := x.AsSelect()
		if s.Operand().Kind() != ast.IdentKind {
			a.walk(s.Operand())
			return nil
		}
		operand := s.Operand().AsIdent()
		if name := operand + "." + s.FieldName(); isReference(name) {
			return a.readFamily(name)
		}
		i, ok := personPlaces[s.FieldName()]
		if !ok {
			a.refuse("%s.%s is no fact", operand, s.FieldName())
			return nil
		}
		a.readFamily(operand)
		a.e.reads = append(a.e.reads, personName+"."+s.FieldName())
		return &personFacts[i].Fact
	}
	return nil
}

func (a *analysis) readFamily(name string) *Fact {
	if isReference(name) {
		a.e.reads, a.e.references = append(a.e.reads, name), append(a.e.references, name)
		return nil
	}
	if name == personName {
		a.e.person = true
		return nil
	}
	i, ok := familyPlaces[name]
	if !ok {
		return nil // a variable of a macro
	}
	a.e.reads = append(a.e.reads, name)
	a.e.components = a.e.components || i == componentsAt
	a.e.overAll = a.e.overAll || i == membersAt
	return &familyFacts[i].Fact
}

func (a *analysis) call(c ast.CallExpr) {
	name := c.FunctionName()
	if !slices.Contains(functions, name) {
		a.refuse("function %s is not part of rules", name)
		return
	}
	args := c.Args()
	if c.IsMemberFunction() {
		args = append([]ast.Expr{c.Target()}, args...)
	}
	switch {
	case name == overloads.Size && isMembers(args[0]):
		a.read(args[0])
	case slices.Contains(comparisons, name):
		if !a.compare(name, args[0], args[1]) && !a.compare(mirrored[name], args[1], args[0]) {
			a.walk(args[0])
			a.walk(args[1])
		}
	case name == operators.In && args[1].Kind() == ast.ListKind:
		a.in(args[0], args[1].AsList().Elements())
	default:
		for _, arg := range args {
			a.walk(arg)
		}
	}
}

func isMembers(x ast.Expr) bool {
	return x.Kind() == ast.IdentKind && x.AsIdent() == familyFacts[membersAt].Name
}

// compare takes a comparison whose left side is a coded fact, an age or the number of components; false when it is not.
func (a *analysis) compare(op string, left, right ast.Expr) bool {
	f := peek(left)
	switch {
	case f == nil:
		return false
	case f.Codes != nil:
		a.read(left)
		if other := peek(right); other != nil && slices.Equal(other.Codes, f.Codes) {
			a.read(right)
			return true
		}
		a.code(f, right)
		return true
	case f == &personFacts[ageAt].Fact, f == &familyFacts[componentsAt].Fact:
		n, ok := integer(right)
		if !ok {
			return false
		}
		a.read(left)
		if f == &personFacts[ageAt].Fact {
			a.e.ages.compare(op, n)
		}
		return true
	}
	return false
}

// in takes membership in a list that is written out.
func (a *analysis) in(left ast.Expr, list []ast.Expr) {
	f := peek(left)
	switch {
	case f != nil && f.Codes != nil:
		a.read(left)
		for _, x := range list {
			a.code(f, x)
		}
		return
	case f == &personFacts[ageAt].Fact:
		a.read(left)
		for _, x := range list {
			n, ok := integer(x)
			if !ok {
				a.e.ages.every = true
				a.walk(x)
				continue
			}
			a.e.ages.compare(operators.Equals, n)
		}
		return
	}
	a.walk(left)
	for _, x := range list {
		a.walk(x)
	}
}

// code checks a literal that is compared with a coded fact.
func (a *analysis) code(f *Fact, x ast.Expr) {
	if x.Kind() == ast.LiteralKind {
		if s, ok := x.AsLiteral().(types.String); ok {
			if !slices.Contains(f.Codes, string(s)) {
				a.refuse("%s is never %q; its codes are %q", f.Name, string(s), f.Codes)
			}
			return
		}
	}
	a.refuse("%s can only be compared with its codes", f.Name)
}

// peek finds the fact that x names, without noting it.
func peek(x ast.Expr) *Fact {
	switch x.Kind() {
	case ast.IdentKind:
		if i, ok := familyPlaces[x.AsIdent()]; ok {
			return &familyFacts[i].Fact
		}
	case ast.SelectKind:
		if s := x.AsSelect(); s.Operand().Kind() == ast.IdentKind && !isReference(s.Operand().AsIdent()+".") {
			if i, ok := personPlaces[s.FieldName()]; ok {
				return &personFacts[i].Fact
			}
		}
	}
	return nil
}

func integer(x ast.Expr) (int, bool) {
	if x.Kind() != ast.LiteralKind {
		return 0, false
	}
	n, ok := x.AsLiteral().(types.Int)
	return int(n), ok
}

func (a *analysis) comprehension(c ast.ComprehensionExpr) {
	if _, taken := familyPlaces[c.IterVar()]; taken || c.IterVar() == personName {
		a.refuse("a macro's variable must not be called %s", c.IterVar())
	}
	switch r := c.IterRange(); {
	case isMembers(r):
		a.read(r)
	case r.Kind() == ast.ComprehensionKind:
		a.comprehension(r.AsComprehension())
	default:
		a.refuse("macros go through members only")
	}
	for _, x := range []ast.Expr{c.AccuInit(), c.LoopCondition(), c.LoopStep(), c.Result()} {
		a.walk(x)
	}
}
