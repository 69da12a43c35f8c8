package auth

import (
	"context"
	"slices"
	"strings"

	"dtks/pkg/fault"
)

// Principal is who asks, as the token says.
type Principal struct {
	Account string   // of the issuer; one person may have several
	Person  string   // uuid in lower case; four eyes are four eyes of different persons
	Name    string   // display name
	Roles   []string // operator, lksa, verifier, approver, programme, ops, admin, auditor
	Area    string   // Kemendagri code, any of the four levels; 00 is all of Indonesia
}

// Actions that a right may be asked for.
const (
	Propose = "propose" // enter or correct a record
	Verify  = "verify"  // first decision on a case
	Approve = "approve" // second decision on a case
	Read    = "read"
	Release = "release" // put a ranking into force
	Ops     = "ops"     // state of the system: queues, quotas, dead letters

	// ReadIdentity is seeing who the people are: NIK, KK, names, mother, birth. Read alone shows ids, states and areas.
	ReadIdentity = "read_identity"
)

// actionsOf says what each role may do.
var actionsOf = map[string][]string{
	"operator":  {Propose, Read, ReadIdentity},
	"lksa":      {Propose, Read, ReadIdentity},
	"verifier":  {Verify, Read, ReadIdentity},
	"approver":  {Approve, Read, ReadIdentity},
	"programme": {Read},
	"ops":       {Ops, Read},
	"admin":     {Propose, Verify, Approve, Read, ReadIdentity, Release, Ops},
	"auditor":   {Read},
}

type contextKey struct{}

// With puts a verified principal into a context.
func With(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, contextKey{}, p)
}

// From returns the principal of a request; false where nobody has been authenticated.
func From(ctx context.Context) (Principal, bool) {
	p, ok := ctx.Value(contextKey{}).(Principal)
	return p, ok
}

// RightsSet is what the caller of a request may do. The zero value may do nothing.
type RightsSet struct {
	principal Principal
	known     bool
}

// Rights asks for the caller's rights. It is the only place that knows where rights come from.
func Rights(ctx context.Context) RightsSet {
	p, ok := From(ctx)
	return RightsSet{p, ok}
}

var (
	errNobody = fault.New(fault.Unauthenticated, "unauthenticated",
		"Permintaan ini memerlukan token yang sah.", "This request needs a valid token.")
	errAction = fault.New(fault.Forbidden, "action_forbidden",
		"Peran Anda tidak mencakup tindakan ini.", "Your role does not include this action.")
	errArea = fault.New(fault.Forbidden, "area_forbidden",
		"Wilayah ini di luar wewenang Anda.", "This area is outside your mandate.")
)

// Require returns a fault unless the caller may do action in the area with this code (province, regency, district or
// village; 00 for what concerns all of Indonesia). The area must lie within the caller's own.
func (r RightsSet) Require(action, areaCode string) error {
	switch {
	case !r.known:
		return errNobody
	case !r.may(action):
		return errAction
	case !Contains(r.principal.Area, areaCode):
		return errArea
	}
	return nil
}

// Allows is Require as a yes or no.
func (r RightsSet) Allows(action, areaCode string) bool { return r.Require(action, areaCode) == nil }

// Area is the caller's own area, to narrow a list with; empty where there is none.
func (r RightsSet) Area() string { return r.principal.Area }

func (r RightsSet) may(action string) bool {
	for _, role := range r.principal.Roles {
		if slices.Contains(actionsOf[role], action) {
			return true
		}
	}
	return false
}

// National is the code for all of Indonesia.
const National = "00"

// Contains reports whether the area with code inner is outer or lies in it. Codes are compared by whole levels, so 32.0
// holds nothing and 32.1 does not hold 32.10. A malformed or empty code is in nothing and holds nothing.
func Contains(outer, inner string) bool {
	outer, inner = trim(outer), trim(inner)
	if !wellFormed(outer) || !wellFormed(inner) {
		return false
	}
	return outer == National || outer == inner || strings.HasPrefix(inner, outer+".")
}

// trim takes the zeros off that subjects pad with: 00.00 is 00, 32.00 is 32.
func trim(code string) string { return strings.TrimSuffix(code, ".00") }

// wellFormed accepts 32, 32.04, 32.04.10 and 32.04.10.2001.
func wellFormed(code string) bool {
	switch len(code) {
	case 2, 5, 8, 13:
	default:
		return false
	}
	for i := range len(code) {
		dot := i == 2 || i == 5 || i == 8
		if dot != (code[i] == '.') || !dot && (code[i] < '0' || code[i] > '9') {
			return false
		}
	}
	return true
}
