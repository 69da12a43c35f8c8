package sample

import (
	"math"
	"slices"
	"testing"

	"dtks/pkg/regsosek"
)

func TestBeside_Rates(t *testing.T) {
	t.Parallel()
	all := mustFamilies(t, Options{Seed: 5, Families: 20_000})
	yes, persons, covered, pbi, present := map[string]int{}, 0, 0, 0, 0
	for _, f := range all {
		for _, a := range f.Answers {
			if a.Code == regsosek.Yes {
				yes[a.Item]++
			}
		}
		for i := range f.Members {
			p := &f.Members[i]
			persons++
			if p.Presence == 1 {
				present++
			}
			if p.Cover != nil {
				covered++
				pbi += *p.Cover & regsosek.CoverPBI
			}
		}
	}
	tests := []struct {
		name      string
		n, of     int
		low, high float64 // percent
	}{
		{regsosek.TempatTinggal, yes[regsosek.TempatTinggal], len(all), 98, 99.5},
		{regsosek.KhawatirMakan, yes[regsosek.KhawatirMakan], len(all), 12, 22},
		{regsosek.PanganSeparuh, yes[regsosek.PanganSeparuh], len(all), 45, 58},
		{regsosek.BeliPakaian, yes[regsosek.BeliPakaian], len(all), 72, 84},
		{regsosek.TerimaPKH, yes[regsosek.TerimaPKH], len(all), 10, 16},
		{regsosek.TerimaSembako, yes[regsosek.TerimaSembako], len(all), 18, 26},
		{regsosek.TerimaBLTDesa, yes[regsosek.TerimaBLTDesa], len(all), 1.5, 5},
		{regsosek.TerimaBST, yes[regsosek.TerimaBST], len(all), 2, 7},
		{regsosek.GuruSertifikat, yes[regsosek.GuruSertifikat], len(all), 0.1, 0.6},
		{regsosek.PengurusPerusahaan, yes[regsosek.PengurusPerusahaan], len(all), 0.1, 0.8},
		{regsosek.UpahDiAtasUMK, yes[regsosek.UpahDiAtasUMK], len(all), 1, 5},
		{regsosek.PerangkatDesa, yes[regsosek.PerangkatDesa], len(all), 0.3, 0.8},
		{regsosek.ListrikNonsubsidi, yes[regsosek.ListrikNonsubsidi], len(all), 3, 9},
		{"Present", present, persons, 95, 98},
		{"PBI", pbi, covered, 37, 44},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := 100 * float64(tt.n) / float64(tt.of); got < tt.low || got > tt.high {
				t.Errorf("got %.2f %%, want %.1f to %.1f", got, tt.low, tt.high)
			}
		})
	}
}

// What is answered beside the form agrees with what else is known of the family.
func TestBeside_Agrees(t *testing.T) {
	t.Parallel()
	seen := map[int]int{}
	for _, f := range mustFamilies(t, Options{Seed: 9, Families: 5000}) {
		at := -1
		for _, a := range f.Answers {
			next := slices.IndexFunc(regsosek.Items, func(i regsosek.Item) bool { return i.Name == a.Item })
			if next <= at {
				t.Fatalf("family %d: %s stands out of the order of the items", f.Index, a.Item)
			}
			at = next
			if (a.Item == regsosek.TerimaBLTDesa || a.Item == regsosek.PerangkatDesa) && a.Code == regsosek.Yes && f.Area[9] != '2' {
				t.Errorf("family %d: %s in a kelurahan", f.Index, a.Item)
			}
		}
		head := &f.Members[0]
		for i := range f.Members {
			p := &f.Members[i]
			seen[p.Orphan]++
			switch {
			case i == 0 && p.Presence > 1:
				t.Errorf("family %d: the head has presence %d", f.Index, p.Presence)
			case p.Presence == 2 && p.Status != Deceased:
				t.Errorf("family %d member %d: died, and lives in the civil registry", f.Index, i)
			case p.Presence == 5 && p.age > 0:
				t.Errorf("family %d member %d: new at the age of %d", f.Index, i, p.age)
			case p.Orphan > 0 && p.age >= 18:
				t.Errorf("family %d member %d: an orphan of %d years", f.Index, i, p.age)
			case p.Orphan == 1 && head.Marital == widowed:
				t.Errorf("family %d member %d: has both parents, one of whom is dead", f.Index, i)
			}
		}
	}
	for code := range 5 {
		if seen[code] == 0 {
			t.Errorf("orphan status %d never occurs", code)
		}
	}
}

// Income goes with what the family owns, as a proxy does: neither unrelated nor the same.
func TestBeside_Income(t *testing.T) {
	t.Parallel()
	var n, sumI, sumA, sumII, sumAA, sumIA float64
	for _, f := range mustFamilies(t, Options{Seed: 2, Families: 5000}) {
		income, owned := 0, 0
		for _, a := range f.Answers {
			if _, asset := assets[a.Item]; asset && a.Code == regsosek.Yes {
				owned++
			}
			if a.Item == regsosek.Pendapatan {
				income = a.Code
			}
		}
		if income == 0 {
			continue
		}
		i, o := math.Log(float64(income)), float64(owned)
		n, sumI, sumA, sumII, sumAA, sumIA = n+1, sumI+i, sumA+o, sumII+i*i, sumAA+o*o, sumIA+i*o
	}
	got := (n*sumIA - sumI*sumA) / math.Sqrt((n*sumII-sumI*sumI)*(n*sumAA-sumA*sumA))
	if got < 0.5 || got > 0.9 {
		t.Errorf("log income goes with belongings at %.2f, want between 0.5 and 0.9", got)
	}
	if middle := math.Exp(sumI / n); middle < 1500 || middle > 3000 {
		t.Errorf("got a geometric mean of %.0f thousand rupiah, want 1500 to 3000", middle)
	}
}
