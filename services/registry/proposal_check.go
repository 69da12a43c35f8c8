package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"dtks/pkg/event"
	"dtks/pkg/fault"
	"dtks/pkg/nik"
	"dtks/pkg/regsosek"
	"dtks/pkg/wilayah"
)

// Limits of what a proposal may hold.
const (
	maxMembers = 60
	maxAnswers = 200
	maxCodes   = 64  // illnesses, PPKS types or functions of one person
	maxShort   = 64  // characters: source, member id, reason
	maxLong    = 200 // characters: ids of a source, names, places
	maxAddress = 500 // characters
)

// invalidProposal is why an item is refused; its details name what makes it unreadable.
var invalidProposal = fault.New(fault.Invalid, "proposal_unreadable",
	"Usulan tidak dapat dibaca; lihat rinciannya.", "The proposal cannot be read; see its details.")

// findings gathers what is wrong with an input: errors make it unreadable, warnings are stored with it. persons holds
// the codes about the identity of one member, by the member's place.
type findings struct {
	errors, warnings []fault.Detail
	persons          map[int][]string
}

func (f *findings) warnPerson(i int, found ...fault.Detail) {
	if f.persons == nil {
		f.persons = map[int][]string{}
	}
	f.warnings = append(f.warnings, found...)
	for _, d := range found {
		f.persons[i] = append(f.persons[i], d.Code)
	}
}

func (f *findings) refuse(field, code, id, en string) {
	f.errors = append(f.errors, fault.Detail{Field: field, Code: code, Text: fault.Text{ID: id, EN: en}})
}

// clone lets a transaction add findings without keeping them for its next try.
func (f *findings) clone() findings {
	c := findings{warnings: slices.Clip(f.warnings)}
	for i, codes := range f.persons {
		if c.persons == nil {
			c.persons = make(map[int][]string, len(f.persons))
		}
		c.persons[i] = slices.Clip(codes)
	}
	return c
}

// codes are the reason codes of all warnings, each once.
func (f *findings) codes() []string {
	var codes []string
	for _, d := range f.warnings {
		if !slices.Contains(codes, d.Code) {
			codes = append(codes, d.Code)
		}
	}
	return codes
}

// check normalises in and says what is wrong with it. Only what makes an item unreadable is an error; the README lists
// it. Whether the family exists and who may propose is decided later.
func (in *ProposalInput) check() findings {
	var f findings
	in.checkTexts(&f)
	switch in.Kind {
	case event.Usulan:
		in.checkUsulan(&f)
	case event.Perbaikan, event.Nonaktif, event.Pindah:
		in.checkChange(&f)
	default:
		f.refuse("kind", "kind_unknown", "Jenis harus usulan, perbaikan, nonaktif, atau pindah.",
			"Kind must be usulan, perbaikan, nonaktif or pindah.")
	}
	if in.Area != "" && wilayah.LevelOf(in.Area) != wilayah.Village {
		f.refuse("area", "area_unknown", "Bukan kode desa/kelurahan Kemendagri, seperti 32.04.10.2001.",
			"Not a Kemendagri village code such as 32.04.10.2001.")
	}
	if in.ToArea != "" && wilayah.LevelOf(in.ToArea) != wilayah.Village {
		f.refuse("to_area", "area_unknown", "Bukan kode desa/kelurahan Kemendagri, seperti 32.04.10.2001.",
			"Not a Kemendagri village code such as 32.04.10.2001.")
	}
	if in.Survey != nil {
		in.checkSurvey(&f)
	}
	in.checkMembers(&f)
	if len(f.errors) == 0 {
		in.checkNumbers(&f)
	}
	return f
}

func (in *ProposalInput) checkUsulan(f *findings) {
	if in.Source == "" {
		f.refuse("source", "required", "Sumber wajib diisi.", "The source is required.")
	}
	if in.SourceID == "" {
		f.refuse("source_id", "required", "Id keluarga pada sumber wajib diisi.", "The source's id of the family is required.")
	}
	if in.Area == "" {
		f.refuse("area", "required", "Kode desa/kelurahan wajib diisi.", "The village code is required.")
	}
	if len(in.Members) == 0 {
		f.refuse("members", "required", "Keluarga harus memiliki anggota.", "A family must have members.")
	}
	if in.FamilyID != "" {
		f.refuse("family_id", "not_with_usulan", "Usulan menyebut keluarga dengan source dan source_id.",
			"An usulan names the family by source and source_id.")
	}
}

