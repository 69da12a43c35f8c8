package match

import (
	"math/bits"
	"slices"
	"strings"

	"dtks/services/nik-match/match/canon"
)

// Findings of one token of a name, address or text.
const (
	tokenVariant       finding = iota + 1 // another spelling of one name: MOCH, MUHAMMAD; SOEHARTO, SUHARTO
	tokenNear                             // one slip
	tokenFar                              // two slips
	tokenShort                            // cut off: SULIS, SULISTYOWATI
	tokenNickname                         // call name: WAWAN, HERMAWAN
	tokenInitial                          // S., SITI
	tokenJoined                           // two tokens written as one
	tokenOmittedCommon                    // one side lacks a token that people often leave out
	tokenOmitted                          // one side lacks a token
	tokenDifferent                        // both have a token and they do not agree
)

var tokenFindings = []string{"exact", "spelling_variant", "near", "far", "cut_off", "nickname", "initial", "joined", "omitted_common", "omitted", "different"}

// relation says how two tokens agree; tokenDifferent when they do not. It is symmetric.
func relation(lists canon.Lists, a, b *token) finding {
	if a.Canon == b.Canon {
		if a.Text == b.Text {
			return exact
		}
		return tokenVariant
	}
	if a.Kind == canon.Number || b.Kind == canon.Number {
		return tokenDifferent
	}
	if len(a.Text) == 1 || len(b.Text) == 1 {
		if a.Text[0] == b.Text[0] || a.Canon[0] == b.Canon[0] {
			return tokenInitial
		}
		return tokenDifferent
	}
	if share(a.Keys, b.Keys) {
		return tokenVariant
	}
	if r := spelling(a, b); r != tokenDifferent {
		return r
	}
	if lists.Call(&a.Caller, &b.Caller) {
		return tokenNickname
	}
	return tokenDifferent
}

// spelling compares the letters alone.
func spelling(a, b *token) finding {
	shorter, longer := min(len(a.Canon), len(b.Canon)), max(len(a.Canon), len(b.Canon))
	if shorter < 3 {
		return tokenDifferent
	}
	most := slips(longer)
	if longer-shorter <= most && a.mayBe(b, most) {
		switch n := edits(a.Canon, b.Canon, most); {
		case n == 1:
			return tokenNear
		case n <= most:
			return tokenFar
		}
	}
	if strings.HasPrefix(a.Canon, b.Canon) || strings.HasPrefix(b.Canon, a.Canon) {
		return tokenShort
	}
	return tokenDifferent
}

// slips is how many slips a word of so many letters bears before it may as well be another word.
func slips(letters int) int {
	switch {
	case letters < 5:
		return 1
	case letters < 9:
		return 2
	}
	return 3
}

// pairsChanged is how many pairs of neighbouring letters so many slips may change. Several exchanges of neighbours change
// more and count as different: they hardly occur.
var pairsChanged = [4]int{0, 6, 8, 9}

// lettersChanged is how many letters of the alphabet slips may bring in or take away, all together.
const lettersChanged = 4

// mayBe reports whether, by their letters, two tokens may be that few slips apart.
func (t *token) mayBe(o *token, most int) bool {
	return bits.OnesCount32(t.mask^o.mask) <= min(2*most, lettersChanged) && bits.OnesCount64(t.pairs^o.pairs) <= pairsChanged[most]
}

// share reports whether two sorted lists have an element in common.
func share(a, b []string) bool {
	for _, x := range a {
		if slices.Contains(b, x) {
			return true
		}
	}
	return false
}

// common reports whether a token is of the sort that people often leave out.
func (t *token) common() bool {
	return t.Kind == canon.Prefix || t.Kind == canon.Order || t.Kind == canon.Initial || t.Kind == canon.Clan
}
