package decision

import (
	"encoding/binary"
	"fmt"

	"dtks/pkg/event"
	"dtks/services/eligibility/rules"
)

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
