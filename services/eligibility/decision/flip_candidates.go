package decision

import (
	"regexp"
	"slices"
	"strconv"

	"dtks/pkg/regsosek"
	"dtks/services/eligibility/fact"
	"dtks/services/eligibility/rules"
)

// changes lists every change of a fact that may be tried, in the order of the survey.
func (f *search) changes() []candidate {
	out := make([]candidate, 0, 256)
	in := &f.trial.in
	head := in.Facts.HeadIndex()
	for i, at := range append([]int{head}, upTo(len(in.Verdicts))...) {
		if at >= 0 && at < len(in.Verdicts) && (i == 0 || at != head) && in.Verdicts[at].Verdict != padan && in.Facts.Members[at].Lives() {
			facts := []string{"person.verdict"}
			if at == head {
				facts = append([]string{"verdict"}, facts...)
			}
			out = append(out, candidate{kind: Identity, facts: facts, item: -1, member: at, confirm: true})
		}
	}
	for i, name := range fact.Names() {
		out = f.appendItem(out, i, name)
	}
	for i := range in.Facts.Members {
		out = f.appendMember(out, i)
	}
	return out
}

func upTo(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// defaults are the survey items that count as a stated answer when nothing was recorded.
var defaults = func() map[string]string {
	out := map[string]string{}
	for _, f := range rules.Model() {
		if f.Default != "" {
			out[f.Name] = f.Default
		}
	}
	return out
}()

func (f *search) appendItem(out []candidate, at int, name string) []candidate {
	answers := &f.trial.in.Facts.Answers
	if !asked(name, answers) {
		return out
	}
	item, _ := regsosek.Lookup(name)
	now, kind := answers[at], Answered
	if now == fact.Absent {
		kind = Given
		if code := slices.Index(item.CodeNames(), defaults[name]); code >= 0 && defaults[name] != "" {
			now, kind = int16(code+item.Min), Answered
		}
	}
	facts := []string{name}
	if next, ok := followUps[name]; ok {
		facts = append(facts, next)
	}
	try := func(code int16) {
		if code != now {
			out = append(out, candidate{kind: kind, facts: facts, item: at, code: code, member: -1})
		}
	}
	if item.Codes == nil {
		for _, code := range f.amounts(at, item) {
			try(code)
		}
		return out
	}
	for code := item.Min; code <= item.Max; code++ {
		try(int16(code))
	}
	return out
}

// followUps are the items that the form asks for or not, by the answer to the item before.
var followUps = map[string]string{regsosek.Penerangan: regsosek.Daya, regsosek.Jamban: regsosek.Kloset, regsosek.Usaha: regsosek.Omzet}

// answer gives the item its answer, and clears the answer to what the form then no longer asks for.
func (c *candidate) answer(answers *[fact.Items]int16) {
	answers[c.item] = c.code
	if next, ok := followUps[itemNames[c.item]]; ok && !asked(next, answers) {
		at, _ := fact.Index(next)
		answers[at] = fact.Absent
	}
}

var itemNames = fact.Names()

// asked reports whether the form asks for an item, given the other answers.
func asked(name string, answers *[fact.Items]int16) bool {
	given := func(name string) int16 {
		at, _ := fact.Index(name)
		return answers[at]
	}
	switch name {
	case regsosek.Daya:
		return given(regsosek.Penerangan) == 1 // from the grid, with a meter
	case regsosek.Kloset:
		jamban := given(regsosek.Jamban)
		return jamban >= 1 && jamban <= 4
	case regsosek.Omzet:
		return given(regsosek.Usaha) == regsosek.Yes
	}
	return true
}

var literal = regexp.MustCompile(`\b\d{1,5}\b`)

// amounts gives the values of a numeric item that can make a difference: those around the numbers in the rules that read
// it, and, on either side of the present value, each at which the family's deciles change, provided that the score rises
// or falls with the value all the way.
func (f *search) amounts(at int, item regsosek.Item) []int16 {
	var out []int16
	low, high := int16(item.Min), int16(item.Max)
	add := func(v int) {
		if v >= item.Min && v <= item.Max && !slices.Contains(out, int16(v)) {
			out = append(out, int16(v))
		}
	}
	for i := range f.sheet.Programmes {
		set := f.sheet.Programmes[i].Set
		if set == nil || !slices.Contains(set.Needs(), item.Name) {
			continue
		}
		for j := range set.Clauses {
			for _, text := range literal.FindAllString(set.Clauses[j].Expr, -1) {
				n, _ := strconv.Atoi(text) // five digits
				add(n - 1)
				add(n)
				add(n + 1)
			}
		}
	}
	now := f.trial.in.Facts.Answers[at]
	if now == fact.Absent {
		now = low
		add(int(low))
	}
	for _, end := range []int16{low, high} {
		for _, v := range f.turns(at, now, end) {
			add(int(v))
		}
	}
	return out
}

// turns gives the values between now and end at which the deciles change.
func (f *search) turns(at int, now, end int16) []int16 {
	place := func(v int16) [3]uint8 {
		c := candidate{item: at, code: v, member: -1}
		f.trial.weigh(&c)
		return c.places.Decile
	}
	var out []int16
	last := place(end)
	for here := place(now); here != last; here = place(now) {
		same, other := now, end // places at same are those at now, at other they are not
		for same-other > 1 || other-same > 1 {
			if middle := int16((int(same) + int(other)) / 2); place(middle) == here {
				same = middle
			} else {
				other = middle
			}
		}
		now = other
		out = append(out, other)
	}
	return out
}

// Ages between which a change is plausible, in full years.
const (
	schoolFrom, schoolTo     = 5, 24
	workFrom, workTo         = 15, 80
	pregnantFrom, pregnantTo = 15, 49
	orphanTo                 = 17
)

// pupilsOf are a level of each stage and the ages at which it is attended.
var pupilsOf = []struct{ level, from, to uint8 }{{3, 5, 15}, {8, 11, 18}, {13, 14, 21}, {19, 17, 24}}

// appendMember adds changes of one member. One who does not live with the family may come back; nothing else of such a
// member counts. A head does not leave: that would be another family.
func (f *search) appendMember(out []candidate, at int) []candidate {
	m := f.trial.in.Facts.Members[at]
	add := func(recorded bool, to fact.Member, facts ...string) {
		kind := Answered
		if !recorded {
			kind = Given
		}
		if to != m {
			out = append(out, candidate{kind: kind, facts: facts, item: -1, member: at, to: to})
		}
	}
	with := func(set func(*fact.Member)) fact.Member {
		to := m
		set(&to)
		return to
	}
	if !m.Lives() {
		if m.Presence != 2 { // who died does not come back
			add(true, with(func(m *fact.Member) { m.Presence = 1 }))
		}
		return out
	}
	years, known := m.Age(f.trial.facts.Day)
	between := func(from, to int64) bool { return known && years >= from && years <= to }
	if between(schoolFrom, schoolTo) {
		facts := []string{"person.school", "person.attends_school", "person.stage"}
		for _, p := range pupilsOf {
			if between(int64(p.from), int64(p.to)) && regsosek.StageOf(int(p.level)) != pupilAt(&m) {
				add(m.School != 0, with(func(m *fact.Member) { m.School, m.Level = regsosek.AtSchool, p.level }), facts...)
			}
		}
		add(m.School != 0, with(func(m *fact.Member) { m.School = regsosek.LeftSchool }), facts...)
	}
	if m.Sex == 'P' && between(pregnantFrom, pregnantTo) {
		add(true, with(func(m *fact.Member) { m.Pregnant = !m.Pregnant }), "person.pregnant")
	}
	add(true, with(func(m *fact.Member) { m.Disabled = !m.Disabled }), "person.disabled")
	if between(0, orphanTo) {
		for code := regsosek.Orphan.Min; code <= regsosek.Orphan.Max; code++ {
			add(m.Orphan != 0, with(func(m *fact.Member) { m.Orphan = uint8(code) }), "person.orphan")
		}
	}
	for _, cover := range []uint8{0, regsosek.CoverPBI, regsosek.CoverMandiri, regsosek.CoverEmployer, regsosek.CoverOther} {
		add(m.Cover != fact.NoCover, with(func(m *fact.Member) { m.Cover = cover }),
			"person.health_cover", "person.cover_pbi", "person.cover_own", "person.cover_employer", "person.cover_other")
	}
	if between(workFrom, workTo) {
		for code := regsosek.Work.Min; code <= regsosek.Work.Max; code++ {
			add(true, with(func(m *fact.Member) { m.Work = uint8(code) }), "person.work", "person.works")
		}
	}
	if m.Relation != regsosek.Head {
		add(true, with(func(m *fact.Member) { m.Presence = movedAway }))
	}
	return out
}

const movedAway = 3

// pupilAt is the stage that a member attends.
func pupilAt(m *fact.Member) regsosek.Stage {
	if m.School != regsosek.AtSchool {
		return regsosek.NoStage
	}
	return regsosek.StageOf(int(m.Level))
}
