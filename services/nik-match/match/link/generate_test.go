package link_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"dtks/services/nik-match/match"
)

// The people of these tests are made of few words, so that strangers, relatives and duplicates all occur in small files.
var (
	givenWords   = []string{"SITI", "MUHAMMAD", "BUDI", "SANTOSO", "WATI", "RATNA", "DEWI", "AGUS", "PURNOMO", "LESTARI", "YULIANA", "HENDRA", "KARTIKA", "SURYADI", "AMINAH", "ROHMAN", "FITRI", "HIDAYAT", "NURUL", "WIJAYA"}
	placeWords   = []string{"BANDUNG", "SURABAYA", "GARUT", "MALANG", "SUKABUMI", "KEDIRI"}
	streetWords  = []string{"JL MELATI", "JL MAWAR", "KP CIBODAS", "DSN KRAJAN", "GG KENARI", "JL DIPONEGORO"}
	villageCodes = []string{"3204102001", "3204102002", "3204112001", "3578052001", "3205012003"}
	stateWords   = []string{"NSW", "VIC", "QLD", "WA"}
)

// generator draws records; the same seed gives the same ones.
type generator struct{ *rand.Rand }

func newGenerator(seed uint64) *generator { return &generator{rand.New(rand.NewPCG(seed, 1))} }

func (g *generator) pick(words []string) string { return words[g.IntN(len(words))] }

func (g *generator) date() string {
	return fmt.Sprintf("%04d-%02d-%02d", 1950+g.IntN(60), 1+g.IntN(12), 1+g.IntN(28))
}

// registrant is one person's values in the order of match.Registrant.
func (g *generator) registrant() []string {
	area, born := g.pick(villageCodes), g.date()
	return []string{
		area[:6] + born[8:10] + born[5:7] + born[2:4] + fmt.Sprint(9000+g.IntN(1000)),
		area[:6] + "010120" + fmt.Sprint(9000+g.IntN(40)),
		g.pick(givenWords) + " " + g.pick(givenWords), born, g.pick([]string{"L", "P"}), g.pick(placeWords),
		g.pick(givenWords) + " " + g.pick(givenWords), fmt.Sprintf("%s NO %d RT %d RW %d", g.pick(streetWords), 1+g.IntN(90), 1+g.IntN(9), 1+g.IntN(9)), area,
	}
}

// foreignFields are those of a list from elsewhere, of which the program knows nothing.
var foreignFields = []match.Field{{Name: "given", Kind: match.KindName}, {Name: "surname", Kind: match.KindName}, {Name: "born", Kind: match.KindDate},
	{Name: "town", Kind: match.KindText}, {Name: "state", Kind: match.KindCode}, {Name: "mail", Kind: match.KindEmail}, {Name: "street", Kind: match.KindAddress}}

func (g *generator) foreigner() []string {
	given, surname := g.pick(givenWords), g.pick(givenWords)
	return []string{given, surname, g.date(), g.pick(placeWords) + " " + g.pick(placeWords), g.pick(stateWords),
		strings.ToLower(given) + fmt.Sprint(g.IntN(90)) + "@example.org", fmt.Sprintf("%d %s STREET", 1+g.IntN(90), g.pick(givenWords))}
}

// spoiled is a copy with errors: letters changed, values missing, words left out.
func (g *generator) spoiled(values []string) []string {
	out := append([]string(nil), values...)
	for i, v := range out {
		switch n := g.IntN(20); {
		case v == "":
		case n == 0:
			out[i] = ""
		case n == 1:
			at := g.IntN(len(v))
			out[i] = v[:at] + v[at+1:]
		case n == 2:
			at := g.IntN(len(v))
			out[i] = v[:at] + string(v[g.IntN(len(v))]) + v[at+1:]
		case n == 3:
			first, _, _ := strings.Cut(v, " ")
			out[i] = first
		}
	}
	return out
}

// file makes persons, a third of them with one or two further records, and reads them for a model.
func (g *generator) file(m *match.Model, persons int, person func() []string) []match.Record {
	var rows [][]string
	for range persons {
		p := person()
		rows = append(rows, p)
		for range max(0, g.IntN(5)-2) {
			rows = append(rows, g.spoiled(p))
		}
	}
	g.Shuffle(len(rows), func(i, k int) { rows[i], rows[k] = rows[k], rows[i] })
	return read(m, rows)
}

func read(m *match.Model, rows [][]string) []match.Record {
	reader := m.Reader()
	out := make([]match.Record, len(rows))
	for i, row := range rows {
		out[i] = reader.Read(fmt.Sprintf("R%05d", i), row)
	}
	return out
}

// schema is one kind of file that is tested.
type schema struct {
	name   string
	model  *match.Model
	person func(*generator) []string
}

func schemas(persons int) []schema {
	return []schema{
		{"registrants", match.Standard().Sized(persons), (*generator).registrant},
		{"foreign", match.Blank("none").For(foreignFields), (*generator).foreigner},
		{"foreign with lists", match.Blank("indonesia").For(foreignFields), (*generator).foreigner},
	}
}

// each runs a test for every schema.
func each(t *testing.T, persons int, f func(t *testing.T, m *match.Model, file func(seed uint64, persons int) []match.Record)) {
	t.Helper()
	for _, s := range schemas(persons) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			f(t, s.model, func(seed uint64, persons int) []match.Record {
				g := newGenerator(seed)
				return g.file(s.model, persons, func() []string { return s.person(g) })
			})
		})
	}
}
