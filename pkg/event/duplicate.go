package event

import (
	"bytes"
	"crypto/sha256"
	"time"

	"github.com/google/uuid"
)

// Sides of a pair: the filter of duplicate.found. A pair whose persons live in one regency has one subject, that of the
// first; where they live in two, the second's regency gets a subject of its own with the same content, so that the
// officers of both places learn of it by following their own area. Whoever follows all of Indonesia reads First alone.
const (
	First  = "first"  // the person with the smaller id
	Second = "second" // the other one; only while they live in another regency
)

// DuplicateState says what has become of a pair.
type DuplicateState string

// States of a pair.
const (
	DuplicateNew     DuplicateState = "found"   // new, or again after it was cleared
	DuplicateChanged DuplicateState = "changed" // outcome, evidence, or where the persons are
	DuplicateCleared DuplicateState = "cleared" // no longer alike, or one of the two is no longer in force
	DuplicateMoved   DuplicateState = "moved"   // the last version on an old area's subject; nothing else is set
)

// DuplicateFound is published when two registrants in force look like one person, again when what is known of the pair
// changes, and when they no longer do. It opens a review; it deactivates nobody. Aggregate id: the pair (PairID).
// Filter: the side whose regency the subject names. Each side is an aggregate of its own with versions of its own.
type DuplicateFound struct {
	State   DuplicateState    `json:"state"`
	Persons []DuplicatePerson `json:"persons,omitempty"` // two, in order of id; ids and places only
	Outcome Verdict           `json:"outcome,omitempty"` // padan: surely one person; perlu_ditinjau: somebody must look
	Model   string            `json:"model,omitempty"`   // version of the model that compared
	FoundAt time.Time         `json:"found_at,omitzero"` // when the pair was found, kept while it changes
	Sealed  Sealed            `json:"sealed,omitempty"`  // identity: DuplicateEvidence
}

// DuplicatePerson is one of the two.
type DuplicatePerson struct {
	PersonID        string `json:"person_id"`
	FamilyID        string `json:"family_id"`
	Area            string `json:"area"`             // village
	IdentityVersion int64  `json:"identity_version"` // that was compared
}

// DuplicateEvidence is the identity class of a pair: what was found per field and what it weighs, never a value. The
// weights and the prior add up to the log2 odds on which the model's calibration rests the likelihood.
type DuplicateEvidence struct {
	Likelihood float64          `json:"likelihood"` // 0..1, that the two are one person
	Prior      float64          `json:"prior"`      // bits before any evidence
	Lines      []WeighedFinding `json:"lines"`
}

// PairID names two persons whichever comes first: a version 8 UUID (RFC 9562) of the SHA-256 of their ids, smaller first.
func PairID(a, b uuid.UUID) uuid.UUID {
	if bytes.Compare(a[:], b[:]) > 0 {
		a, b = b, a
	}
	sum := sha256.Sum256(append(append([]byte("dtks.pair\x00"), a[:]...), b[:]...))
	var id uuid.UUID
	copy(id[:], sum[:])
	id[6] = id[6]&0x0f | 0x80
	id[8] = id[8]&0x3f | 0x80
	return id
}

// Boxes gives the sealed parts by class.
func (e *DuplicateFound) Boxes() Sealed { return e.Sealed }
