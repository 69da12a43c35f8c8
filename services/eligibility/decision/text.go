package decision

import (
	"fmt"
	"slices"
	"strings"

	"dtks/pkg/event"
	"dtks/pkg/fault"
	"dtks/services/eligibility/rank"
	"dtks/services/eligibility/rules"
)

// Text tells the explanation to the family, in lang ("id", or anything else for English): for each programme the answer, why,
// what is missing, what can be done and when it is looked at again; then the score line by line and the place it gives. Of the
// changes that would turn an answer it names no answer that is paid: see writer.hint.
func (x *Explanation) Text(lang string) string { return x.text(&writer{lang: lang}) }

// TextForAuditors is Text with the whole change that would turn each answer.
func (x *Explanation) TextForAuditors(lang string) string {
	return x.text(&writer{lang: lang, changes: true})
}

func (x *Explanation) text(w *writer) string {
	w.line("%s", w.pick("Penjelasan keputusan untuk tanggal ", "Why it was decided as it was, for ")+date(x.Day, w.lang)+".")
	if x.WouldBe {
		w.line("%s", w.pick("Ini perkiraan: begini keputusannya pada hari itu dengan data keluarga sekarang. Ini bukan keputusan yang tersimpan.",
			"This is a what-if: what would be decided for that day with the family's data of today. It is not a stored decision."))
	}
	if x.Model.Illustrative {
		w.line("%s", w.pick("Perhatian: cara menghitung nilai keluarga di sini hanya contoh, bukan perhitungan resmi pemerintah.",
			"Please note: the way of scoring families here is an example, not an official one."))
	}
	for i := range x.Programmes {
		if p := &x.Programmes[i]; p.Kind == string(rules.Programme) {
			w.programme(p, x.Sought)
		}
	}
	w.findings(x)
	w.score(x)
	w.places(x)
	w.illustrative(x)
	return w.b.String()
}

// writer writes in one language.
type writer struct {
	lang    string
	changes bool // told whole, which is not for the family
	b       strings.Builder
}

func (w *writer) line(format string, args ...any) {
	fmt.Fprintf(&w.b, format, args...)
	w.b.WriteByte('\n')
}

func (w *writer) pick(id, en string) string {
	if w.lang == "id" {
		return id
	}
	return en
}

func (w *writer) of(t fault.Text) string { return w.pick(t.ID, t.EN) }

func (w *writer) bullets(texts []string) {
	for _, t := range texts {
		w.line("  - %s", t)
	}
}

func (w *writer) outcome(o event.Outcome) string {
	switch o {
	case event.Entitled:
		return w.pick("berhak", "entitled")
	case event.NotEntitled:
		return w.pick("tidak berhak", "not entitled")
	}
	return w.pick("belum dapat diputuskan", "cannot be decided yet")
}

func (w *writer) rupiah(amount int64) string {
	return "Rp " + number(amount, w.lang) + " " + w.pick("setahun", "a year")
}

// answer is an outcome with what is paid a year.
func (w *writer) answer(o event.Outcome, amount int64) string {
	if o == event.Entitled && amount > 0 {
		return w.outcome(o) + ", " + w.rupiah(amount)
	}
	return w.outcome(o)
}

func (w *writer) programme(p *ProgrammeSaid, sought bool) {
	w.line("\n%s", strings.ToUpper(w.of(p.Title)))
	if p.RuleSet == "" {
		w.line("%s", w.pick("Tidak ada aturan program ini yang berlaku pada hari itu.", "No rules of this programme were in force that day."))
		return
	}
	w.line("%s: %s.", w.pick("Jawaban", "Answer"), w.answer(p.Outcome, p.Amount))
	if p.Payments > 1 && p.Amount > 0 && p.Amount%int64(p.Payments) == 0 {
		w.line("%s", fmt.Sprintf(w.pick("Dibayar %d kali setahun: Rp %s setiap kali.", "Paid %d times a year: Rp %s each time."),
			p.Payments, number(p.Amount/int64(p.Payments), w.lang)))
	}
	for i := range p.Persons {
		q := &p.Persons[i]
		line := w.of(q.Member) + ": " + w.answer(q.Outcome, q.Amount)
		if text := w.of(q.Component); text != "" {
			line += " (" + text + ")"
		}
		w.line("  - %s.", line)
	}
	w.why(p)
	w.missing(p)
	w.change(p, sought)
	if p.RecheckOn != "" {
		w.line("%s %s%s.", w.pick("Dilihat lagi pada", "It is looked at again on"), date(p.RecheckOn, w.lang), w.because(p.RecheckWhy))
	}
}

