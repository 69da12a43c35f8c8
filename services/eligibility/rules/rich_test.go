package rules

import (
	"math/rand/v2"
	"testing"

	"dtks/pkg/regsosek"
	"dtks/services/eligibility/fact"
)

// rich are sets that use every part of a rule set and most facts: two kinds and units, references among them, areas,
// dates, components, ages in every form.
func rich(t testing.TB) *Sets {
	t.Helper()
	text := `"text": {"id": "a", "en": "a"}, "source": "a"`
	noMembers := `"cases": [{"name": "a", "day": "2026-06-01", "active": false, "outcome": "not_entitled"}]`
	open := func(missing string) string {
		return `"cases": [{"name": "a", "day": "2026-06-01", "outcome": "undetermined", "reasons": [` + missing + `]}]`
	}
	return load(t,
		setFile("flags-1", "flags", criteria, `"met": {"any_of": ["official", "car"], "source": "a"}`,
			clauses(clause("official", "members.exists(m, m.work == 'pns_tni_polri_bumn_bumd_legislatif' && m.age < 58)"),
				clause("car", "mobil == 'ya'"), clause("teacher", "guru_bersertifikat == 'ya'")), open(`"car_missing"`)),
		setFile("signs-1", "nine-signs", criteria, `"met": {"any_of": ["no_home"], "at_least": 3, "source": "a"}`,
			clauses(clause("no_home", "tempat_tinggal == 'tidak'"), clause("hungry", "khawatir_makan == 'ya'"),
				clause("floor", "lantai in ['tanah', 'bambu']"), clause("crowded", "luas_lantai / size < 8"),
				clause("dark", "penerangan == 'bukan_listrik' || penerangan == 'pln_dengan_meteran' && daya == '450_w'"),
				clause("idle_head", "members.exists(m, m.head && !m.works)")),
			`"cases": [{"name": "a", "day": "2026-06-01", "answers": {"tempat_tinggal": "tidak"}, "outcome": "entitled", "reasons": ["no_home"]}]`),
		setFile("cash-1", "cash", byFamily, clauses(clause("active", "active", `"gate": true`), clause("verdict", "verdict == 'padan'", `"gate": true`),
			clause("low", "decile <= 4"), clause("unflagged", "!met.flags"), clause("some", "components >= 1"),
			clause("few", "components < 7"), clause("grown", "members.exists(m, m.age > 17) && members.filter(m, m.aged(0, 5)).size() < 3")),
			`"components": [{"code": "pregnant", `+text+`, "expr": "person.pregnant && person.sex == 'P'", "amount": 3000, "limit": 2},
				{"code": "infant", `+text+`, "expr": "person.aged(0, 6)", "amount": 3000, "limit": 2},
				{"code": "old", `+text+`, "expr": "person.age >= 60 || person.disabled", "amount": 2400, "limit": 4},
				{"code": "pupil", `+text+`, "expr": "person.pupil('sd') && person.school_age()", "amount": 900, "limit": 4}], "max_components": 4`, idle),
		setFile("cash-2", "cash", byFamily, `"areas": ["32.04"]`, `"valid_to": "2027-02-28"`, clauses(clause("active", "active", `"gate": true`), clause("low", "decile_regency <= 5"),
			clause("one", "components == 1")), `"components": [{"code": "infant", `+text+`, "expr": "person.age in [0, 1, 2]", "amount": 1000, "limit": 1}], "max_components": 1`, idle),
		setFile("school-1", "school", byPerson, clauses(clause("active", "active", `"gate": true`), clause("pupil", "person.school_age() && person.attends_school"),
			clause("known", "person.verdict == 'padan'", `"gate": true`), clause("poor", "decile <= 4 || terima_pkh == 'ya' || entitled.cash"),
			clause("odd", "person.age % 7 != 3")),
			`"components": [{"code": "sd", `+text+`, "expr": "person.pupil('sd')", "amount": 450}, {"code": "smp", `+text+`, "expr": "person.pupil('smp')", "amount": 750}]`,
			noMembers),
		setFile("orphan-1", "orphan", byPerson, `"amount": 100`, clauses(clause("child", "person.age < 18"), clause("orphan", "person.orphan != 'kedua_orang_tua_ada'"),
			clause("unpaid", "!entitled.school || person.cover_pbi")), noMembers),
		setFile("rest-1", "rest", byFamily, `"valid_to": "2026-12-31"`, `"amount": 7`, clauses(clause("active", "active", `"gate": true`), clause("nothing", "!entitled.cash && !entitled.orphan"),
			clause("signs", "met.nine_signs"), clause("headed", "has_head"), clause("bench", "size <= 8 ? decile_province < 6 : true")), idle),
	)
}

