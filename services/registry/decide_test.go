package main

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dtks/pkg/event"
	"dtks/pkg/fault"
	"dtks/pkg/web"
)

func TestIdentityVersion(t *testing.T) {
	t.Parallel()
	was, other, third := matched{nik: "1"}, matched{nik: "2"}, matched{nik: "3"}
	tests := []struct {
		name          string
		inForce, last known
		highest       int64
		proposed      matched
		version       int64
		match         bool
	}{
		{"New", known{}, known{}, 0, was, 1, true},
		{"Unchanged", known{1, was}, known{1, was}, 1, was, 1, false},
		{"Changed", known{1, was}, known{1, was}, 1, other, 2, true},
		{"SameAsLastProposed", known{1, was}, known{2, other}, 2, other, 2, true},
		{"BackToInForce", known{1, was}, known{2, other}, 2, was, 1, false},
		{"ThirdAfterRefusal", known{1, was}, known{2, other}, 2, third, 3, true},
		{"NeverUsedTwice", known{1, was}, known{1, was}, 4, other, 5, true},
		{"RevisedBeforeForce", known{}, known{1, was}, 1, other, 2, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			version, match := identityVersion(test.inForce, test.last, test.highest, test.proposed)
			if version != test.version || match != test.match {
				t.Errorf("got %d %v, want %d %v", version, match, test.version, test.match)
			}
		})
	}
}

// inForce is what the registry holds of newFamily("S-1") once it has been applied.
func inForce() standing {
	e := entry{in: new(newFamily("S-1"))}
	if err := e.decide(by("pengusul")); err != nil {
		panic(err)
	}
	e.proposal.close(event.ProposalApplied, "")
	c := apply(e.proposal, nil, nil, time.Unix(0, 0))
	return standing{source: sourceRow{"uji", "S-1", e.proposal.FamilyID, e.proposal.ID, e.digest}, seen: true, last: e.proposal, family: c.family}
}

func by(person string) author {
	n := 0
	return author{person: person, at: time.Unix(0, 0), newID: func() string { n++; return fmt.Sprintf("%s-%d", person, n) }}
}

