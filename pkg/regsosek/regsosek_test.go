package regsosek

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"dtks/pkg/fault"
)

func TestItems_Unique(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, item := range Items {
		if seen[item.Name] {
			t.Errorf("item %s occurs twice", item.Name)
		}
		seen[item.Name] = true
		if item.Text.ID == "" || item.Text.EN == "" {
			t.Errorf("item %s lacks a label", item.Name)
		}
		if item.Codes != nil && len(item.Codes) != item.Max-item.Min+1 {
			t.Errorf("item %s: %d labels for %d..%d", item.Name, len(item.Codes), item.Min, item.Max)
		}
	}
}

func TestMemberItems_Labels(t *testing.T) {
	t.Parallel()
	for _, item := range []Item{Relation, Marital, School, SchoolLevel, Work, Difficulty, Chronic, PPKS} {
		if len(item.Codes) != item.Max-item.Min+1 {
			t.Errorf("item %s: %d labels for %d..%d", item.Name, len(item.Codes), item.Min, item.Max)
		}
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		answers map[string]int
		want    []string
	}{
		{"OK", map[string]int{Lantai: 8, Atap: 3, Sapi: 0}, nil},
		{"OutOfRange", map[string]int{Lantai: 10, Penerangan: 0}, []string{"survey_code_out_of_range", "survey_code_out_of_range"}},
		{"Unknown", map[string]int{"kolam_renang": 1}, []string{"survey_item_unknown"}},
		{"Nothing", nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, codes(Check("survey.answers", tt.answers))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCheckMember(t *testing.T) {
	t.Parallel()
	got := CheckMember("members[0]", 9, 0, 4, 23, 9, map[string]int{"jalan": 5, "terbang": 1}, []int{0, 18}, []int{26, 27})
	want := []string{"survey_code_out_of_range", "survey_code_out_of_range", "survey_code_out_of_range", "survey_code_out_of_range",
		"survey_code_out_of_range", "survey_code_out_of_range", "survey_code_out_of_range", "survey_item_unknown"}
	if diff := cmp.Diff(want, codes(got)); diff != "" {
		t.Error(diff)
	}
	if got := CheckMember("members[0]", 1, 2, 3, 0, 0, map[string]int{"jalan": 1}, nil, nil); got != nil {
		t.Errorf("got %v, want nothing", got)
	}
}

func TestStageOf(t *testing.T) {
	t.Parallel()
	for level, want := range map[int]Stage{0: NoStage, 1: SD, 5: SD, 6: SMP, 10: SMP, 11: SMA, 17: SMA, 18: PT, 22: PT, 23: NoStage} {
		if got := StageOf(level); got != want {
			t.Errorf("level %d: got %q, want %q", level, got, want)
		}
	}
}

func TestItem_Label(t *testing.T) {
	t.Parallel()
	item, ok := Lookup(Atap)
	if !ok || item.Label(3) != "seng" || item.Label(99) != "99" {
		t.Errorf("got %v %q, want seng", ok, item.Label(3))
	}
	if SchoolLevel.Label(3) != "SD" || SchoolLevel.Label(0) != "tidak ada" {
		t.Errorf("got %q", SchoolLevel.Label(3))
	}
}

func codes(details []fault.Detail) []string {
	var c []string
	for _, d := range details {
		c = append(c, d.Code)
	}
	return c
}
