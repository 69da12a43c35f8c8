package judge

import (
	"crypto/sha256"
	"strconv"
	"strings"

	"dtks/pkg/event"
)

// Field names as event.FieldEvidence spells them.
const (
	NIK        = "nik"
	KK         = "kk"
	Name       = "name"
	BirthPlace = "birth_place"
	BirthDate  = "birth_date"
	Sex        = "sex"
	Mother     = "mother"
)

// Names lists the fields that can be compared besides the NIK, which Dukcapil looks up by.
func Names() []string { return []string{KK, Name, BirthPlace, BirthDate, Sex, Mother} }

// Value gives a field of an identity by its name.
func Value(p event.PersonIdentity, field string) string {
	switch field {
	case NIK:
		return p.NIK
	case KK:
		return p.KK
	case Name:
		return p.Name
	case BirthPlace:
		return p.BirthPlace
	case BirthDate:
		return p.BirthDate
	case Sex:
		return p.Sex
	case Mother:
		return p.Mother
	}
	return ""
}

// Digest tells two sets of matched fields apart without keeping them: 16 bytes of SHA-256.
func Digest(p event.PersonIdentity) []byte {
	all := strings.Join([]string{p.NIK, p.KK, p.Name, p.BirthPlace, p.BirthDate, p.Sex, p.Mother}, "\x00")
	sum := sha256.Sum256([]byte(all))
	return sum[:16]
}

// Answer is what Dukcapil said, already read from its wire form.
type Answer struct {
	Code   string            // RESPONSE_CODE, "" when fields came without one
	Fields map[string]string // by field name: "Sesuai", "Tidak Sesuai", "Sesuai (93)"
}

// Result is a verdict with what it rests on.
type Result struct {
	Verdict  event.Verdict
	Evidence event.MatchEvidence
}

// Without is the verdict on an identity that cannot be asked about: no NIK or a malformed one.
func Without(finding string) Result {
	return Result{event.TidakPadan, event.MatchEvidence{Finding: finding}}
}

// Findings of identities that are not asked about.
const (
	NoNIK        = "tanpa_nik"
	MalformedNIK = "format_nik"
	Agrees       = "sesuai"
	NoName       = "tanpa_nama"
)

// Final is the verdict of a code of class Verdict.
func (r Rules) Final(code string) Result {
	c := r.Of(code)
	return Result{c.Verdict, event.MatchEvidence{Code: code, Finding: c.Finding}}
}

// Compared is the verdict on fields. ok is false when the answer does not fit the question (the NIK is not confirmed,
// or a field that was sent is not answered or not readable): then it is no answer and no verdict.
func (r Rules) Compared(asked event.PersonIdentity, a Answer) (result Result, ok bool) {
	if agrees, _, ok := Reading(a.Fields[NIK]); !ok || !agrees {
		return Result{}, false
	}
	fields := []event.FieldEvidence{{Field: NIK, Agrees: true}}
	effects := make(map[string]Effect, len(r.Fields)) // of the fields compared; "" = agrees
	for _, rule := range r.Fields {
		if Value(asked, rule.Field) == "" {
			continue
		}
		said, similarity, ok := Reading(a.Fields[rule.Field])
		if !ok {
			return Result{}, false
		}
		effects[rule.Field] = rule.effect(said, similarity)
		fields = append(fields, event.FieldEvidence{Field: rule.Field, Agrees: effects[rule.Field] == "", Similarity: similarity})
	}
	doubts, differs, finding := 0, false, ""
	for _, rule := range r.Fields {
		effect := effects[rule.Field]
		if effect == Differ && rule.excused(effects) {
			effect = Doubt
		}
		if (effect == Doubt || effect == Differ) && finding == "" {
			finding = rule.Finding
		}
		if effect == Doubt {
			doubts++
		}
		differs = differs || effect == Differ
	}
	verdict := event.Padan
	switch {
	case differs || doubts > r.MostDoubts:
		verdict = event.TidakPadan
	case doubts > 0:
		verdict = event.PerluTinjau
	case asked.Name == "":
		verdict, finding = event.PerluTinjau, NoName
	default:
		finding = Agrees
	}
	return Result{verdict, event.MatchEvidence{Code: a.Code, Finding: finding, Fields: fields}}, true
}

// excused reports whether the fields that Unless names were all compared and agree.
func (f Field) excused(effects map[string]Effect) bool {
	for _, other := range f.Unless {
		if effect, compared := effects[other]; !compared || effect != "" {
			return false
		}
	}
	return len(f.Unless) > 0
}

// effect is "" where the field agrees.
func (f Field) effect(said bool, similarity *int) Effect {
	if f.Agree == 0 || similarity == nil {
		if said {
			return ""
		}
		return f.Effect
	}
	switch {
	case *similarity >= f.Agree:
		return ""
	case *similarity >= f.Review && f.Effect == Differ:
		return Doubt
	}
	return f.Effect
}

// Reading reads "Sesuai", "Tidak Sesuai" and "Sesuai (93)"; ok is false for anything else.
func Reading(s string) (agrees bool, similarity *int, ok bool) {
	rest, found := strings.CutPrefix(s, "Tidak ")
	rest, ok = strings.CutPrefix(rest, "Sesuai")
	if !ok {
		return false, nil, false
	}
	if rest = strings.TrimSpace(rest); rest == "" {
		return !found, nil, true
	}
	inner, open := strings.CutPrefix(rest, "(")
	inner, closed := strings.CutSuffix(inner, ")")
	n, err := strconv.ParseUint(inner, 10, 8)
	if !open || !closed || err != nil || n > 100 {
		return false, nil, false
	}
	score := int(n)
	return !found, &score, true
}
