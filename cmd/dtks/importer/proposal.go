// Package importer loads a CSV of families through the registry's public API.
//
// It reads the file twice: once to find out whether it is usable and how many rows each family has, once to send. So
// nothing is sent of a file that is not CSV in UTF-8, families may be scattered over the file, and memory stays small.
// A family is sent whole or not at all. Rows are known by (source, source_id, member_id), never by NIK or KK, and every
// request carries a key, so that none is done twice. The same file twice changes nothing; an import that broke off is resumed by
// running it again.
package importer

// Proposal is a family as POST /v1/proposals/batch takes it.
type Proposal struct {
	Kind     string   `json:"kind"` // usulan
	Source   string   `json:"source"`
	SourceID string   `json:"source_id"`
	Area     string   `json:"area"`
	KK       string   `json:"kk,omitempty"`
	Address  string   `json:"address,omitempty"`
	Survey   *Survey  `json:"survey,omitempty"`
	Members  []Member `json:"members"`
}

// Survey holds the coded answers.
type Survey struct {
	Instrument string         `json:"instrument"`
	Answers    map[string]int `json:"answers"`
}

// Member is one person of a proposal.
type Member struct {
	MemberID    string         `json:"member_id"`
	NIK         string         `json:"nik,omitempty"`
	Name        string         `json:"name,omitempty"`
	BirthPlace  string         `json:"birth_place,omitempty"`
	BirthDate   string         `json:"birth_date,omitempty"`
	Sex         string         `json:"sex,omitempty"`
	Mother      string         `json:"mother,omitempty"`
	Relation    int            `json:"relation,omitempty"`
	Marital     int            `json:"marital,omitempty"`
	School      int            `json:"school,omitempty"`
	SchoolLevel int            `json:"school_level,omitempty"`
	Work        int            `json:"work,omitempty"`
	Presence    int            `json:"presence,omitempty"`
	Orphan      int            `json:"orphan,omitempty"`
	Cover       *int           `json:"health_cover,omitempty"` // 0 = has none, nil = not recorded
	Pregnant    bool           `json:"pregnant,omitempty"`
	Disability  map[string]int `json:"disability,omitempty"`
	Chronic     []int          `json:"chronic,omitempty"`
	PPKS        []int          `json:"ppks,omitempty"`
}

// MaxBatch is how many families one request may hold.
const MaxBatch = 500

// MaxMembers is how many members a family may have.
const MaxMembers = 60
