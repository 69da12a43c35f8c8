package judge

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dtks/pkg/event"
)

// asked is a synthetic person with every field.
func asked() event.PersonIdentity {
	return event.PersonIdentity{NIK: "3204100101909001", KK: "3204100101209001", Name: "HERMAWAN CONTOH", BirthPlace: "BANDUNG",
		BirthDate: "1990-01-01", Sex: "L", Mother: "SITI CONTOH"}
}

// said is an answer in which all agrees, changed by with.
func said(with map[string]string) Answer {
	a := Answer{Fields: map[string]string{NIK: "Sesuai", KK: "Sesuai", Name: "Sesuai (100)", BirthPlace: "Sesuai (100)",
		BirthDate: "Sesuai", Sex: "Sesuai", Mother: "Sesuai (100)"}}
	for field, text := range with {
		a.Fields[field] = text
	}
	return a
}

func TestRules_Compared(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		with    map[string]string
		verdict event.Verdict
		finding string
	}{
		{"OK", nil, event.Padan, "sesuai"},
		{"NameAtThreshold", map[string]string{Name: "Sesuai (80)"}, event.Padan, "sesuai"},
		{"OurThresholdNotTheirs", map[string]string{Name: "Tidak Sesuai (84)"}, event.Padan, "sesuai"},
		{"Nickname", map[string]string{Name: "Tidak Sesuai (79)"}, event.PerluTinjau, "nama_berbeda"},
		{"NicknameAtReview", map[string]string{Name: "Tidak Sesuai (60)"}, event.PerluTinjau, "nama_berbeda"},
		{"CalledOtherwise", map[string]string{Name: "Tidak Sesuai (30)", KK: "Tidak Sesuai"}, event.PerluTinjau, "nama_berbeda"},
		{"SomebodyElse", map[string]string{Name: "Tidak Sesuai (59)", BirthDate: "Tidak Sesuai"}, event.TidakPadan, "nama_berbeda"},
		{"SomebodyElsesMother", map[string]string{Name: "Tidak Sesuai (59)", Mother: "Tidak Sesuai (50)"}, event.TidakPadan, "nama_berbeda"},
		{"NameWithoutScore", map[string]string{Name: "Tidak Sesuai", Sex: "Tidak Sesuai"}, event.TidakPadan, "nama_berbeda"},
		{"BirthDate", map[string]string{BirthDate: "Tidak Sesuai"}, event.PerluTinjau, "tanggal_lahir_berbeda"},
		{"Sex", map[string]string{Sex: "Tidak Sesuai"}, event.PerluTinjau, "jenis_kelamin_berbeda"},
		{"Mother", map[string]string{Mother: "Tidak Sesuai (69)"}, event.PerluTinjau, "ibu_berbeda"},
		{"KKChanges", map[string]string{KK: "Tidak Sesuai", BirthPlace: "Tidak Sesuai (10)"}, event.Padan, "sesuai"},
		{"TwoDoubts", map[string]string{Name: "Tidak Sesuai (70)", Sex: "Tidak Sesuai"}, event.PerluTinjau, "nama_berbeda"},
		{"ThreeDoubts", map[string]string{BirthDate: "Tidak Sesuai", Sex: "Tidak Sesuai", Mother: "Tidak Sesuai (20)"}, event.TidakPadan, "tanggal_lahir_berbeda"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, ok := Standard().Compared(asked(), Own{}, said(tt.with))
			if !ok || got.Verdict != tt.verdict || got.Evidence.Finding != tt.finding {
				t.Errorf("got %s %s (%v), want %s %s", got.Verdict, got.Evidence.Finding, ok, tt.verdict, tt.finding)
			}
		})
	}
}

// What does not fit the question is no answer, whatever else it says.
func TestRules_ComparedRefuses(t *testing.T) {
	t.Parallel()
	for name, with := range map[string]map[string]string{
		"OtherNIK": {NIK: "0000000101900001"}, "NIKNotConfirmed": {NIK: "Tidak Sesuai"}, "NIKMissing": {NIK: ""},
		"NameMissing": {Name: ""}, "Unreadable": {Sex: "Mungkin"}, "ScoreTooHigh": {Name: "Sesuai (101)"}, "ScoreOpen": {Name: "Sesuai (90"},
	} {
		if got, ok := Standard().Compared(asked(), Own{}, said(with)); ok {
			t.Errorf("%s: got %s, want no verdict", name, got.Verdict)
		}
	}
}

