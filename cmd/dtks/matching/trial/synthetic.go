package trial

import (
	"dtks/cmd/dtks/matching"
	"dtks/cmd/dtks/population"
	"dtks/cmd/dtks/quality"
	"dtks/cmd/dtks/table"
	"dtks/services/nik-match/match"
)

// synthetic makes the file with duplicates and the two overlapping ones, each also without the NIK.
func (t *Trial) synthetic() ([]one, error) {
	t.o.Say("making %d synthetic persons", t.o.Persons)
	file := population.File(t.o.Seed, t.o.Persons)
	a, b := population.TwoFiles(t.o.Seed, t.o.Persons)
	var out []one
	for _, s := range []struct {
		name string
		a, b []population.Person
	}{{"population", file, nil}, {"population_link", a, b}} {
		in, err := inputOf(s.a, s.b)
		if err != nil {
			return nil, err
		}
		out = append(out, one{name: s.name, in: in, made: true})
		if less, ok := in.Without(identifies); ok {
			out = append(out, one{name: s.name + "-noid", in: less, made: true, baseOff: s.b != nil})
		}
	}
	return out, nil
}

// identifies tells the fields that alone say who somebody is. A family card does not: a household shares it.
func identifies(f match.Field) bool {
	return f.Kind == match.KindNIK || f.Kind == match.KindNumber && f.Name != match.KK
}

// inputOf makes lists of synthetic people, as if they had been read from files.
func inputOf(a, b []population.Person) (*matching.Input, error) {
	ta, pa := tableOf("population_a.csv", a)
	if b == nil {
		return matching.New(ta, nil, "", quality.FromColumn(pa, nil))
	}
	tb, pb := tableOf("population_b.csv", b)
	return matching.New(ta, tb, "", quality.FromColumn(pa, pb))
}

func tableOf(name string, people []population.Person) (t *table.Table, truth []string) {
	t = &table.Table{Name: name, Header: []string{"id", "nik", "kk", "name", "birth_date", "sex", "birth_place", "mother", "address", "area"}}
	for i, p := range people {
		t.Rows = append(t.Rows, append([]string{p.ID}, valuesOf(p)...))
		t.Lines = append(t.Lines, i+2)
		truth = append(truth, p.Entity)
	}
	return t, truth
}

// valuesOf gives a person's fields in the order of match.Registrant.
func valuesOf(p population.Person) []string {
	return []string{p.NIK, p.KK, p.Name, p.BirthDate, p.Sex, p.BirthPlace, p.Mother, p.Address, p.Area}
}
