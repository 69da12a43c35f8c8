package fact

import (
	"testing"

	"dtks/pkg/event"
	"dtks/pkg/regsosek"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

func TestNames_KnownToInstrument(t *testing.T) {
	t.Parallel()
	for i, name := range Names() {
		item, ok := regsosek.Lookup(name)
		if !ok || item.Max > 1<<15-2 {
			t.Errorf("item %q: known %v, largest code %d", name, ok, item.Max)
		}
		if at, ok := Index(name); !ok || at != i {
			t.Errorf("Index(%q) = %d %v, want %d", name, at, ok, i)
		}
	}
}

func TestFamily_EncodeDecode(t *testing.T) {
	t.Parallel()
	want := New()
	want.Answers[0], want.Answers[3], want.Answers[Items-1] = 1, 0, 999
	want.Members = []Member{
		{Relation: 1, Sex: 'P', Born: 19850505, Marital: 2, School: 3, Level: 22, Work: 8, Pregnant: true},
		{Disabled: true, Person: uuid.MustParse("01900000-0000-7000-8000-000000000001"), Identity: 300, Cover: NoCover, Presence: 2, Orphan: 4}, {},
	}
	encoded := want.Encode()
	got, err := Decode(encoded)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for n := range encoded {
		if _, err := Decode(encoded[:n]); err == nil {
			t.Errorf("the first %d of %d bytes decode", n, len(encoded))
		}
	}
	if _, err := Decode(append(encoded, 0)); err == nil {
		t.Error("a byte too many decodes")
	}
}

func TestMember_Age(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		born, day int32
		want      int64
		ok        bool
	}{
		{"Birthday", 20000601, 20260601, 26, true},
		{"DayBefore", 20000601, 20260531, 25, true},
		{"LeapDay", 20240229, 20250228, 0, true},
		{"LeapDayAfter", 20240229, 20250301, 1, true},
		{"BornToday", 20260601, 20260601, 0, true},
		{"NotBornYet", 20260602, 20260601, 0, false},
		{"NotRecorded", 0, 20260601, 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, ok := (&Member{Born: tt.born}).Age(tt.day)
			if got != tt.want || ok != tt.ok {
				t.Errorf("got %d %v, want %d %v", got, ok, tt.want, tt.ok)
			}
		})
	}
}

func TestFromEvent(t *testing.T) {
	t.Parallel()
	a, b, c := uuid.MustParse("01900000-0000-7000-8000-00000000000a"), uuid.MustParse("01900000-0000-7000-8000-00000000000b"),
		uuid.MustParse("01900000-0000-7000-8000-00000000000c")
	cover, sentinel := 4, 99
	survey := &event.FamilySurvey{
		Instrument: regsosek.Instrument,
		Answers:    map[string]int{"lantai": 8, "dinding": 99, "kolam_renang": 1, "jarak_tinja": 1, "sapi": 0},
		Members: []event.MemberSurvey{
			{PersonID: a.String(), Relation: 3, Sex: "L", BirthDate: "2015-02-30", School: 2, SchoolLevel: 3, Orphan: 2, Presence: 1, Cover: &cover},
			{PersonID: b.String(), Relation: 1, Sex: "P", BirthDate: "1985-05-05", Work: 9, Marital: 4, Orphan: 5, Cover: &sentinel},
			{PersonID: c.String(), Relation: 1, Sex: "?", BirthDate: "05-05-1985", SchoolLevel: 23},
		},
	}
	sensitive := &event.FamilySensitive{Members: []event.MemberSensitive{
		{PersonID: b.String(), Pregnant: true, Disability: map[string]int{"jalan": 3}},
		{PersonID: a.String(), Disability: map[string]int{"lihat": 1}},
	}}
	members := []event.FamilyMember{{PersonID: b.String(), IdentityVersion: 7}, {PersonID: a.String(), IdentityVersion: 2}}
	got, err := FromEvent(survey, sensitive, members)
	want := New()
	for name, code := range map[string]int16{"lantai": 8, "sapi": 0} {
		i, _ := Index(name)
		want.Answers[i] = code
	}
	want.Members = []Member{
		{Person: a, Identity: 2, Relation: 3, Sex: 'L', Born: 20150230, School: 2, Level: 3, Disabled: true, Orphan: 2, Presence: 1, Cover: 4},
		{Person: b, Identity: 7, Relation: 1, Sex: 'P', Born: 19850505, Marital: 4, Pregnant: true, Cover: NoCover, Work: NoWork},
		{Person: c, Relation: 1, Cover: NoCover},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil || got.HeadIndex() != 1 {
		t.Errorf("head %d, want 1; %v\n%s", got.HeadIndex(), err, diff)
	}

	survey.Instrument = "BDT2015"
	if got, _ := FromEvent(survey, sensitive, members); got.Answers != New().Answers {
		t.Error("answers of another instrument were taken for this one's")
	}
	survey.Members[2].PersonID = "c"
	if _, err := FromEvent(survey, sensitive, members); err == nil {
		t.Error("a member without an id was taken")
	}
}

func FuzzDecode(f *testing.F) {
	family := New()
	family.Members = []Member{{Relation: 1, Sex: 'P', Born: 19850505, Cover: NoCover}}
	f.Add(family.Encode())
	f.Add([]byte{1, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := Decode(b)
		if err != nil {
			return
		}
		again, err := Decode(got.Encode())
		if err != nil || !cmp.Equal(got, again) {
			t.Errorf("decoding what was encoded: %v", err)
		}
	})
}
