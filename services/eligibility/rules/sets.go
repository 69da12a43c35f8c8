package rules

import (
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
)

//go:embed sets/*.json
var files embed.FS

// Sets holds the rule sets of all programmes. Once ready it is immutable.
type Sets struct {
	byProgramme map[string][]*Set
	archived    map[string]*Set // by id: known, but never in force
	expressions map[expressionKey]*expression
	order       []string // of evaluation; nil until ready
}

// expressionKey tells which expressions are the same: those that count components differ from set to set.
type expressionKey struct {
	text   string
	person bool
	set    string
}

// Shipped loads the rule sets that come with the program.
func Shipped() (*Sets, error) {
	sets := NewSets()
	if err := sets.AddShipped(); err != nil {
		return nil, err
	}
	return sets, sets.Ready()
}

// AddShipped adds the rule sets that come with the program, of those programmes that have none yet.
func (ss *Sets) AddShipped() error {
	names, err := fs.Glob(files, "sets/*.json")
	if err != nil {
		return err
	}
	own := maps.Clone(ss.byProgramme)
	for _, name := range names {
		file, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		s, err := Load(file)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if len(own[s.Programme]) > 0 {
			continue
		}
		if err := ss.add(s); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// NewSets holds no rule set yet.
func NewSets() *Sets {
	return &Sets{byProgramme: map[string][]*Set{}, archived: map[string]*Set{}, expressions: map[expressionKey]*expression{}}
}

// Add loads one more rule set. Sets of one programme must be of one kind and unit, and no two may begin on the same day
// for the same area.
func (ss *Sets) Add(file []byte) error {
	s, err := Load(file)
	if err != nil {
		return err
	}
	return ss.add(s)
}

func (ss *Sets) add(s *Set) error {
	if other := ss.ByID(s.ID); other != nil {
		return fmt.Errorf("there are two rule sets %s", s.ID)
	}
	for _, other := range ss.byProgramme[s.Programme] {
		if other.Kind != s.Kind || other.Unit != s.Unit {
			return fmt.Errorf("%s is of another kind or unit than %s", s.ID, other.ID)
		}
		if other.from == s.from && sameArea(other.Areas, s.Areas) {
			return fmt.Errorf("%s begins on the same day for the same area as %s", s.ID, other.ID)
		}
	}
	ss.put(s)
	ss.order = nil
	return nil
}

func sameArea(a, b []string) bool {
	return len(a) == 0 && len(b) == 0 || slices.ContainsFunc(a, func(area string) bool { return slices.Contains(b, area) })
}

// put takes a set in and gives it the expressions that other sets have already.
func (ss *Sets) put(s *Set) {
	for i := range s.Clauses {
		s.Clauses[i].expr = ss.intern(s, s.Clauses[i].expr)
	}
	for i := range s.Components {
		s.Components[i].expr = ss.intern(s, s.Components[i].expr)
	}
	all := append(ss.byProgramme[s.Programme], s)
	slices.SortFunc(all, func(a, b *Set) int { return int(a.from - b.from) })
	ss.byProgramme[s.Programme] = all
}

func (ss *Sets) intern(s *Set, e *expression) *expression {
	key := expressionKey{text: e.text, person: e.person}
	if e.components {
		key.set = s.ID
	}
	if same := ss.expressions[key]; same != nil {
		return same
	}
	own := *e
	own.id = len(ss.expressions)
	ss.expressions[key] = &own
	return &own
}

// Ready checks what the sets say of each other and fixes the order of evaluation. It is an error when one refers to a
// programme that is not there, or when they refer to each other in a circle.
func (ss *Sets) Ready() error {
	needs := make(map[string][]string, len(ss.byProgramme))
	for programme, all := range ss.byProgramme {
		for _, s := range all {
			for _, name := range s.references {
				other, err := ss.refersTo(name)
				if err != nil {
					return fmt.Errorf("%s: %w", s.ID, err)
				}
				needs[programme] = append(needs[programme], other)
			}
		}
		needs[programme] = sorted(needs[programme])
	}
	order, err := arrange(needs)
	if err != nil {
		return err
	}
	for _, all := range ss.byProgramme {
		for _, s := range all {
			ss.settlePerPerson(s)
		}
	}
	ss.order = order
	return nil
}

// settlePerPerson: what a set by person asks of another set by person is asked of the same member.
func (ss *Sets) settlePerPerson(s *Set) {
	if s.Unit != Person {
		return
	}
	for i := range s.Clauses {
		c := &s.Clauses[i]
		for _, name := range c.expr.references {
			if other, err := ss.refersTo(name); err == nil && !c.PerPerson && ss.byProgramme[other][0].Unit == Person {
				own := *c.expr
				own.person, c.PerPerson = true, true
				c.expr = ss.intern(s, &own)
			}
		}
	}
	s.countPerPerson()
}

// refersTo finds the programme that met.x or entitled.x names.
func (ss *Sets) refersTo(name string) (string, error) {
	kind, code := Programme, strings.TrimPrefix(name, entitledPrefix)
	if strings.HasPrefix(name, metPrefix) {
		kind, code = Criteria, strings.TrimPrefix(name, metPrefix)
	}
	for programme, all := range ss.byProgramme {
		if strings.ReplaceAll(programme, "-", "_") == code && all[0].Kind == kind {
			return programme, nil
		}
	}
	return "", fmt.Errorf("%s names no %s that is loaded", name, kind)
}

// arrange puts programmes after those that they need, otherwise in order of code.
func arrange(needs map[string][]string) ([]string, error) {
	const (
		open = iota
		entered
		done
	)
	state := make(map[string]int, len(needs))
	var order, path []string
	var visit func(p string) error
	visit = func(p string) error {
		switch state[p] {
		case done:
			return nil
		case entered:
			at := slices.Index(path, p)
			return fmt.Errorf("rule sets refer to each other in a circle: %s", strings.Join(append(path[at:], p), " -> "))
		}
		state[p] = entered
		path = append(path, p)
		for _, other := range needs[p] {
			if err := visit(other); err != nil {
				return err
			}
		}
		path = path[:len(path)-1]
		state[p] = done
		order = append(order, p)
		return nil
	}
	for _, p := range slices.Sorted(maps.Keys(needs)) {
		if err := visit(p); err != nil {
			return nil, err
		}
	}
	return order, nil
}

// Programmes lists programmes and criteria that have rules: each after those that it refers to, otherwise by code.
func (ss *Sets) Programmes() []string { return slices.Clone(ss.order) }

// All lists the rule sets of a programme by rising first day.
func (ss *Sets) All(programme string) []*Set { return slices.Clone(ss.byProgramme[programme]) }

// For gives the programme's rule set in force in an area on a day (yyyymmdd): of those in force the one made for the
// smallest area, then the newest. Nil when there is none.
func (ss *Sets) For(programme, area string, day int32) *Set {
	s, _ := inForce(ss.byProgramme[programme], area, day)
	return s
}

// inForce also gives the first later day on which another set, or none, may be in force.
func inForce(all []*Set, area string, day int32) (best *Set, next int32) {
	next = never
	closest := -1
	for _, s := range all { // by rising first day
		c := s.covers(area)
		if c < 0 || s.to < day {
			continue
		}
		if s.from > day {
			next = min(next, s.from)
			continue
		}
		if s.to < never {
			next = min(next, nextDay(s.to))
		}
		if c >= closest {
			best, closest = s, c
		}
	}
	return best, next
}

// ByID finds a rule set by its id, archived ones included; nil when it is not loaded.
func (ss *Sets) ByID(id string) *Set {
	for _, all := range ss.byProgramme {
		for _, s := range all {
			if s.ID == id {
				return s
			}
		}
	}
	return ss.archived[id]
}

// Archive makes a rule set of earlier decisions known by its id. It is never in force. The sets must be ready.
func (ss *Sets) Archive(file []byte) error {
	s, err := Load(file)
	if err != nil {
		return err
	}
	if ss.ByID(s.ID) == nil {
		ss.settlePerPerson(s)
		ss.archived[s.ID] = s
	}
	return nil
}

// Files are the rule set files that come with the program, by name.
func Files() map[string][]byte {
	names, _ := fs.Glob(files, "sets/*.json") // the pattern is right
	out := make(map[string][]byte, len(names))
	for _, name := range names {
		out[name], _ = files.ReadFile(name) // embedded: it is there
	}
	return out
}
