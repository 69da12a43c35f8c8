package judge

import (
	"slices"

	"dtks/pkg/event"
	"dtks/pkg/fault"
	"dtks/pkg/nik"
)

// What the service's own records say, as weights.json names it.
const (
	NIKArea = "nik_area"
	Shared  = "nik_shared"
	Earlier = "earlier_version"
)

// Findings that are made here rather than by a band of similarity.
const (
	same       = "sama"
	other      = "lain"
	agrees     = "sesuai"
	corrected  = "sesuai_beda_nik"
	asDigits   = "beda_seperti_nik"
	differs    = "beda"
	Somebody   = "orang_lain" // another person bears the NIK
	SamePerson = "data_ganda" // another record that looks like this person bears it
)

// Own is what the service knows without Dukcapil. The zero value knows nothing.
type Own struct {
	DateDiffers bool // the NIK's digits say another birth date than the record
	SexDiffers  bool
	Area        string        // finding of NIKArea, "" = not known
	Shared      string        // finding of Shared, "" = nobody else bears the NIK
	Earlier     event.Verdict // what comparing with the version before says, where that one was padan; "" = none
}

// Digits holds a NIK against the record that bears it and the village the person lives in.
func Digits(p event.PersonIdentity, village string) Own {
	number, _ := nik.Parse(p.NIK)
	if number == "" {
		return Own{}
	}
	found := nik.Compare(number, "", p.BirthDate, p.Sex)
	has := func(code string) bool {
		return slices.ContainsFunc(found, func(d fault.Detail) bool { return d.Code == code })
	}
	out := Own{DateDiffers: has("nik_birth_date_differs"), SexDiffers: has("nik_sex_differs")}
	if len(village) >= 5 {
		out.Area = other
		if number.Region()[:5] == village[:5] {
			out.Area = same
		}
	}
	return out
}

// joined says of a date or sex what Dukcapil's word and the NIK's own digits are together.
func joined(said, digitsDiffer bool) string {
	switch {
	case said && digitsDiffer:
		return corrected
	case said:
		return agrees
	case digitsDiffer:
		return differs
	}
	return asDigits
}

// add puts the findings of the service's own records beside those of the answer.
func (o Own) add(found map[string]string) {
	found[NIKArea], found[Shared], found[Earlier] = o.Area, o.Shared, string(o.Earlier)
}

// doubt is the reason to be reported where no field of the answer gives one.
func (o Own) doubt() string {
	switch {
	case o.Shared == Somebody:
		return NIKOfAnother
	case o.Earlier == event.TidakPadan:
		return NotEarlier
	}
	return TooLittle
}
