package event

import "time"

// Types owned by services/nik-match.
const (
	TypeMatchDecided   Type = "nik-match.match.decided.v1"
	TypeDuplicateFound Type = "nik-match.duplicate.found.v1"
)

// Verdict says whether a person's identity agrees with the civil registry.
type Verdict string

// Verdicts, as open as they may be: what lies behind one (deceased, duplicate ...) is sealed.
const (
	Padan       Verdict = "padan"          // matched
	TidakPadan  Verdict = "tidak_padan"    // not matched: opens repair, is not "ineligible"
	PerluTinjau Verdict = "perlu_ditinjau" // a person must look
)

// MatchDecided is published when the civil registry has answered for one identity version of a person. A time-out is
// never a verdict. Aggregate id: the person. Filter: all.
type MatchDecided struct {
	State           RegistrantState `json:"state,omitempty"` // "" or moved: the last version on an old area's subject, nothing else is set
	FamilyID        string          `json:"family_id"`
	Area            string          `json:"area"` // village
	IdentityVersion int64           `json:"identity_version"`
	Verdict         Verdict         `json:"verdict"`
	DecidedAt       time.Time       `json:"decided_at"`
	Sealed          Sealed          `json:"sealed,omitempty"` // identity: MatchEvidence
}

// MatchEvidence is the identity class of a verdict: what Dukcapil answered, per field, never its own record.
type MatchEvidence struct {
	Code    string          `json:"code"`    // RESPONSE_CODE, or "" where fields were compared
	Finding string          `json:"finding"` // reason code: sesuai, meninggal, ganda, tidak_ditemukan, nonaktif, format_nik ...
	Fields  []FieldEvidence `json:"fields,omitempty"`

	// What the answer and the service's own records say together. Absent where the code alone decides.
	Model      string           `json:"model,omitempty"`      // version of the weights
	Likelihood float64          `json:"likelihood,omitempty"` // 0..1, that the record is about the person the NIK belongs to
	Prior      float64          `json:"prior,omitempty"`      // bits before any evidence
	Lines      []WeighedFinding `json:"lines,omitempty"`
}

// WeighedFinding is one line of evidence. It names what was found, never a value.
type WeighedFinding struct {
	Field   string  `json:"field"`   // name, birth_date ... or what of the service's own records was looked at
	Finding string  `json:"finding"` // reason code
	Bits    float64 `json:"bits"`    // weight; above 0 speaks for one person, below 0 against
}

// FieldEvidence is the answer for one field.
type FieldEvidence struct {
	Field      string `json:"field"` // nik, kk, name, birth_place, birth_date, sex, mother
	Agrees     bool   `json:"agrees"`
	Similarity *int   `json:"similarity,omitempty"` // 0..100, only where Dukcapil gives one
}

// Boxes gives the sealed parts by class.
func (e *MatchDecided) Boxes() Sealed { return e.Sealed }
