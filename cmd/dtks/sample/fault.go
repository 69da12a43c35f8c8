package sample

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Fault is what went wrong when a person or a family card was written down.
type Fault string

// Faults of a person. The first group makes a number that cannot be a NIK, the second a person whom the civil registry
// does not recognise, the third one it recognises and has something to say about; the last is harmless: a good matcher
// sees through it.
const (
	None Fault = "none"

	NIKMissing   Fault = "nik_missing"
	NIKLength    Fault = "nik_length"
	NIKNotDigits Fault = "nik_not_digits"
	NIKScience   Fault = "nik_scientific"
	NIKSerial    Fault = "nik_serial_zero"
	NIKDate      Fault = "nik_date_invalid"
	NIKRepeated  Fault = "nik_repeated"

	NIKUnknown     Fault = "nik_unknown"      // well-formed, never issued
	Nickname       Fault = "nickname"         // what the neighbours say in place of the legal name
	NameOther      Fault = "name_other"       // somebody else's name
	BirthDateOther Fault = "birth_date_other" // day, month and year differ

	NIKDuplicate    Fault = "nik_duplicate" // the NIK of a person in another family, or in this one
	IsDeceased      Fault = "deceased"
	CivilDuplicate  Fault = "civil_duplicate" // Dukcapil has the person twice
	CivilInactive   Fault = "civil_inactive"
	OldSpelling     Fault = "old_spelling"
	Title           Fault = "title"
	Abbreviation    Fault = "abbreviation"
	NIKPunctuated   Fault = "nik_punctuated"
	DateCorrected   Fault = "birth_date_corrected" // registry and village agree, the NIK keeps the old date: legal
	BirthPlaceOther Fault = "birth_place_other"
)

// Faults of a family card, drawn apart from those of persons.
const (
	KKMissing   Fault = "kk_missing"
	KKLength    Fault = "kk_length"
	KKNotDigits Fault = "kk_not_digits"
	KKDate      Fault = "kk_date_invalid"
	KKSerial    Fault = "kk_serial_zero"
	KKOutdated  Fault = "kk_outdated" // a card that was good before the family changed: well-formed
)

// odds is a fault and how many of a thousand it meets.
type odds struct {
	fault Fault
	mille int
}

// personOdds reconcile the published rates, of which the greater includes the smaller: 17 % cannot be matched, and
// 11 % of all have an invalid NIK, so 6 % have a good number and a wrong person. Duplicate NIKs (1.1 %) and the
// deceased (1 %, between the 0.24 % and 2 % published) come on top, for these are found.
var personOdds = []odds{
	{NIKMissing, 40}, {NIKLength, 30}, {NIKNotDigits, 10}, {NIKScience, 10}, {NIKSerial, 5}, {NIKDate, 10}, {NIKRepeated, 5},
	{NIKUnknown, 20}, {Nickname, 20}, {NameOther, 10}, {BirthDateOther, 10},
	{NIKDuplicate, 11}, {IsDeceased, 10}, {CivilDuplicate, 3}, {CivilInactive, 3},
	{OldSpelling, 20}, {Title, 20}, {Abbreviation, 20}, {NIKPunctuated, 10}, {DateCorrected, 15}, {BirthPlaceOther, 10},
}

// kkOdds: 17 % invalid; outdated cards come on top.
var kkOdds = []odds{{KKMissing, 60}, {KKLength, 50}, {KKNotDigits, 20}, {KKDate, 20}, {KKSerial, 20}, {KKOutdated, 30}}

func draw(r *rand.Rand, from []odds) Fault {
	at := r.IntN(1000)
	for _, o := range from {
		if at -= o.mille; at < 0 {
			return o.fault
		}
	}
	return None
}

