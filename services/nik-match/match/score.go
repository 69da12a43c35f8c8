package match

import "math"

// slot is one thing that was found between two values: of a date there is one, of a name one for each token.
type slot struct {
	field   uint8
	finding finding
	rare    Bits // -log2 of how often strangers show this very finding
	limit   Bits // rare of full agreement on these values: nothing less than that may weigh more
}

// Score is how likely it is that two records are of one person.
type Score struct {
	Bits       Bits    `json:"bits"`       // log2 of the odds, before calibration
	Likelihood float64 `json:"likelihood"` // 0..1, calibrated
	Outcome    Outcome `json:"outcome"`
}

// Compare says how likely two records read by the model's Reader are of one person. Compare(a, b) equals Compare(b, a).
func (m *Model) Compare(a, b *Record) Score {
	var buf [64]slot
	person, kin := m.sum(m.slots(a, b, buf[:0]))
	return m.score(person, kin)
}

// Total gives the log odds alone: what Compare gives as Bits.
func (m *Model) Total(a, b *Record) Bits {
	var buf [64]slot
	return m.odds(m.sum(m.slots(a, b, buf[:0])))
}

// slots lists what two records show, field by field. A field that either lacks has none: missing is no evidence, in
// either direction.
func (m *Model) slots(a, b *Record, dst []slot) []slot {
	for i := range m.Fields {
		if x, y := &a.values[i], &b.values[i]; x.text != "" && y.text != "" {
			dst = m.fieldSlots(i, x, y, dst)
		}
	}
	return dst
}

func (m *Model) fieldSlots(field int, x, y *value, dst []slot) []slot {
	w := &m.weights[field]
	if len(x.readings) > 0 && len(y.readings) > 0 {
		return m.tokenSlots(field, x, y, dst)
	}
	f := &m.Fields[field].Frequencies
	return append(dst, levelSlot(uint8(field), level(w.kind, x, y), w, f, x, y))
}

// levelSlot weighs one finding by the values it was made on.
func levelSlot(field uint8, found finding, w *weights, f *Frequencies, x, y *value) slot {
	s := slot{field: field, finding: found, rare: w.u[found]}
	if w.kind == KindArea && found != areaDifferent {
		s.rare = -log2(f.area(x.text, int(found)))
		s.limit = max(s.rare, -log2(max(f.area(x.text, 0), f.area(y.text, 0))))
		return s
	}
	s.limit = -log2(max(f.Of(x.text), f.Of(y.text)))
	if found == exact {
		s.rare = s.limit
	}
	return s
}

// area gives the share of a village (0), or of its district (1), regency (2) or province (3). One that was not counted is
// as large as such areas are on average.
func (f *Frequencies) area(code string, level int) float64 {
	digits := [...]int{10, 6, 4, 2}[level]
	if s, ok := f.Share[code[:min(digits, len(code))]]; ok {
		return s
	}
	return min(1, f.Unseen*[...]float64{1, villages / districts, villages / regencies, villages / provinces}[level])
}

// sum adds the weights of slots: how much more often one person, and how much more often relatives show them than
// strangers.
func (m *Model) sum(slots []slot) (person, kin Bits) {
	for i := 0; i < len(slots); {
		w := &m.weights[slots[i].field]
		from := i
		var fieldPerson, fieldKin Bits
		for ; i < len(slots) && slots[i].field == slots[from].field; i++ {
			p, k := w.weigh(&slots[i])
			fieldPerson, fieldKin = fieldPerson+p, fieldKin+k
		}
		// Relatives are bounded with strangers: the bounds say nothing about which of the two it is.
		bounded := min(max(fieldPerson, w.least), w.most)
		person, kin = person+bounded, kin+fieldKin+bounded-fieldPerson
		if w.namesake < 0 {
			kin += w.whole(slots[from:i])
		}
	}
	return person, kin
}

// whole is what must be taken off the odds of relatives where a whole name agrees: brothers share parts of their names,
// but no parents call two children the same.
func (w *weights) whole(slots []slot) Bits {
	off := w.namesake
	for i := range slots {
		switch slots[i].finding {
		case exact, tokenVariant, tokenJoined, tokenInitial, tokenOmittedCommon:
		case tokenOmitted:
			off = w.namesake / 2
		default:
			return 0
		}
	}
	return off
}

// weigh gives the weight of one slot for "one person" and for "relatives", both against "strangers". The bounds keep
// three promises whatever the estimates are: full agreement never counts against one person, disagreement never for
// it, and no finding counts for more than full agreement would, against strangers or against relatives.
func (w *weights) weigh(s *slot) (person, kin Bits) {
	last := finding(len(w.m) - 1)
	best := max(0, w.m[exact]+s.limit)
	worst := min(0, w.m[last]+w.u[last])
	switch {
	case s.finding == exact:
		person = best
	case s.finding == last:
		person = worst
	case w.against(s.finding):
		person = min(max(w.m[s.finding]+s.rare, worst), 0)
	default:
		person = min(max(w.m[s.finding]+s.rare, worst), best)
	}
	if !w.any {
		return person, 0
	}
	// Full agreement and disagreement set how far one person may be ahead of relatives, and behind them.
	ahead := best - min(max(w.kin[exact]+s.limit, 0), best)
	behind := min(max(w.kin[last]+w.u[last], worst), 0) - worst
	return person, min(max(w.kin[s.finding]+s.rare, person-ahead), person+behind)
}

// against reports whether a finding short of plain disagreement can only count against one person: that one side lacks a
// token, and that two NIKs of one district have other serials, or other birth dates as their bearers have. District and
// date are weighed by themselves; the NIKs of twins, of brothers, and of all who were born there differ in just this way.
func (w *weights) against(f finding) bool {
	switch w.kind {
	case KindName, KindAddress, KindText:
		return f == tokenOmitted || f == tokenOmittedCommon
	case KindNIK:
		return f == nikOtherSerial || f == nikOtherDate
	}
	return false
}

// odds joins the weights with the prior: the log2 odds of one person against strangers and relatives together.
func (m *Model) odds(person, kin Bits) Bits { return m.prior + person - m.relatives(kin) }

// relatives is what must be taken off because two relatives would look alike as well: log2(1 + odds of relatives).
func (m *Model) relatives(kin Bits) Bits {
	x := (m.kin + kin).Float()
	if x > 40 {
		return m.kin + kin
	}
	return Bits(math.Round(math.Log2(1+math.Exp2(x)) * float64(Bit)))
}

func (m *Model) score(person, kin Bits) Score {
	s := Score{Bits: m.odds(person, kin)}
	s.Likelihood = m.Likelihood(s.Bits)
	s.Outcome = m.outcome(s.Likelihood)
	return s
}

// Likelihood calibrates log odds.
func (m *Model) Likelihood(b Bits) float64 {
	return 1 / (1 + math.Exp(-(m.Calibration.Slope*b.Float()*math.Ln2 + m.Calibration.Intercept)))
}

// Odds is the inverse of Likelihood: the log odds that are needed for it.
func (m *Model) Odds(likelihood float64) Bits {
	x := (math.Log(likelihood/(1-likelihood)) - m.Calibration.Intercept) / m.Calibration.Slope
	return Bits(math.Ceil(x / math.Ln2 * float64(Bit)))
}

func (m *Model) outcome(likelihood float64) Outcome {
	padan, tidak := m.Costs.Limits()
	switch {
	case likelihood >= padan:
		return Padan
	case likelihood >= tidak:
		return Tinjau
	}
	return TidakPadan
}

// PriorOdds is the log2 odds of a pair before anything is compared.
func (m *Model) PriorOdds() Bits { return m.prior }