func (in *ProposalInput) checkChange(f *findings) {
	if !validID(in.FamilyID) {
		f.refuse("family_id", "family_id_unreadable", "Id keluarga wajib diisi dan berupa UUID.", "The family id is required, a UUID.")
	}
	if in.BaseVersion <= 0 {
		f.refuse("base_version", "required", "Versi keluarga yang menjadi dasar wajib diisi.",
			"The version of the family this was made against is required.")
	}
	if in.Kind == event.Nonaktif && in.ReasonCode == "" {
		f.refuse("reason_code", "required", "Alasan penonaktifan wajib diisi.", "A reason is required to deactivate.")
	}
	if in.Kind == event.Pindah && in.ToArea == "" {
		f.refuse("to_area", "required", "Desa/kelurahan tujuan wajib diisi.", "The village moved to is required.")
	}
	if in.Kind != event.Pindah && in.ToArea != "" {
		f.refuse("to_area", "only_with_pindah", "Desa/kelurahan tujuan hanya untuk pindah.", "A target village is for pindah only.")
	}
}

// checkTexts trims every text and refuses what no text column can hold.
func (in *ProposalInput) checkTexts(f *findings) {
	text(f, "source", &in.Source, maxShort)
	text(f, "source_id", &in.SourceID, maxLong)
	text(f, "reason_code", &in.ReasonCode, maxShort)
	text(f, "kk", &in.KK, maxShort)
	text(f, "address", &in.Address, maxAddress)
	text(f, "area", &in.Area, maxShort)
	text(f, "to_area", &in.ToArea, maxShort)
}

func (in *ProposalInput) checkSurvey(f *findings) {
	if len(in.Survey.Answers) > maxAnswers {
		f.refuse("survey.answers", "too_many", "Jawaban terlalu banyak.", "Too many answers.")
		return
	}
	if in.Survey.Instrument != regsosek.Instrument && (in.Survey.Instrument != "" || len(in.Survey.Answers) > 0) {
		f.refuse("survey.instrument", "instrument_unknown", "Instrumen tidak dikenal; yang dikenal: "+regsosek.Instrument+".",
			"Unknown instrument; known is "+regsosek.Instrument+".")
		return
	}
	for name := range in.Survey.Answers {
		if unreadable(name, maxShort) {
			f.refuse("survey.answers", "text_unreadable", "Nama butir tidak dapat dibaca.", "The name of an item cannot be read.")
			return
		}
	}
	f.warnings = append(f.warnings, regsosek.Check("survey.answers", in.Survey.Answers)...)
}

func (in *ProposalInput) checkMembers(f *findings) {
	if len(in.Members) > maxMembers {
		f.refuse("members", "too_many", fmt.Sprintf("Paling banyak %d anggota.", maxMembers), fmt.Sprintf("At most %d members.", maxMembers))
		return
	}
	for i := range in.Members {
		m := &in.Members[i]
		before := len(f.errors)
		m.checkTexts(f, i)
		if len(f.errors) > before {
			continue
		}
		m.check(f, i, in.Kind)
		for j := range i {
			if m.MemberID != "" && in.Members[j].MemberID == m.MemberID || m.PersonID != "" && in.Members[j].PersonID == m.PersonID {
				f.refuse(member(i, "member_id"), "member_twice", "Anggota disebut dua kali.", "The member is named twice.")
				break
			}
		}
	}
}

func (m *Member) check(f *findings, i int, kind event.ProposalKind) {
	switch {
	case m.PersonID == "" && m.MemberID == "":
		f.refuse(member(i, "member_id"), "required", "Id anggota pada sumber wajib diisi.", "The source's id of the member is required.")
	case m.PersonID != "" && kind == event.Usulan:
		f.refuse(member(i, "person_id"), "not_with_usulan", "Usulan menyebut anggota dengan member_id.", "An usulan names members by member_id.")
	case m.PersonID != "" && !validID(m.PersonID):
		f.refuse(member(i, "person_id"), "person_id_unreadable", "Id orang bukan UUID.", "The person id is not a UUID.")
	}
	if m.Name == "" && m.NIK == "" {
		f.refuse(member(i, "name"), "nobody", "Nama dan NIK kosong: tidak dapat diketahui siapa.", "Name and NIK are empty: nobody can tell who this is.")
	}
	if m.BirthDate != "" {
		if _, err := time.Parse(time.DateOnly, m.BirthDate); err != nil {
			f.refuse(member(i, "birth_date"), "birth_date_unreadable", "Tanggal lahir harus berupa 1987-03-10.", "The birth date must be written as 1987-03-10.")
		}
	}
	if m.Sex != "" && m.Sex != "L" && m.Sex != "P" {
		f.refuse(member(i, "sex"), "sex_unreadable", "Jenis kelamin harus L atau P.", "Sex must be L or P.")
	}
	if len(m.Disability) > maxCodes || len(m.Chronic) > maxCodes || len(m.PPKS) > maxCodes {
		f.refuse(member(i, "disability"), "too_many", "Kode terlalu banyak.", "Too many codes.")
		return
	}
	for name := range m.Disability {
		if unreadable(name, maxShort) {
			f.refuse(member(i, "disability"), "text_unreadable", "Nama fungsi tidak dapat dibaca.", "The name of a function cannot be read.")
			return
		}
	}
	answers := regsosek.Member(m.Coded)
	f.warnings = append(f.warnings, answers.Check("members["+strconv.Itoa(i)+"]")...)
}