// spoil writes the family down as villages do.
func (m *maker) spoil(f *Family, r *rand.Rand) {
	for i := range f.Members {
		p := &f.Members[i]
		p.Entered.Name = titled(p.Civil.Name)
		m.spoilPerson(f, p, draw(r, personOdds), r)
	}
	f.KKFault = draw(r, kkOdds)
	switch f.KKFault {
	case KKMissing:
		f.KK = blanks[r.IntN(len(blanks))]
	case KKLength:
		f.KK = wrongLength(f.CivilKK, r)
	case KKNotDigits:
		f.KK = letters(f.CivilKK)
	case KKDate:
		f.KK = wrongMonth(f.CivilKK)
	case KKSerial:
		f.KK = f.CivilKK[:12] + "0000"
	case KKOutdated:
		f.KK = fmt.Sprintf("%s%02d%s%s", f.CivilKK[:6], 1+r.IntN(28), f.CivilKK[8:12], f.CivilKK[12:])
		if f.KK == f.CivilKK {
			f.KKFault = None
		}
	}
}

func (m *maker) spoilPerson(f *Family, p *Member, fault Fault, r *rand.Rand) {
	p.Fault = fault
	e, nik := &p.Entered, p.Civil.NIK
	switch fault {
	case NIKMissing:
		e.NIK = blanks[r.IntN(len(blanks))]
	case NIKLength:
		e.NIK = wrongLength(nik, r)
	case NIKNotDigits:
		e.NIK = letters(nik)
	case NIKScience:
		e.NIK = nik[:1] + "," + strings.TrimRight(nik[1:6], "0") + "E+15"
	case NIKSerial:
		e.NIK = nik[:12] + "0000"
	case NIKDate:
		e.NIK = wrongMonth(nik)
	case NIKRepeated:
		e.NIK = strings.Repeat(nik[:1], 16)
	case NIKUnknown:
		e.NIK = nik[:12] + "8" + nik[13:] // serials of 8000 are given to nobody
	case NIKDuplicate:
		m.takeNIK(f, p, r)
	case IsDeceased:
		p.Status = Deceased
	case CivilDuplicate:
		p.Status = Duplicate
	case CivilInactive:
		p.Status = Inactive
	case NIKPunctuated:
		e.NIK = nik[:6] + [3]string{".", " ", "-"}[r.IntN(3)] + nik[6:12] + " " + nik[12:]
	case DateCorrected:
		p.born = p.born.AddDate(-1-r.IntN(2), 0, r.IntN(20))
		p.Civil.BirthDate = p.born.Format("2006-01-02")
		e.BirthDate = p.Civil.BirthDate
	case BirthDateOther:
		e.BirthDate = p.born.AddDate(-2-r.IntN(6), -1-r.IntN(5), -1-r.IntN(20)).Format("2006-01-02")
	case BirthPlaceOther:
		if e.BirthPlace = "CONTOH"; r.IntN(2) == 0 {
			e.BirthPlace = ""
		}
	default:
		p.misname(m, f, r)
	}
}

// takeNIK gives p the NIK of a person in an earlier family, or in this one where there is none.
func (m *maker) takeNIK(f *Family, p *Member, r *rand.Rand) {
	var donor *Member
	if back := f.Index - m.Start; back > 0 {
		other, _ := m.truth(f.Index - 1 - r.IntN(min(back, 200)))
		donor = &other.Members[0]
	} else if donor = &f.Members[0]; donor.Civil.NIK == p.Civil.NIK {
		donor = &f.Members[len(f.Members)-1]
	}
	if p.Entered.NIK = donor.Civil.NIK; donor.Civil.NIK == p.Civil.NIK {
		p.Fault = None
	}
}

var blanks = [...]string{"", "", "", "-", "0"}

func wrongLength(number string, r *rand.Rand) string {
	at := 6 + r.IntN(9)
	if r.IntN(2) == 0 {
		return number[:at] + number[at+1:]
	}
	return number[:at] + number[at:at+1] + number[at:]
}

// letters writes an O for a zero, or leaves a mark behind.
func letters(number string) string {
	if at := strings.LastIndexByte(number, '0'); at >= 0 {
		return number[:at] + "O" + number[at+1:]
	}
	return number + "x"
}

func wrongMonth(number string) string { return number[:8] + "13" + number[10:] }
