package event

import "time"

// Types owned by services/eligibility.
const (
	TypeEntitlementChanged Type = "eligibility.entitlement.changed.v1"
	TypeRankReleased       Type = "eligibility.rank.released.v1"
)

// Outcome of a decision for one programme.
type Outcome string

// Outcomes. A rule error or a missing answer is never an entitlement.
const (
	Entitled     Outcome = "entitled"
	NotEntitled  Outcome = "not_entitled"
	Undetermined Outcome = "undetermined" // cannot say yet: something is missing
)

// EntitlementChanged is published when the outcome, amount or basis of a family's entitlement to a programme changes,
// and only then; a first outcome that does not entitle is not published: who has not been told of a family owes it
// nothing. Aggregate id: the family, also where persons are entitled. Filter: programme code.
// State moved closes the old area's subject when the family moves; nothing else is set then.
type EntitlementChanged struct {
	State     RegistrantState `json:"state,omitempty"` // "" or moved
	Programme string          `json:"programme"`       // pkh, sembako ...
	Outcome   Outcome         `json:"outcome"`
	Area      string          `json:"area"`    // village
	Release   string          `json:"release"` // rank release it rests on
	RuleSet   string          `json:"rule_set"`
	Model     string          `json:"model"`
	DecidedOn string          `json:"decided_on"`       // the date the rules were evaluated for, 2006-01-02
	Sealed    Sealed          `json:"sealed,omitempty"` // survey: EntitlementBasis
}

// EntitlementBasis is the survey class of an entitlement: why, and how much.
type EntitlementBasis struct {
	Decile     int      `json:"decile,omitempty"` // 1 poorest .. 10
	Amount     int64    `json:"amount,omitempty"` // rupiah per year, illustrative where the rule set says so
	Components []string `json:"components,omitempty"`
	Reasons    []string `json:"reasons"` // reason codes of clauses, in order

	Persons []EntitlementPerson `json:"persons,omitempty"` // of a programme that entitles persons: every member that lives here
}

// EntitlementPerson is what a programme that entitles persons decided for one member.
type EntitlementPerson struct {
	PersonID string   `json:"person_id"`
	Outcome  Outcome  `json:"outcome"`
	Amount   int64    `json:"amount,omitempty"` // rupiah per year
	Reasons  []string `json:"reasons"`
}

// RankReleased is published when a release takes force and again, as its next version, when the fan-out of changed
// decisions is complete. It carries no family. Aggregate id: the release. Filter: all. Area: national.
type RankReleased struct {
	Model       string    `json:"model"`
	Cutoffs     []int64   `json:"cutoffs"` // nine upper bounds of deciles 1..9, score units of the model
	InputDigest string    `json:"input_digest"`
	Families    int64     `json:"families"`
	Changed     int64     `json:"changed"` // decisions changed; final when Complete
	Complete    bool      `json:"complete"`
	ReleasedAt  time.Time `json:"released_at"`
}

// Boxes gives the sealed parts by class.
func (e *EntitlementChanged) Boxes() Sealed { return e.Sealed }