func (m *Member) checkTexts(f *findings, i int) {
	for _, t := range [...]struct {
		name  string
		value *string
		limit int
	}{
		{"member_id", &m.MemberID, maxLong}, {"person_id", &m.PersonID, maxShort}, {"nik", &m.NIK, maxShort},
		{"name", &m.Name, maxLong}, {"birth_place", &m.BirthPlace, maxLong}, {"birth_date", &m.BirthDate, maxShort},
		{"sex", &m.Sex, maxShort}, {"mother", &m.Mother, maxLong},
	} {
		*t.value = strings.TrimSpace(*t.value)
		if unreadable(*t.value, t.limit) {
			f.refuse(member(i, t.name), "text_unreadable", "Teks tidak dapat dibaca atau terlalu panjang.", "The text cannot be read or is too long.")
		}
	}
}

func text(f *findings, field string, value *string, limit int) {
	*value = strings.TrimSpace(*value)
	if unreadable(*value, limit) {
		f.refuse(field, "text_unreadable", "Teks tidak dapat dibaca atau terlalu panjang.", "The text cannot be read or is too long.")
	}
}

// unreadable reports text that is too long, not UTF-8, or holds control characters, which no database column takes.
func unreadable(s string, limit int) bool {
	plain := true
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f {
			plain = false
			break
		}
	}
	if plain {
		return len(s) > limit
	}
	return utf8.RuneCountInString(s) > limit || !utf8.ValidString(s) ||
		strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError })
}

func member(i int, field string) string { return "members[" + strconv.Itoa(i) + "]." + field }

// checkNumbers reads KK and NIKs as people write them. A number that can be read is stored as its sixteen digits, any
// other as it came. Findings are warnings, and those of a member also go with the person.
func (in *ProposalInput) checkNumbers(f *findings) {
	kk := nik.KK("")
	if in.KK != "" || in.Kind == event.Usulan {
		var found []fault.Detail
		if kk, found = nik.ParseKK(in.KK); kk != "" {
			in.KK = string(kk)
		}
		f.warnings = append(f.warnings, found...)
	}
	for i := range in.Members {
		m := &in.Members[i]
		number, found := nik.Parse(m.NIK)
		if number != "" {
			m.NIK = string(number)
		}
		found = append(found, nik.Compare(number, kk, m.BirthDate, m.Sex)...)
		if m.Name == "" {
			found = append(found, nameMissing)
		}
		if len(found) > 0 {
			f.warnPerson(i, nik.Under("members["+strconv.Itoa(i)+"]", found)...)
		}
	}
}

var nameMissing = fault.Detail{Field: "name", Code: "name_missing", Warn: true, Text: fault.Text{
	ID: "Nama tidak diisi; data disimpan dan masuk perbaikan", EN: "The name is missing; the record is stored and goes to repair"}}

// nikDuplicate is the finding about a NIK that another person of the registry has, in force or proposed.
func nikDuplicate(i int) fault.Detail {
	return fault.Detail{Field: member(i, "nik"), Code: codeDuplicate, Warn: true, Text: fault.Text{
		ID: "NIK ini juga dipakai orang lain dalam data; keduanya disimpan dan masuk perbaikan",
		EN: "Another person on record has this NIK; both are stored and go to repair"}}
}

const codeDuplicate = "nik_duplicate"

// opensRepair tells which findings about a person are work for somebody. The others are legal or were mended.
func opensRepair(code string) bool {
	switch code {
	case "nik_missing", "nik_not_digits", "nik_scientific", "nik_length", "nik_region_unknown", "nik_date_invalid",
		"nik_serial_zero", "nik_repeated", "nik_equals_kk", codeDuplicate, nameMissing.Code:
		return true
	}
	return false
}

// validID reports a UUID in its usual spelling.
func validID(id string) bool {
	if len(id) != 36 {
		return false
	}
	for i := range len(id) {
		c := id[i]
		switch i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		default:
			if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
				return false
			}
		}
	}
	return true
}
