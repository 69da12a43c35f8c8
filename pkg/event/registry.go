package event

import "time"

// Types owned by services/registry.
const (
	TypeProposalUpdated   Type = "registry.proposal.updated.v1"
	TypeRegistrantUpdated Type = "registry.registrant.updated.v1"
)

// Filters of registrant.updated: the unit of the record.
const (
	Family = "family"
	Person = "person"
)

// ProposalKind says what a proposal wants.
type ProposalKind string

// Proposal kinds (domain terms; docs/glossary.md).
const (
	Usulan    ProposalKind = "usulan"    // a new family
	Perbaikan ProposalKind = "perbaikan" // a correction
	Nonaktif  ProposalKind = "nonaktif"  // deactivate with a reason; the row stays
	Pindah    ProposalKind = "pindah"    // move to another village
)

// ProposalStatus is where a proposal stands.
type ProposalStatus string

// Proposal states.
const (
	ProposalOpen     ProposalStatus = "open"     // waits for its case
	ProposalApplied  ProposalStatus = "applied"  // its values are in force
	ProposalRejected ProposalStatus = "rejected" // refused for good
	ProposalReturned ProposalStatus = "returned" // sent back; a new version opens a new case
)

// ProposalUpdated is published when a proposal is entered, changed, returned, rejected or applied. Its values are not
// yet true: they travel sealed, to verification and nik-match only. Aggregate id: the proposal. Filter: all.
// Once it is no longer open the sealed part is left out.
type ProposalUpdated struct {
	FamilyID    string           `json:"family_id"`
	Kind        ProposalKind     `json:"kind"`
	Status      ProposalStatus   `json:"status"`
	Area        string           `json:"area"`              // village, Kemendagri code 32.04.10.2001
	ToArea      string           `json:"to_area,omitempty"` // for pindah: the village moved to
	Proposer    string           `json:"proposer"`          // person id of who entered it
	ProposedAt  time.Time        `json:"proposed_at"`
	ReasonCode  string           `json:"reason_code,omitempty"` // for nonaktif and for a refusal
	BaseVersion int64            `json:"base_version"`          // version of the family it was made against; 0 = new
	Persons     []ProposedPerson `json:"persons,omitempty"`
	Warnings    []string         `json:"warnings,omitempty"` // reason codes of findings stored all the same
	Sealed      Sealed           `json:"sealed,omitempty"`   // identity: ProposalIdentity, survey: FamilySurvey, sensitive: FamilySensitive
}

// ProposedPerson names a person of a proposal and the identity version that the proposal would bring. Match is true
// when a matched field changes (or is new), so that nik-match asks before anyone approves.
type ProposedPerson struct {
	PersonID        string   `json:"person_id"`
	IdentityVersion int64    `json:"identity_version"`
	Match           bool     `json:"match"`
	Warnings        []string `json:"warnings,omitempty"`
}

// ProposalIdentity is the identity class of a proposal.
type ProposalIdentity struct {
	KK      string           `json:"kk,omitempty"`
	Address string           `json:"address,omitempty"`
	Members []PersonIdentity `json:"members"`
}

// RegistrantState says whether a record is in force.
type RegistrantState string

// Registrant states.
const (
	Active   RegistrantState = "active"
	Inactive RegistrantState = "inactive" // asleep: kept, not counted
	Moved    RegistrantState = "moved"    // the last version on an old area's subject; nothing else is set
)

// RegistrantUpdated carries the state in force of a family or a person. Aggregate id: family or person. Filter:
// family or person. A move takes two versions: n on the old subject with State moved, n+1 on the new one.
type RegistrantUpdated struct {
	State      RegistrantState `json:"state"`
	Area       string          `json:"area"` // village
	FamilyID   string          `json:"family_id"`
	ProposalID string          `json:"proposal_id,omitempty"` // what it rests on
	Actor      string          `json:"actor,omitempty"`       // person id of who brought it about
	ReasonCode string          `json:"reason_code,omitempty"`
	Changed    []string        `json:"changed,omitempty"` // field names; a hint only, consumers compare states

	Members []FamilyMember `json:"members,omitempty"` // family

	IdentityVersion int64         `json:"identity_version,omitempty"` // person: raised only when a matched field changes
	Verdict         *VerdictState `json:"verdict,omitempty"`          // person: the newest verdict applied, if any

	Sealed Sealed `json:"sealed,omitempty"` // family: FamilyIdentity, FamilySurvey, FamilySensitive; person: PersonIdentity
}

