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
	TooLittle    = "bukti_kurang" // what agrees is not enough to be sure
	NotEarlier   = "berbeda_dari_versi_sebelumnya"
	NIKOfAnother = "nik_dipakai_orang_lain"
)

// Final is the verdict of a code of class Verdict.
func (r Rules) Final(code string) Result {
	c := r.Of(code)
	return Result{c.Verdict, event.MatchEvidence{Code: code, Finding: c.Finding}}
}

// Compared is the verdict on fields, joined with what the service's own records say. ok is false when the answer does
// not fit the question (the NIK is not confirmed, or a field that was sent is not answered or not readable): then it is
// no answer and no verdict.
func (r Rules) Compared(asked event.PersonIdentity, own Own, a Answer) (result Result, ok bool) {
	if agrees, _, ok := Reading(a.Fields[NIK]); !ok || !agrees {
		return Result{}, false
	}
	fields := []event.FieldEvidence{{Field: NIK, Agrees: true}}
	found := make(map[string]string, len(r.Fields)+3)
	own.add(found)
	finding, look := "", false
	for _, rule := range r.Fields {
		if Value(asked, rule.Field) == "" {
			continue
		}
		said, similarity, ok := Reading(a.Fields[rule.Field])
		if !ok {
			return Result{}, false
		}
		agrees := rule.agrees(said, similarity)
		fields = append(fields, event.FieldEvidence{Field: rule.Field, Agrees: agrees, Similarity: similarity})
		found[rule.Field] = r.finding(rule, own, said, similarity)
		if !agrees && rule.Effect == Look {
			look = true
			if finding == "" {
				finding = rule.Finding
			}
		}
	}
	evidence := event.MatchEvidence{Code: a.Code, Fields: fields, Model: r.Weights.Version}
	evidence.Lines, evidence.Prior, evidence.Likelihood = r.Weights.weigh(found)
	verdict := r.Weights.outcome(evidence.Likelihood)
	if verdict == event.Padan && (look || asked.Name == "") {
		verdict = event.PerluTinjau // however much agrees: nobody has confirmed a record without a name
	}
	switch {
	case verdict == event.Padan:
		finding = Agrees
	case finding != "":
	case asked.Name == "":
		finding = NoName
	default:
		finding = own.doubt()
	}
	evidence.Finding = finding
	return Result{verdict, evidence}, true
}

// agrees says whether a field agrees by our own bar; theirs is another matter.
func (f Field) agrees(said bool, similarity *int) bool {
	if f.Agree == 0 || similarity == nil {
		return said
	}
	return *similarity >= f.Agree
}

// finding names what was found of a field.
func (r Rules) finding(rule Field, own Own, said bool, similarity *int) string {
	switch {
	case r.Weights.banded(rule.Field):
		return r.Weights.band(rule.Field, similarity, said, rule.Agree)
	case rule.Field == BirthDate:
		return joined(said, own.DateDiffers)
	case rule.Field == Sex:
		return joined(said, own.SexDiffers)
	case said:
		return agrees
	}
	return differs
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
