package rules

import (
	"dtks/services/eligibility/rank"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
)

// limit is the largest decile that an expression such as decile <= 4 admits; 0 when it is no such expression.
type limit struct {
	level  rank.Level
	decile int
}

// Limit tells which cut-off matters to the set: the largest decile that one of its clauses admits as a whole (decile
// <= n, decile_province <= n or decile_regency <= n), and its level. Where several clauses do, it is the smallest.
func (s *Set) Limit() (level rank.Level, decile int, ok bool) {
	for i := range s.Clauses {
		if l := s.Clauses[i].expr.limit; l.decile > 0 && (!ok || l.decile < decile) {
			level, decile, ok = l.level, l.decile, true
		}
	}
	return level, decile, ok
}

var limited = map[string]rank.Level{"decile": rank.National, "decile_province": rank.Province, "decile_regency": rank.Regency}

func limitOf(x ast.Expr) limit {
	if x.Kind() != ast.CallKind || len(x.AsCall().Args()) != 2 {
		return limit{}
	}
	function, left, right := x.AsCall().FunctionName(), x.AsCall().Args()[0], x.AsCall().Args()[1]
	if left.Kind() == ast.LiteralKind {
		function, left, right = mirrored[function], right, left
	}
	n, number := integer(right)
	if !number || left.Kind() != ast.IdentKind {
		return limit{}
	}
	level, ok := limited[left.AsIdent()]
	if function == operators.Less {
		n--
	} else if function != operators.LessEquals {
		return limit{}
	}
	if !ok || n < 1 || n >= rank.Deciles {
		return limit{}
	}
	return limit{level, n}
}
