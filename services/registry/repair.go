package main

import "time"

// repair is work for whoever mends identities: one finding about one identity version of a person.
type repair struct {
	PersonID        string     `json:"person_id"`
	IdentityVersion int64      `json:"identity_version"`
	Code            string     `json:"code" doc:"nik_missing, nik_duplicate, tidak_padan ..."`
	FamilyID        string     `json:"family_id"`
	Area            string     `json:"area"`
	OpenedAt        time.Time  `json:"opened_at"`
	ClosedAt        *time.Time `json:"closed_at,omitempty"`
}

// Why a repair is closed.
const (
	closedPadan    = "padan"            // the civil registry agrees with the identity; settles no duplicate
	closedIdentity = "identity_changed" // the identity in question is no longer proposed nor in force
	closedRejected = "rejected"         // the proposal that brought the person was refused
)

// mended says that findings about a person's identity versions up to and including one are settled.
type mended struct {
	person   string
	identity int64
	why      string
}

// repairs lists the work that a new or revised proposal opens: its findings about persons whose identity it brings.
func (p *proposal) repairs() []repair {
	var opened []repair
	for _, person := range p.members() {
		if !person.Match {
			continue
		}
		for _, code := range person.Warnings {
			if opensRepair(code) {
				opened = append(opened, repair{PersonID: person.ID, IdentityVersion: person.Identity, Code: code,
					FamilyID: p.FamilyID, Area: p.Content.Area, OpenedAt: p.ProposedAt})
			}
		}
	}
	return opened
}

// claims lists the NIKs that a proposal's persons use. A malformed one claims nothing: placeholders would all collide.
func (p *proposal) claims() []claim {
	var claims []claim
	for i, person := range p.members() {
		if person.claims() && p.Content.Members[i].NIK != "" {
			claims = append(claims, claim{p.Content.Members[i].NIK, person.ID})
		}
	}
	return claims
}

func (p *proposalPerson) claims() bool {
	if !p.Match {
		return false
	}
	for _, code := range p.Warnings {
		if opensRepair(code) && code != codeDuplicate && code != nameMissing.Code && code != "nik_equals_kk" {
			return false
		}
	}
	return true
}