func TestRules_ComparedEvidence(t *testing.T) {
	t.Parallel()
	person := asked()
	person.KK, person.Mother, person.BirthPlace = "", "", ""
	got, ok := Standard().Compared(person, Own{}, said(map[string]string{Name: "Sesuai (93)", BirthDate: "Tidak Sesuai"}))
	score := 93
	want := Result{event.PerluTinjau, event.MatchEvidence{Finding: "tanggal_lahir_berbeda", Fields: []event.FieldEvidence{
		{Field: NIK, Agrees: true}, {Field: Name, Agrees: true, Similarity: &score}, {Field: BirthDate}, {Field: Sex, Agrees: true}},
		Model: "2026-11", Prior: 3.171875, Likelihood: 1 / (1 + math.Exp2(-1.1875)), Lines: []event.WeighedFinding{
			{Field: Name, Finding: "mirip", Bits: 2}, {Field: BirthDate, Finding: "beda_seperti_nik", Bits: -4.4609375},
			{Field: Sex, Finding: "sesuai", Bits: 0.4765625}}}}
	if diff := cmp.Diff(want, got); !ok || diff != "" {
		t.Errorf("evidence (-want +got):\n%s", diff)
	}
	// Without a mother to compare nothing excuses another name.
	if got, _ := Standard().Compared(person, Own{}, said(map[string]string{Name: "Tidak Sesuai (30)"})); got.Verdict != event.TidakPadan {
		t.Errorf("another name without a mother's got %s, want tidak_padan", got.Verdict)
	}
	person.Name = ""
	if got, _ := Standard().Compared(person, Own{}, said(nil)); got.Verdict != event.PerluTinjau || got.Evidence.Finding != NoName {
		t.Errorf("nameless got %s %s, want it looked at", got.Verdict, got.Evidence.Finding)
	}
}

func TestRules_Codes(t *testing.T) {
	t.Parallel()
	rules := Standard()
	want := map[string]Class{"00": Compare, "01": Compare, "02": Unknown, "03": Setup, "04": Setup, "05": Quota, "06": Hours, "07": Incomplete,
		"08": Verdict, "09": Setup, "10": Setup, "11": Verdict, "12": Verdict, "13": Verdict, "14": Verdict, "15": Verdict, "16": Setup, "17": Setup, "18": Unknown, "": Unknown}
	for code, class := range want {
		if got := rules.Of(code).Class; got != class {
			t.Errorf("code %s: got %s, want %s", code, got, class)
		}
		if got := rules.Final(code); (got.Verdict != "") != (class == Verdict) || got.Verdict == event.Padan {
			t.Errorf("code %s: got verdict %q for class %s", code, got.Verdict, class)
		}
	}
}

func TestParse_Refuses(t *testing.T) {
	t.Parallel()
	text := string(standard)
	for name, change := range map[string][2]string{
		"NotJSON": {"{", "["}, "Version": {`"2026-11"`, `""`}, "Threshold": {`"threshold": 80`, `"threshold": 0`},
		"CodeWithoutVerdict": {`"verdict": "tidak_padan", "finding": "meninggal"`, `"finding": "meninggal"`},
		"VerdictOnQuota":     {`"class": "quota"`, `"class": "quota", "verdict": "padan"`},
		"AgreeOutOfRange":    {`"agree": 80`, `"agree": 101`},
		"AgreeOfACode":       {`"field": "sex",`, `"field": "sex", "agree": 80,`},
		"NameIgnored":        {`"effect": "look"`, `"effect": "note"`},
		"UnknownEffect":      {`"effect": "look"`, `"effect": "differ"`},
		"UnknownField":       {`"field": "sex"`, `"field": "religion"`},
	} {
		changed := strings.Replace(text, change[0], change[1], 1)
		if _, err := Parse([]byte(changed)); err == nil || changed == text {
			t.Errorf("%s: got no error", name)
		}
	}
}

func TestDigest(t *testing.T) {
	t.Parallel()
	a, b := asked(), asked()
	b.PersonID = "other"
	if diff := cmp.Diff(Digest(a), Digest(b)); diff != "" {
		t.Error("the person id changes the digest")
	}
	for _, field := range append(Names(), NIK) {
		c := asked()
		switch field {
		case NIK:
			c.NIK += "1"
		case KK:
			c.KK += "1"
		case Name:
			c.Name += "1"
		case BirthPlace:
			c.BirthPlace += "1"
		case BirthDate:
			c.BirthDate += "1"
		case Sex:
			c.Sex += "1"
		case Mother:
			c.Mother += "1"
		}
		if cmp.Equal(Digest(a), Digest(c)) || Value(a, field)+"1" != Value(c, field) {
			t.Errorf("a change of %s is not seen", field)
		}
	}
}

// No text makes the reader panic or agree by accident.
func FuzzReading(f *testing.F) {
	for _, s := range []string{"Sesuai", "Tidak Sesuai", "Sesuai (100)", "Tidak Sesuai (5)", "Sesuai ()", "", "Tidak"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		agrees, similarity, ok := Reading(s)
		if ok && !strings.Contains(s, "Sesuai") || agrees && (!ok || strings.HasPrefix(s, "Tidak")) || similarity != nil && (*similarity < 0 || *similarity > 100) {
			t.Errorf("Reading(%q): got %v %v %v", s, agrees, similarity, ok)
		}
	})
}
