package judge

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dtks/pkg/event"
)

// What the service knows itself changes a verdict only where the answer alone leaves it open.
func TestRules_ComparedOwn(t *testing.T) {
	t.Parallel()
	thin := asked() // without card, birthplace and mother there is little besides the name
	thin.KK, thin.BirthPlace, thin.Mother = "", "", ""
	tests := []struct {
		name    string
		person  event.PersonIdentity
		own     Own
		with    map[string]string
		verdict event.Verdict
		finding string
	}{
		{"NothingKnown", thin, Own{}, map[string]string{Name: "Sesuai (82)"}, event.Padan, "sesuai"},
		{"MovedAway", thin, Own{Area: "lain"}, map[string]string{Name: "Sesuai (82)"}, event.Padan, "sesuai"},
		{"NIKOfAnother", thin, Own{Shared: Somebody}, map[string]string{Name: "Sesuai (82)"}, event.PerluTinjau, NIKOfAnother},
		{"NIKOfAnotherAllAgrees", asked(), Own{Shared: Somebody}, nil, event.Padan, "sesuai"},
		{"EnteredTwice", thin, Own{Shared: SamePerson}, map[string]string{Name: "Sesuai (82)"}, event.Padan, "sesuai"},
		{"WrittenOver", thin, Own{Earlier: event.TidakPadan}, map[string]string{Name: "Sesuai (82)"}, event.PerluTinjau, NotEarlier},
		// Dukcapil's date is not the one in its own NIK: whoever states it knows it.
		{"CorrectedDate", thin, Own{DateDiffers: true, Shared: Somebody}, map[string]string{Name: "Sesuai (100)"}, event.Padan, "sesuai"},
		// The name in daily use, not one of the fields left to excuse it, but a record that was confirmed before.
		{"NicknameAlone", thin, Own{}, map[string]string{Name: "Tidak Sesuai (30)"}, event.TidakPadan, "nama_berbeda"},
		{"NicknameOfConfirmed", thin, Own{Earlier: event.Padan}, map[string]string{Name: "Tidak Sesuai (30)"}, event.PerluTinjau, "nama_berbeda"},
		// A field that decisions rest on and that differs is never passed over, whatever speaks for the person.
		{"SexOfConfirmed", asked(), Own{Earlier: event.Padan, Area: "sama"}, map[string]string{Sex: "Tidak Sesuai"}, event.PerluTinjau, "jenis_kelamin_berbeda"},
		// The number and a name that is merely alike are not enough. Dukcapil's word alone used to be.
		{"NumberAndLikeName", event.PersonIdentity{NIK: thin.NIK, Name: thin.Name}, Own{}, map[string]string{Name: "Sesuai (82)"}, event.PerluTinjau, TooLittle},
		{"NumberAndSameName", event.PersonIdentity{NIK: thin.NIK, Name: thin.Name}, Own{}, map[string]string{Name: "Sesuai (98)"}, event.Padan, "sesuai"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, ok := Standard().Compared(tt.person, tt.own, said(tt.with))
			if !ok || got.Verdict != tt.verdict || got.Evidence.Finding != tt.finding {
				t.Errorf("got %s %s (%v, likelihood %.3f), want %s %s", got.Verdict, got.Evidence.Finding, ok, got.Evidence.Likelihood, tt.verdict, tt.finding)
			}
		})
	}
}

// No knowledge of ours makes a verdict of an answer that is none.
func TestRules_ComparedOwnRefuses(t *testing.T) {
	t.Parallel()
	sure := Own{Area: "sama", Earlier: event.Padan}
	for name, with := range map[string]map[string]string{"NIKNotConfirmed": {NIK: "Tidak Sesuai"}, "NameMissing": {Name: ""}, "Unreadable": {Sex: "Mungkin"}} {
		if got, ok := Standard().Compared(asked(), sure, said(with)); ok {
			t.Errorf("%s: got %s, want no verdict", name, got.Verdict)
		}
	}
}

// The evidence explains the likelihood: prior and lines add up to it, and each line has words in both languages.
func TestRules_EvidenceAddsUp(t *testing.T) {
	t.Parallel()
	for _, own := range []Own{{}, {DateDiffers: true, SexDiffers: true, Area: "lain", Shared: Somebody, Earlier: event.TidakPadan}} {
		for _, with := range []map[string]string{nil, {Name: "Tidak Sesuai (30)", BirthDate: "Tidak Sesuai"}, {Mother: "Sesuai", KK: "Tidak Sesuai"}} {
			got, ok := Standard().Compared(asked(), own, said(with))
			if !ok {
				t.Fatal("no verdict")
			}
			sum := got.Evidence.Prior
			for _, line := range got.Evidence.Lines {
				sum += line.Bits
				if f, ok := Standard().Weights.Of(line.Field, line.Finding); !ok || f.ID == "" || f.EN == "" || f.Bits() != line.Bits {
					t.Errorf("%s %s has no words or another weight", line.Field, line.Finding)
				}
			}
			if p := 1 / (1 + math.Exp2(-sum)); p != got.Evidence.Likelihood {
				t.Errorf("got likelihood %v, lines say %v", got.Evidence.Likelihood, p)
			}
		}
	}
}

