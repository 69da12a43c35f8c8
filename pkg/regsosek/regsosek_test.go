package regsosek

import (
	"slices"
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

var memberItems = []Item{Relation, Marital, School, SchoolLevel, Work, Presence, Orphan, Difficulty, Chronic, PPKS}

func TestMemberItems_Labels(t *testing.T) {
	t.Parallel()
	for _, item := range memberItems {
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

func TestMember_Check(t *testing.T) {
	t.Parallel()
	outside := func(name string) []string { return []string{"members[0]." + name + " survey_code_out_of_range"} }
	tests := []struct {
		name   string
		member Member
		want   []string // field and reason
	}{
		{"NothingAnswered", Member{}, nil},
		{"OK", Member{Relation: 1, Marital: 2, School: 3, Presence: 6, Orphan: 4, Cover: new(15), Disability: map[string]int{"jalan": 1}}, nil},
		{"OKNoCover", Member{Cover: new(0)}, nil},
		{"Relation", Member{Relation: 9}, outside("relation")},
		{"Marital", Member{Marital: -1}, outside("marital")},
		{"School", Member{School: 4}, outside("school")},
		{"SchoolLevel", Member{SchoolLevel: 23}, outside("school_level")},
		{"Work", Member{Work: 9}, outside("work")},
		{"Presence", Member{Presence: 7}, outside("presence")},
		{"Orphan", Member{Orphan: 5}, outside("orphan")},
		{"Cover", Member{Cover: new(16)}, outside("health_cover")},
		{"CoverBelow", Member{Cover: new(-1)}, outside("health_cover")},
		{"Chronic", Member{Chronic: []int{18, 0}}, outside("chronic")},
		{"PPKS", Member{PPKS: []int{26, 27}}, outside("ppks")},
		{"Function", Member{Disability: map[string]int{"jalan": 5}}, outside("disability.jalan")},
		{"FunctionUnknown", Member{Disability: map[string]int{"terbang": 1}}, []string{"members[0].disability survey_item_unknown"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, d := range tt.member.Check("members[0]") {
				if !d.Warn {
					t.Errorf("%s refuses the member, want a warning", d.Field)
				}
				got = append(got, d.Field+" "+d.Code)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
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

// Rules name codes by these words: two codes of one name would be one in a rule.
func TestItem_CodeNames(t *testing.T) {
	t.Parallel()
	for _, item := range slices.Concat(memberItems, Items) {
		names := item.CodeNames()
		if len(names) != len(item.Codes) {
			t.Errorf("item %s: %d names for %d codes", item.Name, len(names), len(item.Codes))
		}
		seen := map[string]bool{"": true}
		for i, name := range names {
			if seen[name] {
				t.Errorf("item %s: name %q of code %d is empty or another code's", item.Name, name, item.Min+i)
			}
			seen[name] = true
			if got := item.CodeName(item.Min + i); got != name {
				t.Errorf("item %s code %d: got %q, want %q as in the list", item.Name, item.Min+i, got, name)
			}
		}
	}
}

func TestItem_CodeName(t *testing.T) {
	t.Parallel()
	item := func(name string) Item {
		found, ok := Lookup(name)
		if !ok {
			t.Fatalf("no item %s", name)
		}
		return found
	}
	tests := []struct {
		item Item
		code int
		want string
	}{
		{item(Lantai), 8, "tanah"},
		{item(Lantai), 6, "semen_bata_merah"},
		{item(BahanBakar), 4, "lpg_3_kg"},
		{item(BahanBakar), 2, "lpg_5_5_kg_blue_gaz"},
		{item(Jamban), 1, "ada_sendiri"},
		{item(Omzet), 2, "5_15"},
		{item(TV), Yes, "ya"},
		{item(PerangkatDesa), No, "tidak"},
		{Relation, 2, "istri_suami"},
		{SchoolLevel, 0, "tidak_ada"},
		{Work, 0, "tidak_bekerja"},
		{Presence, 1, "tinggal_bersama"},
		{Orphan, 4, "yatim_piatu"},
		{item(Lantai), 0, ""},
		{item(Lantai), 10, ""},
		{item(LuasLantai), 30, ""},
		{item(Sapi), 0, ""},
		{Cover, CoverPBI, ""},
	}
	for _, tt := range tests {
		if got := tt.item.CodeName(tt.code); got != tt.want {
			t.Errorf("item %s code %d: got %q, want %q", tt.item.Name, tt.code, got, tt.want)
		}
	}
	if got := item(Pendapatan).CodeNames(); got != nil {
		t.Errorf("a number has the names %v, want none", got)
	}
}

func codes(details []fault.Detail) []string {
	var c []string
	for _, d := range details {
		c = append(c, d.Code)
	}
	return c
}
