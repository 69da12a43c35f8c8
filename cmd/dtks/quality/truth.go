// Package quality measures a matcher against what is known to be true: precision, recall and F1 over the
// pairs of one file or of two, the same after closing pairs into clusters, calibration of likelihoods, and
// false refusals at a stated rate of false acceptances. It knows nothing of how a pair was scored: a matcher
// hands in pairs of row numbers with a score, the higher the more alike. Everything here is pure and gives
// the same figures each time; the bootstrap has a fixed seed.
package quality

import "errors"

// Pair is two records and the score a matcher gave them. Deduplicating one file, A and B are rows of it;
// linking two, A is a row of the first and B of the second. The order of A and B within one file is
// indifferent. Each pair is given at most once.
type Pair struct {
	A, B  int32
	Score float64
}

// Listed is one row of a list of pairs: two record ids and whether they are one person.
type Listed struct {
	A, B  string
	Match bool
}

// Truth says for any two records whether they are one person.
type Truth struct {
	Source  string // where it comes from, for people: "column cluster", "pairs of X.csv", "ids rec-N-…"
	Closed  int64  // pairs not listed themselves that follow from listed ones (a=b and b=c give a=c)
	Unknown int    // rows of a list that name a record the files do not hold

	two     bool
	a, b    []int32 // entity of each record; equal number = same person; b is nil for one file
	persons int     // entities are numbered from 0 to persons-1

	listed  map[[2]int32]bool // nil unless the truth is a list
	refuted map[[2]int32]bool // listed as different although the rest of the list makes them one
	denied  int64             // listed as different
}

// ErrNoTruth is returned where neither a column nor a list nor the record ids tell who is who.
var ErrNoTruth = errors.New("no true matches are known for this file")

// FromColumn takes the same non-empty value for the same person; a record without a value is a person of
// its own. b is nil for one file.
func FromColumn(a, b []string) *Truth {
	t := &Truth{two: b != nil}
	seen := map[string]int32{}
	number := func(values []string) []int32 {
		out := make([]int32, len(values))
		for i, v := range values {
			n, ok := seen[v]
			if !ok || v == "" {
				n = int32(t.persons)
				t.persons++
				if v != "" {
					seen[v] = n
				}
			}
			out[i] = n
		}
		return out
	}
	t.a = number(a)
	if t.two {
		t.b = number(b)
	}
	return t
}

// FromPairs takes a list of pairs of record ids. Being one person is transitive, so pairs that follow from
// listed matches count as matches too (Closed says how many), except where the list itself denies them.
// Pairs on which the list is silent otherwise are no matches. idsB is nil for one file.
func FromPairs(list []Listed, idsA, idsB []string) (*Truth, error) {
	t := &Truth{two: idsB != nil, listed: make(map[[2]int32]bool, len(list)), refuted: map[[2]int32]bool{}}
	rowA := rows(idsA)
	rowB := rowA
	if t.two {
		rowB = rows(idsB)
	}
	for _, l := range list {
		i, okA := rowA[l.A]
		j, okB := rowB[l.B]
		if !okA || !okB {
			// A list of two files may name the second one's records first.
			if i, okA = rowA[l.B]; okA {
				j, okB = rowB[l.A]
			}
		}
		if !okA || !okB || (!t.two && i == j) {
			t.Unknown++
			continue
		}
		key := t.key(i, j)
		t.listed[key] = t.listed[key] || l.Match
	}
	if len(t.listed) == 0 {
		return nil, errors.New("the list of pairs names no record of the file")
	}
	t.close(len(idsA), len(idsB))
	return t, nil
}

func rows(ids []string) map[string]int32 {
	m := make(map[string]int32, len(ids))
	for i, id := range ids {
		if _, ok := m[id]; !ok {
			m[id] = int32(i)
		}
	}
	return m
}

// close numbers the connected components of the listed matches as persons.
func (t *Truth) close(na, nb int) {
	shift := int32(0)
	if t.two {
		shift = int32(na)
	}
	f := newForest(na + nb)
	var matches int64
	for p, match := range t.listed {
		if match {
			matches++
			f.union(p[0], p[1]+shift)
		} else {
			t.denied++
		}
	}
	number := make(map[int32]int32, na+nb)
	entity := make([]int32, na+nb)
	for i := range entity {
		root := f.find(int32(i))
		n, ok := number[root]
		if !ok {
			n = int32(len(number))
			number[root] = n
		}
		entity[i] = n
	}
	t.persons = len(number)
	t.a = entity[:na:na]
	if t.two {
		t.b = entity[na:]
	}
	for p, match := range t.listed {
		if !match && entity[p[0]] == entity[p[1]+shift] {
			t.refuted[p] = true
		}
	}
	t.Closed = t.Pairs() - matches
}

func (t *Truth) key(a, b int32) [2]int32 {
	if !t.two && a > b {
		a, b = b, a
	}
	return [2]int32{a, b}
}

// Same reports whether record a and record b are one person; in two files, b is a row of the second.
func (t *Truth) Same(a, b int32) bool {
	if t.a[a] != t.entityB(b) {
		return false
	}
	return len(t.refuted) == 0 || !t.refuted[t.key(a, b)]
}

func (t *Truth) entityB(b int32) int32 {
	if t.two {
		return t.b[b]
	}
	return t.a[b]
}

// Two reports whether the truth is about pairs across two files.
func (t *Truth) Two() bool { return t.two }

// Listed reports whether the truth is a list that also names pairs that are no match, so that a score over
// the listed pairs alone says something.
func (t *Truth) Listed() bool { return t.denied > 0 }

// Persons is the number of distinct people.
func (t *Truth) Persons() int { return t.persons }

// Pairs is the number of pairs of records that are one person.
func (t *Truth) Pairs() int64 {
	na := make([]int64, t.persons)
	for _, e := range t.a {
		na[e]++
	}
	var n int64
	if t.two {
		for _, e := range t.b {
			n += na[e]
		}
	} else {
		for _, k := range na {
			n += k * (k - 1) / 2
		}
	}
	return n - int64(len(t.refuted))
}

// AllPairs is the number of pairs of records there are, matches or not.
func (t *Truth) AllPairs() int64 {
	n := int64(len(t.a))
	if t.two {
		return n * int64(len(t.b))
	}
	return n * (n - 1) / 2
}
