package decision

import (
	"crypto/sha256"
	"encoding/binary"
	"strings"

	"github.com/google/uuid"

	"dtks/pkg/event"
	"dtks/services/eligibility/rank"
	"dtks/services/eligibility/rules"
)

// Sheet is a family's decisions of one day with everything they rest on.
type Sheet struct {
	Release    int32 // Release.No
	Model      string
	Version    int64    // of the family's event
	Inputs     [16]byte // digest of facts, verdicts, state and area
	Day        int32    // the rules were evaluated for, yyyymmdd
	RecheckOn  int32    // first day on which an answer may change; 0 = never
	Score      *int64   // nil: too few answers
	Terms      []Term   // what each variable of the model adds, in the model's order; none without a score
	Places     rank.Places
	Programmes []Programme // in the order of evaluation
}

// Term is what one variable adds to the score.
type Term struct {
	Value   int64
	Missing bool // not answered: Value is what the model states for that
}

// Programme is the answer for one programme, or one finding on which others rest.
type Programme struct {
	Code      string
	Set       *rules.Set // nil: no rule set was in force that day in that area
	Outcome   event.Outcome
	Answers   []rules.Answer // one a clause
	Persons   []rules.PersonResult
	Paid      []rules.Paid
	Amount    int64  // rupiah a year; 0 unless entitled
	Distance  *int64 // from the score to the cut-off that the programme's rules name: below 0 is too well off; nil without
	RecheckOn int32
}

// ReasonNoRules is the reason where no rule set was in force on the day.
const ReasonNoRules = "no_rule_set"

// Reasons lists the codes of the clauses that decided it, in their order; of a programme by person those of the first
// member whose outcome is the family's.
func (p *Programme) Reasons() []string {
	if p.Set == nil {
		return []string{ReasonNoRules}
	}
	return (&rules.Result{Set: p.Set, Outcome: p.Outcome, Answers: p.Answers, Persons: p.Persons}).Reasons()
}

// PersonReasons lists the codes that decided it for one member.
func (p *Programme) PersonReasons(member int) []string {
	if p.Set == nil {
		return []string{ReasonNoRules}
	}
	_, codes := p.Set.PersonReasons(p.Answers, p.Persons[member].Answers)
	return codes
}

// SetID is the id of the rule set; "" when none was in force.
func (p *Programme) SetID() string {
	if p.Set == nil {
		return ""
	}
	return p.Set.ID
}

// IsEntitlement is false for findings (criteria), which no programme is told of.
func (p *Programme) IsEntitlement() bool { return p.Set == nil || p.Set.Kind == rules.Programme }

// Components lists the codes of what is paid, one entry a member, in the order of the file.
func (p *Programme) Components() []string {
	out := make([]string, 0, len(p.Paid))
	for _, c := range p.Paid {
		out = append(out, p.Set.Components[c.Component].Code)
	}
	return out
}

// By finds a programme on the sheet; nil when it is not there.
func (s *Sheet) By(code string) *Programme {
	if s == nil {
		return nil
	}
	for i := range s.Programmes {
		if s.Programmes[i].Code == code {
			return &s.Programmes[i]
		}
	}
	return nil
}

// Content identifies what was decided and on which inputs, but not by which of several releases, or on which of several
// days, that all give the same: two ways to the same decisions have the same content.
func (s *Sheet) Content() (out [16]byte) {
	b := make([]byte, 0, 512)
	b = append(b, s.Inputs[:]...)
	b = binary.AppendVarint(b, s.Version)
	b = append(b, s.Places.Decile[:]...)
	b = binary.BigEndian.AppendUint32(b, uint32(s.RecheckOn)) // the same on every day before it
	for i := range s.Programmes {
		b = s.Programmes[i].content(b)
	}
	sum := sha256.Sum256(b)
	copy(out[:], sum[:])
	return out
}

func (p *Programme) content(b []byte) []byte {
	b = append(append(append(append(b, p.Code...), 0), p.SetID()...), 0)
	b = append(append(b, p.Outcome...), 0)
	b = appendAnswers(b, p.Answers)
	b = binary.AppendVarint(b, p.Amount)
	b = binary.BigEndian.AppendUint32(b, uint32(p.RecheckOn))
	for _, c := range p.Paid {
		b = append(b, byte(c.Component), byte(c.Member))
	}
	for i := range p.Persons {
		q := &p.Persons[i]
		b = append(append(b, q.Outcome...), 0)
		b = appendAnswers(b, q.Answers)
		b = binary.AppendVarint(b, q.Amount)
		b = append(b, byte(q.Component))
	}
	return b
}

// Basis identifies what subscribers are told of a programme: outcome, amount, why, who, and where.
func (s *Sheet) Basis(p *Programme, in *Input) [16]byte {
	b := make([]byte, 0, 256)
	for _, text := range []string{p.Code, string(p.Outcome), strings.Join(p.Reasons(), " "), strings.Join(p.Components(), " "), in.Area} {
		b = append(append(b, text...), 0)
	}
	b = binary.BigEndian.AppendUint64(b, uint64(p.Amount))
	b = append(b, s.Places.Decile[rank.National])
	for i := range p.Persons {
		if !p.Persons[i].Counted {
			continue
		}
		person := uuid.Nil
		if i < len(in.Facts.Members) {
			person = in.Facts.Members[i].Person
		}
		b = append(b, person[:]...)
		b = append(append(b, p.Persons[i].Outcome...), strings.Join(p.PersonReasons(i), " ")...)
		b = binary.BigEndian.AppendUint64(b, uint64(p.Persons[i].Amount))
	}
	sum := sha256.Sum256(b)
	return [16]byte(sum[:16])
}
