package decision

import (
	"fmt"

	"dtks/pkg/fault"
	"dtks/pkg/regsosek"
	"dtks/services/eligibility/fact"
	"dtks/services/eligibility/rank"
	"dtks/services/eligibility/rules"
)

// say makes a change of what has turned an outcome.
func (f *search) say(c *candidate, r *rules.Result) *Change {
	out := &Change{Kind: c.kind, Fact: "person.presence", On: dayText(c.day), Text: f.condition(c), Outcome: r.Outcome, Amount: r.Amount,
		Score: c.score, Decile: int(c.places.Decile[rank.National]), by: *c}
	if len(c.facts) > 0 {
		out.Fact = c.facts[0]
	}
	if c.member >= 0 {
		out.PersonID = f.trial.in.Facts.Members[c.member].Person.String()
	}
	if c.member < 0 && c.day == 0 || c.member >= 0 && !c.confirm && !f.unspoken(c) {
		out.Question = missingText(c.name(f.trial.in.Facts.HeadIndex()), &f.trial.in, f.sheet.Day)
	}
	return out
}

// unspoken reports whether a change of a member is not to be told to the family, not even as a question: who dies, leaves or
// comes back, loses a parent, is pregnant or disabled.
func (f *search) unspoken(c *candidate) bool {
	was := &f.was.Members[c.member]
	return c.to.Presence != was.Presence || c.to.Orphan != was.Orphan || c.to.Pregnant != was.Pregnant || c.to.Disabled != was.Disabled
}

// condition puts the change into words, as they follow an if.
func (f *search) condition(c *candidate) fault.Text {
	switch {
	case c.day != 0:
		return fault.Text{ID: "tidak ada yang berubah sampai " + date(dayText(c.day), "id"), EN: "nothing changes until " + date(dayText(c.day), "en")}
	case c.item >= 0:
		return f.itemCondition(c)
	}
	who := within(&f.trial.in, c.member, f.sheet.Day)
	if c.confirm {
		return fault.Text{ID: "data " + who.ID + " dinyatakan cocok oleh kantor kependudukan (Dukcapil)",
			EN: "the civil registry confirms the data of the " + who.EN}
	}
	said := memberCondition(&f.was.Members[c.member], &c.to)
	return fault.Text{ID: who.ID + " " + said.ID, EN: "the " + who.EN + " " + said.EN}
}

func (f *search) itemCondition(c *candidate) fault.Text {
	name := fact.Names()[c.item]
	label, _ := itemLabel(name)
	to := itemAnswer(name, c.code)
	out := fault.Text{ID: fmt.Sprintf("jawaban “%s” adalah “%s”", label.ID, to.ID), EN: fmt.Sprintf("the answer to “%s” is “%s”", label.EN, to.EN)}
	switch now := f.was.Answers[c.item]; {
	case c.kind == Given:
		out.ID, out.EN = out.ID+" (sekarang belum tercatat)", out.EN+" (it is not recorded now)"
	case now == fact.Absent:
		no := itemAnswer(name, regsosek.No)
		out.ID, out.EN = out.ID+", bukan “"+no.ID+"”", out.EN+" and not “"+no.EN+"”"
	default:
		from := itemAnswer(name, now)
		out.ID, out.EN = out.ID+", bukan “"+from.ID+"”", out.EN+" and not “"+from.EN+"”"
	}
	return out
}

// memberCondition says what is otherwise about a member.
func memberCondition(was, to *fact.Member) fault.Text {
	switch {
	case to.Presence != was.Presence && to.Presence == movedAway:
		return fault.Text{ID: "pindah dan tidak lagi tinggal bersama keluarga ini", EN: "moves away and no longer lives with this family"}
	case to.Presence != was.Presence:
		return fault.Text{ID: "tinggal bersama keluarga ini", EN: "lives with this family"}
	case to.School != was.School || to.Level != was.Level:
		if to.School != regsosek.AtSchool {
			return fault.Text{ID: "tidak bersekolah lagi", EN: "no longer goes to school"}
		}
		stage := stages[regsosek.StageOf(int(to.Level))]
		return fault.Text{ID: "bersekolah di " + stage.ID, EN: "goes to " + stage.EN}
	case to.Pregnant != was.Pregnant:
		return either(to.Pregnant, fault.Text{ID: "hamil", EN: "is pregnant"}, fault.Text{ID: "tidak hamil lagi", EN: "is no longer pregnant"})
	case to.Disabled != was.Disabled:
		return either(to.Disabled, fault.Text{ID: "mempunyai disabilitas berat", EN: "is severely disabled"},
			fault.Text{ID: "tidak mempunyai disabilitas berat", EN: "is not severely disabled"})
	case to.Orphan != was.Orphan:
		return orphans[to.Orphan]
	case to.Cover != was.Cover:
		return covers[to.Cover]
	}
	label := regsosek.Work.Label(int(to.Work))
	return fault.Text{ID: "mempunyai pekerjaan “" + label + "”", EN: "has the work status “" + label + "”"}
}

func either(first bool, a, b fault.Text) fault.Text {
	if first {
		return a
	}
	return b
}

var stages = map[regsosek.Stage]fault.Text{
	regsosek.SD: {ID: "SD atau sederajat", EN: "primary school"}, regsosek.SMP: {ID: "SMP atau sederajat", EN: "lower secondary school"},
	regsosek.SMA: {ID: "SMA atau sederajat", EN: "upper secondary school"}, regsosek.PT: {ID: "perguruan tinggi", EN: "university"},
}

var orphans = map[uint8]fault.Text{
	1: {ID: "masih punya ayah dan ibu", EN: "has both parents"}, 2: {ID: "tidak punya ayah lagi", EN: "has lost the father"},
	3: {ID: "tidak punya ibu lagi", EN: "has lost the mother"}, 4: {ID: "tidak punya ayah dan ibu lagi", EN: "has lost both parents"},
}

var covers = map[uint8]fault.Text{
	0:                      {ID: "tidak punya jaminan kesehatan", EN: "has no health cover"},
	regsosek.CoverPBI:      {ID: "iuran kesehatannya dibayar pemerintah", EN: "has the health premium paid by the state"},
	regsosek.CoverMandiri:  {ID: "membayar sendiri iuran kesehatannya", EN: "pays the health premium alone"},
	regsosek.CoverEmployer: {ID: "punya jaminan kesehatan dari tempat kerja", EN: "has health cover from an employer"},
	regsosek.CoverOther:    {ID: "punya jaminan kesehatan lain", EN: "has other health cover"},
}
