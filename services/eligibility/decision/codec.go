package decision

import (
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"dtks/pkg/event"
	"dtks/services/eligibility/rank"
	"dtks/services/eligibility/rules"
)

// Names numbers models, rule sets and programmes, so that a sheet names each in a byte or two. A number is never given
// to another name.
type Names struct {
	number map[string]uint64
	name   map[uint64]string
}

// NewNames takes names with their numbers, which start at 1.
func NewNames(numbers map[string]int32) *Names {
	n := &Names{number: map[string]uint64{}, name: map[uint64]string{}}
	for name, no := range numbers {
		n.number[name], n.name[uint64(no)] = uint64(no), name
	}
	return n
}

// Number is the number of a programme.
func (e *Engine) Number(programme string) uint64 { return e.names.number[programme] }

// Name is the programme of a number; "" when there is none.
func (e *Engine) Name(number uint64) string { return e.names.name[number] }

// EncodeNumbers writes a set of numbers, such as those of programmes.
func EncodeNumbers(numbers []uint64) []byte {
	b := make([]byte, 0, len(numbers)+2)
	for _, n := range slices.Sorted(slices.Values(numbers)) {
		b = binary.AppendUvarint(b, n)
	}
	return b
}

// DecodeNumbers reads what EncodeNumbers wrote; what is damaged is left out.
func DecodeNumbers(b []byte) []uint64 {
	var out []uint64
	for r := (&reader{b: b}); len(r.b) > 0; {
		if n := r.uint(); r.err == nil {
			out = append(out, n)
		}
	}
	return out
}

const (
	format  = 1
	maxList = 500 // of anything in a sheet, so that a damaged one cannot ask for memory
)

// epoch is the day from which a sheet counts, so that days of these decades take two bytes.
var epoch = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

const secondsOfDay = 24 * 60 * 60

// appendDay writes a day as its distance from epoch, 0 as a day that nobody means.
func appendDay(b []byte, day int32) []byte {
	if day == 0 {
		return binary.AppendVarint(b, noDay)
	}
	return binary.AppendVarint(b, (Date(day).Unix()-epoch.Unix())/secondsOfDay)
}

// noDay stands for no day: one of the year 1899, on which nothing is decided.
const noDay = -43831

func dayOf(n int64) int32 {
	if n == noDay {
		return 0
	}
	return rules.Day(time.Unix(epoch.Unix()+n*secondsOfDay, 0).UTC())
}

// Encode writes a sheet in some twenty bytes a programme: equal sheets give equal bytes.
func (e *Engine) Encode(s *Sheet) []byte {
	b := make([]byte, 0, 256)
	b = append(b, format)
	b = binary.AppendUvarint(b, uint64(s.Release))
	b = binary.AppendUvarint(b, e.names.number[s.Model])
	b = binary.AppendUvarint(b, uint64(s.Version))
	b = append(b, s.Inputs[:]...)
	b = appendDay(b, s.Day)
	b = appendDay(b, s.RecheckOn)
	b = binary.AppendUvarint(b, packPlaces(s.Places))
	if s.Score == nil {
		b = append(b, 0)
	} else {
		b = append(b, 1)
		b = binary.AppendVarint(b, *s.Score)
		b = binary.AppendUvarint(b, uint64(len(s.Terms)))
		for _, t := range s.Terms {
			v := t.Value * 2
			if t.Missing {
				v++
			}
			b = binary.AppendVarint(b, v)
		}
	}
	b = binary.AppendUvarint(b, uint64(len(s.Programmes)))
	for i := range s.Programmes {
		b = e.appendProgramme(b, &s.Programmes[i])
	}
	return b
}

// Flags of a programme in a sheet; the two lowest bits are the outcome.
const (
	hasPersons = 1 << (iota + 2)
	hasPaid
	hasAmount
	hasDistance
	hasRecheck
)

func (e *Engine) appendProgramme(b []byte, p *Programme) []byte {
	b = binary.AppendUvarint(b, e.names.number[p.Code])
	b = binary.AppendUvarint(b, e.names.number[p.SetID()])
	flags := outcomeNumber(p.Outcome)
	has := func(flag byte, set bool) {
		if set {
			flags |= flag
		}
	}
	has(hasPersons, len(p.Persons) > 0)
	has(hasPaid, len(p.Paid) > 0)
	has(hasAmount, p.Amount != 0)
	has(hasDistance, p.Distance != nil)
	has(hasRecheck, p.RecheckOn != 0)
	b = append(b, flags)
	b = appendAnswers(b, p.Answers)
	if flags&hasPersons != 0 {
		b = binary.AppendUvarint(b, uint64(len(p.Persons)))
		for i := range p.Persons {
			b = appendPerson(b, &p.Persons[i])
		}
	}
	if flags&hasPaid != 0 {
		b = binary.AppendUvarint(b, uint64(len(p.Paid)))
		for _, c := range p.Paid {
			b = binary.AppendUvarint(b, uint64(c.Component))
			b = binary.AppendUvarint(b, uint64(c.Member))
		}
	}
	if flags&hasAmount != 0 {
		b = binary.AppendUvarint(b, uint64(p.Amount))
	}
	if flags&hasDistance != 0 {
		b = binary.AppendVarint(b, *p.Distance)
	}
	if flags&hasRecheck != 0 {
		b = appendDay(b, p.RecheckOn)
	}
	return b
}

// counted marks a member that lives with the family; the two lowest bits are the outcome.
const counted = 1 << 2

func appendPerson(b []byte, q *rules.PersonResult) []byte {
	if !q.Counted {
		return append(b, 0)
	}
	b = append(b, counted|outcomeNumber(q.Outcome))
	b = appendAnswers(b, q.Answers)
	b = binary.AppendUvarint(b, uint64(q.Component+1))
	return binary.AppendUvarint(b, uint64(q.Amount))
}

// answers in the order of their numbers: five of them, three to a byte.
var answers = [...]rules.Answer{rules.Holds, rules.Fails, rules.Unknown, rules.Errs, rules.NotAsked}

func answerNumber(a rules.Answer) byte {
	for n, known := range answers {
		if a == known {
			return byte(n)
		}
	}
	return 3 // an answer that is none is an error
}

// appendAnswers writes answers without their number: the rule set says how many there are.
func appendAnswers(b []byte, list []rules.Answer) []byte {
	for i := 0; i < len(list); i += 3 {
		packed := byte(0)
		for j := min(i+3, len(list)) - 1; j >= i; j-- {
			packed = packed*5 + answerNumber(list[j])
		}
		b = append(b, packed)
	}
	return b
}

var outcomes = [...]event.Outcome{event.Undetermined, event.Entitled, event.NotEntitled}

func outcomeNumber(o event.Outcome) byte {
	for n, known := range outcomes {
		if o == known {
			return byte(n)
		}
	}
	return 0
}

// packPlaces puts three deciles of four bits and three percentiles of seven into one number.
func packPlaces(p rank.Places) (packed uint64) {
	for i := range p.Decile {
		packed = packed<<4 | uint64(p.Decile[i])
	}
	for i := range p.Percentile {
		packed = packed<<7 | uint64(p.Percentile[i])
	}
	return packed
}

func unpackPlaces(packed uint64) (p rank.Places) {
	for i := len(p.Percentile) - 1; i >= 0; i-- {
		p.Percentile[i] = uint8(packed & 0x7f)
		packed >>= 7
	}
	for i := len(p.Decile) - 1; i >= 0; i-- {
		p.Decile[i] = uint8(packed & 0xf)
		packed >>= 4
	}
	return p
}

var errDamaged = errors.New("decision sheet is damaged")
