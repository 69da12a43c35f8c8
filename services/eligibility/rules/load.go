package rules

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"time"

	"dtks/pkg/event"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/cost"
)

// maxCost bounds one expression, in CEL's cost units, before it is ever run. Every fact is a scalar and macros are
// switched off, so that there are no loops and the bound is sound: no meter is needed while deciding.
const maxCost = 100

// maxText bounds strings in estimates: the longest text a fact can have.
const maxText = 32

var idForm = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

var codeForm = regexp.MustCompile(`^[a-z0-9]+(_[a-z0-9]+)*$`)

// Load reads a rule set, compiles it and runs its cases.
func Load(file []byte) (*Set, error) {
	dec := json.NewDecoder(bytes.NewReader(file))
	dec.DisallowUnknownFields()
	s := new(Set)
	if err := dec.Decode(s); err != nil {
		return nil, fmt.Errorf("decoding rule set: %w", err)
	}
	if dec.More() {
		return nil, errors.New("rule set goes on after its end")
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	if err := s.compile(); err != nil {
		return nil, err
	}
	for i := range s.Cases {
		if err := s.Cases[i].run(s); err != nil {
			return nil, fmt.Errorf("case %q: %w", s.Cases[i].Name, err)
		}
	}
	return s, nil
}

func (s *Set) check() error {
	var err error
	if s.from, err = parseDay(s.ValidFrom); err != nil {
		return fmt.Errorf("valid_from: %w", err)
	}
	s.to = 99991231
	if s.ValidTo != "" {
		if s.to, err = parseDay(s.ValidTo); err != nil {
			return fmt.Errorf("valid_to: %w", err)
		}
	}
	switch {
	case !idForm.MatchString(s.ID) || len(s.ID) > 64:
		return errors.New("id is not lower-case words joined by hyphens")
	case !idForm.MatchString(s.Programme) || len(s.Programme) > 32:
		return errors.New("programme is not lower-case words joined by hyphens")
	case s.Title.ID == "" || s.Title.EN == "" || s.Source == "":
		return errors.New("title or source is missing")
	case s.to < s.from:
		return errors.New("valid_to is before valid_from")
	case len(s.Clauses) == 0 || len(s.Clauses) > 64 || len(s.Components) > 32:
		return errors.New("a rule set has 1 to 64 clauses and at most 32 components")
	case len(s.Cases) == 0:
		return errors.New("a rule set without test cases is not loaded")
	case s.Amount < 0 || s.MaxComponents < 0 || (len(s.Components) > 0) != (s.MaxComponents > 0):
		return errors.New("amount or max_components makes no sense")
	}
	for i, c := range s.Clauses {
		for _, r := range []Reason{c.Holds, c.Fails.Reason, c.Missing} {
			if !codeForm.MatchString(r.Code) || r.Text.ID == "" || r.Text.EN == "" {
				return fmt.Errorf("clause %d has a reason without code or text", i+1)
			}
		}
		if c.Fails.Outcome != event.NotEntitled && c.Fails.Outcome != event.Undetermined {
			return fmt.Errorf("clause %d has no outcome for when it fails", i+1)
		}
		if c.Source == "" {
			return fmt.Errorf("clause %d has no source", i+1)
		}
	}
	for i, c := range s.Components {
		if !codeForm.MatchString(c.Code) || c.Text.ID == "" || c.Text.EN == "" || c.Source == "" || c.Amount <= 0 || c.Limit <= 0 {
			return fmt.Errorf("component %d lacks code, text, source, amount or limit", i+1)
		}
	}
	return nil
}

func (s *Set) compile() error {
	family, member, err := environments()
	if err != nil {
		return err
	}
	for i := range s.Clauses {
		if s.Clauses[i].program, err = compile(family, s.Clauses[i].Expr); err != nil {
			return fmt.Errorf("clause %d: %w", i+1, err)
		}
	}
	for i := range s.Components {
		if s.Components[i].program, err = compile(member, s.Components[i].Expr); err != nil {
			return fmt.Errorf("component %q: %w", s.Components[i].Code, err)
		}
	}
	return nil
}

func compile(env *cel.Env, expr string) (cel.Program, error) {
	if len(expr) > 2000 {
		return nil, errors.New("expression is longer than 2000 characters")
	}
	ast, issues := env.Compile(expr)
	if issues.Err() != nil {
		return nil, issues.Err()
	}
	if !ast.OutputType().IsExactType(cel.BoolType) {
		return nil, fmt.Errorf("expression gives %s, want bool", ast.OutputType())
	}
	estimate, err := env.EstimateCost(ast, sizes{})
	if err != nil {
		return nil, fmt.Errorf("estimating cost: %w", err)
	}
	if estimate.Max > maxCost {
		return nil, fmt.Errorf("expression may cost %d, limit is %d", estimate.Max, maxCost)
	}
	return env.Program(ast, cel.EvalOptions(cel.OptOptimize))
}

// sizes tells the estimator how long facts can be.
type sizes struct{}

// EstimateSize is part of cost.Estimator.
func (sizes) EstimateSize(cost.AstNode) *cost.SizeEstimate {
	return &cost.SizeEstimate{Min: 0, Max: maxText}
}

// EstimateCallCost is part of cost.Estimator: CEL's own figures are used.
func (sizes) EstimateCallCost(string, string, *cost.AstNode, []cost.AstNode) *cost.CallEstimate {
	return nil
}

// environments are the two sets of typed names, of a family and of a member.
func environments() (family, member *cel.Env, err error) {
	if family, err = environment(familyTypes); err != nil {
		return nil, nil, err
	}
	member, err = environment(memberTypes)
	return family, member, err
}

// environment declares the names. Macros (all, exists, map ...) are off.
func environment(names []factType) (*cel.Env, error) {
	opts := []cel.EnvOption{cel.ClearMacros()}
	for _, n := range names {
		opts = append(opts, cel.Variable(n.name, n.kind))
	}
	return cel.NewEnv(opts...)
}

func parseDay(s string) (int32, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return 0, errors.New("not a date like 2006-01-02")
	}
	return Day(t), nil
}

// Day writes the date of t, in its own zone, as yyyymmdd.
func Day(t time.Time) int32 {
	y, m, d := t.Date()
	return int32(y*10000 + int(m)*100 + d)
}
