package rules

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"dtks/pkg/event"
	"dtks/pkg/regsosek"
	"dtks/services/eligibility/fact"
	"dtks/services/eligibility/rank"
)

// maxTrials bounds how often Missing evaluates for one fact, and mixtures with how many mixtures of values it does so.
const (
	maxTrials = 1000
	mixtures  = 60
)

// Missing names the facts that keep the outcome of a programme open, or that of a member in a set by person, in the order
// of the model: as in decile, or members[2].age (from 0, in the order of the survey). It looks through met.x and
// entitled.x to what those rest on.
//
// A fact is named when a witness was found: values of some other missing facts with which this one's value decides
// between outcomes. So a fact that is named does matter. That none is left out is not promised: the others are tried as
// they are, as they would let the family in, so with one more of them missing, and in a fixed number of mixtures that
// are always the same. There is nothing to name when the outcome is known: more knowledge does not change it.
func (ss *Sets) Missing(programme string, f *Facts) ([]string, error) {
	e, err := ss.Evaluator([]string{programme})
	if err != nil {
		return nil, err
	}
	s := newSearch(e, f)
	if t := s.try(); !strings.Contains(t.outcomes, string(event.Undetermined)) {
		return nil, nil
	}
	s.findGaps()
	s.letIn()
	var out []string
	for g := range s.gaps {
		if s.matters(g) {
			out = append(out, s.gaps[g].name)
		}
	}
	return out, nil
}

// search tries values of missing facts.
type search struct {
	e       *Evaluator
	facts   Facts
	family  fact.Family
	gaps    []gap
	letting []int // value of each gap with which the family would be let in as far as possible
	trials  int
}

// gap is a fact that was not recorded, with values worth trying.
type gap struct {
	name   string
	values int
	set    func(value int) // -1 = missing again
}

// trial is what came out with some values.
type trial struct {
	outcome  event.Outcome
	outcomes string // of the family and of each member
	holds    int    // clauses of the programme that hold
}

func newSearch(e *Evaluator, f *Facts) *search {
	s := &search{e: e, facts: *f, family: *f.Family}
	s.family.Members = slices.Clone(f.Family.Members)
	s.facts.Family = &s.family
	s.facts.Verdicts = make([]string, len(s.family.Members))
	copy(s.facts.Verdicts, f.Verdicts)
	return s
}

func (s *search) try() trial {
	s.trials++
	results := s.e.Evaluate(&s.facts)
	last := &results[len(results)-1]
	t := trial{outcome: last.Outcome, outcomes: string(last.Outcome)}
	count := func(answers []Answer) {
		for _, a := range answers {
			if a == Holds {
				t.holds++
			}
		}
	}
	count(last.Answers)
	for i := range last.Persons {
		count(last.Persons[i].Answers)
		t.outcomes += " " + string(last.Persons[i].Outcome)
	}
	return t
}

// letIn gives one missing fact after the other the value that brings the family nearest to being entitled.
func (s *search) letIn() {
	s.letting = make([]int, len(s.gaps))
	for g := range s.gaps {
		best, at := trial{holds: -1}, 0
		for v := range s.gaps[g].values {
			s.gaps[g].set(v)
			if t := s.try(); best.holds < 0 || weight(t.outcome) < weight(best.outcome) || t.outcome == best.outcome && t.holds > best.holds {
				best, at = t, v
			}
		}
		s.letting[g] = at
		s.gaps[g].set(at)
	}
	s.clear()
}

func (s *search) clear() {
	for g := range s.gaps {
		s.gaps[g].set(-1)
	}
}

// matters looks for a witness that the value of a gap decides.
func (s *search) matters(g int) bool {
	defer s.clear()
	if s.decides(g) {
		return true
	}
	for other := range s.gaps {
		s.gaps[other].set(s.letting[other])
	}
	if s.decides(g) {
		return true
	}
	s.trials = 0
	for other := range s.gaps {
		if other == g || s.trials > maxTrials {
			continue
		}
		s.gaps[other].set(-1)
		if s.decides(g) {
			return true
		}
		s.gaps[other].set(s.letting[other])
	}
	r := rand.New(rand.NewPCG(uint64(g), 1))
	for range mixtures {
		s.mix(r)
		if s.decides(g) {
			return true
		}
	}
	return false
}

// mix leaves some gaps open, closes some as they would let the family in, and gives the others any value.
func (s *search) mix(r *rand.Rand) {
	for g := range s.gaps {
		switch r.IntN(3) {
		case 0:
			s.gaps[g].set(-1)
		case 1:
			s.gaps[g].set(s.letting[g])
		default:
			s.gaps[g].set(r.IntN(s.gaps[g].values))
		}
	}
}

// decides tells whether the outcome without a value of the gap differs from that with one.
func (s *search) decides(g int) bool {
	s.gaps[g].set(-1)
	without := s.try().outcomes
	for v := range s.gaps[g].values {
		s.gaps[g].set(v)
		if s.try().outcomes != without {
			return true
		}
	}
	s.gaps[g].set(-1)
	return false
}

// findGaps lists what was not recorded of what the sets in force read.
func (s *search) findGaps() {
	reads := map[string]bool{}
	var numbers []int
	for i := range s.e.results {
		if set := s.e.results[i].Set; set != nil {
			for e := range set.expressions() {
				for _, name := range e.reads {
					reads[name] = true
				}
				numbers = append(numbers, e.numbers...)
			}
		}
	}
	tried := near(numbers)
	head := s.family.HeadIndex()
	if reads["verdict"] && head >= 0 {
		s.verdictGap("verdict", head)
	}
	for _, level := range []rank.Level{rank.National, rank.Province, rank.Regency} {
		for name, l := range limited {
			if l == level && reads[name] {
				s.placeGap(name, &s.facts.Places.Decile[level], tried)
			}
		}
	}
	for i, name := range fact.Names() {
		if reads[name] && familyFacts[familyPlaces[name]].Default == "" {
			s.itemGap(i, name, tried)
		}
	}
	for i := range s.family.Members {
		if s.family.Members[i].Lives() {
			s.memberGaps(i, reads, tried, head)
		}
	}
}