func TestDecide(t *testing.T) {
	t.Parallel()
	change := func(kind event.ProposalKind, set func(*ProposalInput)) ProposalInput {
		in := ProposalInput{Kind: kind, FamilyID: "f", BaseVersion: 1}
		set(&in)
		return in
	}
	open := func(st standing, kind event.ProposalKind, bySource bool) standing {
		p := *st.last
		p.ID, p.Version, p.Kind, p.Status, p.BySource, p.Proposer = "open", 1, kind, event.ProposalOpen, bySource, "lain"
		st.last, st.source.Digest = &p, []byte("other")
		return st
	}
	address := func(in *ProposalInput) { in.Address = "JL. CONTOH 2" }
	away := func(in *ProposalInput) { in.Area = semarang }
	tests := []struct {
		name    string
		st      standing
		in      ProposalInput
		ifMatch int64
		want    string // kind, new or next version; or the reason code of the refusal
	}{
		{"SameFile", inForce(), newFamily("S-1"), 0, "same"},
		{"CorrectedFile", inForce(), newFamily("S-1", address), 0, "perbaikan new"},
		{"FileWithOtherVillage", inForce(), newFamily("S-1", away), 0, "pindah new"},
		{"FileWhileOpen", open(inForce(), event.Perbaikan, true), newFamily("S-1", address), 0, "perbaikan next"},
		{"FileWhileOthersOpen", open(inForce(), event.Perbaikan, false), newFamily("S-1", address), 0, "proposal_open"},
		{"Perbaikan", inForce(), change(event.Perbaikan, address), 0, "perbaikan new"},
		{"PerbaikanOfNothing", inForce(), change(event.Perbaikan, func(in *ProposalInput) { in.KK = firstKK }), 0, "same"},
		{"PerbaikanWhileOthersOpen", open(inForce(), event.Perbaikan, false), change(event.Perbaikan, address), 0, "proposal_open"},
		{"PerbaikanByIfMatch", open(inForce(), event.Perbaikan, false), change(event.Perbaikan, address), 1, "perbaikan next"},
		{"PerbaikanWhileNonaktif", open(inForce(), event.Nonaktif, false), change(event.Perbaikan, address), 1, "proposal_open"},
		{"ErrIfMatch", open(inForce(), event.Perbaikan, false), change(event.Perbaikan, address), 2, "version_differs"},
		{"ErrFutureBase", inForce(), change(event.Perbaikan, func(in *ProposalInput) { in.BaseVersion = 2 }), 0, "base_version_outdated"},
		{"ErrMovedByPerbaikan", inForce(), change(event.Perbaikan, away), 0, "proposal_unreadable"},
		{"ErrPindahToSameVillage", inForce(), change(event.Pindah, func(in *ProposalInput) { in.ToArea = soreang }), 0, "proposal_unreadable"},
		{"ErrNotInForce", standing{}, change(event.Perbaikan, address), 0, "family_not_found"},
		{"ErrStrangersChild", inForce(), change(event.Perbaikan, func(in *ProposalInput) {
			in.Members = []Member{{PersonID: "somebody else", Name: "CONTOH"}}
		}), 0, "proposal_unreadable"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			e := entry{in: &test.in, standing: test.st}
			who := by("pengusul")
			who.ifMatch = test.ifMatch
			got := "same"
			if err := e.decide(who); err != nil {
				var refused *fault.Error
				if !errors.As(err, &refused) {
					t.Fatal(err)
				}
				got = refused.Code
			} else if e.isNew {
				got = string(e.proposal.Kind) + " new"
			} else if !e.same {
				got = string(e.proposal.Kind) + " next"
			}
			if got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// An open proposal of a family whose regency was wrong is replaced, so that both regencies learn of it.
func TestDecide_OtherRegencyBeforeForce(t *testing.T) {
	t.Parallel()
	first := entry{in: new(newFamily("S-1"))}
	if err := first.decide(by("a")); err != nil {
		t.Fatal(err)
	}
	second := entry{in: new(newFamily("S-1", func(in *ProposalInput) { in.Area = semarang })),
		standing: standing{seen: true, last: first.proposal, source: sourceRow{FamilyID: first.proposal.FamilyID}}}
	if err := second.decide(by("b")); err != nil {
		t.Fatal(err)
	}
	if second.replaced != first.proposal || !second.isNew || second.proposal.FamilyID != first.proposal.FamilyID ||
		second.proposal.People[0].ID != first.proposal.People[0].ID {
		t.Errorf("got %+v, want a new proposal of the same family and person in place of the first", second.proposal)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	member := func(set func(*Member)) func(*ProposalInput) {
		return func(in *ProposalInput) { set(&in.Members[0]) }
	}
	tests := []struct {
		name             string
		change           func(*ProposalInput)
		errors, warnings []string
	}{
		{"OK", func(*ProposalInput) {}, nil, nil},
		{"OKSpaces", member(func(m *Member) { m.NIK = " 3204 3750 0387 9001 "; m.Name = " SITI CONTOH " }), nil, []string{"nik_cleaned"}},
		{"NoNIK", member(func(m *Member) { m.NIK = "" }), nil, []string{"nik_missing"}},
		{"NoName", member(func(m *Member) { m.Name = "" }), nil, []string{"name_missing"}},
		{"NoKK", func(in *ProposalInput) { in.KK = "" }, nil, []string{"kk_missing"}},
		{"UnknownCode", func(in *ProposalInput) { in.Survey.Answers["lantai"] = 77 }, nil, []string{"survey_code_out_of_range"}},
		{"UnknownMemberCodes", member(func(m *Member) { m.Presence, m.Orphan, m.Cover = 7, 5, new(16) }), nil,
			[]string{"survey_code_out_of_range", "survey_code_out_of_range", "survey_code_out_of_range"}},
		{"OKNoCover", member(func(m *Member) { m.Cover = new(0) }), nil, nil},
		{"ErrNobody", member(func(m *Member) { m.Name, m.NIK = "", "" }), []string{"nobody"}, nil},
		{"ErrKind", func(in *ProposalInput) { in.Kind = "hapus" }, []string{"kind_unknown"}, nil},
		{"ErrNoSource", func(in *ProposalInput) { in.Source, in.SourceID = " ", "" }, []string{"required", "required"}, nil},
		{"ErrDistrict", func(in *ProposalInput) { in.Area = "32.04.37" }, []string{"area_unknown"}, nil},
		{"ErrBPSCode", func(in *ProposalInput) { in.Area = "3204372001" }, []string{"area_unknown"}, nil},
		{"ErrDate", member(func(m *Member) { m.BirthDate = "1987-02-30" }), []string{"birth_date_unreadable"}, nil},
		{"ErrSex", member(func(m *Member) { m.Sex = "X" }), []string{"sex_unreadable"}, nil},
		{"ErrInstrument", func(in *ProposalInput) { in.Survey.Instrument = "BDT2015" }, []string{"instrument_unknown"}, nil},
		{"ErrTwice", func(in *ProposalInput) { in.Members = append(in.Members, in.Members[0]) }, []string{"member_twice"}, nil},
		{"ErrNUL", member(func(m *Member) { m.Mother = "a\x00b" }), []string{"text_unreadable"}, nil},
		{"ErrNotUTF8", member(func(m *Member) { m.Mother = "a\xffb" }), []string{"text_unreadable"}, nil},
		{"ErrLong", func(in *ProposalInput) { in.Address = string(make([]byte, 600)) }, []string{"text_unreadable"}, nil},
		{"ErrNonaktifWithoutReason", func(in *ProposalInput) {
			*in = ProposalInput{Kind: event.Nonaktif, FamilyID: "01890a5d-ac96-774b-bcce-b302099a8057", BaseVersion: 1}
		}, []string{"required"}, nil},
		{"ErrChangeWithoutFamily", func(in *ProposalInput) { *in = ProposalInput{Kind: event.Pindah, ToArea: soreang} },
			[]string{"family_id_unreadable", "required"}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			in := newFamily("K-1", test.change)
			f := in.check()
			if diff := cmp.Diff(test.errors, codes(f.errors)); diff != "" {
				t.Errorf("errors: %s", diff)
			}
			if diff := cmp.Diff(test.warnings, codes(f.warnings)); diff != "" && test.errors == nil {
				t.Errorf("warnings: %s", diff)
			}
		})
	}
}

// Whatever a batch holds, what passes the check can be stored: its texts are plain and its digest does not change by
// checking it again.
func FuzzDecodeAndCheck(f *testing.F) {
	f.Add([]byte(`{"items":[{"kind":"usulan","source":"uji","source_id":"1","area":"32.04.37.2001","kk":"` + firstKK + `","members":[{"member_id":"1","nik":"` + firstNIK + `","name":"SITI CONTOH","disability":{"jalan":1}}]}]}`))
	f.Add([]byte(`{"items":[{"kind":"nonaktif","family_id":"01890a5d-ac96-774b-bcce-b302099a8057","base_version":1,"reason_code":"ganda"}]}`))
	f.Add([]byte(`{"items":[{"kind":"usulan","members":[{"nik":3.2E15}]},null,7]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		items, err := web.DecodeItems[ProposalInput](body)
		if err != nil {
			return
		}
		for _, item := range items {
			in := item.Value
			if item.Err != nil || len((&in).check().errors) > 0 {
				continue
			}
			_, before, err := content{Area: in.Area, KK: in.KK, Address: in.Address, Members: in.Members}.digest()
			if err != nil {
				t.Fatalf("an accepted item cannot be stored: %v", err)
			}
			if again := in.check(); len(again.errors) > 0 {
				t.Fatalf("an accepted item is refused when it is sent as stored: %v", codes(again.errors))
			}
			_, after, err := content{Area: in.Area, KK: in.KK, Address: in.Address, Members: in.Members}.digest()
			if err != nil || string(before) != string(after) {
				t.Fatal("checking an item twice changes it")
			}
		}
	})
}
