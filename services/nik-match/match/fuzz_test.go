package match_test

import (
	"bytes"
	"testing"

	"dtks/services/nik-match/match"
)

func FuzzCompare(f *testing.F) {
	for _, s := range [][6]string{
		{"MOCH. RIZKI", "MUHAMMAD RIZKY", "1990-02-01", "01/02/1990", "3201010202909001", "3201010102909001"},
		{"SITI AMINAH / MINAH", "SITI AISYAH (ALM)", "1990", "31-12-1990", "32010", ""},
		{"M M M M M M M M M", "A. A. A. A.", "\x00", "99999", "0000000000000000", "3.2E+15"},
	} {
		f.Add(s[0], s[1], s[2], s[3], s[4], s[5])
	}
	standard := match.Standard()
	started := match.Blank("indonesia").For(match.Registrant())
	claims := standard.Claims()
	f.Fuzz(func(t *testing.T, name1, name2, date1, date2, nik1, nik2 string) {
		for _, m := range []*match.Model{standard, started, claims} {
			a, b := fuzzed(m, name1, date1, nik1), fuzzed(m, name2, date2, nik2)
			e := m.Explain(&a, &b)
			if back := m.Compare(&b, &a); e.Score != back {
				t.Fatalf("%+v, turned round %+v\n%s\n%s", e.Score, back, e.Waterfall("en"), m.Explain(&b, &a).Waterfall("en"))
			}
			if self := m.Compare(&a, &a); self.Bits < e.Bits && !lacks(m, &a, &b) {
				t.Fatalf("equal to itself %d, to the other %d\n%s\n%s", self.Bits, e.Bits, m.Explain(&a, &a).Waterfall("en"), e.Waterfall("en"))
			}
			m.Keys(&a)
		}
	})
}

func fuzzed(m *match.Model, name, date, nik string) match.Record {
	values := make([]string, len(m.Fields))
	for i, f := range m.Fields {
		switch f.Name {
		case match.Name, match.Mother, match.Address, match.BirthPlace:
			values[i] = name
		case match.BirthDate:
			values[i] = date
		case match.NIK, match.KK, match.Area:
			values[i] = nik
		}
	}
	return m.Reader().Read("", values)
}

// lacks reports whether a has less than b: what is missing cannot agree.
func lacks(m *match.Model, a, b *match.Record) bool {
	for i := range m.Fields {
		if a.Missing(i) && !b.Missing(i) {
			return true
		}
	}
	return false
}

func FuzzParse(f *testing.F) {
	f.Add(match.Blank("none").For([]match.Field{{Name: "sex", Kind: match.KindSex}, {Name: "born", Kind: match.KindDate}}).JSON())
	f.Add([]byte(`{"fields":[{"name":"sex","kind":"sex","m":{"exact":1,"different":1e-9},"u":{"exact":0.5,"different":0.5},"unseen":1}],"prior":{"match":0.5},"calibration":{"slope":1},"costs":{"false_match":2,"false_refusal":2,"review":1}}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := match.Parse(text)
		if err != nil {
			return
		}
		written := m.JSON()
		back, err := match.Parse(written)
		if err != nil || !bytes.Equal(back.JSON(), written) {
			t.Fatalf("accepted %q, but not what it is written as: %v", text, err)
		}
		a, b := m.Reader().Read("", []string{"1990", "L", "SITI"}), m.Reader().Read("", []string{"1991", "P", "SRI"})
		if m.Compare(&a, &b) != m.Compare(&b, &a) || m.Compare(&a, &a).Bits < m.Compare(&a, &b).Bits {
			t.Fatalf("%q: %+v, %+v, equal %+v", text, m.Compare(&a, &b), m.Compare(&b, &a), m.Compare(&a, &a))
		}
	})
}