// More agreement is never less likely to be the person, field by field.
func TestRules_MoreAgreementNeverLess(t *testing.T) {
	t.Parallel()
	rules := Standard()
	likelihood := func(with map[string]string, own Own) float64 {
		got, ok := rules.Compared(asked(), own, said(with))
		if !ok {
			t.Fatal("no verdict")
		}
		return got.Evidence.Likelihood
	}
	for _, field := range []string{Name, Mother, BirthPlace} {
		before := 0.0
		for similarity := range 101 {
			now := likelihood(map[string]string{field: "Sesuai (" + strconv.Itoa(similarity) + ")"}, Own{})
			if now < before {
				t.Errorf("%s: %d%% is less likely than one less", field, similarity)
			}
			before = now
		}
	}
	for _, field := range []string{KK, BirthDate, Sex} {
		for _, own := range []Own{{}, {DateDiffers: true, SexDiffers: true}} {
			if likelihood(map[string]string{field: "Tidak Sesuai"}, own) >= likelihood(nil, own) {
				t.Errorf("%s: Tidak Sesuai is as likely as Sesuai", field)
			}
		}
	}
}

func TestDigits(t *testing.T) {
	t.Parallel()
	changed := func(change func(*event.PersonIdentity)) event.PersonIdentity { p := asked(); change(&p); return p }
	tests := []struct {
		name    string
		person  event.PersonIdentity
		village string
		want    Own
	}{
		{"Agree", asked(), "32.04.10.2001", Own{Area: "sama"}},
		{"OtherRegency", asked(), "33.74.01.1001", Own{Area: "lain"}},
		{"NoVillage", asked(), "", Own{}},
		{"Date", changed(func(p *event.PersonIdentity) { p.BirthDate = "1990-01-02" }), "", Own{DateDiffers: true}},
		{"Sex", changed(func(p *event.PersonIdentity) { p.Sex = "P" }), "", Own{SexDiffers: true}},
		{"NoNIK", changed(func(p *event.PersonIdentity) { p.NIK = "12" }), "32.04.10.2001", Own{}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, Digits(tt.person, tt.village)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestParseWeights_Refuses(t *testing.T) {
	t.Parallel()
	text := string(standardWeights)
	for name, change := range map[string][2]string{
		"NotJSON": {"{", "["}, "Version": {`"version": "2026-11"`, `"version": ""`}, "Prior": {`"prior": 0.9`, `"prior": 1`},
		"CheapError": {`"false_refusal": 3`, `"false_refusal": 1`}, "NoShare": {`"m": 0.82`, `"m": 0`}, "BandsOutOfOrder": {`"from": 80`, `"from": 96`},
		"LessForMore": {`"u": 0.012`, `"u": 0.9`}, "NoLowestBand": {`"finding": "lain", "from": 0`, `"finding": "lain", "from": 5`},
		"Wordless": {`"en": "the KK number agrees"`, `"en": ""`}, "FieldMissing": {`"field": "sex"`, `"field": "religion"`},
		"Mixed": {`"finding": "mirip", "from": 80,`, `"finding": "mirip",`},
	} {
		changed := strings.Replace(text, change[0], change[1], 1)
		if _, err := ParseWeights([]byte(changed)); err == nil || changed == text {
			t.Errorf("%s: got no error", name)
		}
	}
}

// Shares of one field are shares: together they make about one, where all that can be found is listed.
func TestStandardWeights_SumToOne(t *testing.T) {
	t.Parallel()
	for _, e := range StandardWeights().Evidence {
		if slices.Contains([]string{Shared, Earlier}, e.Field) {
			continue // most records have no other and no version before
		}
		m, u := 0.0, 0.0
		for _, f := range e.Findings {
			m, u = m+f.M, u+f.U
		}
		if math.Abs(m-1) > 0.01 || math.Abs(u-1) > 0.01 {
			t.Errorf("%s: m sums to %.3f and u to %.3f", e.Field, m, u)
		}
	}
}