// near lists the numbers, and those beside them, without repetition.
func near(numbers []int) []int {
	var out []int
	for _, n := range numbers {
		out = append(out, n-1, n, n+1)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// within keeps the numbers of a range, and its ends.
func within(numbers []int, lo, hi int) []int {
	out := []int{lo, hi}
	for _, n := range numbers {
		if n > lo && n < hi {
			out = append(out, n)
		}
	}
	return out
}

// addGap adds a gap of a value kept as a number.
func addGap[T ~uint8 | ~int16 | ~int32](s *search, name string, at *T, missing T, values []T) {
	if *at != missing {
		return
	}
	s.gaps = append(s.gaps, gap{name, len(values), func(v int) {
		if v < 0 {
			*at = missing
		} else {
			*at = values[v]
		}
	}})
}

func (s *search) verdictGap(name string, member int) {
	if at := &s.facts.Verdicts[member]; *at == "" {
		s.gaps = append(s.gaps, gap{name, len(verdicts), func(v int) {
			if *at = ""; v >= 0 {
				*at = verdicts[v]
			}
		}})
	}
}

func (s *search) placeGap(name string, at *uint8, tried []int) {
	var values []uint8
	for _, n := range within(tried, 1, rank.Deciles) {
		values = append(values, uint8(n))
	}
	addGap(s, name, at, 0, values)
}

func (s *search) itemGap(i int, name string, tried []int) {
	item, _ := regsosek.Lookup(name)
	var values []int16
	if item.Codes == nil {
		for _, n := range within(tried, item.Min, item.Max) {
			values = append(values, int16(n))
		}
	}
	for c := range item.Codes {
		values = append(values, int16(item.Min+c))
	}
	addGap(s, name, &s.family.Answers[i], fact.Absent, values)
}

func (s *search) memberGaps(i int, reads map[string]bool, tried []int, head int) {
	m := &s.family.Members[i]
	name := func(field string) string { return "members[" + strconv.Itoa(i) + "]." + field }
	read := func(fields ...string) bool {
		return slices.ContainsFunc(fields, func(f string) bool { return reads[personName+"."+f] })
	}
	codes := func(item regsosek.Item) (out []uint8) {
		for c := range item.Codes {
			out = append(out, uint8(item.Min+c))
		}
		return out
	}
	if read("age") {
		var born []int32
		for _, age := range within(tried, 0, 120) {
			born = append(born, s.facts.Day-int32(age)*10000)
		}
		addGap(s, name("age"), &m.Born, 0, born)
	}
	if read("sex") {
		addGap(s, name("sex"), &m.Sex, 0, []byte("LP"))
	}
	if read("relation", "head") || (reads["verdict"] || reads["has_head"]) && head < 0 { // the verdict is the head's, whoever that is
		addGap(s, name("relation"), &m.Relation, 0, codes(regsosek.Relation))
	}
	if read("marital") {
		addGap(s, name("marital"), &m.Marital, 0, codes(regsosek.Marital))
	}
	if read("school", "attends_school", "stage") {
		addGap(s, name("school"), &m.School, 0, codes(regsosek.School))
	}
	if read("stage") && (m.School == 0 || m.School == regsosek.AtSchool) {
		addGap(s, name("stage"), &m.Level, 0, firstLevels)
	}
	if read("work", "works") {
		addGap(s, name("work"), &m.Work, fact.NoWork, codes(regsosek.Work))
	}
	if read("orphan") {
		addGap(s, name("orphan"), &m.Orphan, 0, codes(regsosek.Orphan))
	}
	if read("cover_pbi", "cover_own", "cover_employer", "cover_other") {
		addGap(s, name("cover"), &m.Cover, fact.NoCover, []uint8{0, regsosek.CoverPBI, regsosek.CoverMandiri, regsosek.CoverEmployer, regsosek.CoverOther})
	}
	if read("verdict") && (i != head || !reads["verdict"]) {
		s.verdictGap(name("verdict"), i)
	}
}

// firstLevels is the first level of each stage of school.
var firstLevels = func() (out []uint8) {
	for level := range regsosek.SchoolLevel.Max + 1 {
		if regsosek.StageOf(level) != regsosek.NoStage && regsosek.StageOf(level) != regsosek.StageOf(level-1) {
			out = append(out, uint8(level))
		}
	}
	return out
}()

// MissingText says what a name that Missing gave means, and of which member (by index, -1 = the family). It is false for
// any other name.
func MissingText(name string) (f Fact, member int, ok bool) {
	rest, found := strings.CutPrefix(name, "members[")
	if !found {
		i, ok := familyPlaces[name]
		if !ok {
			return Fact{}, -1, false
		}
		return familyFacts[i].Fact, -1, true
	}
	var field string
	if n, err := fmt.Sscanf(rest, "%d].%s", &member, &field); n != 2 || err != nil {
		return Fact{}, -1, false
	}
	if field == "cover" {
		return Fact{Name: "cover", Type: intType, Text: regsosek.Cover.Text}, member, true
	}
	i, ok := personPlaces[field]
	if !ok {
		return Fact{}, -1, false
	}
	return personFacts[i].Fact, member, true
}
