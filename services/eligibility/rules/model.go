package rules

import (
	"slices"

	"dtks/pkg/event"
	"dtks/pkg/fault"
	"dtks/pkg/regsosek"
	"dtks/services/eligibility/fact"
	"dtks/services/eligibility/rank"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// Fact is one thing that an expression may name. A fact that was not recorded is unknown to every expression that
// needs it, unless Default says what counts then.
type Fact struct {
	Name    string   // as in decile, or person.age for what is known of a person
	Type    string   // bool, int, string or list(person)
	Codes   []string // the values of a coded fact; no other literal may be compared with it
	Default string   // what counts when nothing was recorded; "" = unknown
	Always  bool     // it is always known
	Text    fault.Text
}

// Model lists the facts, those of the family first. Percentiles are none of them: a release decides anew only those
// families whose decile changed. Beside them an expression may read met.CODE and entitled.CODE: the
// outcome (bool) of another set for the same family and day, unknown while undetermined; hyphens of the code are
// written as underscores. entitled.CODE is false where no set of that programme is in force.
func Model() []Fact {
	out := make([]Fact, 0, len(familyFacts)+len(personFacts))
	for i := range familyFacts {
		out = append(out, familyFacts[i].Fact)
	}
	for i := range personFacts {
		f := personFacts[i].Fact
		f.Name = "person." + f.Name
		out = append(out, f)
	}
	return out
}

// familyFact is a fact of the family and how it is found.
type familyFact struct {
	Fact
	find func(*activation) ref.Val
}

// personFact is a fact of a person; its name is that of the field.
type personFact struct {
	Fact
	find func(*person) ref.Val
}

// unknown stands for a fact that was not recorded.
var unknown ref.Val = new(types.Unknown)

// No other verdict than these is given.
var verdicts = []string{"padan", "tidak_padan", "perlu_ditinjau"}

const (
	boolType    = "bool"
	intType     = "int"
	stringType  = "string"
	membersType = "list(person)"
)

// Places of facts that the engine itself asks for.
const (
	membersAt    = 7 // in familyFacts
	componentsAt = 8
	ageAt        = 0 // in personFacts
)

var familyFacts = func() []familyFact {
	placed := func(level rank.Level) func(*activation) ref.Val {
		return func(a *activation) ref.Val {
			if place := a.facts.Places.Decile[level]; place != 0 {
				return number(int64(place))
			}
			return unknown
		}
	}
	out := []familyFact{
		{Fact{Name: "active", Type: boolType, Always: true, Text: fault.Text{ID: "Data keluarga masih aktif", EN: "The family's record is active"}},
			func(a *activation) ref.Val { return types.Bool(a.facts.Active) }},
		{Fact{Name: "verdict", Type: stringType, Codes: verdicts, Text: fault.Text{ID: "Hasil pencocokan Dukcapil atas kepala keluarga",
			EN: "What the civil registry says of the head"}}, func(a *activation) ref.Val { return verdict(a.verdict(a.facts.Family.HeadIndex())) }},
		{Fact{Name: "decile", Type: intType, Text: fault.Text{ID: "Desil nasional, 1 termiskin", EN: "National decile, 1 poorest"}}, placed(rank.National)},
		{Fact{Name: "decile_province", Type: intType, Text: fault.Text{ID: "Desil dalam provinsi", EN: "Decile within the province"}}, placed(rank.Province)},
		{Fact{Name: "decile_regency", Type: intType, Text: fault.Text{ID: "Desil dalam kabupaten/kota", EN: "Decile within the regency"}}, placed(rank.Regency)},
		{Fact{Name: "size", Type: intType, Always: true, Text: fault.Text{ID: "Jumlah anggota yang tinggal bersama", EN: "Members that live with the family"}},
			func(a *activation) ref.Val { return number(int64(len(a.living.persons))) }},
		{Fact{Name: "has_head", Type: boolType, Text: fault.Text{ID: "Tercatat siapa kepala keluarga yang tinggal bersama",
			EN: "A member who lives with the family is recorded as its head"}}, hasHead},
		membersAt: {Fact{Name: "members", Type: membersType, Always: true, Text: fault.Text{ID: "Anggota yang tinggal bersama", EN: "The members that live with the family"}},
			func(a *activation) ref.Val { return &a.living }},
		componentsAt: {Fact{Name: "components", Type: intType, Text: fault.Text{ID: "Anggota yang mempunyai komponen program ini",
			EN: "Members that have a component of this programme"}}, func(a *activation) ref.Val { return a.components() }},
		{Fact{Name: "area", Type: stringType, Text: fault.Text{ID: "Kode desa/kelurahan", EN: "Code of the village"}}, func(a *activation) ref.Val {
			if a.facts.Area == "" {
				return unknown
			}
			return types.String(a.facts.Area)
		}},
	}
	for i, name := range fact.Names() {
		out = append(out, surveyFact(i, name))
	}
	return out
}()

// hasHead is unknown when nobody is recorded as head, but may be: somebody's relation was not recorded.
func hasHead(a *activation) ref.Val {
	if a.facts.Family.HeadIndex() >= 0 {
		return types.True
	}
	if slices.ContainsFunc(a.living.persons, func(p *person) bool { return p.Relation == 0 }) {
		return unknown
	}
	return types.False
}

// reported are items that count as "tidak" when nobody reported them: what a family receives, and what cross-matching
// with other registers finds.
var reported = []string{regsosek.TerimaPKH, regsosek.TerimaSembako, regsosek.TerimaBLTDesa, regsosek.TerimaBST, regsosek.GuruSertifikat,
	regsosek.PengurusPerusahaan, regsosek.UpahDiAtasUMK, regsosek.PerangkatDesa, regsosek.ListrikNonsubsidi}

func surveyFact(at int, name string) familyFact {
	item, _ := regsosek.Lookup(name)
	f := familyFact{Fact: Fact{Name: name, Type: intType, Codes: item.CodeNames(), Text: item.Text}}
	if item.Codes == nil {
		f.find = func(a *activation) ref.Val {
			if v := a.facts.Family.Answers[at]; v != fact.Absent {
				return number(int64(v))
			}
			return unknown
		}
		return f
	}
	values, absent := coded(item), unknown
	if slices.Contains(reported, name) {
		f.Default = item.CodeName(regsosek.No)
		absent = types.String(f.Default)
	}
	f.Type = stringType
	f.find = func(a *activation) ref.Val {
		if v := int(a.facts.Family.Answers[at]) - item.Min; v >= 0 && v < len(values) {
			return values[v]
		}
		return absent
	}
	return f
}

// coded gives the values of an item's codes, from its smallest on.
func coded(item regsosek.Item) []ref.Val {
	out := make([]ref.Val, len(item.Codes))
	for i, name := range item.CodeNames() {
		out[i] = types.String(name)
	}
	return out
}

var personFacts = func() []personFact {
	b := func(name, id, en string, find func(*person) ref.Val) personFact {
		return personFact{Fact{Name: name, Type: boolType, Text: fault.Text{ID: id, EN: en}}, find}
	}
	code := func(item regsosek.Item, absent string, find func(*person) uint8) personFact {
		values := coded(item)
		return personFact{Fact{Name: item.Name, Type: stringType, Codes: item.CodeNames(), Default: absent, Text: item.Text}, func(p *person) ref.Val {
			if v := int(find(p)) - item.Min; v >= 0 && v < len(values) {
				return values[v]
			}
			if absent != "" {
				return types.String(absent)
			}
			return unknown
		}}
	}
	cover := func(name, id, en string, bit uint8) personFact {
		return b(name, id, en, func(p *person) ref.Val {
			if p.Cover == fact.NoCover {
				return unknown
			}
			return types.Bool(p.Cover&bit != 0)
		})
	}
	never := func(f personFact) personFact { f.Default = "false"; return f }
	return []personFact{
		ageAt: {Fact{Name: "age", Type: intType, Text: fault.Text{ID: "Umur dalam tahun penuh", EN: "Age in full years"}}, func(p *person) ref.Val {
			if age, ok := p.Age(p.act.facts.Day); ok {
				return number(age)
			}
			return unknown
		}},
		{Fact{Name: "sex", Type: stringType, Codes: []string{"L", "P"}, Text: fault.Text{ID: "Jenis kelamin", EN: "Sex: L male, P female"}}, func(p *person) ref.Val {
			switch p.Sex {
			case 'L':
				return male
			case 'P':
				return female
			}
			return unknown
		}},
		code(regsosek.Relation, "", func(p *person) uint8 { return p.Relation }),
		b("head", "Kepala keluarga", "Is the head of the family", func(p *person) ref.Val {
			if p.Relation == 0 {
				return unknown
			}
			return types.Bool(p.Relation == regsosek.Head)
		}),
		code(regsosek.Marital, "", func(p *person) uint8 { return p.Marital }),
		code(regsosek.School, "", func(p *person) uint8 { return p.School }),
		b("attends_school", "Masih sekolah", "Attends school", func(p *person) ref.Val {
			if p.School == 0 {
				return unknown
			}
			return types.Bool(p.School == regsosek.AtSchool)
		}),
		{Fact{Name: "stage", Type: stringType, Codes: stages, Text: fault.Text{ID: "Jenjang sekolah yang diikuti atau tertinggi, kosong = tidak ada",
			EN: "Stage of school attended or highest, empty = none"}}, stage},
		code(regsosek.Work, "", func(p *person) uint8 { return p.Work }), // its zero says: does not work
		b("works", "Bekerja", "Works", func(p *person) ref.Val {
			if p.Work == fact.NoWork {
				return unknown
			}
			return types.Bool(p.Work != 0)
		}),
		code(regsosek.Presence, "tinggal_bersama", func(p *person) uint8 { return p.Presence }),
		code(regsosek.Orphan, "", func(p *person) uint8 { return p.Orphan }),
		never(b("pregnant", "Hamil", "Is pregnant", func(p *person) ref.Val { return types.Bool(p.Pregnant) })),
		never(b("disabled", "Disabilitas berat", "Is severely disabled", func(p *person) ref.Val { return types.Bool(p.Disabled) })),
		cover("cover_pbi", "Iuran kesehatan dibayar pemerintah", "Health premium paid by the state", regsosek.CoverPBI),
		cover("cover_own", "Membayar iuran kesehatan sendiri", "Pays the health premium", regsosek.CoverMandiri),
		cover("cover_employer", "Iuran kesehatan dari pemberi kerja", "Health premium by an employer", regsosek.CoverEmployer),
		cover("cover_other", "Jaminan kesehatan lain", "Other health cover", regsosek.CoverOther),
		{Fact{Name: "verdict", Type: stringType, Codes: verdicts, Text: fault.Text{ID: "Hasil pencocokan Dukcapil atas orang ini",
			EN: "What the civil registry says of this person"}}, func(p *person) ref.Val { return verdict(p.act.verdict(p.index)) }},
	}
}()

var (
	male, female ref.Val = types.String("L"), types.String("P")
	stages               = []string{"", string(regsosek.SD), string(regsosek.SMP), string(regsosek.SMA), string(regsosek.PT)}
	stageValues          = func() map[regsosek.Stage]ref.Val {
		m := make(map[regsosek.Stage]ref.Val, len(stages))
		for _, s := range stages {
			m[regsosek.Stage(s)] = types.String(s)
		}
		return m
	}()
	verdictValues = func() (out []ref.Val) {
		for _, v := range verdicts {
			out = append(out, types.String(v))
		}
		return out
	}()
)

// stage is unknown when no level was recorded of someone who may have one.
func stage(p *person) ref.Val {
	s, ok := p.Stage()
	if !ok && p.School != regsosek.NeverSchool && p.School != regsosek.LeftSchool {
		return unknown
	}
	return stageValues[s]
}

func verdict(v string) ref.Val {
	if v == "" {
		return unknown
	}
	for i, name := range verdicts {
		if v == name {
			return verdictValues[i]
		}
	}
	return types.String(v)
}

// numbers saves allocating what is asked for most.
var numbers = func() (out [1024]ref.Val) {
	for i := range out {
		out[i] = types.Int(i)
	}
	return out
}()

func number(n int64) ref.Val {
	if n >= 0 && n < int64(len(numbers)) {
		return numbers[n]
	}
	return types.Int(n)
}

// truth is the outcome of another set as a fact.
func truth(o event.Outcome) ref.Val {
	switch o {
	case event.Entitled:
		return types.True
	case event.NotEntitled:
		return types.False
	}
	return unknown
}

// celTypes translates Fact.Type.
var celTypes = map[string]*cel.Type{boolType: cel.BoolType, intType: cel.IntType, stringType: cel.StringType,
	membersType: cel.ListType(personType)}

// places finds a fact by its name.
var (
	familyPlaces = func() map[string]int {
		m := make(map[string]int, len(familyFacts))
		for i := range familyFacts {
			m[familyFacts[i].Name] = i
		}
		return m
	}()
	personPlaces = func() map[string]int {
		m := make(map[string]int, len(personFacts))
		for i := range personFacts {
			m[personFacts[i].Name] = i
		}
		return m
	}()
)
