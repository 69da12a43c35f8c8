package rules

import (
	"testing"

	"dtks/services/eligibility/fact"

	"github.com/google/go-cmp/cmp"
)

// TestOperators_Unknown asks every operator about what was not recorded: dinding, luas_lantai, and of the second member
// the birth date, schooling, work and orphan status. Known are tv = ya, sapi = 2, a head of 41 years.
func TestOperators_Unknown(t *testing.T) {
	t.Parallel()
	f := newFacts()
	f.Family.Members = []fact.Member{{Relation: 1, Sex: 'L', Born: 19850505, School: 3, Level: 3, Work: 7, Orphan: 1},
		{Relation: 3, Sex: 'P', Work: fact.NoWork, Cover: fact.NoCover}}
	f.Verdicts = []string{"", "padan"}
	for name, code := range map[string]int16{"tv": 1, "sapi": 2} {
		i, _ := fact.Index(name)
		f.Family.Answers[i] = code
	}
	tests := []struct {
		expr string
		want Answer
	}{
		{"dinding == 'bambu'", Unknown}, {"dinding != 'bambu'", Unknown}, {"'bambu' == dinding", Unknown}, {"!(dinding == 'bambu')", Unknown},
		{"dinding in ['bambu', 'tembok']", Unknown}, {"!(dinding in ['bambu'])", Unknown}, {"luas_lantai in [1, 2]", Unknown},
		{"2 in [luas_lantai, sapi]", Unknown}, {"tv in ['ya']", Holds}, {"sapi in [1, 3]", Fails},
		{"luas_lantai < 8", Unknown}, {"luas_lantai <= 8", Unknown}, {"luas_lantai > 8", Unknown}, {"luas_lantai >= 8", Unknown},
		{"8 < luas_lantai", Unknown}, {"luas_lantai == luas_lantai", Unknown}, {"luas_lantai + 1 > 0", Unknown}, {"luas_lantai - sapi > 0", Unknown},
		{"sapi * luas_lantai >= 0", Unknown}, {"luas_lantai / sapi > 1", Unknown}, {"luas_lantai % 2 == 0", Unknown}, {"-luas_lantai < 0", Unknown},
		{"tv == 'ya' && dinding == 'bambu'", Unknown}, {"tv == 'tidak' && dinding == 'bambu'", Fails}, {"dinding == 'bambu' && tv == 'tidak'", Fails},
		{"tv == 'ya' || dinding == 'bambu'", Holds}, {"dinding == 'bambu' || tv == 'ya'", Holds}, {"tv == 'tidak' || dinding == 'bambu'", Unknown},
		{"dinding == 'bambu' || dinding != 'bambu'", Unknown}, {"!(tv == 'ya') || luas_lantai > 1", Unknown},
		{"tv == 'ya' ? sapi == 2 : luas_lantai > 1", Holds}, {"tv == 'ya' ? luas_lantai > 1 : sapi == 2", Unknown},
		{"luas_lantai > 1 ? sapi == 2 : sapi == 2", Unknown},
		{"members.exists(m, m.age > 40)", Holds}, {"members.exists(m, m.age > 41)", Unknown}, {"members.all(m, m.age > 40)", Unknown},
		{"members.all(m, m.age > 41)", Fails}, {"members.exists_one(m, m.age > 41)", Unknown}, {"members.exists_one(m, m.sex == 'P')", Holds},
		{"members.filter(m, m.age > 41).size() == 0", Unknown}, {"size(members.filter(m, m.sex == 'P')) == 1", Holds},
		{"members.map(m, m.age).size() == 2", Unknown}, {"members.filter(m, m.sex == 'L').all(m, m.age > 40)", Holds},
		{"members.exists(m, m.aged(6, 21))", Unknown}, {"members.exists(m, m.aged(41, 41))", Holds}, {"members.all(m, m.school_age())", Fails},
		{"members.exists(m, m.pupil('sd'))", Unknown}, {"members.exists(m, m.head && m.pupil('sd'))", Fails},
		{"members.exists(m, m.attends_school)", Unknown}, {"members.exists(m, m.stage == 'sma')", Unknown},
		{"members.exists(m, m.work == 'tidak_bekerja')", Unknown}, {"members.exists(m, !m.works)", Unknown}, {"members.exists(m, m.works)", Holds},
		{"members.exists(m, m.work == 'pns_tni_polri_bumn_bumd_legislatif')", Unknown}, {"members.exists(m, m.head && !m.works)", Fails},
		{"members.exists(m, m.orphan == 'yatim')", Unknown}, {"members.exists(m, m.cover_own)", Unknown},
		{"verdict == 'padan'", Unknown}, {"members.exists(m, m.verdict == 'padan')", Holds}, {"members.all(m, m.verdict == 'padan')", Unknown},
		{"met.other", Unknown}, {"!met.other", Unknown}, {"met.other || tv == 'ya'", Holds}, {"met.other && tv == 'tidak'", Fails},
		{"area.startsWith('32.04.')", Holds}, {"area.startsWith('31.')", Fails}, {"size == 2", Holds}, {"members.size() == size", Holds},
		// What nobody reported counts as no.
		{"terima_pkh == 'ya'", Fails}, {"perangkat_desa == 'tidak'", Holds}, {"members.exists(m, m.pregnant || m.disabled)", Fails},
		{"members.all(m, m.presence == 'tinggal_bersama')", Holds},
		// Errors are no answer, but do not hide a sure one.
		{"1 / (sapi - 2) == 1", Errs}, {"1 / (sapi - 2) == 1 || tv == 'ya'", Holds}, {"1 / (sapi - 2) == 1 && tv == 'tidak'", Fails},
		{"1 / (sapi - 2) == 1 || luas_lantai > 1", Unknown},
	}
	other := setFile("other-1", "other", criteria, `"met": {"at_least": 1, "source": "a"}`, clauses(clause("wall", "dinding == 'bambu'")),
		`"cases": [{"name": "a", "day": "2026-06-01", "outcome": "undetermined", "reasons": ["wall_missing"]}]`)
	for _, tt := range tests {
		got := evaluate(t, load(t, other, programme("a", clause("it", tt.expr))), "a", f)
		if got.Answers[1] != tt.want {
			t.Errorf("%s: got %c, want %c", tt.expr, got.Answers[1], tt.want)
		}
	}
}