// illustrative names the rules that are not from a published source.
func (w *writer) illustrative(x *Explanation) {
	var titles []string
	for i := range x.Programmes {
		if p := &x.Programmes[i]; p.RuleSet != "" && p.Illustrative {
			titles = append(titles, w.of(p.Title))
		}
	}
	if len(titles) == 0 {
		return
	}
	w.line("\n%s", w.pick("Perhatian: sebagian aturan atau jumlah uang dalam daftar ini hanya contoh, belum dipastikan dari sumber resmi:",
		"Please note: some of the rules or amounts of these are examples that no official source has confirmed:"))
	w.bullets(titles)
}

func (w *writer) because(why fault.Text) string {
	if text := w.of(why); text != "" {
		return ", " + w.pick("karena ", "because ") + text
	}
	return ""
}

func (w *writer) why(p *ProgrammeSaid) {
	var texts said
	texts.add("", w.deciding(p.Clauses, p.Outcome))
	for i := range p.Persons {
		q := &p.Persons[i]
		texts.add(w.of(q.Member), w.deciding(q.Clauses, q.Outcome))
	}
	if p.Unit == string(rules.Family) { // else it is said with each person
		for _, c := range p.Components {
			texts.add("", []string{fmt.Sprintf("%s (%s): %s.", w.of(c.Text), w.of(c.Member), w.rupiah(c.Amount))})
		}
	}
	if len(texts) == 0 {
		w.line("%s", w.pick("Mengapa: ada yang belum tercatat.", "Why: something is not recorded."))
		return
	}
	w.line("%s:", w.pick("Mengapa", "Why"))
	w.tell(texts)
}

// said is what is said of the family, and of members. Members of whom the same is said come together.
type said []struct {
	who   []string // none = the family
	texts []string
}

func (s *said) add(who string, texts []string) {
	if len(texts) == 0 {
		return
	}
	if who != "" {
		for i := range *s {
			if t := &(*s)[i]; len(t.who) > 0 && slices.Equal(t.texts, texts) {
				t.who = append(t.who, who)
				return
			}
		}
	}
	var list []string
	if who != "" {
		list = []string{who}
	}
	*s = append(*s, struct{ who, texts []string }{list, texts})
}

func (w *writer) tell(s said) {
	for i := range s {
		indent := "  "
		if len(s[i].who) > 0 {
			w.line("  %s:", strings.Join(s[i].who, "; "))
			indent = "    "
		}
		for _, text := range s[i].texts {
			w.line("%s- %s", indent, text)
		}
	}
}

// deciding are the texts of the clauses that decided, except those that something is missing for. What speaks for a family
// is only told where that prevails.
func (w *writer) deciding(clauses []ClauseSaid, outcome event.Outcome) []string {
	var out []string
	for i := range clauses {
		c := &clauses[i]
		if c.Decides && c.Answer != "missing" && (c.Answer != "holds" || outcome == event.Entitled) {
			out = append(out, w.of(c.Text))
		}
	}
	return out
}

