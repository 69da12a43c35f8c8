package rules

import (
	"testing"

	"dtks/services/eligibility/fact"
)

func TestShipped(t *testing.T) {
	t.Parallel()
	if _, err := Shipped(); err != nil {
		t.Fatal(err)
	}
}

func BenchmarkSet_Evaluate(b *testing.B) {
	sets, err := Shipped()
	if err != nil {
		b.Fatal(err)
	}
	family := fact.New()
	family.Members = []fact.Member{
		{Relation: 1, Sex: 'L', Born: 19850505, School: 3, Level: 3, Work: 7},
		{Relation: 2, Sex: 'P', Born: 19900505, School: 3, Level: 8, Pregnant: true},
		{Relation: 3, Sex: 'L', Born: 20170101, School: 2, Level: 3},
		{Relation: 3, Sex: 'P', Born: 20240101},
	}
	f := &Facts{Active: true, Verdict: "padan", Decile: 2, Day: 20260601, Family: &family}
	for _, programme := range sets.Programmes() {
		s := sets.For(programme, f.Day)
		b.Run(programme, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s.Evaluate(f)
			}
		})
	}
}