// draw makes a family of which part was not recorded. Ages crowd around those that rules speak of, and some members are
// born on 29 February or not yet.
func draw(r *rand.Rand) *Facts {
	maybe := func(code, lo, hi int) uint8 {
		if r.IntN(4) == 0 {
			return 0
		}
		return uint8(lo + code%(hi-lo+1))
	}
	family := fact.New()
	for i, name := range fact.Names() {
		item, _ := regsosek.Lookup(name)
		if r.IntN(3) > 0 {
			family.Answers[i] = int16(item.Min + r.IntN(min(item.Max, 60)-item.Min+1))
		}
	}
	day := int32(20240101 + r.IntN(4)*10000 + r.IntN(12)*100 + r.IntN(28))
	f := &Facts{Active: r.IntN(8) > 0, Day: day, Family: &family}
	f.Area = []string{"", "32.04.05.2001", "31.71.01.1001"}[r.IntN(3)]
	for l := range f.Places.Decile {
		f.Places.Decile[l], f.Places.Percentile[l] = uint8(r.IntN(11)), uint8(r.IntN(101))
	}
	for range r.IntN(6) {
		m := fact.Member{Relation: maybe(r.IntN(8), 1, 8), Sex: []byte{0, 'L', 'P'}[r.IntN(3)], Marital: maybe(r.IntN(4), 1, 4), School: maybe(r.IntN(3), 1, 3),
			Level: maybe(r.IntN(22), 1, 22), Work: uint8(r.IntN(9)), Orphan: maybe(r.IntN(4), 1, 4), Cover: uint8(r.IntN(16)), Pregnant: r.IntN(5) == 0, Disabled: r.IntN(9) == 0}
		if r.IntN(5) == 0 {
			m.Cover = fact.NoCover
		}
		if r.IntN(6) == 0 {
			m.Work = fact.NoWork
		}
		if r.IntN(4) == 0 {
			m.Presence = uint8(1 + r.IntN(6))
		}
		if r.IntN(6) > 0 {
			age := []int32{0, 1, 3, 6, 7, 17, 18, 22, 58, 60, 35}[r.IntN(11)]
			m.Born = day - age*10000 + int32(r.IntN(300)-250)
			if d := m.Born % 10000; d < 101 || d > 1231 || d%100 == 0 || d%100 > 31 {
				m.Born = m.Born/10000*10000 + 229
			}
		}
		family.Members = append(family.Members, m)
		f.Verdicts = append(f.Verdicts, []string{"", "padan", "padan", "tidak_padan", "perlu_ditinjau"}[r.IntN(5)])
	}
	return f
}

// fill records something that was missing; false when it chose something that was there.
func fill(r *rand.Rand, f *Facts) bool {
	u := func(at *uint8, missing uint8, lo, hi int) bool {
		if *at != missing {
			return false
		}
		*at = uint8(lo + r.IntN(hi-lo+1))
		return true
	}
	if n := len(f.Family.Members); n > 0 && r.IntN(2) == 0 {
		i := r.IntN(n)
		m := &f.Family.Members[i]
		switch r.IntN(9) {
		case 0:
			lo := 1
			if f.Family.HeadIndex() >= 0 { // nobody heads a family that has a head
				lo = 2
			}
			return u(&m.Relation, 0, lo, 8)
		case 1:
			return u(&m.Marital, 0, 1, 4)
		case 2:
			return u(&m.School, 0, 1, 3)
		case 3:
			return m.School != 0 && m.School != regsosek.AtSchool || u(&m.Level, 0, 1, 22)
		case 4:
			return u(&m.Orphan, 0, 1, 4)
		case 5:
			return u(&m.Cover, fact.NoCover, 0, 15)
		case 6:
			if m.Born != 0 {
				return false
			}
			m.Born = f.Day - int32(r.IntN(70))*10000
			return true
		case 7:
			return u(&m.Work, fact.NoWork, 0, 8)
		}
		if f.Verdicts[i] != "" {
			return false
		}
		f.Verdicts[i] = verdicts[r.IntN(len(verdicts))]
		return true
	}
	if r.IntN(4) == 0 {
		return u(&f.Places.Decile[r.IntN(3)], 0, 1, 10)
	}
	i := r.IntN(fact.Items)
	item, _ := regsosek.Lookup(fact.Names()[i])
	if f.Family.Answers[i] != fact.Absent || familyFacts[familyPlaces[item.Name]].Default != "" {
		return false
	}
	f.Family.Answers[i] = int16(item.Min + r.IntN(min(item.Max, 60)-item.Min+1))
	return true
}
