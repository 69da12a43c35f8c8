package decision

import (
	"encoding/binary"
	"errors"
	"fmt"
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

// reader takes numbers off a sheet; after an error it gives zeros.
type reader struct {
	b   []byte
	err error
}

func (r *reader) uint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.err, r.b = errDamaged, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) int() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.err, r.b = errDamaged, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) byte() byte {
	if len(r.b) == 0 {
		r.err = errDamaged
		return 0
	}
	v := r.b[0]
	r.b = r.b[1:]
	return v
}

// list reads a length that can be one.
func (r *reader) list() int {
	n := r.uint()
	if n > maxList {
		r.err, r.b = errDamaged, nil
		return 0
	}
	return int(n)
}

func (r *reader) day() int32 {
	n := r.int()
	if n > 1<<20 || n < -1<<20 {
		r.err, r.b = errDamaged, nil
		return 0
	}
	return dayOf(n)
}

func (r *reader) answers(n int) []rules.Answer {
	if n == 0 {
		return nil
	}
	out := make([]rules.Answer, n)
	for i := 0; i < n; i += 3 {
		packed := r.byte()
		for j := i; j < min(i+3, n); j++ {
			out[j] = answers[packed%5]
			packed /= 5
		}
	}
	return out
}

func (r *reader) outcome(flags byte) event.Outcome {
	n := flags & 3
	if int(n) >= len(outcomes) {
		r.err = errDamaged
		return event.Undetermined
	}
	return outcomes[n]
}

// Decode reads what Encode wrote. A name that is not known, such as a rule set that is not loaded, is an error.
func (e *Engine) Decode(b []byte) (*Sheet, error) {
	r := &reader{b: b}
	if r.byte() != format {
		return nil, errDamaged
	}
	s := &Sheet{Release: int32(r.uint())}
	model := r.uint()
	s.Version = int64(r.uint())
	if len(r.b) < len(s.Inputs) {
		return nil, errDamaged
	}
	r.b = r.b[copy(s.Inputs[:], r.b):]
	s.Day, s.RecheckOn = r.day(), r.day()
	s.Places = unpackPlaces(r.uint())
	if r.byte() == 1 {
		score := r.int()
		s.Score = &score
		s.Terms = make([]Term, r.list())
		for i := range s.Terms {
			v := r.int()
			s.Terms[i] = Term{v >> 1, v&1 == 1}
		}
	}
	var ok bool
	if s.Model, ok = e.names.name[model]; !ok && r.err == nil {
		return nil, fmt.Errorf("decision sheet names model %d, which is not known", model)
	}
	s.Programmes = make([]Programme, r.list())
	for i := range s.Programmes {
		if err := e.readProgramme(r, &s.Programmes[i]); err != nil {
			return nil, err
		}
	}
	if r.err != nil || len(r.b) != 0 {
		return nil, errDamaged
	}
	return s, nil
}

func (e *Engine) readProgramme(r *reader, p *Programme) error {
	code, set := r.uint(), r.uint()
	if r.err != nil {
		return r.err
	}
	var ok bool
	if p.Code, ok = e.names.name[code]; !ok {
		return fmt.Errorf("decision sheet names programme %d, which is not known", code)
	}
	if set != 0 {
		if p.Set = e.Sets.ByID(e.names.name[set]); p.Set == nil {
			return fmt.Errorf("decision sheet names rule set %d, which is not loaded", set)
		}
	}
	flags := r.byte()
	p.Outcome = r.outcome(flags)
	perPerson := 0
	if p.Set != nil {
		p.Answers = r.answers(len(p.Set.Clauses))
		perPerson = clausesPerPerson(p.Set)
	}
	if flags&hasPersons != 0 {
		p.Persons = make([]rules.PersonResult, r.list())
		for i := range p.Persons {
			r.person(&p.Persons[i], perPerson)
		}
	}
	if flags&hasPaid != 0 {
		p.Paid = make([]rules.Paid, r.list())
		for i := range p.Paid {
			p.Paid[i].Component, p.Paid[i].Member = int(min(r.uint(), maxList)), int(min(r.uint(), maxList))
			if p.Set == nil || p.Paid[i].Component >= len(p.Set.Components) {
				return errDamaged
			}
		}
	}
	if flags&hasAmount != 0 {
		p.Amount = int64(r.uint())
	}
	if flags&hasDistance != 0 {
		distance := r.int()
		p.Distance = &distance
	}
	if flags&hasRecheck != 0 {
		p.RecheckOn = r.day()
	}
	return nil
}

// clausesPerPerson is how many clauses of a set are answered for each member.
func clausesPerPerson(s *rules.Set) int {
	n := 0
	for i := range s.Clauses {
		if s.Clauses[i].PerPerson {
			n++
		}
	}
	return n
}

func (r *reader) person(q *rules.PersonResult, perPerson int) {
	flags := r.byte()
	q.Component = -1
	if flags&counted == 0 {
		return
	}
	q.Counted, q.Outcome, q.Answers = true, r.outcome(flags), r.answers(perPerson)
	q.Component, q.Amount = int(min(r.uint(), maxList))-1, int64(r.uint())
}