// TestComponents_Bounds counts members with a component when only bounds are known: one has it, one may, one has not.
func TestComponents_Bounds(t *testing.T) {
	t.Parallel()
	f := newFacts()
	f.Family.Members = []fact.Member{{Relation: 1, Born: 19850505}, {Relation: 3, Born: 20240101}, {Relation: 3}}
	tests := []struct {
		expr string
		want Answer
	}{
		{"components >= 1", Holds}, {"components > 0", Holds}, {"0 < components", Holds}, {"1 <= components", Holds}, {"components != 0", Holds},
		{"components >= 2", Unknown}, {"components > 1", Unknown}, {"components == 1", Unknown}, {"components == 2", Unknown}, {"components <= 1", Unknown},
		{"components < 2", Unknown}, {"2 != components", Unknown},
		{"components > 2", Fails}, {"components >= 3", Fails}, {"components == 3", Fails}, {"3 > components", Holds}, {"components <= 2", Holds},
		{"components == 0", Fails}, {"components < 1", Fails}, {"0 >= components", Fails},
	}
	for _, tt := range tests {
		file := setFile("a-1", "a", byFamily, clauses(clause("active", "active", `"gate": true`), clause("it", tt.expr)), `"max_components": 1`,
			`"components": [{"code": "x", "text": {"id": "a", "en": "a"}, "expr": "person.age < 7", "amount": 5, "limit": 1, "source": "a"}]`, idle)
		if got := evaluate(t, load(t, file), "a", f); got.Answers[1] != tt.want {
			t.Errorf("%s: got %c, want %c", tt.expr, got.Answers[1], tt.want)
		}
	}
	for _, expr := range []string{"components + 1 > 1", "components > size", "components in [1, 2]", "(active ? components : 1) > 0"} {
		file := setFile("a-1", "a", byFamily, clauses(clause("active", "active", `"gate": true`), clause("it", expr)), `"max_components": 1`,
			`"components": [{"code": "x", "text": {"id": "a", "en": "a"}, "expr": "person.age < 7", "amount": 5, "limit": 1, "source": "a"}]`, idle)
		if _, err := Load([]byte(file)); err == nil {
			t.Errorf("%s: components were used as a number", expr)
		}
	}
}

// TestEvaluate_LargeFamily decides a family larger than the one that costs are bounded for.
func TestEvaluate_LargeFamily(t *testing.T) {
	t.Parallel()
	sets := load(t, programme("a", clause("all", "members.all(m, m.age > 30)"), clause("size", "members.filter(m, m.age > 30).size() == 3 * 30")))
	f := newFacts(func(f *Facts) {
		f.Family.Members = make([]fact.Member, 3*costedMembers)
		for i := range f.Family.Members {
			f.Family.Members[i].Born = 19900101
		}
	})
	if got := evaluate(t, sets, "a", f); answers(got.Answers) != "ttt" {
		t.Errorf("got %s, want ttt", answers(got.Answers))
	}
	f.Family.Members[80].Born = 20200101
	if got := evaluate(t, sets, "a", f); answers(got.Answers) != "tff" {
		t.Errorf("got %s, want tff", answers(got.Answers))
	}
}

// TestHasHead: who was recorded as head and died heads nobody, and somebody whose relation was not recorded may.
func TestHasHead(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		members []fact.Member
		want    Answer
		missing []string
	}{
		{"Head", []fact.Member{{Relation: 1}, {Relation: 3}}, Holds, nil},
		{"HeadOfTwo", []fact.Member{{}, {Relation: 1}}, Holds, nil},
		{"Died", []fact.Member{{Relation: 1, Presence: 2}, {Relation: 2}}, Fails, nil},
		{"DiedAndAnother", []fact.Member{{Relation: 1, Presence: 2}, {Relation: 1}}, Holds, nil},
		{"NotRecorded", []fact.Member{{Relation: 1, Presence: 2}, {Relation: 2}, {}}, Unknown, []string{"members[2].relation"}},
		{"NotRecordedOfOneWhoMoved", []fact.Member{{Relation: 3}, {Presence: 3}}, Fails, nil},
		{"Nobody", nil, Fails, nil},
	}
	sets := load(t, programme("a", clause("headed", "has_head")))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := newFacts(func(f *Facts) { f.Family.Members = tt.members })
			if got := evaluate(t, sets, "a", f); got.Answers[1] != tt.want {
				t.Errorf("got %c, want %c", got.Answers[1], tt.want)
			}
			missing, err := sets.Missing("a", f)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.missing, missing); diff != "" {
				t.Error(diff)
			}
		})
	}
}
