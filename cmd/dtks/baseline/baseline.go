// Package baseline holds the simple matchers that the real one is measured against: exact equality, the
// field's rule of today (Ratcliff/Obershelp >= 0.60 on names), Jaro-Winkler >= 0.9 on names, and a plain
// Fellegi-Sunter model that knows nothing of Indonesia. They are written for comparison alone and serve
// nothing else; each is given every advantage that does not change what it is, so that beating it means
// something.
package baseline

import (
	"dtks/cmd/dtks/quality"
	"dtks/services/nik-match/match"
)

// Data is one file, or two whose rows are to be linked. A row has one value per field, "" where missing.
type Data struct {
	Fields []match.Field
	A, B   [][]string // B is nil for one file
}

// Result is what a matcher makes of Data.
type Result struct {
	Name      string         // of the matcher, fit for a report line: exact, ratcliff_obershelp, …
	Threshold float64        // the matcher's own limit for calling a pair a match
	Pairs     []quality.Pair // pairs above a floor below the limit, with scores from 0 to 1
	Compared  int64          // pairs looked at, those left out by a bound among them
	Note      string         // what a reader must know of this run, such as blocking; "" = all pairs
}

// Claim judges one claim "a is the record b" from 0 to 1.
type Claim struct {
	Name      string
	Threshold float64
	Score     func(a, b []string) float64
}
