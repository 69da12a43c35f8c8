package pmt

import (
	"errors"
	"strings"

	"dtks/pkg/regsosek"
	"dtks/services/eligibility/fact"
)

// Variables that are not survey items but follow from the members who live with the family; ages are full years on the
// day of the family's event. A count is missing where one member's age, or schooling, was not recorded.
const (
	VarSize       = "jumlah_anggota"       // number of members
	VarHeadLevel  = "pendidikan_kepala"    // school level code of the head, 0 = never at school; missing when there is no head
	VarHeadWork   = "pekerjaan_kepala"     // work status code of the head, 0 = does not work; missing when there is no head
	VarHeadSex    = "jenis_kelamin_kepala" // 1 male, 2 female
	VarHeadAge    = "umur_kepala"
	VarChildren   = "anak_0_6"          // members up to 6 years
	VarPupils     = "anak_sekolah"      // members who attend school; of children under 5 it is not asked
	VarElderly    = "lansia_60"         // members of 60 years and more
	VarDependants = "tanggungan_persen" // members under 15 or of 65 and more, in percent of all, rounded down
)

// PerMember ends the name of a variable that is a numeric item divided by the number of members, as Share divides.
const PerMember = "_per_anggota"

// Share divides an item's number among members and rounds down: income, in thousand rupiah, to whole rupiah, any other to
// tenths of its unit, such as a tenth of a square metre. Missing where either is.
func Share(item string, number, members int32) int32 {
	if number < 0 || members <= 0 {
		return Missing
	}
	return number * fineness(item) / members
}

func fineness(item string) int32 {
	if item == regsosek.Pendapatan {
		return 1000
	}
	return 10
}

// Missing stands for a number that was not recorded.
const Missing int32 = -1

// Places in derived.
const (
	size = iota
	headLevel
	headWork
	headSex
	headAge
	children
	pupils
	elderly
	dependants
	derivedCount
)

// derived holds the numbers that follow from the members.
type derived [derivedCount]int32

const (
	maxSize = 250 // members beyond that are not counted; no family has so many
	maxAge  = 150
)

var members = map[string]source{
	VarSize:       {item: -1, derived: size, high: maxSize},
	VarHeadLevel:  {item: -1, derived: headLevel, high: int32(regsosek.SchoolLevel.Max)},
	VarHeadWork:   {item: -1, derived: headWork, high: int32(regsosek.Work.Max)},
	VarHeadSex:    {item: -1, derived: headSex, low: 1, high: 2},
	VarHeadAge:    {item: -1, derived: headAge, high: maxAge},
	VarChildren:   {item: -1, derived: children, high: maxSize},
	VarPupils:     {item: -1, derived: pupils, high: maxSize},
	VarElderly:    {item: -1, derived: elderly, high: maxSize},
	VarDependants: {item: -1, derived: dependants, high: 100},
}

// source says where a variable's number comes from, and within which bounds it lies.
type source struct {
	name      string
	item      int // place in the family's answers; -1 = derived
	derived   int
	dividend  string // item that is shared among members; "" = none
	low, high int32
}

func sourceOf(name string) (source, error) {
	if s, ok := members[name]; ok {
		s.name = name
		return s, nil
	}
	itemName, perMember := strings.CutSuffix(name, PerMember)
	i, kept := fact.Index(itemName)
	item, known := regsosek.Lookup(itemName)
	switch {
	case !kept || !known:
		return source{}, errors.New("no such item is kept")
	case perMember && item.Codes != nil:
		return source{}, errors.New("is a code, which cannot be divided among members")
	}
	s := source{name: name, item: i, low: int32(item.Min), high: int32(item.Max)}
	if perMember {
		s.dividend = itemName
		s.low, s.high = 0, s.high*fineness(itemName)
	}
	return s, nil
}

// Domain gives the smallest and the largest number that a variable can have; false when there is no such variable.
func Domain(name string) (low, high int32, ok bool) {
	s, err := sourceOf(name)
	return s.low, s.high, err == nil
}

// value is the family's number, or Missing.
func (s *source) value(f *fact.Family, d *derived) int32 {
	if s.item < 0 {
		return d[s.derived]
	}
	x := int32(f.Answers[s.item]) // fact.Absent is Missing
	if s.dividend != "" {
		return Share(s.dividend, x, d[size])
	}
	return x
}

// derive counts the members.
func derive(f *fact.Family, day int32) derived {
	d := derived{size: 0}
	head, ages, schools := (*fact.Member)(nil), true, true
	for i := range f.Members {
		m := &f.Members[i]
		if !m.Lives() || d[size] == maxSize {
			continue
		}
		d[size]++
		if head == nil && m.Relation == regsosek.Head {
			head = m
		}
		age, known := m.Age(day)
		ages = ages && known
		d.countAge(age)
		switch {
		case m.School == regsosek.AtSchool:
			d[pupils]++
		case m.School == 0 && (!known || age >= 5):
			schools = false
		}
	}
	if d[size] == 0 || !ages {
		d[children], d[elderly], d[dependants] = Missing, Missing, Missing
	} else {
		d[dependants] = 100 * d[dependants] / d[size]
	}
	if d[size] == 0 || !schools {
		d[pupils] = Missing
	}
	if d[size] == 0 {
		d[size] = Missing
	}
	d.readHead(head, day)
	return d
}

func (d *derived) countAge(age int64) {
	if age <= 6 {
		d[children]++
	}
	if age >= 60 {
		d[elderly]++
	}
	if age < 15 || age >= 65 {
		d[dependants]++
	}
}

func (d *derived) readHead(head *fact.Member, day int32) {
	d[headLevel], d[headWork], d[headSex], d[headAge] = Missing, Missing, Missing, Missing
	if head == nil {
		return
	}
	// Level 0 also stands where the level was not recorded: who went to school has another.
	if head.Level > 0 || head.School == regsosek.NeverSchool {
		d[headLevel] = int32(head.Level)
	}
	if head.Work != fact.NoWork {
		d[headWork] = int32(head.Work)
	}
	switch head.Sex {
	case 'L':
		d[headSex] = 1
	case 'P':
		d[headSex] = 2
	}
	if age, ok := head.Age(day); ok {
		d[headAge] = int32(age)
	}
}
