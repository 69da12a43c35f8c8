package match_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"dtks/services/nik-match/match"
)

// town is a made-up file with known truth: families whose children share the KK, the mother and the address, and of
// every tenth person (or as many as asked for) a second record with known slips.
type town struct {
	records []match.Record
	person  []int
	family  []int
	differs map[string]float64 // share of second records with another value, by field
}

const syllables = "BA BE BI BO BU DA DE DI DO DU GA GE GI GO GU KA KE KI KO KU LA LE LI LO LU MA ME MI MO MU NA NE NI NO NU PA PE PI PO PU RA RE RI RO RU SA SE SI SO SU TA TE TI TO TU WA WE WI WO WU"

func word(r *rand.Rand, parts int) string {
	out := ""
	for range parts {
		i := r.IntN((len(syllables)+1)/3) * 3
		out += syllables[i : i+2]
	}
	return out
}

func newTown(m *match.Model, seed uint64, families, children int, again float64) *town {
	r := rand.New(rand.NewPCG(seed, 1))
	t := &town{differs: map[string]float64{match.KK: 0.2, match.BirthDate: 0.05, match.Sex: 0.03, match.Area: 0.1}}
	reader := m.Reader()
	given := make([]string, 3000)
	for i := range given {
		given[i] = word(r, 3+i%2)
	}
	id := 0
	add := func(person, family int, values []string) {
		t.records = append(t.records, reader.Read(fmt.Sprint("R", len(t.records)), values))
		t.person, t.family = append(t.person, person), append(t.family, family)
	}
	kk := func() string { return fmt.Sprintf("32990%d%06d%04d", 1+r.IntN(4), r.IntN(1e6), 9000+r.IntN(1000)) }
	date := func() string { return fmt.Sprintf("%04d-%02d-%02d", 1950+r.IntN(60), 2+r.IntN(11), 2+r.IntN(27)) }
	area := func() string { return fmt.Sprintf("3299%02d20%02d", 1+r.IntN(20), 1+r.IntN(10)) }
	for f := range families {
		number, mother, address, village := kk(), given[r.IntN(3000)]+" "+given[r.IntN(3000)], "JL. "+word(r, 4)+" "+fmt.Sprint(1+r.IntN(200)), area()
		for range 1 + r.IntN(children) {
			v := []string{"", number, given[r.IntN(3000)] + " " + given[r.IntN(3000)], date(), string("LP"[r.IntN(2)]), "", mother, address, village}
			add(id, f, v)
			if r.Float64() < again {
				if r.Float64() < t.differs[match.KK] {
					v[1] = kk()
				}
				if r.Float64() < t.differs[match.BirthDate] {
					v[3] = date()
				}
				if r.Float64() < t.differs[match.Sex] {
					v[4] = map[string]string{"L": "P", "P": "L"}[v[4]]
				}
				if r.Float64() < t.differs[match.Area] {
					v[8] = area()
				}
				add(id, f, v)
			}
			id++
		}
	}
	return t
}

// learned runs learning as a whole file does, with the pairs that any person or family shares as the candidates.
func (t *town) learned(start *match.Model) *match.Model {
	m := start.Sized(len(t.records)).Observe(nil, t.records)
	begun := m
	n := int64(len(t.records))
	var c match.Candidates
	for i := range t.records {
		for j := range i {
			if m.Total(&t.records[j], &t.records[i]) > -6*match.Bit || t.family[i] == t.family[j] {
				c.Pairs = append(c.Pairs, [2]*match.Record{&t.records[j], &t.records[i]})
			}
		}
	}
	for range 2 {
		var matched *match.Matched
		m, matched = m.Estimate(&c, n*(n-1)/2, begun)
		m = m.Observe(matched, t.records)
	}
	return m
}

func probability(m *match.Model, field, finding string, of func(f *match.FieldModel) map[string]float64) float64 {
	for i := range m.Fields {
		if m.Fields[i].Name == field {
			return of(&m.Fields[i])[finding]
		}
	}
	return math.NaN()
}

func agreeing(f *match.FieldModel) map[string]float64 { return f.M }
func chance(f *match.FieldModel) map[string]float64   { return f.U }

func TestLearningFindsWhatIsKnown(t *testing.T) {
	t.Parallel()
	start := match.Blank("none").For(match.Registrant())
	town := newTown(start, 7, 190, 3, 0.35)
	m := town.learned(start)
	for _, c := range []struct {
		field, finding string
		got, want, by  float64
	}{
		{match.KK, "exact", probability(m, match.KK, "exact", agreeing), 0.8, 0.07},
		{match.BirthDate, "exact", probability(m, match.BirthDate, "exact", agreeing), 0.95, 0.08}, // few pairs against householdWeight
		{match.Sex, "different", probability(m, match.Sex, "different", agreeing), 0.03, 0.03},
		{match.Sex, "different by chance", probability(m, match.Sex, "different", chance), 0.5, 0.05},
		{match.Area, "exact", probability(m, match.Area, "exact", agreeing), 0.9, 0.06},
		{match.Area, "exact by chance", probability(m, match.Area, "exact", chance), 1.0 / 200, 0.005},
	} {
		if math.Abs(c.got-c.want) > c.by {
			t.Errorf("%s %s: %.4f, known to be %.4f", c.field, c.finding, c.got, c.want)
		}
	}
	n := float64(len(town.records))
	if pairs, want := m.Prior.Match*n*(n-1)/2, float64(len(town.records)-people(town)); pairs < want*0.8 || pairs > want*1.2 {
		t.Errorf("%.1f pairs of one person believed, %v known", pairs, want)
	}
}

func people(t *town) int {
	seen := map[int]bool{}
	for _, p := range t.person {
		seen[p] = true
	}
	return len(seen)
}

// TestLearningDoesNotTakeSiblingsForOnePerson: twenty times as many pairs of siblings as of one person must not draw
// "one person" towards them.
func TestLearningDoesNotTakeSiblingsForOnePerson(t *testing.T) {
	t.Parallel()
	start := match.Blank("none").For(match.Registrant())
	town := newTown(start, 11, 80, 9, 0.06)
	m := town.learned(start)
	var same, siblings, lost, taken int
	for i := range town.records {
		for j := max(0, i-30); j < i; j++ { // families stand together
			s := m.Compare(&town.records[i], &town.records[j])
			switch {
			case town.person[i] == town.person[j]:
				if same++; s.Likelihood < 0.5 {
					lost++
				}
			case town.family[i] == town.family[j]:
				if siblings++; s.Likelihood >= 0.5 {
					taken++
				}
			}
		}
	}
	if siblings < 20*same {
		t.Fatalf("%d pairs of siblings, %d of one person: not what is to be tested", siblings, same)
	}
	if taken*1000 > siblings || lost*10 > same {
		t.Errorf("%d of %d pairs of siblings taken for one person, %d of %d of one person lost", taken, siblings, lost, same)
	}
	if p := probability(m, match.Name, "exact", agreeing); p < 0.7 {
		t.Errorf("names of one person are said to agree in %.3f of their words", p)
	}
}
