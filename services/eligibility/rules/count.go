package rules

import (
	"reflect"

	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/interpreter"
)

// count is a number of which only the bounds are known: of members with a component, some for sure, some perhaps. A
// comparison with a number is answered as soon as the bounds suffice, so that one child without a birth date does not
// hide another who counts.
type count struct{ least, most int }

// The methods of ref.Val. Only comparisons with a number are let through by the checks of expressions, and those are
// planned as compareCount.

func (c count) Value() any                                  { return c }
func (c count) Type() ref.Type                              { return types.IntType }
func (c count) Equal(ref.Val) ref.Val                       { return unknown }
func (c count) ConvertToType(ref.Type) ref.Val              { return unknown }
func (c count) ConvertToNative(t reflect.Type) (any, error) { return nil, errConvert(t) }

// compareCount compares a count with a number.
type compareCount struct {
	interpreter.InterpretableCall // as planned; its arguments are asked, its function is not
	count                         interpreter.InterpretableV2
	compare                       func(c count, n int) ref.Val
	number                        int
}

// Exec is part of interpreter.InterpretableV2.
func (c *compareCount) Exec(frame *interpreter.ExecutionFrame) ref.Val {
	v := c.count.Exec(frame)
	if got, ok := v.(count); ok {
		return c.compare(got, c.number)
	}
	return v
}

// Eval is part of interpreter.Interpretable.
func (c *compareCount) Eval(vars interpreter.Activation) ref.Val {
	return interpreter.EvalActivation(vars, c.Exec)
}

// planCounts puts compareCount in the place of comparisons of components.
func planCounts(i interpreter.InterpretableV2) (interpreter.InterpretableV2, error) {
	call, ok := i.(interpreter.InterpretableCall)
	if !ok || len(call.Args()) != 2 {
		return i, nil
	}
	left, right := call.Args()[0], call.Args()[1]
	function := call.Function()
	if !isComponents(left) {
		left, right = right, left
		function = mirrored[function]
	}
	n, ok := right.(interpreter.InterpretableConst)
	if !ok || !isComponents(left) || counts[function] == nil {
		return i, nil
	}
	number, ok := n.Value().(types.Int)
	if !ok {
		return i, nil
	}
	return &compareCount{call, left, counts[function], int(number)}, nil
}

func isComponents(i interpreter.InterpretableV2) bool {
	a, ok := i.(interpreter.InterpretableAttribute)
	if !ok {
		return false
	}
	named, ok := a.Attr().(interpreter.NamespacedAttribute)
	return ok && len(named.Qualifiers()) == 0 && len(named.CandidateVariableNames()) == 1 &&
		named.CandidateVariableNames()[0] == familyFacts[componentsAt].Name
}

// mirrored gives the comparison that says the same with its sides exchanged.
var mirrored = map[string]string{
	operators.Less: operators.Greater, operators.LessEquals: operators.GreaterEquals, operators.Greater: operators.Less,
	operators.GreaterEquals: operators.LessEquals, operators.Equals: operators.Equals, operators.NotEquals: operators.NotEquals,
}

var counts = map[string]func(count, int) ref.Val{
	operators.Less:          func(c count, n int) ref.Val { return sure(c.most < n, c.least >= n) },
	operators.LessEquals:    func(c count, n int) ref.Val { return sure(c.most <= n, c.least > n) },
	operators.Greater:       func(c count, n int) ref.Val { return sure(c.least > n, c.most <= n) },
	operators.GreaterEquals: func(c count, n int) ref.Val { return sure(c.least >= n, c.most < n) },
	operators.Equals:        func(c count, n int) ref.Val { return sure(c.least == n && c.most == n, c.least > n || c.most < n) },
	operators.NotEquals:     func(c count, n int) ref.Val { return sure(c.least > n || c.most < n, c.least == n && c.most == n) },
}

func sure(yes, no bool) ref.Val {
	switch {
	case yes:
		return types.True
	case no:
		return types.False
	}
	return unknown
}
