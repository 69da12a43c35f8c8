package match

// Texts gives the canonical text of every value, to be read once more.
func (r *Record) Texts() []string {
	out := make([]string, len(r.values))
	for i := range r.values {
		out[i] = r.values[i].text
	}
	return out
}

// Missing reports whether a value counts as missing.
func (r *Record) Missing(i int) bool { return r.values[i].text == "" }

// Weight is what comparing gives for one field, before the prior and relatives; 0 where either side lacks it.
func (m *Model) Weight(field int, a, b *Record) Bits {
	x, y := &a.values[field], &b.values[field]
	if x.text == "" || y.text == "" {
		return 0
	}
	var buf [64]slot
	person, _ := m.sum(m.fieldSlots(field, x, y, buf[:0]))
	return person
}
