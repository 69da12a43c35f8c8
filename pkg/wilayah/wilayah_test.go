package wilayah

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAll_Counts(t *testing.T) {
	t.Parallel()
	got := map[Level]int{}
	last := ""
	for a, level := range All() {
		got[level]++
		if a.Name == "" || a.Code <= last {
			t.Fatalf("area %q %q after %q: want a name and rising codes", a.Code, a.Name, last)
		}
		if level != Province && !Valid(Parent(a.Code)) {
			t.Fatalf("%s has no parent", a.Code)
		}
		if LevelOf(a.Code) != level {
			t.Fatalf("%s: level %d, want %d", a.Code, LevelOf(a.Code), level)
		}
		last = a.Code
	}
	want := map[Level]int{Province: 38, Regency: 514, District: 7285, Village: 83762}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestLookup(t *testing.T) {
	t.Parallel()
	tests := []struct {
		code, name string
		level      Level
	}{
		{"32", "Jawa Barat", Province},
		{"32.04", "Kabupaten Bandung", Regency},
		{"91.03", "Kabupaten Jayapura", Regency},
		{"12.07.28.1007", "Lubuk Pakam I,II", Village},
		{"35.13.15.2017", `Soka"an`, Village},
		{"32.04.10", "Margaasih", District},
		{"", "", None},
		{"3204", "", None},
		{"3204102001", "", None},
		{"32.04.00", "", None},
		{"32.04.10.0000", "", None},
		{"99", "", None},
		{"00", "", None},
		{"32-04", "", None},
		{"32.0４", "", None},
		{"32.04.10.20011", "", None},
	}
	for _, tt := range tests {
		t.Run(tt.code, func(t *testing.T) {
			t.Parallel()
			if got := LevelOf(tt.code); got != tt.level {
				t.Errorf("level: got %d, want %d", got, tt.level)
			}
			if got := Name(tt.code); tt.name != "" && got != tt.name || tt.level == None && got != "" {
				t.Errorf("name: got %q, want %q", got, tt.name)
			}
		})
	}
}

func TestChildren(t *testing.T) {
	t.Parallel()
	if got := len(Children("")); got != 38 {
		t.Errorf("provinces: got %d, want 38", got)
	}
	if got := len(Children("32")); got != 27 {
		t.Errorf("regencies of 32: got %d, want 27", got)
	}
	sum := 0
	for _, d := range Children("32.04") {
		if !strings.HasPrefix(d.Code, "32.04.") || len(d.Code) != 8 {
			t.Errorf("%s is no district of 32.04", d.Code)
		}
		sum += len(Children(d.Code))
	}
	if got := len(Under("32.04", Village)); got != sum || sum != 280 {
		t.Errorf("villages of 32.04: got %d and %d, want 280", got, sum)
	}
	if got := Children("32.04.10.2001"); got != nil {
		t.Errorf("a village has children: %v", got)
	}
	if got := Children("99"); got != nil {
		t.Errorf("no such area has children: %v", got)
	}
	if got := len(Under("", District)); got != 7285 {
		t.Errorf("districts: got %d, want 7285", got)
	}
}

func TestAt(t *testing.T) {
	t.Parallel()
	const code = "32.04.10.2001"
	for level, want := range map[Level]string{None: "", Province: "32", Regency: "32.04", District: "32.04.10", Village: code} {
		if got := At(code, level); got != want {
			t.Errorf("level %d: got %q, want %q", level, got, want)
		}
	}
	if got := At("32.04", Village); got != "" {
		t.Errorf("got %q, want none", got)
	}
}

func TestEver(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]bool{"32": true, "54": true, "54.01": true, "91": true, "91.01": true, "93.01": true, "92.71": true,
		"99": false, "00": false, "20": false, "91.99": false, "32.04.10": false} {
		if got := Ever(code); got != want {
			t.Errorf("%s: got %t, want %t", code, got, want)
		}
	}
	for code := range retired() {
		if Valid(code) {
			t.Errorf("%s is retired and valid", code)
		}
	}
}

// Loading is part of the start of every service: about 30 ms.
func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		unpack()
	}
}

func BenchmarkValid(b *testing.B) {
	load()
	for b.Loop() {
		Valid("32.04.10.2001")
	}
}
