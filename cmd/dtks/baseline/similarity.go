package baseline

import "strings"

// RatcliffObershelp is the similarity of Ratcliff and Obershelp (1988): twice the characters in common over
// all characters, where the common ones are the longest common block and, again, those left and right of it.
// From 0 to 1; two empty texts are alike. Where several blocks are longest the first in a, then in b, is
// taken, so the order of a and b may matter in rare cases.
func RatcliffObershelp(a, b string) float64 {
	if len(a)+len(b) == 0 {
		return 1
	}
	ra, rb := []rune(a), []rune(b)
	var m blocks
	return 2 * float64(m.common(ra, rb)) / float64(len(ra)+len(rb))
}

// blocks keeps the two rows that finding a longest common block needs.
type blocks struct{ row, before []int32 }

// common counts the characters of all matching blocks.
func (m *blocks) common(a, b []rune) int {
	if len(a) == 0 || len(b) == 0 {
		return 0
	}
	i, j, n := m.longest(a, b)
	if n == 0 {
		return 0
	}
	return n + m.common(a[:i], b[:j]) + m.common(a[i+n:], b[j+n:])
}

// longest finds the longest common block: it begins at a[i] and b[j] and is n long.
func (m *blocks) longest(a, b []rune) (i, j, n int) {
	if cap(m.row) <= len(b) {
		m.row, m.before = make([]int32, 2*len(b)+1), make([]int32, 2*len(b)+1)
	}
	row, before := m.row[:len(b)+1], m.before[:len(b)+1]
	clear(row)
	clear(before)
	for x := range a {
		row, before = before, row
		for y := range b {
			if a[x] != b[y] {
				row[y+1] = 0
				continue
			}
			row[y+1] = before[y] + 1
			if k := int(row[y+1]); k > n {
				i, j, n = x-k+1, y-k+1, k
			}
		}
	}
	return i, j, n
}

// JaroWinkler is the similarity of Winkler (1990): Jaro's, raised for a common beginning of up to four
// characters by a tenth of what is missing to 1 for each. It is raised only where Jaro's exceeds 0.7, as
// Winkler did. From 0 to 1; two empty texts are alike.
func JaroWinkler(a, b string) float64 {
	return jaroWinkler([]rune(a), []rune(b))
}

func jaroWinkler(a, b []rune) float64 {
	if len(a) == 0 && len(b) == 0 {
		return 1
	}
	if len(a) == 0 || len(b) == 0 {
		return 0
	}
	j := jaro(a, b)
	if j <= 0.7 {
		return j
	}
	return j + 0.1*float64(prefix(a, b))*(1-j)
}

// prefix is the length of the common beginning, at most 4.
func prefix(a, b []rune) int {
	n := 0
	for n < min(len(a), len(b), 4) && a[n] == b[n] {
		n++
	}
	return n
}

// jaro is Jaro's similarity (1989): characters in common within half the longer length, less half the share
// of these that are out of order. Names longer than 64 characters are cut there, so that the characters
// taken fit one word of bits.
func jaro(a, b []rune) float64 {
	a, b = a[:min(len(a), 64)], b[:min(len(b), 64)]
	window := max(max(len(a), len(b))/2-1, 0)
	var takenA, takenB uint64
	common := 0
	for i, r := range a {
		for k := max(0, i-window); k < min(len(b), i+window+1); k++ {
			if takenB>>k&1 == 0 && b[k] == r {
				takenA |= 1 << i
				takenB |= 1 << k
				common++
				break
			}
		}
	}
	if common == 0 {
		return 0
	}
	swapped, k := 0, 0
	for i, r := range a {
		if takenA>>i&1 == 0 {
			continue
		}
		for takenB>>k&1 == 0 {
			k++
		}
		if b[k] != r {
			swapped++
		}
		k++
	}
	c := float64(common)
	return (c/float64(len(a)) + c/float64(len(b)) + (c-float64(swapped/2))/c) / 3
}

// plain writes a value as the field's rule of today does: upper case, quotes removed, spaces single.
func plain(v string) string {
	v = strings.ToUpper(v)
	v = strings.Map(func(r rune) rune {
		switch r {
		case '\'', '"', '`', '’', '‘', '´', '“', '”':
			return -1
		}
		return r
	}, v)
	return strings.Join(strings.Fields(v), " ")
}
