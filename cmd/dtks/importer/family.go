package importer

import "maps"

// family is being put together from its rows.
type family struct {
	Proposal
	lines []int // of the members, in their order
	rows  []int // all lines, also those refused
	found []Finding
	bad   bool
}

// add takes a row into the family. The first row gives the columns of the family.
func (f *family) add(r *row, source string) {
	f.rows = append(f.rows, r.line)
	p := Proposal{
		Kind: "usulan", Source: r.source(source), SourceID: r.demand("source_id", maxLong), Area: r.area(),
		KK: r.text("kk", maxShort), Address: r.text("address", maxAddress), Survey: r.survey(),
	}
	m := r.member()
	switch {
	case f.Kind == "":
		f.Proposal = p
	case p.Area != f.Area && len(r.found) == 0:
		r.refuse("area", "area_differs")
	case len(r.found) == 0 && !same(&p, &f.Proposal):
		r.refuse("kk", "family_columns_differ")
	}
	for i := range f.Members {
		if f.Members[i].MemberID == m.MemberID && m.MemberID != "" {
			r.refuse("member_id", "member_twice")
			break
		}
	}
	if len(f.rows) == MaxMembers+1 {
		r.refuse("member_id", "family_too_large")
	}
	f.found = append(f.found, r.found...)
	for _, found := range r.found {
		f.bad = f.bad || !found.Warn
	}
	if !f.bad {
		f.Members = append(f.Members, m)
		f.lines = append(f.lines, r.line)
	}
}

// refused lists one finding at least for every row of a family that is not sent.
func (f *family) refused() []Finding {
	named := map[int]bool{}
	for _, found := range f.found {
		if !found.Warn {
			named[found.Line] = true
		}
	}
	all := f.found
	for _, line := range f.rows {
		if !named[line] {
			all = append(all, finding(line, "", "family_incomplete"))
		}
	}
	return all
}

func same(a, b *Proposal) bool {
	if a.KK != b.KK || a.Address != b.Address || (a.Survey == nil) != (b.Survey == nil) {
		return false
	}
	return a.Survey == nil || maps.Equal(a.Survey.Answers, b.Survey.Answers)
}