// missing says what is not recorded and what to do: clauses say so themselves.
func (w *writer) missing(p *ProgrammeSaid) {
	var texts said
	texts.add("", w.open(p.Clauses))
	for i := range p.Persons {
		texts.add(w.of(p.Persons[i].Member), w.open(p.Persons[i].Clauses))
	}
	if len(texts) == 0 {
		return
	}
	w.line("%s:", w.pick("Yang masih kurang, dan yang dapat dilakukan", "What is missing, and what to do"))
	w.tell(texts)
	var facts []string
	for _, m := range p.Missing {
		facts = append(facts, w.of(m.Text))
	}
	if len(facts) > 0 {
		w.line("  %s: %s.", w.pick("Belum tercatat", "Not recorded"), strings.Join(facts, "; "))
	}
}

// open are the texts of the clauses that something is missing for.
func (w *writer) open(clauses []ClauseSaid) []string {
	var out []string
	for i := range clauses {
		if c := &clauses[i]; c.Decides && c.Answer == "missing" {
			out = append(out, w.of(c.Text))
		}
	}
	return out
}

func (w *writer) change(p *ProgrammeSaid, sought bool) {
	c := p.Change
	if !w.changes {
		if c != nil {
			w.hint(c)
		}
		return
	}
	if c == nil {
		if sought {
			w.line("%s", w.pick("Tidak ditemukan satu perubahan saja yang membalik jawaban ini.", "No single change was found that would turn this answer."))
		}
		return
	}
	w.line("%s: %s %s, %s %s.", w.pick("Satu perubahan yang membalik jawaban ini", "One change that would turn this answer"),
		w.pick("jika", "if"), w.of(c.Text), w.pick("jawabannya menjadi:", "the answer becomes:"), w.answer(c.Outcome, c.Amount))
}

// hint says of a change what a family can do about it. It tells the outcome where nobody can bring it about by an answer: an
// identity that is confirmed, a day that comes. Else it names the question and not the answer, which would invite a false
// one; and it says nothing of what is not to be wished for, or not to be spoken of by a letter (Change.Question).
func (w *writer) hint(c *Change) {
	question := w.of(c.Question)
	switch {
	case c.Kind == Identity || c.Kind == Waiting:
		w.line("%s %s, %s %s.", w.pick("Jika", "If"), w.of(c.Text), w.pick("jawabannya menjadi:", "the answer becomes:"), w.answer(c.Outcome, c.Amount))
	case question == "":
	case c.Kind == Given:
		w.line("%s: %s. %s", w.pick("Belum dijawab", "Not answered yet"), question,
			w.pick("Minta operator desa melengkapinya; jawabannya dapat mengubah keputusan ini.",
				"Ask the village operator to complete it; the answer may change this decision."))
	default:
		w.line("%s: %s. %s", w.pick("Jawaban yang paling menentukan", "The answer that matters most"), question,
			w.pick("Kalau itu keliru tercatat, minta operator desa memperbaikinya.", "If it was recorded wrongly, ask the village operator to repair it."))
	}
}

// findings are the criteria that programmes refer to.
func (w *writer) findings(x *Explanation) {
	first := true
	for i := range x.Programmes {
		p := &x.Programmes[i]
		if p.Kind == string(rules.Programme) {
			continue
		}
		if first {
			w.line("\n%s", w.pick("TEMUAN YANG DIPAKAI PROGRAM DI ATAS", "FINDINGS THAT THE PROGRAMMES ABOVE REST ON"))
			first = false
		}
		w.line("%s: %s.", w.of(p.Title), w.finding(p.Outcome))
		var texts []string
		for j := range p.Clauses {
			if c := &p.Clauses[j]; c.Decides {
				texts = append(texts, w.of(c.Text))
			}
		}
		w.bullets(texts)
		w.change(p, false)
	}
}

func (w *writer) finding(o event.Outcome) string {
	switch o {
	case event.Entitled:
		return w.pick("ya", "yes")
	case event.NotEntitled:
		return w.pick("tidak", "no")
	}
	return w.pick("belum diketahui", "not known yet")
}

