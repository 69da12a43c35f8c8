package decision

import (
	"fmt"
	"slices"
	"strings"

	"dtks/pkg/fault"
	"dtks/pkg/regsosek"
	"dtks/services/eligibility/pmt"
	"dtks/services/eligibility/rules"
)

var ruleError = fault.Text{ID: "Aturan tidak dapat dihitung. Petugas akan memeriksa.", EN: "The rules could not be worked out. An officer will look."}

// derivedLabels are those of variables that follow from the members.
var derivedLabels = map[string]fault.Text{
	pmt.VarSize:       {ID: "Jumlah anggota keluarga", EN: "Members of the family"},
	pmt.VarHeadLevel:  {ID: "Pendidikan kepala keluarga", EN: "Schooling of the head"},
	pmt.VarHeadWork:   {ID: "Pekerjaan kepala keluarga", EN: "Work of the head"},
	pmt.VarHeadSex:    {ID: "Jenis kelamin kepala keluarga", EN: "Sex of the head"},
	pmt.VarHeadAge:    {ID: "Umur kepala keluarga", EN: "Age of the head"},
	pmt.VarChildren:   {ID: "Anak sampai umur 6 tahun", EN: "Children up to 6 years"},
	pmt.VarPupils:     {ID: "Anggota yang masih sekolah", EN: "Members who attend school"},
	pmt.VarElderly:    {ID: "Anggota berumur 60 tahun ke atas", EN: "Members of 60 years and more"},
	pmt.VarDependants: {ID: "Anggota di bawah 15 atau mulai 65 tahun", EN: "Members under 15 or from 65 years"},
}

func variableLabel(name string) fault.Text {
	if label, ok := derivedLabels[name]; ok {
		return label
	}
	itemName, perMember := strings.CutSuffix(name, pmt.PerMember)
	label, _ := itemLabel(itemName)
	if perMember {
		return fault.Text{ID: label.ID + " per anggota", EN: label.EN + " per member"}
	}
	return label
}

// itemLabel parts the unit from the label of a number: "Luas lantai (m²)".
func itemLabel(name string) (label, unit fault.Text) {
	item, _ := regsosek.Lookup(name)
	if item.Codes != nil {
		return item.Text, fault.Text{}
	}
	part := func(text string) (string, string) {
		label, unit, ok := strings.Cut(text, " (")
		if !ok {
			return text, ""
		}
		return label, " " + strings.TrimSuffix(unit, ")")
	}
	label.ID, unit.ID = part(item.Text.ID)
	label.EN, unit.EN = part(item.Text.EN)
	return label, unit
}

// variableAnswer is the number of a variable in words. Code labels exist in Indonesian only, as on the form; yes and no are
// translated.
func variableAnswer(name string, n int64) fault.Text {
	switch name {
	case pmt.VarSize, pmt.VarChildren, pmt.VarPupils, pmt.VarElderly:
		return people(n)
	case pmt.VarDependants:
		return fault.Text{ID: fmt.Sprintf("%d persen", n), EN: fmt.Sprintf("%d percent", n)}
	case pmt.VarHeadLevel:
		return same(regsosek.SchoolLevel.Label(int(n)))
	case pmt.VarHeadWork:
		return same(regsosek.Work.Label(int(n)))
	case pmt.VarHeadSex:
		return either(n == 1, fault.Text{ID: "laki-laki", EN: "male"}, fault.Text{ID: "perempuan", EN: "female"})
	case pmt.VarHeadAge:
		return years(n)
	case regsosek.Pendapatan + pmt.PerMember:
		return fault.Text{ID: "Rp " + number(n, "id"), EN: "Rp " + number(n, "en")}
	}
	if item, perMember := strings.CutSuffix(name, pmt.PerMember); perMember { // in tenths
		_, unit := itemLabel(item)
		return fault.Text{ID: decimal(n, 10, "id") + unit.ID, EN: decimal(n, 10, "en") + unit.EN}
	}
	return itemAnswer(name, int16(n))
}

// itemAnswer is a survey answer in words.
func itemAnswer(name string, code int16) fault.Text {
	item, _ := regsosek.Lookup(name)
	if item.Codes == nil {
		_, unit := itemLabel(name)
		return fault.Text{ID: number(int64(code), "id") + unit.ID, EN: number(int64(code), "en") + unit.EN}
	}
	label := item.Label(int(code))
	if slices.Equal(item.Codes, []string{"ya", "tidak"}) {
		return fault.Text{ID: label, EN: map[string]string{"ya": "yes", "tidak": "no"}[label]}
	}
	return fault.Text{ID: label, EN: label}
}

