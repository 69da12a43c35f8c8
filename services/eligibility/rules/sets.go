package rules

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
)

//go:embed sets/*.json
var files embed.FS

// Sets holds the rule sets of all programmes.
type Sets struct {
	byProgramme map[string][]*Set // by rising valid_from
}

// Shipped loads the rule sets that come with the program.
func Shipped() (*Sets, error) {
	sets := &Sets{byProgramme: map[string][]*Set{}}
	names, err := fs.Glob(files, "sets/*.json")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		file, err := files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		if err := sets.Add(file); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return sets, nil
}

// Add loads one more rule set. Its first day must differ from that of the programme's other sets.
func (ss *Sets) Add(file []byte) error {
	s, err := Load(file)
	if err != nil {
		return err
	}
	all := ss.byProgramme[s.Programme]
	for _, other := range all {
		if other.ID == s.ID || other.from == s.from {
			return fmt.Errorf("%s clashes with %s", s.ID, other.ID)
		}
	}
	all = append(all, s)
	slices.SortFunc(all, func(a, b *Set) int { return int(a.from - b.from) })
	ss.byProgramme[s.Programme] = all
	return nil
}

// Programmes lists the programmes that have rules, in order of code.
func (ss *Sets) Programmes() []string {
	out := make([]string, 0, len(ss.byProgramme))
	for p := range ss.byProgramme {
		out = append(out, p)
	}
	slices.Sort(out)
	return out
}

// For gives the programme's rule set in force on a day (yyyymmdd): the newest that has begun. Nil when there is none.
func (ss *Sets) For(programme string, day int32) *Set {
	all := ss.byProgramme[programme]
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].from <= day {
			if day > all[i].to {
				return nil
			}
			return all[i]
		}
	}
	return nil
}

// ByID finds a rule set by its id; nil when it is not loaded.
func (ss *Sets) ByID(id string) *Set {
	for _, all := range ss.byProgramme {
		for _, s := range all {
			if s.ID == id {
				return s
			}
		}
	}
	return nil
}