func (w *writer) score(x *Explanation) {
	w.line("\n%s", w.pick("NILAI KELUARGA, BARIS DEMI BARIS", "THE FAMILY'S SCORE, LINE BY LINE"))
	s := x.Score
	if s == nil {
		w.line("%s", w.pick("Belum ada nilai: terlalu sedikit pertanyaan yang terjawab.", "There is no score yet: too few questions were answered."))
		w.line("%s", w.of(x.Model.MissingRule))
		return
	}
	w.line("%s", w.pick("Makin kecil nilainya, makin miskin keluarga itu.", "The smaller the score, the poorer the family."))
	places := x.decimals()
	in := func(v int64) string { return fixed(v, s.Scale, places, w.lang) }
	w.line("  %s: %s", w.pick("Nilai awal", "To begin with"), in(s.Base))
	anyMissing := false
	for i := range s.Variables {
		v := &s.Variables[i]
		answer := w.of(v.Answer)
		if v.Missing {
			anyMissing, answer = true, w.pick("belum tercatat", "not recorded")
		}
		w.line("  %s (%s): %s", w.of(v.Label), answer, in(v.Value))
	}
	w.line("  %s: %s", w.pick("Jumlah", "Sum"), in(s.Value))
	if anyMissing {
		w.line("%s", w.of(x.Model.MissingRule))
	}
	for i := range x.Programmes {
		if p := &x.Programmes[i]; p.Cutoff != nil {
			w.line("%s", w.cutoff(p, in))
		}
	}
}

func (w *writer) cutoff(p *ProgrammeSaid, in func(int64) string) string {
	if *p.Distance == 0 {
		return fmt.Sprintf(w.pick("%s punya batas %s: nilai keluarga ini sama dengan batas itu. Di antara keluarga yang nilainya sama, urutan pendaftaran menentukan.",
			"%s has the limit %s: this family's score is the same. Among families with the same score the order of registration decides."),
			w.of(p.Title), in(*p.Cutoff))
	}
	far := in(max(*p.Distance, -*p.Distance))
	side := w.pick("nilai keluarga ini "+far+" di bawahnya", "this family's score is "+far+" below it")
	if *p.Distance < 0 {
		side = w.pick("nilai keluarga ini "+far+" di atasnya", "this family's score is "+far+" above it")
	}
	return fmt.Sprintf("%s %s %s: %s.", w.of(p.Title), w.pick("punya batas", "has the limit"), in(*p.Cutoff), side)
}

func (w *writer) places(x *Explanation) {
	if len(x.Places) == 0 {
		return
	}
	w.line("\n%s", w.pick("TEMPAT KELUARGA INI DI ANTARA KELUARGA LAIN", "WHERE THIS FAMILY STANDS AMONG OTHERS"))
	where := map[string]string{"national": w.pick("di Indonesia", "in Indonesia"), "province": w.pick("di provinsinya", "in its province"),
		"regency": w.pick("di kabupaten atau kotanya", "in its regency or city")}
	if x.Superseded {
		w.line("%s", fmt.Sprintf(w.pick("Tempat ini menurut peringkat tanggal %s; sekarang berlaku peringkat yang lebih baru.",
			"These places are by the ranking of %s; a newer one is in force now."), date(x.ReleasedOn, w.lang)))
	}
	for _, p := range x.Places {
		said, n := w.pick("Termasuk %d dari 100 keluarga termiskin %s, kelompok ke-%d dari sepuluh (kelompok pertama paling miskin).",
			"Among the %d poorest of every 100 families %s, in group %d of ten (the first is the poorest)."), p.Percentile
		if n > rank.Percentiles/2 {
			said, n = w.pick("Lebih mampu daripada %d dari setiap 100 keluarga %s, kelompok ke-%d dari sepuluh (kelompok pertama paling miskin).",
				"Better off than %d of every 100 families %s, in group %d of ten (the first is the poorest)."), n-1
		}
		w.line("  - %s", fmt.Sprintf(said, n, where[p.Level], p.Decile))
	}
}