// FamilyMember is a member as the family event embeds it.
type FamilyMember struct {
	PersonID        string `json:"person_id"`
	PersonVersion   int64  `json:"person_version"`
	IdentityVersion int64  `json:"identity_version"`
}

// VerdictState is a verdict as registry applied it.
type VerdictState struct {
	Verdict         Verdict `json:"verdict"`
	IdentityVersion int64   `json:"identity_version"`
	MatchVersion    int64   `json:"match_version"` // version of the match.decided event
}

// FamilyIdentity is the identity class of a family.
type FamilyIdentity struct {
	KK       string `json:"kk,omitempty"` // 16 digits; dated attribute, not the family's key
	Address  string `json:"address,omitempty"`
	Source   string `json:"source"`    // who entered it, such as a system's name
	SourceID string `json:"source_id"` // that source's own id of the family
}

// PersonIdentity is the identity class of a person: the matched fields.
type PersonIdentity struct {
	PersonID   string `json:"person_id"`
	NIK        string `json:"nik,omitempty"` // as entered; may be malformed or missing
	KK         string `json:"kk,omitempty"`
	Name       string `json:"name"`
	BirthPlace string `json:"birth_place,omitempty"`
	BirthDate  string `json:"birth_date,omitempty"` // 2006-01-02
	Sex        string `json:"sex,omitempty"`        // L or P
	Mother     string `json:"mother,omitempty"`
}

// FamilySurvey is the survey class of a family: coded answers by instrument, and of each member what a decision needs.
type FamilySurvey struct {
	Instrument string         `json:"instrument"` // REGSOSEK2022.K
	Answers    map[string]int `json:"answers"`    // item name -> code of the instrument
	Members    []MemberSurvey `json:"members"`
}

// MemberSurvey is what the survey says of one member. Codes are the instrument's.
type MemberSurvey struct {
	PersonID    string `json:"person_id"`
	Relation    int    `json:"relation"`             // 1 head, 2 spouse, 3 child ... 8 other
	Sex         string `json:"sex,omitempty"`        // L or P
	BirthDate   string `json:"birth_date,omitempty"` // so that ages can be had without the identity class
	Marital     int    `json:"marital,omitempty"`
	School      int    `json:"school,omitempty"`       // participation: 1 never, 2 attends, 3 no longer
	SchoolLevel int    `json:"school_level,omitempty"` // level attended or highest, 22 codes
	Work        int    `json:"work,omitempty"`         // work status 1-8, 0 = does not work
	Presence    int    `json:"presence,omitempty"`     // 1 lives here, 2 died, 3 and 4 moved away, 5 new, 6 not found
	Orphan      int    `json:"orphan,omitempty"`       // 1 both parents alive, 2 yatim, 3 piatu, 4 yatim piatu
	Cover       *int   `json:"health_cover,omitempty"` // bits: 1 PBI, 2 own premium, 4 employer, 8 other; 0 = none; left out = not recorded
}

// FamilySensitive is the sensitive class of a family. Members without anything sensitive are left out.
type FamilySensitive struct {
	Members []MemberSensitive `json:"members,omitempty"`
}

// MemberSensitive is what is sensitive of one member.
type MemberSensitive struct {
	PersonID   string         `json:"person_id"`
	Pregnant   bool           `json:"pregnant,omitempty"`
	Disability map[string]int `json:"disability,omitempty"` // function -> 1 cannot .. 4 no difficulty
	Chronic    []int          `json:"chronic,omitempty"`
	PPKS       []int          `json:"ppks,omitempty"` // 1..26
}

// Boxes gives the sealed parts by class.
func (e *ProposalUpdated) Boxes() Sealed { return e.Sealed }

// Boxes gives the sealed parts by class.
func (e *RegistrantUpdated) Boxes() Sealed { return e.Sealed }
