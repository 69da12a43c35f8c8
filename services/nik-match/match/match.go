// Package match answers one question: are these two records one person?
//
// It compares two records field by field (Compare), gives each finding its weight of evidence in bits, adds them to a
// prior and says how likely it is that both describe one person. The weights are those of Fellegi and Sunter (1969):
// log2 of how often a finding shows between two records of one person (m) over how often it shows between two people
// (u), where u is that of the very value, so that sharing a rare name says more than sharing a common one. A third
// class, relatives of one household, keeps siblings and twins from passing as one person (default.go, startingRelatives).
//
// The package is pure: no clock, no network, no database, and all arithmetic on weights is on whole numbers, so that
// the same two records give the same number on every machine, in either order, today and when an auditor asks again.
//
// Reading order: canon (how values are written one way), value.go (what is kept of them), level.go, token.go and
// align.go (what is found between two), model.go (what a finding weighs), score.go (their sum), explain.go (its words),
// learn.go (where the weights come from), key.go (which pairs are looked at when not all can be).
package match

// Kind decides how a field is compared.
type Kind string

// Kinds of fields.
const (
	KindName    Kind = "name"    // a person's name: tokens, in any order
	KindDate    Kind = "date"    // a calendar date, parts may be unknown
	KindSex     Kind = "sex"     // L or P
	KindPlace   Kind = "place"   // a birthplace: regency, district or village by name
	KindAddress Kind = "address" // tokens and RT/RW
	KindArea    Kind = "area"    // code of a village (10 digits, Kemendagri), or of a district, regency or province
	KindNIK     Kind = "nik"     // 16 digits of a person
	KindNumber  Kind = "number"  // another identifier: KK, social security number
	KindPhone   Kind = "phone"   // telephone number
	KindEmail   Kind = "email"   // e-mail address
	KindCode    Kind = "code"    // one of few values, or a short code: state, postcode
	KindText    Kind = "text"    // words: town, occupation
)

// Kinds lists all kinds.
func Kinds() []Kind {
	return []Kind{KindName, KindDate, KindSex, KindPlace, KindAddress, KindArea, KindNIK, KindNumber, KindPhone, KindEmail, KindCode, KindText}
}

// Field is one column of the records to be compared.
type Field struct {
	Name string `json:"name"`
	Kind Kind   `json:"kind"`
}

// Names of the fields of a registrant.
const (
	NIK        = "nik"
	KK         = "kk"
	Name       = "name"
	BirthDate  = "birth_date"
	Sex        = "sex"
	BirthPlace = "birth_place"
	Mother     = "mother"
	Address    = "address"
	Area       = "area"
)

// Registrant lists the fields that the registry holds of a person, in the order in which Reader.Read takes them.
func Registrant() []Field {
	return []Field{{NIK, KindNIK}, {KK, KindNumber}, {Name, KindName}, {BirthDate, KindDate}, {Sex, KindSex},
		{BirthPlace, KindPlace}, {Mother, KindName}, {Address, KindAddress}, {Area, KindArea}}
}

// Outcome is what a likelihood leads to.
type Outcome string

// Outcomes, as Dukcapil's verdicts are called.
const (
	Padan      Outcome = "padan"          // one person
	Tinjau     Outcome = "perlu_ditinjau" // somebody must look
	TidakPadan Outcome = "tidak_padan"    // not one person, as far as the records say
)

// Bits is a weight of evidence in 1/256 bit: +256 doubles the odds that two records are one person.
type Bits int32

// Bit is one bit of evidence.
const Bit Bits = 256

// Float gives the weight in bits.
func (b Bits) Float() float64 { return float64(b) / float64(Bit) }