func same(label string) fault.Text { return fault.Text{ID: label, EN: label} }

func people(n int64) fault.Text {
	if n == 1 {
		return fault.Text{ID: "1 orang", EN: "1 person"}
	}
	return fault.Text{ID: fmt.Sprintf("%d orang", n), EN: fmt.Sprintf("%d people", n)}
}

func years(n int64) fault.Text {
	if n == 1 {
		return fault.Text{ID: "1 tahun", EN: "1 year"}
	}
	return fault.Text{ID: fmt.Sprintf("%d tahun", n), EN: fmt.Sprintf("%d years", n)}
}

// relations in English, by code from 1; regsosek has the Indonesian. Who is something else is a member of the family.
var relations = [...]string{"head of the family", "wife or husband", "child", "son- or daughter-in-law", "grandchild", "parent or parent-in-law",
	"domestic worker"}

// relation is what a member is in the family.
func relation(in *Input, at int) fault.Text {
	if at >= 0 && at < len(in.Facts.Members) {
		if r := int(in.Facts.Members[at].Relation); r >= 1 && r <= len(relations) {
			return fault.Text{ID: regsosek.Relation.Label(r), EN: relations[r-1]}
		}
	}
	return fault.Text{ID: "anggota keluarga", EN: "member of the family"}
}

// member describes one by relation and age, never by name: "anak, 9 tahun".
func member(in *Input, at int, day int32) fault.Text {
	out := relation(in, at)
	if at < len(in.Facts.Members) {
		if age, ok := in.Facts.Members[at].Age(day); ok {
			y := years(age)
			out.ID, out.EN = out.ID+", "+y.ID, out.EN+", "+y.EN
		}
	}
	return out
}

// within is member inside a sentence: "anak (9 tahun)".
func within(in *Input, at int, day int32) fault.Text {
	out := member(in, at, day)
	if id, y, ok := strings.Cut(out.ID, ", "); ok {
		out.ID = id + " (" + y + ")"
	}
	if en, y, ok := strings.Cut(out.EN, ", "); ok {
		out.EN = en + " (" + y + ")"
	}
	return out
}

// missingText is the meaning of a name that MissingSaid has: decile, members[2].age, head.
func missingText(name string, in *Input, day int32) fault.Text {
	if name == whoIsHead {
		return fault.Text{ID: "siapa kepala keluarga", EN: "who is the head of the family"}
	}
	f, at, _ := rules.MissingText(name)
	if at < 0 {
		return f.Text
	}
	who := within(in, at, day)
	return fault.Text{ID: f.Text.ID + " " + who.ID, EN: f.Text.EN + " of the " + who.EN}
}

// factsOf gives the facts that a sheet rests on as rules read them.
func factsOf(in *Input, s *Sheet) *rules.Facts {
	f := &rules.Facts{Active: in.Active, Day: s.Day, Area: in.Area, Places: s.Places, Family: &in.Facts, Verdicts: make([]string, len(in.Verdicts))}
	for i, v := range in.Verdicts {
		f.Verdicts[i] = v.Verdict
	}
	return f
}

// recheckWhy says what happens on the day on which an answer may change: who has a birthday, whose rules change. p is the
// programme asked about, nil for all.
func (e *Engine) recheckWhy(in *Input, s *Sheet, p *Programme, on int32) fault.Text {
	if on == 0 {
		return fault.Text{}
	}
	before := rules.Day(Date(on).AddDate(0, 0, -1))
	concerns := map[string]bool{}
	if p != nil {
		concerns = reads(s, p)
	}
	var id, en []string
	for i := range in.Facts.Members {
		m := &in.Facts.Members[i]
		now, ok := m.Age(on)
		was, had := m.Age(before)
		if ok && m.Lives() && (!had || now != was) {
			who, y := within(in, i, s.Day), years(now)
			id, en = append(id, who.ID+" menjadi "+y.ID), append(en, "the "+who.EN+" turns "+y.EN)
		}
	}
	for i := range s.Programmes {
		code := s.Programmes[i].Code
		mine := p == nil || p.Code == code || concerns[metPrefix+reference(code)] || concerns[entitledPrefix+reference(code)]
		if mine && e.Sets.For(code, in.Area, before) != e.Sets.For(code, in.Area, on) {
			title := e.title(code, in, s.Day)
			id, en = append(id, "aturan ini berganti: "+title.ID), append(en, "these rules change: "+title.EN)
		}
	}
	return fault.Text{ID: strings.Join(id, "; "), EN: strings.Join(en, "; ")}
}
